"""Few changes and many results: what they need is found without a join over all of the memo."""

from collections.abc import Iterator

import duckdb
import pytest

import cocosql
from cocosql.operators import map as map_operator

ROWS = 60_000
calls: list[int] = []


@cocosql.udf
def twice(x: int) -> int:
    if x < 0:
        raise ValueError("less than nothing")
    calls.append(x)
    return 2 * x


@cocosql.udf
def plus_one(x: int) -> int:
    calls.append(x)
    return x + 1


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with cocosql.connect() as con:
        con.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, x INTEGER, l INTEGER[])")
        con.execute(f"INSERT INTO t SELECT i, i, [i, i + 1] FROM range({ROWS}) AS r (i)")
        cocosql.register(con, twice)
        cocosql.register(con, plus_one)
        yield con


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Whether results were found, each time that some were looked for."""
    times: list[bool] = []
    find = map_operator.find

    def noted(*given: object) -> bool:
        times.append(find(*given))  # type: ignore[arg-type]
        return times[-1]

    monkeypatch.setattr(map_operator, "find", noted)
    return times


def refreshed(con: duckdb.DuckDBPyConnection, expected: str) -> list[int]:
    """The calls that a refresh makes, after which the view is as expected."""
    calls.clear()
    con.execute("REFRESH INCREMENTAL VIEW v")
    assert (
        con.execute(f"FROM (FROM v EXCEPT ALL {expected}) UNION ALL (({expected}) EXCEPT ALL FROM v)").fetchall() == []
    )
    return sorted(calls)


def test_calls_of_calls_and_under_guards(con: duckdb.DuckDBPyConnection, found: list[bool]) -> None:
    con.execute(
        "CREATE INCREMENTAL VIEW v WITH (mode = 'incremental') AS "
        "SELECT id, plus_one(twice(x)) AS y, CASE WHEN x % 2 = 0 THEN twice(x + 1) END AS z FROM t"
    )
    expected = "SELECT id, 2 * x + 1, CASE WHEN x % 2 = 0 THEN 2 * (x + 1) END FROM t"
    assert found == []
    con.execute("UPDATE t SET x = x + 1 WHERE id % 6000 = 0")  # to what others have
    assert refreshed(con, expected) == []
    con.execute(f"UPDATE t SET x = {2 * ROWS} + id WHERE id IN (1, 2)")
    assert refreshed(con, expected) == [2 * ROWS + 1, 2 * ROWS + 2, 2 * ROWS + 3, 4 * ROWS + 2, 4 * ROWS + 4]
    con.execute("UPDATE t SET x = NULL WHERE id = 3; DELETE FROM t WHERE id = 4")
    assert refreshed(con, expected) == []
    assert len(found) > 6
    assert all(found)


def test_elements_of_lists(con: duckdb.DuckDBPyConnection, found: list[bool]) -> None:
    con.execute(
        "CREATE INCREMENTAL VIEW v WITH (mode = 'incremental') AS "
        "SELECT id, u, twice(u) AS y FROM t, unnest(l) AS e (u) WHERE twice(x) >= 0"
    )
    expected = "SELECT id, u, 2 * u FROM t, unnest(l) AS e (u)"
    con.execute(f"UPDATE t SET l = [5, {3 * ROWS}, {3 * ROWS}, NULL] WHERE id % 6000 = 0")
    assert refreshed(con, expected) == [3 * ROWS]
    assert found
    assert all(found)


def test_calls_that_fail(con: duckdb.DuckDBPyConnection, found: list[bool]) -> None:
    con.execute(
        "CREATE INCREMENTAL VIEW v WITH (mode = 'incremental', on_error = 'keep') AS SELECT id, twice(x) AS y FROM t"
    )
    con.execute("UPDATE t SET x = -1 WHERE id = 7")
    assert refreshed(con, "SELECT id, 2 * id FROM t") == []
    con.execute("UPDATE t SET x = 8 WHERE id = 7")
    assert refreshed(con, "SELECT id, 2 * x FROM t") == []
    assert all(found)


def test_an_error_says_which_row_it_is_about(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("CREATE INCREMENTAL VIEW v AS SELECT id, plus_one(twice(x)) AS y FROM t")
    con.execute("UPDATE t SET x = -1 WHERE id = 7")
    with pytest.raises(duckdb.InvalidInputException, match='"id":7(.|\n)*less than nothing'):
        con.execute("REFRESH INCREMENTAL VIEW v")
