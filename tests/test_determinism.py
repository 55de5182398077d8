"""Which functions a view may use: each that DuckDB does not call consistent is judged, and judged once."""

import duckdb
import pytest
from helpers import Con, assert_view_equals_query, rows

from cocosql.planner.determinism import OF_THE_WHOLE, STEADY, VARYING


def test_every_function_is_judged(con: Con) -> None:
    found = rows(
        con,
        """SELECT DISTINCT function_name FROM duckdb_functions()
        WHERE stability <> 'CONSISTENT' AND internal AND NOT starts_with(function_name, 'coco_')""",
    )
    assert {name for (name,) in found} - VARYING - STEADY == set()
    assert VARYING.isdisjoint(STEADY)
    assert STEADY >= OF_THE_WHOLE


@pytest.mark.parametrize(
    "call",
    [
        *("current_localtime()", "current_localtimestamp()", "ago(INTERVAL 1 DAY)", "pg_sleep(0)", "vector_type(a)"),
        *("current_schema", "current_user", "localtime", "in_search_path('a', 'b')"),
        *("( + hour(current_localtime()))", "hides()"),
    ],
)
def test_refused(con: Con, call: str) -> None:
    con.execute("CREATE TABLE t AS SELECT 1 AS a; CREATE MACRO hides() AS ( + year(current_date))")
    with pytest.raises(duckdb.InvalidInputException, match="may give another result each time"):
        con.execute(f"CREATE INCREMENTAL VIEW v AS SELECT a, {call} AS x FROM t")


@pytest.mark.parametrize(
    "query",
    [
        'SELECT "user", current_schema FROM t',
        "SELECT 'now()' AS a, 'user(current_date)' AS b FROM t",
        "SELECT date_trunc('month', day::TIMESTAMPTZ) AS m, year(day) AS y, strftime(day, '%d') AS d FROM t",
        "SELECT age(day, DATE '2000-01-01') AS a, range(n) AS r FROM t",
        "SELECT stats(n) AS s FROM t WHERE n > 1",
    ],
)
def test_taken(con: Con, query: str) -> None:
    con.execute("""CREATE TABLE t ("user" VARCHAR, current_schema INTEGER, day DATE, n INTEGER)""")
    con.execute("INSERT INTO t VALUES ('a', 1, '2001-02-03', 3)")
    con.execute(f"CREATE INCREMENTAL VIEW v AS {query}")
    assert_view_equals_query(con, "v", query)
    con.execute("INSERT INTO t VALUES ('b', 2, '2002-03-04', 5)")
    con.execute("REFRESH INCREMENTAL VIEW v")
    assert_view_equals_query(con, "v", query)


def test_what_fails_on_purpose(con: Con) -> None:
    """A refresh fails while there is a row that is not to be."""
    con.execute("CREATE TABLE t AS SELECT i AS a FROM range(4) r(i)")
    con.execute("CREATE INCREMENTAL VIEW v AS SELECT a, assert_true(a < 10) IS NULL AS ok FROM t")
    con.execute("INSERT INTO t VALUES (10)")
    with pytest.raises(duckdb.Error, match="Assertion failed"):
        con.execute("REFRESH INCREMENTAL VIEW v")
    assert len(rows(con, "FROM v")) == 4
    con.execute("DELETE FROM t WHERE a = 10; INSERT INTO t VALUES (5); REFRESH INCREMENTAL VIEW v")
    assert_view_equals_query(con, "v", "SELECT a, true AS ok FROM t")
