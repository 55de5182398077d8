"""All statements at once, at random, by 20 threads; then every view must equal its query.

The slow tests take COCOSQL_STRESS_SECONDS.

COCOSQL_STRESS_SEED repeats the choices of a run (not its timing).
"""

import os
import random
import time
from contextlib import suppress
from pathlib import Path

import duckdb
import pytest
from helpers import CAPTURES, Con, assert_replayed, assert_view_equals_query, in_threads, rows
from speeds import slow

import cocosql

SECONDS = float(os.environ.get("COCOSQL_STRESS_SECONDS", "15"))
SEED = int(os.environ.get("COCOSQL_STRESS_SEED", random.SystemRandom().randrange(10**6)))
THREADS = 20
TABLES = """
CREATE TABLE t (id BIGINT PRIMARY KEY, y BIGINT);
CREATE TABLE u (id BIGINT PRIMARY KEY, y BIGINT);
INSERT INTO t SELECT i, i % 40 FROM range(200) r(i);
INSERT INTO u SELECT i, i % 30 FROM range(0, 400, 3) r(i);
"""
NAMES = ["a", "b", "c", "d", "e", "f", "g", "h"]
#: All have the same columns, so that each may read tables or any other view.
QUERIES = [
    "SELECT id, y FROM {s}",
    "SELECT id, twice(y) AS y FROM {s} WHERE y % 3 > 0",
    "SELECT y % 9 AS id, sum(y)::BIGINT % 1000 AS y FROM {s} GROUP BY ALL",
    "SELECT id, y FROM {s} WHERE id IN (SELECT id FROM {r})",
    "SELECT id, max(y) OVER (PARTITION BY id % 5) AS y FROM {s}",
    "SELECT DISTINCT id % 20 AS id, y % 6 AS y FROM {s}",
]


def query(chance: random.Random) -> str:
    sources = ["t", "u", "t", "u", *NAMES]
    return chance.choice(QUERIES).format(s=chance.choice(sources), r=chance.choice(sources))


def create(chance: random.Random, capture: str) -> str:
    how = chance.choice(["CREATE {}", "CREATE {}IF NOT EXISTS ", "CREATE OR REPLACE {}"])
    head = how.format("INCREMENTAL VIEW ")
    option = chance.choice(
        [f"capture = '{capture}'", f"capture = '{capture}'", "mode = 'recompute'", "on_error = 'keep'"]
    )
    data = chance.choice(["", "", "", " WITH NO DATA"])
    return f"{head}{chance.choice(NAMES)} WITH ({option}) AS {query(chance)}{data}"


def statement(chance: random.Random, capture: str) -> str:
    name, other, key = chance.choice(NAMES), chance.choice(NAMES), chance.randrange(400)
    table = chance.choice("tu")
    return chance.choice([
        create(chance, capture),
        create(chance, capture),
        f"DROP INCREMENTAL VIEW {chance.choice(['', 'IF EXISTS '])}{name}{chance.choice(['', ' CASCADE'])}",
        f"ALTER INCREMENTAL VIEW {name} RENAME TO {other}",
        f"ALTER INCREMENTAL VIEW {name} SET (retain_changes = '{chance.randrange(1, 9)} days')",
        f"ALTER INCREMENTAL VIEW {name} RESET (on_error)",
        f"REFRESH INCREMENTAL VIEW {name}",
        f"REFRESH INCREMENTAL VIEW {name}, {other}",
        f"REFRESH INCREMENTAL VIEW {name} FULL",
        "REFRESH ALL INCREMENTAL VIEWS",
        "VACUUM INCREMENTAL VIEWS",
        "FROM coco_views()",
        f"FROM coco_changes('{name}')",
        f"EXPLAIN REFRESH INCREMENTAL VIEW {name}",
        f"FROM {name}",
        "SELECT sum(twice(y)) FROM t",
        "CHECKPOINT",
        "FORCE CHECKPOINT",
        f"INSERT OR IGNORE INTO {table} VALUES ({key}, {key % 50})",
        f"UPDATE {table} SET y = (y + 1) % 60 WHERE id % 50 = {key % 50}",
        f"DELETE FROM {table} WHERE id = {key}",
    ])  # fmt: skip


#: What a statement may say where others come before it: that a view is there or not, that it is read, that writers met.
MET = (duckdb.CatalogException, duckdb.DependencyException, duckdb.TransactionException)


@pytest.mark.every(4)
@pytest.mark.parametrize("capture", CAPTURES)
@pytest.mark.parametrize("seconds", [2, slow(SECONDS)])
def test_all_statements_at_once(path: Path, capture: str, seconds: float) -> None:
    @cocosql.udf(version="1")
    def twice(x: int) -> int:
        time.sleep(0.001)
        return x * 2 % 1000

    con = cocosql.connect(path, threads=2, functions=[twice])
    con.execute(TABLES)
    con.execute("CREATE INCREMENTAL VIEW a AS SELECT id, y FROM t")
    end = time.monotonic() + seconds
    said: set[str] = set()

    def work(number: int) -> None:
        chance = random.Random(SEED + number)
        with con.cursor() as cursor:
            while time.monotonic() < end:
                sql = statement(chance, capture)
                try:
                    cursor.execute(sql).fetchall()
                except MET as error:
                    said.add(f"{sql.split(' ')[0]}: {str(error).splitlines()[0][:150]}")
                except BaseException as error:
                    error.add_note(sql)
                    raise

    try:
        in_threads([lambda number=number: work(number) for number in range(THREADS)], seconds=seconds + 120)
        check(con)
        with suppress(duckdb.CatalogException):
            con.execute("DROP INCREMENTAL VIEW " + ", ".join(name for name, _ in all_views(con)) + " CASCADE")
        con.execute("VACUUM INCREMENTAL VIEWS")
        assert (
            rows(
                con,
                "SELECT table_name FROM duckdb_tables() WHERE regexp_matches(table_name, '(rows|keys|pending|snapshot)_[0-9]+$')",
            )
            == []
        )
    except BaseException as error:
        error.add_note(f"COCOSQL_STRESS_SEED={SEED}; met: {sorted(said)}")
        raise
    con.close()


def all_views(con: Con) -> list[tuple[str, str]]:
    return rows(con, "SELECT name, query FROM coco_views() ORDER BY name")


def check(con: Con) -> None:
    con.execute("REFRESH ALL INCREMENTAL VIEWS")
    for name, text in all_views(con):
        assert_view_equals_query(con, name, text)
        assert_replayed(con, name, name)
    assert rows(con, "SELECT name, status, status_reason FROM coco_views() WHERE status <> 'fresh'") == []
