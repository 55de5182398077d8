"""The tables in which a view keeps its rows."""

from typing import Any

from helpers import assert_view_equals_query, one, rows

import cocosql

Con = Any


def test_a_large_first_fill_can_be_scanned_row_by_row(con: Con) -> None:
    """More rows than a row group has: the first row group must not be empty, or LIMIT finds nothing."""

    @cocosql.udf
    def parts(body: str) -> list[str]:
        return body.split("|")

    cocosql.register(con, parts)
    con.execute("CREATE TABLE d AS SELECT i AS id, 'a|b|c|d|e|f|g|h|i|' || i AS body FROM range(20000) t(i)")
    con.execute("CREATE INCREMENTAL VIEW v AS SELECT d.id, c FROM d, unnest(parts(d.body)) AS u(c)")
    assert len(rows(con, "SELECT * FROM v LIMIT 3")) == 3
    con.execute("UPDATE d SET body = body || '|new' WHERE id = 7")
    assert rows(con, "REFRESH INCREMENTAL VIEW v")[0][:5] == ("v", 2, 1, 0, 0)
    assert_view_equals_query(con, "v", "SELECT d.id, c FROM d, unnest(string_split(d.body, '|')) AS u(c)")


def test_a_large_fill_of_a_view_that_was_empty(con: Con) -> None:
    con.execute("CREATE TABLE d (id BIGINT PRIMARY KEY)")
    con.execute("CREATE INCREMENTAL VIEW v AS SELECT id FROM d")
    con.execute("INSERT INTO d SELECT * FROM range(200000)")
    con.execute("REFRESH INCREMENTAL VIEW v")
    con.execute("DELETE FROM d WHERE id % 2 = 0")
    con.execute("REFRESH INCREMENTAL VIEW v")
    assert len(rows(con, "SELECT * FROM v LIMIT 3")) == 3
    assert_view_equals_query(con, "v", "SELECT id FROM d")


def test_changes_are_kept_as_long_as_the_view_retains_them(con: Con) -> None:
    con.execute("CREATE TABLE t AS SELECT 1 AS id")
    con.execute("CREATE INCREMENTAL VIEW kept AS SELECT id FROM t")
    con.execute("CREATE INCREMENTAL VIEW short WITH (retain_changes = '0 seconds') AS SELECT id FROM t")
    for number in (2, 3, 4):
        con.execute(f"UPDATE t SET id = {number}")
        con.execute("REFRESH INCREMENTAL VIEW kept, short")
    deletes = "SELECT count(*) FROM coco_changes('{}') WHERE op = 'delete'"
    assert one(con, deletes.format("kept")) == 3
    assert one(con, deletes.format("short")) == 1


def test_changes_stay_until_a_view_that_reads_them_has_read_them(con: Con) -> None:
    con.execute("CREATE TABLE t AS SELECT 1 AS id")
    con.execute("CREATE INCREMENTAL VIEW v WITH (retain_changes = '0 seconds') AS SELECT id FROM t")
    con.execute("CREATE INCREMENTAL VIEW w AS SELECT id + 1 AS next FROM v")
    for number in (2, 3, 4):
        con.execute(f"UPDATE t SET id = {number}")
        con.execute("REFRESH INCREMENTAL VIEW v")
    assert_view_equals_query(con, "w", "SELECT 2 AS next")
    con.execute("REFRESH INCREMENTAL VIEW w")
    assert_view_equals_query(con, "w", "SELECT id + 1 AS next FROM t")
