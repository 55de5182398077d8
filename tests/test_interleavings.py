"""A writer's transaction mixed with refreshes, as scripts: one step a line.

    a: UPDATE t SET …     SQL on the connection `a`; with `?` after the name it may fail, and must not do both
    refresh               refresh the views; they must equal their queries as of now
    unchanged             the same, and no view may get a new version
    start v               refresh `v` in a thread, up to the first call of its function, where it stands still
    finish v              let it end: it must equal its query as of its snapshot
    fail v                let its function raise: the refresh ends with that error

`v` calls its function between two attempts, with no transaction open: its snapshot is from after that. `i` calls its
function inside its transaction: its snapshot is from before that. Each script ends with a refresh of all its views.
"""

import threading
from pathlib import Path
from typing import Any

import duckdb
import pytest
from helpers import CAPTURES, SMALL_ROW_GROUPS, Con, Views, assert_same, rows

import cocosql

SECONDS = 120
TABLE = """
CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER, s VARCHAR);
INSERT INTO t SELECT k, k % 10, 's' || k % 50 FROM range(5000) r(k);
CHECKPOINT;
"""
NO_KEY = "CREATE TABLE u AS FROM t; CREATE OR REPLACE TABLE t AS FROM u; DROP TABLE u"
VIEWS = {
    "w": ("SELECT id, s FROM t WHERE n > 0",) * 2,
    "v": ("SELECT id, outside(s) AS u FROM t", "SELECT id, s || '!' AS u FROM t"),
    "i": ("SELECT id, inside(s) AS u FROM t", "SELECT id, s || '!' AS u FROM t"),
    "star": ("SELECT *, outside(s) AS u FROM t", "SELECT *, s || '!' AS u FROM t"),
    "grouped": ("SELECT n, count(*) AS c, max(inside(s)) AS top FROM t GROUP BY n",
                "SELECT n, count(*) AS c, max(s || '!') AS top FROM t GROUP BY n"),
    "above": ("SELECT *, outside(u) AS x FROM w_u", "SELECT *, u || '!' AS x FROM (SELECT id, s AS u FROM t)"),
    "m": ("SELECT id, outside(m(s)) AS u FROM t", "SELECT id, m(s) || '!' AS u FROM t"),
    "w_u": ("SELECT id, s AS u FROM t",) * 2,
}  # fmt: skip
INSIDE = ("i", "grouped")


class Gate:
    """Where the refresh of a view stands still."""

    def __init__(self) -> None:
        self.reached, self.opened = threading.Event(), threading.Event()
        self.failing = False

    def stand_still(self) -> None:
        if not self.reached.is_set():
            self.reached.set()
            assert self.opened.wait(SECONDS), "nobody lets the refresh go on"
            if self.failing:
                raise ValueError("the script wants it")


