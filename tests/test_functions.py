"""Functions: types in and out, NULLs, errors, and when a function is called again."""

import dataclasses
import datetime as dt
import decimal
import enum
import re
import types
import uuid
from pathlib import Path
from typing import Annotated, Any, ClassVar, NamedTuple, NotRequired, Optional, Required, TypedDict

import attrs
import duckdb
import numpy as np
import pyarrow as pa
import pydantic
import pytest
from helpers import Calls, Con, assert_view_equals_query, one, rows, run_script
from speeds import slow

import cocosql
from cocosql import Vector
from cocosql.types import Arrow, Interval, Json, Sql, is_arrow, sql_type


class Color(enum.Enum):
    RED = "red"
    BLUE = "blue"


@dataclasses.dataclass
class Point:
    x: int
    y: float | None


@dataclasses.dataclass
class Line:
    start: Point
    points: list[Point]
    color: Color


class Named(NamedTuple):
    a: int
    b: str


class Typed(TypedDict):
    a: int
    b: str


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


class Size(enum.StrEnum):
    SMALL = "S"


class Item(pydantic.BaseModel):
    name: str = pydantic.Field(min_length=1)
    price: Annotated[decimal.Decimal, Sql("DECIMAL(9,2)")] = pydantic.Field(alias="cost")
    level: Level | None = None
    vector: Vector[2] | None = None


class Order(pydantic.BaseModel):
    items: list[Item]
    sizes: dict[Size, Point | None]
    parent: Item | None = None


@attrs.define
class Box:
    _width: int
    order: Order | None


@dataclasses.dataclass
class Derived:
    kind: ClassVar[str] = "none"
    a: int = 1
    twice: int = dataclasses.field(init=False)

    def __post_init__(self) -> None:
        self.twice = 2 * self.a


class Partly(TypedDict, total=False):
    a: Required[int]
    b: NotRequired[str]


ITEM = "STRUCT(\"name\" VARCHAR, price DECIMAL(9,2), \"level\" ENUM('1', '2'), vector FLOAT[2])"
ORDER = f"STRUCT(items {ITEM}[], sizes MAP(ENUM('S'), STRUCT(x BIGINT, y DOUBLE)), parent {ITEM})"
ORDER_SQL = f"{{'items': [{{'name': 'a', 'price': 1.5, 'level': '2', 'vector': NULL}}], 'sizes': MAP {{'S': NULL}}, 'parent': NULL}}::{ORDER}"
ORDER_VALUE = Order(items=[Item(name="a", cost=decimal.Decimal("1.50"), level=Level.HIGH)], sizes={Size.SMALL: None})


