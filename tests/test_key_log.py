"""The key log: what it must hold, and that the user's statements do not notice it."""

import ctypes
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import _duckdb
import duckdb
import helpers
import pytest
from speeds import slow

import cocosql
from cocosql import native
from cocosql.sqltext import ident, literal

Con = duckdb.DuckDBPyConnection
Statement = str | Callable[[Con], Any]

NUMBERED = """
    CREATE SEQUENCE ids START 100;
    CREATE TABLE t (
        k INTEGER PRIMARY KEY DEFAULT nextval('ids'),
        v VARCHAR,
        n INTEGER DEFAULT 7 CHECK (n < 1000),
        twice INTEGER GENERATED ALWAYS AS (n * 2),
        tags VARCHAR[]
    );
"""
ROWS = "INSERT INTO t (k, v, n, tags) SELECT i, 'v' || i, i % 10, ['a', 'v' || i] FROM range(50) r(i)"


def start(
    con: Con,
    table: str,
    keys: list[str],
    log: str = "log",
    schema: str = "main",
    database: str = "memory",
    watched: str = ".*",
) -> Any:
    """Start a log with a table of its own; the activation."""
    con.execute(f"CREATE SCHEMA IF NOT EXISTS {ident(database)}.coco")
    con.execute(f"CREATE TABLE {ident(database)}.coco.{ident(log)} (coco_entries BLOB)")
    return restart(con, table, keys, log, schema, database, watched)


def restart(
    con: Con,
    table: str,
    keys: list[str],
    log: str = "log",
    schema: str = "main",
    database: str = "memory",
    watched: str = ".*",
    values: tuple[str, ...] = (),
) -> Any:
    query = (
        "SELECT coco_log_start($1, $2, $3, $4, $5::VARCHAR[], list(column_name), $7::VARCHAR[]) FROM duckdb_columns() "
        "WHERE database_name = $1 AND schema_name = $2 AND table_name = $3 AND regexp_full_match(column_name, $6)"
    )
    return con.execute(query, [database, schema, table, log, keys, watched, list(values)]).fetchall()[0][0]


def entries(log: str = "log", database: str = "memory") -> str:
    """A relation of the entries of a log, in order: keys, values if it has some, and coco_all."""
    call = f"coco_log_entries({literal(database)}, {literal(log)})"
    return f"(SELECT * EXCLUDE coco_place FROM {call} ORDER BY coco_place)"


def state(con: Con, activation: Any, log: str = "log", database: str = "memory") -> str:
    return str(con.execute("SELECT coco_log_state(?, ?, ?)", [database, log, activation]).fetchall()[0][0])


class Twins:
    """The same tables in two schemas; one table of schema `logged` has a log, its twin has none.

    The log is checked after each statement: it must hold the key of each row that EXCEPT finds changed.
    """

    def __init__(
        self, con: Con, tables: str, table: str = "t", keys: tuple[str, ...] = ("k",), watched: str = ".*"
    ) -> None:
        self.con, self.table, self.keys, self.watched = con, table, keys, watched
        for schema in ("logged", "plain"):
            con.execute(f"CREATE SCHEMA {schema}; SET schema = {schema}; {tables}")
        self.activation = start(con, table, list(keys), schema="logged", watched=watched)
        assert state(con, self.activation) == "on"

    def run(self, statement: Statement, *parameters: Any) -> None:
        """Run it on both, with the checks. Afterwards the log is empty again."""
        table = f"logged.{ident(self.table)}"
        columns = f"SELECT COLUMNS('{self.watched}') FROM"
        self.con.execute(f"CREATE OR REPLACE TEMP TABLE before AS {columns} {table}")
        assert self.outcome("logged", statement, parameters) == self.outcome("plain", statement, parameters)
        helpers.assert_same(self.con, f"FROM {table}", f"FROM plain.{ident(self.table)}")
        keys = ", ".join(map(ident, self.keys))
        changed = (
            f"SELECT DISTINCT {keys or 1} FROM (({columns} {table} EXCEPT ALL FROM before) "
            f"UNION ALL (FROM before EXCEPT ALL {columns} {table}))"
        )
        self.changed = helpers.rows(self.con, changed)
        self.log = helpers.rows(self.con, f"FROM {entries()}")
        self.all = any(row[-1] for row in self.log)
        self.breaks = state(self.con, self.activation) == "broken"
        if not self.all and not self.breaks:
            assert helpers.rows(self.con, f"{changed} EXCEPT SELECT {keys or 1} FROM {entries()}") == []
        self.con.execute("DELETE FROM coco.log")
        if self.breaks:
            keys = list(self.keys)
            self.activation = restart(self.con, self.table, keys, schema="logged", watched=self.watched)

    def outcome(self, schema: str, statement: Statement, parameters: tuple[Any, ...]) -> Any:
        self.con.execute(f"SET schema = {schema}")
        try:
            if callable(statement):
                return statement(self.con)
            result = self.con.execute(statement, *parameters)
            return result.fetchall(), result.description
        except duckdb.Error as error:
            assert "internal" not in str(error).lower()
            with suppress(duckdb.TransactionException):
                self.con.execute("ROLLBACK")
            return type(error), str(error).replace("logged", "plain")


@pytest.fixture
def twins(con: Con) -> Twins:
    return Twins(con, NUMBERED + ROWS)


