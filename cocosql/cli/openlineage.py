"""``cocosql openlineage``: refreshes as OpenLineage events, to a file or an HTTP endpoint."""

from functools import partial
from pathlib import Path

from rich.console import Console

import cocosql


def run(path: Path, to: str, since: int, namespace: str | None) -> None:
    """Send the runs, and say which was the last.

    Raises:
        FileNotFoundError: if there is no such file.
        ImportError: if openlineage-python is not installed.
        SendError: if a run could not be sent; says where to go on.
        duckdb.Error: if it is no database, or another process writes to it.
    """
    from cocosql import openlineage  # noqa: PLC0415

    if not path.is_file():
        raise FileNotFoundError(f"there is no file {path}")
    con = cocosql.connect(path, read_only=True)
    try:
        sent = openlineage.send(con, to, since=since, namespace=namespace)
    except openlineage.SendError as error:
        before = f"The last run sent is {error.sent.last}" if error.sent.runs else "No run was sent"
        raise openlineage.SendError(f"{error}\n{before}: go on with --since {error.sent.last}", error.sent) from None
    finally:
        con.close()
    print_line = partial(Console(highlight=False, soft_wrap=True).print, markup=False)
    if sent.runs:
        runs = "1 run was" if sent.runs == 1 else f"{sent.runs} runs were"
        print_line(f"{runs} sent. The last one is {sent.last}: go on with --since {sent.last}")
    else:
        print_line(f"There are no runs after {since}." if since else "There are no runs.")
    if sent.goes_on is not None:
        print_line(f"Run {sent.goes_on} goes on: it and those after it are left for the next time.")
