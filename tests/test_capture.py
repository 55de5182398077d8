"""Change capture: what a refresh reads of a table, and what it keeps. That views are right: test_writers and others."""

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from helpers import Con, assert_replayed, assert_view_equals_query, one, rows
from speeds import slow

import cocosql

#: Rows of a row group in these tests.
GROUP = 2048
GROUPS = 8


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "small groups.db"


@pytest.fixture
def small(file: Path) -> Iterator[Con]:
    """A database file whose row groups are small, with a table of several."""
    con = opened(file)
    con.execute("CREATE TABLE t (id BIGINT PRIMARY KEY, s VARCHAR, n BIGINT)")
    con.execute(f"INSERT INTO t SELECT i, 'text ' || i, 0 FROM range({GROUP * GROUPS}) AS r (i)")
    con.execute("CHECKPOINT d")
    yield con
    con.close()


def opened(file: Path) -> Con:
    con = cocosql.connect()
    con.execute(f"ATTACH '{file}' AS d (ROW_GROUP_SIZE {GROUP})")
    con.execute("USE d")
    return con


QUERY = "SELECT id, upper(s) AS u FROM t"


def refresh(con: Con, view: str = "v") -> tuple[int, int]:
    """Row groups of the first source that the refresh read, and that it skipped."""
    con.execute(f"REFRESH INCREMENTAL VIEW {view}").fetchall()
    run = one(con, f"SELECT max(run_id) FROM coco_runs('{view}')")
    found = rows(con, f"SELECT parts_read, parts_skipped FROM coco_run_steps({run}) WHERE parts_read IS NOT NULL")
    read, skipped = found[-1]
    return read, skipped


def test_nothing_is_read_if_nothing_changed(small: Con) -> None:
    small.execute(f"CREATE INCREMENTAL VIEW v WITH (capture = 'diff') AS {QUERY}")
    assert refresh(small) == (0, GROUPS)


def test_what_changed_is_read(small: Con) -> None:
    small.execute(f"CREATE INCREMENTAL VIEW v WITH (capture = 'diff') AS {QUERY}")
    small.execute(f"UPDATE t SET s = 'new' WHERE id = {GROUP + 5}")
    assert refresh(small) == (1, GROUPS - 1)
    assert_view_equals_query(small, "v", QUERY)
    small.execute(f"DELETE FROM t WHERE id IN (7, {3 * GROUP})")
    # The updated row group may be updated again for all that can be told, until a checkpoint.
    assert refresh(small) == (3, GROUPS - 3)
    assert_view_equals_query(small, "v", QUERY)
    small.execute("INSERT INTO t VALUES (-1, 'one more', 0)")
    small.execute("CHECKPOINT d")
    refresh(small)
    assert_view_equals_query(small, "v", QUERY)
    assert refresh(small)[0] == 0
    assert_replayed(small, "v", "v")


def test_deleted_rows_are_told_without_a_checkpoint(small: Con) -> None:
    small.execute(f"CREATE INCREMENTAL VIEW v WITH (capture = 'diff') AS {QUERY}")
    small.execute("DELETE FROM t WHERE id = 7")
    assert refresh(small) == (1, GROUPS - 1)
    assert refresh(small) == (0, GROUPS)


def test_columns_that_the_view_does_not_read_do_not_count(small: Con) -> None:
    small.execute(f"CREATE INCREMENTAL VIEW v WITH (capture = 'diff') AS {QUERY}")
    small.execute("UPDATE t SET n = n + 1")
    assert refresh(small) == (0, GROUPS)
    small.execute("CHECKPOINT d")
    assert one(small, "SELECT status FROM coco_views()") == "fresh"
    refresh(small)
    assert refresh(small) == (0, GROUPS)


def test_another_process_reads_on(small: Con, file: Path) -> None:
    small.execute(f"CREATE INCREMENTAL VIEW v WITH (capture = 'diff') AS {QUERY}")
    small.execute("UPDATE t SET s = 'new' WHERE id = 5")
    refresh(small)
    small.close()
    plain = duckdb.connect()
    plain.execute(f"ATTACH '{file}' AS d (ROW_GROUP_SIZE {GROUP})")
    plain.execute(f"UPDATE d.t SET s = 'by another' WHERE id = {4 * GROUP}")
    plain.close()
    con = opened(file)
    read, skipped = refresh(con)
    assert (read, skipped) == (1, GROUPS - 1) or read == GROUPS, "all if two checkpoints have passed"
    assert_view_equals_query(con, "v", QUERY)
    assert_replayed(con, "v", "v")
    con.close()