SINGLE = [
    # INSERT
    "INSERT INTO t (k, v) VALUES (100, 'a'), (101, NULL)",
    "INSERT INTO t BY NAME SELECT 'x' AS v, 102 AS k",
    "INSERT INTO t (v) VALUES ('a key by default'), ('another')",
    "INSERT INTO t DEFAULT VALUES",
    "INSERT INTO t (k, v, n) VALUES (103, 'r', DEFAULT) RETURNING k, v, twice",
    "INSERT INTO t SELECT k + 1000, v, n, tags FROM t",
    "INSERT INTO t SELECT '7000', v, n, tags FROM t LIMIT 1",
    "INSERT INTO t SELECT k + 1, v, n, tags FROM t WHERE false",
    "INSERT INTO t (k) SELECT 200 + row_number() OVER () FROM range(30)",
    "INSERT INTO t (k) VALUES (105), (106), (3)",
    "INSERT INTO t (k, n) VALUES (107, 1000)",
    "INSERT INTO t (k) VALUES (NULL)",
    # ON CONFLICT
    "INSERT INTO t (k, v) VALUES (1, 'u'), (110, 'i') ON CONFLICT DO UPDATE SET v = excluded.v",
    "INSERT INTO t (k, v) VALUES (1, 'u'), (110, 'i') ON CONFLICT (k) DO UPDATE SET n = t.n + 1, v = 'c' WHERE t.n > 3",
    "INSERT INTO t (k, v) VALUES (1, 'u'), (9, 'u'), (111, 'i') ON CONFLICT (k) DO UPDATE SET v = v || '!' RETURNING *",
    "INSERT INTO t (k, v) VALUES (1, 'u'), (112, 'i') ON CONFLICT DO NOTHING",
    "INSERT INTO t (k, v) VALUES (1, 'u'), (112, 'i') ON CONFLICT DO NOTHING RETURNING k",
    "INSERT INTO t (v) VALUES ('a key by default') ON CONFLICT DO NOTHING",
    "INSERT OR REPLACE INTO t (k, v) VALUES (1, 'u'), (113, 'i')",
    "INSERT OR REPLACE INTO t BY NAME SELECT 2 AS k, ['new'] AS tags",
    "INSERT OR IGNORE INTO t (k, v) SELECT i, 'i' FROM range(40, 60) r(i)",
    "INSERT INTO t (k, n) VALUES (1, 2000) ON CONFLICT DO UPDATE SET n = excluded.n",
    # UPDATE
    "UPDATE t SET v = 'all'",
    "UPDATE t SET v = 'one' WHERE k = 7",
    "UPDATE t SET v = 'none' WHERE k = 7000",
    "UPDATE t SET v = v",
    "UPDATE t SET n = DEFAULT WHERE k < 4",
    "UPDATE t SET n = 5000 WHERE k = 4",
    "UPDATE t SET k = k + 10000",
    "UPDATE t SET k = k + 1 WHERE k = 49",
    "UPDATE t SET k = k + 1 WHERE k = 3",
    "UPDATE t SET k = '77', v = 'cast' WHERE k = 3",
    "UPDATE t SET k = nextval('ids') WHERE k < 3",
    "UPDATE t SET k = DEFAULT WHERE k = 5",
    "UPDATE t SET tags = ['one'] WHERE k IN (1, 2)",
    "UPDATE t SET v = 'r' WHERE k > 40 RETURNING k, v, twice",
    "UPDATE t SET v = s.v FROM (VALUES (1, 'a'), (2, 'b'), (2, 'c'), (99, 'd')) s(k, v) WHERE t.k = s.k AND s.v <> 'c'",
    "UPDATE t SET v = o.v FROM t AS o WHERE o.k = t.k + 1",
    "UPDATE t AS x SET v = (SELECT max(v) FROM t AS y WHERE y.n = x.n) WHERE EXISTS (FROM t AS z WHERE z.k = x.k + 45)",
    "UPDATE t SET v = (SELECT 'sub') WHERE k IN (SELECT i FROM range(5) r(i))",
    # DELETE
    "DELETE FROM t",
    "TRUNCATE t",
    "DELETE FROM t WHERE k < 5",
    "DELETE FROM t WHERE v = 'nobody'",
    "DELETE FROM t WHERE k BETWEEN 5 AND 9 RETURNING *",
    "DELETE FROM t USING range(100) r(i), range(3) q(j) WHERE k = i AND n = j",
    "DELETE FROM t WHERE k IN (SELECT max(k) FROM t)",
    "DELETE FROM t AS x WHERE EXISTS (FROM t AS y WHERE y.k = x.k * 2 AND y.n > 5)",
    # MERGE
    "MERGE INTO t USING (VALUES (1, 'm'), (200, 'n')) s(k, v) USING (k) "
    "WHEN MATCHED THEN UPDATE SET v = s.v WHEN NOT MATCHED THEN INSERT (k, v) VALUES (s.k, s.v)",
    "MERGE INTO t USING (VALUES (1, 'm'), (201, 'n'), (2, 'o')) s(k, v) ON t.k = s.k "
    "WHEN MATCHED AND s.v = 'o' THEN DELETE WHEN MATCHED THEN UPDATE SET v = s.v, k = s.k + 300 "
    "WHEN NOT MATCHED AND s.k > 999 THEN DO NOTHING WHEN NOT MATCHED THEN INSERT (k, v) VALUES (s.k + 1, s.v)",
    "MERGE INTO t USING range(30) s(i) ON t.k = s.i "
    "WHEN MATCHED AND t.n > 5 THEN DO NOTHING WHEN MATCHED AND t.n > 2 THEN UPDATE SET n = 0 WHEN MATCHED THEN DELETE "
    "WHEN NOT MATCHED BY SOURCE AND t.k % 2 = 0 THEN DELETE WHEN NOT MATCHED BY SOURCE THEN UPDATE SET v = 'orphan'",
    "MERGE INTO t USING range(25, 75) s(i) ON t.k = s.i WHEN MATCHED THEN UPDATE SET v = 'x' "
    "WHEN NOT MATCHED BY SOURCE THEN DELETE WHEN NOT MATCHED BY TARGET THEN INSERT (k) VALUES (s.i)",
    "MERGE INTO t USING (SELECT k, 'all' AS v, n, tags FROM t WHERE k < 5) s ON t.k = s.k WHEN MATCHED THEN UPDATE",
    "MERGE INTO t USING (SELECT 300 AS k, ['b'] AS tags) s ON t.k = s.k WHEN NOT MATCHED THEN INSERT BY NAME",
    "MERGE INTO t USING (SELECT 300 AS k) s ON t.k = s.k WHEN NOT MATCHED THEN INSERT (v) VALUES ('key by default')",
    "MERGE INTO t USING (SELECT 300 AS k) s ON t.k = s.k WHEN NOT MATCHED THEN INSERT DEFAULT VALUES",
    "MERGE INTO t USING range(60) s(i) ON t.k = s.i WHEN MATCHED THEN UPDATE SET v = 'r' "
    "WHEN NOT MATCHED THEN INSERT (k) VALUES (s.i) RETURNING merge_action, k, v",
    "MERGE INTO t USING range(3) s(i) ON t.k = s.i WHEN MATCHED AND s.i = 2 THEN ERROR 'no' WHEN MATCHED THEN DELETE",
    "MERGE INTO t USING range(3) s(i) ON t.k = s.i WHEN MATCHED THEN UPDATE SET n = 3000",
    "MERGE INTO t USING (VALUES ('1', 'm'), ('x', 'n')) s(k, v) ON t.v = s.v WHEN NOT MATCHED AND s.k = '1' "
    "THEN UPDATE SET v = 'never' WHEN NOT MATCHED THEN INSERT (k) VALUES (s.k::INTEGER)",
    "MERGE INTO t USING (VALUES ('300', 'm'), ('x', 'n')) s(k, v) ON t.v = s.v "
    "WHEN NOT MATCHED AND s.k = 'x' THEN DO NOTHING WHEN NOT MATCHED THEN INSERT (k) VALUES (s.k)",
    # DML in CTEs
    "WITH gone AS (DELETE FROM t WHERE k < 5 RETURNING *) SELECT k, v FROM gone",
    "WITH new AS (INSERT INTO t (k, v) VALUES (400, 'a') RETURNING *) INSERT INTO t (k, v) SELECT k + 1, v FROM new",
    "WITH new AS (UPDATE t SET v = 'cte' WHERE k = 3 RETURNING k) DELETE FROM t WHERE k IN (SELECT k + 1 FROM new)",
    "WITH source AS (SELECT 401 AS k) INSERT INTO t (k) FROM source",
    # other statements
    "SELECT * FROM t ORDER BY k",
    "PREPARE p AS UPDATE t SET v = $1 WHERE k = $2; EXECUTE p('a', 3); EXECUTE p('b', 4); DEALLOCATE p",
    "EXPLAIN (FORMAT JSON) SELECT 1",
    "BEGIN; INSERT INTO t (k) VALUES (500); UPDATE t SET v = 'x' WHERE k > 40; DELETE FROM t WHERE k = 45; COMMIT",
    "BEGIN; INSERT INTO t (k) VALUES (500); UPDATE t SET k = 501 WHERE k = 500; DELETE FROM t WHERE k = 501; COMMIT",
    "INSERT INTO t (k) VALUES (500); DELETE FROM t WHERE k < 3; UPDATE t SET n = 2 WHERE k = 4",
    "INSERT INTO t (k) VALUES (500); INSERT INTO t (k) VALUES (500)",
]


#: Of which a statement makes several entries for a key.
IN_ODD_ORDER = [
    "UPDATE t SET k = k + 1, v = 'moved' WHERE k > 10",
    "UPDATE t SET n = s.x FROM (VALUES (1, 5), (1, 6), (2, 7)) s(k, x) WHERE s.k = t.k",
    "UPDATE t SET k = s.x FROM (VALUES (1, 1001), (1, 1002), (2, 1003)) s(k, x) WHERE s.k = t.k",
    "DELETE FROM t USING (VALUES (1), (1), (2)) s(k) WHERE s.k = t.k",
]


@pytest.mark.every(20)
@pytest.mark.parametrize("statement", SINGLE)
def test_the_log_holds_each_changed_key_and_the_statement_does_not_notice(twins: Twins, statement: str) -> None:
    twins.run(statement)
    by_default = "default" in statement.lower() and twins.changed
    assert twins.all is bool(by_default and "MERGE" in statement), "few keys are logged one by one, if they are known"
    twins.run("UPDATE t SET n = 3 WHERE k % 3 = 0")


