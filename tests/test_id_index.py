"""Rows found by the indexes of ids are those that a scan finds, whatever becomes of the table."""

import random
from contextlib import suppress
from pathlib import Path

import duckdb
import pytest
from helpers import Con, take_session

import cocosql
from cocosql._native import Session

WANTED = 40
#: Each is done with a number of its own.
CHANGES = [
    "INSERT INTO coco.big SELECT hash({n}, i)::UHUGEINT % 300_000, i, 'new' FROM range({n} % 7 * 3000) r(i)",
    "INSERT INTO coco.big SELECT i % 200_000, i, 'new' FROM range(50) r(i)",
    "DELETE FROM coco.big WHERE n % 97 = {n} % 97",
    "DELETE FROM coco.big WHERE id < 30_000",
    "UPDATE coco.big SET id = id + 1 WHERE n % 1009 = {n} % 1009",
    "UPDATE coco.big SET s = 'other' WHERE n % 53 = {n} % 53",
    "CHECKPOINT",
    "BEGIN; INSERT INTO coco.big SELECT i % 200_000, i, 'taken back' FROM range(5000) r(i); ROLLBACK",
    "BEGIN; UPDATE coco.big SET id = 7 WHERE n % 1009 = 3; ROLLBACK",
    "CREATE OR REPLACE TABLE coco.big AS SELECT * FROM coco.big ORDER BY hash(n)",
    "BEGIN; INSERT INTO coco.big SELECT i % 200_000, i, 'open' FROM range(3000) r(i)",
    "BEGIN; DELETE FROM coco.big WHERE n % 11 = {n} % 11",
]


def make(con: Con, rows: int) -> None:
    con.execute("CREATE SCHEMA IF NOT EXISTS coco")
    con.execute(
        "CREATE TABLE coco.big AS SELECT hash(i)::UHUGEINT % 200_000 AS id, i AS n, 'text ' || i AS s "
        f"FROM range({rows}) r(i)"
    )


def found_and_expected(session: Session, database: str, ids: list[int]) -> tuple[list[object], list[object]]:
    """What the engine finds, and what a query does, as one transaction sees the table."""
    wanted = f"SELECT unnest({ids})::UHUGEINT AS coco_source_id"
    session.begin()
    count = session.find_rows("found", database, "big", ["n", "s"], [("id", wanted)], 100_000, True)
    found = session.execute("SELECT n, s, coco_rowid FROM coco_collected('found') ORDER BY ALL")
    expected = session.execute(f"SELECT n, s, rowid FROM coco.big WHERE id IN ({wanted}) ORDER BY ALL")
    session.commit()
    assert count == len(found)
    return found, expected


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("is_stored", [False, True])
def test_rows_found_are_those_of_a_scan(path: Path, seed: int, is_stored: bool) -> None:
    con, database = (cocosql.connect(path), path.stem) if is_stored else (cocosql.connect(), "memory")
    make(con, 260_000)
    chance, session, other = random.Random(seed), take_session(con), con.cursor()
    for number in range(30):
        with suppress(duckdb.TransactionException):  # CHECKPOINT in a transaction
            other.execute(chance.choice(CHANGES).format(n=number))
        for _ in range(3):
            found, expected = found_and_expected(session, database, [chance.randrange(300_000) for _ in range(WANTED)])
            assert found == expected
        if chance.random() < 0.8:
            other.execute(chance.choice(["COMMIT", "ROLLBACK"]) if in_transaction(other) else "SELECT 1")
        else:
            other.close()
            other = con.cursor()
    con.close()


def in_transaction(con: Con) -> bool:
    try:
        con.execute("BEGIN")
    except duckdb.TransactionException:
        return True
    con.execute("ROLLBACK")
    return False


def test_rows_of_the_own_transaction_are_found(con: Con) -> None:
    make(con, 200_000)
    session = take_session(con)
    for _ in range(2):
        found_and_expected(session, "memory", [1, 2, 3])
    session.begin()
    session.execute("INSERT INTO coco.big VALUES (3, -1, 'mine')")
    session.find_rows("found", "memory", "big", ["n"], [("id", "SELECT 3::UHUGEINT AS coco_source_id")], 1000, True)
    assert (-1,) in session.execute("SELECT n FROM coco_collected('found')")
    session.execute("ROLLBACK")


def indexed(con: Con) -> int:
    """How many bytes of memory indexes take."""
    found = con.execute("SELECT memory_usage_bytes FROM duckdb_memory() WHERE tag = 'OBJECT_CACHE'").fetchone()
    return int(found[0]) if found else 0


def test_indexes_outlive_checkpoints_where_rows_were_deleted(path: Path) -> None:
    con = cocosql.connect(path)
    make(con, 500_000)
    con.execute("CHECKPOINT")
    session, database = take_session(con), path.stem
    for _ in range(2):
        found_and_expected(session, database, [1, 2, 3])
    before = indexed(con)
    con.execute("DELETE FROM coco.big WHERE n % 5000 = 1")
    con.execute("CHECKPOINT")
    found, expected = found_and_expected(session, database, [1, 2, 3, 5001])
    assert (found, indexed(con)) == (expected, before)
    con.execute("UPDATE coco.big SET id = id + 1 WHERE n % 5000 = 2")
    con.execute("CHECKPOINT")
    found, expected = found_and_expected(session, database, [1, 2, 3, 5002])
    assert found == expected
    assert indexed(con) < before
    con.close()


def test_indexes_go_when_memory_is_short(path: Path) -> None:
    con = cocosql.connect(path)
    make(con, 1_000_000)
    session, database = take_session(con), path.stem
    before = indexed(con)
    for _ in range(2):
        found_and_expected(session, database, [1, 2, 3])
    assert 4_000_000 < indexed(con) - before < 6_000_000
    con.execute("SET memory_limit = '30MB'")
    with pytest.raises(duckdb.OutOfMemoryException):
        con.execute("SELECT count(DISTINCT hash(i)), list(i) FROM range(3_000_000) r(i)").fetchall()
    assert indexed(con) == before
    con.execute("SET memory_limit = '500MB'")
    found, expected = found_and_expected(session, database, [1, 2, 3])
    assert found == expected