def test_nothing_is_read_after_opening_again(small: Con, file: Path) -> None:
    small.execute(f"CREATE INCREMENTAL VIEW v WITH (capture = 'diff') AS {QUERY}")
    refresh(small)
    small.close()
    con = opened(file)
    assert refresh(con) == (0, GROUPS)
    con.close()


def test_tokens_do_not_outlive_two_checkpoints(small: Con, file: Path) -> None:
    """Blocks are used again: an update and a checkpoint, twice, may write other rows to the same place."""
    small.execute(f"CREATE INCREMENTAL VIEW v WITH (capture = 'diff') AS {QUERY}")
    refresh(small)
    small.close()
    for number in range(6):
        plain = duckdb.connect()
        plain.execute(f"ATTACH '{file}' AS d (ROW_GROUP_SIZE {GROUP})")
        for text in ("a", "b") if number % 2 else ("a", "b", "c"):
            plain.execute(f"UPDATE d.t SET s = '{text}{number}' WHERE id < 10")
            plain.execute("CHECKPOINT d")
        plain.close()
        con = opened(file)
        refresh(con)
        assert_view_equals_query(con, "v", QUERY)
        con.close()


def test_row_groups_that_move(small: Con) -> None:
    small.execute(f"CREATE INCREMENTAL VIEW v WITH (capture = 'diff') AS {QUERY}")
    small.execute("CREATE TABLE plain AS FROM t")  # without an index rows may move
    small.execute("CREATE INCREMENTAL VIEW w WITH (capture = 'diff') AS SELECT id, lower(s) AS l FROM plain")
    small.execute(f"DELETE FROM plain WHERE id < {5 * GROUP} AND id % 4 <> 0")
    small.execute("CHECKPOINT d")
    refresh(small, "w")
    assert_view_equals_query(small, "w", "SELECT id, lower(s) AS l FROM plain")
    small.execute("UPDATE plain SET s = 'x' WHERE id % 100 = 0")
    refresh(small, "w")
    assert_view_equals_query(small, "w", "SELECT id, lower(s) AS l FROM plain")


@pytest.mark.every(2)
@pytest.mark.parametrize("key", ["", "PRIMARY KEY", slow("PRIMARY KEY (id, s)"), slow("PRIMARY KEY (s)")])
def test_in_memory(con: Con, key: str) -> None:
    inline = "id BIGINT PRIMARY KEY" if key == "PRIMARY KEY" else "id BIGINT"
    table = f", {key}" if "(" in key else ""
    con.execute(f"CREATE TABLE t ({inline}, s VARCHAR{table})")
    con.execute("INSERT INTO t SELECT i, 'x' || i FROM range(300_000) AS r (i)")
    con.execute(f"CREATE INCREMENTAL VIEW v WITH (capture = 'diff') AS {QUERY}")
    assert refresh(con) == (0, 3)
    con.execute("INSERT INTO t SELECT i, 'y' || i FROM range(300_000, 300_010) AS r (i)")
    assert refresh(con) == (1, 2)
    con.execute("DELETE FROM t WHERE id = 5")
    assert refresh(con) == (1, 2)
    assert refresh(con) == (0, 3)
    con.execute("UPDATE t SET s = 'z' WHERE id = 150_000")
    refresh(con)
    assert_view_equals_query(con, "v", QUERY)
    assert_replayed(con, "v", "v")


def test_recomputed_views_look_at_row_groups_too(small: Con) -> None:
    query = "SELECT DISTINCT n, id % 3 AS m FROM t"
    small.execute(f"CREATE INCREMENTAL VIEW v WITH (capture = 'diff') AS {query}")
    assert refresh(small) == (0, GROUPS)
    small.execute("UPDATE t SET n = 1 WHERE id = 5")
    assert refresh(small) == (1, GROUPS - 1)
    assert_view_equals_query(small, "v", query)
    small.execute("CHECKPOINT d")
    assert one(small, "SELECT status FROM coco_views()") == "fresh"


# --- snapshots that views share ---------------------------------------------------------------------------------------


