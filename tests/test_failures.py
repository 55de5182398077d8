"""Calls that fail: what the view shows, what is recorded, and what the next refresh tries again."""

from collections.abc import Callable
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from helpers import Calls, Con, assert_replayed, assert_view_equals_query, one, rows

import cocosql

BAD = "no good"


@pytest.fixture
def calls() -> Calls:
    return Calls()


@pytest.fixture
def bad() -> set[str]:
    """The inputs for which the function `upper` fails."""
    return {"b"}


@pytest.fixture
def words(con: Con, calls: Calls, bad: set[str]) -> Con:
    @cocosql.udf(version="1")
    def shout(text: str) -> str:
        calls.note(text)
        if text in bad:
            raise ValueError(BAD)
        return text.upper()

    cocosql.register(con, shout)
    con.execute("CREATE TABLE t (id BIGINT PRIMARY KEY, w VARCHAR)")
    con.execute("INSERT INTO t VALUES (1, 'a'), (2, 'b'), (3, 'c')")
    return con


KEEP = "CREATE INCREMENTAL VIEW v WITH (on_error = 'keep') AS SELECT id, shout(w) AS s FROM t"


def refresh(con: Con) -> tuple[Any, ...]:
    """version, inserted, updated, deleted, calls, hits"""
    return rows(con, "REFRESH INCREMENTAL VIEW v")[0][1:7]


def status(con: Con) -> str:
    return str(one(con, "SELECT status FROM coco_views() WHERE name = 'v'"))


def test_a_row_that_fails_is_left_out(words: Con) -> None:
    words.execute(KEEP)
    assert rows(words, "FROM v ORDER BY id") == [(1, "A"), (3, "C")]
    assert status(words) == "partial"
    ((view, function, given, error, attempts),) = rows(
        words, "SELECT view, function, input, error, attempts FROM coco_errors('v')"
    )
    assert (view, function, given, attempts) == ("v", "shout", "'b'", 1)
    assert error.startswith("Traceback") and error.endswith(f"ValueError: {BAD}")
    assert "cocosql" not in error


def test_a_row_that_fails_keeps_its_last_good_version(words: Con, bad: set[str]) -> None:
    bad.clear()
    words.execute(KEEP)
    bad.add("x")
    words.execute("UPDATE t SET w = 'x' WHERE id = 2")
    words.execute("UPDATE t SET w = 'y' WHERE id = 3")
    assert refresh(words) == (2, 0, 1, 0, 2, 0)
    assert rows(words, "FROM v ORDER BY id") == [(1, "A"), (2, "B"), (3, "Y")]
    assert_replayed(words, "v", "v")


_TEXT = "\U0001f600" * 100

#: What is no JSON, and the same within others; the type, and how the row is made of a text.
NESTED: dict[str, Callable[[str], Any]] = {
    "JSON": lambda text: text,
    "JSON[]": lambda text: ["1", text],
    "STRUCT(j JSON, t VARCHAR)": lambda text: {"j": text, "t": _TEXT},
    "MAP(VARCHAR, JSON[])": lambda text: {_TEXT: [None, text]},
}


