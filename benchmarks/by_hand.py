"""A refresh beside the delta that one would write by hand, knowing the changes; and what capture makes DML cost.

    python benchmarks/by_hand.py [--scale 1] [--capture log] [--rounds 3] [--share 0.01]

TPC-H data. A share of lineitem changes in an update; three views are refreshed: Q1 (a filter, 4 groups), Q3 without its
LIMIT (3 tables, some 12,000 groups), and a join of 3 tables with 175 groups. By hand: the old and the new rows of
lineitem lie in a table of their own, which is not counted; timed is a MERGE of their sums into a table of the groups.
"""

import argparse
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
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
PRICE = "l_extendedprice * (1 - l_discount)"


@dataclass(frozen=True)
class Task:
    name: str
    #: The groups, each with the expression that makes it.
    groups: dict[str, str]
    sums: dict[str, str]
    #: What stands after FROM, with lineitem first.
    source: str

    def totals(self, lines: str, sign: str = "1") -> str:
        """The sums and the number of rows of each group; where `sign` is -1, of rows that are gone."""
        made = [f"{sql} AS {name}" for name, sql in self.groups.items()]
        made += [f"sum({sign} * {sql}) AS {name}" for name, sql in self.sums.items()]
        source = self.source.format(lines)
        return f"SELECT {', '.join(made)}, sum({sign}) AS n FROM {source} GROUP BY {', '.join(self.groups)}"

    @property
    def query(self) -> str:
        return self.totals("lineitem").replace("sum(1)", "count(*)").replace("sum(1 * ", "sum(")

    @property
    def merge(self) -> str:
        same = " AND ".join(f"kept.{name} = delta.{name}" for name in self.groups)
        columns = [*self.groups, *self.sums, "n"]
        given = ", ".join(f"delta.{name}" for name in columns)
        added = ", ".join(f"{name} = kept.{name} + delta.{name}" for name in [*self.sums, "n"])
        return f"""
            MERGE INTO kept USING ({self.totals("changed", "sign")}) AS delta ON {same}
            WHEN MATCHED AND kept.n + delta.n = 0 THEN DELETE
            WHEN MATCHED THEN UPDATE SET {added}
            WHEN NOT MATCHED THEN INSERT ({", ".join(columns)}) VALUES ({given})
        """


TASKS = [
    Task(
        "Q1",
        {"flag": "l_returnflag", "status": "l_linestatus"},
        {
            "quantity": "l_quantity",
            "base": "l_extendedprice",
            "price": PRICE,
            "charge": f"{PRICE} * (1 + l_tax)",
            "discount": "l_discount",
        },
        "{} WHERE l_shipdate <= DATE '1998-09-02'",
    ),
    Task(
        "Q3",
        {"key": "l_orderkey", "day": "o_orderdate", "priority": "o_shippriority"},
        {"revenue": PRICE},
        "{} JOIN orders ON l_orderkey = o_orderkey JOIN customer ON c_custkey = o_custkey "
        "WHERE c_mktsegment = 'BUILDING' AND o_orderdate < DATE '1995-03-15' AND l_shipdate > DATE '1995-03-15'",
    ),
    Task(
        "3-way join",
        {"nation": "c_nationkey", "year": "year(o_orderdate)"},
        {"revenue": PRICE},
        "{} JOIN orders ON l_orderkey = o_orderkey JOIN customer ON c_custkey = o_custkey",
    ),
]


def seconds(con: Con, statement: str) -> float:
    started = time.perf_counter()
    con.execute(statement).fetchall()
    return time.perf_counter() - started


def update(con: Con, share: float, round_: int) -> None:
    """Change a share of lineitem; table `changed` has the old rows with sign -1 and the new ones with 1."""
    chosen = f"hash(l_orderkey, l_linenumber, {round_}) % {round(1 / share)} = 0"
    con.execute(f"CREATE OR REPLACE TEMP TABLE changed AS SELECT *, -1 AS sign FROM lineitem WHERE {chosen}")
    con.execute(
        f"UPDATE lineitem SET l_quantity = l_quantity + 1, l_extendedprice = l_extendedprice + 10 WHERE {chosen}"
    )
    con.execute(f"INSERT INTO changed SELECT *, 1 FROM lineitem WHERE {chosen}")


