"""What the key log makes statements cost: each on a table that a view reads by a log, beside the same without a view.

    python benchmarks/dml.py [--rows N] [--rounds N] [--memory]

The tables take turns, and a checkpoint before each statement keeps those that DuckDB makes by itself out of it. Figures
are milliseconds of CPU time, medians; those of single rows are means of many statements. After each kind of statement
the views are refreshed, so that the log is empty before the next.
"""

import argparse
import statistics
import tempfile
import time
from collections import defaultdict
from pathlib import Path

import duckdb
from rich import box
from rich.console import Console
from rich.table import Table

import cocosql

Con = duckdb.DuckDBPyConnection

VIEWS = {
    "counted": "SELECT n % 50 AS g, count(*) AS c, sum(n) AS s FROM logged GROUP BY g",
    "shown": "SELECT id, upper(s) AS u FROM logged",
}
BULK = {
    "UPDATE of 1 %, scattered": "UPDATE {table} SET n = n + 1 WHERE hash(id, {round}) % 100 = 0",
    "UPDATE of 1 %, in one place": "UPDATE {table} SET n = n + 1 WHERE id BETWEEN {place} AND {place} + {share}",
    "UPDATE of all": "UPDATE {table} SET n = n + 1",
    "DELETE of 1 %, scattered": "DELETE FROM {table} WHERE hash(id, {round}) % 100 = 2",
    "INSERT of 1 %": "INSERT INTO {table} SELECT i, md5(i::VARCHAR), i, 0 FROM range({new}, {new} + {share}) AS r (i)",
    "INSERT of 20 %": (
        "INSERT INTO {table} SELECT i, md5(i::VARCHAR), i, 0 FROM range({newer}, {newer} + 20 * {share}) AS r (i)"
    ),
}
SINGLE = {
    "UPDATE of a row": "UPDATE {table} SET n = n + 1 WHERE id = $1",
    "INSERT of a row": "INSERT INTO {table} VALUES (10000000000 + $1, 'text', 1, 1)",
    "DELETE of a row": "DELETE FROM {table} WHERE id = 10000000000 + $1",
}
TABLES = ("plain", "logged")
#: Statements on single rows in a round.
MANY = 300


def milliseconds(con: Con, statement: str, parameters: list[int] | None = None) -> float:
    started = time.process_time()
    con.execute(statement, parameters or []).fetchall()
    return (time.process_time() - started) * 1000


def fill(con: Con, rows: int) -> None:
    for table in TABLES:
        con.execute(f"CREATE TABLE {table} (id BIGINT PRIMARY KEY, s VARCHAR, n BIGINT, price DECIMAL(12, 2))")
        con.execute(f"INSERT INTO {table} SELECT i, repeat(md5(i::VARCHAR), 3), i * 7, i FROM range({rows}) AS r (i)")
    for view, query in VIEWS.items():
        con.execute(f"CREATE INCREMENTAL VIEW {view} AS {query}")
    con.execute("REFRESH ALL INCREMENTAL VIEWS")


def measure(con: Con, rows: int, rounds: int) -> dict[str, dict[str, list[float]]]:
    found: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    share = rows // 100
    for number in range(rounds):
        tables = TABLES if number % 2 else TABLES[::-1]
        for name, statement in BULK.items():
            place, new = rows // 10 * (number % 9), rows * 10 + number * share
            given = {"round": number, "place": place, "share": share, "new": new, "newer": new * 10}
            for table in tables:
                con.execute("CHECKPOINT")
                found[name][table].append(milliseconds(con, statement.format(table=table, **given)))
                con.execute(f"DELETE FROM {table} WHERE id >= {rows * 10}")
            con.execute("REFRESH ALL INCREMENTAL VIEWS")
        for name, statement in SINGLE.items():
            for table in tables:
                times = [milliseconds(con, statement.format(table=table), [i * 7919 % rows]) for i in range(MANY)]
                found[name][table].append(statistics.mean(times))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=3_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--memory", action="store_true", help="tables in memory, not in a file")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        con = cocosql.connect(":memory:" if given.memory else Path(folder) / "dml.db")
        fill(con, given.rows)
        found = measure(con, given.rows, given.rounds)
        con.close()
    table = Table("", "without a log, ms", "with one, ms", "ratio", box=box.MARKDOWN)
    for name, times in found.items():
        plain, logged = (statistics.median(times[table]) for table in TABLES)
        table.add_row(name, f"{plain:.2f}", f"{logged:.2f}", f"{logged / plain:.2f}")
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
