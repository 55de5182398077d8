"""``cocosql show``: a page of a database."""

import argparse
import webbrowser
from html import escape
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp

from rich.console import Console

from cocosql.opened import opened
from cocosql.pictures.data import page_data
from cocosql.pictures.html import page
from cocosql.pictures.live import Live
from cocosql.pictures.server import Server


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command to those there are."""
    command = commands.add_parser(
        "show",
        help="open a page with the graph, the rows, the runs and the failed calls",
        description="Make one page of a database, which needs no network, and open it: the graph of its views, their "
        "rows and where each comes from, runs, failed calls and functions.",
    )
    command.add_argument("path", type=Path, metavar="FILE", help="the database")
    target = command.add_mutually_exclusive_group()
    target.add_argument("--output", type=Path, metavar="PAGE", help="where to write it (default: a temporary file)")
    target.add_argument("--serve", action="store_true", help="keep it live on 127.0.0.1 until Ctrl-C")
    command.add_argument("--port", type=int, default=0, help="with --serve: the port (default: any that is free)")
    command.add_argument("--no-open", action="store_true", help="do not open it in the browser")
    command.set_defaults(run=run)


def run(given: argparse.Namespace) -> None:
    """Write the page and open it; or serve it.

    Raises:
        OSError: if there is no such file, the page cannot be written, or the port is taken.
        InUse: if another process has the database open for writing.
        ImportError: if the package that draws is not there.
        duckdb.Error: if it is no database.
    """
    console = Console(highlight=False, soft_wrap=True)
    if given.serve:
        _serve(given, console)
        return
    with opened(given.path) as con:
        text = page(page_data(con, given.path.name))
    target = given.output or _temporary(given.path)
    target.write_text(text, encoding="utf-8")
    console.print(f"{target} ({target.stat().st_size / 1e6:.1f} MB): one page, which needs no network", markup=False)
    if not given.no_open:
        webbrowser.open(target.absolute().as_uri())


def _serve(given: argparse.Namespace, console: Console) -> None:
    with Server(Live(given.path), given.port) as server, TemporaryDirectory(prefix="cocosql-") as folder:
        console.print(f"{server.url}\nLive until Ctrl-C, on this machine only, for who has this address.", markup=False)
        if not given.no_open:
            webbrowser.open(_way_to(server.url, Path(folder)))
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            console.print("Ended.")


def _way_to(url: str, folder: Path) -> str:
    """The address of a file that leads there: other users can see with what a browser is started, and not the file."""
    way = folder / "live.html"
    way.write_text(f'<!doctype html><meta http-equiv="refresh" content="0; url={escape(url)}">', encoding="utf-8")
    return way.as_uri()


def _temporary(path: Path) -> Path:
    """A file in a new folder that others cannot read."""
    return Path(mkdtemp(prefix="cocosql-")) / f"{path.stem}.html"
