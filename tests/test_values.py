"""Python values into DuckDB's vectors and back: exact, or a clear error."""

import dataclasses
import datetime as dt
import enum
import gc
import math
import re
import struct
import sys
import uuid
from decimal import Decimal
from typing import NamedTuple

import attrs
import numpy as np
import pydantic
import pytest
from hypothesis import strategies as st
from speeds import holds_for

from cocosql.types import Interval

UTC = dt.UTC
EAST = dt.timezone(dt.timedelta(hours=5, minutes=30))


class Color(enum.Enum):
    RED = "red"
    NUMBER = 7


class Level(enum.IntEnum):
    HIGH = 3


class Shade(str, enum.Enum):
    DARK = "dark"


@dataclasses.dataclass
class Point:
    x: int
    y: float


class Named(NamedTuple):
    x: int
    y: float


@attrs.define
class Attrs:
    x: int
    y: float


class Pydantic(pydantic.BaseModel):
    x: int
    y: float

    @pydantic.field_serializer("x")
    def hidden(self, x):
        return None  # a result is read by its fields, not as it would be dumped


CYCLE = []
CYCLE.append(CYCLE)


class Model:
    """Has what pydantic's models have."""

    def __init__(self, **fields):
        self.fields = fields

    def model_dump(self):
        return self.fields


class Index:
    def __index__(self):
        return 42


class BadIndex:
    def __index__(self):
        raise RuntimeError("no index today")


INTEGERS = {
    "TINYINT": (-(2**7), 2**7 - 1), "SMALLINT": (-(2**15), 2**15 - 1), "INTEGER": (-(2**31), 2**31 - 1),
    "BIGINT": (-(2**63), 2**63 - 1), "HUGEINT": (-(2**127), 2**127 - 1), "UTINYINT": (0, 2**8 - 1),
    "USMALLINT": (0, 2**16 - 1), "UINTEGER": (0, 2**32 - 1), "UBIGINT": (0, 2**64 - 1), "UHUGEINT": (0, 2**128 - 1),
}  # fmt: skip

WKB = b"\x01\x01\x00\x00\x00" + struct.pack("<dd", 1, 2)
VARIANTS = [
    True, 1, -(2**63), 2**100, -(10**60), 0.5, "", "x" * 100, b"\0", Decimal("1.50"), Decimal("-1E+3").quantize(1), Decimal("0.00001"), dt.date(2020, 2, 29),
    dt.datetime(2020, 2, 29, 1, 2, 3, 4), dt.datetime(2020, 2, 29, tzinfo=UTC), dt.time(1, 2), dt.time(1, 2, tzinfo=EAST), Interval(1, -2, 3), uuid.UUID(int=7),
    [], {}, [1, "a", None, [2.5], {}], {"A": [{"d": 1}, {"e": True}], "a": {"b": [], "c": None}}, [[[[[]]]]],
]  # fmt: skip

