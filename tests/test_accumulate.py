"""Accumulate: counts and sums to which changes are added are those of the query run afresh, to the last digit."""

import itertools
import random
from collections.abc import Iterator

import pytest
from helpers import CAPTURES, Con, Views, assert_view_equals_query, rows
from speeds import EXAMPLES, slow

import cocosql


@cocosql.udf
def py_next(n: int) -> int:
    return n + 1


@cocosql.udf
def py_even(n: int) -> bool:
    return n % 2 == 0


#: Values of the columns of `t`: near the limits, NULL, equal and not.
VALUES = {
    "k VARCHAR": ["'a'", "'A'", "''", "NULL"],
    "j DATE": ["DATE '2000-01-01'", "DATE '2000-01-02'", "NULL"],
    "i INTEGER": ["0", "1", "2", "-2147483648", "2147483647", "NULL"],
    "b BIGINT": ["9223372036854775807", "-9223372036854775808", "3", "NULL"],
    "u UBIGINT": ["18446744073709551615", "0", "NULL"],
    "m DECIMAL(9, 2)": ["0.01", "-9999999.99", "NULL"],
    "w DECIMAL(38, 3)": ["88888888888888888888888888888888.123", "-0.001", "NULL"],
    "c VARCHAR COLLATE NOCASE": ["'x'", "'X'", "'y'"],
    "s BOOLEAN": ["true", "false", "NULL"],
}
QUERIES = {
    "by_group": "SELECT k, count(*) AS n, count(m) AS c, sum(m) AS s, avg(b) AS a FROM t GROUP BY k",
    "averages": "SELECT j, avg(m) AS m, avg(w) AS w, avg(u) AS u FROM t GROUP BY j",
    "average_beside_sum": "SELECT s, avg(w) AS w, avg(m) AS m, sum(b) AS b FROM t GROUP BY s",
    "by_no_group": "SELECT count(*) AS n, sum(u) AS u, avg(i) AS i, sum(w) AS w FROM t WHERE i > 0",
    "filtered": "SELECT k, sum(b) FILTER (WHERE s) AS b, count(*) FILTER (WHERE i > 0 AND s) AS n FROM t GROUP BY k, j",
    "kept_if": "SELECT k FROM t GROUP BY k, s HAVING count(*) > 1 AND sum(i) IS NOT NULL",
    "each_set": "SELECT k, s, sum(m) AS m, grouping(k, s) AS g FROM t GROUP BY CUBE (k, s)",
    "by_collation": "SELECT lower(c) AS c, sum(i) AS i FROM t GROUP BY ROLLUP (c)",
    "beside_distinct": "SELECT k, sum(i) AS i, count(DISTINCT j) AS j FROM t GROUP BY k",
    "of_expressions": "SELECT i % 2 AS g, sum(i::BIGINT - length(k)) AS s, avg(m - i) AS a, count((k, s)) AS c FROM t GROUP BY g",
    "by_double": "SELECT i / 2 AS g, count(*) AS n FROM t GROUP BY g",
    "functions": "SELECT py_next(i) AS g, sum(py_next(b % 9)) AS s FROM t WHERE py_even(i) GROUP BY g",
    "upon_counts": "SELECT py_next(n) AS n FROM (SELECT count(*) AS n FROM t GROUP BY k, j) GROUP BY n",
    "twice": "WITH g AS (SELECT k, count(*) AS n FROM t GROUP BY k) SELECT a.k, b.k AS other FROM g a JOIN g b USING (n)",
    "in_subquery": "SELECT id FROM t WHERE i IN (SELECT count(*) FROM t GROUP BY k)",
    "correlated": "SELECT id, (SELECT count(*) FROM t o WHERE o.k = t.k AND o.id > t.id) AS n FROM t",
    "ranked": "SELECT k, rank() OVER (ORDER BY sum(b)) AS r FROM t GROUP BY k",
    "united": "SELECT sum(n) AS n FROM (SELECT i AS n FROM t UNION ALL SELECT count(*) FROM t GROUP BY j)",
    "of_view": "SELECT n, count(*) AS c, sum(c) AS s FROM by_group GROUP BY n",
}


@pytest.fixture
def t(con: Con) -> Iterator[Con]:
    con.execute("CREATE MACRO m_next(n) AS (n::BIGINT + 1)::BIGINT; CREATE MACRO m_even(n) AS n % 2 = 0")
    cocosql.register(con, py_next, py_even)
    con.execute(f"CREATE TABLE t (id INTEGER PRIMARY KEY, {', '.join(VALUES)})")
    yield con


