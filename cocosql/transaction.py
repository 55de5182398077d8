"""A transaction of the engine's own."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

import duckdb

from cocosql._native import Session


@contextmanager
def transaction(session: Session) -> Iterator[None]:
    session.begin()
    try:
        yield
    except BaseException:
        with suppress(duckdb.Error):
            session.execute("ROLLBACK")
        raise
    session.commit()