# annotation, SQL type, SQL value, what the function must receive
TYPES: list[tuple[Any, str, str, Any]] = [
    (bool, "BOOLEAN", "true", True),
    (int, "BIGINT", "-5", -5),
    (float, "DOUBLE", "1.5", 1.5),
    (str, "VARCHAR", "'é☃'", "é☃"),
    (bytes, "BLOB", "'\\x00\\xFF'::BLOB", b"\x00\xff"),
    (dt.date, "DATE", "DATE '2020-02-29'", dt.date(2020, 2, 29)),
    (dt.time, "TIME", "TIME '01:02:03.000004'", dt.time(1, 2, 3, 4)),
    (dt.datetime, "TIMESTAMP", "TIMESTAMP '2020-02-29 01:02:03.000004'", dt.datetime(2020, 2, 29, 1, 2, 3, 4)),
    (Interval, "INTERVAL", "INTERVAL '1 month 2 days 3 seconds'", Interval(1, 2, 3_000_000)),
    (decimal.Decimal, "DECIMAL(18,3)", "1.25::DECIMAL(18,3)", decimal.Decimal("1.250")),
    (uuid.UUID, "UUID", "'00000000-0000-0000-0000-000000000007'::UUID", uuid.UUID(int=7)),
    (list[int], "BIGINT[]", "[1, 2]", [1, 2]),
    (list[int | None], "BIGINT[]", "[1, NULL]", [1, None]),
    (list[list[str]], "VARCHAR[][]", "[['a'], []]", [["a"], []]),
    (dict[str, int], "MAP(VARCHAR, BIGINT)", "MAP {'a': 1}", {"a": 1}),
    (Vector[2], "FLOAT[2]", "[1.5, 2.5]::FLOAT[2]", [1.5, 2.5]),
    (Json, "JSON", "'{\"a\": 1}'::JSON", '{"a": 1}'),
    (Annotated[int, Sql("UTINYINT")], "UTINYINT", "200::UTINYINT", 200),
    (Annotated[int, Sql("UHUGEINT")], "UHUGEINT", "(2::UHUGEINT ** 100)::UHUGEINT", 2**100),
    (Annotated[decimal.Decimal, Sql("DECIMAL(38,10)")], "DECIMAL(38,10)", "1.5::DECIMAL(38,10)", decimal.Decimal("1.5000000000")),
    (Annotated[dt.datetime, Sql("TIMESTAMPTZ")], "TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ '2020-01-01 00:00:00+00'", dt.datetime(2020, 1, 1, tzinfo=dt.timezone.utc)),  # noqa: UP017
    (Color, "ENUM('red', 'blue')", "'blue'::ENUM('red', 'blue')", Color.BLUE),
    (Point, "STRUCT(x BIGINT, y DOUBLE)", "{'x': 1::BIGINT, 'y': NULL::DOUBLE}", Point(1, None)),
    (Named, "STRUCT(a BIGINT, b VARCHAR)", "{'a': 1::BIGINT, 'b': 'x'}", Named(1, "x")),
    (Typed, "STRUCT(a BIGINT, b VARCHAR)", "{'a': 1::BIGINT, 'b': 'x'}", {"a": 1, "b": "x"}),
    (list[Point], "STRUCT(x BIGINT, y DOUBLE)[]", "[{'x': 1::BIGINT, 'y': 2.0::DOUBLE}]", [Point(1, 2.0)]),
    (list[Color], "ENUM('red', 'blue')[]", "['red'::ENUM('red', 'blue')]", [Color.RED]),
    (dict[str, Point], "MAP(VARCHAR, STRUCT(x BIGINT, y DOUBLE))", "MAP {'a': {'x': 1::BIGINT, 'y': 2.0::DOUBLE}}", {"a": Point(1, 2.0)}),
    (
        Line,
        "STRUCT(\"start\" STRUCT(x BIGINT, y DOUBLE), points STRUCT(x BIGINT, y DOUBLE)[], color ENUM('red', 'blue'))",
        "{'start': {'x': 1::BIGINT, 'y': 1.0::DOUBLE}, 'points': [{'x': 2::BIGINT, 'y': NULL::DOUBLE}], 'color': 'red'::ENUM('red', 'blue')}",
        Line(Point(1, 1.0), [Point(2, None)], Color.RED),
    ),
    (Level, "ENUM('1', '2')", "'2'::ENUM('1', '2')", Level.HIGH),
    (Annotated[Level, Sql("TINYINT")], "TINYINT", "2::TINYINT", Level.HIGH),
    (dict[Size, Level], "MAP(ENUM('S'), ENUM('1', '2'))", "MAP {'S'::ENUM('S'): '1'::ENUM('1', '2')}", {Size.SMALL: Level.LOW}),
    (Item, ITEM, f"{{'name': 'a', 'price': 1.5, 'level': NULL, 'vector': [1, 2]}}::{ITEM}", Item(name="a", cost=decimal.Decimal("1.50"), vector=[1.0, 2.0])),
    (list[Item | None], f"{ITEM}[]", f"[NULL, {{'name': 'a', 'price': 1, 'level': '1', 'vector': NULL}}]::{ITEM}[]", [None, Item(name="a", cost=decimal.Decimal("1.00"), level=Level.LOW)]),
    (Order, ORDER, ORDER_SQL, ORDER_VALUE),
    (Box, f"STRUCT(_width BIGINT, \"order\" {ORDER})", f"{{'_width': 7::BIGINT, 'order': {ORDER_SQL}}}", Box(7, ORDER_VALUE)),
    (Derived, "STRUCT(a BIGINT, twice BIGINT)", "{'a': 2::BIGINT, 'twice': 4::BIGINT}", Derived(2)),
    (Partly, "STRUCT(a BIGINT, b VARCHAR)", "{'a': 2::BIGINT, 'b': 'x'}", {"a": 2, "b": "x"}),
]  # fmt: skip


def same(left: Any, right: Any) -> bool:
    return type(left) is type(right) and left == right


@pytest.mark.every(4)
@pytest.mark.parametrize(
    ("annotation", "kind", "sql", "value"), TYPES, ids=lambda value: re.sub("0x[0-9a-f]+", "…", str(value))[:30]
)
@pytest.mark.parametrize("batch", [False, slow(True)])
def test_types(con: Con, annotation: Any, kind: str, sql: str, value: Any, batch: bool) -> None:
    """What the function receives is what its annotation says, and what it returns comes back as the same SQL value."""
    received: list[Any] = []

    def take(given: Any) -> Any:
        received.extend(given if batch else [given])
        return given

    wrap: Any = (lambda inner: list[inner]) if batch else (lambda inner: inner)
    take.__annotations__ = {"given": wrap(annotation), "return": wrap(annotation)}
    cocosql.register(con, cocosql.udf(batch=batch)(take))
    con.execute(f"CREATE TABLE t AS SELECT 1 AS id, {sql} AS v UNION ALL SELECT 2, NULL")
    con.execute("CREATE INCREMENTAL VIEW v AS SELECT id, take(v) AS v FROM t")
    assert len(received) == 1
    assert same(received[0], value), received[0]
    assert_view_equals_query(con, "v", f"SELECT id, v::{kind} AS v FROM t")
    assert one(con, "SELECT DISTINCT typeof(v) FROM v") == one(con, f"SELECT typeof(NULL::{kind})")
    assert rows(con, f"SELECT take({sql}) IS NOT DISTINCT FROM {sql}") == [(True,)]


