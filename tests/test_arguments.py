"""Each call gets arguments of its own: what a function does to them, no other attempt sees."""

import enum
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import pytest
from helpers import Con, assert_view_equals_query, rows

import cocosql
from cocosql.types import Sql

#: Values that functions can change, in one another, and one that they cannot; by type.
VALUES = {
    "VARCHAR": "'x' || i",
    "BIGINT[]": "[i, i + 1, NULL]",
    "FLOAT[3]": "[i, 1, 2]",
    "VARCHAR[][]": "[['a' || i], []]",
    "STRUCT(a BIGINT, b VARCHAR[])": "{'a': i, 'b': ['b' || i]}",
    "STRUCT(a BIGINT)[]": "[{'a': i}, {'a': NULL}]",
    "MAP(VARCHAR, BIGINT[])": "MAP {'k': [i], 'l': NULL}",
    "MAP(BIGINT[], VARCHAR)": "MAP {[i]: 'v'}",
    "UNION(a BIGINT[], b VARCHAR)": "union_value(a := [i])",
    "VARIANT": "{'a': [{'b': i}]}",
}
LISTS = Annotated[list[int], Sql("BIGINT[]")]
STRUCT = Annotated[Any, Sql(f"STRUCT({', '.join(f'f{n} {kind}' for n, kind in enumerate(VALUES))})")]
FIELDS = ", ".join(f"'f{n}': ({value})::{kind}" for n, (kind, value) in enumerate(VALUES.items()))
EXECUTORS: dict[str, dict[str, Any]] = {
    "caller": {"max_retries": 0},
    "threads": {"max_concurrency": 2},
    "timeout": {"timeout": 60},
    "process": {"executor": "process"},
}


def spoil(value: Any) -> None:
    """Change all that can be changed in a value."""
    if isinstance(value, (list, tuple)):
        for item in value:
            spoil(item)
    if isinstance(value, dict):
        for item in value.values():
            spoil(item)
        value["spoilt"] = True
    if isinstance(value, list):
        value.append("spoilt")


class Once:
    """Fails the first time, in whatever process."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __call__(self) -> None:
        if not self.mark.exists():
            self.mark.touch()
            raise ValueError("once")


def by_row(fail: Callable[[], None]) -> Callable[..., str]:
    def spell(a: str, b: LISTS, c: STRUCT) -> str:
        text = repr((a, b, c))
        spoil((b, c))
        fail()
        return text

    return spell


def by_batch(fail: Callable[[], None]) -> Callable[..., list[str]]:
    def spell(a: list[str], b: list[LISTS], c: list[STRUCT]) -> list[str]:
        texts = [repr(row) for row in zip(a, b, c, strict=True)]
        spoil((a, b, c))
        fail()
        if len(texts) > 1:
            raise ValueError("in halves, please")
        return texts

    return spell


def in_tasks(fail: Callable[[], None]) -> Callable[..., Any]:
    async def spell(a: list[str], b: list[LISTS], c: list[STRUCT]) -> list[str]:
        return by_batch(fail)(a, b, c)

    return spell


@pytest.mark.every(3)
@pytest.mark.parametrize(
    ("make", "executor"),
    [
        (make, name)
        for make in (by_row, by_batch, in_tasks)
        for name in EXECUTORS
        if (make, name) != (in_tasks, "process")
    ],
)
def test_arguments_are_as_they_were(con: Con, tmp_path: Path, make: Any, executor: str) -> None:
    options: dict[str, Any] = {"max_retries": 1, "backoff": 0, **EXECUTORS[executor]}
    once = Once(tmp_path / "mark")
    if not options["max_retries"]:
        once.mark.touch()  # this executor tries nothing again, and only halves
    size = None if make is by_row else 4
    cocosql.register(
        con,
        cocosql.udf(name="changing", version="1", batch_size=size, **options)(make(once)),
        cocosql.udf(name="plain", memo=False)(by_row(lambda: None)),
    )
    con.execute(f"CREATE TABLE t AS SELECT i AS id, 'x' || i AS a, [i] AS b, {{{FIELDS}}} AS c FROM range(6) r(i)")
    con.execute("CREATE INCREMENTAL VIEW v AS SELECT id, changing(a, b, c) AS y FROM t")
    assert_view_equals_query(con, "v", "SELECT id, plain(a, b, c) AS y FROM t")


class Colour(enum.Enum):
    RED = "red"


@dataclass
class Inner:
    colour: Colour
    tags: list[str]


@dataclass
class Outer:
    inner: Inner


def test_classes_are_made_anew(con: Con) -> None:
    seen: list[str] = []

    @cocosql.udf(version="1", max_retries=1, backoff=0)
    def spell(x: Outer) -> str:
        seen.append(repr(x))
        x.inner.tags.append("spoilt")
        if len(seen) == 1:
            raise ValueError("once")
        return seen[-1]

    cocosql.register(con, spell)
    con.execute("CREATE TABLE t AS SELECT {'inner': {'colour': 'red'::ENUM('red'), 'tags': ['a']}} AS x")
    con.execute("CREATE INCREMENTAL VIEW v AS SELECT spell(x) AS y FROM t")
    assert rows(con, "FROM v") == [(repr(Outer(Inner(Colour.RED, ["a"]))),)]
    assert seen[0] == seen[1]


def test_a_batch_function_may_empty_its_list(con: Con) -> None:
    @cocosql.udf(version="1", batch_size=8)
    def tenfold(xs: list[int]) -> list[int]:
        results = []
        while xs:
            results.append(xs.pop(0) * 10)
        return results

    cocosql.register(con, tenfold)
    con.execute("CREATE TABLE t AS SELECT i::BIGINT AS id FROM range(20) r(i)")
    con.execute("CREATE INCREMENTAL VIEW v AS SELECT tenfold(id) AS y FROM t")
    assert_view_equals_query(con, "v", "SELECT id * 10 AS y FROM t")
    assert sorted(rows(con, "SELECT tenfold(id + 100) FROM t")) == [((i + 100) * 10,) for i in range(20)]


def test_an_error_shows_the_input_as_it_was(con: Con) -> None:
    @cocosql.udf(version="1", batch_size=8, max_retries=1, backoff=0)
    def fails(xs: list[list[str]]) -> list[str]:
        spoil(xs)
        raise ValueError("never")

    cocosql.register(con, fails)
    con.execute("CREATE TABLE t AS SELECT ['a'] AS x")
    con.execute("CREATE INCREMENTAL VIEW v WITH (on_error = 'keep') AS SELECT fails(x) AS y FROM t")
    assert rows(con, "SELECT input, attempts FROM coco_errors('v')") == [("['a']", 2)]
