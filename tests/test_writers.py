"""Every way to write to a table: whoever writes, and however, the next refresh of a view sees what changed.

Each case writes and refreshes; then the views must equal their queries run afresh. Tables have several row groups.
"""

import signal
from collections.abc import Callable, Iterable, Iterator
from itertools import count
from pathlib import Path
from string import Template
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from helpers import CAPTURES, SMALL_ROW_GROUPS, Calls, Con, Views, rows, run_script, start

import cocosql

ROWS = 5_000
TABLE = f"""
CREATE TABLE t (
    id INTEGER PRIMARY KEY, n INTEGER DEFAULT 5, i INTEGER, s VARCHAR, l INTEGER[], p STRUCT(x INTEGER, y VARCHAR)
);
CREATE INDEX by_i ON t (i);
INSERT INTO t SELECT k, k % 40, k, 's' || k % 300, [k, k % 3], {{'x': k, 'y': 'y' || k}} FROM range({ROWS}) r(k);
CREATE TABLE other (id INTEGER PRIMARY KEY, s VARCHAR);
INSERT INTO other SELECT k, 'other' || k FROM range(1000) r(k);
CHECKPOINT;
"""
EVERY = "SELECT *, up(s) AS u FROM t", "SELECT *, upper(s) || '!' AS u FROM t"
GROUPS = "SELECT n, count(*) AS c, max(s) AS top FROM t GROUP BY n"


def attached(path: Path, options: str = SMALL_ROW_GROUPS) -> Con:
    con = cocosql.connect()
    con.execute(f"ATTACH '{path}' AS d {options}; USE d")
    return con


class World:
    """A table with a view, which writers write to one after the other; `new` makes what each of them writes new."""

    def __init__(self, con: Con, capture: str) -> None:
        self.con = con
        self.calls = Calls()
        self.number = count()
        self.whole = True
        self.version = 1
        self.views = Views(con, capture)

        @cocosql.udf(batch_size=1000, version="1")
        def up(texts: list[str]) -> list[str]:
            for text in texts:
                self.calls.note(text)
            return [f"{text.upper()}!" for text in texts]

        cocosql.register(con, up)

    def fill(self, table: str = TABLE) -> "World":
        self.con.execute(table)
        self.views.create("every", *EVERY)
        return self

    def new(self) -> dict[str, Any]:
        """Numbers and texts that have not been used, and places that differ."""
        number = next(self.number)
        return {"id": 100_000 + 10_000 * number, "new": f"new {number}", "some": number % 97}

    def writes(self, statements: str) -> None:
        self.con.execute(Template(statements).safe_substitute(self.new()))

    def follow(self, write: str | Callable[["World"], None], changes: bool = True) -> None:
        """Write, refresh, compare; the view must change if the writer changes anything."""
        self.whole = False
        before = self.version
        if callable(write):
            write(self)
        else:
            self.writes(write)
        self.version, *changed, calls, _ = self.views.refresh()["every"]
        assert (self.version - before, any(changed)) == (changes, changes), changed
        assert changes or not calls
        twice = {argument for argument, calls in self.calls.items() if calls > 1}
        assert not twice, f"called more than once: {twice}"
        self.whole = True


@pytest.fixture(scope="module")
def pool() -> Iterator[dict[str, World]]:
    worlds: dict[str, World] = {}
    yield worlds
    for world in worlds.values():
        world.views.replay()
        world.con.close()


@pytest.fixture(params=CAPTURES)
def fresh(request: pytest.FixtureRequest, path: Path) -> Iterator[World]:
    """A world of one's own, with a view that is recomputed, too."""
    world = World(attached(path), request.param).fill()
    world.views.create("groups", GROUPS)
    yield world
    world.views.replay()
    world.con.close()