@pytest.mark.every(20)
@pytest.mark.parametrize("statement", [*SINGLE, *IN_ODD_ORDER])
def test_the_log_has_what_rows_were_and_what_they_are(con: Con, statement: str) -> None:
    con.execute(NUMBERED + ROWS)
    con.execute("CREATE SCHEMA coco")
    con.execute("CREATE TABLE coco.log (coco_entries BLOB)")
    restart(con, "t", ["k"], values=("v", "n", "k"))
    con.execute("CREATE TEMP TABLE before AS FROM t")
    with suppress(duckdb.Error):
        con.execute(statement)
    if helpers.rows(con, f"FROM {entries()} WHERE coco_all"):
        return
    single = f"(SELECT k FROM {entries()} GROUP BY k HAVING count(*) = 1)"
    for column, table in (("coco_old", "before"), ("coco_new", "t")):
        helpers.assert_same(
            con,
            f"SELECT k, {column} FROM {entries()} SEMI JOIN {single} USING (k)",
            f"SELECT k, CASE WHEN now.k IS NOT NULL THEN {{v: v, n: n, k: k}} END AS {column} FROM {single} AS known "
            f"LEFT JOIN {table} AS now USING (k)",
        )
    first = f"FROM {entries()} QUALIFY coco_statement = min(coco_statement) OVER (PARTITION BY k)"
    helpers.assert_same(
        con,
        f"SELECT DISTINCT k, coco_old FROM ({first}) WHERE coco_old IS NOT NULL",
        f"SELECT k, {{v: v, n: n, k: k}} AS coco_old FROM before SEMI JOIN {entries()} USING (k)",
    )


def test_many_rows_and_long_texts(con: Con) -> None:
    """Entries that come in several blocks, out of a statement that changes few of many rows, and one that changes all."""
    con.execute("CREATE TABLE t (k INTEGER PRIMARY KEY, v VARCHAR); CREATE SCHEMA coco")
    con.execute("INSERT INTO t SELECT i, repeat('v', 30_000) || i FROM range(5000) r(i)")
    con.execute("CREATE TABLE coco.log (coco_entries BLOB)")
    restart(con, "t", ["k"], values=("v",))
    con.execute("UPDATE t SET v = 'w' || v WHERE k % 7 = 3 AND k >= 2000")
    con.execute("DELETE FROM t WHERE k < 1500")
    shown = "SELECT k, coco_old.v[:40] || length(coco_old.v), coco_new.v[:40] || length(coco_new.v), coco_all"
    log = helpers.rows(con, f"{shown} FROM {entries()} ORDER BY k")
    old = {k: "v" * 40 + str(30_000 + len(str(k))) for k in range(5000)}
    new = {k: "w" + "v" * 39 + str(30_001 + len(str(k))) for k in range(5000)}
    gone = [(k, old[k], None, None) for k in range(1500)]
    assert log == [*gone, *((k, old[k], new[k], False) for k in range(2000, 5000) if k % 7 == 3)]


@pytest.mark.parametrize(
    "optimizer", ["PRAGMA disable_optimizer", slow("PRAGMA enable_verification"), slow("SET threads = 1")]
)
def test_settings_of_the_planner(twins: Twins, optimizer: str) -> None:
    twins.con.execute(optimizer)
    for statement in SINGLE:
        twins.run(statement)
        for schema in ("logged", "plain"):
            twins.con.execute(f"SET schema = {schema}; DELETE FROM t; {ROWS}; DELETE FROM coco.log")


def test_columns_that_are_not_watched(con: Con) -> None:
    twins = Twins(con, NUMBERED + ROWS, watched="k|v")
    for statement in SINGLE:
        twins.run(statement)
        for schema in ("logged", "plain"):
            con.execute(f"SET schema = {schema}; DELETE FROM t; {ROWS}; DELETE FROM coco.log")
    for unwatched in (
        "UPDATE t SET n = 3 WHERE k < 5",
        "UPDATE t SET tags = ['a list moves the row'], v = v, k = k",
        "INSERT INTO t (k, v) VALUES (1, 'u'), (2, 'u') ON CONFLICT DO UPDATE SET n = 4, v = t.v",
        "MERGE INTO t USING range(9) s(i) ON t.k = s.i WHEN MATCHED THEN UPDATE SET n = s.i, tags = []",
    ):
        twins.run(unwatched)
        assert twins.log == [], unwatched
    twins.run(
        "MERGE INTO t USING range(9) s(i) ON k = i WHEN MATCHED AND i < 3 THEN UPDATE SET n = 0 WHEN MATCHED THEN DELETE"
    )
    assert sorted(row[:-1] for row in twins.log) == sorted(twins.changed) == [(k,) for k in range(3, 9)]
    wider = restart(con, "t", ["k"], schema="logged", watched="k|n")
    assert wider != twins.activation and state(con, wider) == "on"
    assert restart(con, "t", ["k"], schema="logged", watched="n") == wider


def test_the_log_has_no_more_than_what_may_have_changed(twins: Twins) -> None:
    twins.run("INSERT INTO t (k, v) SELECT i, 'new' FROM range(1000, 3000) r(i)")
    for statement in (
        "INSERT INTO t (k, v) SELECT i, 'x' FROM range(4000) r(i) WHERE i > 40 ON CONFLICT DO NOTHING",
        "DELETE FROM t WHERE k % 17 = 3",
        "UPDATE t SET v = 'y' WHERE k % 19 = 4",
        "MERGE INTO t USING (SELECT k, v FROM t) s ON t.k = s.k WHEN MATCHED AND s.k % 23 = 5 THEN UPDATE SET v = 'z'",
        "MERGE INTO t USING range(0, 5000, 7) s(i) ON t.k = s.i WHEN MATCHED AND t.k % 2 = 0 THEN DELETE "
        "WHEN MATCHED THEN DO NOTHING WHEN NOT MATCHED AND s.i > 4000 THEN INSERT (k) VALUES (s.i)",
        "UPDATE t SET tags = ['list'] WHERE k % 29 = 6",
        "INSERT INTO t (k) VALUES (1), (2) ON CONFLICT DO UPDATE SET v = 'w' WHERE t.k = 2",
    ):
        twins.run(statement)
        assert sorted(row[:-1] for row in twins.log) == sorted(twins.changed), statement
        assert twins.changed


def test_a_bulk_insert_keeps_its_order(twins: Twins) -> None:
    twins.run("INSERT INTO t (k) SELECT i * 7919 % 500_009 + 100 FROM range(500_000) r(i)")
    order = "SELECT list(k ORDER BY rowid) FROM {}.t"
    assert helpers.one(twins.con, order.format("logged")) == helpers.one(twins.con, order.format("plain"))


def test_too_many_keys_break_the_log(twins: Twins) -> None:
    twins.run("INSERT INTO t (k) SELECT i FROM range(1000, 121_000) r(i)")
    assert twins.breaks and len(twins.changed) == 120_000
    most = 10_000 + 120_050 // 4
    for statement in (
        "UPDATE t SET v = 'x' WHERE k > 300",
        "MERGE INTO t USING (SELECT k FROM t) s USING (k) WHEN MATCHED THEN UPDATE SET v = 'm'",
        "DELETE FROM t WHERE k > 300",
    ):
        twins.run(statement)
        assert twins.breaks and len(twins.log) <= most, statement
    twins.run("UPDATE t SET v = 'few'")
    assert len(twins.log) == 50 and not twins.breaks


def test_a_log_that_nobody_reads_stays_small(twins: Twins) -> None:
    con = twins.con
    con.execute("SET schema = logged")
    con.execute("PREPARE change AS UPDATE t SET n = n % 7 + 1")
    for _ in range(300):
        con.execute("EXECUTE change")
    assert state(con, twins.activation) == "broken"
    count = helpers.one(con, f"SELECT count(*) FROM {entries()}")
    assert 9900 < count <= 10_012
    for statement in ("INSERT INTO t (k) VALUES (1000)", "EXECUTE change", "DELETE FROM t WHERE k = 1000"):
        con.execute(statement)
    assert helpers.one(con, f"SELECT count(*) FROM {entries()}") == count, "it is not written any more"
    assert "Coco Key Log" not in con.execute("EXPLAIN UPDATE t SET n = 1").fetchall()[0][1]
    activation = restart(con, "t", ["k"], schema="logged")
    assert state(con, activation) == "on"
    con.execute("EXECUTE change")
    assert helpers.one(con, f"SELECT count(*) FROM {entries()}") == count + 50


