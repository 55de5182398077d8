"""One small refresh: 50 changed rows of a large table. CPU time, and the statements that DuckDB plans for it.

Beside it, what seven plain statements take that do the same for the aggregate by hand: group a log of old and new
values, keep what the groups were, change them, clear the log, write two records, and commit.

    python benchmarks/small.py [--rows 1000000] [--rounds 15] [--statements]
"""

import argparse
import random
import statistics
import time
from collections.abc import Callable

import duckdb
from rich import box
from rich.console import Console
from rich.table import Table

import cocosql

CHANGED = 50
GROUPS = 1000

VIEWS = {
    "aggregate": "SELECT g, count(*) AS n, sum(v) AS total FROM t GROUP BY g",
    "map": "SELECT id, v + 1 AS w FROM t",
    "map with a Python function": "SELECT id, backwards(s) AS r FROM t",
}

BY_HAND = [
    "CREATE OR REPLACE TEMP TABLE change AS SELECT g, sum(n) AS n, sum(v) AS v FROM log GROUP BY g",
    "INSERT INTO history SELECT groups.*, $version FROM groups SEMI JOIN change USING (g)",
    "UPDATE groups SET n = groups.n + change.n, total = groups.total + change.v FROM change WHERE groups.g = change.g",
    "DELETE FROM log",
    "UPDATE record SET version = $version",
    "INSERT INTO runs VALUES ($version, now())",
    "COMMIT",
]


@cocosql.udf
def backwards(s: str) -> str:
    return s[::-1]


def prepared(rows: int) -> duckdb.DuckDBPyConnection:
    con = cocosql.connect(":memory:")
    con.execute("SET threads = 1")
    con.execute("CREATE TABLE t (id BIGINT PRIMARY KEY, g INTEGER, v INTEGER, s VARCHAR)")
    con.execute(f"INSERT INTO t SELECT i, i % {GROUPS}, i % 77, 'text ' || i FROM range({rows}) AS r (i)")
    return con


def change(con: duckdb.DuckDBPyConnection, rows: int) -> None:
    ids = ", ".join(str(random.randrange(rows)) for _ in range(CHANGED))
    con.execute(f"UPDATE t SET v = v + 1, s = s || 'x' WHERE id IN ({ids})")


def cpu_ms(act: Callable[[], object]) -> float:
    before = time.process_time()
    act()
    return (time.process_time() - before) * 1000


def statements(con: duckdb.DuckDBPyConnection, sql: str) -> list[str]:
    """Those that DuckDB plans for a statement, beside itself."""
    con.execute("CALL enable_logging('QueryLog')")
    con.execute(sql)
    logged = con.execute("SELECT message FROM duckdb_logs WHERE type = 'QueryLog'").fetchall()
    con.execute("CALL disable_logging()")
    con.execute("CALL truncate_duckdb_logs()")
    begun = ("BEGIN", "COMMIT", "ROLLBACK", "CALL", sql, "SELECT message FROM duckdb_logs")
    return [" ".join(message.split()) for (message,) in logged if not message.startswith(begun)]


def refreshes(query: str, rows: int, rounds: int) -> tuple[float, float, list[str]]:
    """CPU ms of a refresh, and of one with nothing to do, and the statements of the first."""
    refresh = "REFRESH INCREMENTAL VIEW small"
    with prepared(rows) as con:
        cocosql.register(con, backwards)
        con.execute(f"CREATE INCREMENTAL VIEW small WITH (mode = 'incremental') AS {query}")
        changed, unchanged = [], []
        for _ in range(rounds + 3):
            change(con, rows)
            changed.append(cpu_ms(lambda: con.execute(refresh)))
            unchanged.append(cpu_ms(lambda: con.execute(refresh)))
        change(con, rows)
        return statistics.median(changed[3:]), statistics.median(unchanged[3:]), statements(con, refresh)


def by_hand(rows: int, rounds: int) -> float:
    with prepared(rows) as con:
        con.execute("CREATE TABLE groups AS SELECT g, count(*) AS n, sum(v) AS total FROM t GROUP BY g")
        con.execute("CREATE TABLE history AS SELECT *, 0 AS version FROM groups WHERE false")
        con.execute("CREATE TABLE log (g INTEGER, n INTEGER, v INTEGER)")
        con.execute("CREATE TABLE record AS SELECT 0 AS version")
        con.execute("CREATE TABLE runs (version INTEGER, finished TIMESTAMPTZ)")
        times = []
        for version in range(1, rounds + 4):
            signs = f"range({CHANGED}) AS r (i), unnest([-1, 1]) AS u (sign)"
            con.execute(f"INSERT INTO log SELECT random() * {GROUPS - 1}, sign, i FROM {signs}")
            con.execute("BEGIN")
            given = {"version": version}
            times.append(
                cpu_ms(lambda: [con.execute(sql, given if "$version" in sql else None) for sql in BY_HAND])  # noqa: B023
            )
        return statistics.median(times[3:])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--statements", action="store_true", help="list the statements")
    given = parser.parse_args()
    random.seed(1)
    console, listed = Console(), []
    hand = by_hand(given.rows, given.rounds)
    table = Table("CPU ms", "50 rows changed", "of by hand", "statements", "nothing changed", box=box.MARKDOWN)
    for name, query in VIEWS.items():
        changed, unchanged, planned = refreshes(query, given.rows, given.rounds)
        listed += [f"\n{name}:", *planned]
        table.add_row(name, f"{changed:.1f}", f"{changed / hand:.1f}", str(len(planned)), f"{unchanged:.1f}")
    table.add_row("aggregate, by hand", f"{hand:.1f}", "1", str(len(BY_HAND) - 1), "")
    console.print(f"{given.rows:,} rows, medians of {given.rounds}")
    console.print(table)
    if given.statements:
        print(*listed, sep="\n")


if __name__ == "__main__":
    main()