@pytest.mark.every(4)
@pytest.mark.parametrize(("kind", "form"), [(kind, form) for kind in NESTED for form in ("row", "batch", "arrow")])
def test_a_result_that_is_no_json(con: Con, kind: str, form: str) -> None:
    """It fails as any result that does not fit; DuckDB's message has a part of it, which may end inside a character."""

    def result(x: int) -> Any:
        return NESTED[kind]('{"a": "' + _TEXT if x == 2 else '{"a": [1]}')

    def row(x: int):
        return result(x)  # type: ignore[no-untyped-def]

    def batch(xs: list[int]):
        return [result(x) for x in xs]  # type: ignore[no-untyped-def]

    def arrow(xs: cocosql.Arrow[int]):
        return _arrow([result(x.as_py()) for x in xs])  # type: ignore[no-untyped-def]

    size = {} if form == "row" else {"batch_size": 4}
    for name, options in (("f_fail", {}), ("f_null", {"on_error": "null"})):
        function = {"row": row, "batch": batch, "arrow": arrow}[form]
        cocosql.register(con, cocosql.udf(name=name, version="1", returns=kind, **size, **options)(function))
    con.execute("CREATE TABLE t AS SELECT i AS id FROM range(6) r(i)")
    fails = ["SELECT f_fail(id) AS y FROM t", "CREATE INCREMENTAL VIEW v AS SELECT id, f_fail(id) AS y FROM t"]
    for statement in fails:
        with pytest.raises(duckdb.InvalidInputException) as error:
            con.execute(statement).fetchall()
        said = str(error.value)
        assert "function f_fail" in said and "JSON" in said and '{"a":' in said, said
    con.execute("CREATE INCREMENTAL VIEW v WITH (on_error = 'keep') AS SELECT id, f_fail(id) AS y FROM t").fetchall()
    con.execute("CREATE INCREMENTAL VIEW w AS SELECT id, f_null(id) AS y FROM t").fetchall()
    assert rows(con, "SELECT id FROM v ORDER BY id") == [(0,), (1,), (3,), (4,), (5,)]
    assert (
        rows(con, "SELECT id FROM w WHERE y IS NULL")
        == [(2,)]
        == rows(con, "SELECT id FROM t WHERE f_null(id) IS NULL")
    )
    assert rows(con, "SELECT view, input FROM coco_errors() ORDER BY ALL") == [("v", "2"), ("w", "2")]
    assert one(con, "SELECT count(*) FROM coco_errors() WHERE contains(error, 'JSON')") == 2


def _arrow(results: list[Any]) -> pa.Array:
    """Pairs stand for a MAP."""
    if isinstance(results[0], dict) and _TEXT in results[0]:
        return pa.array([list(one.items()) for one in results], pa.map_(pa.string(), pa.list_(pa.string())))
    return pa.array(results)


@pytest.mark.every(5)
@pytest.mark.parametrize("kind", ["BIT", "UUID", "ENUM('a')", "INTEGER", "DATE", "HUGEINT", "GEOMETRY", "BIT[]"])
@pytest.mark.parametrize("form", ["row", "arrow"])
def test_a_bad_result_that_is_not_ascii(con: Con, kind: str, form: str) -> None:
    """DuckDB's message has a part of it, which may end inside a character."""
    good = {
        "BIT": "01",
        "UUID": "00000000-0000-0000-0000-000000000001",
        "ENUM('a')": "a",
        "HUGEINT": "7",
        "BIT[]": ["1"],
    }

    def row(x: int):
        return _TEXT if x == 2 or kind not in good or form == "row" else good[kind]  # type: ignore[no-untyped-def]

    def arrow(xs: cocosql.Arrow[int]):
        return pa.array([[row(x)] if kind == "BIT[]" else row(x) for x in xs.to_pylist()])  # type: ignore[no-untyped-def]

    good["BIT[]"] = "1"
    size = {} if form == "row" else {"batch_size": 4}
    cocosql.register(con, cocosql.udf(name="f", version="1", returns=kind, **size)(row if form == "row" else arrow))
    con.execute("CREATE TABLE t AS SELECT i AS id FROM range(6) r(i)")
    con.execute("CREATE INCREMENTAL VIEW v WITH (on_error = 'keep') AS SELECT id, f(id) AS y FROM t").fetchall()
    bad = one(con, "SELECT count(*) FROM coco_errors('v')")
    assert bad == (1 if form == "arrow" and kind in good else 6)
    assert one(con, "SELECT count(*) FROM v") == 6 - bad
    with pytest.raises(duckdb.InvalidInputException, match="function f failed"):
        con.execute("SELECT f(id) FROM t WHERE id = 2").fetchall()