def test_keys_that_were_rolled_back_do_not_count_for_ever(con: Con) -> None:
    con.execute("CREATE TABLE t (k INTEGER PRIMARY KEY, v VARCHAR); INSERT INTO t SELECT i, 'v' FROM range(3000) r(i)")
    con.execute("CREATE INCREMENTAL VIEW v AS SELECT k, v FROM t")
    activation = helpers.one(con, "SELECT activation FROM coco.snapshots")
    for _ in range(10):
        con.execute("BEGIN; UPDATE t SET v = 'w'; ROLLBACK; REFRESH INCREMENTAL VIEW v")
    assert helpers.one(con, "SELECT activation FROM coco.snapshots") == activation, "the log has not broken"


@pytest.mark.parametrize(
    "tables",
    [
        "CREATE TABLE t (k INTEGER PRIMARY KEY, a INTEGER UNIQUE, b VARCHAR); CREATE INDEX i ON t (b);",
        "CREATE TABLE t (a INTEGER, b VARCHAR, k INTEGER);",
    ],
)
def test_indexes_and_their_absence(con: Con, tables: str) -> None:
    twins = Twins(con, tables + "INSERT INTO t BY NAME SELECT i AS k, i AS a, 'b' || i AS b FROM range(100) r(i)")
    for statement in (
        "UPDATE t SET b = 'x' WHERE k < 5",
        "UPDATE t SET a = a + 1000",
        "UPDATE t SET a = 1001 WHERE k = 3",
        "UPDATE t SET k = 5 WHERE k = 4",
        "INSERT INTO t BY NAME SELECT 500 AS k, 7 AS a",
        "INSERT INTO t BY NAME SELECT 1 AS k, 7 AS a ON CONFLICT (k) DO UPDATE SET a = -1",
        "INSERT INTO t BY NAME SELECT 600 AS k, 1007 AS a ON CONFLICT (a) DO UPDATE SET b = 'other key'",
        "INSERT INTO t BY NAME SELECT 600 AS k, 1007 AS a ON CONFLICT DO NOTHING",
        "MERGE INTO t USING (SELECT 1 AS k) s ON t.k = s.k WHEN MATCHED THEN UPDATE SET a = 9000 + t.a",
        "DELETE FROM t WHERE b = 'x' RETURNING *",
    ):
        twins.run(statement)


def test_foreign_keys_of_parent_and_child(con: Con) -> None:
    tables = (
        "CREATE TABLE parent (k INTEGER PRIMARY KEY, v VARCHAR); CREATE TABLE child (k INTEGER PRIMARY KEY, "
        "p INTEGER REFERENCES parent (k)); INSERT INTO parent SELECT i, 'v' FROM range(9) r(i); "
        "INSERT INTO child SELECT i + 50, i % 3 FROM range(9) r(i);"
    )
    twins = Twins(con, tables, "parent")
    log = "child's log"
    start(con, "child", ["k"], log, "logged")
    for statement in (
        "UPDATE parent SET v = 'w' WHERE k = 1",
        "UPDATE parent SET k = 100 WHERE k = 1",
        "UPDATE parent SET k = 100 WHERE k = 8",
        "DELETE FROM parent WHERE k = 2",
        "DELETE FROM parent WHERE k = 7",
        "INSERT OR REPLACE INTO parent VALUES (1, 'r')",
        "INSERT INTO child VALUES (70, 77)",
        "INSERT INTO child VALUES (70, 4)",
        "UPDATE child SET p = 5 WHERE k = 50",
        "UPDATE child SET p = 55 WHERE k = 50",
        "DELETE FROM child WHERE k = 51",
    ):
        twins.run(statement)
    logged = helpers.rows(con, f"SELECT k FROM {entries(log)} ORDER BY ALL")
    assert set(logged) == {(70,), (50,), (51,)}


def test_keys_of_several_columns_with_odd_names_and_types(con: Con) -> None:
    tables = """
        CREATE TABLE "T ""ü" ("select" DECIMAL(9, 2), payload VARCHAR, "a b" STRUCT(x INTEGER, y VARCHAR[]), d DATE,
                              e VARCHAR, PRIMARY KEY ("select", d));
        INSERT INTO "T ""ü" SELECT i / 4, 'p', {'x': i, 'y': ['ä']}, DATE '2026-01-01' + i::INTEGER, NULL
        FROM range(20) r(i);
    """
    twins = Twins(con, tables, 'T "ü', ("d", "select", "a b", "e"))
    for statement in (
        """UPDATE "T ""ü" SET payload = 'q', e = 'e' WHERE "select" > 2""",
        """UPDATE "T ""ü" SET d = d + 100, "a b" = {'x': 0, 'y': NULL}""",
        """INSERT INTO "T ""ü" ("select", d) VALUES (1.5, '1999-01-01'), (2, '1999-01-02')""",
        """DELETE FROM "T ""ü" WHERE "a b" IS NULL""",
        """INSERT OR REPLACE INTO "T ""ü" SELECT "select", 'r', "a b", d, 'f' FROM "T ""ü" LIMIT 4""",
    ):
        twins.run(statement)
        assert twins.changed and not twins.all


def test_without_key_columns_each_statement_leaves_a_mark(con: Con) -> None:
    twins = Twins(con, "CREATE TABLE t (k INTEGER); INSERT INTO t FROM range(9);", keys=())
    for statement in (
        "INSERT INTO t FROM range(10)",
        "UPDATE t SET k = 3",
        "DELETE FROM t WHERE k = 3",
        "MERGE INTO t USING range(3) s(i) ON t.k = s.i WHEN NOT MATCHED THEN INSERT VALUES (s.i)",
    ):
        twins.run(statement)
        assert twins.changed and twins.log == [(True,)]
    twins.run("DELETE FROM t WHERE k = 1000")
    assert twins.log == []


def test_python_clients_ways_to_write(twins: Twins, tmp_path: Path) -> None:
    con = twins.con
    csv, parquet = tmp_path / "t.csv", tmp_path / "t.parquet"
    con.execute(f"COPY (SELECT i AS k, 'csv' AS v FROM range(3000, 3010) r(i)) TO {literal(str(csv))}")
    con.execute(
        f"COPY (SELECT i AS k, 'p' AS v, 1 AS n, ['x'] AS tags FROM range(4000, 4010) r(i)) TO {literal(str(parquet))}"
    )
    frame = (
        con.sql("SELECT i::INTEGER AS k, 'frame' AS v, 1::INTEGER AS n, ['x'] AS tags FROM range(600, 610) r(i)")
        .arrow()
        .read_all()
    )

    def append(con: Con) -> None:
        con.register("frame", frame)
        relation = con.sql("SELECT k, v, n, tags FROM frame")
        relation.insert_into("t")

    def insert_relation(con: Con) -> None:
        con.table("t").insert([700, "relation", 1, ["x"]])

    def update_relation(con: Con) -> None:
        con.table("t").update({"v": duckdb.ConstantExpression("u")}, condition=duckdb.ColumnExpression("k") == 3)

    def many(con: Con) -> None:
        con.executemany("INSERT INTO t (k, v) VALUES (?, ?)", [(800 + i, str(i)) for i in range(20)])
        con.executemany("UPDATE t SET v = ? WHERE k = ?", [("many", 800 + i) for i in range(0, 20, 2)])

    def by_cursor(con: Con) -> int:
        schema = helpers.one(con, "SELECT current_schema()")
        with con.cursor() as cursor:
            cursor.execute(f"UPDATE {schema}.t SET v = 'cursor' WHERE k = 9")
            return int(cursor.fetchall()[0][0])

    def dataframe(con: Con) -> Any:
        return con.execute("INSERT INTO t (k, v) SELECT k + 50, v FROM frame").fetchall()

    twins.run("INSERT INTO t (k, v) VALUES ($k, $v)", {"k": 5000, "v": "named"})
    twins.run("UPDATE t SET k = ? + 1 WHERE k = ?", [5000, 5000])
    for statement in (append, insert_relation, update_relation, many, by_cursor, dataframe):
        twins.run(statement)
        assert twins.changed and not twins.all
    for sql in (
        f"COPY t (k, v) FROM {literal(str(csv))}",
        f"COPY t FROM {literal(str(parquet))}",
        f"INSERT INTO t BY NAME FROM read_csv({literal(str(csv))}) WHERE k > 99999",
    ):
        twins.run(sql)
        assert bool(twins.changed) is ("COPY" in sql)


