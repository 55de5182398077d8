"""What smaller blocks of a file cost large tables: DuckDB alone, with files of 256, 64 and 16 KB blocks. CPU time.

    python benchmarks/blocks.py [--rows 3000000] [--rounds 3]

Measured: CREATE TABLE AS of rows of numbers and text, and of a twentieth as many FLOAT[384]; a checkpoint after each;
scans of both; an UPDATE of 1 %; an INSERT of 20 %; a sort that does not fit into memory; and bytes. The lowest of the
rounds, in which the sizes take turns.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
from rich import box
from rich.console import Console
from rich.table import Table

SIZES = [262144, 65536, 16384]


def measure(path: Path, block_size: int, rows: int) -> dict[str, float]:
    found: dict[str, float] = {}

    def timed(what: str, work: Callable[[], object]) -> None:
        started = time.process_time()
        work()
        found[f"{what}, s"] = time.process_time() - started

    con = duckdb.connect(path, config={"default_block_size": str(block_size)})
    text = "SELECT i, hash(i) % 1000 AS g, random() AS x, 'some text of row ' || hash(i) AS s"
    timed("rows", lambda: con.execute(f"CREATE TABLE t AS {text} FROM range({rows}) AS r(i)"))
    timed("checkpoint", lambda: con.execute("CHECKPOINT"))
    found["rows, MB"] = path.stat().st_size / 1e6
    numbers = "list_transform(range(384), lambda k: (hash(i * 384 + k) % 1000000 / 1000000)::FLOAT)::FLOAT[384]"
    timed("vectors", lambda: con.execute(f"CREATE TABLE v AS SELECT {numbers} AS e FROM range({rows // 20}) AS r(i)"))
    timed("checkpoint of vectors", lambda: con.execute("CHECKPOINT"))
    found["rows and vectors, MB"] = path.stat().st_size / 1e6
    con.close()
    con = duckdb.connect(path)
    for _ in range(2):  # the second finds the rows in memory
        timed("scan of rows", lambda: con.execute("SELECT sum(i), sum(x), sum(g), sum(length(s)) FROM t").fetchall())
        timed("scan of vectors", lambda: con.execute("SELECT max(list_sum(e)) FROM v").fetchall())
    timed("UPDATE of 1 %", lambda: con.execute("UPDATE t SET x = x + 1 WHERE i % 100 = 0"))
    timed("INSERT of 20 %", lambda: con.execute(f"INSERT INTO t {text} FROM range({rows // 5}) AS r(i)"))
    timed("checkpoint after that", lambda: con.execute("CHECKPOINT"))
    con.close()
    con = duckdb.connect(path, config={"memory_limit": "300MB"})
    timed("sort", lambda: con.execute("CREATE TABLE o AS FROM t ORDER BY s"))
    con.close()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=3_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    rounds: dict[int, list[dict[str, float]]] = {size: [] for size in SIZES}
    for _ in range(options.rounds):
        for size in SIZES:
            with tempfile.TemporaryDirectory() as folder:
                rounds[size].append(measure(Path(folder) / "a.db", size, options.rows))
    table = Table(title=f"{options.rows:,} rows", box=box.SIMPLE)
    table.add_column("what")
    for size in SIZES:
        table.add_column(f"{size // 1024} KB", justify="right")
    for what in rounds[SIZES[0]][0]:
        best = [min(found[what] for found in rounds[size]) for size in SIZES]
        ratios = [f" ({value / best[0]:.2f})" if value >= 0.01 else "" for value in best]
        table.add_row(what, *(f"{value:.3f}{ratio}" for value, ratio in zip(best, ratios, strict=True)))
    Console().print(table)


if __name__ == "__main__":
    main()