def test_an_error_whose_text_is_half_a_character(con: Con) -> None:
    """Python has strings that are no text."""

    @cocosql.udf(version="1")
    def f(x: int) -> int:
        raise (ValueError if x else duckdb.InvalidInputException)("\ud800 odd")

    cocosql.register(con, f)
    for x in (0, 1):
        with pytest.raises(duckdb.InvalidInputException, match=r"ud800 odd"):
            con.execute(f"SELECT f({x})").fetchall()


def test_the_next_refresh_tries_again_although_nothing_changed(words: Con, bad: set[str], calls: Calls) -> None:
    words.execute(KEEP)
    calls.clear()
    assert refresh(words) == (1, 0, 0, 0, 1, 0)
    assert calls.taken() == {"'b'": 1}
    assert one(words, "SELECT count(*) FROM coco_errors()") == 1
    bad.clear()
    assert refresh(words) == (2, 1, 0, 0, 1, 0)
    assert_view_equals_query(words, "v", "SELECT id, upper(w) AS s FROM t")
    assert status(words) == "fresh"
    assert rows(words, "FROM coco_errors()") == []
    calls.clear()
    assert refresh(words) == (2, 0, 0, 0, 0, 0)
    assert not calls


def test_a_failed_row_that_is_deleted_is_gone(words: Con) -> None:
    words.execute(KEEP)
    words.execute("DELETE FROM t WHERE id = 2")
    assert refresh(words) == (1, 0, 0, 0, 0, 0)
    assert (status(words), rows(words, "FROM coco_errors()")) == ("fresh", [])


def test_a_failed_row_whose_input_is_mended(words: Con) -> None:
    words.execute(KEEP)
    words.execute("UPDATE t SET w = 'd' WHERE id = 2")
    assert refresh(words) == (2, 1, 0, 0, 1, 0)
    assert_view_equals_query(words, "v", "SELECT id, upper(w) AS s FROM t")


def test_failures_when_the_code_changes(words: Con) -> None:
    words.execute(KEEP)

    @cocosql.udf(version="2")
    def shout(text: str) -> str:
        if text == "a":
            raise ValueError
        return text * 2

    cocosql.register(words, shout)
    assert status(words) == "stale"
    refresh(words)
    assert rows(words, "FROM v ORDER BY id") == [(1, "A"), (2, "bb"), (3, "cc")]
    assert status(words) == "partial"


def test_failures_below_an_unnest(words: Con, bad: set[str]) -> None:
    @cocosql.udf(version="1")
    def parts(text: str) -> list[str]:
        return text.split()

    cocosql.register(words, parts)
    words.execute("UPDATE t SET w = 'k b l' WHERE id = 3")
    words.execute(
        "CREATE INCREMENTAL VIEW v WITH (on_error = 'keep') AS "
        "SELECT id, shout(p) AS s FROM t, unnest(parts(w)) AS u(p)"
    )
    assert rows(words, "FROM v") == [(1, "A")], "all output of a source row is kept back, not a part of it"
    bad.clear()
    refresh(words)
    assert rows(words, "FROM v ORDER BY ALL") == [(1, "A"), (2, "B"), (3, "B"), (3, "K"), (3, "L")]


def test_a_call_that_depends_on_a_failed_one_is_not_made(words: Con, calls: Calls) -> None:
    seen: list[str | None] = []

    @cocosql.udf(version="1")
    def size(text: str | None) -> int:
        seen.append(text)
        return len(text or "")

    cocosql.register(words, size)
    words.execute("CREATE INCREMENTAL VIEW v WITH (on_error = 'keep') AS SELECT id, size(shout(w)) AS s FROM t")
    assert sorted(map(str, seen)) == ["A", "C"]
    assert rows(words, "FROM v ORDER BY id") == [(1, 1), (3, 1)]


