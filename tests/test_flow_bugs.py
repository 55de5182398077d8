"""Queries that were kept true wrongly once: each view equals its query run afresh, after each change."""

import duckdb
import pytest
from helpers import Con, assert_view_equals_query, one, rows


def check(con: Con, query: str, *changes: str) -> None:
    """The view `v` of the query, before and after each change."""
    con.execute(f"CREATE INCREMENTAL VIEW v AS {query}")
    assert_view_equals_query(con, "v", query)
    for change in changes:
        con.execute(change)
        con.execute("REFRESH INCREMENTAL VIEW v")
        assert_view_equals_query(con, "v", query)


@pytest.mark.every(3)
@pytest.mark.parametrize(
    "query",
    [
        "SELECT count(*) AS n FROM (SELECT DISTINCT k FROM t)",
        "SELECT count(*) AS n FROM (SELECT DISTINCT {'k': k} FROM t)",
        "SELECT count(*) AS n FROM (SELECT k FROM t UNION SELECT k FROM u)",
        "SELECT lower(k) AS k FROM (SELECT k FROM t EXCEPT SELECT k FROM u)",
        "SELECT lower(k) AS k FROM (SELECT k FROM t EXCEPT ALL SELECT k FROM u)",
        "SELECT lower(k) AS k FROM (SELECT k FROM t INTERSECT SELECT k FROM u)",
        "SELECT id, (SELECT count(*) FROM u WHERE u.k = t.k) AS n FROM t",
        "SELECT id, (SELECT count(*) FROM u WHERE encode(u.k) = encode(t.k)) AS n FROM t",
        "SELECT id FROM t WHERE NOT EXISTS (SELECT 1 FROM u WHERE u.k = t.k)",
        "SELECT t.id, u.id AS other FROM t LEFT JOIN u ON t.k = u.k",
        "SELECT lower(k) AS k, n FROM (SELECT k, count(*) AS n FROM t GROUP BY k)",
    ],
)
def test_equal_by_a_collation(con: Con, query: str) -> None:
    con.execute("CREATE TABLE t (id INTEGER, k VARCHAR COLLATE NOCASE)")
    con.execute("CREATE TABLE u (id INTEGER, k VARCHAR COLLATE NOCASE)")
    con.execute("INSERT INTO t VALUES (1, 'A'), (2, 'b')")
    con.execute("INSERT INTO u VALUES (1, 'a'), (2, 'C')")
    check(
        con,
        query,
        "INSERT INTO t VALUES (3, 'a'), (4, 'B')",
        "DELETE FROM t WHERE id = 1",
        "INSERT INTO u VALUES (3, 'B')",
        "INSERT INTO t VALUES (5, 'c')",
    )


def test_equal_by_the_default_collation(con: Con) -> None:
    con.execute("SET default_collation = 'nocase'")
    con.execute("CREATE TABLE t (k VARCHAR)")
    con.execute("INSERT INTO t VALUES ('A')")
    check(con, "SELECT count(*) AS n FROM (SELECT DISTINCT k FROM t)", "INSERT INTO t VALUES ('a')")


@pytest.mark.parametrize(
    "query",
    ["SELECT count(*) AS n FROM (SELECT DISTINCT k FROM t)", "SELECT count(*) AS n FROM (FROM t EXCEPT FROM u)"],
)
def test_equal_variants_of_other_types(con: Con, query: str) -> None:
    con.execute("CREATE TABLE t (k VARIANT)")
    con.execute("CREATE TABLE u (k VARIANT)")
    con.execute("INSERT INTO t VALUES (1::INTEGER)")
    check(con, query, "INSERT INTO t VALUES (1::BIGINT)", "INSERT INTO u VALUES (1::BIGINT)")


def test_a_function_whose_name_ends_like_that_of_a_group(con: Con) -> None:
    con.execute("CREATE TABLE t (s VARCHAR)")
    con.execute("INSERT INTO t VALUES ('é'), ('e')")
    check(
        con,
        "SELECT len(s) AS characters, max(strlen(s)) AS bytes FROM t GROUP BY len(s)",
        "INSERT INTO t VALUES ('éé'), ('ee')",
        "DELETE FROM t WHERE s = 'é'",
    )


