"""Damaged and hostile records: whatever the tables of schema coco say, looking and refreshing end in right rows or in a
clear error, and nothing else is written.

A file with views of many kinds is damaged at random, one place at a time, by DuckDB without CocoSQL.
"""

import random
import shutil
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pytest
from helpers import Con, rows
from speeds import seeds

import cocosql

#: Longer than looking and refreshing takes, on a machine that is busy.
_SECONDS = 120

_QUERIES = {
    "plain": "SELECT id, word FROM words",
    "called": "SELECT id, shout(word) AS word FROM words WHERE length(shout(word)) > 0",
    "counted": "SELECT word, count(*) AS n, sum(id) AS total, max(id) AS most FROM called GROUP BY word",
    "joined": "SELECT w.id, o.n FROM words AS w JOIN others AS o ON o.word = w.word",
    "deep": "SELECT shout(word) AS word FROM (SELECT DISTINCT word FROM words)",
    "all_words": "SELECT word FROM plain UNION ALL SELECT word FROM called",
    "again": "SELECT word, n FROM others ORDER BY n, word LIMIT 3",
    "files": "SELECT filename, content FROM read_text('{folder}/*.txt')",
    "lines": "SELECT a, b FROM read_csv('{folder}/*.csv')",
}
_OPTIONS = {
    "again": "WITH (mode = 'recompute')",
    "plain": "WITH (capture = 'log')",
    "called": "WITH (on_error = 'keep')",
}

_TEXTS = [
    *(
        "",
        " ",
        "users",
        "main",
        "rows_1",
        "history_1",
        "kept_1_1",
        "snapshot_1",
        "SELECT 1",
        "it's",
        '"',
        "ä",
        "[]",
        "{}",
    ),
    *(
        "null",
        "NaN",
        "view",
        "rows",
        "content",
        "map",
        "scan",
        "INTEGER",
        "VARCHAR",
        "STRUCT(a INTEGER",
        "0",
        "-1",
        "1e99",
    ),
    *(
        '{{"rows": "users", "version": 1}}'.format(),
        '{"snapshot": 1, "version": -1}',
        '{"snapshot": 99999999999999999999}',
    ),
    *(
        "INTEGER) FROM users --",
        "(SELECT content FROM read_text('/etc/passwd'))",
        "WITH x AS (DELETE FROM users RETURNING *) FROM x",
    ),
    *(
        "FROM coco_views()",
        "DROP TABLE users",
        "COPY users TO 'copied.csv'",
        "x" * 5000,
        "\U0001f600",
        "a.b.c.d",
        "1 2",
    ),
]
_VALUES: dict[str, list[Any]] = {
    "VARCHAR": _TEXTS,
    "BIGINT": [-(1 << 63), -1, 0, 1, 2, 3, 7, 1 << 31, 1 << 62, (1 << 63) - 1],
    "INTEGER": [-(1 << 31), -1, 0, 1, 2, 3, 7, (1 << 31) - 1],
    "BOOLEAN": [True, False],
    "DOUBLE": [float("nan"), float("inf"), -1.0, 0.0, 1e300],
    "VARCHAR[]": [[], [""], [None], ["a", "a"], ["id"], ["users"], ["INTEGER"], ["x) FROM users --"]],
    "INTEGER[]": [[], [0], [1], [1, 2], [99], [None], [-1]],
    "BOOLEAN[]": [[], [True], [None], [False, False, False]],
    "MAP(VARCHAR, VARCHAR)": [{}, {"log_query_path": "written.txt"}, {"TimeZone": "x"}, {"mode": "x"}, {"key": "x"}],
}


