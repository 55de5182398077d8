"""Lineage of one row of a view over many source rows, beside a full scan; and what the state for lineage takes.

    python benchmarks/lineage.py [--rows 1000000] [--rounds 5]

Notes of some 100 bytes by one of 1,000 authors. `full scan` reads all notes once, whole: SELECT max(hash(notes)). A row
is asked for by a column of the view; then, over all the views, for what has come from one note. Bytes are those of the
tables in the file with their columns for lineage, less those of the same rows without them, by row kept.
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

AUTHORS = 1_000
VIEWS = {
    "map": ("SELECT path, upper(body) AS body FROM notes", "row.path = 'n77'"),
    "map of functions": ("SELECT path, sized(body) AS size FROM notes", "row.path = 'n77'"),
    "unnest": ("SELECT path, w FROM notes, unnest(split(body[1:20], '-')) AS u(w)", "row.path = 'n77'"),
    "join": ("SELECT path, name FROM notes JOIN authors ON author = id", "row.path = 'n77'"),
    "left join": ("SELECT path, name FROM notes LEFT JOIN authors ON author = id", "row.path = 'n77'"),
    "accumulate": ("SELECT author, count(*) AS n FROM notes GROUP BY author", "row.author = 77"),
    "aggregate": ("SELECT author, count(*) AS n, max(body) AS m FROM notes GROUP BY author", "row.author = 77"),
    "view on views": ("SELECT name, n FROM v_aggregate JOIN authors ON author = id", "row.name = 'a77'"),
}
NAMES = {name: f"v_{name.replace(chr(32), chr(95))}" for name in VIEWS}


@cocosql.udf(batch_size=10_000)
def sized(s: list[str]) -> list[int]:
    return [len(one) for one in s]


def seconds(con: duckdb.DuckDBPyConnection, statement: str, rounds: int) -> tuple[float, int]:
    """The median, and the number of rows."""
    times, found = [], []
    for _ in range(rounds):
        started = time.perf_counter()
        found = con.execute(statement).fetchall()
        times.append(time.perf_counter() - started)
    return statistics.median(times), len(found)


def size(con: duckdb.DuckDBPyConnection, table: str) -> int:
    """The bytes of a table in the file."""
    con.execute("CHECKPOINT")
    ((blocks,),) = con.execute(
        "SELECT count(DISTINCT block) FROM (SELECT unnest(list_append(additional_block_ids, block_id)) AS block "
        f"FROM pragma_storage_info('{table}')) WHERE block >= 0"
    ).fetchall()
    return int(blocks) * 262_144


def lineage_bytes(con: duckdb.DuckDBPyConnection, view: str) -> float:
    """Bytes of the columns for lineage in what a view and its operators keep, by row."""
    total, rows = 0, 0
    for (table,) in con.execute(f"SELECT state_table FROM coco_operators('{view}') WHERE kind <> 'scan'").fetchall():
        if not table:
            continue
        for name, columns in (
            ("with", "*"),
            ("without", "COLUMNS(lambda c: NOT regexp_matches(c, '^coco_(source_id|element_|call_)'))"),
        ):
            con.execute(f"CREATE OR REPLACE TABLE bench_{name} AS SELECT {columns} FROM coco.{table}")
        total += size(con, "bench_with") - size(con, "bench_without")
        rows += con.execute("SELECT count(*) FROM bench_with").fetchall()[0][0]
    return total / rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    table = Table(
        "view",
        "full scan, s",
        "lineage of a row, s",
        "its rows",
        "bytes a row kept",
        box=box.MARKDOWN,
    )
    with tempfile.TemporaryDirectory() as folder, cocosql.connect(Path(folder) / "l.db", functions=[sized]) as con:
        con.execute(
            f"""
            CREATE TABLE notes (path VARCHAR PRIMARY KEY, author INTEGER, body VARCHAR);
            INSERT INTO notes SELECT 'n' || i, hash(i) % {AUTHORS}, repeat(md5(i::VARCHAR), 3)
            FROM range({given.rows}) AS r(i);
            CREATE TABLE authors (id INTEGER PRIMARY KEY, name VARCHAR);
            INSERT INTO authors SELECT i, 'a' || i FROM range({AUTHORS}) AS r(i);
            """
        )
        for name, (query, row) in VIEWS.items():
            view = NAMES[name]
            con.execute(f"CREATE INCREMENTAL VIEW {view} AS {query}")
            scan, _ = seconds(con, "SELECT max(hash(notes)) FROM notes", given.rounds)
            back, found = seconds(con, f"FROM coco_lineage('{view}') WHERE {row}", given.rounds)
            table.add_row(name, f"{scan:.3f}", f"{back:.3f}", f"{found:,}", f"{lineage_bytes(con, view):.1f}")
        impact, found = seconds(con, "FROM coco_impact('notes', 'n77')", given.rounds)
    Console(width=120).print(f"{given.rows:,} notes", table, sep="\n")
    print(f"What has come from a note, in all these views: {impact:.3f} s, {found} rows")


if __name__ == "__main__":
    main()