@pytest.fixture(params=CAPTURES)
def world(
    request: pytest.FixtureRequest, pool: dict[str, World], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    """A world that others have written to before; one that a test has broken is not used again."""
    world = pool.pop(request.param, None)
    world = world or World(attached(tmp_path_factory.mktemp("world") / "w.db"), request.param).fill()
    yield world
    if world.whole:
        pool[request.param] = world
    else:
        world.con.close()


def of_each_capture(writes: Iterable[Any]) -> list[Any]:
    return [(write, capture) for write in writes for capture in CAPTURES]


# --- SQL --------------------------------------------------------------------------------------------------------------

WRITES = {
    "insert values": "INSERT INTO t VALUES ($id, 1, 1, '$new', [1], {'x': 1, 'y': 'a'}), ($id + 1, 2, 2, 'b', [], NULL)",
    "insert some columns": "INSERT INTO t (s, id) VALUES ('$new', $id)",
    "insert from a query": "INSERT INTO t SELECT $id + k, k, k, '$new', [k], NULL FROM range(300) r(k)",
    "insert by name": "INSERT INTO t BY NAME SELECT '$new' AS s, $id AS id",
    "insert by position": "INSERT INTO t BY POSITION SELECT $id, 1, 2, '$new', NULL, NULL",
    "insert from itself": "INSERT INTO t SELECT $id + row_number() OVER (), n, i, s, l, p FROM t WHERE id % 100 = $some",
    "insert from a view": "INSERT INTO t SELECT $id + row_number() OVER (), 1, 1, u, NULL, NULL FROM every WHERE id < 50",
    "insert with a CTE": "WITH w AS (SELECT $id AS id, '$new' AS s) INSERT INTO t BY NAME FROM w",
    "insert in a CTE": "WITH w AS (INSERT INTO t (id, s) VALUES ($id, '$new') RETURNING id) SELECT count(*) FROM w",
    "insert returning": "INSERT INTO t (id, s) VALUES ($id, '$new') RETURNING *",
    "insert or replace": "INSERT OR REPLACE INTO t VALUES ($some, 1, 1, '$new', NULL, NULL), ($id, 1, 1, 'b', NULL, NULL)",
    "insert or replace many": "INSERT OR REPLACE INTO t (id, s) SELECT k, '$new' FROM range($some, 4000, 97) r(k)",
    "insert or ignore": "INSERT OR IGNORE INTO t (id, s) VALUES ($some, 'no'), ($id, '$new')",
    "on conflict do nothing": "INSERT INTO t (id, s) VALUES ($some, 'no'), ($id, '$new') ON CONFLICT DO NOTHING",
    "on conflict do update": """
        INSERT INTO t (id, s) VALUES ($some, '$new'), ($id, 'b') ON CONFLICT (id) DO UPDATE SET s = excluded.s || t.n
    """,
    "on conflict do update, if": """
        INSERT INTO t (id, s) SELECT k, '$new' FROM range(2000) r(k) ON CONFLICT (id) DO UPDATE SET s = excluded.s WHERE
        t.id % 97 = $some
    """,
    "on conflict do update of an indexed column": """
        INSERT INTO t (id, i) VALUES ($some, $id) ON CONFLICT (id) DO UPDATE SET i = excluded.i
    """,
    "on conflict do update of a list, returning": """
        INSERT INTO t (id, l) VALUES ($some, [$id]) ON CONFLICT (id) DO UPDATE SET l = excluded.l RETURNING l
    """,
    "update": "UPDATE t SET s = '$new' WHERE id % 500 = $some",
    "update of all rows": "UPDATE t SET s = s || '+' || ($id % 7)",
    "update of one row": "UPDATE t SET s = '$new' WHERE id = 2047",
    "update of a key": "UPDATE t SET id = $id WHERE id = (SELECT max(id) FROM t)",
    "update of keys that move up": "UPDATE t SET id = id + 1 WHERE id = (SELECT max(id) FROM t)",
    "update of an indexed column": "UPDATE t SET i = $id + id WHERE id % 500 = $some",
    "update of a list": "UPDATE t SET l = [id, $id] WHERE id % 500 = $some",
    "update of an element": "UPDATE t SET l = list_append(l, $id) WHERE id % 500 = $some",
    "update of a field": "UPDATE t SET p = struct_update(p, x := $id) WHERE id % 500 = $some AND p IS NOT NULL",
    "update to NULL and back": "UPDATE t SET s = NULL WHERE id % 500 = $some; UPDATE t SET n = $id WHERE s IS NULL",
    "update of several columns": "UPDATE t SET (n, s) = ($id, '$new') WHERE id % 500 = $some",
    "update to the default": "UPDATE t SET n = DEFAULT, s = '$new' WHERE id % 500 = $some",
    "update from": "UPDATE t SET s = o.s || '$new' FROM other AS o WHERE o.id = t.id AND o.id % 500 = $some",
    "update with a CTE": "WITH w AS (SELECT $some AS id) UPDATE t SET s = '$new' FROM w WHERE w.id = t.id",
    "update in a CTE": "WITH w AS (UPDATE t SET s = '$new' WHERE id % 500 = $some RETURNING id) SELECT count(*) FROM w",
    "update returning": "UPDATE t SET s = '$new' WHERE id % 500 = $some RETURNING id",
    "update by rowid": "UPDATE t SET s = '$new' WHERE rowid = (SELECT max(rowid) FROM t)",
    "delete": "DELETE FROM t WHERE id IN (SELECT id FROM t ORDER BY hash(id + $some) LIMIT 5)",
    "delete using": "DELETE FROM t USING (SELECT min(id) AS id FROM t) AS low WHERE t.id = low.id",
    "delete returning": "DELETE FROM t WHERE id = (SELECT min(id) FROM t) RETURNING *",
    "delete in a CTE": "WITH w AS (DELETE FROM t WHERE id = (SELECT max(id) FROM t) RETURNING *) SELECT count(*) FROM w",
    "delete by rowid": "DELETE FROM t WHERE rowid = (SELECT max(rowid) FROM t)",
    "delete and insert of a key": """
        DELETE FROM t WHERE id = 2050; INSERT INTO t (id, s) VALUES (2050, '$new'); DELETE FROM t WHERE id = 2051;
        INSERT INTO t (id, s) VALUES (2051, '$new')
    """,
    "merge update": """
        MERGE INTO t USING (SELECT $some AS id, '$new' AS s) AS o USING (id) WHEN MATCHED THEN UPDATE SET s = o.s
    """,
    "merge insert": """
        MERGE INTO t USING (SELECT $id AS id, '$new' AS s) AS o USING (id) WHEN NOT MATCHED THEN INSERT BY NAME
    """,
    "merge delete": """
        MERGE INTO t USING (SELECT max(id) AS id FROM t) AS o ON t.id = o.id WHEN MATCHED THEN DELETE
    """,
    "merge all": """
        MERGE INTO t USING (SELECT k AS id, '$new' AS s FROM range(1000, 9000, 250) r(k)) AS o ON t.id = o.id
        WHEN MATCHED AND t.id % 1000 = 0 THEN DELETE
        WHEN MATCHED AND t.id % 750 = 0 THEN DO NOTHING
        WHEN MATCHED THEN UPDATE SET s = o.s, l = [1, 2]
        WHEN NOT MATCHED AND o.id > 8000 THEN DO NOTHING
        WHEN NOT MATCHED THEN INSERT (id, s) VALUES (o.id, o.s)
        WHEN NOT MATCHED BY SOURCE AND t.id % 999 = $some THEN UPDATE SET n = $id
        WHEN NOT MATCHED BY SOURCE AND t.id % 998 = $some THEN DELETE
    """,
    "merge returning": """
        MERGE INTO t USING (SELECT k AS id, '$new' AS s FROM range($id - 2, $id + 2) r(k)) AS o USING (id)
        WHEN NOT MATCHED THEN INSERT BY NAME RETURNING merge_action, id
    """,
    "merge update of an indexed column": """
        MERGE INTO t USING (SELECT $some AS id) AS o USING (id) WHEN MATCHED THEN UPDATE SET i = $id
    """,
    "explain analyze": "EXPLAIN ANALYZE INSERT INTO t (id, s) VALUES ($id, '$new')",
    "a transaction": """
        BEGIN; INSERT INTO t (id, s) VALUES ($id, '$new'); UPDATE t SET s = s || '+' WHERE id = $id;
        UPDATE t SET n = 7 WHERE id = $some; DELETE FROM t WHERE id = 3000 + $some; COMMIT
    """,
    "a transaction that inserts and deletes": """
        BEGIN; INSERT INTO t (id) SELECT $id + k FROM range(3000) r(k); DELETE FROM t WHERE id > $id AND id % 100 <> 0; COMMIT
    """,
    "a rollback, then the same": """
        BEGIN; UPDATE t SET s = '$new' WHERE id = 10; INSERT INTO t (id) SELECT $id + k FROM range(3000) r(k); ROLLBACK;
        UPDATE t SET s = '$new' WHERE id = 10; INSERT INTO t (id, s) SELECT $id + k, '$new' FROM range(10) r(k)
    """,
    "a prepared statement": "PREPARE p AS INSERT INTO t (id, s) VALUES ($1, $2); EXECUTE p($id, '$new')",
    "an update, then a checkpoint": "UPDATE t SET s = '$new' WHERE id = 100; CHECKPOINT",
    "a checkpoint, then an update": "CHECKPOINT; UPDATE t SET s = '$new' WHERE id = 100",
    "an update between checkpoints": "CHECKPOINT; UPDATE t SET s = '$new' WHERE id = 100; CHECKPOINT",
    "two updates with checkpoints": """
        UPDATE t SET s = '$new' WHERE id = 100; FORCE CHECKPOINT; UPDATE t SET s = '$new+' WHERE id = 100; FORCE CHECKPOINT
    """,
    "a delete, then a checkpoint": "DELETE FROM t WHERE id = (SELECT max(id) FROM t); FORCE CHECKPOINT",
    "a delete, then VACUUM": "DELETE FROM t WHERE id = (SELECT max(id) FROM t); VACUUM; VACUUM ANALYZE t",
    "an insert, then a checkpoint": "INSERT INTO t (id, s) VALUES ($id, '$new'); CHECKPOINT",
    "COPY FROM csv": "COPY (SELECT $id AS id, '$new' AS s) TO '$files/a.csv'; COPY t (id, s) FROM '$files/a.csv'",
    "COPY FROM parquet": """
        COPY (SELECT * REPLACE ($id + id AS id) FROM t WHERE id < 100) TO '$files/a.parquet'; COPY t FROM '$files/a.parquet'
    """,
    "COPY FROM json": "COPY (SELECT $id AS id, '$new' AS s) TO '$files/a.json'; COPY t (id, s) FROM '$files/a.json'",
}  # fmt: skip


@pytest.mark.every(15)
@pytest.mark.parametrize(("write", "world"), of_each_capture(WRITES), indirect=["world"])
def test_statements(world: World, write: str, tmp_path: Path) -> None:
    world.follow(WRITES[write].replace("$files", str(tmp_path)))


def test_a_statement_prepared_before_the_view(path: Path) -> None:
    con = attached(path)
    con.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, s VARCHAR)")
    con.execute("PREPARE put AS INSERT OR REPLACE INTO t VALUES ($1, $2)")
    con.execute("PREPARE change AS UPDATE t SET s = $2 WHERE id = $1")
    con.execute("PREPARE remove AS DELETE FROM t WHERE id = $1")
    views = {capture: Views(con, capture) for capture in CAPTURES}
    for capture in CAPTURES:
        views[capture].create(f"v_{capture}", "SELECT id, s || '!' AS s FROM t")
    for line in ["put(1, 'a')", "put(2, 'b')", "put(1, 'c')", "change(1, 'd')", "remove(2)"]:
        con.execute(f"EXECUTE {line}")
        for capture in CAPTURES:
            assert sum(views[capture].refresh()[f"v_{capture}"][1:4]) == 1, line
    for capture in CAPTURES:
        views[capture].replay()
    con.close()


