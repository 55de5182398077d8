"""TPC-H: what a refresh costs beside working out each of the 22 queries afresh, in the same run.

    python benchmarks/tpch.py [--scale 1] [--capture log] [--rounds 3] [--share 0.001 0.01] [--query 1 3 …]

A round inserts a share of orders with their lineitems, new ones, and deletes as many; then, one after another: the view
is refreshed; the same view WITH (mode = 'recompute') is; and the query is run into a temporary table. At last the view
is refreshed in FULL, state and all. Data, queries and changes are those of tests/test_tpch.py; all tables have primary
keys. Each figure is the median of the rounds. The view has mode = 'incremental': it keeps its state whatever it costs.
"""

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path

import duckdb
from rich import box
from rich.console import Console
from rich.table import Table

import cocosql

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
import tpch
from helpers import assert_close

Con = duckdb.DuckDBPyConnection


def seconds(con: Con, statement: str) -> float:
    started = time.perf_counter()
    con.execute(statement).fetchall()
    return time.perf_counter() - started


def measure(con: Con, number: int, capture: str, share: float, rounds: int) -> tuple[float, float, float, float]:
    """Medians for one query: refresh, recomputing refresh, query; and the full refresh."""
    query = tpch.QUERIES[number]
    con.execute(f"CREATE INCREMENTAL VIEW v WITH (capture = '{capture}', mode = 'incremental') AS {query}")
    con.execute(f"CREATE INCREMENTAL VIEW w WITH (capture = '{capture}', mode = 'recompute') AS {query}")
    found = []
    for round_ in range(rounds):
        tpch.insert_orders(con, share, 100 * number + round_)
        tpch.delete_orders(con, share, 100 * number + round_)
        found.append(
            (
                seconds(con, "REFRESH INCREMENTAL VIEW v"),
                seconds(con, "REFRESH INCREMENTAL VIEW w"),
                seconds(con, f"CREATE OR REPLACE TEMP TABLE afresh AS {query}"),
            )
        )
        assert_close(con, "FROM v", "FROM afresh")
    full = seconds(con, "REFRESH INCREMENTAL VIEW v FULL")
    con.execute("DROP INCREMENTAL VIEW v, w")
    refresh, recompute, afresh = (statistics.median(column) for column in zip(*found, strict=True))
    return refresh, recompute, afresh, full


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scale", type=float, default=1)
    parser.add_argument("--capture", choices=["diff", "log"], default="log")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--share", type=float, nargs="+", default=[0.001, 0.01])
    parser.add_argument("--query", type=int, nargs="+", default=list(tpch.QUERIES))
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, cocosql.connect(Path(folder) / "tpch.db") as con:
        tpch.load(con, given.scale, keys=True)
        con.execute("CHECKPOINT")
        for share in given.share:
            title = f"TPC-H, scale {given.scale:g}, {share:.1%} of orders in and out, capture = '{given.capture}'"
            table = Table(
                "query",
                "refresh, s",
                "recomputing refresh, s",
                "query, s",
                "full refresh, s",
                "recomputing / refresh",
                "query / refresh",
                "full / refresh",
                box=box.MARKDOWN,
            )
            ratios: list[tuple[float, float, float]] = []
            for number in given.query:
                refresh, recompute, afresh, full = measure(con, number, given.capture, share, given.rounds)
                ratios.append((recompute / refresh, afresh / refresh, full / refresh))
                times = (f"{time_:.4f}" for time_ in (refresh, recompute, afresh, full))
                table.add_row(f"Q{number}", *times, *(f"{ratio:.2f}" for ratio in ratios[-1]))
            for name, summary in (("geometric mean", statistics.geometric_mean), ("worst", min)):
                table.add_row(name, "", "", "", "", *(f"{summary(column):.2f}" for column in zip(*ratios, strict=True)))
            Console(width=120).print(title, table, sep="\n")


if __name__ == "__main__":
    main()
