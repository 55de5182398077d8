"""Columns as pyarrow arrays and back: nothing is lost, and what does not fit is a clear error."""

import datetime as dt
import decimal
import gc
import inspect
import itertools
import random
import re
from collections.abc import Callable, Iterator
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

import cocosql
from cocosql import Arrow
from cocosql.arrow import sql_type


class Probe:
    """Functions of arrays, called from SQL."""

    def __init__(self) -> None:
        self.con = cocosql.connect()
        self.con.execute("CREATE TABLE everything AS FROM test_all_types(use_large_enum := false)")
        self.numbers = itertools.count()

    def register(self, function: Callable[..., Any], parameters: list[str], result: str, memo: bool = False) -> str:
        """Registers it with these SQL types, and returns its name."""
        name = f"probe_{next(self.numbers)}"

        def call(*columns: Any) -> Any:
            return function(*columns)

        names = [f"column_{number}" for number in range(len(parameters))]
        call.__signature__ = inspect.Signature(
            [inspect.Parameter(each, inspect.Parameter.POSITIONAL_ONLY) for each in names]
        )  # type: ignore[attr-defined]
        call.__annotations__ = {each: Arrow[kind] | None for each, kind in zip(names, parameters, strict=True)}
        call.__annotations__["return"] = Arrow[result]
        cocosql.register(self.con, cocosql.udf(name=name, version="1", batch_size=100_000, memo=memo)(call))
        return name

    def give(self, array: Any, kind: str, size: int | None = None) -> str:
        """The results of a function that returns this array for so many rows, as table ``given`` with the columns i, r.

        An array that cannot be read value by value comes from a function: as data of one it would be no code version.
        """
        name = self.register(array if callable(array) else lambda _: array, ["BIGINT"], kind)
        size = len(array) if size is None else size
        self.con.execute(f"CREATE OR REPLACE TEMP TABLE given AS SELECT i, {name}(i) AS r FROM range({size}) AS t(i)")
        return name

    def count(self, before_and_after: str) -> tuple[int, int]:
        """How many rows a query with the columns v and r has, and in how many r is exactly v."""
        same = "typeof(r) = typeof(v) AND r IS NOT DISTINCT FROM v AND coco_fingerprint(r) = coco_fingerprint(v)"
        (counts,) = self.con.execute(f"SELECT count(*), count_if({same}) FROM ({before_and_after})").fetchall()
        return counts

    def assert_same(self, sql: str, kind: str, change: Callable[[Any], Any], times: int = 1) -> None:
        """The values v of a query, so many times, are the same after they went through a function."""
        name = self.register(lambda values, numbers: change(values), [kind, "BIGINT"], kind)
        numbered = f"SELECT v, row_number() OVER () AS i FROM ({sql}), range({times})"
        total, same = self.count(f"SELECT v, {name}(v, i) AS r FROM ({numbered})")
        assert total == same >= times


@pytest.fixture(scope="module")
def probe() -> Iterator[Probe]:
    probe = Probe()
    yield probe
    probe.con.close()