EXACT = [
    ("BOOLEAN", True), ("BOOLEAN", False),
    ("DOUBLE", 0.1), ("DOUBLE", -0.0), ("DOUBLE", math.inf), ("DOUBLE", math.nan), ("FLOAT", 1.5), ("FLOAT", -math.inf),
    ("FLOAT", math.nan), ("BIGNUM", 0), ("BIGNUM", -1), ("BIGNUM", 10**10000), ("BIGNUM", -(256**100)),
    ("DECIMAL(4, 2)", Decimal("-99.99")), ("DECIMAL(9, 0)", Decimal("123456789")), ("DECIMAL(18, 6)", Decimal("-0.000001")),
    ("DECIMAL(38, 10)", Decimal("-1234567890123456789012345678.0123456789")), ("DECIMAL(4, 2)", Decimal("0.00")),
    ("DECIMAL(38, 0)", Decimal("9" * 38)), ("DECIMAL(38, 38)", Decimal("0." + "9" * 38)),
    ("VARCHAR", ""), ("VARCHAR", "a\0b"), ("VARCHAR", "snow ☃ 🦆" * 50), ("JSON", '{"a":  1}'), ("JSON", "null"), ("JSON", " [1, 1e400, NaN, -Infinity, 123456789012345678901234567890,] "), ("JSON", '"\\ud83d\\ude00 \U0001f600"'), ("JSON[]", ["1", None, "{}"]), ("BLOB", b""), ("BLOB", bytes(range(256))),
    ("BIT", "0"), ("BIT", "0110" * 20), ("ENUM('a', 'b')", "b"), ("UUID", uuid.UUID(int=0)), ("UUID", uuid.UUID(int=2**128 - 1)),
    ("UUID", uuid.UUID("12345678-1234-5678-9234-567812345678")),
    ("DATE", dt.date.min), ("DATE", dt.date.max), ("DATE", dt.date(1969, 12, 31)),
    ("TIME", dt.time.min), ("TIME", dt.time.max), ("TIME_NS", dt.time(1, 2, 3, 4)), ("TIMETZ", dt.time(1, 2, 3, 4, EAST)),
    ("TIMETZ", dt.time(1, 2, 3, tzinfo=dt.timezone(dt.timedelta(hours=-15, minutes=-59, seconds=-59)))),
    ("TIMESTAMP", dt.datetime.min), ("TIMESTAMP", dt.datetime.max), ("TIMESTAMP", dt.datetime(1969, 12, 31, 23, 59, 59, 999999)),
    ("TIMESTAMP_S", dt.datetime(1960, 2, 29, 1, 2, 3)), ("TIMESTAMP_MS", dt.datetime(1960, 2, 29, 1, 2, 3, 4000)),
    ("TIMESTAMP_NS", dt.datetime(2000, 2, 29, 1, 2, 3, 4)), ("TIMESTAMPTZ", dt.datetime(2000, 2, 29, 1, 2, 3, 4, UTC)),
    ("INTERVAL", Interval(-1, 2, -3)), ("INTERVAL", Interval(2**31 - 1, -(2**31), 2**63 - 1)),
    ("INTEGER[]", []), ("INTEGER[]", [1, None, -3]), ("VARCHAR[]", ["a" * 20, None, ""]), ("INTEGER[][]", [[1], None, [], [None, 2]]),
    ("BIGINT[]", list(range(5000))), ("VARCHAR[][]", [[str(i) * 9] * (i % 5) for i in range(3000)]), ("DOUBLE[]", [0.5] * 5000),
    ("FLOAT[3]", [1.0, 2.0, 3.0]), ("FLOAT[3]", [1.0, None, 3.0]), ("INTEGER[2][2]", [[1, 2], None]), ("INTEGER[2][]", [[1, 2], [3, 4]]),
    ("FLOAT[2][]", [[0.5, float(i)] for i in range(3000)]), ("BOOLEAN[]", [True, None, False]),
    ("STRUCT(a INTEGER, b VARCHAR)", {"a": 1, "b": None}), ("STRUCT(a STRUCT(b INTEGER[]))", {"a": {"b": [1]}}),
    ("STRUCT(a STRUCT(b INTEGER[], c VARCHAR[2]))", {"a": None}), ("STRUCT(a INTEGER)[]", [{"a": 1}, None, {"a": None}]),
    ("MAP(VARCHAR, INTEGER)", {}), ("MAP(VARCHAR, INTEGER)", {"b": 1, "a": None}), ("MAP(INTEGER, VARCHAR[])", {1: ["x"], 2: None}),
    ("MAP(INTEGER[], VARCHAR)", [([1], "x"), ([], None)]), ("MAP(VARCHAR, INTEGER)[]", [{"a": i} for i in range(3000)]),
    ("UNION(i INTEGER, s VARCHAR)", 1), ("UNION(i INTEGER, s VARCHAR)", "x"), ("UNION(i INTEGER, b BOOLEAN)", True),
    ("UNION(l INTEGER[], t VARCHAR[])", ["a", "b"]), ("UNION(l INTEGER[], t VARCHAR[])[]", [["a"], [1], None, [1, 2]]),
    ("TUPLE(INTEGER, VARCHAR)", (1, "x")), ("TIMESTAMPTZ_NS", dt.datetime(2000, 2, 29, 1, 2, 3, 4, UTC)), ("GEOMETRY", WKB), ("UNION(u UUID, v VARIANT)", uuid.UUID(int=7)),
    *(("VARIANT", value) for value in VARIANTS),
]  # fmt: skip

