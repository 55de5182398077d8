"""A column that a view uses and does not show changes its type: what is kept was made with the old one."""

import duckdb
import pytest
from helpers import CAPTURES, Con, assert_same, one, rows

import cocosql

#: The type before, the type after, and rows before and after, as SQL.
CHANGES = {
    "a decimal of more digits": ("DECIMAL(9,2)", "DECIMAL(18,4)", "1.25", "1.2345"),
    "a decimal of another scale": ("DECIMAL(9,2)", "DECIMAL(9,1)", "1.26", "1.3"),
    "a wider integer": ("INTEGER", "BIGINT", "10", "5000000000"),
    "a narrower integer": ("BIGINT", "SMALLINT", "10", "9"),
    "an unsigned integer": ("INTEGER", "UTINYINT", "10", "9"),
    "integers to floats": ("INTEGER", "DOUBLE", "10", "9.5"),
    "floats to integers": ("DOUBLE", "INTEGER", "9.6", "10"),
    "a shorter float": ("DOUBLE", "FLOAT", "0.1", "0.3"),
    "a longer float": ("FLOAT", "DOUBLE", "0.1", "0.3"),
    "integers to text": ("INTEGER", "VARCHAR", "10", "'9'"),
    "text to integers": ("VARCHAR", "INTEGER", "'010'", "9"),
    "booleans to integers": ("BOOLEAN", "INTEGER", "true", "2"),
    "dates to timestamps": ("DATE", "TIMESTAMP", "'2026-01-02'", "'2026-01-02 03:04:05'"),
    "timestamps to dates": ("TIMESTAMP", "DATE", "'2026-01-02 03:04:05'", "'2026-01-03'"),
    "timestamps of a zone": ("TIMESTAMP", "TIMESTAMPTZ", "'2026-01-02 03:04:05'", "'2026-01-02 03:04:05+09'"),
    "timestamps of nanoseconds": ("TIMESTAMP", "TIMESTAMP_NS", "'2026-01-02'", "'2026-01-02 00:00:00.000000001'"),
    "a collation": ("VARCHAR", "VARCHAR COLLATE NOCASE", "'a'", "'A'"),
    "no collation": ("VARCHAR COLLATE NOCASE", "VARCHAR", "'a'", "'A'"),
    "text to bytes": ("VARCHAR", "BLOB", "'a'", "'\\xFF'"),
    "text to JSON": ("VARCHAR", "JSON", "'10'", "'\"9\"'"),
    "text to UUIDs": ("VARCHAR", "UUID", "'A0000000-0000-0000-0000-000000000000'", "uuid()"),
    "enums to text": ("ENUM ('b', 'a')", "VARCHAR", "'b'", "'c'"),
    "text to enums": ("VARCHAR", "ENUM ('b', 'a', 'c')", "'b'", "'a'"),
    "an enum of another order": ("ENUM ('b', 'a')", "ENUM ('a', 'b', 'c')", "'b'", "'c'"),
    "lists": ("INTEGER[]", "VARCHAR[]", "[10]", "['9']"),
    "arrays to lists": ("INTEGER[2]", "DOUBLE[]", "[10, 1]", "[9.5]"),
    "structs": ("STRUCT(a INTEGER)", "STRUCT(a VARCHAR)", "{'a': 10}", "{'a': '9'}"),
    "maps": ("MAP(INTEGER, INTEGER)", "MAP(INTEGER, DOUBLE)", "MAP {1: 10}", "MAP {1: 9.5}"),
}