@pytest.mark.component("pandas")
def test_a_dataframe_is_appended(con: Con) -> None:
    import pandas

    con.execute("CREATE TABLE t (k INTEGER PRIMARY KEY, v VARCHAR)")
    start(con, "t", ["k"])
    con.append("t", pandas.DataFrame({"k": [1, 2], "v": ["a", "b"]}))
    con.append("t", pandas.DataFrame({"v": ["c"], "k": [3]}), by_name=True)
    assert helpers.rows(con, f"SELECT k FROM {entries()}") == [(1,), (2,), (3,)]


def test_the_appender_that_was_open_before(tmp_path: Path) -> None:
    native.load()
    library = ctypes.CDLL(_duckdb.__file__)
    config, database, con, appender = (ctypes.c_void_p() for _ in range(4))

    class Result(ctypes.Structure):
        _fields_ = [("words", ctypes.c_uint64 * 8)]

    def query(sql: str) -> Result:
        result = Result()
        assert library.duckdb_query(con, sql.encode(), ctypes.byref(result)) == 0, sql
        return result

    def append(*keys: int) -> None:
        for key in keys:
            assert library.duckdb_append_int32(appender, key) == 0
            assert library.duckdb_appender_end_row(appender) == 0

    def count(sql: str) -> int:
        return int(library.duckdb_value_int64(ctypes.byref(query(sql)), ctypes.c_uint64(0), ctypes.c_uint64(0)))

    library.duckdb_value_int64.restype = ctypes.c_int64
    library.duckdb_create_config(ctypes.byref(config))
    library.duckdb_set_config(config, b"allow_unsigned_extensions", b"true")
    assert library.duckdb_open_ext(str(tmp_path / "a.db").encode(), ctypes.byref(database), config, None) == 0
    library.duckdb_connect(database, ctypes.byref(con))
    query(f"LOAD {literal(str(native.library()))}")
    query("CREATE TABLE t (k INTEGER PRIMARY KEY); CREATE SCHEMA IF NOT EXISTS coco")
    query("CREATE TABLE coco.log (coco_entries BLOB)")
    assert library.duckdb_appender_create(con, b"main", b"t", ctypes.byref(appender)) == 0
    append(1, 2)
    query("SELECT coco_log_start('a', 'main', 't', 'log', ['k'], ['k'], [])")
    append(3)
    assert library.duckdb_appender_flush(appender) == 0
    append(4)
    assert library.duckdb_appender_destroy(ctypes.byref(appender)) == 0
    assert count("SELECT count(*) FROM t") == 4
    assert (
        count(
            f"SELECT count(*) FROM (SELECT k FROM t INTERSECT SELECT k FROM {entries(database='a')} WHERE NOT coco_all)"
        )
        == 4
    )
    library.duckdb_disconnect(ctypes.byref(con))
    library.duckdb_close(ctypes.byref(database))
    library.duckdb_destroy_config(ctypes.byref(config))


def test_explain_runs_nothing_and_explain_analyze_does(twins: Twins) -> None:
    def explain(sql: str) -> Callable[[Con], None]:
        return lambda con: con.execute(sql).fetchall() and None  # type: ignore[func-returns-value]

    twins.run(explain("EXPLAIN DELETE FROM t"))
    assert twins.log == []
    twins.run(explain("EXPLAIN ANALYZE DELETE FROM t WHERE k < 3"))
    assert len(twins.log) == 3 and len(twins.changed) == 3
    twins.run(explain("EXPLAIN (SQL) UPDATE t SET v = 'x' WHERE k = 3"))
    assert twins.log == []
    assert "COCO_KEY_LOG" in str(helpers.rows(twins.con, "EXPLAIN (FORMAT JSON) DELETE FROM logged.t")).upper()
    assert "COCO_KEY_LOG" not in str(helpers.rows(twins.con, "EXPLAIN (FORMAT JSON) DELETE FROM plain.t")).upper()


def test_a_rollback_takes_the_keys_back(twins: Twins) -> None:
    for end in ("ROLLBACK", "COMMIT"):
        twins.con.execute(
            f"SET schema = logged; BEGIN; DELETE FROM t WHERE k = 3; UPDATE t SET k = 2000 WHERE k = 4; {end}"
        )
        keys = [] if end == "ROLLBACK" else [(3,), (4,), (2000,)]
        assert helpers.rows(twins.con, f"SELECT k FROM {entries()}") == keys


def test_a_statement_that_fails_takes_its_keys_back(twins: Twins) -> None:
    con = twins.con
    con.execute("SET schema = logged")
    with pytest.raises(duckdb.ConstraintException):
        con.execute("INSERT INTO t (k) SELECT i FROM range(2000, 0, -1) r(i)")
    assert helpers.rows(con, "FROM coco.log") == []
    con.execute("BEGIN")
    with pytest.raises(duckdb.ConstraintException):
        con.execute("INSERT INTO t (k) VALUES (7)")
    con.execute("ROLLBACK")
    assert helpers.rows(con, "FROM coco.log") == []


def test_triggers_write_to_logged_tables(con: Con) -> None:
    tables = (
        "CREATE TABLE t (k INTEGER PRIMARY KEY, v VARCHAR); CREATE TABLE source (k INTEGER, v VARCHAR); "
        "INSERT INTO t VALUES (1, 'a'), (2, 'b'); "
        "CREATE TRIGGER each_row AFTER INSERT ON source FOR EACH ROW INSERT INTO t VALUES (NEW.k, NEW.v); "
        "CREATE TRIGGER at_once AFTER DELETE ON source REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT "
        "DELETE FROM t WHERE k IN (SELECT k FROM old_rows);"
    )
    twins = Twins(con, tables)
    twins.run("INSERT INTO source VALUES (10, 'x'), (11, 'y')")
    assert sorted(twins.changed) == [(10,), (11,)]
    assert twins.log == [(None, True)]
    twins.run("DELETE FROM source WHERE k = 10")
    assert twins.changed == [(10,)] and twins.log == [(10, None)]
    twins.run("INSERT INTO source VALUES (1, 'conflict')")
    assert twins.log == []


def test_triggers_of_the_logged_table_itself(con: Con) -> None:
    tables = (
        "CREATE TABLE t (k INTEGER PRIMARY KEY, v VARCHAR, tags VARCHAR[]); CREATE TABLE audit (k INTEGER, v VARCHAR); "
        "INSERT INTO t SELECT i, 'v' || i, NULL FROM range(20) r(i); "
        "CREATE TRIGGER rows_in AFTER INSERT ON t FOR EACH ROW INSERT INTO audit VALUES (NEW.k, NEW.v); "
        "CREATE TRIGGER changed AFTER UPDATE ON t REFERENCING OLD TABLE AS o NEW TABLE AS n FOR EACH STATEMENT "
        "INSERT INTO audit SELECT o.k + 1000 * n.k, o.v || n.v FROM o JOIN n ON o.tags IS NOT DISTINCT FROM n.tags;"
    )
    twins = Twins(con, tables)
    for statement in (
        "INSERT INTO t (k, v) SELECT i, 'new' FROM range(100, 110) r(i)",
        "UPDATE t SET v = 'x' WHERE k < 4",
        "UPDATE t SET k = k + 50, v = DEFAULT WHERE k BETWEEN 4 AND 6",
        "UPDATE t SET tags = ['a'] WHERE k = 7 RETURNING k, tags",
        "DELETE FROM t WHERE k < 9",
    ):
        twins.run(statement)
        assert twins.changed and not twins.all
        helpers.assert_same(con, "FROM logged.audit", "FROM plain.audit")
    assert helpers.one(con, "SELECT count(*) FROM logged.audit") > 10