# Values that come back as the equal of another kind
CONVERTED = [
    ("INTEGER", Level.HIGH, 3), ("INTEGER", Index(), 42), ("INTEGER", np.int64(5), 5), ("BIGINT", np.uint8(5), 5), ("HUGEINT", np.int8(-5), -5),
    ("DOUBLE", 3, 3.0), ("FLOAT", 2**24, 2.0**24), ("DOUBLE", np.float32(0.5), 0.5), ("DOUBLE", np.int32(4), 4.0), ("FLOAT", np.float64(0.5), 0.5),
    ("DOUBLE", np.float16(0.5), 0.5), ("FLOAT", 0.1, float(np.float32(0.1))), ("DOUBLE", 2**100, 2.0**100), ("BOOLEAN", np.True_, True),
    ("VARCHAR", Color.RED, "red"), ("VARCHAR", Shade.DARK, "dark"), ("VARCHAR", np.str_("x"), "x"), ("ENUM('red', 'x')", Color.RED, "red"),
    ("BLOB", bytearray(b"ab"), b"ab"), ("BLOB", memoryview(b"abcd")[::2], b"ac"),
    ("DECIMAL(5, 2)", 7, Decimal("7.00")), ("DECIMAL(5, 2)", Decimal("1E2"), Decimal("100.00")), ("DECIMAL(5, 2)", Decimal("1.50000"), Decimal("1.50")),
    ("DECIMAL(5, 2)", Decimal("0E-999999"), Decimal("0.00")), ("DECIMAL(38, 0)", -(10**37), Decimal(-(10**37))), ("DECIMAL(5, 2)", np.int64(7), Decimal("7.00")),
    ("TIMESTAMPTZ", dt.datetime(2000, 1, 1, 5, 30, tzinfo=EAST), dt.datetime(2000, 1, 1, tzinfo=UTC)),
    ("INTERVAL", dt.timedelta(days=1, seconds=-1), Interval(0, 0, 86399000000)), ("INTERVAL", dt.timedelta(days=40), Interval(0, 40, 0)),
    ("INTEGER[]", (1, 2), [1, 2]), ("INTEGER[]", np.array([1, 2], dtype=np.int64), [1, 2]), ("FLOAT[]", np.array([1, 2], dtype=np.float32), [1.0, 2.0]),
    ("FLOAT[2]", np.array([1, 2], dtype=np.float32), [1.0, 2.0]), ("DOUBLE[2]", np.array([1, 2], dtype=np.float32), [1.0, 2.0]),
    ("FLOAT[2]", np.array([1, 2], dtype=np.float64), [1.0, 2.0]), ("DOUBLE[]", np.arange(6.0)[::-2], [5.0, 3.0, 1.0]), ("DOUBLE[]", np.array([], dtype=np.float64), []),
    ("FLOAT[]", np.array([1, 2], dtype=np.float16), [1.0, 2.0]), ("FLOAT[]", np.array([1, 2], dtype=">f4"), [1.0, 2.0]), ("FLOAT[]", [1, 2.5, np.float32(3)], [1.0, 2.5, 3.0]),
    ("FLOAT[2][]", np.array([[1, 2], [3, 4]], dtype=np.float32), [[1.0, 2.0], [3.0, 4.0]]), ("VARCHAR[]", np.array(["a", "b"]), ["a", "b"]),
    ("FLOAT[]", memoryview(np.array([1, 2], dtype=np.float32)), [1.0, 2.0]), ("BOOLEAN[]", np.array([True, False]), [True, False]),
    ("STRUCT(x INTEGER, y DOUBLE)", Point(1, 2.0), {"x": 1, "y": 2.0}), ("STRUCT(x INTEGER, y DOUBLE)", Named(1, 2.0), {"x": 1, "y": 2.0}),
    ("STRUCT(x INTEGER, y DOUBLE)", Model(x=1, y=2), {"x": 1, "y": 2.0}), ("STRUCT(x INTEGER, y DOUBLE)[]", [Point(1, 2.0)], [{"x": 1, "y": 2.0}]),
    ("STRUCT(y DOUBLE, x INTEGER)", {"x": 1, "y": 2.0}, {"y": 2.0, "x": 1}), ("UNION(d DOUBLE, i INTEGER)", 1, 1.0),
    ("INTEGER", Color.NUMBER, 7), ("ENUM('red', '7')", Color.NUMBER, "7"), ("ENUM('3')[]", [Level.HIGH], ["3"]), ("UNION(i INTEGER, s VARCHAR)", Color.RED, "red"),
    ("INTEGER", np.array(5), 5), ("BOOLEAN", np.array(True), True), ("DOUBLE", np.array(0.5, np.float32), 0.5), ("VARCHAR", np.array("x"), "x"), ("BLOB", np.bytes_(b"ab"), b"ab"),
    ("BLOB", np.array(b"ab"), b"ab"), ("UUID", np.array(uuid.UUID(int=1), dtype=object), uuid.UUID(int=1)), ("HUGEINT", np.uint64(2**64 - 1), 2**64 - 1),
    ("DATE", np.datetime64("2020-02-29"), dt.date(2020, 2, 29)), ("DATE", np.datetime64("2020-02", "M"), dt.date(2020, 2, 1)), ("DATE", np.datetime64("2020-02-29T00", "ns"), dt.date(2020, 2, 29)),
    ("TIMESTAMP", np.datetime64("2020-02-29T01:02:03.000004"), dt.datetime(2020, 2, 29, 1, 2, 3, 4)), ("TIMESTAMP", np.datetime64("2020-02-29"), dt.datetime(2020, 2, 29)),
    ("TIMESTAMP_S", np.datetime64("1960-01-01T00:00:01", "ns"), dt.datetime(1960, 1, 1, 0, 0, 1)), ("TIMESTAMP_MS", np.datetime64("2020-01-01"), dt.datetime(2020, 1, 1)),
    ("TIMESTAMP_NS", np.datetime64("2020-02-29T01:02:03.000004567"), dt.datetime(2020, 2, 29, 1, 2, 3, 4)), ("TIMESTAMP", np.datetime64("NaT"), None), ("INTERVAL", np.timedelta64("NaT"), None),
    ("TIMESTAMP[]", np.array(["2020-01-01", "NaT"], "M8[s]"), [dt.datetime(2020, 1, 1), None]), ("TIMESTAMP", np.array("2020-01-01", "M8[ns]"), dt.datetime(2020, 1, 1)),
    ("INTERVAL", np.timedelta64(-1, "us"), Interval(0, -1, 86399999999)), ("INTERVAL", np.timedelta64(40, "D"), Interval(0, 40, 0)), ("INTERVAL", np.timedelta64(-3, "M"), Interval(-3, 0, 0)),
    ("INTERVAL", np.timedelta64(2, "Y"), Interval(24, 0, 0)), ("INTERVAL[]", np.array([1000], "m8[ns]"), [Interval(0, 0, 1)]),
    ("INTEGER[]", np.ma.array([1, 2], mask=[False, True]), [1, None]), ("DOUBLE[]", np.ma.array([1.0, 2.0], mask=[False, True]), [1.0, None]),
    ("FLOAT[2]", np.ma.array([[1.0, 2.0]], mask=[[True, False]])[0], [None, 2.0]), ("INTEGER[2][2][]", np.arange(8).reshape(2, 2, 2), [[[0, 1], [2, 3]], [[4, 5], [6, 7]]]),
    ("FLOAT[2][2]", np.asfortranarray(np.arange(4.0).reshape(2, 2)), [[0.0, 1.0], [2.0, 3.0]]), ("VARCHAR[]", np.array(["a", None], dtype=object), ["a", None]),
    ("BLOB[]", np.array([b"a", b"bc"]), [b"a", b"bc"]), ("STRUCT(a INTEGER[], b DOUBLE)", {"a": np.array([1]), "b": np.float32(0.5)}, {"a": [1], "b": 0.5}),
    ("MAP(INTEGER, FLOAT[2])", {np.int8(1): np.zeros(2)}, {1: [0.0, 0.0]}), ("BOOLEAN[]", [np.True_, np.array(False)], [True, False]),
    ("STRUCT(x INTEGER, y DOUBLE)", Attrs(1, 2.0), {"x": 1, "y": 2.0}), ("STRUCT(x INTEGER, y DOUBLE)", Pydantic(x=1, y=2.0), {"x": 1, "y": 2.0}),
    ("STRUCT(p STRUCT(x INTEGER, y DOUBLE)[])", {"p": [Pydantic(x=1, y=2.0), Point(3, 4.0), None]}, {"p": [{"x": 1, "y": 2.0}, {"x": 3, "y": 4.0}, None]}),
    ("VARIANT", np.array([[1, 2]]), [[1, 2]]), ("VARIANT", (1, 2), [1, 2]), ("VARIANT", Point(1, 2.0), {"x": 1, "y": 2.0}), ("VARIANT", Named(1, 2.0), {"x": 1, "y": 2.0}),
    ("VARIANT", Color.RED, "red"), ("VARIANT", np.float32(0.5), 0.5), ("VARIANT", Decimal("1E+2"), Decimal("100")), ("VARIANT", dt.timedelta(1), Interval(0, 1, 0)),
    ("VARIANT", np.datetime64("2020-01-01"), dt.datetime(2020, 1, 1)), ("VARIANT[]", [Pydantic(x=1, y=2.0)], [{"x": 1, "y": 2.0}]),
]  # fmt: skip