# --- Python -----------------------------------------------------------------------------------------------------------


def executemany(con: Con, id: int, new: str) -> None:
    con.executemany("INSERT INTO t (id, s) VALUES (?, ?)", [[id, new], [id + 1, new]])
    con.executemany("UPDATE t SET s = ? WHERE id = ?", [[new + "+", 7], [new, 3000]])


def parameters(con: Con, id: int, new: str) -> None:
    con.execute("UPDATE t SET s = $text WHERE id = $id", {"text": new, "id": 2500})
    con.sql("INSERT INTO t (id, s) VALUES ($1, $2)", params=[id, new])


def transaction_of_python(con: Con, id: int, new: str) -> None:
    con.begin()
    con.execute("INSERT INTO t (id, s) VALUES (?, ?)", [id, new])
    con.rollback()
    con.begin()
    con.execute("INSERT INTO t (id, s) VALUES (?, ?)", [id + 1, new])
    con.commit()


def arrow(con: Con, id: int, new: str) -> None:
    given = pa.table({"id": list(range(id, id + 3000)), "s": [new] * 3000})  # noqa: F841
    con.execute("INSERT INTO t BY NAME FROM given")
    con.register("registered", pa.table({"id": [id + 4000], "s": [new]}))
    con.execute("INSERT INTO t BY NAME FROM registered")
    con.unregister("registered")


def relation_insert(con: Con, id: int, new: str) -> None:
    con.table("t").insert([id, 1, 1, new, [1], {"x": 1, "y": "a"}])


def relation_insert_into(con: Con, id: int, new: str) -> None:
    con.sql(f"SELECT {id}, 1, 1, '{new}', NULL, NULL").insert_into("t")


def relation_update(con: Con, id: int, new: str) -> None:
    con.table("t").update(
        {"s": duckdb.ConstantExpression(new)}, condition=duckdb.ColumnExpression("id") > duckdb.ConstantExpression(4990)
    )


def appender(con: Con, id: int, new: str) -> None:
    appender = con.appender("t", columns=["id", "s"])
    appender.append_row(id, new)
    appender.append_rows([(id + k, new) for k in range(1, 3000)])
    appender.flush()


def appender_of_whole_rows(con: Con, id: int, new: str) -> None:
    appender = con.appender("t")
    appender.append_row(id, 1, 1, new, [1, 2], {"x": 1, "y": "a"})
    appender.flush()


def appender_upsert(con: Con, id: int, new: str) -> None:
    appender = con.appender("t", columns=["id", "s"], action="upsert")
    appender.append_rows([(5, new), (id, new)])
    appender.flush()


def appender_update(con: Con, id: int, new: str) -> None:
    appender = con.appender("t", columns=["id", "s"], action="update", key=["id"])
    appender.append_rows([(6, new), (4000, new)])
    appender.flush()


def appender_delete(con: Con, id: int, new: str) -> None:
    (low, high) = rows(con, "SELECT min(id), max(id) FROM t")[0]
    appender = con.appender("t", action="delete", key=["id"])
    appender.append_rows([(low,), (high,)])
    appender.flush()


