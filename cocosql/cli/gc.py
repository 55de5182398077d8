"""``cocosql gc``: drop memoized results that no view uses."""

from pathlib import Path

from rich.console import Console
from rich.table import Table

import cocosql


def run(path: Path, retain: str | None, function: str | None) -> None:
    """Drop the results, and show what was dropped and kept for each function version.

    Raises:
        FileNotFoundError: if there is no such file.
        duckdb.Error: if it is no database, or another process holds it.
    """
    if not path.is_file():
        raise FileNotFoundError(f"there is no file {path}")
    before = path.stat().st_size
    con = cocosql.connect(path)
    try:
        rows = cocosql.gc(con, retain, function=function).fetchall()
    finally:
        con.close()
    console = Console()
    table = Table("function", "code version", "dropped", "kept")
    for column in table.columns[2:]:
        column.justify = "right"
    for _, name, code_version, dropped, kept in rows:
        table.add_row(name, code_version[:16], f"{dropped:,}", f"{kept:,}")
    console.print(table if rows else "The file has no memoized results.")
    console.print(f"{path}: {_megabytes(before)} before, {_megabytes(path.stat().st_size)} now", highlight=False)


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.1f} MB"