def snapshots(con: Con) -> list[tuple[Any, ...]]:
    return rows(
        con,
        "SELECT table_name FROM duckdb_tables() WHERE regexp_full_match(table_name, 'snapshot_.*[0-9]') ORDER BY ALL",
    )


def test_views_of_the_same_columns_share_a_snapshot(small: Con) -> None:
    small.execute(f"CREATE INCREMENTAL VIEW v WITH (capture = 'diff') AS {QUERY}")
    kept = snapshots(small)
    small.execute("CREATE INCREMENTAL VIEW w WITH (capture = 'diff') AS SELECT id, lower(s) AS l FROM t")
    assert snapshots(small) == kept
    small.execute("CREATE INCREMENTAL VIEW x WITH (capture = 'diff') AS SELECT id, n FROM t")
    assert len(snapshots(small)) == 2 * len(kept)
    small.execute("DROP INCREMENTAL VIEW v")
    assert len(snapshots(small)) == 2 * len(kept), "w reads it"
    small.execute("DROP INCREMENTAL VIEW x")
    assert snapshots(small) == kept
    small.execute("DROP INCREMENTAL VIEW w")
    assert snapshots(small) == []
    assert rows(small, "FROM coco.snapshots") == []
    assert rows(small, "FROM coco.parts") == []


@pytest.mark.parametrize("key", ["id BIGINT", "id BIGINT PRIMARY KEY", "id VARCHAR PRIMARY KEY"])
def test_a_view_that_lags_behind_the_others(con: Con, key: str) -> None:
    con.execute(f"CREATE TABLE t ({key}, s VARCHAR)")
    con.execute("INSERT INTO t SELECT i, 'x' || i FROM range(10) AS r (i)")
    con.execute(f"CREATE INCREMENTAL VIEW v WITH (capture = 'diff') AS {QUERY}")
    con.execute("CREATE INCREMENTAL VIEW lags WITH (capture = 'diff') AS SELECT id, lower(s) AS l FROM t")
    for change in (
        "UPDATE t SET s = 'new' WHERE id = 3",
        "DELETE FROM t WHERE id = 4",
        "INSERT INTO t VALUES (77, 'more')",
        "UPDATE t SET s = 'newer' WHERE id = 3",
        "DELETE FROM t WHERE id = 77",
    ):
        con.execute(change)
        con.execute("REFRESH INCREMENTAL VIEW v")
        assert_view_equals_query(con, "v", QUERY)
    assert one(con, "SELECT status FROM coco_views() WHERE name = 'lags'") == "stale"
    assert one(con, "SELECT count(*) FROM coco_lineage('lags') WHERE source_state <> 'current'") == 2
    con.execute(
        "INSERT INTO t VALUES (5, 'twice') ON CONFLICT DO NOTHING" if "KEY" in key else "INSERT INTO t VALUES (5, 'x5')"
    )
    (row,) = rows(con, "REFRESH INCREMENTAL VIEW lags")
    assert_view_equals_query(con, "lags", "SELECT id, lower(s) AS l FROM t")
    assert row[1] == 2
    assert_replayed(con, "lags", "lags")
    con.execute("REFRESH INCREMENTAL VIEW v")
    assert_view_equals_query(con, "v", QUERY)
    con.execute("REFRESH ALL INCREMENTAL VIEWS")
    assert one(con, "SELECT count(*) FROM coco_lineage('lags') WHERE source_state <> 'current'") == 0


def test_bytes_of_state_a_row(con: Con, path: Path) -> None:
    con.execute(f"ATTACH '{path}' AS d; USE d; CREATE TABLE t (id BIGINT PRIMARY KEY, s VARCHAR)")
    con.execute("INSERT INTO t SELECT i, repeat(md5(i::VARCHAR), 3) FROM range(500_000) AS r (i)")
    con.execute(f"CREATE INCREMENTAL VIEW v WITH (capture = 'diff') AS {QUERY}")
    con.execute("CHECKPOINT d")
    size = one(con, "SELECT bytes / row_count FROM coco_operators('v') WHERE kind = 'scan'")
    assert size < 12


# --- the key log ------------------------------------------------------------------------------------------------------


def log_of(con: Con) -> str:
    """The one log that there is."""
    found = one(con, "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'coco' AND table_name LIKE 'keys_%'")
    return f"coco.{found}"


