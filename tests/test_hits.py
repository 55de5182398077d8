"""Results that plain queries look up in the memo by the thousand: they read it into memory."""

from collections.abc import Callable
from typing import Any

import pytest
from helpers import Con, in_threads, one, rows

import cocosql

#: Enough for several look-ups, and to read the memo into memory after them.
COUNT = 30_000

KINDS: dict[str, Callable[[str], Any]] = {
    "VARCHAR": lambda x: x * (len(x) % 5),
    "BIGINT": int,
    "DOUBLE": lambda x: None if x.endswith("7") else float(x),
    "FLOAT[3]": lambda x: None if x.endswith("7") else [float(x), None, 0.5],
    "INTEGER[]": lambda x: [int(x)] * (len(x) % 3),
    "STRUCT(a VARCHAR, b INTEGER[])": lambda x: {"a": x, "b": None if x.endswith("3") else [int(x)]},
}


@pytest.fixture
def numbers(con: Con) -> Con:
    con.execute(
        "CREATE TABLE t AS SELECT i AS id, CASE WHEN i % 100 <> 50 THEN (i % 20000)::VARCHAR END AS x FROM range($1) AS r(i)",
        [COUNT],
    )
    return con


def function(kind: str, calls: list[str]) -> cocosql.Function:
    @cocosql.udf(name="f", returns=kind, version="1")
    def f(x: str) -> Any:
        calls.append(x)
        return KINDS[kind](x)

    return f


def afresh(con: Con, kind: str) -> list[tuple[Any, ...]]:
    """The same rows without a memo."""

    @cocosql.udf(name="g", returns=kind, memo=False)
    def g(x: str) -> Any:
        return KINDS[kind](x)

    cocosql.register(con, g)
    return rows(con, "SELECT id, g(x) FROM t ORDER BY id")


@pytest.mark.parametrize("order", ["id", "hash(id)"])
@pytest.mark.parametrize("kind", KINDS)
def test_hits(numbers: Con, kind: str, order: str) -> None:
    calls: list[str] = []
    cocosql.register(numbers, function(kind, calls))
    expected = afresh(numbers, kind)
    query = f"SELECT id, f(x) AS y FROM (FROM t ORDER BY {order})"
    for _ in range(3):
        assert rows(numbers, f"FROM ({query}) ORDER BY id") == expected
    assert len(calls) == 20_000 - 200


def test_some_are_not_there(numbers: Con) -> None:
    calls: list[str] = []
    cocosql.register(numbers, function("BIGINT", calls))
    numbers.execute("SELECT f(x) FROM t WHERE id % 3 = 0 ORDER BY ALL").fetchall()
    before = len(calls)
    assert rows(numbers, "SELECT id, f(x) FROM t ORDER BY id") == afresh(numbers, "BIGINT")
    assert len(calls) > before
    assert len(set(calls)) == len(calls) == 20_000 - 200


def test_more_than_memory_may_hold(numbers: Con) -> None:
    calls: list[str] = []
    cocosql.register(numbers, function("VARCHAR", calls))
    expected = afresh(numbers, "VARCHAR")
    assert rows(numbers, "SELECT id, f(x) FROM t ORDER BY id") == expected
    numbers.execute("SET memory_limit = '30MB'")
    assert rows(numbers, "SELECT id, f(x) FROM t ORDER BY id") == expected
    assert len(calls) == 20_000 - 200


def test_two_functions_and_several_threads(numbers: Con) -> None:
    calls: list[str] = []
    cocosql.register(numbers, function("BIGINT", calls))

    @cocosql.udf(name="h", version="1")
    def h(x: str) -> int:
        return -int(x)

    cocosql.register(numbers, h)
    numbers.execute("SET threads = 4")
    query = "SELECT count(f(x)), sum(f(x) + h(x)), max(f(x)), min(h(x)) FROM t"
    expected = (COUNT - COUNT // 100, 0, 19_999, -19_999)
    assert rows(numbers, query) == [expected]

    def work() -> None:
        with numbers.cursor() as other:
            for _ in range(3):
                assert rows(other, query) == [expected]

    in_threads([work] * 3)
    assert len(calls) == 20_000 - 200


def test_memory_is_read_anew_by_each_query(numbers: Con) -> None:
    calls: list[str] = []
    cocosql.register(numbers, function("BIGINT", calls))
    numbers.execute("CREATE INCREMENTAL VIEW v AS SELECT id, f(x) AS y FROM t")
    total = one(numbers, "SELECT sum(f(x)) FROM t")
    memo = one(numbers, "SELECT memo_table FROM coco.functions")
    numbers.execute(f"UPDATE coco.{memo} SET result = result + 1")
    assert one(numbers, "SELECT sum(f(x)) FROM t") == total + COUNT - COUNT // 100