def test_without_keys(words: Con, bad: set[str]) -> None:
    words.execute("CREATE TABLE bag AS SELECT w FROM t, range(2)")
    words.execute("CREATE INCREMENTAL VIEW v WITH (on_error = 'keep') AS SELECT shout(w) AS s FROM bag")
    assert rows(words, "FROM v ORDER BY ALL") == [("A",), ("A",), ("C",), ("C",)]
    words.execute("INSERT INTO bag VALUES ('b'), ('c')")
    refresh(words)
    assert rows(words, "SELECT s, count(*) FROM v GROUP BY s ORDER BY ALL") == [("A", 2), ("C", 3)]
    bad.clear()
    refresh(words)
    assert_view_equals_query(words, "v", "SELECT upper(w) AS s FROM bag")


def test_views_on_views_see_the_kept_rows(words: Con, bad: set[str]) -> None:
    words.execute(KEEP)
    words.execute("CREATE INCREMENTAL VIEW w AS SELECT s || '!' AS s FROM v")
    assert rows(words, "FROM w ORDER BY ALL") == [("A!",), ("C!",)]
    bad.clear()
    words.execute("REFRESH INCREMENTAL VIEW w")
    assert rows(words, "FROM w ORDER BY ALL") == [("A!",), ("B!",), ("C!",)]
    assert status(words) == "fresh"


def test_failures_in_a_view_on_a_view(words: Con, bad: set[str]) -> None:
    words.execute("CREATE INCREMENTAL VIEW base AS SELECT id, w FROM t")
    words.execute("CREATE INCREMENTAL VIEW v WITH (on_error = 'keep') AS SELECT id, shout(w) AS s FROM base")
    assert rows(words, "FROM v ORDER BY id") == [(1, "A"), (3, "C")]
    words.execute("INSERT INTO t VALUES (4, 'd')")
    refresh(words)
    assert rows(words, "FROM v ORDER BY id") == [(1, "A"), (3, "C"), (4, "D")]
    bad.clear()
    refresh(words)
    assert_view_equals_query(words, "v", "SELECT id, upper(w) AS s FROM t")


# --- on_error = 'fail' ------------------------------------------------------------------------------------------------


def test_one_failure_does_not_lose_the_other_results(words: Con, bad: set[str], calls: Calls) -> None:
    sql = "CREATE INCREMENTAL VIEW v AS SELECT id, shout(w) AS s FROM t"
    with pytest.raises(duckdb.InvalidInputException, match=r"shout failed for \('b'\) in the row .*\"id\":2"):
        words.execute(sql)
    assert rows(words, "SELECT function, input FROM coco_errors('v')") == [("shout", "'b'")]
    bad.clear()
    calls.clear()
    words.execute(sql)
    assert calls.taken() == {"'b'": 1}
    assert rows(words, "FROM coco_errors()") == []


def test_hopeless_calls_are_not_all_made(con: Con, calls: Calls) -> None:
    con.execute("CREATE TABLE t AS SELECT i AS id FROM range(5000) r(i)")

    @cocosql.udf(max_concurrency=2, version="1")
    def broken(x: int) -> int:
        calls.note(x)
        raise PermissionError("wrong API key")

    cocosql.register(con, broken)
    with pytest.raises(duckdb.InvalidInputException, match="wrong API key(.|\n)*calls failed: SELECT"):
        con.execute("CREATE INCREMENTAL VIEW v AS SELECT broken(id) AS y FROM t")
    assert 20 <= calls.total_calls < 5000


def test_a_view_that_fails_stays_as_it_is(words: Con, bad: set[str]) -> None:
    bad.clear()
    words.execute("CREATE INCREMENTAL VIEW v AS SELECT id, shout(w) AS s FROM t")
    bad.add("x")
    words.execute("UPDATE t SET w = 'x' WHERE id = 2")
    with pytest.raises(duckdb.InvalidInputException, match=BAD):
        refresh(words)
    assert rows(words, "FROM v ORDER BY id") == [(1, "A"), (2, "B"), (3, "C")]
    assert status(words) == "failed"