def test_several_logs_of_one_table(con: Con) -> None:
    con.execute("CREATE TABLE t (a INTEGER PRIMARY KEY, b INTEGER, c INTEGER)")
    for log, keys in (("one", ["a"]), ("two", ["c", "a"]), ("none", [])):
        start(con, "t", keys, log)
    con.execute("INSERT INTO t VALUES (1, 2, 3), (4, 5, 6)")
    con.execute("UPDATE t SET b = 0, c = 30 WHERE a = 1")
    con.execute("DELETE FROM t WHERE a = 4")
    con.execute("MERGE INTO t USING range(3) s(i) ON t.a = s.i WHEN MATCHED THEN UPDATE SET b = s.i, c = s.i")
    assert helpers.rows(con, f"SELECT a FROM {entries('one')}") == [(1,), (4,), (1,), (4,), (1,)]
    pairs = [(3, 1), (6, 4), (3, 1), (30, 1), (6, 4), (30, 1), (1, 1)]
    assert sorted(helpers.rows(con, f"SELECT c, a FROM {entries('two')}")) == sorted(pairs)
    assert helpers.rows(con, f"FROM {entries('none')}") == [(True,)] * 4


def test_an_attached_database(con: Con, tmp_path: Path) -> None:
    con.execute(f'ATTACH {literal(str(tmp_path / "b.db"))} AS "the other"')
    for table in ("memory.main.t", '"the other".main.t'):
        con.execute(f"CREATE TABLE {table} (k INTEGER PRIMARY KEY, v VARCHAR)")
    activation = start(con, "t", ["k"], database="the other")
    con.execute("INSERT INTO memory.main.t VALUES (1, 'not logged')")
    con.execute("INSERT INTO \"the other\".main.t VALUES (2, 'logged')")
    con.execute("USE \"the other\"; UPDATE t SET v = 'again'; USE memory")
    assert helpers.rows(con, f"SELECT k FROM {entries(database='the other')}") == [(2,), (2,)]
    con.execute('DETACH "the other"')
    con.execute(f'ATTACH {literal(str(tmp_path / "b.db"))} AS "the other"')
    assert state(con, activation, database="the other") == "off"
    con.execute("INSERT INTO \"the other\".main.t VALUES (3, 'not logged')")
    assert helpers.one(con, 'SELECT count(*) FROM "the other".coco.log') == 2, "a block for each statement"
    assert restart(con, "t", ["k"], database="the other") != activation
    con.execute("INSERT INTO \"the other\".main.t VALUES (4, 'logged')")
    assert helpers.rows(con, f"SELECT k FROM {entries(database='the other')}") == [(2,), (2,), (4,)]


def test_a_database_is_copied_into_a_logged_table(con: Con) -> None:
    con.execute("ATTACH ':memory:' AS source; CREATE TABLE source.t (k INTEGER, v VARCHAR)")
    con.execute("INSERT INTO source.t SELECT i, 'c' FROM range(5000) r(i); ATTACH ':memory:' AS target")
    con.execute("COPY FROM DATABASE source TO target (SCHEMA)")
    start(con, "t", ["k"], database="target")
    con.execute("COPY FROM DATABASE source TO target (DATA)")
    assert helpers.one(con, "SELECT count(*) FROM target.t") == 5000
    assert helpers.rows(con, f"SELECT k FROM target.t EXCEPT SELECT k FROM {entries(database='target')}") == []


