"""Threads that refresh views by themselves, while the connection that they work for is free."""

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
from helpers import Con, assert_view_equals_query, one, rows, run_script

import cocosql
from cocosql._native import StopEvent
from cocosql.background import background

#: Seconds within which work has stopped on a busy machine, too.
LATEST = 8
#: Takes minutes.
ENDLESS = "SELECT max(a.x * b.x % 7) AS m FROM range(300000) AS a(x), range(300000) AS b(x), t"


class Worker:
    """A thread that does one thing, and how that ended."""

    def __init__(self, work: Callable[[], Any]) -> None:
        self.result: Any = None
        self.error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, args=[work], daemon=True)
        self._thread.start()

    def _run(self, work: Callable[[], Any]) -> None:
        try:
            self.result = work()
        except BaseException as error:
            # Its frames name the session, which keeps the database open.
            self.error = error.with_traceback(None)

    def ends(self, seconds: float = 60) -> "Worker":
        self._thread.join(seconds)
        assert not self._thread.is_alive(), "it goes on"
        return self


def test_a_thread_refreshes_while_the_connection_works(con: Con) -> None:
    """What it saw is what the view has; the connection never waits for its end, nor sees a part of it."""
    twice = cocosql.udf(version="1", name="twice")(_twice)
    cocosql.register(con, twice)
    con.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, x INTEGER)")
    query = "SELECT x % 10 AS g, sum(twice(x)) AS s, count(*) AS n FROM t GROUP BY ALL"
    con.execute(f"CREATE INCREMENTAL VIEW v AS {query}")
    work, stop, done = background(con), threading.Event(), []

    def refreshes() -> None:
        while not stop.is_set():
            done.extend(work.refresh(["v"], StopEvent()))

    worker = Worker(refreshes)
    for number in range(60):
        con.execute("INSERT INTO t SELECT i, i % 37 FROM range(?, ?) AS r(i)", [number * 20, number * 20 + 20])
        con.execute("UPDATE t SET x = x + 1 WHERE id % 7 = ?", [number % 7])
        con.execute("DELETE FROM t WHERE id % 50 = ?", [number % 50])
        if number % 3 == 0:
            con.execute("REFRESH INCREMENTAL VIEW v")
        assert one(con, "SELECT coalesce(sum(n), 0) % 1 FROM v") == 0
    stop.set()
    assert worker.ends().error is None
    assert len(done) > 1
    assert {name for name, *_ in done} == {"v"}
    work.refresh(["v"], StopEvent())
    assert_view_equals_query(con, "v", query)
    assert one(con, "SELECT count(*) FROM coco_runs('v') WHERE status <> 'succeeded'") == 0


def _twice(x: int) -> int:
    return 2 * x


def test_names_and_settings_are_those_of_the_connection_that_was_asked(con: Con) -> None:
    con.execute("CREATE SCHEMA s; CREATE TABLE t AS SELECT 1 AS x")
    con.execute(
        "CREATE INCREMENTAL VIEW v AS SELECT x FROM t; CREATE INCREMENTAL VIEW s.v AS SELECT x + 10 AS x FROM t"
    )
    con.execute("INSERT INTO t VALUES (2)")
    plain = background(con)
    con.execute("SET search_path = 's,main'")
    there = background(con)
    con.execute("RESET search_path")
    assert [row[:3] for row in there.refresh(["v"], StopEvent())] == [("s.v", 2, 1)]
    assert rows(con, "FROM v") == [(1,)]
    assert [row[:3] for row in plain.refresh(["v", "s.v"], StopEvent())] == [("v", 2, 1), ("s.v", 2, 0)]
    assert plain.caller.search_path != there.caller.search_path
    with pytest.raises(duckdb.CatalogException, match="nowhere does not exist"):
        plain.refresh(["nowhere"], StopEvent())


def test_what_nobody_asked_for_is_refused(con: Con) -> None:
    with pytest.raises(duckdb.InvalidInputException, match="nobody has asked"):
        con.execute("SELECT coco_client(1234567)")


def test_stop_ends_a_query(con: Con) -> None:
    con.execute("CREATE TABLE t AS SELECT 1 AS x")
    con.execute(f"CREATE INCREMENTAL VIEW v WITH (mode = 'recompute') AS {ENDLESS} WITH NO DATA")
    stop, work = StopEvent(), background(con)
    worker = Worker(lambda: work.refresh(["v"], stop))
    time.sleep(1)
    began = time.monotonic()
    stop.set()
    assert isinstance(worker.ends().error, duckdb.InterruptException)
    assert time.monotonic() - began < LATEST
    assert rows(con, "SELECT status FROM coco_runs('v')") in ([("failed",)], [])
    assert one(con, "SELECT version FROM coco_views()") == 0
    assert one(con, "SELECT 1") == 1


