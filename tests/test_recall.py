"""REFRESH … WITH (recall = true): functions are called again although nothing seems changed."""

from collections.abc import Callable, Iterator
from typing import Any

import duckdb
import pytest
from helpers import Con, assert_view_equals_query, one, rows

import cocosql

#: Views that call f and g in many places; the same query with plain_f and plain_g is the oracle.
QUERIES = {
    "map": "SELECT id, f(x) AS y FROM t",
    "nested": "SELECT id, f(g(x)) AS y, g(x) AS z FROM t",
    "where": "SELECT id FROM t WHERE f(x) > 4",
    "guarded": "SELECT id, CASE WHEN x > 1 THEN f(x) END AS y FROM t",
    "unnest": "SELECT id, u.e FROM t, unnest([f(x), g(x)]) AS u(e)",
    "join": "SELECT a.id, f(a.x + b.x) AS y FROM t AS a JOIN t AS b ON a.id = b.x",
    "group": "SELECT f(x) AS k, count(*) AS n, sum(g(x)) AS s FROM t GROUP BY ALL",
    "window": "SELECT id, row_number() OVER (PARTITION BY y ORDER BY id) AS n FROM (SELECT id, f(x) AS y FROM t)",
    "lambda": "SELECT id, list_transform([x, x + 1], lambda e: f(e)) AS y FROM t",
    "recursive": "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT f(n) FROM r WHERE n < 3) SELECT * FROM r",
}


class World:
    """Functions whose results depend on what no fingerprint knows."""

    def __init__(self, con: Con) -> None:
        self.con = con
        self.shift = 1
        self.calls: list[int] = []
        self.fails: Callable[[int], bool] = lambda x: False

        def f(x: int) -> int:
            self.calls.append(x)
            if self.fails(x):
                raise ValueError("down")
            return x + self.shift

        def g(x: int) -> int:
            return x * self.shift

        functions = {"f": f, "g": g}
        cocosql.register(con, *(cocosql.udf(version="1")(function) for function in functions.values()))
        plain = {"plain_f": lambda x: x + self.shift, "plain_g": lambda x: x * self.shift}
        for name, function in plain.items():
            function.__annotations__ = {"x": int, "return": int}
            cocosql.register(con, cocosql.udf(name=name, memo=False, version="1")(function))
        con.execute("CREATE TABLE t AS SELECT i::BIGINT AS id, i % 5 AS x FROM range(8) r(i)")

    def create(self, name: str, query: str, options: str = "") -> None:
        self.con.execute(f"CREATE INCREMENTAL VIEW {name} {options} AS {query}")
        self.calls.clear()

    def refresh(self, name: str, options: str = "") -> tuple[Any, ...]:
        """Inserted, updated, deleted, calls, hits."""
        self.calls.clear()
        (row,) = rows(self.con, f"REFRESH INCREMENTAL VIEW {name} {options}")
        return row[2:7]

    def check(self, name: str, query: str) -> None:
        assert_view_equals_query(self.con, name, query.replace("f(", "plain_f(").replace("g(", "plain_g("))

    def status(self, name: str) -> tuple[str, str | None]:
        ((status, reason),) = rows(self.con, f"SELECT status, status_reason FROM coco_views() WHERE name = '{name}'")
        return status, reason


RECALL = "WITH (recall = true)"


@pytest.fixture
def world(con: Con) -> Iterator[World]:
    return World(con)


@pytest.mark.every(6)
@pytest.mark.parametrize("kind", QUERIES)
def test_results_are_replaced(world: World, kind: str) -> None:
    query = QUERIES[kind]
    world.create("v", query)
    world.create("other", query)
    world.shift = 2
    assert world.refresh("v")[:4] == (0, 0, 0, 0)
    world.refresh("v", RECALL)
    world.check("v", query)
    assert world.status("v") == ("fresh", None)
    assert len(world.calls) == len(set(world.calls)), "each argument once"
    # Another view that has the same results is stale until it takes them from the memo.
    assert world.status("other")[0] == "stale"
    assert "was called again" in str(world.status("other")[1])
    world.refresh("other")
    assert world.calls == []
    world.check("other", query)
    assert world.status("other") == ("fresh", None)
    assert world.refresh("v") == (0, 0, 0, 0, 0)