ALL_TYPES = duckdb.execute("SELECT column_name, column_type FROM (DESCRIBE FROM test_all_types())").fetchall()
#: Not there: a STRUCT without fields, and TIME, whose 24:00:00 no Arrow time can be.
ALL_TYPES = [(name, kind) for name, kind in ALL_TYPES if name not in {"empty_struct", "time", "time_ns", "time_tz"}]
MORE = {
    "time": ("TIME", "TIME '00:00:00', TIME '23:59:59.999999', NULL"),
    "time_ns": ("TIME_NS", "TIME_NS '23:59:59.999999999', NULL"),
    "time_tz": ("TIMETZ", "TIMETZ '00:00:00+15:59:59', TIMETZ '23:59:59.999999-15:59:59', NULL"),
    "json": ("JSON", """'{"a":  1}'::JSON, 'null'::JSON, NULL"""),
    "variant": ("VARIANT", "42::VARIANT, {'a': [1, NULL], 'b': DATE '2020-01-01'}::VARIANT, NULL"),
    "list of variants": ("VARIANT[]", "[42::VARIANT, NULL, 'x'::VARIANT], [], NULL"),
    "list of geometries": ("GEOMETRY[]", "['POINT (1 2)'::GEOMETRY, NULL], [], NULL"),
    "list of texts": ("BIGNUM[]", "['9999999999999999999999999'::BIGNUM, NULL], [], NULL"),
    "struct of texts": ("STRUCT(u UUID, h HUGEINT, b BIT)", "{'u': '00000000-0000-0000-0000-00000000000f'::UUID, 'h': -1::HUGEINT, 'b': '010'::BIT}, NULL"),
    "map of enums": ("MAP(INTEGER, ENUM('a', 'b'))", "MAP {1: 'a'::ENUM('a', 'b'), 2: NULL}, MAP {}, NULL"),
    "map of uuids": ("MAP(UUID, HUGEINT)", "MAP {'00000000-0000-0000-0000-00000000000f'::UUID: 1::HUGEINT}, NULL"),
    "enums": ("ENUM('a', 'b')[][]", "[['a'], NULL, [], [NULL, 'b']]::ENUM('a', 'b')[][], NULL"),
    "unions": ("UNION(i INTEGER, s VARCHAR)[]", "[union_value(i := 1)::UNION(i INTEGER, s VARCHAR), NULL], [], NULL"),
    "union of lists": ("UNION(l INTEGER[], h HUGEINT)", "union_value(l := [1, NULL])::UNION(l INTEGER[], h HUGEINT), NULL"),
    "struct of json": ("STRUCT(j JSON)[]", "[{'j': '[1]'::JSON}, NULL], NULL"),
    "arrays of booleans": ("BOOLEAN[3][]", "[[true, NULL, false]::BOOLEAN[3], NULL], NULL"),
    "intervals": ("INTERVAL[]", "[INTERVAL '-1 month 2 days 3 microseconds', NULL], NULL"),
}  # fmt: skip
CASES = [(f'SELECT "{name}" AS v FROM everything', kind) for name, kind in ALL_TYPES if name != "interval"]
CASES += [(f"SELECT unnest(list_value({values})::{kind}[]) AS v", kind) for kind, values in MORE.values()]


def sliced(column: Any) -> Any:
    """An equal array with an offset, and rows behind its end."""
    return pa.concat_arrays([column, column, column])[len(column) : 2 * len(column)]


class Stream:
    def __init__(self, inner: Any) -> None:
        self.inner = inner

    def __arrow_c_stream__(self, requested: Any = None) -> Any:
        return self.inner.__arrow_c_stream__(requested)

    def __len__(self) -> int:
        return len(self.inner)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.inner)


class Array(Stream):
    __arrow_c_stream__ = property()  # type: ignore[assignment]

    def __arrow_c_array__(self, requested: Any = None) -> Any:
        return self.inner.__arrow_c_array__(requested)


CHANGES: dict[str, Callable[[Any], Any]] = {
    "same": lambda column: column,
    "sliced": sliced,
    "chunked": lambda column: pa.chunked_array([column[:1], column[1:1], column[1:]]),
    "stream": lambda column: Stream(pa.chunked_array([column[:1], column[1:]])),
    "array protocol": Array,
}


@pytest.mark.every(3)
@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize(("sql", "kind"), CASES, ids=lambda text: text[:40])
def test_all_types(probe: Probe, sql: str, kind: str, change: str) -> None:
    probe.assert_same(sql, kind, CHANGES[change], 700 if change in {"same", "sliced"} else 1)


@pytest.mark.every(5)
@pytest.mark.parametrize(("sql", "kind"), CASES, ids=lambda text: text[:40])
def test_batches_of_several_vectors(probe: Probe, sql: str, kind: str) -> None:
    sizes: list[int] = []

    def note(values: Any, numbers: Any) -> Any:
        sizes.append(len(values))
        return sliced(values)

    name = probe.register(note, [kind, "BIGINT"], kind, memo=True)
    probe.con.execute(
        f"CREATE OR REPLACE TABLE source AS SELECT v, row_number() OVER () AS i FROM ({sql}), range(1500)"
    )
    probe.con.execute(f"CREATE OR REPLACE INCREMENTAL VIEW results AS SELECT i, {name}(v, i) AS r FROM source")
    (size,) = sizes
    assert size > 2048
    assert probe.count("SELECT v, r FROM source JOIN results USING (i)") == (size, size)