def measure(con: Con, task: Task, capture: str, share: float, rounds: int) -> tuple[float, float, float]:
    """Medians: the query into a temporary table, the delta by hand, the refresh."""
    con.execute(f"CREATE INCREMENTAL VIEW v WITH (capture = '{capture}') AS {task.query}")
    con.execute("CREATE OR REPLACE TABLE kept AS FROM v")
    found = []
    for round_ in range(rounds):
        update(con, share, round_)
        by_hand = seconds(con, task.merge)
        refresh = seconds(con, "REFRESH INCREMENTAL VIEW v")
        afresh = seconds(con, f"CREATE OR REPLACE TEMP TABLE afresh AS {task.query}")
        found.append((afresh, by_hand, refresh))
        assert_close(con, "FROM v", "FROM afresh")
        assert_close(con, "FROM kept", "FROM afresh")
    con.execute("DROP INCREMENTAL VIEW v")
    afresh, by_hand, refresh = (statistics.median(column) for column in zip(*found, strict=True))
    return afresh, by_hand, refresh


def dml(con: Con, share: float, rounds: int) -> dict[str, dict[str, float]]:
    """By how a table is captured, the median seconds of statements on it.

    There is a copy of lineitem for each, and they take turns; a checkpoint before each statement keeps those that
    DuckDB makes by itself out of it. The first round is not counted.
    """
    tables = {"no view": "plain_lines", "capture = 'diff'": "diff_lines", "capture = 'log'": "log_lines"}
    for how, table in tables.items():
        con.execute(f"CREATE TABLE {table} AS FROM lineitem LIMIT 0")
        con.execute(f"ALTER TABLE {table} ADD PRIMARY KEY (l_orderkey, l_linenumber)")
        con.execute(f"INSERT INTO {table} FROM lineitem ORDER BY l_orderkey, l_linenumber")
        if how != "no view":
            con.execute(f"CREATE INCREMENTAL VIEW of_{table} WITH ({how}) AS {TASKS[0].totals(table)}")
    found: dict[str, dict[str, list[float]]] = {how: {} for how in tables}
    for round_ in range(rounds + 1):
        for how, table in tables.items():
            chosen = f"hash(l_orderkey, l_linenumber, {round_}) % {round(1 / share)} = 0"
            con.execute(f"CREATE OR REPLACE TEMP TABLE kept_lines AS FROM {table} WHERE {chosen}")
            for name, statement in (
                ("UPDATE", f"UPDATE {table} SET l_quantity = l_quantity + 1 WHERE {chosen}"),
                ("DELETE", f"DELETE FROM {table} WHERE {chosen}"),
                ("INSERT", f"INSERT INTO {table} FROM kept_lines"),
            ):
                con.execute("CHECKPOINT")
                found[how].setdefault(name, []).append(seconds(con, statement))
        con.execute("REFRESH ALL INCREMENTAL VIEWS")
    return {
        how: {name: statistics.median(times[1:]) for name, times in statements.items()}
        for how, statements in found.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scale", type=float, default=1)
    parser.add_argument("--capture", choices=["diff", "log"], default="log")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--share", type=float, default=0.01)
    given = parser.parse_args()
    share, rounds = given.share, given.rounds
    views = Table(
        "", "afresh, s", "by hand, s", "refresh, s", "afresh / refresh", "refresh / by hand", box=box.MARKDOWN
    )
    statements = Table("", *(f"{name}, s (/ plain)" for name in ("UPDATE", "DELETE", "INSERT")), box=box.MARKDOWN)
    with tempfile.TemporaryDirectory() as folder, cocosql.connect(Path(folder) / "tpch.db") as con:
        tpch.load(con, given.scale, keys=True)
        con.execute("CHECKPOINT")
        for task in TASKS:
            afresh, by_hand, refresh = measure(con, task, given.capture, share, rounds)
            times = (f"{time_:.4f}" for time_ in (afresh, by_hand, refresh))
            views.add_row(task.name, *times, f"{afresh / refresh:.2f}", f"{refresh / by_hand:.2f}")
        measured = dml(con, share, rounds)
        plain = measured["no view"]
        for how, times_of in measured.items():
            statements.add_row(how, *(f"{times_of[name]:.4f} ({times_of[name] / plain[name]:.2f})" for name in plain))
    title = f"TPC-H, scale {given.scale:g}, {share:.1%} of lineitem"
    Console(width=140).print(f"{title} updated, capture = '{given.capture}'", views, title, statements, sep="\n")


if __name__ == "__main__":
    main()