ERRORS = [
    ("INTEGER", "abc", "expected INTEGER, got str: 'abc'"), ("INTEGER", True, "expected INTEGER, got bool: True"), ("INTEGER", 1.0, "expected INTEGER, got float: 1.0"),
    ("INTEGER", np.bool_(True), "expected INTEGER"), ("INTEGER", np.float64(1), "expected INTEGER"), ("INTEGER", Decimal(1), "expected INTEGER"),
    ("INTEGER", BadIndex(), "RuntimeError: no index today"), ("INTEGER", np.datetime64(1, "ns"), "expected INTEGER"), ("BIGINT", np.datetime64(1, "ns"), "expected BIGINT"),
    ("BOOLEAN", 1, "expected BOOLEAN, got int: 1"), ("BOOLEAN", np.int64(1), "expected BOOLEAN"), ("BOOLEAN", "true", "expected BOOLEAN"),
    ("DOUBLE", "1", "expected DOUBLE"), ("DOUBLE", True, "expected DOUBLE"), ("DOUBLE", Decimal(1), "expected DOUBLE"), ("DOUBLE", 2**53 + 1, "exactly"),
    ("FLOAT", 2**24 + 1, "exactly"), ("FLOAT", 1e300, "out of range"), ("DOUBLE", 10**400, "out of range"), ("FLOAT", 2**128, "out of range"),
    ("VARCHAR", 1, "expected VARCHAR, got int: 1"), ("VARCHAR", b"x", "expected VARCHAR"), ("VARCHAR", Color.NUMBER, "expected VARCHAR"), ("VARCHAR", "\ud800", "surrogates"),
    ("JSON", {"a": 1}, "expected JSON, got dict: {'a': 1}"), ("JSON", '{"a": 1', "expected JSON, got str: '{\"a\": 1' (malformed at byte 7"), ("JSON", "", "expected JSON, got str: ''"), ("JSON", "a", "malformed"),
    ("JSON[]", ["1", "{}", "{"], "at [2]: expected JSON, got str: '{'"), ("STRUCT(j JSON)", {"j": "nul"}, "at .j: expected JSON"), ("MAP(VARCHAR, JSON)", {"k": "[1"}, "at ['k']: expected JSON"), ("MAP(JSON, INTEGER)", {"'": 1}, "expected JSON"),
    ("JSON[1]", ["1 2"], "at [0]: expected JSON"), ("UNION(i INTEGER, j JSON)", "{", "expected UNION"), ("JSON", "\U0001f600" * 100, "expected JSON, got str: '\U0001f600"), ("BIT", "\U0001f600", "0s and 1s"), ("BLOB", "x", "expected BLOB"), ("BLOB", [1], "expected BLOB"),
    ("BIT", "012", "0s and 1s"), ("BIT", "", "0s and 1s"), ("ENUM('a', 'b')", "c", "expected ENUM('a', 'b'), got str: 'c'"), ("ENUM('a', 'b')", 0, "expected ENUM"),
    ("UUID", "12345678-1234-5678-9234-567812345678", "expected UUID"),
    ("DECIMAL(4, 2)", Decimal("1.234"), "too many decimals"), ("DECIMAL(4, 2)", Decimal("100"), "out of range"), ("DECIMAL(4, 2)", 100, "out of range"),
    ("DECIMAL(4, 2)", Decimal("NaN"), "not a finite"), ("DECIMAL(4, 2)", Decimal("-Infinity"), "not a finite"), ("DECIMAL(4, 2)", 1.0, "expected DECIMAL(4,2), got float"),
    ("DECIMAL(4, 2)", Decimal("1E999999"), "out of range"), ("DECIMAL(4, 2)", Decimal("1E-999999"), "too many decimals"), ("DECIMAL(4, 2)", True, "expected DECIMAL"),
    ("DATE", dt.datetime(2000, 1, 1), "expected DATE, got datetime.datetime: datetime.datetime(2000, 1, 1, 0, 0)"), ("DATE", "2000-01-01", "expected DATE"),
    ("TIMESTAMP", dt.date(2000, 1, 1), "expected TIMESTAMP, got datetime.date"), ("TIMESTAMP", dt.datetime(2000, 1, 1, tzinfo=UTC), "with a time zone"),
    ("TIMESTAMPTZ", dt.datetime(2000, 1, 1), "without a time zone"), ("TIMESTAMP_S", dt.datetime(2000, 1, 1, 0, 0, 0, 1), "too fine"),
    ("TIMESTAMP_MS", dt.datetime(2000, 1, 1, 0, 0, 0, 1), "too fine"), ("TIMESTAMP_NS", dt.datetime(1600, 1, 1), "out of range"),
    ("TIME", dt.time(tzinfo=UTC), "with a time zone"), ("TIMETZ", dt.time(), "without a time zone"), ("TIMETZ", dt.time(tzinfo=dt.timezone(dt.timedelta(hours=16))), "out of range"),
    ("TIME", dt.timedelta(1), "expected TIME"), ("INTERVAL", (1, 2, 3), "expected INTERVAL"), ("INTERVAL", 1, "expected INTERVAL"), ("INTERVAL", Interval(2**31, 0, 0), "out of range"),
    ("INTEGER[]", 1, "expected INTEGER[], got int: 1"), ("INTEGER[]", "ab", "expected INTEGER[], got str: 'ab'"), ("INTEGER[]", b"ab", "expected INTEGER[]"), ("INTEGER[]", {1}, "expected INTEGER[]"),
    ("FLOAT[]", [1.0, 2.0, 3.0, "x"], "at [3]: expected FLOAT, got str: 'x'"), ("FLOAT[]", [1.0, 1e300], "at [1]: expected FLOAT, got float: 1e+300 (out of range)"),
    ("FLOAT[]", np.array([1e300]), "out of range"), ("INTEGER[]", np.array([1.5]), "at [0]: expected INTEGER, got float"), ("INTEGER[]", np.array([[1]]), "at [0]: expected INTEGER"),
    ("FLOAT[]", np.float32(1), "expected FLOAT[]"), ("INTEGER[]", np.array(1), "expected INTEGER[]"), ("FLOAT[]", b"1234", "expected FLOAT[]"), ("TIMESTAMP[]", np.array([1], dtype="M8[ns]"), "expected TIMESTAMP"),
    ("INTEGER[2]", [1], "expected INTEGER[2], got list: [1] (1 elements)"), ("FLOAT[3]", np.zeros(2, dtype=np.float32), "2 elements"), ("FLOAT[3]", np.zeros(2), "2 elements"),
    ("INTEGER[][]", [[1], [2, "x"]], "at [1][1]: expected INTEGER, got str: 'x'"),
    ("STRUCT(x INTEGER, y DOUBLE)", {"x": 1}, "missing field 'y'"), ("STRUCT(x INTEGER)", {"x": 1, "z": 1}, "unknown field 'z'"), ("STRUCT(x INTEGER)", {"x": 1, 2: 1}, "unknown field 2"),
    ("STRUCT(x INTEGER)", {"X": 1}, "missing field 'x'"), ("STRUCT(x INTEGER)", {"x": "a"}, "at .x: expected INTEGER, got str: 'a'"), ("STRUCT(x INTEGER)", (1,), "expected STRUCT"),
    ("STRUCT(x INTEGER, y DOUBLE)", Point, "expected STRUCT"), ("STRUCT(x INTEGER)", Point(1, 2.0), "unknown field 'y'"), ("STRUCT(x INTEGER)", Model(), "missing field 'x'"),
    ("MAP(VARCHAR, INTEGER)", {1: 1}, "a key: expected VARCHAR, got int: 1"), ("MAP(VARCHAR, INTEGER)", {"a": "b"}, "at ['a']: expected INTEGER, got str: 'b'"),
    ("MAP(VARCHAR, INTEGER)", {None: 1}, "key None"), ("MAP(VARCHAR, INTEGER)", [1], "expected MAP"), ("UNION(i INTEGER, s VARCHAR)", 1.5, "expected UNION(i INTEGER, s VARCHAR), got float: 1.5"),
    ("TUPLE(INTEGER, VARCHAR)", (1,), "1 elements"), ("VARIANT", object(), "expected VARIANT, got object"), ("VARIANT", {1: 2}, "the key 1 (keys are strings"), ("VARIANT", {"a": 1, "": 1}, "the key '' (keys"),
    ("TIMESTAMP", np.datetime64(1, "ns"), "out of range or too fine"), ("TIMESTAMPTZ", np.datetime64(1, "us"), "without a time zone"), ("DATE", np.datetime64("2020-01-01T01"), "too fine"),
    ("TIMESTAMP_NS", np.datetime64("9999-01-01"), "out of range"), ("INTERVAL", np.timedelta64(1, "ns"), "too fine"), ("INTERVAL", np.timedelta64(5), "without a unit"), ("TIME", np.timedelta64(1, "s"), "expected TIME"),
    ("INTERVAL", np.timedelta64(2**40, "M"), "out of range"), ("DATE", np.datetime64(2**40, "D"), "out of range"), ("DOUBLE", np.longdouble(1), "expected DOUBLE"), ("DOUBLE", np.complex64(1), "expected DOUBLE"),
    ("VARCHAR", np.bytes_(b"x"), "expected VARCHAR"), ("INTEGER", np.float32(1), "expected INTEGER, got float: 1.0 (of numpy.float32)"), ("TINYINT", np.int64(300), "expected TINYINT, got int: 300 (out of range) (of numpy.int64)"),
    ("STRUCT(items STRUCT(price DOUBLE)[])", {"items": [{"price": 1.0}, {"price": "x"}]}, "at .items[1].price: expected DOUBLE, got str: 'x'"),
    ("STRUCT(x INTEGER, y DOUBLE)", Pydantic, "expected STRUCT"), ("STRUCT(x INTEGER)", Pydantic(x=1, y=2.0), "unknown field 'y'"), ("STRUCT(x INTEGER, z DOUBLE)", Attrs(1, 2.0), "missing field 'z'"),
    ("MAP(VARCHAR, INTEGER[])", {"k": [1, "x"]}, "at ['k'][1]: expected INTEGER, got str: 'x'"), ("VARIANT", CYCLE, "recursion"), ("UUID", np.float64(1), "expected UUID, got float"),
    ("VARIANT", {"a": [1, {"b": object()}]}, "at .a[1].b: expected VARIANT, got object"), ("VARIANT", Decimal("1E50"), "out of range"), ("GEOMETRY", b"x", "expected GEOMETRY, got bytes: b'x'"),
]  # fmt: skip


