"""A stranger's file, only looked at: nothing that is in it is run, no other file is read or written."""

import os
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb
import pytest
from helpers import Con, one, rows

import cocosql

LOOKS = (
    *("FROM coco_views()", "SHOW INCREMENTAL VIEWS", "FROM coco_operators('v')", "EXPLAIN INCREMENTAL VIEW v"),
    *(
        "FROM coco_lineage('v')",
        "FROM coco_lineage('v', 'direct')",
        "FROM coco_column_lineage()",
        "FROM coco_changes('v')",
    ),
    *("FROM coco_explain_change('v')", "FROM coco_impact('t', 1)", "FROM coco_memo()", "FROM coco_functions()"),
    *("FROM coco_runs()", "FROM coco_errors()"),
)


@pytest.fixture
def watched(tmp_path: Path) -> Path:
    """A file whose time of access shows that it was read."""
    folder = tmp_path / "folder"
    folder.mkdir()
    path = folder / "watched.txt"
    path.write_text("secret")
    os.utime(path, (1, 2_000_000_000))
    return path


def _make(path: Path, query: str, *before: str) -> None:
    with closing(cocosql.connect(path)) as con:
        con.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, s VARCHAR); INSERT INTO t VALUES (1, 'a')")
        for statement in before:
            con.execute(statement)
        con.execute(f"CREATE INCREMENTAL VIEW v AS {query}")


def _forge(path: Path, statement: str, *values: Any) -> None:
    with closing(duckdb.connect(str(path))) as con:
        con.execute(statement, list(values))


def _look(path: Path) -> tuple[list[str], Any]:
    """Look in all ways. Returns what the errors say, and the status of the view."""
    said, status = [], None
    with closing(cocosql.connect(path, read_only=True)) as con:
        for look in LOOKS:
            try:
                found = rows(con, look)
            except duckdb.Error as error:
                said.append(str(error))
                continue
            status = found[0][4:6] if look == "FROM coco_views()" and found else status
        try:
            cocosql.graph(con).mermaid()
        except duckdb.Error as error:
            said.append(str(error))
    assert not [text for text in said if "INTERNAL" in text or "Traceback" in text]
    return said, status


@pytest.mark.every(2)
@pytest.mark.parametrize(
    "query",
    [
        "SELECT content FROM read_text('{file}')",
        "SELECT content FROM read_text('{folder}/*')",
        "SELECT content FROM read_text(['{file}', '{file}'])",
        "SELECT * FROM read_csv('{file}', header = false)",
        "SELECT file FROM glob('{folder}/*')",
        "SELECT t.id, (SELECT content FROM read_text('{file}')) AS c FROM t",
        "SELECT id FROM t WHERE EXISTS (FROM read_blob('{file}'))",
        "SELECT content FROM opened()",
        "SELECT content FROM through",
    ],
)
def test_no_file_is_read(tmp_path: Path, watched: Path, query: str) -> None:
    path = tmp_path / "s.db"
    text = query.replace("{file}", str(watched)).replace("{folder}", str(watched.parent))
    macro = f"CREATE MACRO opened() AS TABLE SELECT content FROM read_text('{watched}')"
    view = f"CREATE VIEW through AS SELECT content FROM read_text('{watched}')"
    _make(path, text, macro, view)
    os.utime(watched, (1, 2_000_000_000))
    (watched.parent / "more.txt").write_text("more")
    _, status = _look(path)
    assert watched.stat().st_atime == 1
    assert status[0] == "unknown"
    with closing(cocosql.connect(path)) as con:
        rows(con, "EXPLAIN REFRESH INCREMENTAL VIEW v")
        assert one(con, "SELECT status FROM coco_views()") in ("fresh", "stale")
        rows(con, "REFRESH INCREMENTAL VIEW v")
        assert rows(con, "FROM v ORDER BY ALL") == rows(con, f"FROM ({text}) ORDER BY ALL")


