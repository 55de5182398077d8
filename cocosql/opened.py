"""A database file, open for reading only."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from cocosql.connect import connect


class InUse(Exception):
    """Another process holds the file; the message says what to do."""


@contextmanager
def opened(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The database, open for reading only.

    Raises:
        FileNotFoundError: if there is no such file.
        InUse: if another process has it open for writing.
        duckdb.Error: if it is no database.
    """
    if not path.is_file():
        raise FileNotFoundError(f"there is no file {path}")
    try:
        con = connect(path, read_only=True)
    except duckdb.IOException as error:
        if "Could not set lock" not in str(error):
            raise
        raise InUse(f"{path} is in use by another process, which may write to it: close it there first") from None
    try:
        yield con
    finally:
        con.close()