class Script:
    def __init__(self, path: Path, capture: str, names: list[str]) -> None:
        self.path = path
        self.con = cocosql.connect()
        self.gates: dict[int, Gate] = {}
        self.running: dict[str, tuple[Gate, threading.Thread, list[BaseException]]] = {}
        self.cursors: dict[str, Con] = {}

        def call(s: str) -> str:
            gate = self.gates.get(threading.get_ident())
            if gate:
                gate.stand_still()
            return f"{s}!"

        cocosql.register(self.con, cocosql.udf(call, name="outside", version="1"))
        cocosql.register(self.con, cocosql.udf(call, name="inside", version="1", memo=False))
        self.con.execute(f"SET threads = 1; ATTACH '{path}' AS d {SMALL_ROW_GROUPS}; USE d")
        self.con.execute(f"{TABLE}; CREATE MACRO m(x) AS x || '1'")
        self.views = Views(self.con, capture)
        for name in names:
            self.views.create(name, *VIEWS[name])

    def run(self, script: str) -> None:
        lines = [line.strip() for line in script.strip().splitlines()]
        for number, line in enumerate([*lines, "refresh"], start=1):
            try:
                self.step(line)
            except BaseException as error:
                error.add_note(f"in line {number}: {line}")
                raise
        assert not self.running, "a refresh is not finished"
        self.views.replay()

    def step(self, line: str) -> None:
        word, _, rest = line.partition(" ")
        if word.endswith(":"):
            self.sql(word[:-1], rest)
        elif word == "refresh":
            self.views.refresh(*rest.split())
        elif word == "unchanged":
            before = self.versions()
            self.views.refresh(*rest.split())
            assert self.versions() == before
        elif word == "start":
            self.start(rest)
        elif word == "detach":
            self.detach()
        else:
            assert word in ("finish", "fail"), line
            self.finish(rest, failing=word == "fail")

    def sql(self, name: str, sql: str) -> None:
        cursor = self.cursor(name.rstrip("?"))
        try:
            cursor.execute(sql).fetchall()
        except duckdb.Error:
            if not name.endswith("?"):
                raise

    def cursor(self, name: str) -> Con:
        if name not in self.cursors:
            self.cursors[name] = self.con.cursor()
            self.cursors[name].execute("USE d")
        return self.cursors[name]

    def versions(self) -> list[tuple[Any, ...]]:
        return rows(self.con, "SELECT view_name, version FROM coco.views ORDER BY ALL")

    def start(self, name: str) -> None:
        gate, errors = Gate(), list[BaseException]()
        if name in INSIDE:
            self.con.execute(f"CREATE OR REPLACE TEMP TABLE {name}_expected AS {VIEWS[name][1]}")
        cursor = self.cursor(f"refresh of {name}")

        def refresh() -> None:
            self.gates[threading.get_ident()] = gate
            try:
                cursor.execute(f"REFRESH INCREMENTAL VIEW {name}")
            except BaseException as error:
                errors.append(error)
            finally:
                gate.reached.set()
                del self.gates[threading.get_ident()]

        thread = threading.Thread(target=refresh, daemon=True)
        thread.start()
        self.running[name] = gate, thread, errors
        assert gate.reached.wait(SECONDS), "it never calls its function"
        assert thread.is_alive(), f"it ended without a call: {errors}"

    def finish(self, name: str, *, failing: bool) -> None:
        gate, thread, errors = self.running.pop(name)
        gate.failing = failing
        gate.opened.set()
        thread.join(SECONDS)
        assert not thread.is_alive(), "deadlock"
        if failing:
            assert "the script wants it" in str(errors)
            return
        assert not errors, errors
        if name in INSIDE:
            assert_same(self.con, f"FROM {name}", f"FROM {name}_expected")
        else:
            self.views.check(name)

    def detach(self) -> None:
        """Detach the file, which checkpoints it only where the script says so, and attach it again."""
        for cursor in self.cursors.values():
            cursor.close()
        self.cursors.clear()
        self.con.execute(f"USE memory; DETACH d; ATTACH '{self.path}' AS d {SMALL_ROW_GROUPS}; USE d")

    def close(self) -> None:
        for gate, thread, _ in self.running.values():
            gate.opened.set()
            thread.join(SECONDS)
        for cursor in self.cursors.values():
            cursor.close()
        self.con.close()