ARROW_TYPES = {
    "BOOLEAN": pa.bool_(), "BIGINT": pa.int64(), "UTINYINT": pa.uint8(), "FLOAT": pa.float32(), "VARCHAR": pa.string(), "JSON": pa.string(),
    "BLOB": pa.binary(), "DECIMAL(4,1)": pa.decimal128(4, 1), "DECIMAL(38,10)": pa.decimal128(38, 10), "DATE": pa.date32(), "TIME": pa.time64("us"),
    "TIME_NS": pa.time64("ns"), "TIMESTAMP": pa.timestamp("us"), "TIMESTAMP_S": pa.timestamp("s"), "TIMESTAMP_MS": pa.timestamp("ms"),
    "TIMESTAMP_NS": pa.timestamp("ns"), "TIMESTAMPTZ": pa.timestamp("us", "UTC"), "INTERVAL": pa.month_day_nano_interval(), "HUGEINT": pa.string(),
    "UHUGEINT": pa.string(), "BIGNUM": pa.string(), "BIT": pa.string(), "UUID": pa.string(), "TIMETZ": pa.string(), "INTEGER[]": pa.list_(pa.int32()),
    "FLOAT[3]": pa.list_(pa.float32(), 3), "MAP(VARCHAR, INTEGER)": pa.map_(pa.string(), pa.int32()), "STRUCT(a INTEGER)": pa.struct([("a", pa.int32())]),
    "ENUM('a', 'b')": pa.dictionary(pa.uint8(), pa.string()), "VARCHAR[]": pa.list_(pa.string()),
}  # fmt: skip


SETTINGS = ["", "arrow_large_buffer_size = true", "arrow_lossless_conversion = true", "produce_arrow_string_view = true",
            "TimeZone = 'Asia/Tokyo'", "arrow_output_version = '1.5'", "arrow_output_list_view = true"]  # fmt: skip


@pytest.mark.parametrize("setting", SETTINGS)
def test_the_arrow_types_do_not_depend_on_settings(setting: str) -> None:
    probe = Probe()
    if setting:
        probe.con.execute(f"SET {setting}")
    for kind, expected in ARROW_TYPES.items():
        seen = []
        name = probe.register(lambda column: seen.append(column.type) or column, [kind], kind)  # noqa: B023
        probe.con.execute(f"SELECT {name}(NULL::{kind})").fetchall()
        assert seen == [expected], kind


@pytest.mark.parametrize("setting", ["arrow_large_buffer_size = true", "arrow_output_version = '1.5'"])
@pytest.mark.parametrize("name", ["variant", "list of variants", "list of geometries"])
def test_types_that_follow_settings(setting: str, name: str) -> None:
    kind, values = MORE[name]
    probe = Probe()
    probe.con.execute(f"SET {setting}")
    probe.assert_same(f"SELECT unnest(list_value({values})::{kind}[]) AS v", kind, lambda column: column)


def test_several_columns(probe: Probe) -> None:
    def join(texts: Any, numbers: Any) -> Any:
        return pc.binary_join_element_wise(texts, numbers.cast(pa.string()), "-")

    name = probe.register(join, ["VARCHAR", "BIGINT"], "VARCHAR")
    wrong = f"SELECT count(*) FROM range(3000) AS t(i) WHERE {name}('a' || i, i) <> 'a' || i || '-' || i"
    assert probe.con.execute(wrong).fetchone() == (0,)


