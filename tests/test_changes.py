"""coco_changes as who follows it needs it: every row that goes or comes, also when columns change, and pairs by key."""

import pytest
from helpers import Con, Views, assert_replayed, rows


def changes(con: Con, version: int) -> list[tuple[object, ...]]:
    return rows(con, f"SELECT op, row_id, row FROM coco_changes('v') WHERE version = {version} ORDER BY ALL")


def test_a_column_more(con: Con) -> None:
    con.execute("CREATE TABLE t AS SELECT 10 AS id; CREATE INCREMENTAL VIEW v AS SELECT * FROM t")
    con.execute("ALTER TABLE t ADD COLUMN z INTEGER DEFAULT 1; REFRESH INCREMENTAL VIEW v")
    ((row_id,),) = rows(con, "SELECT row_id FROM coco_changes('v') WHERE version = 1")
    assert changes(con, 1) == [("insert", row_id, {"id": 10, "z": None})]
    gone, new = changes(con, 2)
    assert gone == ("delete", row_id, {"id": 10, "z": None})
    assert (new[0], new[2]) == ("insert", {"id": 10, "z": 1}) and new[1] != row_id


@pytest.mark.parametrize("mode", ["auto", "recompute"])
def test_a_column_more_of_rows_with_a_key(con: Con, mode: str) -> None:
    con.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, s VARCHAR); INSERT INTO t VALUES (1, 'a'), (2, 'b')")
    con.execute(f"CREATE INCREMENTAL VIEW v WITH (mode = '{mode}') AS SELECT * FROM t")
    con.execute(
        "ALTER TABLE t ADD COLUMN z INTEGER DEFAULT 1; DELETE FROM t WHERE id = 2; INSERT INTO t VALUES (3, 'c', 3)"
    )
    (said,) = rows(con, "REFRESH INCREMENTAL VIEW v")
    assert said[1:5] == (2, 1, 1, 1)
    before, after, gone, new = sorted(changes(con, 2), key=lambda change: (-len(str(change[0])), str(change[0])))
    assert (before[0], before[2]) == ("update_before", {"id": 1, "s": "a", "z": None}) and before[1] == after[1]
    assert (after[0], after[2]) == ("update_after", {"id": 1, "s": "a", "z": 1})
    assert [change[::2] for change in (gone, new)] == [
        ("delete", {"id": 2, "s": "b", "z": None}),
        ("insert", {"id": 3, "s": "c", "z": 3}),
    ]
    assert_replayed(con, "v", "v")


@pytest.mark.parametrize(
    ("change", "row"),
    [
        ("ALTER TABLE t ALTER a TYPE BIGINT", {"id": 1, "a": 7}),
        ("ALTER TABLE t ALTER a TYPE VARCHAR", {"id": 1, "a": "7"}),
        ("ALTER TABLE t ALTER a TYPE STRUCT(b INTEGER) USING {'b': a}", {"id": 1, "a": None}),
        ("ALTER TABLE t ALTER a TYPE UNION(b DATE) USING NULL", {"id": 1, "a": None}),
        ("CREATE OR REPLACE INCREMENTAL VIEW v AS SELECT id, NULL AS a FROM t", {"id": 1, "a": 7}),
        ("ALTER TABLE t DROP a", {"id": 1}),
        ("ALTER TABLE t RENAME a TO z", {"id": 1, "z": None}),
    ],
)
def test_rows_before_in_the_columns_of_now(con: Con, change: str, row: dict[str, object]) -> None:
    con.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER); INSERT INTO t VALUES (1, 1)")
    con.execute("CREATE INCREMENTAL VIEW v AS SELECT * FROM t")
    con.execute("UPDATE t SET a = 7; REFRESH INCREMENTAL VIEW v")
    con.execute(f"{change}; REFRESH INCREMENTAL VIEW v")
    found = rows(con, "SELECT version, op, row FROM coco_changes('v') ORDER BY version, op")
    assert [(version, op) for version, op, _ in found] == [
        *[(1, "insert"), (2, "update_after"), (2, "update_before"), (3, "update_after"), (3, "update_before")]
    ]
    assert (found[1][2], found[4][2]) == (row, row)
    assert_replayed(con, "v", "v")


