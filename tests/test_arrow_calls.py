"""Functions of Arrow arrays: their annotations, where they are called, and what becomes of what fails."""

from collections.abc import Callable
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from helpers import Con, assert_view_equals_query, one, rows

import cocosql
from cocosql import Arrow
from cocosql.types import sql_type

TinyInts = Arrow["TINYINT"]
CLASSES = {
    pa.BooleanArray: "BOOLEAN", pa.Int8Array: "TINYINT", pa.Int16Array: "SMALLINT", pa.Int32Array: "INTEGER", pa.Int64Array: "BIGINT",
    pa.UInt8Array: "UTINYINT", pa.UInt16Array: "USMALLINT", pa.UInt32Array: "UINTEGER", pa.UInt64Array: "UBIGINT",
    pa.HalfFloatArray: "FLOAT", pa.FloatArray: "FLOAT", pa.DoubleArray: "DOUBLE", pa.Date32Array: "DATE", pa.Date64Array: "DATE",
    pa.MonthDayNanoIntervalArray: "INTERVAL", pa.StringArray: "VARCHAR", pa.LargeStringArray: "VARCHAR", pa.StringViewArray: "VARCHAR",
    pa.BinaryArray: "BLOB", pa.LargeBinaryArray: "BLOB", pa.BinaryViewArray: "BLOB", pa.UuidArray: "UUID", pa.JsonArray: "JSON",
}  # fmt: skip


@pytest.mark.parametrize(("array", "kind"), CLASSES.items(), ids=lambda value: getattr(value, "__name__", value))
def test_classes_with_one_type(con: Con, array: Any, kind: str) -> None:
    assert sql_type(array) == sql_type(array | None) == kind

    def f(column: array) -> array:
        return column

    cocosql.register(con, f)
    assert one(con, f"SELECT typeof(f(NULL::{kind}))") == kind


@pytest.mark.parametrize("array", [pa.Array, pa.ListArray, pa.TimestampArray, pa.Decimal128Array, pa.Array | None])
def test_classes_without_a_type(array: Any) -> None:
    def takes(texts: array) -> Arrow[str]:
        return texts

    def gives(texts: pa.StringArray) -> array:
        return texts

    for function in (takes, gives):
        with pytest.raises(TypeError) as error:
            cocosql.udf(function)
        assert str(error.value).startswith(f"{function.__name__}: pyarrow.")
        assert str(error.value).endswith("as in: def f(texts: Arrow[str]) -> Arrow[int]")


@pytest.fixture
def words(con: Con) -> Con:
    con.execute(
        "CREATE TABLE t AS SELECT i AS id, CASE WHEN i % 10 = 3 THEN NULL ELSE 'w' || i END AS w FROM range(5000) AS r(i)"
    )
    return con


def upper(texts: Arrow[str]) -> Arrow[str]:
    import pyarrow.compute

    return pyarrow.compute.utf8_upper(texts)


async def upper_async(texts: Arrow[str]) -> Arrow[str]:
    return pc.utf8_upper(texts)


WAYS: dict[str, tuple[Callable[..., Any], dict[str, Any]]] = {
    "caller": (upper, {}), "threads": (upper, {"max_concurrency": 3}), "timeout": (upper, {"timeout": 60.0}), "process": (upper, {"executor": "process"}),
    "processes": (upper, {"executor": "process", "max_concurrency": 2}), "async": (upper_async, {}), "async one": (upper_async, {"max_concurrency": 1}),
}  # fmt: skip


@pytest.mark.every(3)
@pytest.mark.parametrize("way", WAYS)
def test_executors(words: Con, way: str) -> None:
    function, options = WAYS[way]
    cocosql.register(words, cocosql.udf(name="up", version="1", batch_size=700, **options)(function))
    assert one(words, "SELECT count(*) FROM t WHERE up(w) IS DISTINCT FROM upper(w)") == 0
    words.execute("UPDATE t SET w = 'x' || w")
    words.execute("CREATE INCREMENTAL VIEW v AS SELECT id, up(w) AS u FROM t")
    words.execute("INSERT INTO t VALUES (9999, 'new')")
    assert rows(words, "REFRESH INCREMENTAL VIEW v")[0][2:6] == (1, 0, 0, 1), "inserted, updated, deleted, calls"
    assert_view_equals_query(words, "v", "SELECT id, upper(w) AS u FROM t")