CONVERTED: list[tuple[str, Any, list[str]]] = [
    ("BIGINT", pa.array([1, None], pa.int8()), ["1", "NULL::BIGINT"]),
    ("UTINYINT", pa.array([255], pa.int64()), ["255"]),
    ("DOUBLE", pa.array([1, None]), ["1.0", "NULL::DOUBLE"]),
    ("FLOAT", pa.array([0.1, float("inf")]), ["0.1", "'inf'::FLOAT"]),
    ("DECIMAL(5,2)", pa.array([decimal.Decimal("1.5")]), ["1.50"]),
    ("DECIMAL(5,2)", pa.array([7]), ["7.00"]),
    ("VARCHAR", pa.array(["a", None], pa.large_string()), ["'a'", "NULL::VARCHAR"]),
    ("VARCHAR", pa.array(["a" * 50, None], pa.string_view()), [f"'{'a' * 50}'", "NULL::VARCHAR"]),
    ("VARCHAR", pa.array(["a", None, "a"]).dictionary_encode(), ["'a'", "NULL::VARCHAR", "'a'"]),
    ("VARCHAR", pc.run_end_encode(pa.array(["a", "a", "b"])), ["'a'", "'a'", "'b'"]),
    ("VARCHAR", pa.nulls(2), ["NULL::VARCHAR"] * 2),
    ("INTEGER[]", pa.nulls(1), ["NULL::INTEGER[]"]),
    ("ENUM('a', 'b')", pa.array(["b", None]), ["'b'", "NULL::ENUM('a', 'b')"]),
    ("ENUM('a', 'b')", pa.array(["b", "a"]).dictionary_encode(), ["'b'", "'a'"]),
    ("FLOAT[2]", pa.array([[1.0, 2.0], None]), ["[1.0, 2.0]", "NULL::FLOAT[2]"]),
    ("FLOAT[2]", pa.FixedSizeListArray.from_arrays(np.arange(4, dtype=np.float64), 2), ["[0.0, 1.0]", "[2.0, 3.0]"]),
    ("FLOAT[]", pa.array([[1, 2]], pa.list_(pa.int64(), 2)), ["[1.0, 2.0]"]),
    ("BIGINT[]", pa.array([[1, None], []], pa.large_list(pa.int8())), ["[1, NULL::BIGINT]", "[]"]),
    ("STRUCT(a INTEGER, b VARCHAR)", pa.array([{"b": "x", "a": 1}]), ["{'a': 1, 'b': 'x'}"]),
    ("HUGEINT", pa.array([-1, None]), ["-1", "NULL::HUGEINT"]),
    ("HUGEINT", pa.array([decimal.Decimal(10**37)]), [str(10**37)]),
    ("HUGEINT", pa.array([str(2**127 - 1)]), [str(2**127 - 1)]),
    ("DATE", pa.array([dt.date(2020, 1, 1)], pa.date64()), ["'2020-01-01'::DATE"]),
    ("TIMESTAMP", pa.array([dt.datetime(2020, 1, 1)], pa.timestamp("ns")), ["'2020-01-01 00:00:00'::TIMESTAMP"]),
    ("TIMESTAMPTZ", pa.array([0], pa.timestamp("s", "Asia/Tokyo")), ["'1970-01-01 00:00:00+00'::TIMESTAMP WITH TIME ZONE"]),
    ("BLOB", pa.array([b"ab"], pa.binary(2)), ["'ab'::BLOB"]),
    ("UUID", pa.array([bytes(16), None], pa.uuid()), ["'00000000-0000-0000-0000-000000000000'::UUID", "NULL::UUID"]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "array", "expected"), CONVERTED, ids=lambda value: re.sub("0x[0-9a-f]+", "…", str(value))[:30]
)
def test_converted(probe: Probe, kind: str, array: Any, expected: list[str]) -> None:
    probe.give(array, kind)
    rows = " UNION ALL ".join(f"SELECT {i} AS i, ({literal})::{kind} AS v" for i, literal in enumerate(expected))
    assert probe.count(f"SELECT v, r FROM given FULL JOIN ({rows}) USING (i)") == (len(expected), len(expected))