def test_what_did_not_change_is_not_written(world: World) -> None:
    world.create("v", "SELECT id, f(x) AS y FROM t")
    assert world.refresh("v", RECALL) == (0, 0, 0, 5, 0)
    assert one(world.con, "SELECT version FROM coco_views()") == 1
    assert one(world.con, "SELECT count(*) FROM coco_memo('f')") == 5


def test_views_above_follow(world: World) -> None:
    world.create("v", "SELECT id, f(x) AS y FROM t")
    world.create("w", "SELECT sum(y) AS s, f(3) AS three FROM v")
    world.shift = 10
    world.refresh("v", RECALL)
    assert world.status("w")[0] == "stale"
    world.refresh("w")
    world.check("w", "SELECT sum(f(x)) AS s, f(3) AS three FROM t")


def test_views_below_follow_where_they_share_results(world: World) -> None:
    world.create("v", "SELECT id, f(x) AS y FROM t")
    world.create("w", "SELECT id, f(y - 1) AS z FROM v")
    world.shift = 3
    world.refresh("w", RECALL)
    world.check("v", "SELECT id, f(x) AS y FROM t")
    world.check("w", "SELECT id, f(f(x) - 1) AS z FROM t")
    assert {world.status(name) for name in "vw"} == {("fresh", None)}


def test_one_statement_calls_once(world: World) -> None:
    world.create("a", "SELECT id, f(x) AS y FROM t")
    world.create("b", "SELECT x, count(f(x)) AS n FROM t GROUP BY x")
    world.shift = 2
    world.calls.clear()
    world.con.execute(f"REFRESH ALL INCREMENTAL VIEWS {RECALL}")
    assert sorted(world.calls) == [0, 1, 2, 3, 4]
    world.check("a", "SELECT id, f(x) AS y FROM t")
    assert world.status("b") == ("fresh", None)


@pytest.mark.parametrize("query", [QUERIES["map"], QUERIES["lambda"], QUERIES["group"]])
def test_what_cannot_be_called_keeps_its_result(world: World, query: str) -> None:
    world.create("v", query)
    before = rows(world.con, "FROM v ORDER BY ALL")
    world.shift, world.fails = 2, lambda x: x == 3
    with pytest.raises(duckdb.InvalidInputException, match="down"):
        world.refresh("v", RECALL)
    assert rows(world.con, "FROM v ORDER BY ALL") == before, "the view stays as it is"
    assert rows(world.con, "SELECT f(3)") == [(4,)], "as does the result"
    assert world.status("v")[0] == "failed"
    assert world.refresh("v")[3] == 0, "the results that there are will do"
    world.fails = lambda x: False
    world.refresh("v", RECALL)
    world.check("v", query)


def test_rows_whose_call_fails_are_kept(world: World) -> None:
    world.create("v", "SELECT id, f(x) AS y FROM t", "WITH (on_error = 'keep')")
    world.shift, world.fails = 2, lambda x: x == 3
    world.refresh("v", RECALL)
    assert world.status("v")[0] == "partial"
    assert rows(world.con, "FROM v ORDER BY id") == [(i, i % 5 + (1 if i % 5 == 3 else 2)) for i in range(8)]
    world.fails = lambda x: False
    world.refresh("v", RECALL)
    world.check("v", "SELECT id, f(x) AS y FROM t")


@pytest.mark.parametrize("call", ["h(x)", "list_transform([x], lambda e: h(e))[1]"])
def test_a_failure_that_gives_null_keeps_the_result(world: World, call: str) -> None:
    @cocosql.udf(on_error="null", version="1")
    def h(x: int) -> int:
        if world.fails(x):
            raise ValueError("down")
        return x + world.shift

    cocosql.register(world.con, h)
    world.create("v", f"SELECT id, {call} AS y FROM t")
    world.shift, world.fails = 2, lambda x: x == 3
    world.refresh("v", RECALL)
    assert rows(world.con, "FROM v ORDER BY id") == [(i, i % 5 + (1 if i % 5 == 3 else 2)) for i in range(8)]