@pytest.mark.parametrize("way", WAYS)
def test_inputs_that_raise_stand_alone(words: Con, way: str) -> None:
    def picky(texts: Arrow[str]) -> Arrow[str]:
        bad = [text for text in texts.to_pylist() if text in {"w17", "w18", "w4444"}]
        if bad:
            raise ValueError(f"no {bad[0]}")
        return texts

    async def picky_async(texts: Arrow[str]) -> Arrow[str]:
        return picky(texts)

    function, options = WAYS[way]
    function = picky_async if function is upper_async else picky
    cocosql.register(words, cocosql.udf(name="picky", version="1", batch_size=700, **options)(function))
    words.execute("CREATE INCREMENTAL VIEW v WITH (on_error = 'keep') AS SELECT id, picky(w) AS u FROM t")
    assert_view_equals_query(words, "v", "SELECT id, w AS u FROM t WHERE id NOT IN (17, 18, 4444)")
    failed = rows(words, "SELECT input, error, attempts FROM coco_errors('v') ORDER BY input")
    assert [given for given, _, _ in failed] == ["'w17'", "'w18'", "'w4444'"]
    for given, error, attempts in failed:
        assert error.endswith(f"ValueError: no {given.strip(chr(39))}")
        assert attempts == 1
    with pytest.raises(
        duckdb.InvalidInputException, match=r"(?s)picky failed for \('w(17|18|4444)'\).*ValueError: no w"
    ):
        words.execute("SELECT picky(w) FROM t").fetchall()


@pytest.mark.parametrize("way", ["caller", "process", "async"])
def test_results_that_do_not_fit_stand_alone(words: Con, way: str) -> None:
    def number(texts: Arrow[str]) -> TinyInts:
        import pyarrow

        return pyarrow.array([1000 if text in {"w17", "w4444"} else 1 for text in texts.to_pylist()])

    async def number_async(texts: Arrow[str]) -> TinyInts:
        return number(texts)

    function, options = WAYS[way]
    function = number_async if function is upper_async else number
    cocosql.register(words, cocosql.udf(name="number", version="1", batch_size=3000, **options)(function))
    words.execute("CREATE INCREMENTAL VIEW v WITH (on_error = 'keep') AS SELECT id, number(w) AS n FROM t")
    expected = "SELECT id, CASE WHEN w IS NOT NULL THEN 1::TINYINT END AS n FROM t WHERE id NOT IN (17, 4444)"
    assert_view_equals_query(words, "v", expected)
    failed = rows(words, "SELECT input, error FROM coco_errors('v') ORDER BY input")
    assert [given for given, _ in failed] == ["'w17'", "'w4444'"]
    for _, error in failed:
        assert error.startswith("its result does not fit the declared type TINYINT: expected TINYINT, got int64: 1000 ")
    with pytest.raises(duckdb.InvalidInputException, match=r"number failed for \('w17'\): its result does not fit"):
        words.execute("SELECT number(w) FROM t WHERE id < 100").fetchall()


class Stream:
    """Has Arrow's PyCapsule interface and nothing else."""

    def __init__(self, array: Any) -> None:
        self.array = array

    def __arrow_c_stream__(self, requested: Any = None) -> Any:
        return pa.chunked_array([self.array]).__arrow_c_stream__(requested)


@pytest.mark.parametrize(
    "wrap", [lambda array: pa.chunked_array([array[:5], array[5:]]), Stream], ids=["chunks", "stream"]
)
def test_results_that_are_no_arrays_and_do_not_fit(words: Con, wrap: Callable[[Any], Any]) -> None:
    @cocosql.udf(version="1")
    def number(texts: Arrow[str]) -> TinyInts:
        return wrap(pa.array([1000 if text == "w17" else 1 for text in texts.to_pylist()]))

    cocosql.register(words, number)
    words.execute("CREATE INCREMENTAL VIEW v WITH (on_error = 'keep') AS SELECT id, number(w) AS n FROM t")
    assert rows(words, "SELECT input FROM coco_errors('v')") == [("'w17'",)]
    assert one(words, "SELECT count(*) FROM v") == 4999


