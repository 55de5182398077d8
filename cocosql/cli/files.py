"""Database files that commands read."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

import cocosql


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
        con = cocosql.connect(path, read_only=True)
    except duckdb.IOException as error:
        if "lock" not in str(error):
            raise
        raise InUse(
            f"{path} is in use: another process has it open for writing. Close it there, or try later"
        ) from None
    try:
        yield con
    finally:
        con.close()