ARROW: list[tuple[Any, str]] = [
    (Arrow[str], "VARCHAR"), (Arrow[Vector[3]], "FLOAT[3]"), (Arrow["DECIMAL(18,2)"], "DECIMAL(18,2)"), (Arrow[int | None], "BIGINT"),
    (Annotated[pa.Array, pa.string()], "VARCHAR"), (Annotated[pa.Array, pa.large_string()], "VARCHAR"), (Annotated[pa.Array, Sql("UUID")], "UUID"),
    (Annotated[pa.StringArray, pa.list_(pa.int8(), 3)], "TINYINT[3]"), (Annotated[pa.Array, pa.list_(pa.float16())], "FLOAT[]"), (Annotated[pa.Array, pa.uuid()], "UUID"),
    (Annotated[pa.Array, pa.dictionary(pa.int8(), pa.string())], "VARCHAR"), (Annotated[pa.Array, pa.timestamp("ms")], "TIMESTAMP_MS"), (Annotated[pa.Array, pa.time32("s")], "TIME"),
    (Annotated[pa.Array, pa.map_(pa.string(), pa.decimal128(9, 2))], "MAP(VARCHAR, DECIMAL(9,2))"), (Annotated[pa.Array, pa.binary()], "BLOB"),
    (Annotated[pa.Array, pa.struct([("a b", pa.timestamp("us", "UTC")), ("c", pa.date32())])], 'STRUCT("a b" TIMESTAMPTZ, "c" DATE)'), (Annotated[pa.Array, pa.json_()], "JSON"),
]  # fmt: skip


@pytest.mark.parametrize(("annotation", "expected"), ARROW, ids=str)
def test_arrow_annotations(annotation: Any, expected: str) -> None:
    assert is_arrow(annotation)
    assert sql_type(annotation) == expected


def test_what_is_no_arrow_annotation() -> None:
    assert not any(is_arrow(annotation) for annotation in (int, str | None, list[int], Vector[2], Json, Item))
    for annotation in (pa.Array, Annotated[pa.Array, pa.duration("s")], Annotated[pa.Array, pa.union([], "dense")]):
        with pytest.raises(TypeError, match=r"cocosql\.Arrow\["):
            sql_type(annotation)


class Tree(pydantic.BaseModel):
    children: "list[Tree]"


def test_types_that_contain_themselves() -> None:
    with pytest.raises(TypeError, match="Tree contains itself"):
        sql_type(Tree)


def test_models_are_validated(con: Con) -> None:
    def name(item: Item) -> str:
        return item.name

    cocosql.register(con, name)
    item = f"{{'name': '', 'price': 1, 'level': NULL, 'vector': NULL}}::{ITEM}"
    with pytest.raises(duckdb.InvalidInputException, match="at least 1 character"):
        con.execute(f"SELECT name({item})")


def test_pydantic_and_numpy_are_not_imported() -> None:
    run_script(
        """
import sys, cocosql
con = cocosql.connect()
def f(x: int) -> dict[str, list[int]]:
    return {"a": [x]}
cocosql.register(con, f)
con.execute("SELECT f(1)").fetchall()
assert not {"pydantic", "attrs", "numpy", "pyarrow"} & sys.modules.keys(), sys.modules.keys()
"""
    )


def test_a_place_within_a_result(con: Con) -> None:
    def order(n: int) -> Order:
        return Order.model_construct(
            items=[ORDER_VALUE.items[0], Item.model_construct(name="b", price="much")], sizes={}
        )

    cocosql.register(con, order)
    with pytest.raises(
        duckdb.InvalidInputException,
        match=r"declared type STRUCT.*at \.items\[1\]\.price: expected DECIMAL\(9,2\), got str: 'much'",
    ):
        con.execute('SELECT "order"(1)')


