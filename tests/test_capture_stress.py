"""Writers, refreshes, checkpoints, other processes and kills, at random, for COCOSQL_STRESS_SECONDS; every so often all
views must equal their queries. COCOSQL_STRESS_SEED repeats the choices of a run (not its timing).

One process writes a file at a time, so phases alternate: threads that write, refresh and checkpoint; the same in a
process that is killed; a plain DuckDB that writes; the same, killed. After each the file is opened, and checked.
"""

import os
import random
import sys
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext, suppress
from pathlib import Path

import duckdb
import pytest
from helpers import CAPTURES, SMALL_ROW_GROUPS, Con, Views, in_threads, start

import cocosql

SECONDS = float(os.environ.get("COCOSQL_STRESS_SECONDS", "15"))
SEED = int(os.environ.get("COCOSQL_STRESS_SEED", random.SystemRandom().randrange(10**6)))
PHASE_SECONDS = 2.0
TABLES = """
CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER, s VARCHAR, l INTEGER[]);
CREATE TABLE k (id VARCHAR, n INTEGER, s VARCHAR, PRIMARY KEY (id, n));
CREATE TABLE b (id INTEGER, n INTEGER, s VARCHAR);
INSERT INTO t SELECT i, i % 10, 's' || i % 50, [i % 3] FROM range(6000) r(i);
INSERT INTO k SELECT 'k' || i, i % 10, 's' || i % 50 FROM range(5000) r(i);
INSERT INTO b SELECT i % 3000, i % 10, 's' || i % 50 FROM range(5000) r(i);
CREATE INDEX by_n ON t (n);
"""
#: Views, and the queries that mean the same.
VIEWS = {
    "t_all": ("SELECT * FROM t",) * 2,
    "t_some": ("SELECT id, up(s) AS u FROM t WHERE n > 3", "SELECT id, upper(s) AS u FROM t WHERE n > 3"),
    "t_lists": ("SELECT e, id FROM t, unnest(l) AS x(e)",) * 2,
    "above": ("SELECT id + 1 AS id, up(u) AS u FROM t_some", "SELECT id + 1 AS id, upper(s) AS u FROM t WHERE n > 3"),
    "groups": ("SELECT n, count(*) AS c, max(s) AS top FROM t GROUP BY n",) * 2,
    "k_some": ("SELECT s, n FROM k WHERE n < 8",) * 2,
    "k_keys": ("SELECT id, n FROM k",) * 2,
    "b_all": ("SELECT * FROM b",) * 2,
    "b_some": ("SELECT s FROM b WHERE n = 2",) * 2,
    "joined": ("SELECT b.id, b.s, t.s AS other FROM b JOIN t USING (id) WHERE t.n = 1",) * 2,
}
ALONE = nullcontext()
TEXTS = ["a", "b", "c", "d e", "", None]


def open_file(path: Path) -> Con:
    con = cocosql.connect(threads=2)

    @cocosql.udf(batch_size=100, version="1")
    def up(texts: list[str]) -> list[str]:
        return [text.upper() for text in texts]

    cocosql.register(con, up)
    attach(con, path)
    return con


def attach(con: Con, path: Path) -> None:
    con.execute(f"ATTACH IF NOT EXISTS '{path}' AS d {SMALL_ROW_GROUPS}; USE d")


# --- what writers do --------------------------------------------------------------------------------------------------


def text(chance: random.Random) -> str:
    value = chance.choice([*TEXTS, f"new {chance.randrange(1000)}"])
    return "NULL" if value is None else f"'{value}'"


