"""Vectors on their whole way: from a function, through the memo, which packs them, into a view and plain queries."""

from collections.abc import Callable
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from helpers import Con, one, rows

import cocosql
from cocosql import Arrow
from cocosql.catalog.packed import is_packed

NAN = float("nan")
#: More than one vector of DuckDB's.
COUNT = 2500


def number(text: str) -> int:
    return int(text[1:])


def values(text: str, size: int) -> list[float | None] | None:
    """The vector of a text; every 10th is NULL, some have elements that are NULL or NaN."""
    i = number(text)
    if i % 10 == 3:
        return None
    numbers: list[float | None] = [i + element / 8 for element in range(size)]
    if numbers and i % 10 == 5:
        numbers[i % size] = None
    if numbers and i % 10 == 7:
        numbers[i % size] = NAN
    return numbers


def plain(texts: list[str], size: int) -> Any:
    return np.array([[number(text) + element / 8 for element in range(size)] for text in texts], np.float32)


def read_only(array: Any) -> Any:
    array.flags.writeable = False
    return array


#: Ways to give vectors without NULLs, as arrays of NumPy.
SHAPES: dict[str, Callable[[Any], Any]] = {
    "2-D": lambda given: given,
    "list of 1-D": list,
    "tuple of 1-D": tuple,
    "read-only": read_only,
    "double": lambda given: given.astype(np.float64),
    "half": lambda given: given.astype(np.float16),
    "big-endian": lambda given: given.astype(">f4"),
    "big-endian double": lambda given: given.astype(">f8"),
    "Fortran": np.asfortranarray,
    "every second": lambda given: np.repeat(given, 2, axis=1)[:, ::2],
    "backwards": lambda given: np.ascontiguousarray(given[:, ::-1])[:, ::-1],
    "sliced rows": lambda given: np.repeat(given, 2, axis=0)[::2],
    "masked": lambda given: np.ma.array(given, mask=False),
    "objects": lambda given: given.astype(object),
    "memoryviews": lambda given: [memoryview(row) for row in given],
    "lists": lambda given: given.tolist(),
}

KINDS = ["FLOAT[6]", "DOUBLE[6]", "FLOAT[]", "DOUBLE[]"]


@pytest.fixture
def texts(con: Con) -> Con:
    con.execute("CREATE TABLE t AS SELECT i AS id, 't' || i AS x FROM range($1) AS r(i)", [COUNT])
    return con


def shown(con: Con, relation: str) -> list[tuple[Any, ...]]:
    """Texts of the vectors, in which NaN equals itself."""
    return rows(con, f"SELECT id, v::VARCHAR FROM {relation} ORDER BY id")


def assert_memoized(con: Con, function: Any, expected: list[tuple[Any, ...]], *, calls: int = COUNT) -> None:
    """A view of the function, a full refresh, a query and a view that is made again have these rows, by the same calls."""
    cocosql.register(con, function)
    query = "SELECT id, f(x) AS v FROM t"
    con.execute(f"CREATE INCREMENTAL VIEW v AS {query}")
    assert shown(con, "v") == expected
    con.execute("REFRESH INCREMENTAL VIEW v FULL")
    assert shown(con, "v") == expected
    assert shown(con, f"({query})") == expected
    con.execute("DROP INCREMENTAL VIEW v")
    con.execute(f"CREATE INCREMENTAL VIEW v AS {query}")
    assert shown(con, "v") == expected
    con.execute("UPDATE t SET id = id + 100000 WHERE id % 500 = 0")
    con.execute("REFRESH INCREMENTAL VIEW v")
    moved = sorted((key + 100000 if key % 500 == 0 else key, text) for key, text in expected)
    assert shown(con, "v") == moved
    assert one(con, "SELECT sum(calls) FROM coco_functions()") == calls


@pytest.mark.every(5)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shape", SHAPES)
def test_numpy(texts: Con, shape: str, kind: str) -> None:
    @cocosql.udf(name="f", returns=kind, batch_size=700)
    def function(batch: list[str]) -> Any:
        return SHAPES[shape](plain(batch, 6) % 1024)

    expected = [(i, str([float((i + e / 8) % 1024) for e in range(6)])) for i in range(COUNT)]
    if shape == "half":  # has 11 bits
        halves = (plain([f"t{i}" for i in range(COUNT)], 6) % 1024).astype(np.float16)
        expected = [(i, str([float(x) for x in halves[i]])) for i in range(COUNT)]
    assert_memoized(texts, function, expected)