def test_scattered_changes_read_no_row_group(small: Con) -> None:
    small.execute(f"CREATE INCREMENTAL VIEW v WITH (capture = 'log') AS {QUERY}")
    for change in (
        f"UPDATE t SET s = s || '!' WHERE id % {GROUP} = 3",
        f"DELETE FROM t WHERE id % {GROUP} = 4",
        "INSERT INTO t VALUES (-1, 'one more', 0)",
        "INSERT OR REPLACE INTO t VALUES (9, 'other', 0), (-2, 'new', 0)",
        f"UPDATE t SET id = -10 - id WHERE id % {GROUP} = 5 AND id > 0",
        "UPDATE t SET n = n + 1 WHERE id < 100",
        "CHECKPOINT d",
    ):
        small.execute(change)
        assert refresh(small)[0] == 0, change
        assert_view_equals_query(small, "v", QUERY)
    assert_replayed(small, "v", "v")
    assert one(small, f"SELECT count(*) FROM {log_of(small)}") == 0


def test_what_is_not_in_the_log_is_found(small: Con) -> None:
    small.execute(f"CREATE INCREMENTAL VIEW v WITH (capture = 'log') AS {QUERY}")
    small.execute("INSERT INTO t VALUES (-3, 'not logged', 0)")
    small.execute(f"DELETE FROM {log_of(small)}")  # as if it had been appended round the planner
    assert refresh(small)[0] > 0
    assert_view_equals_query(small, "v", QUERY)
    small.execute("ALTER TABLE t ADD COLUMN more INTEGER")  # breaks the log
    small.execute("UPDATE t SET s = 'after' WHERE id = 8")
    refresh(small)
    assert_view_equals_query(small, "v", QUERY)
    small.execute("UPDATE t SET s = 'later' WHERE id = 9")
    assert refresh(small)[0] == 0, "started anew"
    assert_view_equals_query(small, "v", QUERY)


def test_changes_after_opening_again(small: Con, file: Path) -> None:
    small.execute(f"CREATE INCREMENTAL VIEW v WITH (capture = 'log') AS {QUERY}")
    small.close()
    plain = duckdb.connect()
    plain.execute(f"ATTACH '{file}' AS d; UPDATE d.t SET s = 'unlogged' WHERE id = 77; DETACH d")
    plain.close()
    con = opened(file)
    con.execute("UPDATE t SET s = 'not logged either' WHERE id = 78")
    refresh(con)
    assert_view_equals_query(con, "v", QUERY)
    con.execute("UPDATE t SET s = 'logged' WHERE id = 79")
    assert refresh(con)[0] == 0
    assert_view_equals_query(con, "v", QUERY)
    con.close()


def test_many_keys_are_not_logged(con: Con) -> None:
    con.execute("CREATE TABLE t (id BIGINT PRIMARY KEY, s VARCHAR)")
    con.execute("INSERT INTO t SELECT i, 'x' FROM range(300_000) AS r (i)")
    con.execute(f"CREATE INCREMENTAL VIEW v WITH (capture = 'log') AS {QUERY}")
    con.execute("UPDATE t SET s = 'y'")
    assert refresh(con) == (3, 0)
    assert_view_equals_query(con, "v", QUERY)


def test_views_with_and_without_a_log_share_a_snapshot(small: Con) -> None:
    small.execute(f"CREATE INCREMENTAL VIEW v WITH (capture = 'diff') AS {QUERY}")
    small.execute("CREATE INCREMENTAL VIEW w WITH (capture = 'log') AS SELECT id, lower(s) AS l FROM t")
    for number in range(6):
        small.execute(f"UPDATE t SET s = 'new' || {number} WHERE id % {GROUP} = {number}")
        for view in ("v", "w") if number % 2 else ("w", "v"):
            refresh(small, view)
        assert_view_equals_query(small, "v", QUERY)
        assert_view_equals_query(small, "w", "SELECT id, lower(s) AS l FROM t")
    small.execute("DROP INCREMENTAL VIEW w")
    small.execute("UPDATE t SET s = 'last' WHERE id = 1")
    refresh(small)
    assert_view_equals_query(small, "v", QUERY)
    small.execute("DROP INCREMENTAL VIEW v")
    assert rows(small, "SELECT table_name FROM duckdb_tables() WHERE table_name LIKE 'keys_%'") == []