def statement(chance: random.Random) -> str:
    """A statement that writes; many change scattered rows, some whole row groups."""
    table = chance.choice("ttkb")
    low, width = chance.randrange(9000), chance.choice([1, 1, 3, 50, 2500])
    where = chance.choice(
        [f"n = {low % 10} AND hash(id) % 200 = {low % 200}", f"rowid BETWEEN {low} AND {low + width}"]
    )
    key = "'k' || i" if table == "k" else "i"
    rows = f"SELECT {key}, i % 10, {text(chance)} FROM range({low}, {low + width}) r(i)"
    conflict = chance.choice(["DO NOTHING", "DO UPDATE SET s = excluded.s"]) if table != "b" else ""
    return chance.choice([
        f"INSERT INTO {table} (id, n, s) {rows}{' ON CONFLICT ' + conflict if conflict else ''}",
        f"UPDATE {table} SET s = {text(chance)} WHERE {where}",
        f"UPDATE {table} SET s = {text(chance)} WHERE {where}",
        f"UPDATE {table} SET n = (n + 1) % 10 WHERE {where}",
        f"UPDATE t SET l = [{low % 5}, NULL] WHERE {where}",
        f"UPDATE t SET id = id + 20000 WHERE rowid = {low}",
        f"DELETE FROM {table} WHERE {where}",
        f"DELETE FROM {table} WHERE {where}",
        f"MERGE INTO {table} USING (SELECT * FROM ({rows}) AS v(id, n, s)) AS v ON {table}.id = v.id AND {table}.n = v.n "
        "WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT (id, n, s) VALUES (v.id, v.n, v.s)",
        f"UPDATE {table} SET s = s",
    ])  # fmt: skip


def rare_statement(chance: random.Random) -> str:
    table = chance.choice("tkb")
    return chance.choice([
        f"TRUNCATE {table}",
        f"DELETE FROM {table} WHERE hash(id) % 10 > 0",
        f"INSERT INTO b (id, n, s) SELECT id, n, s FROM {chance.choice('tb')} WHERE id < 5000 LIMIT 3000",
        "CREATE OR REPLACE TABLE b AS SELECT id, n, s FROM b WHERE n < 9",
        "ALTER TABLE b ADD COLUMN IF NOT EXISTS extra INTEGER DEFAULT 5",
        "ALTER TABLE b DROP COLUMN IF EXISTS extra",
        "ALTER TABLE b ALTER s TYPE VARCHAR USING s || '+'",
    ])  # fmt: skip


def transaction(chance: random.Random) -> list[str]:
    if chance.random() < 0.03:
        return [rare_statement(chance)]
    statements = [statement(chance) for _ in range(chance.choice([1, 1, 1, 2, 5]))]
    if len(statements) == 1 and chance.random() < 0.7:
        return statements
    return ["BEGIN", *statements, chance.choice(["COMMIT", "COMMIT", "COMMIT", "ROLLBACK"])]


def write(con: Con, chance: random.Random, turn: AbstractContextManager[object] = ALONE) -> None:
    """One transaction; it may meet another, or a constraint. Between its statements others may have their turn."""
    try:
        for sql in transaction(chance):
            with turn:
                con.execute(sql)
    except (
        duckdb.TransactionException,
        duckdb.ConstraintException,
        duckdb.CatalogException,
        duckdb.DependencyException,
    ):
        with suppress(duckdb.TransactionException):
            con.execute("ROLLBACK")


# --- phases -----------------------------------------------------------------------------------------------------------


def work(path: Path, con: Con, capture: str, seed: int, end: float) -> None:
    """Threads that write, refresh, look and checkpoint until the end; one checks now and then, as writers stand still."""
    turn = threading.Lock()

    def thread(number: int, step: Callable[[Con, random.Random], None]) -> Callable[[], None]:
        def run() -> None:
            chance = random.Random(seed + number)
            with con.cursor() as cursor:
                cursor.execute("USE d")
                while time.monotonic() < end:
                    step(cursor, chance)
                with suppress(duckdb.TransactionException):
                    cursor.execute("ROLLBACK")

        return run

    def writer(cursor: Con, chance: random.Random) -> None:
        write(cursor, chance, turn)
        time.sleep(chance.choice([0, 0.001, 0.02]))

    def refresher(cursor: Con, chance: random.Random) -> None:
        names = chance.sample(list(VIEWS), chance.choice([1, 1, 2]))
        cursor.execute(f"REFRESH INCREMENTAL VIEW {', '.join(names)}{chance.choice(['', '', '', ' FULL'])}")

    def checker(cursor: Con, chance: random.Random) -> None:
        """Transactions of writers may be open; what they have not committed must not be seen."""
        name = chance.choice(list(VIEWS))
        with turn:
            checked(cursor, capture).refresh(name)
        time.sleep(0.05)

    def keeper(cursor: Con, chance: random.Random) -> None:
        with suppress(duckdb.TransactionException):
            cursor.execute(chance.choice(["CHECKPOINT", "CHECKPOINT", "VACUUM", "FROM coco_views()"]))
        time.sleep(chance.choice([0, 0.05, 0.2]))

    con.execute(f"SET wal_autocheckpoint = '{random.Random(seed).choice(['16KB', '1MB', '1GB'])}'")
    steps = [writer, writer, writer, refresher, checker, keeper]
    in_threads([thread(number, step) for number, step in enumerate(steps)], seconds=end - time.monotonic() + 60)