class TestState:
    @pytest.fixture
    def table(self, con: Con) -> Con:
        con.execute("CREATE TABLE t (k INTEGER PRIMARY KEY, v VARCHAR); INSERT INTO t VALUES (1, 'a')")
        return con

    @pytest.fixture
    def other(self, table: Con) -> Iterator[Con]:
        with table.cursor() as cursor:
            yield cursor

    def test_it_is_on_at_once_where_nothing_else_runs(self, table: Con) -> None:
        activation = start(table, "t", ["k"])
        assert state(table, activation) == "on"
        assert restart(table, "t", ["k"]) == activation, "it keeps its activation"
        table.execute("CREATE OR REPLACE TABLE coco.log (coco_entries BLOB)")
        assert restart(table, "t", []) != activation
        assert state(table, activation) == "off", "another activation took its place"

    def test_it_waits_for_transactions_that_are_older(self, table: Con, other: Con) -> None:
        other.execute("BEGIN; UPDATE t SET v = 'before' WHERE k = 1")
        activation = start(table, "t", ["k"])
        assert state(table, activation) == "waiting"
        with table.cursor() as third:
            third.execute("BEGIN; INSERT INTO t VALUES (2, 'younger')")
            assert state(table, activation) == "waiting"
            other.execute("INSERT INTO t VALUES (3, 'does not see the log table'); COMMIT")
            assert state(table, activation) == "on"
            third.execute("COMMIT")
        assert helpers.rows(table, f"SELECT k FROM {entries()} ORDER BY k") == [(2,)]

    def test_it_waits_for_the_transaction_that_asks(self, table: Con, other: Con) -> None:
        other.execute("BEGIN; FROM t")
        activation = start(table, "t", ["k"])
        assert state(other, activation) == "broken", "the log table is younger than the snapshot"
        other.execute("COMMIT")
        assert state(other, activation) == "on"

    def test_it_waits_for_snapshots_that_show_what_is_not_logged(self, table: Con, other: Con) -> None:
        table.execute("CREATE SCHEMA IF NOT EXISTS coco; CREATE TABLE coco.log (coco_entries BLOB)")
        other.execute("BEGIN; UPDATE t SET v = 'not logged' WHERE k = 1")
        activation = restart(table, "t", ["k"])
        with table.cursor() as reader:
            reader.execute("BEGIN; FROM t")
            other.execute("COMMIT")
            assert helpers.rows(reader, "FROM t") == [(1, "a")] and helpers.rows(reader, "FROM coco.log") == []
            assert state(reader, activation) == "waiting", "a diff in this transaction is no base"
            assert state(table, activation) == "on"
            assert state(reader, activation) == "waiting"
            reader.execute("COMMIT; BEGIN; FROM t")
            table.execute("INSERT INTO t VALUES (2, 'logged')")
            assert state(reader, activation) == "on"

    def test_a_statement_prepared_before_is_planned_anew(self, table: Con, other: Con) -> None:
        table.execute("CREATE SCHEMA IF NOT EXISTS coco; CREATE TABLE coco.log (coco_entries BLOB)")
        table.execute("CREATE TABLE u (k INTEGER)")
        # DuckDB keeps the plan of a statement that reads no table.
        other.execute("PREPARE p AS INSERT INTO u VALUES (1); EXECUTE p; EXECUTE p")
        activation = restart(table, "u", ["k"])
        assert state(table, activation) == "on"
        for times in (1, 2):
            other.execute("EXECUTE p")
            assert helpers.rows(table, f"SELECT k FROM {entries()}") == [(1,)] * times
        table.execute("SELECT coco_log_stop('memory', 'log')")
        other.execute("EXECUTE p")
        assert helpers.rows(table, f"SELECT k FROM {entries()}") == [(1,)] * 2

    def test_a_statement_prepared_in_an_older_transaction_is_waited_for(self, table: Con, other: Con) -> None:
        other.execute("PREPARE p AS INSERT INTO t VALUES (5, 'p'); BEGIN; FROM t")
        activation = start(table, "t", ["k"])
        other.execute("EXECUTE p")
        assert state(table, activation) == "waiting"
        other.execute("COMMIT")
        assert state(table, activation) == "on"

    @pytest.mark.parametrize(
        "change",
        [
            "ALTER TABLE t ADD COLUMN more INTEGER",
            "ALTER TABLE t ALTER v TYPE BLOB USING v::BLOB",
            "ALTER TABLE t ALTER v SET DEFAULT 'd'",
            "ALTER TABLE t RENAME TO u",
            "ALTER TABLE t RENAME TO u; ALTER TABLE u RENAME TO t",
            "ALTER TABLE t RENAME v TO w",
            "COMMENT ON TABLE t IS 'a comment'",
            "DROP TABLE t",
            "DROP TABLE t; CREATE TABLE t (k INTEGER PRIMARY KEY, v VARCHAR)",
            "CREATE OR REPLACE TABLE t AS SELECT 1 AS k, 'b' AS v",
            "DROP TABLE t; CREATE VIEW t AS SELECT 1 AS k",
            "CREATE TABLE child (p INTEGER REFERENCES t (k))",
            "DROP TABLE coco.log",
            "ALTER TABLE coco.log ADD COLUMN more INTEGER",
            "CREATE OR REPLACE TABLE coco.log (coco_entries BLOB)",
        ],
    )
    def test_another_table_breaks_it(self, table: Con, other: Con, change: str) -> None:
        activation = start(table, "t", ["k"])
        other.execute("BEGIN")
        assert state(other, activation) == "on"
        table.execute("BEGIN")
        table.execute(change)
        assert state(table, activation) == "broken"
        table.execute("ROLLBACK")
        assert state(table, activation) == "on"
        table.execute(change)
        assert state(table, activation) == "broken"
        assert state(other, activation) == "on", "its snapshot is older"
        other.execute("COMMIT")
        assert state(other, activation) == "broken"
        if helpers.rows(table, "FROM duckdb_tables() WHERE table_name = 't'"):
            table.execute("UPDATE t SET k = k + 100")
            table.execute("MERGE INTO t USING range(200) s(i) ON t.k = s.i WHEN MATCHED THEN UPDATE SET k = 3")
            table.execute("INSERT INTO t (k) VALUES (7)")

    def test_what_does_not_change_a_table_does_not_break_it(self, path: Path) -> None:
        con = cocosql.connect(path)
        con.execute("CREATE TABLE t (k INTEGER PRIMARY KEY, v VARCHAR)")
        activation = start(con, "t", ["k"], database="test")
        for harmless in (
            "INSERT INTO t SELECT i, 'v' FROM range(4900) r(i)",
            "CREATE INDEX i ON t (v)",
            "CREATE VIEW w AS FROM t",
            "CREATE TABLE u (k INTEGER)",
            "DELETE FROM coco.log",
            "CHECKPOINT",
            "DELETE FROM t WHERE k < 4000",
            "FORCE CHECKPOINT",
            "VACUUM ANALYZE",
        ):
            con.execute(harmless)
            assert state(con, activation, database="test") == "on", harmless
        con.execute("DELETE FROM coco.log; UPDATE t SET v = 'x' WHERE k = 4500")
        assert helpers.rows(con, f"SELECT k FROM {entries(database='test')}") == [(4500,)]
        con.close()

    def test_statements_go_on_where_the_log_table_was_dropped(self, table: Con, other: Con) -> None:
        start(table, "t", ["k"])
        other.execute("BEGIN; FROM t; FROM coco.log")
        table.execute("DROP TABLE coco.log")
        other.execute("INSERT INTO t VALUES (2, 'b'); UPDATE t SET v = 'c' WHERE k = 1; COMMIT")
        assert helpers.rows(table, "FROM t ORDER BY k") == [(1, "c"), (2, "b")]

    def test_a_broken_log_is_started_anew(self, table: Con) -> None:
        activation = start(table, "t", ["k"])
        table.execute("ALTER TABLE t ADD COLUMN more INTEGER")
        anew = restart(table, "t", ["k"])
        assert anew != activation and state(table, activation) == "off" and state(table, anew) == "on"
        table.execute("UPDATE t SET more = 1")
        assert helpers.rows(table, f"SELECT k FROM {entries()}") == [(1,)]

    def test_a_stopped_log_is_let_go_when_nobody_may_write_to_it(self, table: Con, other: Con) -> None:
        activation = start(table, "t", ["k"])
        other.execute("BEGIN; UPDATE t SET v = 'logged' WHERE k = 1")
        assert helpers.one(table, "SELECT coco_log_stop('memory', 'log')") is True
        assert helpers.one(table, "SELECT coco_log_stop('memory', 'log')") is False
        assert state(table, activation) == "stopping"
        table.execute("INSERT INTO t VALUES (2, 'not logged')")
        other.execute("COMMIT")
        assert state(table, activation) == "off"
        assert helpers.rows(table, f"SELECT k FROM {entries()}") == [(1,)]
        table.execute("DROP TABLE coco.log")

    def test_a_start_does_not_disturb_transactions_that_log(self, table: Con, other: Con) -> None:
        start(table, "t", ["k"])
        other.execute("BEGIN; UPDATE t SET v = 'logged' WHERE k = 1")
        table.execute("SELECT coco_log_stop('memory', 'log')")
        activation = restart(table, "t", ["k"])
        assert state(table, activation) == "waiting"
        other.execute("COMMIT")
        assert state(table, activation) == "on"
        assert helpers.rows(table, f"SELECT k FROM {entries()}") == [(1,)]

    def test_keys_that_an_alteration_kept_from_the_log_break_it(self, table: Con, other: Con) -> None:
        activation = start(table, "t", ["k"])
        other.execute("BEGIN; ALTER TABLE coco.log ADD COLUMN more INTEGER")
        table.execute("INSERT INTO t VALUES (2, 'b')")
        other.execute("ROLLBACK")
        assert helpers.rows(table, "FROM coco.log") == []
        assert state(table, activation) == "broken"
        anew = restart(table, "t", ["k"])
        assert anew != activation and state(table, anew) == "on"
        table.execute("DELETE FROM t WHERE k = 2")
        assert helpers.rows(table, f"SELECT k FROM {entries()}") == [(2,)]

    def test_a_file_opened_again_starts_off(self, path: Path) -> None:
        for number in range(2):
            con = cocosql.connect(path)
            if number == 0:
                con.execute("CREATE TABLE t (k INTEGER PRIMARY KEY)")
                activation = start(con, "t", ["k"], database="test")
                con.execute("INSERT INTO t VALUES (1)")
            else:
                assert state(con, activation, database="test") == "off"
                con.execute("INSERT INTO t VALUES (2)")
                assert helpers.one(con, "SELECT count(*) FROM coco.log") == 1
            con.close()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("'memory', 'main', 'nobody', 'log', ['k']", "there is no table"),
        ("'memory', 'nowhere', 't', 'log', ['k']", "there is no table"),
        ("'memory', 'main', 't', 'nobody', ['k']", "there is no table"),
        ("'nowhere', 'main', 't', 'log', ['k']", "there is no database nowhere"),
        ("'memory', 'main', 'v', 'log', ['k']", "there is no table"),
        ("'memory', 'coco', 'log', 'log', ['k']", "cannot be logged"),
        ("'memory', 'main', 't', 'log', ['g']", 'no stored column "g"'),
        ("'memory', 'main', 't', 'log', ['nobody']", 'no stored column "nobody"'),
        ("'memory', 'main', 't', 'of text', ['k']", "is no log table"),
        ("'memory', 'main', 't', 'of more', ['k']", "is no log table"),
        ("'memory', 'main', 't', 'with a key', ['k']", "is no log table"),
        ("'memory', 'main', NULL, 'log', ['k']", "must not be NULL"),
    ],
)
def test_what_cannot_be_logged_is_refused(con: Con, arguments: str, message: str) -> None:
    con.execute("CREATE TABLE t (k INTEGER PRIMARY KEY, v VARCHAR, g AS (k + 1)); CREATE VIEW v AS FROM t")
    con.execute("CREATE SCHEMA IF NOT EXISTS coco; CREATE TABLE coco.log (coco_entries BLOB)")
    con.execute('CREATE TABLE coco."with a key" (coco_entries BLOB PRIMARY KEY)')
    con.execute('CREATE TABLE coco."of text" (coco_entries VARCHAR)')
    con.execute('CREATE TABLE coco."of more" (coco_entries BLOB, k INTEGER)')
    with pytest.raises(duckdb.Error, match=message):
        con.execute(f"SELECT coco_log_start({arguments}, ['k'], [])")
    con.execute("INSERT INTO t (k) VALUES (1)")
    assert helpers.rows(con, "FROM coco.log") == []


