"""Where and how functions are called: batches, concurrency, retries, timeouts, rate limits, processes."""

import asyncio
import threading
import time
from typing import Any

import duckdb
import pytest
from helpers import Con, assert_view_equals_query, one, rows

import cocosql


@pytest.fixture
def numbers(con: Con) -> Con:
    con.execute("CREATE TABLE t AS SELECT i::BIGINT AS id FROM range(100) r(i)")
    return con


def build(con: Con, function: Any, options: str = "", where: str = "true") -> None:
    """A view `v` of a function's results for the numbers."""
    function = cocosql.udf(function) if not isinstance(function, cocosql.Function) else function
    cocosql.register(con, function)
    con.execute(f"CREATE INCREMENTAL VIEW v {options} AS SELECT id, {function.name}(id) AS y FROM t WHERE {where}")


class Gauge:
    """How many are inside at once, at most."""

    def __init__(self) -> None:
        self.most = self.inside = 0
        self._lock = threading.Lock()

    def __enter__(self) -> None:
        with self._lock:
            self.inside += 1
            self.most = max(self.most, self.inside)

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self.inside -= 1


# --- batches ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("options", [{}, {"max_concurrency": 3}, {"executor": "process"}])
def test_all_batches_but_the_last_are_full(numbers: Con, options: dict[str, Any]) -> None:
    @cocosql.udf(batch_size=16, version="1", **options)
    def size(xs: list[int]) -> list[int]:
        return [len(xs)] * len(xs)

    build(numbers, size)
    assert sorted(rows(numbers, "SELECT y, count(*) FROM v GROUP BY y")) == [(4, 4), (16, 96)]


def test_all_batches_of_two_call_sites_are_full(numbers: Con) -> None:
    sizes: list[int] = []

    @cocosql.udf(batch_size=16, version="1")
    def negative(xs: list[int]) -> list[int]:
        sizes.append(len(xs))
        return [-x for x in xs]

    cocosql.register(numbers, negative)
    numbers.execute("CREATE INCREMENTAL VIEW v AS SELECT negative(id) AS a, negative(id + 50) AS b FROM t")
    assert sorted(sizes) == [6] + [16] * 9
    assert_view_equals_query(numbers, "v", "SELECT -id AS a, -id - 50 AS b FROM t")


# --- concurrency ------------------------------------------------------------------------------------------------------


def test_calls_run_at_once_and_not_more(numbers: Con) -> None:
    gauge = Gauge()

    @cocosql.udf(max_concurrency=7, version="1")
    def slow(x: int) -> int:
        with gauge:
            time.sleep(0.005)
        return x

    build(numbers, slow)
    assert gauge.most == 7
    assert_view_equals_query(numbers, "v", "SELECT id, id AS y FROM t")