@pytest.mark.every(4)
@pytest.mark.parametrize("form", ["row", "batch", "arrow", "arrow, chunked", "arrow, sliced", "arrow, large"])
@pytest.mark.parametrize("kind", [*KINDS, "FLOAT[2][3]", "FLOAT[][]", "STRUCT(v FLOAT[6])"])
def test_nulls_and_nan(texts: Con, kind: str, form: str) -> None:
    def result(text: str) -> Any:
        found = values(text, 6)
        if found is None:
            return None
        if kind.startswith("STRUCT"):
            return {"v": found}
        return [found[:2], found[2:4], found[4:]] if kind.count("[") > 1 else found

    expected = [(i, None if (given := result(f"t{i}")) is None else sql_text(given)) for i in range(COUNT)]
    assert_memoized(texts, nullable(form, kind, result), expected)


def sql_text(value: Any) -> str:
    return repr(value).replace("None", "NULL")


def nullable(form: str, kind: str, result: Callable[[str], Any]) -> Any:
    if form == "row":

        def row(x: str) -> Any:
            return result(x)

        return cocosql.udf(name="f", returns=kind)(row)
    if form == "batch":

        def batch(x: list[str]) -> Any:
            return [result(text) for text in x]

        return cocosql.udf(name="f", returns=kind, batch_size=700)(batch)
    leaf = pa.float64() if "DOUBLE" in kind else pa.float32()
    arrow: Any = pa.large_list(leaf) if form == "arrow, large" else pa.list_(leaf, 6 if "[6]" in kind else -1)
    if kind.startswith("STRUCT"):
        arrow = pa.struct([("v", arrow)])
    elif kind.count("[") > 1:
        arrow = pa.list_(pa.list_(leaf))

    @cocosql.udf(name="f", batch_size=700)
    def function(x: Arrow[str]) -> Arrow[kind]:
        found = [result(text.as_py()) for text in x]
        if form == "arrow, sliced":
            return pa.array([None, found[0], *found, None], arrow)[2:-1]
        if form == "arrow, chunked":
            return pa.chunked_array([pa.array(found[:9], arrow), pa.array([], arrow), pa.array(found[9:], arrow)])
        return pa.array(found, arrow)

    return function


def test_lists_of_any_length(texts: Con) -> None:
    @cocosql.udf(name="f", returns="FLOAT[]")
    def function(x: str) -> Any:
        return values(x, number(x) % 20)

    expected = []
    for i in range(COUNT):
        found = values(f"t{i}", i % 20)
        expected.append((i, None if found is None else sql_text(found)))
    assert_memoized(texts, function, expected)


MISFITS: dict[str, Any] = {
    "range": np.full(6, 1e300),
    "text": np.array(["x"] * 6),
    "no list": 7.5,
    "dimensions": np.zeros((6, 1), np.float32),
    "length": np.zeros(5, np.float32),
}


@pytest.mark.every(3)
@pytest.mark.parametrize(
    ("kind", "wrong"),
    [*(("FLOAT[6]", wrong) for wrong in MISFITS), *(("FLOAT[]", wrong) for wrong in list(MISFITS)[:-1])],
)
def test_vectors_that_do_not_fit_stand_alone(texts: Con, kind: str, wrong: str) -> None:
    @cocosql.udf(name="f", returns=kind, batch_size=700)
    def function(batch: list[str]) -> Any:
        return [MISFITS[wrong] if number(x) == 1234 else row for x, row in zip(batch, plain(batch, 6), strict=True)]

    cocosql.register(texts, function)
    query = "SELECT id, f(x) AS v FROM t"
    texts.execute(f"CREATE INCREMENTAL VIEW v WITH (on_error = 'keep') AS {query}")
    assert one(texts, "SELECT count(*) FROM v WHERE v[2] = id + 0.125") == COUNT - 1
    ((given, error),) = rows(texts, "SELECT input, error FROM coco_errors('v')")
    assert given == "'t1234'"
    assert error.startswith(f"its result does not fit the declared type {kind}: ")


