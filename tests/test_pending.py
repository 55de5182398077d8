"""Refreshes that go by the key log leave the snapshot as it is: whatever comes after, views are right."""

import random
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import duckdb
import pytest
from helpers import assert_replayed, assert_view_equals_query, rows
from speeds import seeds

import cocosql
from cocosql.capture.pending import Pending

Con = duckdb.DuckDBPyConnection

QUERIES = {
    "logged": "SELECT a, b, s FROM t",
    "other": "SELECT a, b, upper(s) AS u FROM t",
    "unlogged": "SELECT a, b, s || '!' AS e FROM t",
    "counted": "SELECT s, count(*) AS n FROM t GROUP BY s",
}
KEYS = ["a", "a, b"]
UPDATES = [
    "UPDATE t SET s = 'x' || {n} WHERE a = {n}",
    "UPDATE t SET s = s WHERE a % 5 = {n} % 5",
    "UPDATE t SET n = n + 1 WHERE a = {n}",
    "DELETE FROM t WHERE a = {n}",
    "INSERT OR REPLACE INTO t (a, b, s, n) VALUES ({n}, 0, 'new', 0)",
    "UPDATE t SET a = -a - 1 WHERE a = {n} AND (-a - 1) NOT IN (SELECT a FROM t)",
    "INSERT INTO t (a, b, s, n) SELECT 5000 + {n} + i, 0, 'many', 0 FROM range({many}) r (i) ON CONFLICT DO NOTHING",
    "DELETE FROM t WHERE a % 7 = {n} % 7",
]
OTHERS = ["CHECKPOINT", "ALTER TABLE t ADD COLUMN IF NOT EXISTS more{n} INTEGER", "VACUUM INCREMENTAL VIEWS", "reopen"]


def opened(path: Path) -> Con:
    return cocosql.connect(path)


def assert_true(con: Con, view: str) -> None:
    con.execute(f"REFRESH INCREMENTAL VIEW {view}")
    assert_view_equals_query(con, view, QUERIES[view])
    assert_replayed(con, view, view)
    states = rows(con, f"SELECT DISTINCT source_state FROM coco_lineage('{view}')")
    assert states in ([("current",)], []), states