def test_views_of_other_columns_share_a_log(small: Con) -> None:
    queries = {
        "v": "SELECT id, upper(s) AS u FROM t",
        "w": "SELECT id, n + 1 AS m FROM t",
        "x": "SELECT n % 5 AS g, count(*) AS c, sum(id) AS s FROM t GROUP BY g",
        "twice": "SELECT a.id, a.s, b.n FROM t AS a JOIN t AS b ON a.id = b.id + 1",
    }
    for view, query in queries.items():
        small.execute(f"CREATE INCREMENTAL VIEW {view} AS {query}")
    small.execute("REFRESH ALL INCREMENTAL VIEWS")  # columns that were not watched before start the log anew
    chosen = random.Random(7)
    for number in range(24):
        one_id = chosen.randrange(8 * GROUP)
        small.execute(
            chosen.choice(
                [
                    f"UPDATE t SET s = 's{number}', n = n + 1 WHERE id % {GROUP} = {one_id % GROUP}",
                    f"DELETE FROM t WHERE id = {one_id}",
                    f"INSERT OR REPLACE INTO t VALUES ({one_id}, 'again', 3), ({-one_id - 1}, 'new', {number})",
                    f"UPDATE t SET id = {-number - 100_000_000} WHERE id = {one_id}",
                ]
            )
        )
        for view in chosen.sample(list(queries), chosen.randint(0, 2)):
            assert refresh(small, view)[0] == 0, "no row group is read"
            assert_view_equals_query(small, view, queries[view])
    for view, query in queries.items():
        refresh(small, view)
        assert_view_equals_query(small, view, query)
        assert_replayed(small, view, view)
    assert rows(small, f"FROM {log_of(small).replace('keys', 'unread')}") == []


def test_columns_that_no_view_reads_are_not_logged(small: Con) -> None:
    small.execute(f"CREATE INCREMENTAL VIEW v AS {QUERY}")
    small.execute("UPDATE t SET n = n + 1")
    assert one(small, f"SELECT count(*) FROM {log_of(small)}") == 0
    small.execute("UPDATE t SET n = n + 1, s = s || '!' WHERE id = 3")
    small.execute("CREATE INCREMENTAL VIEW w AS SELECT id, n FROM t")
    small.execute("UPDATE t SET n = n + 1 WHERE id = 4")
    assert one(small, f"SELECT count(*) FROM {log_of(small)}") == 1
    assert refresh(small, "w")[0] == 0
    refresh(small)
    small.execute("UPDATE t SET n = n + 1, s = s || '!' WHERE id % 1000 = 3")
    for view, query in (("v", QUERY), ("w", "SELECT id, n FROM t")):
        assert refresh(small, view)[0] == 0
        assert_view_equals_query(small, view, query)


def test_a_view_that_lags_behind_does_not_let_the_log_grow(con: Con) -> None:
    con.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER, b INTEGER)")
    con.execute("INSERT INTO t SELECT i, i, i FROM range(8000) AS r (i)")
    queries = {"v": "SELECT id, a FROM t", "lags": "SELECT id, b FROM t"}
    for view, query in queries.items():
        con.execute(f"CREATE INCREMENTAL VIEW {view} AS {query}")
    unread = log_of(con).replace("keys", "unread")
    for number in range(8):
        con.execute(f"UPDATE t SET a = a + 1, b = b + 1 WHERE id % 8 = {number}; REFRESH INCREMENTAL VIEW v")
        assert one(con, f"SELECT count(*) FROM {unread}") <= 3000
    for view, query in queries.items():
        con.execute(f"REFRESH INCREMENTAL VIEW {view}")
        assert_view_equals_query(con, view, query)


def test_a_table_of_which_no_view_reads_a_log_has_none(con: Con) -> None:
    con.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, s VARCHAR); INSERT INTO t VALUES (1, 'a')")
    con.execute("CREATE INCREMENTAL VIEW v AS SELECT id FROM t; CREATE INCREMENTAL VIEW w AS SELECT id, s FROM t")

    def logs() -> bool:
        return "Coco Key Log" in rows(con, "EXPLAIN UPDATE t SET s = 'b'")[0][1]

    assert logs()
    con.execute("ALTER INCREMENTAL VIEW v SET (capture = 'diff')")
    assert logs(), "the other view reads it"
    con.execute("ALTER INCREMENTAL VIEW w SET (capture = 'diff')")
    assert not logs()
    con.execute("ALTER INCREMENTAL VIEW w RESET (capture)")
    con.execute("UPDATE t SET s = 'c'; REFRESH INCREMENTAL VIEW w")
    assert logs()
    assert_view_equals_query(con, "w", "SELECT id, s FROM t")
    con.execute("DROP INCREMENTAL VIEW w")
    assert not logs()