def test_a_recall_that_is_stopped(world: World) -> None:
    """Some results are new, and no view says that it is fresh which has others."""
    world.create("v", "SELECT id, f(x) AS y FROM t")
    world.create("w", "SELECT id, f(x) AS y FROM t WHERE id < 2")
    world.shift = 2
    world.fails = lambda x: len(world.calls) > 2
    with pytest.raises(duckdb.InvalidInputException):
        world.refresh("v", RECALL)
    for name in "vw":
        assert world.status(name)[0] in ("stale", "failed")
    world.refresh("w")
    world.refresh("v")
    assert_view_equals_query(world.con, "v", "SELECT id, f(x) AS y FROM t")
    assert_view_equals_query(world.con, "w", "SELECT id, f(x) AS y FROM t WHERE id < 2")


def test_why_a_row_changed(world: World) -> None:
    world.create("v", "SELECT id, f(x) AS y FROM t")
    world.shift = 2
    world.refresh("v", RECALL)
    found = rows(world.con, "SELECT DISTINCT cause, what FROM coco_explain_change('v') WHERE version = 2")
    assert found == [("recall", "f")]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("(recal = true)", "there is no option 'recal' of REFRESH; there is recall. Did you mean recall?"),
        ("(max_calls = 3)", "there is no option 'max_calls' of REFRESH; there is recall."),
        ("(recall = 'yes')", "option recall is true or false, not 'yes'"),
        ("(recall = 3)", "option recall is true or false, not '3'"),
    ],
)
def test_options_that_there_are_not(world: World, options: str, message: str) -> None:
    world.create("v", "SELECT id, f(x) AS y FROM t")
    with pytest.raises(duckdb.InvalidInputException) as error:
        world.refresh("v", f"FULL WITH {options}")
    assert message in str(error.value)


def test_spellings(world: World) -> None:
    world.create("v", "SELECT id, f(x) AS y FROM t")
    for options, calls in {
        "with(ReCall=TRUE)": 5,
        "FULL WITH (recall = 'true')": 5,
        "WITH (recall = false)": 0,
    }.items():
        assert world.refresh("v", options)[3] == calls
    world.create("no_calls", "SELECT id FROM t")
    assert world.refresh("no_calls", RECALL) == (0, 0, 0, 0, 0)


# --- dropping results ---------------------------------------------------------------------------------------------------


def test_results_of_a_function_are_dropped(world: World) -> None:
    world.create("v", "SELECT id, f(x) AS y, g(x) AS z FROM t")
    world.con.execute("SELECT f(x + 100), g(x + 100) FROM t")
    world.con.execute("DELETE FROM t WHERE x = 4")
    world.refresh("v")
    assert [row[3:] for row in cocosql.gc(world.con, function="F").fetchall()] == [(6, 4)]
    assert one(world.con, "SELECT count(*) FROM coco_memo('g')") == 10
    world.calls.clear()
    world.con.execute("INSERT INTO t VALUES (100, 4)")
    world.refresh("v")
    assert world.calls == [4]
    assert [row[3:] for row in cocosql.gc(world.con, "1 day", function="f").fetchall()] == [(0, 5)]


def test_results_that_decide_which_rows_there_are_stay(world: World) -> None:
    world.create("v", "SELECT id FROM t WHERE f(x) > 4")
    assert [row[3:] for row in cocosql.gc(world.con, function="f").fetchall()] == [(0, 5)]


def test_a_function_that_is_not_there(world: World) -> None:
    world.create("v", "SELECT id, f(x) AS y FROM t")
    with pytest.raises(duckdb.CatalogException, match="knows no function nope; it knows f"):
        cocosql.gc(world.con, function="nope")
