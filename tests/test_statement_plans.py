"""Plans of statements that run again: used again only where a new one would say the same."""

from pathlib import Path

import duckdb
from helpers import Con, assert_view_equals_query, one, take_session

import cocosql
from cocosql._native import Session

STEP = {"by": 1}


def moved(x: int) -> int:
    return x + STEP["by"]


def planned(session: Session) -> int:
    """How many plans the session keeps."""
    ((count,),) = session.execute("SELECT count(*) FROM duckdb_prepared_statements()")
    assert isinstance(count, int)
    return count


def test_a_plan_is_kept_of_a_statement_that_runs_again(con: Con) -> None:
    session = take_session(con).for_views()
    for number in range(4):
        session.collect("given", f"SELECT {number} AS n")
        session.collect("sum", "SELECT sum(n) AS n FROM coco_collected('given')")
        assert session.execute("FROM coco_collected('sum')") == [(number,)]
        assert planned(session) == min(number, 1)


def test_rows_of_other_types_get_a_plan_of_their_own(con: Con) -> None:
    session = take_session(con).for_views()
    for rows in ("SELECT 1 AS n", "SELECT 2 AS n", "SELECT 'a' AS n", "SELECT 'b' AS n", "SELECT 3 AS m, 4 AS n") * 2:
        session.collect("given", rows)
        session.collect("all", "SELECT max(n) AS n, count(*) AS c FROM coco_collected('given')")
        assert session.execute("FROM coco_collected('all')") == session.execute(
            f"SELECT max(n), count(*) FROM ({rows})"
        )


def test_many_rows_get_a_plan_of_their_own(con: Con) -> None:
    session = take_session(con).for_views()
    for count in (10, 20, 30_000, 15):
        session.collect("given", f"SELECT range % 7 AS n FROM range({count})")
        session.collect("counted", "SELECT n, count(*) AS c FROM coco_collected('given') GROUP BY n ORDER BY n")
        expected = session.execute(f"SELECT range % 7 AS n, count(*) FROM range({count}) GROUP BY n ORDER BY n")
        assert session.execute("FROM coco_collected('counted')") == expected


def test_numbers_that_are_given_are_those_of_now(con: Con) -> None:
    session = take_session(con).for_views()
    session.collect("given", "SELECT unnest([1, 2]) AS n")
    for number in (10, 20, 30):
        session.give("first", number)
        session.collect("added", "SELECT coco_given('first') + n AS n FROM coco_collected('given')")
        assert session.execute("FROM coco_collected('added')") == [(number + 1,), (number + 2,)]


def test_functions_that_mean_something_else_are_looked_up_again(con: Con) -> None:
    session = take_session(con).for_views()
    session.collect("given", "SELECT unnest([1, 2]) AS n")
    for factor in (1, 1, 1, 5, 5):
        con.execute(f"CREATE OR REPLACE MACRO times(a) AS a * {factor}")
        session.collect("times", "SELECT memory.main.times(n) AS n FROM coco_collected('given')")
        assert session.execute("FROM coco_collected('times')") == [(factor,), (2 * factor,)]


def test_code_that_is_called_inside_statements_is_the_present_one(con: Con) -> None:
    query = "SELECT id, list_transform(l, lambda x: moved(x)) AS l FROM t"
    con.execute(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, l INTEGER[]); INSERT INTO t SELECT i, [i, 1] FROM range(50) r(i)"
    )
    cocosql.register(con, moved)
    con.execute(f"CREATE INCREMENTAL VIEW v AS {query}")
    for number in range(8):
        con.execute(f"UPDATE t SET l = [{number}] WHERE id = {number}")
        STEP["by"] = number // 3
        con.execute("REFRESH INCREMENTAL VIEW v")
        assert_view_equals_query(con, "v", query)


def test_what_is_kept_goes_with_the_connection(path: Path) -> None:
    con = cocosql.connect(path)
    con.execute("CREATE TABLE t (id INTEGER PRIMARY KEY); INSERT INTO t FROM range(5)")
    con.execute("CREATE INCREMENTAL VIEW v AS SELECT count(*) AS n FROM t")
    for number in range(5, 9):
        con.execute(f"INSERT INTO t VALUES ({number}); REFRESH INCREMENTAL VIEW v")
    con.close()
    # DuckDB refuses other settings for a database that is still open.
    with duckdb.connect(path, read_only=True) as other:
        assert one(other, "FROM v") == 9