@cocosql.udf(version="1")
def shout(text: str) -> str:
    return text.upper()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a database, and files that its views read."""
    folder = tmp_path_factory.mktemp("made")
    (folder / "a.txt").write_text("one")
    (folder / "a.csv").write_text("a,b\n1,x\n2,y\n")
    with closing(cocosql.connect(folder / "made.db", functions=(shout,))) as con:
        con.execute("CREATE TABLE users (name VARCHAR); INSERT INTO users VALUES ('Ada')")
        con.execute("CREATE TABLE words (id INTEGER PRIMARY KEY, word VARCHAR)")
        con.execute("INSERT INTO words SELECT i, 'w' || i % 5 FROM range(20) AS r(i)")
        con.execute("CREATE TABLE others AS SELECT 'w' || i AS word, i AS n FROM range(4) AS r(i)")
        for name, query in _QUERIES.items():
            con.execute(
                f"CREATE INCREMENTAL VIEW {name} {_OPTIONS.get(name, '')} AS {query.replace('{folder}', str(folder))}"
            )
        con.execute("CREATE INCREMENTAL VIEW empty AS SELECT id FROM words WITH NO DATA")
        for _ in range(2):
            con.execute("INSERT INTO words SELECT max(id) + 1, 'w2' FROM words; DELETE FROM words WHERE id = 3")
            con.execute("REFRESH ALL INCREMENTAL VIEWS")
        con.execute("UPDATE words SET word = 'w9' WHERE id = 5; INSERT INTO others VALUES ('w9', 9), ('w1', 1)")
    (folder / "b.txt").write_text("two")
    return folder


@pytest.mark.every(5)
@pytest.mark.parametrize("seed", seeds(2, 30))
def test_damaged_records(made: Path, tmp_path: Path, seed: int) -> None:
    path, rand = tmp_path / "x.db", random.Random(seed)
    shutil.copy(made / "made.db", path)
    what = _damage(path, rand)
    before, there = _users(path), _listing(tmp_path)
    with _in_time(), closing(cocosql.connect(path, read_only=True, functions=(shout,))) as con:
        _look(con, what)
    assert _listing(tmp_path) == there, what
    with _in_time(), closing(cocosql.connect(path, functions=(shout,))) as con:
        _refresh(con, what)
        _try(con, "VACUUM INCREMENTAL VIEWS", what)
        _try(con, "DROP INCREMENTAL VIEW plain CASCADE", what)
    assert _users(path) == before, what
    assert _listing(tmp_path) == there, what


def _damage(path: Path, rand: random.Random) -> str:
    """Change one place of the schema coco. Returns what was done."""
    with closing(duckdb.connect(str(path))) as con:
        tables = [name for (name,) in rows(con, "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'coco'")]
        records = [name for name in tables if not name[-1].isdigit() and not name.startswith("memo_")]
        while True:
            for_records = rand.random() < 0.8
            statement = (
                _in_record(con, rand, rand.choice(records)) if for_records else _in_table(rand, rand.choice(tables))
            )
            try:
                con.execute(*statement)
            except duckdb.Error:
                continue
            return repr(statement)


def _in_record(con: Con, rand: random.Random, table: str) -> tuple[Any, ...]:
    """A change of a row."""
    columns = rows(con, f"SELECT column_name, column_type FROM (DESCRIBE coco.{table})")
    ids = [row_id for (row_id,) in rows(con, f"SELECT rowid FROM coco.{table}")] or [0]
    name, kind = rand.choice(columns)
    where = f"WHERE rowid = {rand.choice(ids)}"
    match rand.randrange(6):
        case 0:
            return (f"DELETE FROM coco.{table} {where}",)
        case 1:
            return (f"INSERT INTO coco.{table} FROM coco.{table} {where}",)
        case _:
            return (f'UPDATE coco.{table} SET "{name}" = $1::{kind} {where}', [rand.choice(_VALUES.get(kind, [None]))])


def _in_table(rand: random.Random, table: str) -> tuple[str]:
    """A change of a table."""
    return (
        rand.choice(
            [
                f"DROP TABLE coco.{table}",
                f"ALTER TABLE coco.{table} ADD COLUMN more INTEGER",
                f"ALTER TABLE coco.{table} RENAME TO renamed",
                f"CREATE TABLE main.moved AS FROM coco.{table}; DROP TABLE coco.{table}; "
                f"CREATE VIEW coco.{table} AS FROM main.moved",
                f"CREATE OR REPLACE TABLE coco.{table} AS SELECT 1 AS x",
                f"CREATE OR REPLACE TABLE coco.{table} AS SELECT COLUMNS(*)::VARCHAR FROM coco.{table}",
                f"DROP TABLE coco.{table}; CREATE TABLE coco.{table} (x INTEGER, y AS (x + 1))",
            ]
        ),
    )


def _look(con: Con, what: str) -> None:
    for query in (
        *("FROM coco_views()", "SHOW INCREMENTAL VIEWS", "FROM coco_functions()", "FROM coco_runs()"),
        *("FROM coco_errors()", "FROM coco_memo()", "FROM coco_column_lineage()", "FROM coco_impact('words', 5)"),
    ):
        _try(con, query, what)
    for view in _QUERIES:
        for call in ("coco_operators", "coco_lineage", "coco_changes", "coco_explain_change"):
            _try(con, f"FROM {call}('{view}')", what)
        _try(con, f"EXPLAIN INCREMENTAL VIEW {view}", what)
    with pytest.MonkeyPatch.context():
        try:
            cocosql.graph(con).mermaid()
        except duckdb.Error as error:
            _check(error, "graph", what)


def _refresh(con: Con, what: str) -> None:
    """Each view is true, or says why it is not refreshed."""
    for view in [*_QUERIES, "empty"]:
        if not _try(con, f"REFRESH INCREMENTAL VIEW {view}", what):
            continue
        stored = rows(con, f"SELECT query, given_columns FROM coco.views WHERE view_name = '{view}'")
        if len(stored) != 1 or stored[0][1]:
            continue
        query = stored[0][0].replace("shout(", "upper(")  # no function, and no memo of the file
        try:
            con.execute(f"CREATE OR REPLACE TEMP TABLE fresh AS FROM ({query})")
            different = rows(con, f"(FROM {view} EXCEPT ALL FROM fresh) UNION ALL (FROM fresh EXCEPT ALL FROM {view})")
        except duckdb.Error as error:
            pytest.fail(f"{what}: {view} was refreshed, and {query} gives {error}")
        assert different == [], f"{what}: {view}"


def _try(con: Con, statement: str, what: str) -> bool:
    try:
        con.execute(statement).fetchall()
    except duckdb.Error as error:
        _check(error, statement, what)
        return False
    return True


def _check(error: duckdb.Error, statement: str, what: str) -> None:
    """An error of DuckDB's classes that people can read."""
    text = f"{what}: {statement}: {type(error).__name__}: {error}"
    assert not isinstance(error, duckdb.InternalException | duckdb.FatalException | duckdb.InterruptException), text
    assert "Traceback" not in str(error), text
    assert "INTERNAL" not in str(error), text


def _users(path: Path) -> list[tuple[Any, ...]]:
    with closing(duckdb.connect(str(path), read_only=True)) as con:
        return [
            rows(con, f"FROM {table} ORDER BY ALL")
            for table in ("users", "words", "others")  # type: ignore[misc]
        ]


def _listing(folder: Path) -> list[str]:
    return sorted(str(file) for file in folder.rglob("*"))


@contextmanager
def _in_time() -> Iterator[None]:
    """Fail rather than hang: whoever waits for ever is told where by faulthandler."""
    watch = threading.Timer(_SECONDS, lambda: __import__("faulthandler").dump_traceback_later(1, exit=True))
    watch.start()
    try:
        yield
    finally:
        watch.cancel()
