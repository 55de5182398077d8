"""What statements cost besides the work on rows: views of a table of 10 rows, in a file, wall time in milliseconds.

Measured: a refresh with nothing changed; one with a row more; CREATE; and coco_views() of 10 views, each of which reads
the one before.

    python benchmarks/overhead.py [--rounds 30]
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
from rich import box
from rich.console import Console
from rich.table import Table

import cocosql

CHAIN = 10

#: What to run before the n-th round, untimed, and what to time.
Step = tuple[str, Callable[[int], str], str]


@cocosql.udf
def twice(x: int) -> int:
    return 2 * x


def nothing(round_: int) -> str:
    return "SELECT 1"


def a_row(round_: int) -> str:
    return f"INSERT INTO t VALUES ({1000 + round_}, 'new')"


STEPS: list[Step] = [
    ("REFRESH, nothing changed", nothing, "REFRESH INCREMENTAL VIEW plain"),
    ("REFRESH, nothing changed; a Python function", nothing, "REFRESH INCREMENTAL VIEW calls"),
    ("REFRESH, nothing changed; recomputed", nothing, "REFRESH INCREMENTAL VIEW counts"),
    (f"REFRESH, nothing changed; a chain of {CHAIN}", nothing, f"REFRESH INCREMENTAL VIEW chain_{CHAIN}"),
    ("REFRESH, a row more", a_row, "REFRESH INCREMENTAL VIEW plain"),
    (
        "CREATE",
        lambda round_: "DROP INCREMENTAL VIEW IF EXISTS made",
        "CREATE INCREMENTAL VIEW made AS SELECT id, upper(s) AS s FROM t",
    ),
    (f"coco_views(), a chain of {CHAIN}", nothing, "FROM coco_views()"),
]


def prepare(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, s VARCHAR)")
    con.execute("INSERT INTO t SELECT i, 'row ' || i FROM range(10) AS r(i)")
    con.execute("CREATE INCREMENTAL VIEW plain AS SELECT id, upper(s) AS s FROM t")
    con.execute("CREATE INCREMENTAL VIEW calls AS SELECT id, twice(id) AS n FROM t")
    con.execute("CREATE INCREMENTAL VIEW counts AS SELECT count(*) AS n FROM t")
    con.execute("CREATE TABLE start AS FROM t")
    for number in range(1, CHAIN + 1):
        source = f"chain_{number - 1}" if number > 1 else "start"
        con.execute(f"CREATE INCREMENTAL VIEW chain_{number} AS SELECT id, s FROM {source}")


def milliseconds(con: duckdb.DuckDBPyConnection, step: Step, rounds: int) -> list[float]:
    _, before, statement = step
    times = []
    for round_ in range(rounds):
        con.execute(before(round_))
        started = time.perf_counter()
        con.execute(statement).fetchall()
        times.append(1000 * (time.perf_counter() - started))
    return times


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=30)
    rounds = parser.parse_args().rounds
    table = Table("", "median", "least", box=box.MARKDOWN)
    with tempfile.TemporaryDirectory() as folder, cocosql.connect(Path(folder) / "o.db", functions=(twice,)) as con:
        prepare(con)
        for step in STEPS:
            times = milliseconds(con, step, rounds)
            table.add_row(step[0], f"{statistics.median(times):.1f}", f"{min(times):.1f}")
    Console().print(table)


if __name__ == "__main__":
    main()
