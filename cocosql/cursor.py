"""Cursors for SQL of ours on a user's connection."""

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from cocosql.sqltext import literal, qualified


@contextmanager
def cursor_of(con: duckdb.DuckDBPyConnection) -> Iterator[tuple[duckdb.DuckDBPyConnection, str]]:
    """A cursor on which names of functions mean DuckDB's, whatever macros there are; and its default database."""
    with con.cursor() as cursor:
        ((database,),) = cursor.execute("SELECT system.main.current_database()").fetchall()
        cursor.execute(f"SET search_path = {literal('system.main,' + qualified(database, 'main'))}")
        yield cursor, database