EMPTY = pa.array([], pa.int64())
ERRORS: list[tuple[str, Any, str]] = [
    ("INTEGER", [1], "an Arrow function returns a pyarrow.Array, not list: [1]"),
    ("INTEGER", None, "a batch function returns a list"),
    ("INTEGER", pa.array([1, 2]), "it returned 2 results for a batch of 1"),
    ("INTEGER[]", pa.array([[1]], pa.list_view(pa.int32())), "which is no list"),
    ("INTEGER", EMPTY, "it returned 0 results for a batch of 1"),
    ("INTEGER", pa.chunked_array([], pa.int64()), "it returned 0 results for a batch of 1"),
    ("TINYINT", pa.array([300]), "expected TINYINT, got int64: 300"),
    ("INTEGER", pa.array([1.5]), "expected INTEGER, got double, which is no int"),
    ("INTEGER", pa.array(["1"]), "expected INTEGER, got string, which is no int"),
    ("INTEGER", pa.array([True]), "expected INTEGER, got bool, which is no int"),
    ("VARCHAR", pa.array([1]), "expected VARCHAR, got int64, which is no text"),
    ("VARCHAR", pa.array([b"x"]), "expected VARCHAR, got binary, which is no text"),
    ("BOOLEAN", pa.array([1]), "expected BOOLEAN, got int64, which is no bool"),
    ("FLOAT", pa.array([1e300]), "expected FLOAT, got double: 1e+300 (out of range)"),
    ("FLOAT[]", pa.array([[1.0, 1e300]]), "out of range"),
    ("FLOAT", pa.array([2**24 + 1]), "expected FLOAT, got int64: 16777217"),
    ("DECIMAL(5,2)", pa.array([decimal.Decimal("1.234")]), "expected DECIMAL(5,2), got decimal128(4, 3): Decimal('1.234')"),
    ("DECIMAL(5,2)", pa.array([1.1]), "which is no decimal"),
    ("FLOAT[3]", pa.array([[1.0, 2.0]]), "expected FLOAT[3], got list<item: double>: [1.0, 2.0]"),
    ("STRUCT(a INTEGER)", pa.array([{"a": 1, "b": 2}]), "expected STRUCT(a INTEGER) with the fields a, got struct"),
    ("STRUCT(a INTEGER, b INTEGER)", pa.array([{"a": 1}]), "with the fields a, b, got struct"),
    ("STRUCT(a INTEGER)[]", pa.array([[{"a": "x"}]]), "got string in [].a, which is no int"),
    ("TIMESTAMP", pa.array([0], pa.timestamp("us", "UTC")), "got timestamp[us, tz=UTC], which is no timestamp"),
    ("TIMESTAMPTZ", pa.array([0], pa.timestamp("us")), "which is no timestamp with a time zone"),
    ("TIMESTAMP", lambda _: pa.array([1], pa.timestamp("ns")), "expected TIMESTAMP, got timestamp[ns]"),
    ("TIMESTAMP", pa.array([dt.date(2020, 1, 1)]), "which is no timestamp"),
    ("INTERVAL", pa.array([(0, 0, 1)], pa.month_day_nano_interval()), "not a whole number of microseconds"),
    ("INTERVAL[]", pa.array([[(0, 0, 1)]], pa.list_(pa.month_day_nano_interval())), "not a whole number of microseconds"),
    ("ENUM('a', 'b')", pa.array(["c"]), "ENUM('a', 'b')"),
    ("HUGEINT", pa.array(["1.5"]), "expected HUGEINT: Could not convert string '1.5'"),
    ("BIGNUM", pa.array(["1.5"]), "expected BIGNUM: '1.5' is not how DuckDB writes it, which is '2'"),
    ("TIMETZ", pa.array(["01:02:03.1234567+00"]), "expected TIME WITH TIME ZONE"),
    ("HUGEINT", pa.array(["x"]), "expected HUGEINT"),
    ("HUGEINT", pa.array([decimal.Decimal("1.5")]), "expected HUGEINT, got decimal128(2, 1): Decimal('1.5')"),
    ("UHUGEINT", pa.array([-1]), "expected UHUGEINT"),
    ("UUID", pa.array(["x"]), "expected UUID"),
    ("BIT", pa.array(["012"]), "expected BIT"),
    ("JSON", pa.array(["{"]), "expected JSON"),
    ("JSON", pa.array(["\U0001f600" * 100]), "expected JSON: Malformed JSON"),
    ("JSON[]", pa.array([["1", "{"]]), "expected JSON[]: Malformed JSON"),
    ("STRUCT(j JSON)", pa.array([{"j": "{"}]), "Malformed JSON"),
    ("MAP(VARCHAR, JSON[2])", pa.array([[("k", ["1", "{"])]], pa.map_(pa.string(), pa.list_(pa.string(), 2))), "Malformed JSON"),
    ("BIT", pa.array(["\U0001f600"]), "expected BIT"),
    ("ENUM('a')", pa.array(["\U0001f600" * 500]), "ENUM('a')"),
    ("GEOMETRY", pa.array([b"x"]), "expected GEOMETRY: Unexpected end"),
    ("UNION(i INTEGER, s VARCHAR)", pa.array([1]), "which is no union"),
    ("UNION(i INTEGER, s VARCHAR)", pa.UnionArray.from_dense(pa.array([0], pa.int8()), pa.array([0], pa.int32()), [pa.array([1], pa.int32()), pa.array(["x"])]), "got dense_union"),
    ("MAP(VARCHAR, INTEGER)", pa.array([[("a", 1), ("a", 2)]], pa.map_(pa.string(), pa.int32())), "Arrow map contains duplicate key"),
    ("VARCHAR", lambda _: pa.Array.from_buffers(pa.string(), 1, [None, pa.py_buffer(np.array([0, 1], np.int32)), pa.py_buffer(b"\xff")]), "not valid"),
    ("VARCHAR", lambda _: pa.DictionaryArray.from_arrays(pa.array([5], pa.int8()), pa.array(["a"]), safe=False), "not valid"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "result", "message"), ERRORS, ids=lambda value: re.sub("0x[0-9a-f]+", "…", str(value))[:30]
)
def test_errors(probe: Probe, kind: str, result: Any, message: str) -> None:
    with pytest.raises(duckdb.InvalidInputException) as error:
        probe.give(result, kind, size=1)
    assert message in str(error.value)