def query_appender(con: Con, id: int, new: str) -> None:
    appender = con.query_appender(
        "MERGE INTO t USING appender_data AS o ON t.id = o.id WHEN MATCHED THEN UPDATE SET s = o.s "
        "WHEN NOT MATCHED THEN INSERT (id, s) VALUES (o.id, o.s)",
        {"id": "INTEGER", "s": "VARCHAR"},
        source="SELECT id, s || '+' AS s FROM appender_buffer",
    )
    appender.append_rows([(8, new), (id, new)])
    appender.flush()


def another_cursor(con: Con, id: int, new: str) -> None:
    with con.cursor() as cursor:
        cursor.execute("USE d")
        cursor.execute("UPDATE t SET s = ? WHERE id % 1000 = 9", [new])


def a_function_in_the_write(con: Con, id: int, new: str) -> None:
    con.execute(f"UPDATE t SET s = up('{new}') WHERE id = 15")


PYTHON = [executemany, parameters, transaction_of_python, arrow, relation_insert, relation_insert_into, relation_update,
          appender, appender_of_whole_rows, appender_upsert, appender_update, appender_delete, query_appender,
          another_cursor, a_function_in_the_write]  # fmt: skip


def name_of(write: Any) -> str:
    return write if isinstance(write, str) else str(write.__name__)


@pytest.mark.every(5)
@pytest.mark.parametrize(("write", "world"), of_each_capture(PYTHON), indirect=["world"], ids=name_of)
def test_python(world: World, write: Callable[[Con, int, str], None]) -> None:
    def write_new(world: World) -> None:
        new = world.new()
        write(world.con, new["id"], new["new"])

    world.follow(write_new)


# --- what changes nothing ---------------------------------------------------------------------------------------------

NOTHING = {
    "update to the same": "UPDATE t SET n = n, i = i, s = s, l = l, p = p",
    "update to the same through other values": "UPDATE t SET s = s || '+'; UPDATE t SET s = s[:-2]",
    "update of no row": "UPDATE t SET s = 'x' WHERE false",
    "delete of no row": "DELETE FROM t WHERE id < 0",
    "delete and insert of the same": """
        CREATE TEMP TABLE kept AS FROM t WHERE id % 10 = 3; DELETE FROM t WHERE id % 10 = 3;
        INSERT INTO t FROM kept; DROP TABLE kept
    """,
    "truncate and insert of the same": """
        CREATE TEMP TABLE kept AS FROM t ORDER BY hash(id); TRUNCATE t; INSERT INTO t FROM kept; DROP TABLE kept
    """,
    "insert and delete": "INSERT INTO t (id) SELECT $id + k FROM range(3000) r(k); DELETE FROM t WHERE id >= $id",
    "insert or ignore": "INSERT OR IGNORE INTO t (id) SELECT id FROM t LIMIT 10",
    "insert or replace by the same": "INSERT OR REPLACE INTO t FROM t WHERE id % 10 = 4",
    "merge of the same": "MERGE INTO t USING (SELECT * FROM t) AS o USING (id) WHEN MATCHED THEN UPDATE SET s = o.s",
    "rollback": "BEGIN; UPDATE t SET s = 'no'; DELETE FROM t WHERE id > 100; INSERT INTO t (id) VALUES ($id); ROLLBACK",
    "checkpoints": "CHECKPOINT; FORCE CHECKPOINT; CHECKPOINT",
    "vacuum": "VACUUM; VACUUM t; ANALYZE; VACUUM ANALYZE t",
    "another table": "UPDATE other SET s = '$new'",
    "an index": "CREATE INDEX by_s ON t (s); DROP INDEX by_s; CHECKPOINT",
    "copies": "CREATE TEMP TABLE copy AS FROM t; DROP TABLE copy",
}


@pytest.mark.every(5)
@pytest.mark.parametrize(("write", "world"), of_each_capture(NOTHING), indirect=["world"])
def test_what_changes_nothing(world: World, write: str) -> None:
    """No version, no change, no call; and the changes that come next are seen."""
    world.follow(NOTHING[write], changes=False)
    if write in ("rollback", "checkpoints", "vacuum", "insert and delete"):
        world.follow("UPDATE t SET s = '$new' WHERE id = 4500")


def test_a_statement_that_fails(world: World) -> None:
    def fail(world: World) -> None:
        for statement in [
            "INSERT INTO t (id) SELECT k FROM range(6000, 0, -1) r(k)",
            "UPDATE t SET id = 1",
            "UPDATE t SET n = (s || 'x')::INTEGER",
            "BEGIN; UPDATE t SET s = 'no'; INSERT INTO t (id) SELECT max(id) FROM t; COMMIT",
        ]:
            with pytest.raises(duckdb.Error):
                world.con.execute(statement)
        world.con.execute("ROLLBACK")

    world.follow(fail, changes=False)
    world.follow("UPDATE t SET s = '$new' WHERE id = 4400")


@pytest.mark.parametrize("capture", CAPTURES)
def test_a_column_that_the_view_does_not_read(path: Path, capture: str) -> None:
    con = attached(path)
    calls = Calls()

    @cocosql.udf
    def up(s: str) -> str:
        calls.note(s)
        return s.upper()

    cocosql.register(con, up)
    con.execute(TABLE)
    views = Views(con, capture)
    views.create("v", "SELECT id, up(s) AS u FROM t WHERE id < 50", "SELECT id, upper(s) AS u FROM t WHERE id < 50")
    calls.clear()
    unread = [
        "UPDATE t SET n = n + 1",
        "UPDATE t SET i = i + 10000",
        "UPDATE t SET l = NULL, p = {'x': 0, 'y': ''}",
        "DROP INDEX by_i; ALTER TABLE t ADD COLUMN more INTEGER DEFAULT 3",
        "UPDATE t SET more = 4; CHECKPOINT",
        "ALTER TABLE t DROP COLUMN more",
        "UPDATE t SET s = 'unread' WHERE id > 50",
    ]
    for write in unread:
        con.execute(write)
        assert views.refresh()["v"] == (1, 0, 0, 0, 0, 0), write
    con.execute("UPDATE t SET s = 'read', n = 0 WHERE id = 7")
    assert views.refresh()["v"] == (2, 0, 1, 0, 1, 0)
    assert calls == {"'read'": 1}
    views.replay()
    con.close()


# --- writes of a world of their own -----------------------------------------------------------------------------------

