"""``cocosql show``: a page of a database."""

import argparse
import tempfile
import webbrowser
from pathlib import Path

from rich.console import Console

from cocosql.cli.files import opened
from cocosql.pictures.data import page_data
from cocosql.pictures.page import page


def run(given: argparse.Namespace) -> None:
    """Write the page and open it; or serve it.

    Raises:
        OSError: if there is no such file, or the page cannot be written.
        InUse: if another process has the database open for writing.
        ImportError: if the package that draws is not there.
        duckdb.Error: if it is no database.
    """
    console = Console(highlight=False, soft_wrap=True)
    with opened(given.path) as con:
        text = page(page_data(con, given.path.name))
    target = given.output or _temporary(given.path)
    target.write_text(text, encoding="utf-8")
    console.print(f"{target} ({target.stat().st_size / 1e6:.1f} MB): one page, which needs no network", markup=False)
    if not given.no_open:
        webbrowser.open(target.absolute().as_uri())


def _temporary(path: Path) -> Path:
    """A file in a new folder that others cannot read."""
    return Path(tempfile.mkdtemp(prefix="cocosql-")) / f"{path.stem}.html"