def test_a_view_made_anew_without_data(con: Con) -> None:
    con.execute("CREATE TABLE t AS SELECT 1 AS a; CREATE INCREMENTAL VIEW v AS SELECT a FROM t")
    con.execute("CREATE OR REPLACE INCREMENTAL VIEW v AS SELECT a + 1 AS b FROM t WITH NO DATA")
    assert [op for op, *_ in changes(con, 2)] == ["delete"]
    con.execute("REFRESH INCREMENTAL VIEW v")
    assert [change[::2] for change in changes(con, 3)] == [("insert", {"b": 2})]


@pytest.mark.parametrize(
    ("query", "keyed"),
    [
        ("SELECT id, x FROM t", True),
        ("SELECT k, sum(x) AS s FROM t GROUP BY k", True),
        ("SELECT x FROM t", False),
        ("SELECT id, list_sort(list(x ORDER BY x)) AS l FROM t GROUP BY id", True),
    ],
)
def test_the_key_of_a_recomputed_view(con: Con, query: str, keyed: bool) -> None:
    con.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, k INTEGER, x INTEGER); INSERT INTO t VALUES (1, 1, 1)")
    con.execute(f"CREATE INCREMENTAL VIEW v WITH (mode = 'recompute') AS {query}")
    con.execute("UPDATE t SET x = 2; REFRESH INCREMENTAL VIEW v")
    ops = [op for op, *_ in changes(con, 2)]
    assert ops == (["update_after", "update_before"] if keyed else ["delete", "insert"])
    assert_replayed(con, "v", "v")


def test_another_way_keeps_rows_and_their_ids(con: Con) -> None:
    """Also of a view that only reads another one: what it has read is the same whatever the way."""
    con.execute("CREATE TABLE t AS SELECT i AS id, i % 3 AS c FROM range(9) r(i)")
    views = Views(con, "diff")
    views.create("up", "SELECT id, c FROM t")
    views.create("v", "SELECT max(id) AS m, c FROM up GROUP BY c", "SELECT max(id) AS m, c FROM t GROUP BY c")
    ids = rows(con, "SELECT row_id FROM coco_changes('v') ORDER BY 1")
    for mode in ("recompute", "auto", "recompute", "auto"):
        con.execute(f"ALTER INCREMENTAL VIEW v SET (mode = '{mode}')")
        assert views.refresh("v")["v"][:4] == (1, 0, 0, 0)
        assert rows(con, "SELECT row_id FROM coco_changes('v') ORDER BY 1") == ids
    assert len(rows(con, "FROM coco_lineage('v')")) == 9
    con.execute("INSERT INTO t VALUES (10, 1), (11, 5)")
    views.refresh()
    views.replay()


def test_the_history_is_made_when_the_first_row_goes(con: Con) -> None:
    """A transaction from before then reads changes as it sees them."""
    con.execute("CREATE TABLE t AS SELECT 1 AS x; CREATE INCREMENTAL VIEW v AS SELECT x FROM t")
    con.execute("INSERT INTO t VALUES (2); REFRESH INCREMENTAL VIEW v")
    kept = "SELECT count(*) FROM duckdb_tables() WHERE table_name LIKE 'history_%'"
    assert rows(con, kept) == [(0,)]
    read = "SELECT version, op, row.x FROM coco_changes('v') ORDER BY ALL"
    with con.cursor() as earlier:
        earlier.execute("BEGIN")
        assert rows(earlier, read) == [(1, "insert", 1), (2, "insert", 2)]
        con.execute("DELETE FROM t WHERE x = 1; REFRESH INCREMENTAL VIEW v")
        assert rows(earlier, read) == [(1, "insert", 1), (2, "insert", 2)]
        earlier.execute("COMMIT")
        assert rows(earlier, read) == [(1, "insert", 1), (2, "insert", 2), (3, "delete", 1)]
    assert rows(con, kept) == [(1,)]