REMAKES = {
    "truncate": ["TRUNCATE t", "INSERT INTO t (id, s) VALUES (1, 'a')"],
    "delete all": ["DELETE FROM t", "CHECKPOINT; INSERT INTO t (id, s) VALUES (1, 'a')"],
    "most rows go, and row groups merge": [
        "DELETE FROM t WHERE id % 20 <> 3; FORCE CHECKPOINT",
        "UPDATE t SET s = 'a' WHERE id % 100 = 3; FORCE CHECKPOINT",
        "INSERT INTO t (id, s) SELECT k, 'b' FROM range(9000, 12000) r(k); DELETE FROM t WHERE id < 100; FORCE CHECKPOINT",
    ],
    "the first row groups go": [
        "DELETE FROM t WHERE id < 2100; FORCE CHECKPOINT",
        "UPDATE t SET s = 'a' WHERE id = 4999",
        "DELETE FROM t WHERE id < 4200; UPDATE t SET s = 'b' WHERE id = 4999; FORCE CHECKPOINT",
        "INSERT INTO t (id, s) VALUES (1, 'a')",
    ],
    "a row group goes, and another comes": [
        "DELETE FROM t WHERE id BETWEEN 2048 AND 4095; INSERT INTO t (id, s) SELECT k, 'a' FROM range(2048, 4096) r(k)",
        "CHECKPOINT; DELETE FROM t WHERE id >= 4096; INSERT INTO t (id, s) SELECT k, 'a' FROM range(4096, 5000) r(k)",
    ],
    "create or replace, same rows but one": [
        "CREATE TABLE u AS FROM t; CREATE OR REPLACE TABLE t AS SELECT * REPLACE (s || 'x' AS s) FROM u",
        "UPDATE t SET s = 'a' WHERE id = 4000",
    ],
    "drop and create": [
        f"DROP TABLE t; {TABLE.partition('CREATE TABLE other')[0]} UPDATE t SET s = 'a' WHERE id = 3000",
        "UPDATE t SET s = 'a' WHERE id = 4000",
    ],
    "another table takes the name": [
        "CREATE TABLE u AS FROM t WHERE id > 100; DROP TABLE t; ALTER TABLE u RENAME TO t",
        "UPDATE t SET s = 'a' WHERE id = 4000",
    ],
    "two tables swap names": [
        """
        CREATE TABLE u AS SELECT * REPLACE ('u' AS s) FROM t; CHECKPOINT; DROP INDEX by_i;
        BEGIN; ALTER TABLE t RENAME TO w; ALTER TABLE u RENAME TO t; ALTER TABLE w RENAME TO u; COMMIT
        """,
        "BEGIN; ALTER TABLE t RENAME TO w; ALTER TABLE u RENAME TO t; ALTER TABLE w RENAME TO u; COMMIT",
    ],
    "a trigger": [
        """
        CREATE TRIGGER copied AFTER INSERT ON other REFERENCING NEW TABLE AS given FOR EACH STATEMENT
            INSERT INTO t (id, s) SELECT id, s FROM given;
        INSERT INTO other SELECT k, 'a' FROM range(7000, 7010) r(k)
        """,
        "INSERT INTO other VALUES (8000, 'b')",
        "DROP TRIGGER copied ON other; INSERT INTO t (id, s) VALUES (8001, 'c')",
    ],
}


@pytest.mark.every(12)
@pytest.mark.parametrize("script", REMAKES)
def test_remakes(fresh: World, script: str) -> None:
    for write in REMAKES[script]:
        fresh.follow(write)


def test_import_database(fresh: World, tmp_path: Path) -> None:
    con = fresh.con
    con.execute("CREATE SCHEMA kept")
    with duckdb.connect() as plain:
        plain.execute("CREATE TABLE t AS SELECT k AS id, 1 AS n, 1 AS i, 'imported' AS s, [k::INTEGER] AS l, "
                      "{'x': 1, 'y': 'a'} AS p FROM range(3000) r(k); "
                      f"EXPORT DATABASE '{tmp_path / 'exported'}'")  # fmt: skip
    fresh.follow(f"DROP TABLE t; IMPORT DATABASE '{tmp_path / 'exported'}'")
    fresh.follow("UPDATE t SET s = 'a' WHERE id = 2500")


def test_copy_from_database(fresh: World, tmp_path: Path) -> None:
    fresh.con.execute(f"ATTACH '{tmp_path / 'from.db'}' AS f {SMALL_ROW_GROUPS}; CREATE TABLE f.t AS FROM t")
    fresh.con.execute("UPDATE f.t SET s = 'copied' WHERE id % 1000 = 1")
    fresh.follow("DROP TABLE t; COPY FROM DATABASE f TO d")
    fresh.follow("UPDATE t SET s = 'a' WHERE id = 2500")


@pytest.mark.parametrize("capture", CAPTURES)
def test_foreign_keys(path: Path, capture: str) -> None:
    con = attached(path)
    con.execute("CREATE TABLE parent (id INTEGER PRIMARY KEY, s VARCHAR, code VARCHAR UNIQUE)")
    con.execute("CREATE TABLE child (id INTEGER PRIMARY KEY, parent INTEGER REFERENCES parent (id), s VARCHAR)")
    con.execute("INSERT INTO parent SELECT k, 'p' || k, 'c' || k FROM range(3000) r(k)")
    con.execute("INSERT INTO child SELECT k, k % 3000, 's' || k FROM range(5000) r(k)")
    views = Views(con, capture)
    views.create("parents", "SELECT id, upper(s) AS s, code FROM parent")
    views.create("children", "SELECT id, parent, upper(s) AS s FROM child")
    writes = [
        "UPDATE parent SET s = s || '+' WHERE id % 1000 = 1",
        "UPDATE child SET s = s || '+' WHERE id % 1000 = 2",
        "UPDATE child SET parent = parent + 1 WHERE id % 1000 = 3",
        "DELETE FROM child WHERE parent = 17; DELETE FROM parent WHERE id = 17",
        "INSERT INTO parent VALUES (17, 'new', 'other'); INSERT INTO child VALUES (9000, 17, 'new')",
        "INSERT INTO parent VALUES (5000, 'a', 'c1') ON CONFLICT (code) DO UPDATE SET s = 'conflict'",
    ]
    for write in writes:
        con.execute(write)
        said = views.refresh()
        assert any(any(changed[1:4]) for changed in said.values()), write
    views.replay()
    con.close()


