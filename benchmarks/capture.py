"""What finding the changes of a large table costs, against one scan that fingerprints all of it, in the same run.

    python benchmarks/capture.py [rows …]

A view of a table of about 100 bytes a row. Refreshes: nothing changed; 1,000 rows changed in one place; 1,000 rows that
lie scattered over the table; by row groups, and with the key log. Each figure is in seconds, the median of several.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
from rich.console import Console
from rich.table import Table

import cocosql

REPEAT = 5
QUERY = "SELECT id, upper(text) AS loud FROM items"


def fill(con: duckdb.DuckDBPyConnection, rows: int) -> None:
    con.execute("CREATE TABLE items (id BIGINT PRIMARY KEY, text VARCHAR, number BIGINT)")
    con.execute(
        "INSERT INTO items SELECT i, md5(i::VARCHAR) || md5((i + 1)::VARCHAR) || md5((i + 2)::VARCHAR), i * 7 "
        f"FROM range({rows}) AS r (i)"
    )
    con.execute("CHECKPOINT")


def seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def median(con: duckdb.DuckDBPyConnection, before: Callable[[int], str | None], what: str) -> float:
    """The median time of a statement, each time after another that `before` gives."""
    found = []
    for number in range(REPEAT):
        change = before(number)
        if change:
            con.execute(change)
        found.append(seconds(lambda: con.execute(what).fetchall()))
    return statistics.median(found)


def measure(directory: Path, rows: int, capture: str) -> dict[str, float]:
    con = cocosql.connect(directory / f"{rows} {capture}.db")
    fill(con, rows)
    scan = median(con, lambda _: None, "SELECT sum(coco_digest(id, text)), max(coco_digest(id)) FROM items")
    con.execute(f"CREATE INCREMENTAL VIEW loud WITH (capture = '{capture}') AS {QUERY}")
    refresh = "REFRESH INCREMENTAL VIEW loud"
    con.execute("CHECKPOINT")
    con.execute(refresh)

    def one_place(number: int) -> str:
        return f"UPDATE items SET text = text || '!' WHERE id BETWEEN {rows // 2} AND {rows // 2 + 999}"

    def scattered(number: int) -> str:
        return f"UPDATE items SET text = text || '!' WHERE id % {rows // 1000} = {number}"

    figures = {
        "scan and fingerprint all": scan,
        "nothing changed": median(con, lambda _: None, refresh),
        "1,000 rows in one place": median(con, one_place, refresh),
        "1,000 rows scattered": median(con, scattered, refresh),
    }
    con.execute("CHECKPOINT")
    (figures["bytes a row"],) = con.execute(
        "SELECT sum(bytes / row_count) FROM coco_operators('loud') WHERE kind = 'scan'"
    ).fetchone() or (0,)
    assert con.execute(f"(FROM loud EXCEPT {QUERY}) UNION ALL ({QUERY} EXCEPT FROM loud)").fetchall() == []
    con.close()
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rows", type=int, nargs="*", default=[1_000_000, 10_000_000])
    sizes = parser.parse_args().rows
    for capture in ("diff", "log"):
        with tempfile.TemporaryDirectory() as directory:
            results = [measure(Path(directory), rows, capture) for rows in sizes]
        table = Table(
            f"capture = '{capture}'",
            *(f"{rows:,} rows" for rows in sizes),
            *(f"of a scan ({rows:,})" for rows in sizes),
        )
        for name in results[0]:
            shares = [f"1/{result['scan and fingerprint all'] / result[name]:.1f}" for result in results]
            table.add_row(name, *(f"{result[name]:.4f}" for result in results), *shares)
        Console().print(table)


if __name__ == "__main__":
    main()
