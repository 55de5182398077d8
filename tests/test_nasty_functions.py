"""Functions that misbehave: each call that fails fails alone, and is called as often as promised."""

import asyncio
from typing import Any

import duckdb
import pytest
from helpers import Con, one, rows, run_script

import cocosql


def keep(con: Con, function: Any, count: int = 6) -> list[tuple[str, str]]:
    """A view of the function's results; returns the failures."""
    cocosql.register(con, function)
    con.execute(f"CREATE TABLE t AS SELECT i AS id FROM range({count}) r(i)")
    con.execute(f"CREATE INCREMENTAL VIEW v WITH (on_error = 'keep') AS SELECT id, {function.name}(id) AS y FROM t")
    return rows(con, "SELECT input, error FROM coco_errors('v') ORDER BY ALL")


class Mute(Exception):
    def __str__(self) -> str:
        raise ValueError("no words")


def deeper(n: int) -> int:
    return deeper(n + 1)


ERRORS: dict[str, Any] = {
    "SystemExit": SystemExit(3),
    "an error without words": Mute(),
    "half a surrogate pair": ValueError("\udc80"),
    "a NUL": ValueError("a\0b"),
    "TimeoutError of its own": TimeoutError(),
    "StopIteration": StopIteration(1),
    "CancelledError": asyncio.CancelledError(),
    "MemoryError": MemoryError(),
}


KINDS = ["caller", "threads", "timeout", "batch", "async", "async with timeout"]


@pytest.mark.every(5)
@pytest.mark.parametrize(
    ("name", "kind"),
    # Of BaseExceptions, CancelledError is raised by asyncio only.
    [(name, kind) for name in ERRORS for kind in KINDS if name != "CancelledError" or "async" in kind],
)
def test_any_error_fails_its_input_only(con: Con, name: str, kind: str) -> None:
    calls: list[int] = []

    def body(x: int) -> int:
        calls.append(x)
        if x == 2:
            raise ERRORS[name]
        return x

    if "async" in kind:

        @cocosql.udf(version="1", timeout=20 if "timeout" in kind else None)
        async def f(x: int) -> int:
            await asyncio.sleep(0)
            return body(x)
    elif kind == "batch":

        @cocosql.udf(version="1", batch_size=2)
        def f(xs: list[int]) -> list[int]:
            return [body(x) for x in xs]
    else:
        options = {"threads": {"max_concurrency": 2}, "timeout": {"timeout": 20}}.get(kind, {})

        @cocosql.udf(version="1", **options)
        def f(x: int) -> int:
            return body(x)

    ((given, error),) = keep(con, f)
    assert given == "2" and error.startswith("Traceback")
    assert rows(con, "SELECT id FROM v ORDER BY id") == [(0,), (1,), (3,), (4,), (5,)]
    assert sorted(calls) == ([0, 1, 2, 2, 3, 4, 5] if kind == "batch" else [0, 1, 2, 3, 4, 5])


@pytest.mark.parametrize("options", [{}, {"max_concurrency": 2}, {"timeout": 20}])
def test_keyboard_interrupt_raised_by_a_function_ends_the_statement(con: Con, options: dict[str, Any]) -> None:
    @cocosql.udf(version="1", **options)
    def f(x: int) -> int:
        if x == 2:
            raise KeyboardInterrupt
        return x

    with pytest.raises((KeyboardInterrupt, duckdb.Error), match="(?i)interrupt|^$"):
        keep(con, f)
    assert rows(con, "FROM coco_views()") == []


def test_recursion(con: Con) -> None:
    @cocosql.udf(version="1")
    def f(x: int) -> int:
        return deeper(0) if x == 2 else x

    ((given, error),) = keep(con, f)
    assert given == "2" and "RecursionError" in error


WRONG: dict[str, Any] = {
    "None": None,
    "too few": [1],
    "too many": [1] * 9,
    "a number": 7,
    "a text": "abcdef",
    "a set": {1, 2, 3, 4, 5, 6},
    "a mapping": {1: 1},
}


@pytest.mark.every(12)
@pytest.mark.parametrize(("name", "is_async"), [(name, is_async) for name in WRONG for is_async in (False, True)])
def test_batches_with_a_wrong_answer(con: Con, name: str, is_async: bool) -> None:
    sizes: list[int] = []

    def answer(xs: list[int]) -> Any:
        sizes.append(len(xs))
        wrong = WRONG[name]
        return wrong if 2 in xs and not (name == "too few" and len(xs) == 1) else xs

    if is_async:

        @cocosql.udf(version="1", batch_size=4)
        async def f(xs: list[int]) -> list[int]:
            return answer(xs)  # type: ignore[no-any-return]
    else:

        @cocosql.udf(version="1", batch_size=4)
        def f(xs: list[int]) -> list[int]:
            return answer(xs)  # type: ignore[no-any-return]

    failures = keep(con, f)
    assert [given for given, _ in failures] == ([] if name == "too few" else ["2"])
    assert one(con, "SELECT count(*) FROM v") == (6 if name == "too few" else 5)
    assert sorted(sizes, reverse=True) == [4, 2, 2, 2, 1, 1]