@pytest.mark.parametrize("capture", CAPTURES)
def test_generated_columns_and_defaults(path: Path, capture: str) -> None:
    con = attached(path)
    con.execute("CREATE SEQUENCE numbers; CREATE TYPE mood AS ENUM ('good', 'bad')")
    con.execute("CREATE TABLE t (id INTEGER PRIMARY KEY DEFAULT nextval('numbers'), a INTEGER CHECK (a > 0) DEFAULT 1, "
                "b INTEGER GENERATED ALWAYS AS (a * 2) VIRTUAL, m mood DEFAULT 'good')")  # fmt: skip
    con.execute("INSERT INTO t (a) SELECT k + 1 FROM range(5000) r(k)")
    views = Views(con, capture)
    views.create("v", "SELECT id, b, m FROM t WHERE b < 9000")
    views.create("w", "SELECT * FROM t")
    for write in [
        "INSERT INTO t DEFAULT VALUES",
        "UPDATE t SET a = a + 1 WHERE id % 900 = 1",
        "UPDATE t SET m = 'bad'",
    ]:
        con.execute(write)
        said = views.refresh()
        assert all(any(changed[1:4]) for changed in said.values()), write
    views.replay()
    con.close()


@pytest.mark.parametrize("threads", [1, 4])
def test_a_large_insert(path: Path, threads: int) -> None:
    """Row groups of the usual size, which several threads write."""
    con = cocosql.connect(path, threads=threads)
    con.execute("CREATE TABLE t AS SELECT k AS id, 's' || k % 1000 AS s FROM range(150_000) r(k)")
    views = {capture: Views(con, capture) for capture in CAPTURES}
    for capture in CAPTURES:
        views[capture].create(f"v_{capture}", "SELECT s, id % 10 AS n FROM t WHERE id % 1000 < 10")
    con.execute(
        f"COPY (SELECT id + 1_000_000, s || 'x' FROM t) TO '{path}.parquet'; SET preserve_insertion_order = false"
    )
    writes = [f"COPY t FROM '{path}.parquet'", "UPDATE t SET s = 'a' WHERE id = 130_000", "DELETE FROM t WHERE id = 9"]
    for write in writes:
        con.execute(write)
        for capture in CAPTURES:
            assert any(views[capture].refresh()[f"v_{capture}"][1:4]), write
    for capture in CAPTURES:
        views[capture].replay()
    con.close()


# --- keys and types ---------------------------------------------------------------------------------------------------

#: The columns of the key, `id` the first, and what makes them from a number `k`.
KEYS = {
    "none": ("id INTEGER", "k"),
    "INTEGER": ("id INTEGER PRIMARY KEY", "k"),
    "composite": ("id INTEGER, part VARCHAR, PRIMARY KEY (part, id)", "k // 2, 'p' || k % 2"),
    "VARCHAR": ("id VARCHAR PRIMARY KEY", "'k''\"' || k"),
    "UUID": ("id UUID PRIMARY KEY", "md5(k::VARCHAR)::UUID"),
    "DOUBLE": ("id DOUBLE PRIMARY KEY", "CASE WHEN k = 4999 THEN 'nan'::DOUBLE ELSE k / 7 END"),
    "unique": ("id INTEGER UNIQUE", "k"),
}


@pytest.mark.every(15)
@pytest.mark.parametrize(("key", "capture"), of_each_capture(KEYS))
def test_keys(path: Path, key: str, capture: str) -> None:
    columns, made = KEYS[key]
    con = attached(path)
    con.execute(f"CREATE TABLE t (s VARCHAR, {columns})")
    con.execute(f"INSERT INTO t SELECT 's' || k, {made} FROM range(5000) r(k)")
    views = Views(con, capture)
    views.create("v", "SELECT *, s || '!' AS t FROM t")
    another = f"(SELECT {made.split(', ')[0]} FROM range(9999, 10_000) r(k))"
    writes = [
        f"INSERT INTO t SELECT 'new', {made} FROM range(9000, 9010) r(k); UPDATE t SET s = 'changed' WHERE rowid < 10; "
        f"UPDATE t SET id = {another} WHERE s = 's17'; DELETE FROM t WHERE s IN ('s4999', 's4998'); CHECKPOINT",
        f"INSERT INTO t SELECT 'back', {made} FROM range(4998, 5000) r(k); DELETE FROM t WHERE s = 's2000'; CHECKPOINT; "
        f"UPDATE t SET s = 's2001!' WHERE s = 's2001'; CHECKPOINT",
    ]
    for write in writes:
        con.execute(write)
        assert any(views.refresh()["v"][1:4]), write
    views.replay()
    con.close()


#: Two values of each type.
TYPES = {
    "BOOLEAN": ("true", "false"),
    "TINYINT": ("1", "2"),
    "SMALLINT": ("1", "2"),
    "INTEGER": ("1", "2"),
    "BIGINT": ("1", "2"),
    "HUGEINT": ("1", "2"),
    "UTINYINT": ("1", "2"),
    "USMALLINT": ("1", "2"),
    "UINTEGER": ("1", "2"),
    "UBIGINT": ("1", "2"),
    "UHUGEINT": ("1", "2"),
    "BIGNUM": ("1", "2"),
    "FLOAT": ("1.5", "'nan'"),
    "DOUBLE": ("1.5", "'inf'"),
    "DECIMAL(4,1)": ("1.5", "1.6"),
    "DECIMAL(18,3)": ("1.5", "1.501"),
    "DECIMAL(38,10)": ("1.5", "1.5000000001"),
    "VARCHAR": ("'a'", "''"),
    "VARCHAR COLLATE NOCASE": ("'a'", "'b'"),
    "BLOB": ("'a'", "'\\x00'"),
    "BIT": ("'101'", "'0101'"),
    "UUID": ("'00000000-0000-0000-0000-000000000001'", "'00000000-0000-0000-0000-000000000002'"),
    "DATE": ("'2000-01-01'", "'infinity'"),
    "TIME": ("'01:02:03'", "'01:02:03.000001'"),
    "TIME_NS": ("'01:02:03'", "'01:02:03.000000001'"),
    "TIMETZ": ("'01:02:03+00'", "'01:02:03+01'"),
    "TIMESTAMP": ("'2000-01-01'", "'2000-01-01 00:00:00.000001'"),
    "TIMESTAMP_S": ("'2000-01-01'", "'2000-01-01 00:00:01'"),
    "TIMESTAMP_MS": ("'2000-01-01'", "'2000-01-01 00:00:00.001'"),
    "TIMESTAMP_NS": ("'2000-01-01'", "'2000-01-01 00:00:00.000000001'"),
    "TIMESTAMPTZ": ("'2000-01-01 00:00:00+00'", "'2000-01-01 00:00:00+01'"),
    "INTERVAL": ("INTERVAL 1 MONTH", "INTERVAL 1 DAY"),
    "ENUM('a', 'b')": ("'a'", "'b'"),
    "JSON": ("'{\"a\": 1}'", "'{\"a\":1}'"),
    "INTEGER[]": ("[1, NULL]", "[1]"),
    "INTEGER[2]": ("[1, NULL]", "[1, 2]"),
    "VARCHAR[][]": ("[['a'], []]", "[['a', ''], []]"),
    "STRUCT(x INTEGER, y VARCHAR)": ("{'x': 1, 'y': NULL}", "{'x': 1, 'y': ''}"),
    "STRUCT(x STRUCT(y INTEGER[])[])": ("{'x': [{'y': [1]}]}", "{'x': [{'y': [1]}, NULL]}"),
    "MAP(VARCHAR, INTEGER[])": ("MAP {'a': [1]}", "MAP {'a': [1], 'b': NULL}"),
    "UNION(n INTEGER, s VARCHAR)": ("union_value(n := 1)", "union_value(s := '1')"),
    "VARIANT": ("1", "'1'"),
}