BATCHES: list[tuple[Any, Any, list[Any]]] = [
    (Vector[2], np.array([[1, 2], [3, 4]], dtype=np.float32), [(1.0, 2.0), (3.0, 4.0)]),
    (Vector[2], np.array([[1, 2], [3, 4]], dtype=np.float64)[::-1], [(3.0, 4.0), (1.0, 2.0)]),
    (Vector[2], np.ma.array([[1, 2], [3, 4]], mask=[[False, True], [False, False]], dtype=np.float32), [(1.0, None), (3.0, 4.0)]),
    (int, np.array([1, 2], dtype=np.uint8), [1, 2]),
    (float, np.array([1, 2], dtype=np.float16), [1.0, 2.0]),
    (float, np.ma.array([1.0, 2.0], mask=[True, False]), [None, 2.0]),
    (str, np.array(["a", "b"]), ["a", "b"]),
    (dt.datetime, np.array(["2020-01-01", "NaT"], dtype="M8[ns]"), [dt.datetime(2020, 1, 1), None]),
    (list[list[int]], np.arange(4).reshape(2, 2, 1), [[[0], [1]], [[2], [3]]]),
    (int, (1, 2), [1, 2]),
]  # fmt: skip


@pytest.mark.parametrize(("element", "result", "expected"), BATCHES, ids=str)
def test_arrays_as_results_of_batches(con: Con, element: Any, result: Any, expected: list[Any]) -> None:
    def give(x: list[int]) -> Any:
        return result[np.array(x)] if isinstance(result, np.ndarray) else tuple(result[i] for i in x)

    give.__annotations__["return"] = list[element]
    cocosql.register(con, cocosql.udf(batch_size=2, version="1")(give))
    assert [row[0] for row in rows(con, "SELECT give(i) FROM range(2) AS r(i) ORDER BY i")] == expected


def test_signature_errors() -> None:
    def no_result(x: int):  # type: ignore[no-untyped-def]
        return x

    def no_parameter(x) -> int:  # type: ignore[no-untyped-def]
        return int(x)

    def many(*x: int) -> int:
        return len(x)

    def keyword(*, x: int) -> int:
        return x

    def strange(x: object) -> int:
        return 1

    for wrong in (no_result, no_parameter, many, keyword, strange):
        with pytest.raises(TypeError):
            cocosql.udf(wrong)
    with pytest.raises(TypeError, match="list"):
        cocosql.udf(batch_size=2)(lambda: None).signature  # noqa: B018

    def scalar(x: int) -> int:
        return x

    with pytest.raises(TypeError, match="list"):
        cocosql.udf(batch=True)(scalar)
    with pytest.raises(ValueError, match="batch_size"):
        cocosql.udf(batch_size=0)
    with pytest.raises(TypeError, match="name"):
        cocosql.udf(name="two words")(scalar)


def test_null_is_skipped_unless_wanted(con: Con) -> None:
    calls = Calls()

    @cocosql.udf
    def skips(a: str, b: str) -> str:
        calls.note((a, b))
        return a + b

    @cocosql.udf
    def wants(a: str, b: Optional[str]) -> str:  # noqa: UP045
        calls.note((a, b))
        return f"{a}{b}"

    @cocosql.udf(batch_size=10)
    def gives_null(a: list[str | None]) -> list[str | None]:
        calls.note(tuple(sorted(map(str, a))))
        return [None for _ in a]

    cocosql.register(con, skips, wants, gives_null)
    con.execute(
        "CREATE TABLE t (a VARCHAR, b VARCHAR); INSERT INTO t VALUES ('x', 'y'), ('x', NULL), (NULL, 'y'), (NULL, NULL)"
    )
    con.execute("CREATE INCREMENTAL VIEW v AS SELECT a, b, skips(a, b) AS s FROM t")
    assert calls.taken() == {"('x', 'y')": 1}
    assert_view_equals_query(con, "v", "SELECT a, b, a || b AS s FROM t")
    con.execute("CREATE INCREMENTAL VIEW w AS SELECT a, b, wants(a, b) AS s FROM t")
    assert calls.taken() == {"('x', 'y')": 1, "('x', None)": 1}
    assert_view_equals_query(con, "w", "SELECT a, b, a || coalesce(b, 'None') AS s FROM t")
    con.execute("CREATE INCREMENTAL VIEW x AS SELECT gives_null(a) AS s FROM t")
    assert calls.taken() == {"('None', 'x')": 1}
    assert_view_equals_query(con, "x", "SELECT NULL::VARCHAR AS s FROM t")
    con.execute("INSERT INTO t VALUES ('x', 'q'); REFRESH INCREMENTAL VIEW x")
    assert calls == {}, "a NULL result is memoized like any other"


def test_equal_arguments_cost_one_call_over_all_call_sites(con: Con) -> None:
    calls = Calls()

    @cocosql.udf
    def up(s: str) -> str:
        calls.note(s)
        return s.upper()

    cocosql.register(con, up)
    con.execute("CREATE TABLE t AS SELECT 'x' AS a, 'x' AS b UNION ALL SELECT 'y', 'z' UNION ALL SELECT 'z', 'X'")
    con.execute("CREATE INCREMENTAL VIEW v AS SELECT up(a) AS a, up(b) AS b, up(up(a)) AS c FROM t")
    assert_view_equals_query(con, "v", "SELECT upper(a) AS a, upper(b) AS b, upper(a) AS c FROM t")
    assert calls == {"'x'": 1, "'y'": 1, "'z'": 1, "'X'": 1, "'Y'": 1, "'Z'": 1}


