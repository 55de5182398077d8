"""Many views of the same few tables: writers, refreshes and changes of views side by side, at random. In the end each view
equals its query, and no log has what all views have read.

COCOSQL_STRESS_SEED repeats the choices of a run (not its timing).
"""

import os
import random
import re
from collections.abc import Callable
from contextlib import suppress

import duckdb
import pytest
from helpers import CAPTURES, Con, Views, in_threads, one, rows
from speeds import slow

import cocosql

SEED = int(os.environ.get("COCOSQL_STRESS_SEED", random.SystemRandom().randrange(10**6)))
TABLES = """
CREATE TABLE notes (id INTEGER PRIMARY KEY, author INTEGER, words INTEGER, body VARCHAR);
CREATE TABLE authors (id INTEGER PRIMARY KEY, name VARCHAR);
CREATE TABLE visits (note INTEGER, seconds INTEGER);
INSERT INTO notes SELECT i, i % 17, i % 50, 'body ' || i % 90 FROM range(3000) AS r (i);
INSERT INTO authors SELECT i, 'author ' || i FROM range(17) AS r (i);
INSERT INTO visits SELECT i % 500, i % 60 FROM range(2000) AS r (i);
"""
#: A view of each kind for each number: those of one kind share snapshots, as they read the same columns.
QUERIES = [
    "SELECT id, words + {n} AS words FROM notes",
    "SELECT id, up(body) AS body FROM notes WHERE words > {n}",
    "SELECT author, count(*) AS n, sum(words + {n}) AS words FROM notes GROUP BY author",
    "SELECT author, max(words) + {n} AS most FROM notes GROUP BY author",
    "SELECT n.id, a.name, {n} AS number FROM notes AS n JOIN authors AS a ON n.author = a.id",
    "SELECT a.name, sum(n.words) + {n} AS words FROM notes AS n JOIN authors AS a ON n.author = a.id GROUP BY a.name",
    "SELECT n.id, a.name, {n} AS number FROM notes AS n LEFT JOIN authors AS a ON n.author = a.id AND a.id > {n}",
    "SELECT DISTINCT note % {n} AS note FROM visits",
    "SELECT note, sum(seconds) AS seconds FROM visits WHERE seconds > {n} GROUP BY note",
    "SELECT id, row_number() OVER (PARTITION BY author ORDER BY words, id) + {n} AS place FROM notes",
]


@cocosql.udf(version="1")
def up(text: str) -> str:
    return text.upper()


def write(chance: random.Random) -> str:
    low, n = chance.randrange(3500), chance.randrange(20)
    return chance.choice([
        f"UPDATE notes SET words = words + {n} WHERE id BETWEEN {low} AND {low + n}",
        f"UPDATE notes SET author = {n} WHERE id = {low}",
        f"UPDATE notes SET body = body || '{n}' WHERE id % 500 = {n}",
        f"DELETE FROM notes WHERE id BETWEEN {low} AND {low + 2}",
        f"INSERT OR REPLACE INTO notes SELECT i, {n}, {n}, 'new' FROM range({low}, {low + n}) AS r (i)",
        f"INSERT OR REPLACE INTO authors VALUES ({n}, 'name {low}')",
        f"DELETE FROM authors WHERE id = {n}",
        f"INSERT INTO visits VALUES ({low}, {n}), ({n}, {n})",
        f"DELETE FROM visits WHERE note = {n}",
        f"UPDATE visits SET seconds = seconds + 1 WHERE note % 100 = {n}",
    ])  # fmt: skip


def work(con: Con, views: Views, seed: int, steps: int) -> None:
    """Threads that write, refresh, and make and drop views."""

    def thread(number: int, step: Callable[[Con, random.Random], None]) -> Callable[[], None]:
        def run() -> None:
            chance = random.Random(seed + number)
            with con.cursor() as cursor:
                for _ in range(steps):
                    with suppress(duckdb.TransactionException, duckdb.ConstraintException):
                        step(cursor, chance)

        return run

    def writer(cursor: Con, chance: random.Random) -> None:
        cursor.execute(write(chance))

    def refresher(cursor: Con, chance: random.Random) -> None:
        names = chance.sample(list(views.queries), chance.choice([1, 1, 3]))
        cursor.execute(f"REFRESH INCREMENTAL VIEW {', '.join(names)}")

    def refresher_of_all(cursor: Con, chance: random.Random) -> None:
        if chance.random() < 0.1:
            cursor.execute("REFRESH ALL INCREMENTAL VIEWS")

    def maker(cursor: Con, chance: random.Random) -> None:
        """A view for a while, so that readers of a snapshot and of a log come and go."""
        if chance.random() < 0.2:
            query = chance.choice(QUERIES).format(n=chance.randrange(1, 9))
            cursor.execute(f"CREATE OR REPLACE INCREMENTAL VIEW passing AS {query}")
            cursor.execute("DROP INCREMENTAL VIEW passing")

    in_threads([thread(n, step) for n, step in enumerate([writer, writer, refresher, refresher_of_all, maker])], 300)


@pytest.mark.parametrize("capture", CAPTURES)
@pytest.mark.parametrize(("copies", "steps"), [(2, 20), slow(8, 200)])
def test_many_views(con: Con, capture: str, copies: int, steps: int) -> None:
    cocosql.register(con, up)
    con.execute(TABLES)
    views = Views(con, capture)
    for n in range(1, copies + 1):
        for number, query in enumerate(QUERIES):
            text = query.format(n=n)
            views.create(f"v{number}_{n}", text, text.replace("up(", "upper("))
    views.create("above", "SELECT sum(words) AS words FROM v0_1", "SELECT sum(words + 1) AS words FROM notes")
    try:
        for round_ in range(3):
            work(con, views, SEED + 10 * round_, steps)
            views.refresh()
        views.replay()
        con.execute("DROP INCREMENTAL VIEW IF EXISTS passing")
        con.execute("INSERT INTO notes VALUES (7000, 7, 7, 'last'); INSERT INTO authors VALUES (100, 'a hundred')")
        con.execute("INSERT INTO visits VALUES (7, 7)")
        views.refresh()
        assert_logs_are_read(con, capture)
    except BaseException as error:
        error.add_note(f"COCOSQL_STRESS_SEED={SEED}")
        raise


def assert_logs_are_read(con: Con, capture: str) -> None:
    """Key logs are empty. The log of a snapshot is trimmed when next a change is written into the snapshot."""
    tables = "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'coco'"
    names = [name for (name,) in rows(con, tables) if re.fullmatch(r"(snapshot_log|keys|unread)_\d+", name)]
    left = {name: one(con, f"SELECT count(*) FROM coco.{name}") for name in names}
    assert left
    if capture == "log":
        left = {name: count for name, count in left.items() if not name.startswith("snapshot_log")}
    assert {name: count for name, count in left.items() if count > name.startswith("snapshot_log")} == {}
