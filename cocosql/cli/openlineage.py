"""``cocosql openlineage``: refreshes as OpenLineage events, to a file or an HTTP endpoint."""

import argparse
from functools import partial
from pathlib import Path

from rich.console import Console

from cocosql.opened import opened


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command to those there are."""
    command = commands.add_parser(
        "openlineage",
        help="send refreshes and column lineage as OpenLineage events",
        description="Send the refreshes of a database's views as OpenLineage events: two a run, to a file or to an "
        "HTTP endpoint. Sending a run again gives the same events.",
    )
    command.add_argument("path", type=Path, metavar="FILE", help="the database")
    command.add_argument(
        "--to",
        required=True,
        metavar="TARGET",
        help="a file, to which events are appended, or an http or https address "
        "(its key is read from OPENLINEAGE_API_KEY)",
    )
    command.add_argument("--since", type=int, default=0, metavar="RUN", help="send the runs after this one")
    command.add_argument(
        "--namespace", metavar="NS", help="of jobs, tables and views (default: duckdb:// and the path of the file)"
    )
    command.set_defaults(run=run)


def run(given: argparse.Namespace) -> None:
    """Send the runs, and say which was the last.

    Raises:
        FileNotFoundError: if there is no such file.
        ImportError: if openlineage-python is not installed.
        SendError: if a run could not be sent; says where to go on.
        InUse: if another process has the database open for writing.
        duckdb.Error: if it is no database.
    """
    from cocosql import openlineage  # noqa: PLC0415

    try:
        with opened(given.path) as con:
            sent = openlineage.send(con, given.to, since=given.since, namespace=given.namespace)
    except openlineage.SendError as error:
        before = f"The last run sent is {error.sent.last}" if error.sent.runs else "No run was sent"
        raise openlineage.SendError(f"{error}\n{before}: go on with --since {error.sent.last}", error.sent) from None
    print_line = partial(Console(highlight=False, soft_wrap=True).print, markup=False)
    if sent.runs:
        runs = "1 run was" if sent.runs == 1 else f"{sent.runs} runs were"
        print_line(f"{runs} sent. The last one is {sent.last}: go on with --since {sent.last}")
    else:
        print_line(f"There are no runs after {given.since}." if given.since else "There are no runs.")
    if sent.goes_on is not None:
        print_line(f"Run {sent.goes_on} goes on: it and those after it are left for the next time.")