# --- on_error = 'null' ------------------------------------------------------------------------------------------------


def test_a_failed_call_gives_null(con: Con) -> None:
    bad = {2}

    @cocosql.udf(on_error="null", version="1")
    def half(x: int) -> int:
        if x in bad:
            raise ValueError(BAD)
        return x // 2

    cocosql.register(con, half)
    con.execute("CREATE TABLE t AS SELECT i::BIGINT AS id FROM range(5) r(i)")
    con.execute("CREATE INCREMENTAL VIEW v AS SELECT id, half(id) AS y FROM t")
    assert rows(con, "FROM v ORDER BY id") == [(0, 0), (1, 0), (2, None), (3, 1), (4, 2)]
    assert rows(con, "SELECT input FROM coco_errors('v')") == [("2",)]
    assert status(con) == "partial"
    assert rows(con, "SELECT half(2), half(4)") == [(None, 2)]
    con.execute("INSERT INTO t VALUES (6)")
    con.execute("REFRESH INCREMENTAL VIEW v")
    bad.clear()
    con.execute("REFRESH INCREMENTAL VIEW v")
    assert_view_equals_query(con, "v", "SELECT id, id // 2 AS y FROM t")
    assert status(con) == "fresh"


def test_a_null_from_a_failed_call_in_a_filter(con: Con) -> None:
    @cocosql.udf(on_error="null", version="1")
    def good(x: int) -> bool:
        if x == 2:
            raise ValueError(BAD)
        return x > 1

    cocosql.register(con, good)
    con.execute("CREATE TABLE t AS SELECT i::BIGINT AS id FROM range(5) r(i)")
    con.execute("CREATE INCREMENTAL VIEW v AS SELECT id FROM t WHERE good(id)")
    assert rows(con, "FROM v ORDER BY id") == [(3,), (4,)]


# --- below and above other operators ----------------------------------------------------------------------------------

#: For each query: its rows while `shout` fails for b; after the row with a is one with x, for which it fails, too, and a
#: row (4, 'c') is there; and after that with nothing that fails.
KEPT = {
    "distinct": ("SELECT DISTINCT shout(w) AS s FROM t", ["A", "C"], ["A", "C"], ["B", "C", "X"]),
    "aggregate": ("SELECT string_agg(shout(w), '' ORDER BY id) AS s FROM t", ["AC"], ["ACC"], ["XBCC"]),
    "group": ("SELECT shout(w) || count(*) AS s FROM t GROUP BY w", ["A1", "C1"], ["C2"], ["B1", "C2", "X1"]),
    "group by": ("SELECT shout(w) AS u, u || count(*) AS s FROM t GROUP BY u", ["A1", "C1"], ["A1", "C2"], ["B1", "C2", "X1"]),
    "above an aggregate": ("SELECT shout(max(w)) AS s FROM t GROUP BY id", ["A", "C"], ["A", "C", "C"], ["B", "C", "C", "X"]),
    "above a window": ("SELECT id, shout(w) || count(*) OVER () AS s FROM t", ["A3", "C3"], ["A3", "C4", "C4"], ["B4", "C4", "C4", "X4"]),
    "below a window": ("SELECT u || count(*) OVER () AS s FROM (SELECT shout(w) AS u FROM t)", ["A2", "C2"], ["A3", "C3", "C3"], ["B4", "C4", "C4", "X4"]),
    "join": ("SELECT shout(a.w) || b.id AS s FROM t AS a JOIN t AS b ON a.w = b.w", ["A1", "C3"], ["A1", "C3", "C3", "C4", "C4"], ["B2", "C3", "C3", "C4", "C4", "X1"]),
    "left join": ("SELECT b.s || a.id AS s FROM t AS a LEFT JOIN (SELECT id, shout(w) AS s FROM t) AS b ON a.id = b.id", [None, "A1", "C3"], [None, "A1", "C3", "C4"], ["B2", "C3", "C4", "X1"]),
    "union": ("SELECT shout(w) AS s FROM t WHERE id < 3 UNION ALL SELECT shout(w) FROM t WHERE id >= 3", ["A", "C"], ["A", "C", "C"], ["B", "C", "C", "X"]),
    "top": ("SELECT shout(w) AS s FROM t ORDER BY s DESC LIMIT 2", ["A", "C"], ["C", "C"], ["C", "X"]),
}  # fmt: skip


