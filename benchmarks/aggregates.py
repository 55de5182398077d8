"""SUM and COUNT by group over many rows, of which 1,000 change: a refresh beside the query run afresh.

    python benchmarks/aggregates.py [--rows 10000000] [--groups 1000 1000000] [--capture log]

The rows that change lie scattered: of three refreshes one follows an update of the summed values, one an update that
moves rows to other groups, one an insertion and a deletion. Each figure is the median of `--rounds` such rounds. The
last refresh follows an update of values after which the file was closed and opened again, so that no log tells of it.
"""

import argparse
import statistics
import tempfile
import time
from pathlib import Path

import duckdb
from rich import box
from rich.console import Console
from rich.table import Table

import cocosql

CHANGED = 1_000
QUERY = "SELECT g, sum(v) AS total, count(*) AS n FROM facts GROUP BY g"


def seconds(con: duckdb.DuckDBPyConnection, statement: str) -> float:
    started = time.perf_counter()
    con.execute(statement).fetchall()
    return time.perf_counter() - started


def changes(rows: int, groups: int, round_: int) -> dict[str, str]:
    step = rows // CHANGED
    chosen = f"id % {step} = {3 * round_}"
    return {
        "values": f"UPDATE facts SET v = v + 1 WHERE {chosen}",
        "groups": f"UPDATE facts SET g = (g + 1) % {groups} WHERE id % {step} = {3 * round_ + 1}",
        "in and out": f"""
            INSERT INTO facts SELECT {rows * (round_ + 1)} + i, i % {groups}, i FROM range({CHANGED // 2}) AS r(i);
            DELETE FROM facts WHERE id % {2 * step} = {3 * round_ + 2}
        """,
    }


def measure(path: Path, rows: int, groups: int, capture: str, rounds: int) -> dict[str, list[float]]:
    con = cocosql.connect(path)
    con.execute("CREATE OR REPLACE TABLE facts (id BIGINT PRIMARY KEY, g BIGINT, v BIGINT)")
    con.execute(f"INSERT INTO facts SELECT i, hash(i) % {groups}, i % 1000 FROM range({rows}) AS r(i)")
    con.execute(f"CREATE INCREMENTAL VIEW totals WITH (capture = '{capture}', mode = 'incremental') AS {QUERY}")
    con.execute("CHECKPOINT")
    con.execute("REFRESH INCREMENTAL VIEW totals")
    found: dict[str, list[float]] = {"query": [], "nothing changed": []}
    for round_ in range(rounds):
        found["nothing changed"].append(seconds(con, "REFRESH INCREMENTAL VIEW totals"))
        for name, change in changes(rows, groups, round_).items():
            con.execute(change)
            found.setdefault(name, []).append(seconds(con, "REFRESH INCREMENTAL VIEW totals"))
        found["query"].append(seconds(con, f"CREATE OR REPLACE TEMP TABLE afresh AS {QUERY}"))
    assert con.execute("(FROM totals EXCEPT FROM afresh) UNION ALL (FROM afresh EXCEPT FROM totals)").fetchall() == []
    con.execute(changes(rows, groups, rounds)["values"])
    con.close()
    with cocosql.connect(path) as con:
        found["reopened"] = [seconds(con, "REFRESH INCREMENTAL VIEW totals")]
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--groups", type=int, nargs="+", default=[1_000, 1_000_000])
    parser.add_argument("--capture", choices=["diff", "log"], default="log")
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    table = Table("groups", "", "seconds", "query / refresh", box=box.MARKDOWN)
    for groups in given.groups:
        with tempfile.TemporaryDirectory() as folder:
            found = measure(Path(folder) / "facts.db", given.rows, groups, given.capture, given.rounds)
        query = statistics.median(found.pop("query"))
        table.add_row(f"{groups:,}", "the query afresh", f"{query:.4f}", "")
        for name, times in found.items():
            refresh = statistics.median(times)
            table.add_row(f"{groups:,}", f"refresh: {name}", f"{refresh:.4f}", f"{query / refresh:.1f}")
    Console(width=120).print(f"{given.rows:,} rows, {CHANGED:,} changed, capture = '{given.capture}'", table, sep="\n")


if __name__ == "__main__":
    main()
