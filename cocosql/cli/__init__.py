"""The command line: ``cocosql demo``, ``cocosql show``, ``cocosql graph``, ``cocosql gc``, ``cocosql openlineage``."""

import argparse
from collections.abc import Sequence
from pathlib import Path

import duckdb
from rich.console import Console

import cocosql
from cocosql.cli import demo, gc, graph, openlineage, show
from cocosql.opened import InUse
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
    show.add(commands)
    graph.add(commands)
    command = commands.add_parser(
        "gc",
        help="drop memoized results that no view uses",
        description="Drop results of functions that no row of a view comes from and that were not used for a while.",
    )
    command.add_argument("path", type=Path, metavar="FILE", help="the database")
    command.add_argument(
        "--retain",
        metavar="INTERVAL",
        help=f"results computed or used within it stay, too (default: {DEFAULT_RETENTION}; none with --function)",
    )
    command.add_argument(
        "--function", metavar="NAME", help="only results of this function: all that no present row comes from"
    )
    command.set_defaults(run=lambda given: gc.run(given.path, given.retain, given.function))
    openlineage.add(commands)
    given = parser.parse_args(arguments)
    try:
        given.run(given)
    except (demo.DemoError, InUse, OSError, ImportError, duckdb.Error) as error:
        Console(stderr=True, highlight=False, soft_wrap=True).print(f"cocosql: {error}", markup=False)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0
