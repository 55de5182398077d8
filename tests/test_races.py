"""Statements that wait for others: each goes on from what the other left."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pytest
from helpers import Con, assert_replayed, assert_view_equals_query, in_threads, one, rows, start

import cocosql
from cocosql.catalog import locks

TABLE = "CREATE TABLE t (id INTEGER PRIMARY KEY, x BIGINT); INSERT INTO t SELECT i, i FROM range(5) r(i)"


class Slow:
    """A function whose calls wait while the gate is shut."""

    def __init__(self, con: Con) -> None:
        self.gate = threading.Event()
        self.gate.set()
        self.begun = threading.Event()

        @cocosql.udf(version="1")
        def triple(x: int) -> int:
            self.begun.set()
            assert self.gate.wait(120)
            return x * 3

        cocosql.register(con, triple)


@contextmanager
def going_on(con: Con, slow: Slow, statement: str) -> Iterator[None]:
    """A statement that is in its calls meanwhile. It must not fail."""
    slow.gate.clear()
    slow.begun.clear()
    with running(con, statement):
        assert slow.begun.wait(60)
        try:
            yield
        finally:
            slow.gate.set()


@contextmanager
def running(con: Con, statement: str, error: str = "") -> Iterator[None]:
    """A statement on a thread of its own; it must end as expected."""
    failures: list[BaseException] = []

    def work() -> None:
        try:
            con.cursor().execute(statement).fetchall()
        except BaseException as failure:
            failures.append(failure)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        yield
    finally:
        thread.join(60)
    assert not thread.is_alive()
    if error:
        assert failures
        assert error in str(failures[0])
    elif failures:
        raise failures[0]


def wait_until(holds: Callable[[], object]) -> None:
    end = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.01)


def waits() -> bool:
    """Whether a statement waits for a lock."""
    return bool(locks._waiting)


def waiting(con: Con, slow: Slow, first: str, second: str, error: str = "") -> None:
    """Run a statement while another is in its calls, so that it waits for it."""
    with going_on(con, slow, first), running(con, second, error):
        wait_until(waits)
        slow.gate.set()


@pytest.fixture
def slow(con: Con) -> Slow:
    con.execute(TABLE)
    return Slow(con)


CHANGES = {
    "SET": ("SET (retain_changes = '1 day')", "v"),
    "RESET": ("RESET (on_error)", "v"),
    "RENAME": ("RENAME TO w", "w"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_alter_keeps_what_a_refresh_wrote_meanwhile(con: Con, slow: Slow, change: str) -> None:
    clause, name = CHANGES[change]
    con.execute("CREATE INCREMENTAL VIEW v WITH (on_error = 'keep') AS SELECT id, triple(x) AS y FROM t")
    con.execute("CREATE INCREMENTAL VIEW above AS SELECT count(*) AS n, sum(y) AS s FROM v")
    con.execute("INSERT INTO t VALUES (10, 1000)")
    waiting(con, slow, "REFRESH INCREMENTAL VIEW above", f"ALTER INCREMENTAL VIEW v {clause}")
    assert one(con, f"SELECT version FROM coco_views() WHERE name = '{name}'") == 2
    con.execute("INSERT INTO t VALUES (11, 2000)")
    con.execute("REFRESH ALL INCREMENTAL VIEWS")
    assert_view_equals_query(con, name, "SELECT id, x * 3 AS y FROM t")
    assert_view_equals_query(con, "above", f"SELECT count(*) AS n, sum(y) AS s FROM {name}")
    assert_replayed(con, name, name)
    assert_replayed(con, "above", "above")


def test_two_alters_keep_both(con: Con, slow: Slow) -> None:
    con.execute("CREATE INCREMENTAL VIEW v AS SELECT id, triple(x) AS y FROM t")
    con.execute("INSERT INTO t VALUES (10, 1000)")
    with (
        going_on(con, slow, "REFRESH INCREMENTAL VIEW v"),
        running(con, "ALTER INCREMENTAL VIEW v SET (on_error = 'keep')"),
        running(con, "ALTER INCREMENTAL VIEW v SET (retain_changes = '1 day')"),
    ):
        wait_until(lambda: len(locks._waiting) == 2)
        slow.gate.set()
    assert one(con, "SELECT options FROM coco.views") == {"on_error": "keep", "retain_changes": "1 day"}


def test_a_refresh_that_waits_goes_by_the_new_query(con: Con, slow: Slow) -> None:
    """Settings and search path, too."""
    con.execute("CREATE SCHEMA s; CREATE TABLE s.t AS SELECT 7 AS id, 70 AS x")
    con.execute("CREATE INCREMENTAL VIEW v AS SELECT id, x AS y FROM t")
    replace = "USE s; CREATE OR REPLACE INCREMENTAL VIEW main.v AS SELECT id, triple(x) AS y FROM t"
    waiting(con, slow, replace, "REFRESH INCREMENTAL VIEW main.v")
    assert rows(con, "FROM v") == [(7, 210)]


def test_a_view_is_not_dropped_under_one_that_is_being_created(con: Con, slow: Slow) -> None:
    con.execute("CREATE INCREMENTAL VIEW v AS SELECT id, x FROM t")
    create = "CREATE INCREMENTAL VIEW w AS SELECT id, triple(x) AS y FROM v"
    waiting(con, slow, create, "DROP INCREMENTAL VIEW v", error="which w reads")
    assert_view_equals_query(con, "w", "SELECT id, x * 3 AS y FROM t")


def test_drop_cascade_drops_what_was_created_while_it_waited(con: Con, slow: Slow) -> None:
    con.execute("CREATE INCREMENTAL VIEW v AS SELECT id, x FROM t")
    create = "CREATE INCREMENTAL VIEW w AS SELECT id, triple(x) AS y FROM v"
    waiting(con, slow, create, "DROP INCREMENTAL VIEW v CASCADE")
    assert rows(con, "FROM coco_views()") == []


def test_a_rename_reaches_a_reader_that_was_created_while_it_waited(con: Con, slow: Slow) -> None:
    con.execute("CREATE INCREMENTAL VIEW v AS SELECT id, x FROM t")
    create = "CREATE INCREMENTAL VIEW w AS SELECT id, triple(x) AS y FROM v"
    waiting(con, slow, create, "ALTER INCREMENTAL VIEW v RENAME TO renamed")
    con.execute("INSERT INTO t VALUES (10, 1000); REFRESH INCREMENTAL VIEW w")
    assert_view_equals_query(con, "w", "SELECT id, x * 3 AS y FROM t")
    assert sorted(rows(con, "SELECT name, status FROM coco_views()")) == [("renamed", "fresh"), ("w", "fresh")]


def test_a_reader_is_not_created_on_a_view_that_was_dropped_while_it_waited(con: Con, slow: Slow) -> None:
    """Whichever is first, the other fails."""
    con.execute("CREATE INCREMENTAL VIEW v AS SELECT id, triple(x) AS x FROM t")
    con.execute("INSERT INTO t VALUES (10, 1000)")
    failures: list[str] = []

    def work(statement: str) -> None:
        try:
            con.cursor().execute(statement)
        except duckdb.Error as error:
            failures.append(str(error))

    statements = ["DROP INCREMENTAL VIEW v", "CREATE INCREMENTAL VIEW w AS SELECT id FROM v"]
    with going_on(con, slow, "REFRESH INCREMENTAL VIEW v"):
        threads = [threading.Thread(target=work, args=[statement], daemon=True) for statement in statements]
        for thread in threads:
            thread.start()
        wait_until(lambda: len(locks._waiting) == 2)
        slow.gate.set()
        for thread in threads:
            thread.join(60)
    assert len(failures) == 1
    assert rows(con, "SELECT name FROM coco_views() WHERE status = 'broken'") == []


@pytest.mark.parametrize("statement", ["REFRESH ALL INCREMENTAL VIEWS", "VACUUM INCREMENTAL VIEWS"])
def test_a_view_that_is_dropped_ends_nothing_else(con: Con, slow: Slow, statement: str) -> None:
    """REFRESH ALL and VACUUM go on with the rest."""
    con.execute("CREATE INCREMENTAL VIEW v AS SELECT id, triple(x) AS y FROM t")
    con.execute("CREATE INCREMENTAL VIEW w AS SELECT id, x FROM t")
    con.execute("INSERT INTO t VALUES (10, 1000)")
    with going_on(con, slow, "REFRESH INCREMENTAL VIEW v"), running(con, "DROP INCREMENTAL VIEW v"):
        wait_until(waits)
        with running(con, statement):
            wait_until(lambda: len(locks._waiting) == 2)
            slow.gate.set()
    assert "v" not in [name for (name,) in rows(con, "SELECT name FROM coco_views()")]
    con.execute("REFRESH ALL INCREMENTAL VIEWS")
    assert_view_equals_query(con, "w", "SELECT id, x FROM t")


def test_if_not_exists_brings_back_a_view_that_was_dropped_without_cocosql(con: Con) -> None:
    con.execute(TABLE)
    create = "CREATE INCREMENTAL VIEW IF NOT EXISTS v AS SELECT id, x FROM t"
    con.execute(create)
    con.execute("DROP VIEW v")
    con.execute(create)
    con.execute("INSERT INTO t VALUES (10, 1000); REFRESH INCREMENTAL VIEW v")
    assert_view_equals_query(con, "v", "SELECT id, x FROM t")
    con.execute("DROP VIEW v; CREATE TABLE v AS SELECT 1 AS id")
    with pytest.raises(duckdb.CatalogException, match="a table named v exists already"):
        con.execute(create)


# --- functions that run statements, and checkpoints -------------------------------------------------------------------

KINDS: dict[str, tuple[str, dict[str, Any]]] = {
    "rows": ("SELECT id, f(x) AS y FROM t", {}),
    "threads": ("SELECT id, f(x) AS y FROM t", {"max_concurrency": 3}),
    "timeout": ("SELECT id, f(x) AS y FROM t", {"timeout": 30}),
    "async": ("SELECT id, f(x) AS y FROM t", {"max_concurrency": 2}),
    "inline": ("SELECT id, f(x) AS y FROM t", {"memo": False}),
}


@pytest.mark.every(15)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "statement",
    [
        "REFRESH INCREMENTAL VIEW v",
        "REFRESH INCREMENTAL VIEW above",
        "DROP INCREMENTAL VIEW v CASCADE",
        "ALTER INCREMENTAL VIEW v SET (retain_changes = '1 day')",
        "ALTER INCREMENTAL VIEW v RENAME TO w",
        "CREATE OR REPLACE INCREMENTAL VIEW v AS SELECT 1 AS id",
        "CREATE INCREMENTAL VIEW w AS SELECT id FROM v",
    ],
)
def test_a_function_cannot_change_the_view_whose_refresh_calls_it(con: Con, kind: str, statement: str) -> None:
    query, options = KINDS[kind]
    does: list[str] = []

    def body(x: int) -> int:
        for sql in does:
            con.cursor().execute(sql)
        return x

    if kind == "async":

        @cocosql.udf(version="1", **options)
        async def f(x: int) -> int:
            return body(x)
    else:

        @cocosql.udf(version="1", **options)
        def f(x: int) -> int:
            return body(x)

    con.execute(TABLE)
    cocosql.register(con, f)
    con.execute(f"CREATE INCREMENTAL VIEW v AS {query}")
    con.execute("CREATE INCREMENTAL VIEW above AS SELECT count(*) AS n FROM v")
    con.execute("INSERT INTO t VALUES (10, 1000)")
    does.append(statement)
    with pytest.raises(duckdb.Error, match="v is locked by a statement that waits for this one"):
        con.execute("REFRESH INCREMENTAL VIEW v")
    does.clear()
    con.execute("REFRESH ALL INCREMENTAL VIEWS")
    assert_view_equals_query(con, "v", "SELECT id, x AS y FROM t")


def test_functions_that_refresh_each_others_views_do_not_wait_for_ever(con: Con) -> None:
    con.execute(TABLE)
    both = threading.Barrier(2, timeout=60)
    meets = [False]

    def refreshes(name: str, other: str) -> None:
        @cocosql.udf(name=name, version="1")
        def call(x: int) -> int:
            if meets[0]:
                both.wait()
                meets[0] = False
                con.cursor().execute(f"REFRESH INCREMENTAL VIEW {other}")
            return x

        cocosql.register(con, call)

    refreshes("f", "w")
    refreshes("g", "v")
    con.execute("CREATE INCREMENTAL VIEW v AS SELECT id, f(x) AS y FROM t")
    con.execute("CREATE INCREMENTAL VIEW w AS SELECT id, g(x) AS y FROM t")
    con.execute("INSERT INTO t VALUES (10, 1000)")
    meets[0] = True
    failures: list[str] = []

    def refresh(name: str) -> None:
        try:
            con.cursor().execute(f"REFRESH INCREMENTAL VIEW {name}")
        except duckdb.Error as error:
            failures.append(str(error))

    in_threads([lambda: refresh("v"), lambda: refresh("w")])
    assert failures
    assert all("waits for this one" in failure for failure in failures)


def test_a_function_may_refresh_other_views(con: Con) -> None:
    con.execute(TABLE)
    con.execute("CREATE INCREMENTAL VIEW other AS SELECT id FROM t")

    @cocosql.udf(version="1")
    def f(x: int) -> int:
        con.cursor().execute("REFRESH INCREMENTAL VIEW other")
        return x

    cocosql.register(con, f)
    con.execute("CREATE INCREMENTAL VIEW v AS SELECT id, f(x) AS y FROM t")
    assert_view_equals_query(con, "v", "SELECT id, x AS y FROM t")


FORCED = """
import sys, threading, time
import cocosql, duckdb

