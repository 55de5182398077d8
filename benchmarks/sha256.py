"""What incremental views cost and save, with a Python function of almost no cost: sha256 of 1 KB of text a row.

Measured, in seconds, each as the median of several rounds in a new database file:

* floor: fetch the rows, call the function in a Python loop, insert the results with one statement. Nothing else.
* DuckDB: CREATE TABLE AS with the function registered by `create_function`. This is what a recomputation costs.
* CocoSQL: CREATE INCREMENTAL VIEW (build); a refresh with nothing changed; with 1 % of the rows updated; with the
  function's code changed; and what the memo alone answers: REFRESH … FULL, a plain query, a view that was dropped.

A cheap function is the worst case: the engine's own work is all that shows. A model call of 10 ms would make every
number of calls saved worth 10 ms.

    python benchmarks/sha256.py [--rows 100000] [--rounds 3] [--cpu] [--folder DIR]
"""

import argparse
import hashlib
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import pyarrow as pa
from rich import box
from rich.console import Console
from rich.table import Table

import cocosql

#: The aims of the project: a measure, what it is compared with, and the most it may be of that.
AIMS = {
    "CocoSQL build": ("floor", 2.5),
    "CocoSQL no-op refresh": ("CocoSQL build", 1 / 20),
    "CocoSQL 1 % updated": ("CocoSQL build", 1 / 5),
    "CocoSQL 1 % updated, key log": ("CocoSQL build", 1 / 10),
}
REFRESH = "REFRESH INCREMENTAL VIEW digests"


@cocosql.udf
def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@cocosql.udf(name="digest")
def other_digest(text: str) -> str:
    return hashlib.sha256(b"2" + text.encode()).hexdigest()


#: By the clock, or CPU time of the process, which suffers less from what else runs.
clock = time.perf_counter


def seconds(work: Callable[[], object]) -> float:
    started = clock()
    work()
    return clock() - started


def fill(con: duckdb.DuckDBPyConnection, rows: int) -> None:
    """A table of texts of 1 KB, all different."""
    con.execute("CREATE TABLE docs (id BIGINT PRIMARY KEY, body VARCHAR)")
    con.execute("INSERT INTO docs SELECT i, repeat(md5(i::VARCHAR), 32) FROM range($1) AS t(i)", [rows])
    con.execute("CHECKPOINT")


def floor(path: Path, rows: int) -> dict[str, float]:
    with duckdb.connect(str(path)) as con:
        fill(con, rows)
        con.execute("CREATE TABLE digests (id BIGINT, digest VARCHAR)")

        def work() -> None:
            ids, digests = [], []
            for number, body in con.execute("SELECT id, body FROM docs").fetchall():
                ids.append(number)
                digests.append(hashlib.sha256(body.encode()).hexdigest())
            results = pa.table({"id": ids, "digest": digests})  # noqa: F841  DuckDB finds it by name
            con.execute("INSERT INTO digests FROM results")

        return {"floor": seconds(work)}


def plain_duckdb(path: Path, rows: int) -> dict[str, float]:
    with duckdb.connect(str(path)) as con:
        fill(con, rows)
        con.create_function("digest", digest.function, ["VARCHAR"], "VARCHAR")
        query = "CREATE TABLE digests AS SELECT id, digest(body) AS digest FROM docs"
        return {"DuckDB create_function, all": seconds(lambda: con.execute(query))}


def incremental(path: Path, rows: int) -> dict[str, float]:
    with cocosql.connect(path, functions=(digest,)) as con:
        fill(con, rows)

        def refresh(calls: int) -> float:
            taken = seconds(lambda: found.extend(con.execute(REFRESH).fetchall()))
            made = found.pop()[5]
            if made != calls:
                raise SystemExit(f"expected {calls} calls of the function, and there were {made}")
            return taken

        found: list[tuple[int, ...]] = []
        query = "CREATE INCREMENTAL VIEW digests AS SELECT id, digest(body) AS digest FROM docs"
        times = {"CocoSQL build": seconds(lambda: con.execute(query).fetchall())}
        times["CocoSQL FULL, hits"] = seconds(lambda: con.execute(f"{REFRESH} FULL").fetchall())
        times["CocoSQL SELECT, hits"] = seconds(lambda: con.execute("SELECT max(digest(body)) FROM docs").fetchall())
        con.execute("DROP INCREMENTAL VIEW digests")
        times["CocoSQL CREATE again, hits"] = seconds(lambda: con.execute(query).fetchall())
        times["CocoSQL no-op refresh"] = refresh(0)
        con.execute("UPDATE docs SET body = 'new ' || body WHERE id % 100 = 0")
        times["CocoSQL 1 % updated"] = refresh(len(range(0, rows, 100)))
        con.execute(
            query.replace("CREATE", "CREATE OR REPLACE").replace(" AS SELECT", " WITH (capture = 'log') AS SELECT")
        )
        con.execute("UPDATE docs SET body = 'newer ' || body WHERE id % 100 = 0")
        times["CocoSQL 1 % updated, key log"] = refresh(len(range(0, rows, 100)))
        cocosql.register(con, other_digest)
        times["CocoSQL code changed"] = refresh(rows)
        return times


def measure(rows: int, rounds: int, folder: str | None) -> dict[str, float]:
    """The medians. The measures of one round follow each other, so that a slow minute hits all of them."""
    taken: dict[str, list[float]] = {}
    for number in range(rounds + 1):
        for part in (floor, plain_duckdb, incremental):
            with tempfile.TemporaryDirectory(dir=folder) as directory:
                # The first round is not counted: it imports what pyarrow and DuckDB import when they need it.
                for name, value in part(Path(directory) / "bench.db", rows if number else 10).items():
                    if number:
                        taken.setdefault(name, []).append(value)
    return {name: statistics.median(values) for name, values in taken.items()}


def report(times: dict[str, float]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    table.add_column("measure", no_wrap=True)
    for column in ("seconds", "of the floor", "of the build", "aim"):
        table.add_column(column, justify="right", no_wrap=True)
    for name, value in times.items():
        to, most = AIMS.get(name, ("", 0.0))
        met = "met" if to and value <= most * times[to] else "missed"
        aim = f"<= {most:.3g} of the {to.removeprefix('CocoSQL ')}: {met}" if to else ""
        table.add_row(
            name, f"{value:.3f}", f"{value / times['floor']:.2f}", f"{value / times['CocoSQL build']:.3f}", aim
        )
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--cpu", action="store_true", help="measure CPU time, not by the clock")
    parser.add_argument("--folder", help="where to make the database files (default: the temporary folder)")
    given = parser.parse_args()
    if given.cpu:
        global clock  # noqa: PLW0603
        clock = time.process_time
    times = measure(given.rows, given.rounds, given.folder)
    console = Console(highlight=False, width=100)
    console.print(f"{given.rows:,} rows of 1 KB, medians of {given.rounds}\n")
    console.print(report(times))


if __name__ == "__main__":
    main()