def look_up(monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    """Let keys be looked up as in a large table: by searching it, or in the index of its key."""
    for small in ("cocosql.capture.look_up.SMALL", "cocosql.fetch.SMALL"):
        monkeypatch.setattr(small, 50_000 if how == "scan" else 0)
    monkeypatch.setattr("cocosql.capture.look_up._SOUGHT", 0 if how == "seek" else 1_000_000)


@pytest.mark.every(12)
@pytest.mark.parametrize(("key", "how"), [(key, how) for key in KEYS for how in ("scan", "search", "seek")])
@pytest.mark.parametrize("seed", seeds(1, 2))
def test_any_sequence_of_changes_and_refreshes(
    path: Path, key: str, how: str, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    look_up(monkeypatch, how)
    chosen = random.Random(f"{key} {seed}")
    con = opened(path)
    con.execute(f"CREATE TABLE t (a INTEGER, b INTEGER, s VARCHAR, n INTEGER, PRIMARY KEY ({key}))")
    con.execute("INSERT INTO t SELECT i, i % 3, 's' || i % 50, 0 FROM range(4000) r (i)")
    for view, query in QUERIES.items():
        capture = "diff" if view == "unlogged" else "log"
        con.execute(f"CREATE INCREMENTAL VIEW {view} WITH (capture = '{capture}') AS {query}")
    for _ in range(25):
        for _ in range(chosen.randint(0, 2)):
            change = chosen.choice(UPDATES).format(n=chosen.randint(0, 300), many=chosen.choice([1, 10, 3000]))
            con.execute(change)
        if chosen.random() < 0.25:
            other = chosen.choice(OTHERS)
            if other == "reopen":
                con.close()
                con = opened(path)
            else:
                con.execute(other.format(n=chosen.randint(0, 3)))
        if chosen.random() < 0.7:
            assert_true(con, chosen.choice(list(QUERIES)))
    for view in QUERIES:
        assert_true(con, view)
    con.close()


@pytest.mark.every(2)
@pytest.mark.parametrize("how", ["search", "seek"])
def test_look_up_beside_writers(path: Path, how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The index has keys that a refresh does not see yet, and lacks some that it still sees."""
    look_up(monkeypatch, how)
    con = opened(path)
    con.execute("CREATE TABLE t (a VARCHAR, b INTEGER, n INTEGER, PRIMARY KEY (b, a))")
    con.execute("INSERT INTO t SELECT 'k' || i, i, 0 FROM range(5000) r (i)")
    con.execute("CREATE INCREMENTAL VIEW v WITH (capture = 'log', mode = 'incremental') AS SELECT a, b, n FROM t")
    until = time.monotonic() + 4

    def write(number: int) -> None:
        chosen, own = random.Random(number), con.cursor()
        while time.monotonic() < until:
            one = 2 * chosen.randrange(2500) + number
            for statement in (f"DELETE FROM t WHERE b = {one}", f"INSERT INTO t VALUES ('k{one}', {one}, {one})"):
                own.execute(statement)
            with suppress(duckdb.TransactionException):
                own.execute(f"UPDATE t SET n = n + 1 WHERE b % 500 = {one % 500}")

    writers = [threading.Thread(target=write, args=(number,)) for number in range(2)]
    for writer in writers:
        writer.start()
    while time.monotonic() < until:
        con.execute("REFRESH INCREMENTAL VIEW v")
    for writer in writers:
        writer.join()
    con.execute("REFRESH INCREMENTAL VIEW v")
    assert_view_equals_query(con, "v", "SELECT a, b, n FROM t")
    assert_replayed(con, "v", "v")
    con.close()


def test_vacuum_waits_for_who_writes_what_it_drops(con: Con, monkeypatch: pytest.MonkeyPatch) -> None:
    con.execute("CREATE TABLE t (a INTEGER PRIMARY KEY)")
    con.execute("INSERT INTO t FROM range(200)")
    con.execute("CREATE INCREMENTAL VIEW v WITH (capture = 'log') AS SELECT a FROM t")
    con.execute("DELETE FROM t WHERE a < 3")
    con.execute("REFRESH INCREMENTAL VIEW v")
    con.execute("INSERT INTO t FROM range(3)")
    put = Pending.put
    vacuum = threading.Thread(target=con.cursor().execute, args=("VACUUM INCREMENTAL VIEWS",))

    def put_beside_vacuum(*arguments: Any) -> None:
        vacuum.start()
        vacuum.join(0.5)
        put(*arguments)

    monkeypatch.setattr(Pending, "put", put_beside_vacuum)
    con.execute("REFRESH INCREMENTAL VIEW v")
    vacuum.join()
    assert_view_equals_query(con, "v", "SELECT a FROM t")


@pytest.mark.parametrize("vacuum", [False, True])
def test_of_several_changes_of_a_row_the_last_counts(con: Con, vacuum: bool) -> None:
    con.execute("CREATE TABLE t (a INTEGER PRIMARY KEY, n INTEGER)")
    con.execute("INSERT INTO t SELECT i, 0 FROM range(20000) r (i)")
    con.execute("CREATE INCREMENTAL VIEW v WITH (capture = 'log') AS SELECT a, n FROM t")
    for change in (
        "UPDATE t SET n = 1 WHERE a < 9",
        "DELETE FROM t WHERE a < 6",
        "INSERT INTO t SELECT i, 2 FROM range(3) r (i)",
        "UPDATE t SET n = 3 WHERE a < 9",
        "DELETE FROM t WHERE a = 7",
    ):
        con.execute(change)
        con.execute("REFRESH INCREMENTAL VIEW v")
        if vacuum:
            con.execute("VACUUM INCREMENTAL VIEWS")
    assert rows(con, "SELECT DISTINCT source_state FROM coco_lineage('v')") == [("current",)]
    # What the snapshot and the pending changes say together is now compared with the table.
    con.execute("ALTER INCREMENTAL VIEW v SET (capture = 'diff')")
    con.execute("REFRESH INCREMENTAL VIEW v")
    steps = "SELECT rows, parts_read > 0 FROM coco.run_steps WHERE what = 'look for changes'"
    assert rows(con, f"{steps} ORDER BY run_id DESC LIMIT 1") == [(0, True)]
    assert_view_equals_query(con, "v", "SELECT a, n FROM t")