@pytest.mark.parametrize("key", ["id BIGINT", "id DOUBLE PRIMARY KEY", 'id BIGINT PRIMARY KEY, "RowId" BIGINT'])
def test_where_keys_cannot_be_logged(con: Con, key: str) -> None:
    """A view that reads another table, too, says of which the changes are logged."""
    con.execute(f"CREATE TABLE t ({key}, s VARCHAR); CREATE TABLE logged (id BIGINT PRIMARY KEY)")
    con.execute("INSERT INTO t (id, s) VALUES (1, 'a'); INSERT INTO logged VALUES (1)")
    query = "SELECT t.id, upper(t.s) AS u FROM t JOIN logged USING (id)"
    con.execute(f"CREATE INCREMENTAL VIEW v WITH (capture = 'log') AS {query}")
    con.execute("UPDATE t SET s = 'b'")
    con.execute("REFRESH INCREMENTAL VIEW v")
    assert_view_equals_query(con, "v", query)
    rules = [rule for (rule,) in rows(con, "SELECT rule FROM coco_operators('v') WHERE kind = 'scan' ORDER BY ALL")]
    assert any("row groups" in rule or "full diff" in rule for rule in rules if "no key log: the t" in rule)
    assert any(rule.startswith("the log of changed keys") for rule in rules)


def test_a_log_is_left_alone_by_looking(small: Con, file: Path) -> None:
    small.execute(f"CREATE INCREMENTAL VIEW v WITH (capture = 'log') AS {QUERY}")
    small.close()
    con = cocosql.connect(file, read_only=True)
    assert rows(con, "SELECT status FROM coco_views()") == [("fresh",)]
    con.close()
    con = opened(file)
    con.execute("UPDATE t SET s = 'x' WHERE id = 9")
    assert rows(con, "SELECT status FROM coco_views()") == [("stale",)]
    assert rows(con, "EXPLAIN REFRESH INCREMENTAL VIEW v")[0][3] == 1
    con.close()


def test_generated_columns(con: Con) -> None:
    con.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER, double INTEGER GENERATED ALWAYS AS (n * 2))")
    con.execute("INSERT INTO t (id, n) SELECT i, i FROM range(1000) AS r (i)")
    query = "SELECT id, double + 1 AS more FROM t"
    con.execute(f"CREATE INCREMENTAL VIEW v WITH (capture = 'diff') AS {query}")
    con.execute("UPDATE t SET n = n + 1 WHERE id = 7")
    (row,) = rows(con, "REFRESH INCREMENTAL VIEW v")
    assert row[2:5] == (0, 1, 0)
    assert_view_equals_query(con, "v", query)


def test_failed_calls_below_groups(con: Con) -> None:
    """With on_error = 'keep' groups are made of the rows that the last good calls gave."""
    bad = {3}

    @cocosql.udf(version="1")
    def inverse(n: int) -> int:
        if n in bad:
            raise ValueError("bad")
        return -n

    cocosql.register(con, inverse)
    con.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER)")
    con.execute("INSERT INTO t VALUES (1, 1), (2, 2), (3, 3)")
    con.execute(
        "CREATE INCREMENTAL VIEW v WITH (on_error = 'keep') AS "
        "SELECT id % 2 AS k, sum(inverse(n)) AS s FROM t GROUP BY k"
    )
    assert rows(con, "FROM v ORDER BY ALL") == [(0, -2), (1, -1)]
    bad.add(20)
    con.execute("UPDATE t SET n = 20 WHERE id = 2")
    con.execute("UPDATE t SET n = 10 WHERE id = 1")
    con.execute("REFRESH INCREMENTAL VIEW v")
    assert rows(con, "FROM v ORDER BY ALL") == [(0, -2), (1, -10)]
    assert rows(con, "SELECT status FROM coco_views()") == [("partial",)]
    bad.clear()
    con.execute("REFRESH INCREMENTAL VIEW v")
    assert rows(con, "FROM v ORDER BY ALL") == [(0, -20), (1, -13)]