def test_lineage_of_files_that_are_not_looked_at(tmp_path: Path, watched: Path) -> None:
    path = tmp_path / "s.db"
    _make(path, f"SELECT content FROM read_text('{watched}')")
    with closing(cocosql.connect(path, read_only=True)) as con:
        found = rows(con, "SELECT source_key, source_row, source_state FROM coco_lineage('v')")
        assert [(row[1], row[2]) for row in found] == [(None, "unknown")]
        rows(con, "EXPLAIN REFRESH INCREMENTAL VIEW v")
        assert one(con, "SELECT source_state FROM coco_lineage('v')") == "current"


@pytest.mark.every(2)
@pytest.mark.parametrize(
    ("query", "holds"),
    [
        ("SELECT content FROM read_text('{file}')", True),
        ("SELECT * FROM '{file}'", False),
        ("SELECT name FROM coco_views()", True),
        ("COPY (SELECT 1) TO '{written}'", False),
        ("WITH w AS (COPY (SELECT 1) TO '{written}') FROM w", False),
        ("WITH w AS (DELETE FROM t RETURNING id) FROM w", False),
        ("SELECT 1 AS id) AS a, (SELECT content FROM read_text('{file}')", False),
        ("SELECT 1; DROP TABLE t", False),
        ("SELECT id FROM t -- ", True),
        ("", False),
    ],
)
def test_stored_query(tmp_path: Path, watched: Path, query: str, holds: bool) -> None:
    """Whatever it says, looking runs nothing of it; refreshing runs it if it only reads."""
    path, written = tmp_path / "s.db", tmp_path / "written.csv"
    _make(path, "SELECT id FROM t")
    _forge(
        path,
        "UPDATE coco.views SET query = $1",
        query.replace("{file}", str(watched)).replace("{written}", str(written)),
    )
    _, status = _look(path)
    assert watched.stat().st_atime == 1
    assert status is None or status[0] in ("stale", "broken", "unknown")
    with closing(cocosql.connect(path)) as con:
        if holds:
            con.execute("REFRESH INCREMENTAL VIEW v")
        else:
            with pytest.raises(duckdb.Error):
                con.execute("REFRESH INCREMENTAL VIEW v")
        assert rows(con, "SELECT id FROM t") == [(1,)]
    assert not written.exists()


@pytest.mark.parametrize("writes", ["COPY (SELECT 1) TO '{written}'", "DELETE FROM t RETURNING id"])
def test_a_view_cannot_write(tmp_path: Path, writes: str) -> None:
    written = tmp_path / "written.csv"
    with closing(cocosql.connect()) as con:
        con.execute("CREATE TABLE t AS SELECT 1 AS id")
        with pytest.raises(duckdb.InvalidInputException, match="only reads"):
            con.execute(f"CREATE INCREMENTAL VIEW v AS WITH w AS ({writes.replace('{written}', str(written))}) FROM w")
        assert rows(con, "FROM t") == [(1,)]
    assert not written.exists()