def brief(x):
    return "big int" if isinstance(x, int) and abs(x) > 2**200 else re.sub("0x[0-9a-f]+", "…", repr(x))[:40]


def same(left, right):
    """Equal, and of equal types all the way down; NaN is NaN, and -0.0 is not 0.0."""
    return type(left) is type(right) and repr(left) == repr(right)


@pytest.mark.parametrize(("sql_type", "value"), EXACT, ids=brief)
def test_exact(roundtrip, sql_type, value):
    limit = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(0)
    assert same(roundtrip(value, sql_type), value)
    sys.set_int_max_str_digits(limit)


@pytest.mark.every(3)
@pytest.mark.parametrize("sql_type", sorted({sql_type for sql_type, _ in EXACT}))
def test_none(roundtrip, sql_type):
    assert roundtrip(None, sql_type) is None
    assert roundtrip([None, None], f"{sql_type}[]") == [None, None]
    assert roundtrip([None, None], f"{sql_type}[2]") == [None, None]
    assert roundtrip({"f": None}, f"STRUCT(f {sql_type})") == {"f": None}


@pytest.mark.every(3)
@pytest.mark.parametrize(("sql_type", "value"), EXACT, ids=brief)
def test_nested(roundtrip, sql_type, value):
    limit = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(0)
    assert same(roundtrip([value, None, value], f"{sql_type}[]"), [value, None, value])
    assert same(roundtrip([None, value], f"{sql_type}[2]"), [None, value])
    assert same(roundtrip({"f": [value], "g": 1}, f"STRUCT(f {sql_type}[], g INTEGER)"), {"f": [value], "g": 1})
    assert same(roundtrip({1: value, 2: None}, f"MAP(INTEGER, {sql_type})"), {1: value, 2: None})
    sys.set_int_max_str_digits(limit)