WRONG: dict[str, tuple[Callable[[Any], Any], str]] = {
    "short": (lambda texts: texts[1:], "it returned 17 results for a batch of 18, and 0 for this input alone"),
    "long": (lambda texts: pa.concat_arrays([texts, texts]), "it returned 36 results for a batch of 18, and 2 for this input alone"),
    "long stream": (lambda texts: Stream(pa.concat_arrays([texts, texts])), "it returned 36 results for a batch of 18, and 2 for this input alone"),
    "nothing": (lambda texts: None, "a batch function returns a list, or an array if it takes arrays, not None"),
    "scalar": (lambda texts: texts[0], "not <pyarrow.StringScalar"),
    "list": (lambda texts: texts.to_pylist(), "an Arrow function returns a pyarrow.Array, not list"),
    "batches": (lambda texts: pa.RecordBatchReader.from_batches(pa.schema([("a", pa.string())]), [pa.record_batch({"a": texts})]), "which is no text"),
}  # fmt: skip


@pytest.mark.parametrize("wrong", WRONG)
def test_results_that_are_wrong_as_a_whole(words: Con, wrong: str) -> None:
    change, message = WRONG[wrong]

    @cocosql.udf(version="1")
    def f(texts: Arrow[str]) -> Arrow[str]:
        return change(texts)

    cocosql.register(words, f)
    words.execute("DELETE FROM t WHERE id >= 20")
    words.execute("CREATE INCREMENTAL VIEW v WITH (on_error = 'keep') AS SELECT id, f(w) AS n FROM t")
    assert rows(words, "FROM v ORDER BY id") == [(3, None), (13, None)]
    failed = rows(words, "SELECT DISTINCT error FROM coco_errors('v')")
    assert all(message in error for (error,) in failed), failed
    with pytest.raises(duckdb.InvalidInputException) as error:
        words.execute("SELECT f(w) FROM t").fetchall()
    assert message in str(error.value)


def test_null_on_error(words: Con) -> None:
    @cocosql.udf(version="1", on_error="null")
    def number(texts: Arrow[str]) -> TinyInts:
        return pa.array([int(text[1:]) for text in texts.to_pylist()])

    cocosql.register(words, number)
    assert one(words, "SELECT count(number(w)) FROM t") == sum(1 for i in range(128) if i % 10 != 3)


def test_nulls(words: Con) -> None:
    seen: dict[str, set[int]] = {"skips": set(), "takes": set()}

    @cocosql.udf(version="1")
    def skips(texts: Arrow[str], ids: Arrow[int]) -> Arrow[bool]:
        seen["skips"].add(texts.null_count)
        return pc.is_null(texts)

    @cocosql.udf(version="1")
    def takes(texts: Arrow[str | None], ids: Arrow[int]) -> Arrow[bool]:
        seen["takes"].add(texts.null_count)
        return pc.is_null(texts)

    cocosql.register(words, skips, takes)
    words.execute("CREATE INCREMENTAL VIEW v AS SELECT id, skips(w, id) AS s, takes(w, id) AS t FROM t")
    assert seen == {"skips": {0}, "takes": {500}}, "one call each"
    assert_view_equals_query(
        words, "v", "SELECT id, CASE WHEN w IS NOT NULL THEN false END AS s, w IS NULL AS t FROM t"
    )


def test_batches_are_as_large_as_said(words: Con) -> None:
    sizes: list[int] = []

    @cocosql.udf(version="1", batch_size=3000)
    def f(ids: Arrow[int]) -> Arrow[int]:
        sizes.append(len(ids))
        return ids

    cocosql.register(words, f)
    words.execute("CREATE INCREMENTAL VIEW v AS SELECT id, f(id) AS i FROM t")
    assert sizes == [3000, 2000]


def test_halves_of_a_batch_are_not_copied(words: Con) -> None:
    addresses: set[int] = set()

    @cocosql.udf(version="1")
    def f(ids: Arrow[int]) -> Arrow[int]:
        addresses.add(ids.buffers()[1].address)
        if 17 in ids.to_pylist():
            raise ValueError
        return ids

    cocosql.register(words, f)
    words.execute("CREATE INCREMENTAL VIEW v WITH (on_error = 'keep') AS SELECT id, f(id) AS i FROM t")
    assert one(words, "SELECT count(*) FROM v") == 4999
    assert len(addresses) == 1