@pytest.mark.parametrize("options", [{}, {"batch_size": 4}, {"max_concurrency": 2}])
def test_stop_ends_calls_and_loses_no_result(con: Con, options: dict[str, Any]) -> None:
    """Also in the middle of a call that does not end. What was finished is not called again."""
    begun, end, calls = threading.Event(), threading.Event(), []

    def slow(x: int) -> int:
        calls.append(x)
        if x > 12 and not end.is_set():
            begun.set()
            while not end.wait(0.1):
                pass
        time.sleep(0.15)
        return -x

    def slow_batch(xs: list[int]) -> list[int]:
        return [slow(x) for x in xs]

    udf = cocosql.udf(version="1", name="slow", **options)
    cocosql.register(con, udf(slow_batch if "batch_size" in options else slow))
    con.execute("CREATE TABLE t AS SELECT i::INTEGER AS x FROM range(16) AS r(i)")
    con.execute("CREATE INCREMENTAL VIEW v AS SELECT x, slow(x) AS y FROM t WITH NO DATA")
    stop, work = StopEvent(), background(con)
    worker = Worker(lambda: work.refresh(["v"], stop))
    assert begun.wait(60)
    began = time.monotonic()
    stop.set()
    assert isinstance(worker.ends().error, duckdb.InterruptException)
    assert time.monotonic() - began < LATEST
    kept = one(con, "SELECT count(*) FROM coco_memo('slow')")
    assert kept >= 8
    assert rows(con, "SELECT status, calls FROM coco_runs('v')") == [("failed", kept)]
    end.set()
    calls.clear()
    assert [row[:3] for row in work.refresh(["v"], StopEvent())] == [("v", 1, 16)]
    assert len(calls) == 16 - kept
    assert rows(con, "FROM v ORDER BY x") == [(x, -x) for x in range(16)]


def test_stop_ends_the_wait_for_a_statement(con: Con) -> None:
    begun, end = threading.Event(), threading.Event()

    def slow(x: int) -> int:
        begun.set()
        assert end.wait(120)
        return x

    cocosql.register(con, cocosql.udf(version="1")(slow))
    con.execute("CREATE TABLE t AS SELECT 1 AS x; CREATE INCREMENTAL VIEW v AS SELECT slow(x) AS y FROM t WITH NO DATA")
    work, stop = background(con), StopEvent()
    statement = Worker(lambda: con.cursor().execute("REFRESH INCREMENTAL VIEW v").fetchall())
    assert begun.wait(60)
    worker = Worker(lambda: work.refresh(["v"], stop))
    time.sleep(0.3)
    stop.set()
    assert isinstance(worker.ends().error, duckdb.InterruptException)
    end.set()
    assert statement.ends().error is None
    assert rows(con, "FROM v") == [(1,)]


def test_a_function_that_asks_itself_is_called_in_the_thread_that_has_its_turn(con: Con) -> None:
    def down(x: int) -> int:
        return x if x < 1 else one(con.cursor(), f"SELECT down({x - 1})") + 1

    cocosql.register(con, cocosql.udf(version="1", memo=False)(down))
    con.execute("CREATE TABLE t AS SELECT 3 AS x; CREATE INCREMENTAL VIEW v AS SELECT down(x) AS y FROM t WITH NO DATA")
    Worker(lambda: background(con.cursor()).refresh(["v"], StopEvent())).ends(30)


CLOSED = """
import sys, threading, time
import duckdb
import cocosql
from cocosql._native import StopEvent
from cocosql.background import background

begun = threading.Event()

@cocosql.udf(version="1")
def slow(x: int) -> int:
    begun.set()
    time.sleep({seconds})
    return x

con = cocosql.connect(sys.argv[1], functions=(slow,))
con.execute("CREATE TABLE t AS SELECT 1 AS x FROM range(3)")
con.execute('''CREATE INCREMENTAL VIEW v WITH (mode = '{mode}') AS {query} WITH NO DATA''')
work = background(con)

def refresh():
    try:
        work.refresh(["v"], StopEvent())
    except duckdb.Error as error:
        print(type(error).__name__, error)

thread = threading.Thread(target=refresh)
thread.start()
begun.wait({wait})
con.close()
closed = time.monotonic()
thread.join(60)
print(not thread.is_alive() and time.monotonic() - closed < {latest})
try:
    work.refresh(["v"], StopEvent())
except duckdb.ConnectionException as error:
    print(error)
with duckdb.connect(sys.argv[1]) as plain:  # the file is free
    print(plain.execute("SELECT count(*) FROM t").fetchall())
"""


@pytest.mark.parametrize(
    ("query", "mode", "seconds", "wait"),
    [
        pytest.param(ENDLESS, "recompute", 0, 1, id="in a query"),
        pytest.param("SELECT slow(x) AS y FROM t", "auto", 100, 60, id="in a call"),
        pytest.param("SELECT slow(x) AS y FROM t", "recompute", 100, 60, id="in a call inside a query"),
    ],
)
def test_closing_the_connection_ends_the_work(path: Path, query: str, mode: str, seconds: int, wait: int) -> None:
    said = run_script(CLOSED.format(query=query, mode=mode, seconds=seconds, wait=wait, latest=LATEST), path)
    closed = "the connection that this was done for has been closed"
    assert said.splitlines() == [
        f"ConnectionException {closed}",
        "True",
        closed,
        "[(3,)]",
    ]