@pytest.mark.parametrize(("sql_type", "value", "expected"), CONVERTED, ids=brief)
def test_converted(roundtrip, sql_type, value, expected):
    assert same(roundtrip(value, sql_type), expected)


@pytest.mark.parametrize(("sql_type", "value", "message"), ERRORS, ids=brief)
def test_errors(roundtrip, sql_type, value, message):
    with pytest.raises(Exception) as error:
        roundtrip(value, sql_type)
    assert message in str(error.value)
    assert "INTERNAL" not in str(error.value)


@pytest.mark.parametrize(("sql_type", "bounds"), INTEGERS.items())
def test_integer_ranges(roundtrip, sql_type, bounds):
    for value in {*bounds, 0, 1, bounds[1] // 2, bounds[1] - 2**32, bounds[0] + 2**32}:
        if bounds[0] <= value <= bounds[1]:
            assert same(roundtrip(value, sql_type), value)
    for value in (bounds[0] - 1, bounds[1] + 1, 2**200, -(2**200)):
        with pytest.raises(Exception, match=f"expected {sql_type}, got int: .*out of range"):
            roundtrip(value, sql_type)


def test_long_values_are_shortened(roundtrip):
    with pytest.raises(Exception) as error:
        roundtrip("é" * 1000, "INTEGER")
    assert len(str(error.value)) < 200


@pytest.mark.every(3)
@pytest.mark.parametrize(
    "value",
    [5, "abc" * 100, [1.5] * 3, {"x": 1, "y": 2.0}, Point(1, 2.0), uuid.uuid4(), np.zeros(3), "\ud800", BadIndex()],
)
def test_references(roundtrip, value):
    sql_types = [
        "INTEGER",
        "VARCHAR",
        "DOUBLE[]",
        "STRUCT(x INTEGER, y DOUBLE)",
        "UUID",
        "DECIMAL(5, 2)",
        "UNION(i INTEGER, v VARCHAR)",
        "FLOAT[3]",
    ]

    def attempt():
        for sql_type in sql_types:
            for candidate in (value, [value]):
                try:
                    roundtrip(candidate, sql_type)
                except Exception:
                    pass

    def counts():
        gc.collect()
        return sys.getrefcount(value), sys.getrefcount(None), sys.getrefcount(True)

    attempt()
    before = counts()
    for _ in range(20):
        attempt()
    after = counts()
    assert after[0] == before[0]
    assert all(abs(new - old) < 18 for old, new in zip(before, after, strict=True))  # a leak shows as 20 or more


def test_list_that_changes_while_read(roundtrip):
    class Shrinks:
        def __index__(self):
            values.clear()
            return 1

    values = [Shrinks(), 2, 3]
    with pytest.raises(Exception, match="changed"):
        roundtrip(values, "INTEGER[]")


def integers(sql_type):
    return st.integers(*INTEGERS[sql_type])


def whole(unit):
    """Points in time that are whole numbers of units (of microseconds), which TIMESTAMP_NS can hold."""
    return st.datetimes(dt.datetime(1700, 1, 1), dt.datetime(2200, 1, 1)).map(
        lambda t: t.replace(microsecond=t.microsecond // unit * unit)
    )


SCALARS = {
    **{sql_type: integers(sql_type) for sql_type in INTEGERS}, "BIGNUM": st.integers(), "DOUBLE": st.floats(),
    "FLOAT": st.floats(width=32), "VARCHAR": st.text(st.characters(codec="utf-8")), "BLOB": st.binary(), "BOOLEAN": st.booleans(),
    "DATE": st.dates(), "TIME": st.times(), "TIMESTAMP": st.datetimes(), "TIMESTAMPTZ": st.datetimes(timezones=st.just(UTC)), "UUID": st.uuids(),
    "TIME_NS": st.times(), "TIMETZ": st.times(timezones=st.sampled_from([UTC, EAST])), "TIMESTAMP_S": whole(10**6), "TIMESTAMP_MS": whole(1000), "TIMESTAMP_NS": whole(1),
    "TIMESTAMPTZ_NS": whole(1).map(lambda t: t.replace(tzinfo=UTC)), "BIT": st.text("01", min_size=1), "ENUM('a', 'b''c', '')": st.sampled_from(["a", "b'c", ""]), "JSON": st.just('{"a": [1]}'),
    "DECIMAL(4, 1)": st.decimals(-999, 999, places=1), "DECIMAL(9, 9)": st.decimals("-0.999999999", "0.999999999", places=9), "DECIMAL(18, 4)": st.decimals(-(10**14) + 1, 10**14 - 1, places=4),
    "DECIMAL(38, 20)": st.integers(-(10**38) + 1, 10**38 - 1).map(lambda i: Decimal((i < 0, tuple(map(int, str(abs(i)))), -20))),
    "INTERVAL": st.builds(Interval, st.integers(-(2**31), 2**31 - 1), st.integers(-(2**31), 2**31 - 1), st.integers(-(2**63), 2**63 - 1)),
    "VARIANT": st.sampled_from(VARIANTS), "GEOMETRY": st.just(WKB),
}  # fmt: skip


def nested(inner):
    """(type, strategy) of what is made of an inner (type, strategy)."""
    sql_type, values = inner
    return st.sampled_from([
        (f"{sql_type}[]", st.lists(st.none() | values, max_size=4)),
        (f"{sql_type}[2]", st.lists(st.none() | values, min_size=2, max_size=2)),
        (f"STRUCT(a {sql_type}, b INTEGER)", st.fixed_dictionaries({"a": st.none() | values, "b": st.none() | st.integers(0, 9)})),
        (f"MAP(INTEGER, {sql_type})", st.dictionaries(st.integers(0, 99), st.none() | values, max_size=3)),
        (f"TUPLE({sql_type}, INTEGER)", st.tuples(st.none() | values, st.none() | st.integers(0, 9))),
        (f"UNION(a {sql_type}, b INTEGER[][][][])", values | st.just([[[[1, None]]]])),
    ])  # fmt: skip


TYPES = st.sampled_from(list(SCALARS.items()))
TYPED = st.one_of(TYPES, TYPES.flatmap(nested), TYPES.flatmap(nested).flatmap(nested))


@holds_for(50, 150, typed=TYPED.flatmap(lambda typed: st.tuples(st.just(typed[0]), typed[1])))
def test_any(roundtrip, typed):
    """Python to SQL to Python, and from SQL through Python to the same value in SQL."""
    sql_type, value = typed
    back = roundtrip(value, sql_type)
    assert back == value or "nan" in repr(value)
    assert roundtrip.is_same_in_sql(value, sql_type)
