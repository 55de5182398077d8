"""Statements that wait for others: each goes on from what the other left."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import duckdb
import pytest
from helpers import Con, assert_replayed, assert_view_equals_query, one, rows

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
            assert self.gate.wait(30)
            return x * 3

        cocosql.register(con, triple)


@contextmanager
def going_on(con: Con, slow: Slow, statement: str) -> Iterator[None]:
    """A statement that is in its calls meanwhile. It must not fail."""
    slow.gate.clear()
    slow.begun.clear()
    with running(con, statement):
        assert slow.begun.wait(30)
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
        thread.join(30)
    assert not thread.is_alive()
    if error:
        assert failures
        assert error in str(failures[0])
    elif failures:
        raise failures[0]


def wait_until(holds: Callable[[], object]) -> None:
    end = time.monotonic() + 30
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
    con.execute("CREATE INCREMENTAL VIEW v AS SELECT id, triple(x) AS x FROM t")
    con.execute("INSERT INTO t VALUES (10, 1000)")
    with going_on(con, slow, "REFRESH INCREMENTAL VIEW v"), running(con, "DROP INCREMENTAL VIEW v"):
        wait_until(waits)
        with running(con, "CREATE INCREMENTAL VIEW w AS SELECT id FROM v", error="v"):
            wait_until(lambda: len(locks._waiting) == 2)
            slow.gate.set()
    assert [status for (status,) in rows(con, "SELECT status FROM coco_views()") if status == "broken"] == []


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