def test_the_value_that_does_not_fit_is_shown(probe: Probe) -> None:
    with pytest.raises(duckdb.InvalidInputException, match="expected TINYINT, got int64: 1000 "):
        probe.give(pa.array([*range(100), 1000, *range(50), 2000]), "TINYINT")


def test_intervals_that_arrow_cannot_hold(probe: Probe) -> None:
    name = probe.register(lambda column: column, ["STRUCT(i INTERVAL)[]"], "STRUCT(i INTERVAL)[]")
    with pytest.raises(duckdb.InvalidInputException, match="Arrow cannot represent the INTERVAL"):
        probe.con.execute(f"SELECT {name}([{{'i': to_microseconds(9223372036854775807)}}])")


def test_slices_of_nested_arrays(probe: Probe) -> None:
    """DuckDB by itself reads the validity of other rows in some slices; so does pyarrow when it casts them."""
    rng = random.Random(1)
    inner = pa.struct([("b", pa.bool_()), ("s", pa.string()), ("l", pa.list_(pa.int32()))])
    nested = [
        inner,
        pa.list_(inner),
        pa.list_(inner, 2),
        pa.map_(pa.int32(), inner),
        pa.struct([("x", pa.list_(pa.float64())), ("y", inner)]),
    ]

    def some(kind: Any) -> Any:
        if rng.random() < 0.3:
            return None
        if pa.types.is_struct(kind):
            return {kind.field(i).name: some(kind.field(i).type) for i in range(kind.num_fields)}
        if pa.types.is_map(kind):
            return [(key, some(kind.item_type)) for key in range(rng.randint(0, 3))]
        if pa.types.is_nested(kind):
            return [some(kind.value_type) for _ in range(2)]
        return {"bool": rng.random() < 0.5, "string": "s" * rng.randint(0, 20), "int32": rng.randint(0, 9)}.get(
            str(kind), 0.5
        )

    for kind in nested:
        array = pa.array([some(kind) for _ in range(400)], kind)
        for begin, end in ((1, 399), (130, 131), (65, 300)):
            for wanted in (sql_type(kind), sql_type(kind).replace("INTEGER", "BIGINT")):
                probe.give(array[begin:end], wanted)
                probe.con.execute("CREATE OR REPLACE TEMP TABLE from_slice AS SELECT i, r AS v FROM given")
                probe.give(pa.array(array[begin:end].to_pylist(), kind), wanted)
                count = end - begin
                assert probe.count("SELECT v, r FROM from_slice JOIN given USING (i)") == (count, count)


def test_no_memory_is_kept(probe: Probe) -> None:
    echo = probe.register(lambda texts, _: pc.utf8_upper(texts), ["VARCHAR", "BIGINT"], "VARCHAR")
    letter = probe.register(lambda letters: pc.utf8_lower(letters.cast(pa.string())), ["ENUM('B', 'C')"], "ENUM('b')")

    def call() -> None:
        rows = f"SELECT count({echo}(repeat('x', 1000), i)) FROM range(2000) AS t(i)"
        assert probe.con.execute(rows).fetchall() == [(2000,)]
        assert probe.con.execute(f"SELECT {letter}('B')").fetchall() == [("b",)]
        with pytest.raises(duckdb.InvalidInputException, match="ENUM"):
            probe.con.execute(f"SELECT {letter}('C')")

    call()
    gc.collect()
    before = pa.total_allocated_bytes()
    for _ in range(20):
        call()
    gc.collect()
    assert pa.total_allocated_bytes() - before < 2_000_000