def test_arguments_are_what_the_function_can_tell_apart(con: Con) -> None:
    """An INTEGER and a BIGINT of the same value are one argument of an int parameter; -0.0 and 0.0 are two."""
    calls = Calls()

    @cocosql.udf
    def shown(x: float) -> str:
        calls.note(x)
        return repr(x)

    cocosql.register(con, shown)
    con.execute("CREATE TABLE t AS SELECT 1 AS i, '-0.0'::DOUBLE AS d, 1::TINYINT AS y UNION ALL SELECT 1, 0.0, 1")
    con.execute("CREATE INCREMENTAL VIEW a AS SELECT shown(i) AS r FROM t")
    con.execute("CREATE INCREMENTAL VIEW b AS SELECT shown(y) AS r FROM t")
    con.execute("CREATE INCREMENTAL VIEW c AS SELECT shown(d) AS r FROM t")
    assert calls == {"1.0": 1, "-0.0": 1, "0.0": 1}
    assert sorted(rows(con, "FROM c")) == [("-0.0",), ("0.0",)]


# --- failures ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("batch", [False, True])
def test_a_failing_call(con: Con, batch: bool) -> None:
    calls = Calls()

    def one_of(s: str) -> str:
        if s == "bad":
            raise ValueError("no such thing")
        return s.upper()

    if batch:

        @cocosql.udf(batch_size=4)
        def risky(s: list[str]) -> list[str]:
            result = [one_of(text) for text in s]
            for text in s:
                calls.note(text)
            return result
    else:

        @cocosql.udf
        def risky(s: str) -> str:
            calls.note(s)
            return one_of(s)

    cocosql.register(con, risky)
    con.execute("CREATE TABLE t AS SELECT 'a' AS s; CREATE INCREMENTAL VIEW v AS SELECT s, risky(s) AS r FROM t")
    con.execute("INSERT INTO t SELECT 'g' || i FROM range(6) r(i); INSERT INTO t VALUES ('bad')")
    with pytest.raises(duckdb.InvalidInputException) as caught:
        con.execute("REFRESH INCREMENTAL VIEW v")
    message = str(caught.value)
    for part in ["risky", "'bad'", "ValueError: no such thing", "in one_of", "test_functions.py"]:
        assert part in message
    assert "cocosql/refresh" not in message, "the traceback is the function's, not the engine's"
    assert rows(con, "FROM v") == [("a", "A")]
    assert rows(con, "SELECT status, error IS NOT NULL FROM coco_runs('v') ORDER BY run_id DESC LIMIT 1") == [
        ("failed", True)
    ]
    assert one(con, "SELECT status FROM coco_views()") == "failed"
    calls.clear()
    con.execute("DELETE FROM t WHERE s = 'bad'; REFRESH INCREMENTAL VIEW v")
    assert calls == {}, "results that succeeded are kept"
    assert_view_equals_query(con, "v", "SELECT s, upper(s) AS r FROM t")
    assert one(con, "SELECT status FROM coco_views()") == "fresh"


def test_a_failing_create_leaves_nothing(con: Con) -> None:
    @cocosql.udf
    def fails(x: int) -> int:
        raise RuntimeError("always")

    cocosql.register(con, fails)
    con.execute("CREATE TABLE t AS SELECT 1 AS x")
    with pytest.raises(duckdb.InvalidInputException, match="RuntimeError: always"):
        con.execute("CREATE INCREMENTAL VIEW v AS SELECT fails(x) AS r FROM t")
    assert rows(con, "FROM coco_views()") == []
    with pytest.raises(duckdb.CatalogException):
        con.execute("FROM v")
    with pytest.raises(duckdb.InvalidInputException, match="RuntimeError: always"):
        con.execute("SELECT fails(1)")


WRONG: list[tuple[Any, Any, str]] = [
    (int, "five", "'five'"), (int, 1.5, "1.5"), (int, 2**63, str(2**63)), (str, 5, "5"), (str, b"x", "b'x'"), (float, "x", "'x'"),
    (list[int], 5, "5"), (list[int], ["a"], "'a'"), (Vector[2], [1.0], "[1.0]"), (Point, {"x": 1}, "y"), (bool, 1, "1"), (Color, "green", "green"),
]  # fmt: skip


