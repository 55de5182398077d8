"""``cocosql graph``: the graph of a database's views, as text for documents or as a drawing."""

import argparse
from pathlib import Path

import cocosql
from cocosql.opened import opened


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command to those there are."""
    command = commands.add_parser(
        "graph",
        help="print the graph of the views",
        description="Print the graph of sources, operators, functions and views.",
    )
    command.add_argument("path", type=Path, metavar="FILE", help="the database")
    command.add_argument("view", nargs="?", metavar="VIEW", help="a view: only what it is made of is shown")
    command.add_argument("--format", choices=("mermaid", "svg"), default="mermaid", help="default: %(default)s")
    command.set_defaults(run=run)


def run(given: argparse.Namespace) -> None:
    """Print the graph.

    Raises:
        FileNotFoundError: if there is no such file.
        duckdb.Error: if it is no database, another process holds it, or it has no such view.
        ImportError: if the drawing needs a package that is not there.
    """
    with opened(given.path) as con:
        picture = cocosql.graph(con, given.view)
    print(picture.mermaid() if given.format == "mermaid" else picture.svg(), end="")