def test_by_default_calls_run_one_at_a_time_over_all_threads(numbers: Con) -> None:
    gauge = Gauge()

    @cocosql.udf(memo=False, version="1")
    def slow(x: int) -> int:
        with gauge:
            time.sleep(0.001)
        return x

    cocosql.register(numbers, slow)

    def query() -> None:
        with numbers.cursor() as cursor:
            cursor.execute("SELECT sum(slow(id)) FROM t").fetchall()

    threads = [threading.Thread(target=query) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert gauge.most == 1


def test_async_calls_overlap(numbers: Con) -> None:
    gauge = Gauge()

    @cocosql.udf(max_concurrency=20, version="1")
    async def slow(x: int) -> int:
        with gauge:
            await asyncio.sleep(0.01)
        return x

    build(numbers, slow)
    assert gauge.most == 20
    assert_view_equals_query(numbers, "v", "SELECT id, id AS y FROM t")


def test_async_batches(numbers: Con) -> None:
    @cocosql.udf(batch_size=30)
    async def double(xs: list[int]) -> list[int]:
        await asyncio.sleep(0)
        return [2 * x for x in xs]

    build(numbers, double)
    assert_view_equals_query(numbers, "v", "SELECT id, 2 * id AS y FROM t")


def test_async_functions_in_plain_queries(numbers: Con) -> None:
    @cocosql.udf
    async def double(x: int) -> int:
        return 2 * x

    cocosql.register(numbers, double)
    assert one(numbers, "SELECT sum(double(id)) FROM t") == 9900


# --- retries and bisection --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("is_async", [False, True])
def test_a_call_is_retried(numbers: Con, is_async: bool) -> None:
    seen: dict[int, int] = {}

    def attempt(x: int) -> int:
        seen[x] = seen.get(x, 0) + 1
        if x % 2 and seen[x] < 3:
            raise ConnectionError("busy")
        return x

    if is_async:

        @cocosql.udf(max_retries=2, backoff=0.001, version="1")
        async def flaky(x: int) -> int:
            return attempt(x)
    else:

        @cocosql.udf(max_retries=2, backoff=0.001, version="1")
        def flaky(x: int) -> int:
            return attempt(x)

    build(numbers, flaky)
    assert seen == {x: 3 if x % 2 else 1 for x in range(100)}
    assert_view_equals_query(numbers, "v", "SELECT id, id AS y FROM t")


def test_retries_end(numbers: Con) -> None:
    seen: list[int] = []

    @cocosql.udf(max_retries=2, backoff=0.001, version="1")
    def never(x: int) -> int:
        seen.append(x)
        raise ConnectionError("busy")

    with pytest.raises(duckdb.InvalidInputException, match='never failed for \\(5\\).*id":5(.|\n)*busy'):
        build(numbers, never, where="id = 5")
    assert seen == [5, 5, 5]
    assert rows(numbers, "SELECT input, attempts FROM coco_errors('v')") == [("5", 3)]


@pytest.mark.parametrize("retry_on", [ConnectionError, (OSError, KeyError), lambda error: "busy" in str(error)])
def test_only_some_errors_are_retried(numbers: Con, retry_on: Any) -> None:
    seen: list[int] = []

    @cocosql.udf(max_retries=3, backoff=0.001, retry_on=retry_on, version="1")
    def picky(x: int) -> int:
        seen.append(x)
        if seen.count(x) > 1:
            return x
        raise ConnectionError("busy") if x == 1 else ValueError("bad")

    build(numbers, picky, "WITH (on_error = 'keep')", "id IN (1, 2)")
    assert sorted(seen) == [1, 1, 2]
    assert rows(numbers, "SELECT id FROM v") == [(1,)]


def test_backoff_waits_longer_each_time(numbers: Con) -> None:
    waits: list[int] = []

    def backoff(retry: int) -> float:
        waits.append(retry)
        return 0.001

    @cocosql.udf(max_retries=3, backoff=backoff, version="1")
    def never(x: int) -> int:
        raise ConnectionError

    with pytest.raises(duckdb.InvalidInputException):
        build(numbers, never, where="id = 5")
    assert waits == [1, 2, 3]


@pytest.mark.parametrize("options", [{}, {"max_concurrency": 4}, {"executor": "process"}])
def test_one_bad_input_does_not_fail_its_batch(numbers: Con, options: dict[str, Any]) -> None:
    @cocosql.udf(batch_size=50, **options)
    def picky(xs: list[int]) -> list[int]:
        if 33 in xs or 70 in xs:
            raise ValueError("a bad one")
        return [-x for x in xs]

    build(numbers, picky, "WITH (on_error = 'keep')")
    assert_view_equals_query(numbers, "v", "SELECT id, -id AS y FROM t WHERE id NOT IN (33, 70)")
    assert rows(numbers, "SELECT input FROM coco_errors('v') ORDER BY ALL") == [("33",), ("70",)]


def test_a_batch_is_halved_not_called_row_by_row(numbers: Con) -> None:
    sizes: list[int] = []

    @cocosql.udf(batch_size=64, version="1")
    def picky(xs: list[int]) -> list[int]:
        sizes.append(len(xs))
        if 5 in xs:
            raise ValueError
        return xs

    build(numbers, picky, "WITH (on_error = 'keep')", "id < 64")
    assert sorted(sizes, reverse=True) == [64, 32, 32, 16, 16, 8, 8, 4, 4, 2, 2, 1, 1]


def test_a_row_function_is_not_called_again_for_rows_that_are_done(numbers: Con) -> None:
    seen: list[int] = []

    @cocosql.udf(version="1")
    def picky(x: int) -> int:
        seen.append(x)
        if x in (40, 41, 99):
            raise ValueError
        return x

    build(numbers, picky, "WITH (on_error = 'keep')")
    assert sorted(seen) == list(range(100))
    assert one(numbers, "SELECT count(*) FROM v") == 97


# --- timeouts and rate limits -----------------------------------------------------------------------------------------


def stuck(x: int) -> int:
    while x == 3:
        pass
    return x


@pytest.mark.parametrize("options", [{}, {"max_concurrency": 4}, {"executor": "process", "max_concurrency": 2}])
def test_a_stuck_call_is_given_up(numbers: Con, options: dict[str, Any]) -> None:
    build(numbers, cocosql.udf(timeout=1.0, **options)(stuck), "WITH (on_error = 'keep')", "id < 10")
    assert_view_equals_query(numbers, "v", "SELECT id, id AS y FROM t WHERE id < 10 AND id <> 3")
    assert rows(numbers, "SELECT input, error FROM coco_errors('v')") == [
        ("3", "TimeoutError: it took longer than 1 seconds")
    ]


def test_a_stuck_async_call_is_given_up(numbers: Con) -> None:
    @cocosql.udf(timeout=1)
    async def slow(x: int) -> int:
        await asyncio.sleep(100 if x == 3 else 0)
        return x

    build(numbers, slow, "WITH (on_error = 'keep')", "id < 10")
    assert_view_equals_query(numbers, "v", "SELECT id, id AS y FROM t WHERE id < 10 AND id <> 3")


def test_a_call_that_was_given_up_stops(numbers: Con) -> None:
    build(numbers, cocosql.udf(timeout=0.1)(stuck), "WITH (on_error = 'keep')", "id = 3")
    deadline = time.monotonic() + 60
    while any(thread.name == "cocosql-timeout" for thread in threading.enumerate()):
        assert time.monotonic() < deadline, "the stuck call goes on"
        time.sleep(0.01)


@pytest.mark.parametrize("is_async", [False, True])
def test_calls_begin_no_more_often_than_the_rate_limit(numbers: Con, is_async: bool) -> None:
    begun: list[float] = []
    if is_async:

        @cocosql.udf(rate_limit="10/second", version="1")
        async def limited(x: int) -> int:
            begun.append(time.monotonic())
            return x
    else:

        @cocosql.udf(rate_limit=10, max_concurrency=8, version="1")
        def limited(x: int) -> int:
            begun.append(time.monotonic())
            return x

    # A busy machine makes calls begin later than they may, never earlier.
    start = time.monotonic()
    build(numbers, limited, where="id < 25")
    assert len(begun) == 25
    begun.sort()
    assert begun[10] - start > 0.95
    assert begun[20] - start > 1.95


# --- processes --------------------------------------------------------------------------------------------------------


def test_a_process_that_crashes_takes_only_its_input(numbers: Con) -> None:
    @cocosql.udf(executor="process", max_concurrency=2)
    def crash(x: int) -> int:
        import os
        import signal

        if x in (3, 50):
            os.kill(os.getpid(), signal.SIGSEGV)
        return x

    build(numbers, crash, "WITH (on_error = 'keep')")
    assert_view_equals_query(numbers, "v", "SELECT id, id AS y FROM t WHERE id NOT IN (3, 50)")
    assert rows(numbers, "SELECT input, error FROM coco_errors('v') ORDER BY input::INT") == [
        ("3", "the process in which it ran was ended by SIGSEGV"),
        ("50", "the process in which it ran was ended by SIGSEGV"),
    ]


def test_a_process_reports_its_errors(numbers: Con) -> None:
    @cocosql.udf(executor="process")
    def inverse(x: int) -> float:
        return 1 / x

    build(numbers, inverse, "WITH (on_error = 'keep')")
    error = one(numbers, "SELECT error FROM coco_errors('v')")
    assert error.startswith("Traceback") and "return 1 / x" in error and error.endswith("division by zero")


def test_what_cannot_go_to_a_process_is_said(numbers: Con) -> None:
    lock = threading.Lock()

    @cocosql.udf(executor="process", version="1")
    def locked(x: int) -> int:
        with lock:
            return x

    with pytest.raises(duckdb.InvalidInputException, match="cannot be sent to another process"):
        build(numbers, locked)


# --- options ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "options",
    [
        {"batch_size": 0},
        {"batch_size": "a"},
        {"memo": "no"},
        {"version": 3},
        {"depends_on": "model"},
        {"max_retries": 2.5},
        {"retry_on": [ValueError]},
        {"retry_on": "ValueError"},
        {"timeout": "5s"},
        {"backoff": "1s"},
        {"rate_limit": True},
        {"max_concurrency": 0},
        {"max_concurrency": -1},
        {"max_retries": -1},
        {"backoff": -1},
        {"timeout": 0},
        {"rate_limit": 0},
        {"rate_limit": "often"},
        {"rate_limit": "10/fortnight"},
        {"on_error": "ignore"},
        {"executor": "ray"},
    ],
)
def test_options_that_make_no_sense(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(options))):

        @cocosql.udf(**options)
        def f(x: int) -> int:
            return x


def test_an_async_function_has_no_process() -> None:
    with pytest.raises(TypeError, match="async"):

        @cocosql.udf(executor="process")
        async def f(x: int) -> int:
            return x


@pytest.mark.parametrize("limit", ["600/min", "36000 per hour", "10/s", 10.0, "10 / second"])
def test_spellings_of_a_rate(limit: Any) -> None:
    from cocosql.executors.options import Options

    limiter = Options(1, rate_limit=limit)
    assert limiter.limiter() is not None