@pytest.mark.parametrize("kind", ["", "LEFT", "RIGHT", "FULL"])
def test_filters_above_an_asof_join_do_not_change_which_row_is_nearest(con: Con, kind: str) -> None:
    con.execute("CREATE TABLE a (t INTEGER, k INTEGER)")
    con.execute("CREATE TABLE b (t INTEGER, k INTEGER, v INTEGER)")
    con.execute("INSERT INTO a VALUES (5, 1), (9, 1)")
    con.execute("INSERT INTO b VALUES (3, 1, 10), (4, 1, 1)")
    check(
        con,
        f"SELECT a.t, b.t AS other, b.v FROM a ASOF {kind} JOIN b ON a.k = b.k AND a.t >= b.t WHERE b.v > 5",
        "INSERT INTO b VALUES (8, 1, 20)",
        "DELETE FROM b WHERE t = 4",
        "INSERT INTO a VALUES (2, 1)",
    )


def test_rows_without_partner_that_look_alike_have_ids_of_their_own(con: Con) -> None:
    con.execute("CREATE TABLE t (g INTEGER, n INTEGER)")
    con.execute("CREATE TABLE u (g INTEGER, n INTEGER)")
    con.execute("INSERT INTO t VALUES (NULL, 1)")
    con.execute("INSERT INTO u VALUES (NULL, 1)")
    check(
        con,
        "SELECT a.g, b.g AS h, a.n, b.n AS m FROM (SELECT g, sum(n) AS n FROM t GROUP BY g) AS a "
        "FULL JOIN (SELECT g, sum(n) AS n FROM u GROUP BY g) AS b ON a.g = b.g",
        "INSERT INTO t VALUES (NULL, 1); INSERT INTO u VALUES (NULL, 5)",
        "INSERT INTO t VALUES (NULL, 1); INSERT INTO u VALUES (NULL, 5)",
    )
    table = one(con, "SELECT max(state_table) FROM coco_operators('v') WHERE state_table LIKE 'rows_%'")
    assert rows(con, f"SELECT count(*), count(DISTINCT coco_row_id) FROM coco.{table}") == [(2, 2)]


def test_updated_rows_without_partner_are_not_multiplied(con: Con) -> None:
    con.execute("CREATE TABLE a (t INTEGER PRIMARY KEY)")
    con.execute("CREATE TABLE b (t INTEGER, v INTEGER)")
    con.execute("INSERT INTO a VALUES (9)")
    con.execute("INSERT INTO b VALUES (1, 1), (2, 2), (3, 3)")
    check(
        con,
        "SELECT t, count(*) AS n, sum(v) AS v FROM (SELECT a.t, v FROM a ASOF RIGHT JOIN b ON a.t >= b.t) GROUP BY t",
        "UPDATE b SET v = v + 100",
    )


def test_a_full_join_of_tables_with_keys_updates_rows(con: Con) -> None:
    con.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER)")
    con.execute("CREATE TABLE u (id INTEGER PRIMARY KEY, n INTEGER)")
    con.execute("INSERT INTO t VALUES (1, 1), (2, 2)")
    con.execute("INSERT INTO u VALUES (1, 1), (3, 3)")
    query = "SELECT t.id, u.id AS other, t.n, u.n AS m FROM t FULL JOIN u ON t.id = u.id"
    check(con, query, "UPDATE t SET n = n + 10")
    assert rows(con, "SELECT inserted, updated, deleted FROM coco_runs('v') ORDER BY run_id DESC LIMIT 1") == [
        (0, 2, 0)
    ]


@pytest.mark.parametrize(
    "query",
    [
        "SELECT a, b FROM t WHERE (a, b) NOT IN (SELECT c, d FROM u)",
        "SELECT a, b, (a, b) IN (SELECT c, d FROM u) AS found FROM t",
    ],
)
def test_in_of_several_columns_with_nulls(con: Con, query: str) -> None:
    con.execute("CREATE TABLE t (a INTEGER, b INTEGER)")
    con.execute("CREATE TABLE u (c INTEGER, d INTEGER)")
    con.execute("INSERT INTO t VALUES (1, 2), (1, NULL), (3, 4)")
    con.execute("INSERT INTO u VALUES (1, 2)")
    check(
        con,
        query,
        "INSERT INTO u VALUES (3, NULL)",
        "INSERT INTO t VALUES (7, 7)",
        "DELETE FROM u WHERE d IS NULL",
        "DELETE FROM u",
    )


def test_columns_that_differ_by_the_case_of_other_letters_than_ascii(con: Con) -> None:
    con.execute("CREATE TABLE t (É INTEGER, é INTEGER)")
    con.execute("INSERT INTO t VALUES (1, 2)")
    check(con, "SELECT É AS a, count(*) AS n, sum(é) AS b FROM t GROUP BY É", "INSERT INTO t VALUES (1, 3)")