@pytest.mark.every(3)
@pytest.mark.parametrize(
    ("statement", "named"),
    [
        ("UPDATE coco.views SET state_table = 'users'", "state_table"),
        ("UPDATE coco.views SET state_table = '../main.users'", "state_table"),
        ("UPDATE coco.views SET history_table = 'errors'", "history_table"),
        ("UPDATE coco.operators SET state_table = 'views'", "operator"),
        ("UPDATE coco.operators SET state_table = 'kept_999_1'", "operator"),
        ("UPDATE coco.operators SET inputs = [operator_id]", "operator"),
        ("DELETE FROM coco.operators", "operators"),
        ("UPDATE coco.inputs SET snapshot_table = 'users'", "snapshot_table"),
        ("UPDATE coco.inputs SET position = '[1]'", "position"),
        ("UPDATE coco.views SET column_types = ['INTEGER) FROM read_text(''/etc/passwd'') --']", "column_types"),
        ("UPDATE coco.views SET column_types = ['x((SELECT 1))']", "column_types"),
        ("UPDATE coco.views SET search_path = ['a.b.c.d']", "search_path"),
        ("UPDATE coco.views SET version = -1", "version"),
        ("INSERT INTO coco.views FROM coco.views", "view_id"),
        ("DELETE FROM coco.migrations", "migrations"),
        ("DELETE FROM coco.migrations WHERE migration = 2", "migrations"),
        ("DROP TABLE coco.inputs; CREATE VIEW coco.inputs AS FROM main.t", "coco.inputs"),
        ("DROP TABLE coco.runs", "coco.runs"),
        ("DROP TABLE coco.migrations; CREATE VIEW coco.migrations AS SELECT 1 AS migration", "coco.migrations"),
        ("ALTER TABLE coco.views ALTER version TYPE VARCHAR", "coco.views"),
        ("ALTER TABLE coco.errors ADD COLUMN x INTEGER", "coco.errors"),
        ("CREATE VIEW coco.more AS SELECT content FROM read_text('/etc/passwd')", "coco.more"),
        ("CREATE TABLE coco.more (a INTEGER, b AS (a + 1))", "coco.more"),
    ],
)
def test_damage_is_named(tmp_path: Path, statement: str, named: str) -> None:
    """Looking, refreshing and dropping say what is damaged, and leave everything as it is."""
    path = tmp_path / "s.db"
    _make(path, "SELECT id, s FROM t", "CREATE TABLE users AS SELECT 'Ada' AS name")
    for part in statement.split("; "):
        _forge(path, part)
    said, _ = _look(path)
    assert any(named in text and "damaged" in text for text in said), said
    with closing(cocosql.connect(path)) as con:
        for change in ("REFRESH INCREMENTAL VIEW v", "DROP INCREMENTAL VIEW v", "VACUUM INCREMENTAL VIEWS"):
            with pytest.raises(duckdb.InvalidInputException, match="damaged"):
                con.execute(change)
        assert rows(con, "FROM users") == [("Ada",)]
        assert rows(con, "SELECT count(*) FROM duckdb_tables() WHERE table_name LIKE 'rows_%'") == [(1,)]


@pytest.mark.parametrize(
    "query",
    [
        "SELECT id, send(s) AS s FROM t",
        "SELECT id, s FROM t WHERE send(s) = 'a'",
        "SELECT range AS id, 'a' AS s FROM range(length(send('ab')))",
    ],
)
def test_no_function_is_called(tmp_path: Path, query: str) -> None:
    """Neither for its rows, nor to bind its query."""
    called: list[str] = []

    @cocosql.udf(version="1")
    def send(text: str) -> str:
        called.append(text)
        return text

    path = tmp_path / "s.db"
    with closing(cocosql.connect(path, functions=(send,))) as con:
        con.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, s VARCHAR); INSERT INTO t VALUES (1, 'a')")
        con.execute(f"CREATE INCREMENTAL VIEW v AS {query}")
        con.execute("INSERT INTO t VALUES (2, 'b')")
    called.clear()
    with closing(cocosql.connect(path, functions=(send,), read_only=True)) as con:
        for look in LOOKS:
            try:
                rows(con, look)
            except duckdb.PermissionException as error:
                assert "send" in str(error)
    assert called == []


def test_columns_that_are_worked_out_are_not_looked_at(tmp_path: Path) -> None:
    """Whatever they call would be called."""
    path = tmp_path / "s.db"
    _make(path, "SELECT id, longer FROM made", "CREATE TABLE made (id INTEGER PRIMARY KEY, longer AS (id + 1))")
    assert _look(path)[1][0] == "unknown"


def test_only_what_someone_asked_for_is_looked_at(tmp_path: Path, watched: Path) -> None:
    """What was made or refreshed in this process shows its status, as long as the process lives."""
    path = tmp_path / "s.db"
    with closing(cocosql.connect(path)) as con:
        con.execute(f"CREATE INCREMENTAL VIEW v AS SELECT content FROM read_text('{watched}')")
        assert _status(con) == "fresh"
        watched.write_text("changed")
        assert _status(con) == "stale"
    with closing(cocosql.connect(path)) as con:
        assert _status(con) == "unknown"
        con.execute("REFRESH INCREMENTAL VIEW v")
        assert _status(con) == "fresh"


def _status(con: Con) -> Any:
    return one(con, "SELECT status FROM coco_views()")
