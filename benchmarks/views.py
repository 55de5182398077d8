"""What many views cost that stand still: 500 views over 50 small tables, in a file. CPU time, but for the bytes.

    python benchmarks/views.py [--views 500] [--tables 50] [--block-size 262144]

Measured: REFRESH ALL INCREMENTAL VIEWS when nothing changed; coco_views(); CREATE of the last view; bytes of the file;
opening the file, beside DuckDB opening one without views; and `import cocosql`, beside `import duckdb`.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
from rich import box
from rich.console import Console
from rich.table import Table

import cocosql

ROWS = 100
#: The views of a table, one after the other: {t} is the table, {n} the number of the view.
QUERIES = [
    "SELECT id, upper(s) AS s FROM t{t}",
    "SELECT g, count(*) AS n, sum(x) AS x FROM t{t} GROUP BY g",
    "SELECT id, x + {n} AS x FROM t{t} WHERE x % 2 = 0",
    "SELECT DISTINCT g FROM t{t}",
    "SELECT a.id, b.s FROM t{t} AS a JOIN t{t} AS b ON a.id = b.x",
]


def prepare(con: duckdb.DuckDBPyConnection, views: int, tables: int) -> None:
    for t in range(tables):
        con.execute(f"CREATE TABLE t{t} (id INTEGER PRIMARY KEY, g INTEGER, x INTEGER, s VARCHAR)")
        con.execute(f"INSERT INTO t{t} SELECT i, i % 7, i * 3, 'row ' || i FROM range({ROWS}) AS r(i)")
    for number in range(views):
        query = QUERIES[number // tables % len(QUERIES)].format(t=number % tables, n=number)
        con.execute(f"CREATE INCREMENTAL VIEW v{number} AS {query}")


def cpu(work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started


def best(work: Callable[[], object], rounds: int) -> float:
    return min(cpu(work) for _ in range(rounds))


def cpu_of_process(code: str, rounds: int = 5) -> float:
    """CPU time that a program of Python takes, as it says itself."""
    times = []
    for _ in range(rounds):
        ran = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
        times.append(float(ran.stdout))
    return min(times)


def opening(connect: str, path: Path) -> float:
    measured = f"import time; t = time.process_time(); con = {connect}; print(time.process_time() - t)"
    return cpu_of_process(f"import duckdb, cocosql; path = {str(path)!r}; {measured}")


def importing(module: str) -> float:
    return cpu_of_process(f"import time; t = time.process_time(); import {module}; print(time.process_time() - t)")


def measure(folder: Path, views: int, tables: int, block_size: int) -> list[tuple[str, str]]:
    path, plain = folder / "views.db", folder / "plain.db"
    with cocosql.connect(path, config={"default_block_size": str(block_size)}) as con:
        build = cpu(lambda: prepare(con, views - 1, tables))
        last = f"CREATE INCREMENTAL VIEW v{views - 1} AS {QUERIES[0].format(t=0, n=0)}"
        con.execute("CHECKPOINT")  # else the last view may be the one with which DuckDB makes a checkpoint
        create = cpu(lambda: con.execute(last))
        refresh = best(lambda: con.execute("REFRESH ALL INCREMENTAL VIEWS").fetchall(), 3)
        shown = best(lambda: con.execute("FROM coco_views()").fetchall(), 3)
        hundred = ", ".join(f"v{number}" for number in range(min(100, views)))
        refresh_100 = best(lambda: con.execute(f"REFRESH INCREMENTAL VIEW {hundred}").fetchall(), 3)
        one = best(lambda: con.execute("REFRESH INCREMENTAL VIEW v0").fetchall(), 10)
        con.execute("CHECKPOINT")
    size = path.stat().st_size
    with duckdb.connect(str(plain)) as con:
        con.execute("CREATE TABLE t (i INTEGER)")
    bare, opened_by_duckdb = (opening("duckdb.connect(path)", file) for file in (plain, path))
    opened = opening("cocosql.connect(path)", path)
    return [
        (f"CREATE of {views - 1} views", f"{build:.1f} s"),
        ("CREATE of the last", f"{create:.3f} s"),
        ("REFRESH ALL INCREMENTAL VIEWS, nothing changed", f"{refresh:.2f} s"),
        ("REFRESH of 100 of them, nothing changed", f"{1000 * refresh_100:.0f} ms"),
        ("REFRESH of one, nothing changed", f"{1000 * one:.1f} ms"),
        ("coco_views()", f"{shown:.2f} s"),
        ("bytes of the file", f"{size / 1e6:.0f} MB"),
        ("cocosql.connect, beyond duckdb.connect of a file without views", f"{1000 * (opened - bare):.0f} ms"),
        ("cocosql.connect, beyond duckdb.connect of the same file", f"{1000 * (opened - opened_by_duckdb):.0f} ms"),
        ("import cocosql, beyond import duckdb", f"{1000 * (importing('cocosql') - importing('duckdb')):.0f} ms"),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--views", type=int, default=500)
    parser.add_argument("--tables", type=int, default=50)
    parser.add_argument("--block-size", type=int, default=262144)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        measured = measure(Path(folder), options.views, options.tables, options.block_size)
    table = Table(title=f"{options.views} views over {options.tables} tables", box=box.SIMPLE)
    table.add_column("what")
    table.add_column("CPU time, or bytes", justify="right")
    for row in measured:
        table.add_row(*row)
    Console().print(table)


if __name__ == "__main__":
    main()
