"""The command line: ``cocosql demo``, ``cocosql show``, ``cocosql graph``, ``cocosql gc``, ``cocosql --version``."""

import argparse
from collections.abc import Sequence
from pathlib import Path

import duckdb
from rich.console import Console

import cocosql
from cocosql.cli import demo, gc, graph, show
from cocosql.pictures.opened import InUse
from cocosql.statements.vacuum import DEFAULT_RETENTION


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code."""
    parser = argparse.ArgumentParser("cocosql", description="Incremental views with Python functions, inside DuckDB.")
    parser.add_argument(
        "--version", action="version", version=f"cocosql {cocosql.__version__} (duckdb {duckdb.__version__})"
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    command = commands.add_parser(
        "demo",
        help="index the READMEs on this machine, change them, and show what is recomputed",
        description="Index the READMEs of the installed Python packages in a new database file, change documents and "
        "code, and show after each step what was recomputed.",
    )
    command.add_argument("--path", type=Path, metavar="FILE", help=f"the new file (default: {demo.DEFAULT_PATH})")
    command.set_defaults(run=lambda given: demo.run(given.path))
    command = commands.add_parser(
        "show",
        help="open a page with the graph, the rows, the runs and the failed calls",
        description="Make one page of a database, which needs no network, and open it: the graph of its views, their "
        "rows and where each comes from, runs, failed calls and functions.",
    )
    command.add_argument("path", type=Path, metavar="FILE", help="the database")
    command.add_argument(
        "--output", type=Path, metavar="PAGE", help="where to write the page (default: a temporary file)"
    )
    command.add_argument("--no-open", action="store_true", help="do not open it in the browser")
    command.add_argument("--serve", action="store_true", help="keep it live on 127.0.0.1 until Ctrl-C")
    command.add_argument("--port", type=int, default=0, help="with --serve: the port (default: any that is free)")
    command.set_defaults(run=show.run)
    command = commands.add_parser(
        "graph",
        help="print the graph of the views",
        description="Print the graph of sources, operators, functions and views.",
    )
    command.add_argument("path", type=Path, metavar="FILE", help="the database")
    command.add_argument("view", nargs="?", metavar="VIEW", help="a view: only what it is made of is shown")
    command.add_argument("--format", choices=graph.FORMATS, default="mermaid", help="default: %(default)s")
    command.set_defaults(run=lambda given: graph.run(given.path, given.view, given.format))
    command = commands.add_parser(
        "gc",
        help="drop memoized results that no view uses",
        description="Drop results of functions that no row of a view comes from and that were not used for a while.",
    )
    command.add_argument("path", type=Path, metavar="FILE", help="the database")
    command.add_argument(
        "--retain",
        metavar="INTERVAL",
        default=DEFAULT_RETENTION,
        help="results computed or used within it stay, too (default: %(default)s)",
    )
    command.set_defaults(run=lambda given: gc.run(given.path, given.retain))
    given = parser.parse_args(arguments)
    try:
        given.run(given)
    except (demo.DemoError, InUse, OSError, ImportError, duckdb.Error) as error:
        Console(stderr=True, highlight=False, soft_wrap=True).print(f"cocosql: {error}", markup=False)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0