@pytest.mark.every(5)
@pytest.mark.parametrize("name", KEPT)
def test_what_other_operators_make_of_rows_that_fail(words: Con, bad: set[str], name: str) -> None:
    query, first, second, third = KEPT[name]
    words.execute(f"CREATE INCREMENTAL VIEW v WITH (on_error = 'keep') AS {query}")

    def shown() -> list[str | None]:
        return [s for (s,) in rows(words, "SELECT s FROM v ORDER BY s NULLS FIRST")]

    assert (shown(), status(words)) == (first, "partial")
    bad.add("x")
    words.execute("UPDATE t SET w = 'x' WHERE id = 1; INSERT INTO t VALUES (4, 'c')")
    refresh(words)
    assert (shown(), status(words)) == (second, "partial")
    bad.clear()
    refresh(words)
    assert (shown(), status(words)) == (third, "fresh")
    assert_view_equals_query(words, "v", query.replace("shout", "upper"))
    assert_replayed(words, "v", "v")


# --- what cannot be kept ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "query",
    [
        "WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r WHERE n < 3) SELECT shout(w) AS s FROM t, r",
        "SELECT shout(w) AS s FROM t LIMIT (SELECT count(*) FROM t)",
    ],
)
def test_keep_needs_to_know_the_rows(words: Con, query: str) -> None:
    with pytest.raises(duckdb.NotImplementedException, match="on_error = 'keep'.*view of their own"):
        words.execute(f"CREATE INCREMENTAL VIEW v WITH (on_error = 'keep') AS {query}")
    words.execute(KEEP)
    words.execute("CREATE INCREMENTAL VIEW m AS SELECT max(s) AS s FROM v")
    assert rows(words, "FROM m") == [("C",)]


def test_arguments_that_python_cannot_represent(con: Con) -> None:
    import datetime as dt

    @cocosql.udf(version="1")
    def year_of(day: dt.date) -> int:
        return day.year

    cocosql.register(con, year_of)
    con.execute("CREATE TABLE t AS SELECT unnest([DATE '2024-05-06', DATE 'infinity']) AS day")
    con.execute("CREATE INCREMENTAL VIEW v WITH (on_error = 'keep') AS SELECT year_of(day) AS y FROM t")
    assert rows(con, "FROM v") == [(2024,)]
    ((attempts, error),) = rows(con, "SELECT attempts, error FROM coco_errors('v')")
    assert attempts == 0 and "infinit" in error


# --- several views ----------------------------------------------------------------------------------------------------


def test_a_view_that_fails_does_not_keep_what_the_one_that_it_reads_keeps(words: Con, bad: set[str]) -> None:
    words.execute(KEEP.replace("v WITH", "a WITH"))
    bad.clear()
    words.execute("REFRESH INCREMENTAL VIEW a")
    words.execute("CREATE INCREMENTAL VIEW v AS SELECT id, shout(lower(s)) AS s FROM a")
    bad.add("x")
    words.execute("INSERT INTO t VALUES (4, 'd')")
    words.execute("UPDATE t SET w = 'x' WHERE id = 1")
    refresh(words)
    assert rows(words, "SELECT id FROM v ORDER BY id") == [(1,), (2,), (3,), (4,)]

    @cocosql.udf(version="2")
    def shout(text: str) -> str:
        if text == "c":
            raise ValueError(BAD)
        return text.upper()

    cocosql.register(words, shout)
    with pytest.raises(duckdb.InvalidInputException, match=BAD):
        refresh(words)
    assert rows(words, "SELECT view, input FROM coco_errors('v')") == [("v", "'c'")]