@pytest.mark.every(15)
@pytest.mark.parametrize(("first", "capture"), of_each_capture(range(0, len(TYPES), 7)))
def test_types(path: Path, first: int, capture: str) -> None:
    """Each type has a row group in which only its column is written."""
    kinds = list(TYPES)[first : first + 7]
    con = attached(path)
    con.execute(f"CREATE TABLE t (id INTEGER, {', '.join(f'c{number} {kind}' for number, kind in enumerate(kinds))})")
    bare = [kind.removesuffix(" COLLATE NOCASE") for kind in kinds]
    old, new = ([f"({TYPES[kind][i]})::{cast}" for kind, cast in zip(kinds, bare, strict=True)] for i in (0, 1))
    values = ", ".join(f"CASE WHEN k % 3 > 0 THEN {value} END" for value in old)
    con.execute(f"INSERT INTO t SELECT k, {values} FROM range({2048 * len(kinds)}) r(k); CHECKPOINT")
    views = Views(con, capture)
    views.create("v", "FROM t")
    for number in range(len(kinds)):
        con.execute(f"UPDATE t SET c{number} = c{number} WHERE id // 2048 = {number}")
    assert views.refresh()["v"] == (1, 0, 0, 0, 0, 0)
    for number, kind in enumerate(kinds):
        for row, (k, value) in enumerate([(0, old[number]), (1, new[number]), (2, f"NULL::{bare[number]}")]):
            place = next(place for place in range(2048 * number + 300 * row, 10**6) if place % 3 == k)
            con.execute(f"UPDATE t SET c{number} = {value} WHERE id = {place}")
    assert views.refresh()["v"] == (2, 3 * len(kinds), 0, 3 * len(kinds), 0, 0)
    views.replay()
    con.close()


# --- places -----------------------------------------------------------------------------------------------------------

PLACES = {
    "memory": lambda path: [],
    "small row groups": lambda path: [f"ATTACH '{path}' AS d {SMALL_ROW_GROUPS}; USE d"],
    "encrypted": lambda path: [
        "SET force_mbedtls_unsafe = 'true'",
        f"ATTACH '{path}' AS d (ENCRYPTION_KEY 'secret', ROW_GROUP_SIZE 2048); USE d",
    ],
    "another file": lambda path: [f"ATTACH '{path}' AS d {SMALL_ROW_GROUPS}; ATTACH '{path}2' AS views; USE views"],
    "another file, views in memory": lambda path: [f"ATTACH '{path}' AS d {SMALL_ROW_GROUPS}"],
    "memory, views in a file": lambda path: [f"ATTACH ':memory:' AS d; ATTACH '{path}' AS views; USE views"],
}
SOMEWHERE = [
    "INSERT INTO {t} SELECT k, 'new' FROM range(9000, 9100) r(k); UPDATE {t} SET s = 'changed' WHERE id % 1000 = 7; "
    "FORCE CHECKPOINT {d}",
    "BEGIN; DELETE FROM {t} WHERE id < 100; UPDATE {t} SET s = 'again' WHERE id = 1007; COMMIT",
    "DELETE FROM {t} WHERE id % 10 <> 3; CHECKPOINT {d}",
    "UPDATE {t} SET s = 'last' WHERE id = 4003; CHECKPOINT {d}",
]


@pytest.mark.every(15)
@pytest.mark.parametrize(("place", "capture"), of_each_capture(PLACES))
def test_places(path: Path, place: str, capture: str) -> None:
    con = cocosql.connect()
    for statement in PLACES[place](path):
        con.execute(statement)
    database = (
        "d" if "d" in [name for (name,) in rows(con, "SELECT database_name FROM duckdb_databases()")] else "memory"
    )
    table = f"{database}.t"
    con.execute(f"CREATE TABLE {table} (id INTEGER PRIMARY KEY, s VARCHAR)")
    con.execute(f"INSERT INTO {table} SELECT k, 's' || k FROM range(5000) r(k)")
    views = Views(con, capture)
    views.create("v", f"SELECT id, upper(s) AS s FROM {table}")
    for write in SOMEWHERE:
        con.execute(write.format(t=table, d=database))
        assert any(views.refresh()["v"][1:4]), write
    views.replay()
    con.close()


# --- files and processes ----------------------------------------------------------------------------------------------


class Reopened:
    """A database file with views, opened, closed, and written by others between refreshes."""

    def __init__(self, path: Path, capture: str) -> None:
        self.path = path
        self.capture = capture
        con = self.open()
        con.execute(TABLE)
        self.views = Views(con, capture)
        self.views.create("v", "SELECT id, s, l FROM t")
        con.close()

    def open(self) -> Con:
        return attached(self.path)

    def refresh(self, *, changes: bool = True) -> None:
        """In a process that opens the file."""
        self.views.con = self.open()
        assert any(self.views.refresh()["v"][1:4]) == changes
        self.views.replay()
        self.views.con.close()