@pytest.mark.parametrize("odd", ["\x01", "\x1b\x01", "a\x02b", "\x01id\x02"])
def test_names_with_the_marks_of_references(con: Con, odd: str) -> None:
    con.execute(f'CREATE SCHEMA "{odd}"')
    con.execute(f'CREATE TABLE "{odd}"."{odd}" (id INTEGER PRIMARY KEY, n INTEGER, "{odd}" VARCHAR)')
    con.execute(f"""INSERT INTO "{odd}"."{odd}" VALUES (1, 1, 'a'), (2, 2, '{odd}')""")
    check(
        con,
        f'SELECT a."{odd}", b.n FROM "{odd}"."{odd}" AS a LEFT JOIN "{odd}"."{odd}" AS b ON a.n = b.id',
        f"""INSERT INTO "{odd}"."{odd}" VALUES (3, 1, 'c')""",
        f'DELETE FROM "{odd}"."{odd}" WHERE id = 2',
    )
    assert rows(con, "SELECT DISTINCT source_state FROM coco_lineage('v')") == [("current",)]
    query = f"""SELECT "{odd}" || '{odd}' AS "{odd}", count(*) AS n FROM "{odd}"."{odd}" GROUP BY ALL"""
    con.execute(f'CREATE INCREMENTAL VIEW "{odd}" AS {query}')
    assert_view_equals_query(con, f'main."{odd}"', query)


def test_grouping_sets_of_text_with_a_collation(con: Con) -> None:
    con.execute("CREATE TABLE t (k VARCHAR COLLATE NOCASE, n INTEGER)")
    con.execute("INSERT INTO t VALUES ('A', 1)")
    check(
        con,
        "SELECT lower(k) AS k, sum(n) AS n FROM t GROUP BY ROLLUP (k)",
        "INSERT INTO t VALUES ('a', 2), ('b', 3)",
    )


def test_columns_of_a_table_with_the_names_of_ours(con: Con) -> None:
    con.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, coco_part INTEGER)")
    con.execute("CREATE TABLE u (coco_fingerprint INTEGER PRIMARY KEY, n INTEGER)")
    con.execute("INSERT INTO t VALUES (1, 1)")
    for mode in ("auto", "recompute"):
        for query in ("SELECT id, coco_part AS p FROM t", "SELECT count(n) AS n FROM u"):
            with pytest.raises(duckdb.InvalidInputException, match="rename it, for names that begin with coco_ are"):
                con.execute(f"CREATE INCREMENTAL VIEW v WITH (mode = '{mode}') AS {query}")
    check(con, "SELECT id FROM t", "INSERT INTO t VALUES (2, 1)")


def test_a_column_that_hides_row_ids(con: Con) -> None:
    con.execute('CREATE TABLE t (a BIGINT PRIMARY KEY, "RowId" BIGINT)')
    con.execute("INSERT INTO t SELECT i, 3 * (i // 2) FROM range(50) AS r (i)")
    for number, query in enumerate(
        [
            "SELECT a, rowid AS r FROM t",
            "SELECT rowid AS r, max(a) AS m FROM t GROUP BY ALL",
            "SELECT x.rowid AS r, z.a FROM t AS x LEFT JOIN t AS z ON x.rowid = z.a",
            "SELECT DISTINCT rowid % 5 AS r FROM t",
        ]
    ):
        con.execute(f"CREATE INCREMENTAL VIEW v{number} WITH (mode = 'incremental') AS {query}")
        con.execute(f"CREATE INCREMENTAL VIEW w{number} WITH (mode = 'recompute') AS {query}")
        con.execute(f"UPDATE t SET rowid = {number} WHERE a IN (3, 7, {number}); DELETE FROM t WHERE a = {10 + number}")
        con.execute("REFRESH ALL INCREMENTAL VIEWS")
        for view in (f"v{number}", f"w{number}"):
            assert_view_equals_query(con, view, query)
    assert one(con, "SELECT count(*) FROM coco_lineage('v0')") == one(con, "SELECT count(*) FROM t")
    for mode in ("incremental", "recompute"):
        for query in ("FROM t", "SELECT a AS ROWID FROM t"):
            with pytest.raises(duckdb.InvalidInputException, match="column rowid: give it another name with AS"):
                con.execute(f"CREATE INCREMENTAL VIEW bad WITH (mode = '{mode}') AS {query}")