def test_another_source_keeps_no_rows_of_the_old_one(words: Con) -> None:
    words.execute("CREATE TABLE u AS SELECT 1::BIGINT AS id, 'q' AS w UNION ALL SELECT 2, 'b'")
    words.execute("CREATE INCREMENTAL VIEW v WITH (on_error = 'keep') AS SELECT id, w, shout(w) AS s FROM u")
    words.execute("UPDATE t SET w = 'b' WHERE id = 1")
    words.execute("CREATE OR REPLACE INCREMENTAL VIEW v WITH (on_error = 'keep') AS SELECT id, w, shout(w) AS s FROM t")
    assert rows(words, "FROM v") == [(3, "c", "C")]


def test_rows_that_appear_while_calls_are_made(con: Con) -> None:
    con.execute("CREATE TABLE t AS SELECT i::BIGINT AS id FROM range(3) r(i)")
    cursor = con.cursor()

    @cocosql.udf(version="1")
    def late(x: int) -> int:
        if x == 0:
            cursor.execute("INSERT INTO t VALUES (100), (101)")
        if x == 100:
            raise ValueError(BAD)
        return x

    cocosql.register(con, late)
    con.execute("CREATE INCREMENTAL VIEW v WITH (on_error = 'keep') AS SELECT late(id) AS y FROM t")
    assert rows(con, "FROM v ORDER BY y") == [(0,), (1,), (2,), (101,)]
    assert rows(con, "SELECT input FROM coco_errors('v')") == [("100",)]


@pytest.mark.parametrize("query", ["SELECT now(x) AS y", "SELECT list_transform([x], lambda z: kept(z)) AS y"])
def test_keep_refuses_calls_inside_the_query(con: Con, query: str) -> None:
    @cocosql.udf(memo=False, version="1")
    def afresh(x: int) -> int:
        return x

    @cocosql.udf(version="1")
    def kept(x: int) -> int:
        return x

    cocosql.register(con, afresh, kept)
    con.execute("CREATE TABLE t AS SELECT 1 AS x")
    with pytest.raises(duckdb.NotImplementedException, match="inside the query"):
        con.execute(f"CREATE INCREMENTAL VIEW v WITH (on_error = 'keep') AS {query.replace('now', 'afresh')} FROM t")


def test_errors_of_a_view_that_is_dropped(words: Con) -> None:
    words.execute(KEEP)
    words.execute("DROP INCREMENTAL VIEW v")
    assert rows(words, "FROM coco_errors()") == []


# --- code that changes meanwhile --------------------------------------------------------------------------------------


@pytest.mark.parametrize("batch", [False, True])
def test_a_function_that_is_registered_anew_during_a_refresh(con: Con, batch: bool) -> None:
    con.execute("CREATE TABLE t AS SELECT i::BIGINT AS id FROM range(5) r(i)")
    cursor = con.cursor()

    def register() -> None:
        cocosql.register(cursor, cocosql.udf(name="f", batch_size=2, version="2")(many) if batch else one_by_one)
        cursor.execute("INSERT INTO t VALUES (100)")

    def many(x: list[int]) -> list[str]:
        return [f"new {each}" for each in x]

    @cocosql.udf(name="f", version="2")
    def one_by_one(x: int) -> str:
        return f"new {x}"

    @cocosql.udf(name="f", version="1")
    def old(x: int) -> str:
        if x == 2:
            register()
        return f"old {x}"

    cocosql.register(con, old)
    con.execute("CREATE INCREMENTAL VIEW v AS SELECT f(id) AS y FROM t")
    assert rows(con, "FROM v ORDER BY y") == [(f"new {x}",) for x in (0, 1, 100, 2, 3, 4)]
    assert rows(con, "SELECT status FROM coco_views()") == [("fresh",)]