@pytest.fixture(params=CAPTURES)
def reopened(request: pytest.FixtureRequest, path: Path) -> Reopened:
    return Reopened(path, request.param)


ELSEWHERE = """
import duckdb, sys
con = duckdb.connect()
con.execute(f"ATTACH '{sys.argv[1]}' AS d (ROW_GROUP_SIZE 2048); USE d")
"""


@pytest.mark.every(2)
def test_plain_duckdb_in_another_process(reopened: Reopened) -> None:
    reopened.refresh(changes=False)
    for write in [
        "UPDATE t SET s = 'plain' WHERE id = 4999",
        "DELETE FROM t WHERE id % 10 <> 1; FORCE CHECKPOINT; UPDATE t SET s = 'again' WHERE id = 4991; FORCE CHECKPOINT",
        "CREATE OR REPLACE TABLE t AS SELECT k AS id, 's' AS s, [k] AS l FROM range(3000) r(k)",
        "ALTER TABLE t ALTER s TYPE VARCHAR USING s || id",
    ]:
        run_script(f"{ELSEWHERE}\ncon.execute({write!r})\ncon.close()", reopened.path)
        reopened.refresh()
    reopened.refresh(changes=False)


@pytest.mark.every(2)
def test_a_writer_that_is_killed(reopened: Reopened) -> None:
    """What it committed is replayed from the WAL; what it did not is not there."""
    killed = """
con.execute("SET wal_autocheckpoint = '1TB'")
con.execute("UPDATE t SET s = 'committed' WHERE id % 1000 = 1")
con.execute("INSERT INTO t (id, s) SELECT k, 'committed' FROM range(9000, 12000) r(k)")
con.execute("BEGIN; UPDATE t SET s = 'not committed' WHERE id % 1000 = 2; DELETE FROM t WHERE id % 1000 = 3")
print("ready", flush=True)
sys.stdin.read()
"""
    for step in range(2):
        process = start(ELSEWHERE + killed.replace("9000, 12000", f"{20_000 * step + 9000}, {20_000 * step + 12_000}"),
                        str(reopened.path), stdin=-1)  # fmt: skip
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert Path(f"{reopened.path}.wal").stat().st_size > 0
        reopened.refresh()
        reopened.refresh(changes=False)


@pytest.mark.every(2)
def test_a_writer_with_views_that_is_killed(reopened: Reopened) -> None:
    """It refreshes, writes, and is killed before it refreshes again; so the next refresh is of a replayed WAL."""
    killed = """
import cocosql
con = cocosql.connect()
con.execute(f"ATTACH '{sys.argv[1]}' AS d (ROW_GROUP_SIZE 2048); USE d; SET wal_autocheckpoint = '1TB'")
con.execute("UPDATE t SET s = 'first' WHERE id = 4000; REFRESH INCREMENTAL VIEW v")
con.execute("UPDATE t SET s = 'second' WHERE id = 4001; DELETE FROM t WHERE id = 4002; INSERT INTO t (id) VALUES (9000)")
print("ready", flush=True)
sys.stdin.read()
"""
    process = start("import sys\n" + killed, str(reopened.path), stdin=-1)
    assert process.stdout
    assert process.stdout.readline() == "ready\n"
    process.send_signal(signal.SIGKILL)
    process.wait()
    reopened.refresh()
    reopened.refresh(changes=False)


def test_detached_and_attached(reopened: Reopened) -> None:
    con = reopened.open()
    reopened.views.con = con
    for number, write in enumerate(
        ["", "FORCE CHECKPOINT", "UPDATE t SET s = s || '-' WHERE id = 3; FORCE CHECKPOINT"]
    ):
        con.execute(f"UPDATE t SET s = 'round {number}' WHERE id % 1000 = 1")
        con.execute(f"USE memory; DETACH d; ATTACH '{reopened.path}' AS d {SMALL_ROW_GROUPS}; USE d")
        con.execute(write)
        assert any(reopened.views.refresh()["v"][1:4])
    con.execute("USE memory; DETACH d")
    with duckdb.connect() as plain:
        plain.execute(f"ATTACH '{reopened.path}' AS other_name (ROW_GROUP_SIZE 2048)")
        plain.execute("UPDATE other_name.t SET s = 'plain' WHERE id % 1000 = 2")
    con.execute(f"ATTACH '{reopened.path}' AS d; USE d")
    assert any(reopened.views.refresh()["v"][1:4])
    con.close()


def test_a_file_taken_back(reopened: Reopened) -> None:
    """An older state of the file, with its views, is as good as any."""
    older = reopened.path.read_bytes()
    con = reopened.open()
    con.execute(
        "UPDATE t SET s = 'later' WHERE id = 10; REFRESH ALL INCREMENTAL VIEWS; UPDATE t SET s = 'later' WHERE id = 11"
    )
    con.close()
    reopened.path.write_bytes(older)
    reopened.refresh(changes=False)
    run_script(f"{ELSEWHERE}\ncon.execute(\"UPDATE t SET s = 'other' WHERE id = 10\"); con.close()", reopened.path)
    reopened.refresh()


@pytest.mark.parametrize("capture", CAPTURES)
def test_the_source_is_an_older_file_again(tmp_path: Path, capture: str) -> None:
    """A source in another file, which is exchanged for a copy of it: the same blocks, but not the same rows."""
    source = tmp_path / "source.db"
    with duckdb.connect() as plain:
        plain.execute(
            f"ATTACH '{source}' AS s {SMALL_ROW_GROUPS}; USE s; CREATE TABLE t (id INTEGER PRIMARY KEY, s VARCHAR)"
        )
        plain.execute("INSERT INTO t SELECT k, 's' || k FROM range(5000) r(k); CHECKPOINT")
    older = source.read_bytes()
    con = attached(tmp_path / "views.db")
    views = Views(con, capture)
    con.execute(f"ATTACH '{source}' AS s")
    views.create("v", "SELECT id, s FROM s.t")
    con.execute("UPDATE s.t SET s = 'changed' WHERE id = 4000; CHECKPOINT s")
    assert views.refresh()["v"][2] == 1
    con.execute("DETACH s")
    source.write_bytes(older)
    con.execute(f"ATTACH '{source}' AS s")
    assert views.refresh()["v"][2] == 1
    con.execute("UPDATE s.t SET s = 'changed otherwise' WHERE id = 4000; CHECKPOINT s")
    assert views.refresh()["v"][2] == 1
    views.replay()
    con.close()