@pytest.mark.parametrize(("annotation", "value", "shown"), WRONG, ids=str)
def test_wrong_results_are_shown(con: Con, annotation: Any, value: Any, shown: str) -> None:
    def wrong(x: int) -> Any:
        return value

    wrong.__annotations__["return"] = annotation
    cocosql.register(con, wrong)
    con.execute("CREATE TABLE t AS SELECT 7 AS x")
    for statement in ["CREATE INCREMENTAL VIEW v AS SELECT wrong(x) AS r FROM t", "SELECT wrong(7)"]:
        with pytest.raises(duckdb.InvalidInputException) as caught:
            con.execute(statement).fetchall()
        assert "wrong" in str(caught.value)
        assert shown in str(caught.value)
        assert "INTERNAL" not in str(caught.value)
    assert rows(con, "FROM coco_views()") == []


def test_a_batch_of_the_wrong_length(con: Con) -> None:
    @cocosql.udf(batch_size=4)
    def short(s: list[int]) -> list[int]:
        return s[1:]

    cocosql.register(con, short)
    con.execute("CREATE TABLE t AS SELECT i AS x FROM range(4) r(i)")
    with pytest.raises(
        duckdb.InvalidInputException, match=r"short.*it returned 3 results for a batch of 4, and 0 for this input alone"
    ):
        con.execute("CREATE INCREMENTAL VIEW v AS SELECT short(x) AS r FROM t")


# --- code -------------------------------------------------------------------------------------------------------------


def make(body: str, calls: Calls, name: str = "f", directory: Path | None = None) -> Any:
    """A function from source, as a module would have it."""
    text = f"def {name}(s: str) -> str:\n{body}"
    assert directory is not None
    file = directory / f"module_{len(list(directory.glob('*.py')))}.py"
    file.write_text(text)
    scope: dict[str, Any] = {"calls": calls, "__name__": file.stem}
    exec(compile(text, str(file), "exec"), scope)
    return scope[name]


def test_code_changes(con: Con, tmp_path: Path) -> None:
    calls = Calls()
    body = "    calls.note(s)\n    return s.upper()\n"
    others = Calls()

    @cocosql.udf
    def other(s: str) -> str:
        others.note(s)
        return s + s

    cocosql.register(con, make(body, calls, directory=tmp_path), other)
    con.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, s VARCHAR); INSERT INTO t VALUES (1, 'a'), (2, '!')")
    con.execute("CREATE INCREMENTAL VIEW v AS SELECT id, f(s) AS f, other(s) AS o FROM t")
    assert calls.taken().total_calls == others.taken().total_calls == 2
    comment = '    """Says it loud."""\n    # a comment\n    calls.note(s)\n    return   s.upper()  # done\n'
    cocosql.register(con, make(comment, calls, directory=tmp_path))
    assert rows(con, "REFRESH INCREMENTAL VIEW v")[0][1:6] == (1, 0, 0, 0, 0)
    changed = "    calls.note(s)\n    return s.upper() if s == 'a' else '?'\n"
    cocosql.register(con, make(changed, calls, directory=tmp_path))
    assert rows(con, "FROM v ORDER BY id") == [(1, "A", "aa"), (2, "!", "!!")], "the view stays at the old version"
    assert rows(con, "REFRESH INCREMENTAL VIEW v")[0][1:6] == (2, 0, 1, 0, 2)
    assert rows(con, "FROM v ORDER BY id") == [(1, "A", "aa"), (2, "?", "!!")]
    assert (calls.taken().total_calls, others.total_calls) == (2, 0)
    cocosql.register(con, make(body, calls, directory=tmp_path))
    assert rows(con, "REFRESH INCREMENTAL VIEW v")[0][1:6] == (3, 0, 1, 0, 0)
    assert calls == {}, "A, B, A: the results of A are still known"
    assert rows(con, "SELECT count(*), count(*) FILTER (current) FROM coco_functions() WHERE name = 'f'") == [(2, 1)]


def test_version_stands_for_the_code(con: Con) -> None:
    calls = Calls()

    def register(version: str, suffix: str) -> None:
        @cocosql.udf(version=version)
        def f(s: str) -> str:
            calls.note(s)
            return s + suffix

        cocosql.register(con, f)

    register("1", "!")
    con.execute("CREATE TABLE t AS SELECT 'a' AS s; CREATE INCREMENTAL VIEW v AS SELECT f(s) AS f FROM t")
    register("1", "?")
    con.execute("REFRESH INCREMENTAL VIEW v")
    assert (rows(con, "FROM v"), calls.total_calls) == ([("a!",)], 1)
    register("2", "?")
    con.execute("REFRESH INCREMENTAL VIEW v")
    assert (rows(con, "FROM v"), calls.total_calls) == ([("a?",)], 2)


def test_types_change(con: Con) -> None:
    @cocosql.udf
    def f(x: int) -> int:
        return x + 1

    cocosql.register(con, f)
    con.execute("CREATE TABLE t AS SELECT 1 AS x; CREATE INCREMENTAL VIEW v AS SELECT f(x) AS f FROM t")

    @cocosql.udf(name="f")
    def g(x: float) -> str:
        return repr(x)

    cocosql.register(con, g)
    con.execute("REFRESH INCREMENTAL VIEW v")
    assert rows(con, "SELECT f, typeof(f) FROM v") == [("1.0", "VARCHAR")]