con = cocosql.connect(sys.argv[1], threads=2)
con.execute("CREATE TABLE a AS SELECT i AS id, i AS x FROM range(1000) r(i)")
con.execute("CREATE INCREMENTAL VIEW v AS SELECT id, x FROM a")
con.execute("CREATE INCREMENTAL VIEW w AS SELECT x, count(*) AS n FROM a GROUP BY x")
end = time.monotonic() + 3

def repeat(*statements):
    with con.cursor() as cursor:
        while time.monotonic() < end:
            for statement in statements:
                try:
                    cursor.execute(statement).fetchall()
                except duckdb.TransactionException:
                    pass

work = [
    ["REFRESH INCREMENTAL VIEW v", "INSERT INTO a SELECT max(id) + 1, 7 FROM a"],
    ["REFRESH INCREMENTAL VIEW w"],
    ["REFRESH INCREMENTAL VIEW v", "FROM coco_views()"],
    ["FORCE CHECKPOINT"],
]
threads = [threading.Thread(target=repeat, args=statements) for statements in work]
for thread in threads: thread.start()
for thread in threads: thread.join()
con.execute("REFRESH ALL INCREMENTAL VIEWS")
assert con.execute("FROM v EXCEPT ALL FROM a").fetchall() == con.execute("FROM a EXCEPT ALL FROM v").fetchall() == []
print("done")
"""


@pytest.mark.slow
def test_forced_checkpoints_beside_refreshes_end(path: Path) -> None:
    child = start(FORCED, str(path))
    try:
        out, errors = child.communicate(timeout=60)
    finally:
        child.kill()
    assert out == "done\n", errors