def changed(chosen: random.Random, ids: Iterator[int]) -> str:
    def row() -> str:
        return f"({next(ids)}, {', '.join(map(chosen.choice, VALUES.values()))})"

    where = chosen.choice(["id % 3 = 0", "k = 'a'", "i > 0", "k IS NULL", "s"])
    column = chosen.choice(list(VALUES))
    return chosen.choice(
        [
            f"INSERT INTO t VALUES {', '.join(row() for _ in range(6))}",
            f"UPDATE t SET {column.split()[0]} = {chosen.choice(VALUES[column])} WHERE {where}",
            f"UPDATE t SET i = i, m = -m WHERE {where}",
            f"DELETE FROM t WHERE {where}",
            f"DELETE FROM t WHERE {where}",
            "TRUNCATE t",
        ]
    )


@pytest.mark.parametrize(("seed", "rounds"), [(0, 1), *(slow(seed, 4) for seed in range(EXAMPLES or 2))])
def test_what_is_added_up_is_what_there_is(t: Con, seed: int, rounds: int) -> None:
    chosen, ids = random.Random(seed), itertools.count()
    views = Views(t, CAPTURES[seed % 2])
    for name, query in QUERIES.items():
        views.create(name, query, query.replace("py_", "m_"))
    for _ in range(rounds):
        for _ in range(chosen.randint(1, 4)):
            t.execute(changed(chosen, ids))
        views.refresh()
    said = views.refresh()
    assert {counts[1:4] for counts in said.values()} == {(0, 0, 0)}, "nothing changed"
    views.replay()


@pytest.mark.parametrize("aggregate", ["sum(n)", "avg(n)"])
def test_a_sum_of_decimals_near_the_limit(con: Con, aggregate: str) -> None:
    con.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, n DECIMAL(38, 0))")
    con.execute(f"INSERT INTO t VALUES (1, {9 * 10**37})")
    query = f"SELECT {aggregate} AS n FROM t"
    con.execute(f"CREATE INCREMENTAL VIEW v AS {query}")
    for value in (95 * 10**36, -(95 * 10**36), 9 * 10**37):
        con.execute(f"UPDATE t SET n = {value}")
        con.execute("REFRESH INCREMENTAL VIEW v")
        assert_view_equals_query(con, "v", query)


def test_a_group_that_goes_and_comes_back_is_one_change(con: Con) -> None:
    con.execute("CREATE TABLE t AS SELECT 'a' AS k, 1 AS n")
    con.execute("CREATE INCREMENTAL VIEW v AS SELECT k, count(*) AS rows, sum(n) AS n FROM t GROUP BY k")
    for change, counts in {
        "INSERT INTO t VALUES ('a', NULL), ('a', -1)": (0, 1, 0),
        "UPDATE t SET n = -n": (0, 0, 0),
        "DELETE FROM t": (0, 0, 1),
        "INSERT INTO t VALUES ('a', NULL)": (1, 0, 0),
    }.items():
        con.execute(change)
        assert rows(con, "REFRESH INCREMENTAL VIEW v")[0][2:5] == counts, change
    assert rows(con, "FROM v") == [("a", 1, None)]


def test_rows_are_traced_through_sums(con: Con) -> None:
    con.execute("CREATE TABLE t AS SELECT i AS id, i % 2 AS g FROM range(5) r (i)")
    con.execute("CREATE INCREMENTAL VIEW v AS SELECT g, count(*) AS n FROM t GROUP BY g HAVING count(*) < 3")
    con.execute("INSERT INTO t VALUES (7, 0)")
    con.execute("DELETE FROM t WHERE id = 1")
    con.execute("REFRESH INCREMENTAL VIEW v")
    assert rows(con, "SELECT row.g, source_row->>'id', source_state FROM coco_lineage('v')") == [(1, "3", "current")]


def test_a_view_may_add_up_something_else(con: Con) -> None:
    con.execute("CREATE TABLE t AS SELECT i AS id, i % 2 AS g FROM range(5) r (i)")
    for aggregates in ("count(*) AS n", "sum(id) AS n", "max(id) AS n", "count(*) FILTER (WHERE id > 2) AS n"):
        query = f"SELECT g, {aggregates} FROM t GROUP BY g"
        con.execute(f"CREATE OR REPLACE INCREMENTAL VIEW v AS {query}")
        con.execute("INSERT INTO t SELECT max(id) + 1, 1 FROM t")
        con.execute("REFRESH INCREMENTAL VIEW v")
        assert_view_equals_query(con, "v", query)