@pytest.mark.parametrize("count", [4, 6])
def test_another_number_of_rows(texts: Con, count: int) -> None:
    @cocosql.udf(name="f", returns="FLOAT[6]", batch_size=5)
    def function(batch: list[str]) -> Any:
        return np.zeros((count, 6), np.float32)

    cocosql.register(texts, function)
    with pytest.raises(duckdb.InvalidInputException, match=f"it returned {count} results for a batch of 5"):
        texts.execute("CREATE INCREMENTAL VIEW v AS SELECT id, f(x) AS v FROM t")


@pytest.mark.parametrize("kind", KINDS)
def test_a_memo_of_an_earlier_version_has_typed_results(texts: Con, kind: str) -> None:
    @cocosql.udf(name="f", returns=kind, version="1")
    def function(x: str) -> Any:
        return values(x, 6)

    cocosql.register(texts, function)
    texts.execute("CREATE INCREMENTAL VIEW v AS SELECT id, f(x) AS v FROM t WHERE id < 100")
    memo = one(texts, "SELECT memo_table FROM coco.functions")
    assert one(texts, f"SELECT DISTINCT typeof(result) FROM coco.{memo}") == "BLOB"
    texts.execute(f"CREATE TABLE earlier AS SELECT * REPLACE (NULL::{kind} AS result) FROM coco.{memo}")
    texts.execute(f"UPDATE earlier SET result = [fingerprint % 7, 1, NULL, 3, 4, 'nan'::FLOAT]::{kind}")
    texts.execute(f"CREATE OR REPLACE TABLE coco.{memo} AS FROM earlier")
    texts.execute("CREATE OR REPLACE INCREMENTAL VIEW v AS SELECT id, f(x) AS v FROM t WHERE id < 200")
    expected = [(i, None if i % 10 == 3 else sql_text(values(f"t{i}", 6))) for i in range(200)]
    found = shown(texts, "v")
    assert found[100:] == expected[100:]
    assert all(text is None or text.endswith(", 1.0, NULL, 3.0, 4.0, nan]") for _, text in found[:100])
    assert shown(texts, "(SELECT id, f(x) AS v FROM t WHERE id < 200)") == found
    assert one(texts, "SELECT sum(calls) FROM coco_functions()") == 200


def test_what_is_packed(texts: Con) -> None:
    """Python and C++ agree on it: a result that one of them packs and the other does not is lost."""
    for kind in ["FLOAT[3]", "DOUBLE[3]", "FLOAT[]", "DOUBLE[]", "FLOAT", "FLOAT[3][]", "INTEGER[]", "VARCHAR[]"]:
        assert is_packed(kind) == (kind in ("FLOAT[3]", "DOUBLE[3]", "FLOAT[]", "DOUBLE[]"))


@pytest.mark.parametrize("kind", ["REAL[6]", "float8[]", "float4[6]", "DOUBLE PRECISION[]"])
def test_other_names_of_the_types(texts: Con, kind: str) -> None:
    @cocosql.udf(name="f", returns=kind)
    def function(x: str) -> Any:
        return values(x, 6)

    expected = [(i, None if i % 10 == 3 else sql_text(values(f"t{i}", 6))) for i in range(COUNT)]
    assert_memoized(texts, function, expected)


def test_bytes_of_the_memo(texts: Con) -> None:
    @cocosql.udf(name="f", returns="FLOAT[6]")
    def function(x: str) -> Any:
        return values(x, 6)

    cocosql.register(texts, function)
    texts.execute("CREATE INCREMENTAL VIEW v AS SELECT id, f(x) AS v FROM t")
    assert one(texts, "SELECT sum(bytes) FROM coco_memo()") == COUNT * 9 // 10 * 24


def test_damaged(texts: Con) -> None:
    @cocosql.udf(name="f", returns="FLOAT[6]", version="1")
    def function(x: str) -> Any:
        return values(x, 6)

    cocosql.register(texts, function)
    texts.execute("CREATE INCREMENTAL VIEW v AS SELECT id, f(x) AS v FROM t WHERE id = 0")
    memo = one(texts, "SELECT memo_table FROM coco.functions")
    for wrong in ["''", r"'\x00'", r"'\x01'", "repeat('x', 25)", r"repeat('\x00', 29)", r"repeat('x', 24) || '\x01'"]:
        texts.execute(f"UPDATE coco.{memo} SET result = ({wrong})::BLOB")
        with pytest.raises(duckdb.InvalidInputException, match="a memoized vector is damaged"):
            texts.execute("SELECT f(x) FROM t WHERE id = 0").fetchall()