def test_generators(con: Con) -> None:
    """As a batch they are taken; as a value they do not fit."""

    @cocosql.udf(version="1", batch_size=4)
    def many(xs: list[int]) -> list[int]:
        return (x * 2 for x in xs)  # type: ignore[return-value]

    @cocosql.udf(version="1")
    def one_by_one(x: int) -> int:
        return (i for i in [x])  # type: ignore[return-value]

    cocosql.register(con, one_by_one)
    assert keep(con, many) == []
    assert rows(con, "SELECT y FROM v ORDER BY y") == [(0,), (2,), (4,), (6,), (8,), (10,)]
    with pytest.raises(duckdb.InvalidInputException, match="does not fit the declared type BIGINT"):
        con.execute("SELECT one_by_one(1)")


def test_a_timeout_inside_a_batch(con: Con) -> None:
    """The whole batch is given up, then its halves, until the input that is stuck stands alone."""
    sizes: list[int] = []

    @cocosql.udf(version="1", batch_size=4, timeout=0.5)
    def f(xs: list[int]) -> list[int]:
        sizes.append(len(xs))
        while 2 in xs:
            pass
        return xs

    ((given, error),) = keep(con, f, 4)
    assert given == "2" and "longer than 0.5 seconds" in error
    assert sorted(sizes) == [1, 1, 2, 2, 4]


def test_retry_on_and_backoff_that_raise_end_the_statement(con: Con) -> None:
    def no_idea(error: BaseException) -> bool:
        raise LookupError("cannot tell")

    @cocosql.udf(version="1", max_retries=2, retry_on=no_idea)
    def f(x: int) -> int:
        raise ValueError("bad")

    with pytest.raises(duckdb.InvalidInputException, match="cannot tell"):
        keep(con, f)


@pytest.mark.parametrize("is_async", [False, True])
def test_batches_are_retried_whole_and_halves_are_not(con: Con, is_async: bool) -> None:
    seen: list[tuple[int, ...]] = []

    def body(xs: list[int]) -> list[int]:
        seen.append(tuple(xs))
        if 2 in xs:
            raise ValueError("bad")
        return xs

    if is_async:

        @cocosql.udf(version="1", batch_size=4, max_retries=2, backoff=0.001)
        async def f(xs: list[int]) -> list[int]:
            return body(xs)
    else:

        @cocosql.udf(version="1", batch_size=4, max_retries=2, backoff=0.001)
        def f(xs: list[int]) -> list[int]:
            return body(xs)

    keep(con, f, 4)
    assert seen == [(0, 1, 2, 3)] * 3 + [(0, 1), (2, 3)] + [(2,)] * 3 + [(3,)]
    assert rows(con, "SELECT attempts FROM coco_errors('v')") == [(3,)]


def test_an_async_task_that_exits_does_not_stop_the_loop_for_others(con: Con) -> None:
    @cocosql.udf(version="1")
    async def f(x: int) -> int:
        async def leave() -> None:
            raise SystemExit(1)

        if x == 2:
            await asyncio.gather(asyncio.create_task(leave()), return_exceptions=True)
        return x

    keep(con, f)
    con.execute("INSERT INTO t VALUES (7); REFRESH INCREMENTAL VIEW v")
    assert (7,) in rows(con, "SELECT y FROM v")


EXITS = {
    "at work": "con.execute('SELECT f(1)').fetchall()",
    "an async call given up": "give_up('SELECT later(1)')",
    "a row given up": "give_up('SELECT stuck(1)')",
    "an exception": "give_up('SELECT bad(1)'); sys.exit()",
    "a process given up": "give_up('SELECT far(1)')",
}


@pytest.mark.every(5)
@pytest.mark.parametrize("name", EXITS)
def test_exits_are_quiet(name: str) -> None:
    run_script(
        f"""
import asyncio, sys, time
import cocosql, duckdb

def main():
    @cocosql.udf(version="1", max_concurrency=2)
    def f(x: int) -> int:
        return x

    @cocosql.udf(version="1", timeout=0.2)
    def stuck(x: int) -> int:
        while True:
            pass

    @cocosql.udf(version="1", timeout=0.2, executor="process")
    def far(x: int) -> int:
        while True:
            pass

    @cocosql.udf(version="1", timeout=0.2)
    async def later(x: int) -> int:
        await asyncio.sleep(100)
        return x

    @cocosql.udf(version="1", max_retries=1, backoff=0)
    def bad(x: int) -> int:
        raise ValueError("bad")

    con = cocosql.connect(functions=(f, stuck, far, later, bad))

    def give_up(sql):
        try:
            con.execute(sql).fetchall()
        except duckdb.Error as error:
            assert "longer" in str(error) or "bad" in str(error), error

    {EXITS[name]}

main()
"""
    )