@pytest.mark.slow
def test_writers_and_a_reader_that_consumes_the_log(path: Path) -> None:
    """What a reader rebuilds from a base and the log, transaction by transaction, is the table."""
    con = cocosql.connect(path)
    con.execute("CREATE TABLE t (k INTEGER PRIMARY KEY, v INTEGER); INSERT INTO t SELECT i, 0 FROM range(1000) r(i)")
    con.execute("CREATE SCHEMA IF NOT EXISTS coco; CREATE TABLE coco.log (coco_entries BLOB)")
    stop = threading.Event()
    errors: list[BaseException] = []

    def write(number: int) -> None:
        try:
            with con.cursor() as cursor:
                statements = (
                    "UPDATE t SET v = v + 1 WHERE k % 97 = $1 % 97",
                    "DELETE FROM t WHERE k = $1 * 7 % 1000",
                    "INSERT INTO t VALUES ($1 * 7 % 1000, $1) ON CONFLICT DO UPDATE SET v = t.v + 1",
                    "UPDATE t SET k = k + 100_000 WHERE k = $1 * 3 % 1000",
                    "INSERT OR REPLACE INTO t SELECT k - 100_000, v FROM t WHERE k > 100_000 AND k % 5 = $1 % 5",
                    "DELETE FROM t WHERE k > 100_000 AND k % 5 = $1 % 5",
                )
                step = number
                while not stop.is_set():
                    step += 3
                    cursor.execute("BEGIN")
                    try:
                        for statement in (statements[step % 6], statements[(step // 6) % 6]):
                            cursor.execute(statement, [step])
                        cursor.execute("ROLLBACK" if step % 11 == 0 else "COMMIT")
                    except (duckdb.TransactionException, duckdb.ConstraintException):
                        with suppress(duckdb.TransactionException):
                            cursor.execute("ROLLBACK")
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    activation = restart(con, "t", ["k"], database="test")
    rebuilt: dict[int, int] | None = None
    rounds = keys = 0
    deadline = 400
    while rounds < deadline and not errors:
        con.execute("BEGIN")
        seen = state(con, activation, database="test")
        table = dict(helpers.rows(con, "SELECT k, v FROM t"))
        log = {key for (key,) in helpers.rows(con, f"SELECT k FROM {entries(database='test')}")}
        if rebuilt is None:
            rebuilt = table if seen == "on" else None
        else:
            assert seen == "on"
            rebuilt = {k: v for k, v in rebuilt.items() if k not in log}
            rebuilt |= {k: v for k, v in table.items() if k in log}
            assert rebuilt == table
            rounds += 1
            keys += len(log)
        con.execute("DELETE FROM coco.log; COMMIT")
    stop.set()
    for thread in threads:
        thread.join()
    assert not errors
    assert rounds == deadline and keys > deadline
    con.close()


# --- refused where it cannot be ---------------------------------------------------------------------------------------

REFUSED = {
    "CREATE TABLE r (k INTEGER)": "the table has no primary key",
    "CREATE TABLE r (k DOUBLE PRIMARY KEY)": "the type of its primary key",
    "CREATE TABLE r (k INTEGER PRIMARY KEY, g INTEGER AS (k + 1))": "generated columns",
    "CREATE TABLE r (k INTEGER PRIMARY KEY, rowid INTEGER)": "a column of the name rowid",
    "ATTACH ':memory:' AS other; CREATE TABLE other.r (k INTEGER PRIMARY KEY)": "in another database",
}


@pytest.mark.parametrize("table", REFUSED)
def test_a_log_is_refused_where_it_cannot_be(con: Con, table: str) -> None:
    con.execute(table)
    source = "other.r" if "other" in table else "r"
    for statement in (
        f"CREATE INCREMENTAL VIEW v WITH (capture = 'log') AS SELECT k FROM {source}",
        f"CREATE INCREMENTAL VIEW w AS SELECT k FROM {source}; ALTER INCREMENTAL VIEW w SET (capture = 'log')",
    ):
        with pytest.raises(duckdb.NotImplementedException) as error:
            con.execute(statement)
        assert REFUSED[table] in str(error.value)
    assert helpers.rows(con, "SELECT name, options FROM coco_views()") == [("w", {})]
    assert helpers.rows(con, "SELECT 1 FROM duckdb_tables() WHERE table_name LIKE 'keys%'") == []
    con.execute(f"CREATE INCREMENTAL VIEW x WITH (capture = 'auto') AS SELECT k FROM {source}")


def test_a_log_for_some_sources_of_several(con: Con, tmp_path: Path) -> None:
    """Files and views that are read have captures of their own."""
    con.execute("CREATE TABLE r (k INTEGER PRIMARY KEY); INSERT INTO r VALUES (1), (2)")
    con.execute(f"COPY r TO '{tmp_path}/r.csv'")
    con.execute("CREATE INCREMENTAL VIEW v WITH (capture = 'log') AS SELECT k FROM r")
    both = f"SELECT v.k FROM v JOIN '{tmp_path}/r.csv' AS f ON v.k = f.k"
    con.execute(f"CREATE INCREMENTAL VIEW w WITH (capture = 'log') AS {both} JOIN r ON r.k = v.k")
    con.execute("INSERT INTO r VALUES (3); DELETE FROM r WHERE k = 1")
    con.execute("REFRESH ALL INCREMENTAL VIEWS")
    helpers.assert_view_equals_query(con, "w", f"{both} JOIN r ON r.k = v.k")
    with pytest.raises(duckdb.NotImplementedException, match="is no table"):
        con.execute(f"CREATE INCREMENTAL VIEW x WITH (capture = 'log') AS FROM '{tmp_path}/r.csv'")


@pytest.mark.parametrize("ending", ["DROP INCREMENTAL VIEW v", "ALTER INCREMENTAL VIEW v SET (capture = 'diff')"])
def test_a_log_ends_while_a_transaction_writes(con: Con, ending: str) -> None:
    """The log's table stays until nobody can append to it any more: else the user's commit would fail."""
    con.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, x INTEGER); INSERT INTO t VALUES (1, 1)")
    con.execute("CREATE INCREMENTAL VIEW v AS SELECT id, x FROM t; CREATE INCREMENTAL VIEW other AS SELECT 1 AS one")
    user = con.cursor()
    user.execute("BEGIN; UPDATE t SET x = 2")
    con.execute(ending)
    user.execute("UPDATE t SET x = x + 1")
    user.execute("COMMIT")
    assert helpers.rows(con, "FROM t") == [(1, 3)]
    con.execute("REFRESH INCREMENTAL VIEW other")
    assert helpers.rows(con, "SELECT table_name FROM duckdb_tables() WHERE starts_with(table_name, 'keys_')") == []


def test_a_look_reads_the_log(con: Con) -> None:
    """coco_views() and EXPLAIN REFRESH need not read the table, which is where changes are pending."""
    con.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, x INTEGER); INSERT INTO t SELECT i, i FROM range(100000) r(i)")
    con.execute("CREATE INCREMENTAL VIEW v AS SELECT id, x FROM t")
    con.execute("UPDATE t SET x = -1 WHERE id = 5; REFRESH INCREMENTAL VIEW v")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("cocosql.capture.row_groups.TableParts.rows", None)  # which would read parts
        assert helpers.rows(con, "SELECT status FROM coco_views()") == [("fresh",)]
        con.execute("UPDATE t SET x = -2 WHERE id = 6")
        assert helpers.rows(con, "SELECT status, status_reason FROM coco_views()") == [("stale", "t changed")]
        assert helpers.rows(con, "EXPLAIN REFRESH INCREMENTAL VIEW v")[0][3] == 1