def test_plain_queries(con: Con) -> None:
    calls = Calls()

    @cocosql.udf
    def up(s: str) -> str:
        calls.note(s)
        return s.upper()

    @cocosql.udf
    def nothing() -> int:
        calls.note(None)
        return 42

    cocosql.register(con, up, nothing)
    assert rows(con, "SELECT up('x'), up(NULL), nothing()") == [("X", None, 42)]
    assert calls.taken() == {"'x'": 1, "None": 1}
    for query in [
        "EXPLAIN SELECT up('q')",
        "PREPARE p AS SELECT up('q')",
        "DESCRIBE SELECT up('q')",
        "CREATE VIEW plain AS SELECT up('q') AS u",
    ]:
        con.execute(query)
    assert calls == {}
    assert con.execute("SELECT up(?)", ["z"]).fetchall() == [("Z",)]
    assert rows(con, "SELECT count(DISTINCT up('s' || i % 10)) FROM range(10000) r(i)") == [(10,)]
    con.execute("CREATE TABLE t AS SELECT 'memo' AS s; CREATE INCREMENTAL VIEW v AS SELECT up(s) AS u FROM t")
    calls.clear()
    assert rows(con.cursor(), "SELECT up('memo')") == [("MEMO",)]
    assert calls == {}, "a plain query uses the memo"


def test_a_function_of_no_arguments_and_constants(con: Con) -> None:
    calls = Calls()

    @cocosql.udf
    def nothing() -> int:
        calls.note(None)
        return 42

    @cocosql.udf
    def twice(x: int) -> int:
        calls.note(x)
        return 2 * x

    cocosql.register(con, nothing, twice)
    con.execute("CREATE TABLE t AS SELECT i FROM range(5) r(i)")
    con.execute("CREATE INCREMENTAL VIEW v AS SELECT i, nothing() AS n, twice(21) AS c FROM t")
    assert_view_equals_query(con, "v", "SELECT i, 42::BIGINT AS n, 42::BIGINT AS c FROM t")
    assert calls == {"None": 1, "21": 1}


def test_names_of_builtin_functions_are_refused(con: Con) -> None:
    for name in ("upper", "sum", "range", "coco_fingerprint"):

        def f(s: str) -> str:
            return s

        with pytest.raises(duckdb.CatalogException, match=name):
            cocosql.register(con, cocosql.udf(name=name)(f))
    assert rows(con, "SELECT upper('a'), sum(1)") == [("A", 1)]


def test_a_function_that_uses_the_database(con: Con) -> None:
    other = con.cursor()

    @cocosql.udf(version="1")
    def look(id: int) -> str:
        return str(other.execute("SELECT name FROM names WHERE id = ?", [id]).fetchone())

    cocosql.register(con, look)
    con.execute("CREATE TABLE names AS SELECT 1 AS id, 'one' AS name; CREATE TABLE t AS SELECT 1 AS id")
    con.execute("CREATE INCREMENTAL VIEW v AS SELECT look(id) AS name FROM t")
    assert rows(con, "FROM v") == [("('one',)",)]


def test_functions_of_connect_and_plain_functions(path: Path) -> None:
    def plain(s: str) -> str:
        return s + "!"

    con = cocosql.connect(path, functions=(plain,))
    assert rows(con.cursor(), "SELECT plain('a')") == [("a!",)]
    con.close()


def test_reopening_without_the_function(path: Path) -> None:
    @cocosql.udf
    def shout(s: str) -> str:
        return s.upper() + "!"

    con = cocosql.connect(path, functions=(shout,))
    con.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, s VARCHAR); INSERT INTO t VALUES (1, 'a'), (2, 'b')")
    con.execute("CREATE INCREMENTAL VIEW v AS SELECT id, shout(s) AS u FROM t")
    con.close()
    con = cocosql.connect(path)
    assert rows(con, "REFRESH INCREMENTAL VIEW v")[0][1:6] == (1, 0, 0, 0, 0)
    assert rows(con, "SELECT status FROM coco_views()") == [("fresh",)]
    assert one(con, "SELECT count(*) FROM coco_lineage('v')") == 2
    con.execute("INSERT INTO t VALUES (3, 'a'); DELETE FROM t WHERE id = 2")
    assert rows(con, "REFRESH INCREMENTAL VIEW v")[0][1:6] == (2, 1, 0, 1, 0), "what is memoized needs no function"
    con.execute("INSERT INTO t VALUES (4, 'new')")
    with pytest.raises(duckdb.Error, match=r"shout.*register"):
        con.execute("REFRESH INCREMENTAL VIEW v")
    assert rows(con, "FROM v ORDER BY ALL") == [(1, "A!"), (3, "A!")]
    assert rows(con, "SELECT current FROM coco_functions()") == [(False,)]
    cocosql.register(con, shout)
    assert rows(con, "REFRESH INCREMENTAL VIEW v")[0][1:6] == (3, 1, 0, 0, 1)
    con.close()