#: Over the column `p` of the table t, and that of u, which keeps its type.
QUERIES = {
    "grouped": "SELECT p::VARCHAR AS p, count(*) AS n FROM t GROUP BY p",
    "counted": "SELECT count(*) AS n FROM t GROUP BY p",
    "added up": "SELECT k, count(*) AS n, sum(len(p::VARCHAR)) AS s FROM t GROUP BY k",
    "distinct": "SELECT count(*) AS n FROM (SELECT DISTINCT p FROM t)",
    "distinct on": "SELECT DISTINCT ON (p) id FROM t ORDER BY id",
    "count distinct": "SELECT k, count(DISTINCT p) AS n FROM t GROUP BY k",
    "extremes": "SELECT min(p)::VARCHAR AS a, max(p)::VARCHAR AS b FROM t",
    "extremes by group": "SELECT k, min(p)::VARCHAR AS a, max(p)::VARCHAR AS b FROM t GROUP BY k",
    "listed": "SELECT k, list(p ORDER BY id)::VARCHAR AS l FROM t GROUP BY k",
    "partitions": "SELECT id, row_number() OVER (PARTITION BY p ORDER BY id) AS r FROM t",
    "ranks": "SELECT id, rank() OVER (ORDER BY p) AS r, lag(p) OVER (ORDER BY id)::VARCHAR AS b FROM t",
    "filtered": "SELECT id FROM t WHERE p::VARCHAR < '2'",
    "compared": "SELECT id FROM t WHERE p = (SELECT max(p) FROM t)",
    "joined": "SELECT a.id, b.id AS other FROM t AS a JOIN t AS b ON a.p = b.p AND a.id < b.id",
    "left joined": "SELECT a.id, b.p::VARCHAR AS p FROM t AS a LEFT JOIN t AS b ON a.p = b.p AND a.id < b.id",
    "another table": "SELECT t.id FROM t JOIN u USING (p)",
    "in": "SELECT id FROM t WHERE p IN (SELECT p FROM u)",
    "not exists": "SELECT id FROM t WHERE NOT EXISTS (FROM u WHERE u.p = t.p)",
    "except": "SELECT count(*) AS n FROM (SELECT p FROM t EXCEPT SELECT p FROM u)",
    "union": "SELECT count(*) AS n FROM (SELECT p FROM t UNION SELECT p FROM u)",
    "union all": "SELECT p::VARCHAR AS p FROM (SELECT p FROM t UNION ALL SELECT p FROM u)",
    "first": "SELECT id FROM t ORDER BY p, id LIMIT 3",
    "typed": "SELECT id, typeof(p) AS type FROM t",
    "called": "SELECT id, shout(p::VARCHAR) AS s FROM t",
    "called below": "SELECT s, count(*) AS n FROM (SELECT shout(p::VARCHAR) AS s FROM t) GROUP BY s",
    "recursive": "WITH RECURSIVE r AS (SELECT p, id FROM t UNION ALL SELECT p, id + 100 FROM r WHERE id < 100) "
    "SELECT p::VARCHAR AS p, count(*) AS n FROM r GROUP BY p",
}

#: The queries are tried in so many shares.
SHARES = 7

#: How the column gets its type. {type}: the new one, {t}: the table.
WAYS = {
    "alter": "ALTER TABLE {t} ALTER p TYPE {type}",
    "replace": "CREATE TEMP TABLE old AS FROM {t}; CREATE OR REPLACE TABLE {t} (id INTEGER PRIMARY KEY, k INTEGER, "
    "p {type}); INSERT INTO {t} FROM old",
    "drop and add": "CREATE TEMP TABLE old AS FROM {t}; ALTER TABLE {t} DROP p; ALTER TABLE {t} ADD p {type}; "
    "UPDATE {t} SET p = old.p FROM old WHERE old.id = {t}.id",
}


def shout(text: str) -> str:
    return text + "!"


def create(con: Con, table: str, type: str, value: str) -> None:
    con.execute(f"CREATE TABLE {table} (id INTEGER PRIMARY KEY, k INTEGER, p {type})")
    con.execute(f"INSERT INTO {table} SELECT i, i % 2, CASE WHEN i < 4 THEN {value} END FROM range(6) r(i)")


def follow(con: Con, views: dict[str, str]) -> None:
    """Each view is brought to what its query gives, or breaks as the query does."""
    for name, query in views.items():
        refresh = f'REFRESH INCREMENTAL VIEW "{name}"'
        try:
            con.execute(query)
        except duckdb.Error:
            with pytest.raises(duckdb.Error):
                con.execute(refresh)
        else:
            con.execute(refresh)
            assert_same(con, f'FROM "{name}"', query)


@pytest.mark.every(116)
@pytest.mark.parametrize(("change", "share"), [(change, share) for change in CHANGES for share in range(SHARES)])
def test_a_type(change: str, share: int) -> None:
    before, after, old, new = CHANGES[change]
    number = list(CHANGES).index(change)
    con = cocosql.connect(functions=[cocosql.udf(version="1")(shout)])
    con.execute("ATTACH ':memory:' AS other")
    table = ["t", "t", "base", "other.t"][number % 4]
    create(con, table, before, old)
    create(con, "u", before, old)
    if table != "t":
        con.execute(f"CREATE VIEW t AS FROM {table}")
    views = {name: QUERIES[name] for name in list(QUERIES)[(number + share) % SHARES :: SHARES]}
    for name, query in views.items():
        # Tables of another database have no log.
        capture = "auto" if table == "other.t" else CAPTURES[number % len(CAPTURES)]
        con.execute(f"CREATE INCREMENTAL VIEW \"{name}\" WITH (capture = '{capture}') AS {query}")
    first, query = next(iter(views.items()))
    views["afresh"] = query
    con.execute(f"CREATE INCREMENTAL VIEW afresh WITH (mode = 'recompute') AS {query}")
    way = list(WAYS.values())[number % len(WAYS)]
    con.execute(way.format(t=table, type=after))
    assert one(con, f"SELECT status FROM coco_views() WHERE name = '{first}'") in ("stale", "broken")
    con.execute(f"INSERT INTO {table} VALUES (10, 0, {new}), (11, 1, {new}), (12, 1, NULL)")
    follow(con, views)
    con.execute(f"DELETE FROM {table} WHERE id IN (0, 10)")
    follow(con, views)
    assert rows(con, "SELECT DISTINCT status FROM coco_views() WHERE status <> 'broken'") == [("fresh",)]