def checked(con: Con, capture: str) -> Views:
    views = Views(con, capture)
    views.queries = {name: same for name, (_, same) in VIEWS.items()}
    return views


def check(path: Path, capture: str) -> None:
    con = open_file(path)
    views = checked(con, capture)
    views.refresh()
    views.replay()
    con.close()


def threads_here(path: Path, capture: str, seed: int) -> None:
    con = open_file(path)
    work(path, con, capture, seed, time.monotonic() + PHASE_SECONDS)
    con.close()


CHILD = """
import random, sys, time
from pathlib import Path
tests, path, capture, seed, plain = sys.argv[1:]
sys.path.insert(0, tests)
import duckdb
import test_capture_stress as stress
chance = random.Random(int(seed))
con = duckdb.connect() if plain == "plain" else stress.open_file(Path(path))
stress.attach(con, Path(path))
print("ready", flush=True)
if plain == "plain":
    con.execute(f"SET wal_autocheckpoint = '{chance.choice(['16KB', '1GB'])}'")
    while True:
        stress.write(con, chance)
        print("wrote", flush=True)
        if chance.random() < 0.1:
            con.execute("CHECKPOINT")
else:
    stress.work(Path(path), con, capture, int(seed), time.monotonic() + 60)
"""


def killed(path: Path, capture: str, seed: int, kind: str) -> None:
    """A process that works on the file, and is killed at any moment."""
    process = start(CHILD, str(Path(__file__).parent), str(path), capture, str(seed), kind)
    assert process.stdout
    assert process.stderr
    assert process.stdout.readline() == "ready\n", process.stderr.read()
    drain = threading.Thread(target=process.stdout.read, daemon=True)
    drain.start()
    time.sleep(random.Random(seed).uniform(0.05, PHASE_SECONDS / 2))
    ended = process.poll()
    process.kill()
    process.wait()
    drain.join()
    assert ended is None, process.stderr.read()
    process.stdout.close()
    process.stderr.close()


def plain_here(path: Path, capture: str, seed: int) -> None:
    chance = random.Random(seed)
    with duckdb.connect() as con:
        attach(con, path)
        for _ in range(chance.randrange(1, 40)):
            write(con, chance)
            if chance.random() < 0.1:
                con.execute("CHECKPOINT")


PHASES: list[Callable[[Path, str, int], None]] = [
    threads_here,
    lambda path, capture, seed: killed(path, capture, seed, "threads"),
    plain_here,
    lambda path, capture, seed: killed(path, capture, seed, "plain"),
]


@pytest.mark.slow
@pytest.mark.parametrize("capture", CAPTURES)
def test_stress(path: Path, capture: str) -> None:
    chance = random.Random(SEED)
    end = time.monotonic() + SECONDS
    done: list[str] = []
    try:
        con = open_file(path)
        con.execute(TABLES)
        views = Views(con, capture)
        for name, queries in VIEWS.items():
            views.create(name, *queries)
        con.close()
        while time.monotonic() < end:
            for number in chance.sample(range(len(PHASES)), len(PHASES)):
                seed = chance.randrange(10**6)
                done.append(f"phase {number}, seed {seed}")
                PHASES[number](path, capture, seed)
                check(path, capture)
                if time.monotonic() > end:
                    break
    except BaseException as error:
        error.add_note(f"COCOSQL_STRESS_SEED={SEED}: {', '.join(done)}")
        raise
    sys.stdout.write(f"{len(done)} phases, seed {SEED}\n")