def test_functions_of_main() -> None:
    out = run_script("""
        import cocosql, dataclasses

        @dataclasses.dataclass
        class P:
            x: int

        @cocosql.udf
        def f(x: int) -> P:
            return P(x + 1)

        def g(p: P) -> int:
            return p.x * 10

        con = cocosql.connect(functions=(f, g))
        con.execute("CREATE TABLE t AS SELECT 1 AS x; CREATE INCREMENTAL VIEW v AS SELECT g(f(x)) AS y FROM t")
        print(con.execute("FROM v").fetchall())
    """)
    assert out == "[(20,)]\n"


def test_the_version_covers_how_arguments_are_made(con: Con) -> None:
    def optional(x: int | None) -> int:
        return 1

    def plain(x: int) -> int:
        return 1

    versions = {cocosql.udf(name="f")(each).as_it_is_now().code_version for each in (optional, plain)}
    assert len(versions) == 2

    def make(factor: int) -> Any:
        @dataclasses.dataclass
        class Price:
            amount: int

            def total(self) -> int:
                return self.amount * factor

        def f(price: Price) -> int:
            return price.total()

        f.__annotations__["price"] = Price
        return cocosql.udf(f).as_it_is_now().code_version

    assert make(1) == make(1) != make(2)


@pytest.mark.parametrize("executor", ["thread", "process"])
def test_a_global_that_changes_without_registration(con: Con, executor: Any) -> None:
    namespace: dict[str, Any] = {"PROMPT": "old ", "__name__": "prompts"}
    exec("def f(x: str) -> str:\n    return PROMPT + x", namespace)
    cocosql.register(con, cocosql.udf(executor=executor)(namespace["f"]))
    con.execute("CREATE TABLE t AS SELECT 'x' AS x")
    con.execute("CREATE INCREMENTAL VIEW v AS SELECT f(x) AS y FROM t")
    namespace["PROMPT"] = "new "
    assert one(con, "SELECT f('x')") == "new x"
    assert one(con, "SELECT status FROM coco_views()") == "stale"
    con.execute("REFRESH INCREMENTAL VIEW v")
    assert one(con, "SELECT y FROM v") == "new x"
    namespace["PROMPT"] = "old "
    assert one(con, "SELECT f('x')") == "old x"
    assert one(con, "SELECT count(*) FROM coco_memo('f')") == 2


def test_a_declared_file_that_is_gone_breaks_its_view_only(con: Con, tmp_path: Path) -> None:
    prompt = tmp_path / "prompt.txt"
    prompt.write_text("a")

    @cocosql.udf(depends_on=[prompt])
    def asked(x: str) -> str:
        return x

    cocosql.register(con, asked)
    con.execute("CREATE TABLE t AS SELECT 'x' AS x")
    con.execute("CREATE INCREMENTAL VIEW v AS SELECT asked(x) AS y FROM t")
    con.execute("CREATE INCREMENTAL VIEW w AS SELECT x FROM t")
    prompt.unlink()
    states = dict(rows(con, "SELECT name, status FROM coco_views()"))
    assert states == {"v": "broken", "w": "fresh"}
    with pytest.raises(duckdb.InvalidInputException, match=r"function asked: .*prompt.txt"):
        con.execute("REFRESH INCREMENTAL VIEW v")


def test_code_that_changes_what_its_version_is_made_of(con: Con) -> None:
    class Built:
        count = 0

        def __init__(self) -> None:
            type(self).count += 1

    namespace = {"n": 0}
    read_by_name = types.FunctionType(
        compile("def f(x):\n globals()['n'] += 1\n return n", "f", "exec").co_consts[0], namespace
    )

    def builds(x: int) -> int:
        return Built().count * 0 + x

    def changes_itself(x: int) -> int:
        return int(read_by_name(x))

    cocosql.register(con, builds, changes_itself)
    con.execute("CREATE TABLE many AS SELECT range AS x FROM range(10)")
    con.execute("CREATE INCREMENTAL VIEW built AS SELECT builds(x) AS y FROM many")
    assert con.execute("SELECT status FROM coco_views() WHERE name = 'built'").fetchall() == [("fresh",)]
    with pytest.raises(duckdb.InvalidInputException, match=r"changes_itself became another .*version=.1"):
        con.execute("CREATE INCREMENTAL VIEW itself AS SELECT changes_itself(x) AS y FROM many")