SCRIPTS: dict[str, tuple[str, str]] = {
    "rows appended, and committed later": ("w", """
        a: BEGIN
        a: INSERT INTO t SELECT k, 1, 'new' FROM range(9000, 12000) r(k)
        unchanged
        b: INSERT INTO t VALUES (20000, 1, 'b')
        refresh
        a: COMMIT
        refresh
        b: CHECKPOINT
        unchanged
    """),
    "updates and deletes, and committed later": ("w", """
        a: BEGIN
        a: UPDATE t SET s = 'new' WHERE id % 500 = 1
        a: DELETE FROM t WHERE id % 500 = 2
        unchanged
        unchanged
        a: COMMIT
        refresh
    """),
    "a rollback, then the same rows": ("w", """
        a: BEGIN
        a: INSERT INTO t SELECT k, 1, 'new' FROM range(9000, 12000) r(k)
        a: UPDATE t SET s = 'new' WHERE id = 2500
        unchanged
        a: ROLLBACK
        unchanged
        a: INSERT INTO t SELECT k, 1, 'new' FROM range(9000, 12000) r(k)
        a: UPDATE t SET s = 'new' WHERE id = 2500
        refresh
    """),
    "a rollback, then other rows in their place": ("w", """
        a: BEGIN
        a: INSERT INTO t SELECT k, 1, 'a' FROM range(9000, 9100) r(k)
        refresh
        a: ROLLBACK
        b: INSERT INTO t SELECT k, 1, 'b' FROM range(9000, 9100) r(k)
        refresh
        a: BEGIN
        a: DELETE FROM t WHERE id >= 9000
        a: INSERT INTO t SELECT k, 1, 'b' FROM range(9100, 9200) r(k)
        refresh
        a: COMMIT
        refresh
    """),
    "a key deleted and inserted in one transaction": ("w", """
        a: BEGIN
        a: DELETE FROM t WHERE id = 7
        a: INSERT INTO t VALUES (7, 1, 'new')
        unchanged
        a: COMMIT
        refresh
        a: BEGIN
        a: DELETE FROM t WHERE id = 7
        a: INSERT INTO t VALUES (7, 1, 'new')
        a: COMMIT
        unchanged
    """),
    "a key deleted, refreshed, and inserted again": ("w", """
        a: DELETE FROM t WHERE id = 7
        refresh
        a: INSERT INTO t VALUES (7, 1, 's7')
        b: CHECKPOINT
        refresh
        a: DELETE FROM t WHERE id = 7
        a: INSERT INTO t VALUES (7, 1, 's7')
        b: CHECKPOINT
        unchanged
    """),
    "a checkpoint twice between refreshes: the blocks are those of before": ("w", """
        a: UPDATE t SET s = 'x' WHERE id = 1
        b: FORCE CHECKPOINT
        refresh
        a: UPDATE t SET s = 'y' WHERE id = 1
        b: FORCE CHECKPOINT
        a: UPDATE t SET s = 'z' WHERE id = 1
        b: FORCE CHECKPOINT
        refresh
        a: UPDATE t SET s = 'y' WHERE id = 1
        b: FORCE CHECKPOINT
        a: UPDATE t SET s = 'z' WHERE id = 1
        b: FORCE CHECKPOINT
        unchanged
        a: UPDATE t SET s = 'q' WHERE id = 2
        refresh
    """),
    "the same, and the file is opened anew": ("w", """
        a: UPDATE t SET s = 'x' WHERE id = 1
        a: FORCE CHECKPOINT
        refresh
        a: FORCE CHECKPOINT
        detach
        a: UPDATE t SET s = 'y' WHERE id = 1
        a: FORCE CHECKPOINT
        a: UPDATE t SET s = 'z' WHERE id = 1
        a: FORCE CHECKPOINT
        detach
        refresh
        detach
        unchanged
    """),
    "deletes that a checkpoint writes without new blocks": ("w", """
        a: DELETE FROM t WHERE id = 4000
        b: CHECKPOINT
        refresh
        a: DELETE FROM t WHERE id = 4001
        b: CHECKPOINT
        detach
        refresh
        a: DELETE FROM t WHERE id = 4002
        detach
        refresh
        b: CHECKPOINT
        unchanged
    """),
    "a reader holds an old snapshot": ("w", """
        r: BEGIN
        r: SELECT count(*) FROM t
        a: UPDATE t SET s = 'x' WHERE id % 500 = 1
        b?: CHECKPOINT
        refresh
        a: DELETE FROM t WHERE id % 500 = 2
        a: INSERT INTO t VALUES (9000, 1, 'new')
        b?: CHECKPOINT
        refresh
        r: SELECT count(*) FROM t
        r: COMMIT
        b: CHECKPOINT
        unchanged
        a: UPDATE t SET s = 'y' WHERE id % 500 = 1
        refresh
    """),
    "a writer from before the refresh to after it": ("w", """
        a: BEGIN
        a: UPDATE t SET s = 'x' WHERE id = 100
        b: UPDATE t SET s = 'x' WHERE id = 101
        refresh
        a: UPDATE t SET s = 'x' WHERE id = 102
        b: UPDATE t SET s = 'x' WHERE id = 103
        a: COMMIT
        refresh
    """),
    "a writer that spans two refreshes": ("w", """
        a: BEGIN
        a: UPDATE t SET s = 'x' WHERE id = 100
        refresh
        a: DELETE FROM t WHERE id = 3000
        b: UPDATE t SET s = 'b' WHERE id = 3001
        b?: CHECKPOINT
        refresh
        a: INSERT INTO t VALUES (9000, 1, 'x')
        a: COMMIT
        b: CHECKPOINT
        refresh
    """),
    "two writers of one row group": ("w", """
        a: BEGIN
        b: BEGIN
        a: UPDATE t SET s = 'a' WHERE id = 100
        b: UPDATE t SET s = 'b' WHERE id = 200
        b: COMMIT
        refresh
        a: UPDATE t SET s = 'a' WHERE id = 300
        refresh
        a: COMMIT
        refresh
    """),
    "two writers of one row": ("w", """
        a: BEGIN
        a: UPDATE t SET s = 'a' WHERE id = 100
        b: BEGIN
        b: UPDATE t SET s = 'b' WHERE id = 101
        b?: UPDATE t SET s = 'b' WHERE id = 100
        refresh
        a: COMMIT
        b?: COMMIT
        refresh
    """),
    "two writers append row groups at once": ("w", """
        a: BEGIN
        b: BEGIN
        a: INSERT INTO t SELECT k, 1, 'a' FROM range(10000, 15000) r(k)
        b: INSERT INTO t SELECT k, 1, 'b' FROM range(20000, 25000) r(k)
        b: COMMIT
        refresh
        c?: CHECKPOINT
        a: COMMIT
        refresh
        c: DELETE FROM t WHERE s = 'b'
        c: FORCE CHECKPOINT
        refresh
    """),
    "appended and deleted in one transaction": ("w", """
        a: BEGIN
        a: INSERT INTO t SELECT k, 1, 'a' FROM range(10000, 15000) r(k)
        refresh
        a: DELETE FROM t WHERE id >= 10000
        a: COMMIT
        unchanged
        b: CHECKPOINT
        unchanged
        a: INSERT INTO t VALUES (10000, 1, 'a')
        refresh
    """),
    "a vacuum moves rows": ("w", """
        a: DELETE FROM t WHERE id % 50 > 0 AND id < 4096
        refresh
        b: FORCE CHECKPOINT
        unchanged
        a: UPDATE t SET s = 'x' WHERE id = 4500
        a: DELETE FROM t WHERE id = 4501
        refresh
        a: DELETE FROM t WHERE id < 4096
        a: UPDATE t SET s = 'y' WHERE id = 4500
        b: FORCE CHECKPOINT
        a: INSERT INTO t SELECT k, 1, 'z' FROM range(4096) r(k)
        b: FORCE CHECKPOINT
        refresh
    """),
    "a vacuum moves rows of a table without key": ("w", f"""
        a: {NO_KEY}
        refresh
        a: DELETE FROM t WHERE id % 50 > 0 AND id < 4096
        b: FORCE CHECKPOINT
        a: UPDATE t SET s = 'x' WHERE id = 4500
        refresh
        b: FORCE CHECKPOINT
        unchanged
        a: INSERT INTO t SELECT * FROM t WHERE id > 4900
        refresh
        a: DELETE FROM t WHERE id > 4950
        b: FORCE CHECKPOINT
        refresh
    """),
    "copies of a row in two row groups": ("w", f"""
        a: {NO_KEY}
        a: INSERT INTO t VALUES (1, 1, 's1')
        refresh
        a: DELETE FROM t WHERE rowid = 1
        refresh
        b: FORCE CHECKPOINT
        a: UPDATE t SET s = 'x' WHERE id = 1
        refresh
        a: INSERT INTO t SELECT 1, 1, 'x' FROM range(3000)
        b: CHECKPOINT
        refresh
        a: DELETE FROM t WHERE id = 1 AND rowid > 6000
        refresh
    """),
    "the status is read between": ("w", """
        a: UPDATE t SET s = 'x' WHERE id = 1
        b: FROM coco_views()
        b: EXPLAIN REFRESH INCREMENTAL VIEW w
        refresh
        a: BEGIN
        a: UPDATE t SET s = 'y' WHERE id = 3000
        b: FROM coco_views()
        a: COMMIT
        b: EXPLAIN REFRESH INCREMENTAL VIEW w
        b: FROM coco_views()
        b: CHECKPOINT
        b: FROM coco_views()
        refresh
    """),
    "detached with changes that are only in the WAL": ("w", """
        a: SET wal_autocheckpoint = '1TB'
        a: UPDATE t SET s = 'x' WHERE id = 1
        refresh
        a: UPDATE t SET s = 'y' WHERE id = 1
        a: DELETE FROM t WHERE id = 3000
        detach
        refresh
        detach
        unchanged
    """),
    "a checkpoint while a writer has not committed": ("w", """
        a: BEGIN
        a: UPDATE t SET s = 'x' WHERE id = 1
        a: INSERT INTO t SELECT k, 1, 'x' FROM range(9000, 12000) r(k)
        b?: CHECKPOINT
        unchanged
        b: UPDATE t SET s = 'b' WHERE id = 4000
        b?: CHECKPOINT
        refresh
        a: COMMIT
        b: CHECKPOINT
        refresh
    """),
    "a table is replaced in a transaction": ("w", """
        a: BEGIN
        a: CREATE OR REPLACE TABLE t AS SELECT k AS id, 1 AS n, 'new' AS s FROM range(3000) r(k)
        unchanged
        a: ROLLBACK
        unchanged
        a: BEGIN
        a: CREATE OR REPLACE TABLE t AS SELECT k AS id, 1 AS n, 'new' AS s FROM range(3000) r(k)
        a: UPDATE t SET s = 'newer' WHERE id = 5
        unchanged
        a: COMMIT
        refresh
        a: UPDATE t SET s = 'x' WHERE id = 2500
        refresh
    """),
    "a column is added in a transaction": ("star", """
        a: BEGIN
        a: ALTER TABLE t ADD COLUMN m INTEGER DEFAULT 4
        unchanged
        a: UPDATE t SET m = 5 WHERE id = 1
        a: COMMIT
        refresh
    """),
    "two views of one table, one behind the other": ("w grouped", """
        a: UPDATE t SET s = 'x' WHERE id = 1
        refresh w
        a: UPDATE t SET s = 'y' WHERE id = 3000
        b: CHECKPOINT
        refresh grouped
        a: UPDATE t SET s = 'z' WHERE id = 1
        b: CHECKPOINT
        refresh w
        unchanged w
        refresh
        unchanged
    """),
    # --- while a refresh stands still between its attempts
    "the rows that a call is for change": ("v", """
        a: UPDATE t SET s = 'x' WHERE id = 1
        start v
        a: UPDATE t SET s = 'y' WHERE id = 1
        finish v
        unchanged
    """),
    "the rows that a call is for go, and others come": ("v", """
        a: UPDATE t SET s = 'x' WHERE id IN (1, 3000)
        start v
        a: DELETE FROM t WHERE id = 1
        a: INSERT INTO t VALUES (9000, 1, 'z'), (9001, 1, 'x')
        b: CHECKPOINT
        finish v
        unchanged
    """),
    "a writer begins while calls are made, and commits after": ("v", """
        a: UPDATE t SET s = 'x' WHERE id = 1
        start v
        a: BEGIN
        a: UPDATE t SET s = 'y' WHERE id IN (1, 3000)
        finish v
        a: COMMIT
        refresh
    """),
    "a writer from before to in between": ("v", """
        a: BEGIN
        a: INSERT INTO t SELECT k, 1, 'a' FROM range(9000, 12000) r(k)
        b: UPDATE t SET s = 'x' WHERE id = 1
        start v
        a: COMMIT
        b: FORCE CHECKPOINT
        finish v
        unchanged
    """),
    "a vacuum while calls are made": ("v", """
        a: UPDATE t SET s = 'x' WHERE id = 4500
        start v
        a: DELETE FROM t WHERE id % 50 > 0 AND id < 4096
        b: FORCE CHECKPOINT
        a: UPDATE t SET s = 'y' WHERE id = 4600
        finish v
        unchanged
    """),
    "a refresh that fails does not move on": ("v w", """
        a: UPDATE t SET s = 'x' WHERE id = 1
        start v
        a: UPDATE t SET s = 'y' WHERE id = 3000
        fail v
        b: CHECKPOINT
        refresh w
        a: UPDATE t SET s = 's1' WHERE id = 1
        refresh
        unchanged
    """),
    "another view is refreshed while calls are made": ("v w", """
        a: UPDATE t SET s = 'x' WHERE id = 1
        start v
        a: UPDATE t SET s = 'y' WHERE id = 3000
        refresh w
        a: DELETE FROM t WHERE id = 1
        b: CHECKPOINT
        finish v
        refresh
    """),
    "another view takes the log while calls are made, and as much is written again": ("v w", """
        a: UPDATE t SET s = 'x' WHERE id IN (1, 2)
        start v
        refresh w
        a: UPDATE t SET s = 'y' WHERE id IN (3000, 3001)
        finish v
        refresh
    """),
    "a writer that wrote before the calls commits while they are made": ("v", """
        a: BEGIN
        a: UPDATE t SET s = 'y' WHERE id IN (2, 3000)
        b: UPDATE t SET s = 'x' WHERE id = 1
        start v
        a: COMMIT
        finish v
        unchanged
    """),
    "a writer writes while calls are made, and takes it back": ("v", """
        a: UPDATE t SET s = 'x' WHERE id = 1
        start v
        a: BEGIN
        a: UPDATE t SET s = 'y' WHERE id IN (1, 3000)
        a: ROLLBACK
        finish v
        unchanged
    """),
    "a view and one above it": ("w_u above", """
        a: UPDATE t SET s = 'x' WHERE id = 1
        start above
        a: UPDATE t SET s = 'y' WHERE id = 1
        a: UPDATE t SET s = 'y' WHERE id = 3000
        finish above
        unchanged above
        refresh
    """),
    "a column comes while calls are made": ("star", """
        a: UPDATE t SET s = 'x' WHERE id = 1
        start star
        a: ALTER TABLE t ADD COLUMN m INTEGER DEFAULT 4
        finish star
        unchanged
    """),
    "the key goes while calls are made": ("v", """
        a: UPDATE t SET s = 'x' WHERE id = 1
        start v
        a: CREATE OR REPLACE TABLE t AS SELECT k % 10 AS id, 1 AS n, 's' || k % 7 AS s FROM range(3000) r(k)
        finish v
        unchanged
        a: UPDATE t SET s = 'y' WHERE id = 1
        refresh
    """),
    "a key comes while calls are made": ("v", f"""
        a: {NO_KEY}
        a: UPDATE t SET s = 'x' WHERE id = 1
        start v
        a: ALTER TABLE t ADD PRIMARY KEY (id)
        finish v
        unchanged
        a: UPDATE t SET s = 'y' WHERE id = 1
        refresh
    """),
    "a macro changes while calls are made": ("m", """
        a: UPDATE t SET s = 'x' WHERE id = 1
        start m
        a: CREATE OR REPLACE MACRO m(x) AS x || '2'
        finish m
        unchanged
    """),
    # --- while a refresh stands still inside its transaction
    "rows change inside the transaction": ("i", """
        a: UPDATE t SET s = 'x' WHERE id = 1
        start i
        a: UPDATE t SET s = 'y' WHERE id IN (1, 3000)
        a: DELETE FROM t WHERE id = 2
        a: INSERT INTO t VALUES (9000, 1, 'new')
        finish i
        refresh
        unchanged
    """),
    "rows go and are checkpointed inside the transaction": ("i", """
        a: UPDATE t SET s = 'x' WHERE id = 4500
        start i
        a: DELETE FROM t WHERE id < 4096
        a: UPDATE t SET s = 'y' WHERE id = 4500
        b?: CHECKPOINT
        finish i
        b: FORCE CHECKPOINT
        refresh
    """),
    "row groups come inside the transaction": ("i", """
        a: BEGIN
        a: INSERT INTO t SELECT k, 1, 'a' FROM range(9000, 12000) r(k)
        b: UPDATE t SET s = 'x' WHERE id = 1
        start i
        a: COMMIT
        b?: CHECKPOINT
        finish i
        refresh
    """),
    "a table is replaced inside the transaction": ("i", """
        a: UPDATE t SET s = 'x' WHERE id = 1
        start i
        a: CREATE OR REPLACE TABLE t AS SELECT k AS id, 1 AS n, 'new' AS s FROM range(3000) r(k)
        finish i
        refresh
        a: UPDATE t SET s = 'x' WHERE id = 2500
        refresh
    """),
    "a table is truncated inside the transaction": ("i", """
        a: UPDATE t SET s = 'x' WHERE id = 1
        start i
        a: TRUNCATE t
        a: INSERT INTO t VALUES (1, 1, 'y')
        finish i
        refresh
    """),
    "a recomputed view": ("grouped", """
        a: UPDATE t SET s = 'x' WHERE id = 1
        start grouped
        a: UPDATE t SET s = 'y', n = 70 WHERE id IN (1, 3000)
        finish grouped
        refresh
        unchanged
    """),
    "two refreshes over one table at once": ("v i", """
        a: UPDATE t SET s = 'x' WHERE id = 1
        start v
        start i
        a: UPDATE t SET s = 'y' WHERE id = 3000
        b?: CHECKPOINT
        finish v
        a: UPDATE t SET s = 'z' WHERE id = 1
        finish i
        refresh
        unchanged
    """),
    "a refresh that fails inside its transaction": ("i w", """
        a: UPDATE t SET s = 'x' WHERE id = 1
        start i
        a: UPDATE t SET s = 'y' WHERE id = 3000
        refresh w
        fail i
        b: CHECKPOINT
        refresh
        unchanged
    """),
}  # fmt: skip


@pytest.mark.every(41)
@pytest.mark.parametrize(("name", "capture"), [(name, capture) for name in SCRIPTS for capture in CAPTURES])
def test_scripts(path: Path, capture: str, name: str) -> None:
    views, text = SCRIPTS[name]
    script = Script(path, capture, views.split())
    try:
        script.run(text)
    finally:
        script.close()


@pytest.mark.parametrize("capture", CAPTURES)
def test_the_table_goes_while_calls_are_made(path: Path, capture: str) -> None:
    script = Script(path, capture, ["v", "w"])
    con = script.con
    try:
        for line in ["a: UPDATE t SET s = 'x' WHERE id = 1", "start v", "a: ALTER TABLE t RENAME TO u"]:
            script.step(line)
        with pytest.raises(AssertionError, match="view v cannot be refreshed.*CREATE OR REPLACE INCREMENTAL VIEW v"):
            script.step("finish v")
        assert rows(con, "SELECT u FROM v WHERE id = 1") == [("s1!",)]
        assert rows(con, "SELECT name, status FROM coco_views() ORDER BY name") == [("v", "broken"), ("w", "broken")]
        script.run("a: ALTER TABLE u RENAME TO t")
    finally:
        script.close()
