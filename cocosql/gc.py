"""Dropping memoized results that no view uses."""

import duckdb

from cocosql.sqltext import literal


def gc(con: duckdb.DuckDBPyConnection, retain: str = "7 days") -> duckdb.DuckDBPyConnection:
    """Drop results of functions that no row of a view comes from, and that were not used for a while.

    Args:
        con: a connection; the work is on its default database.
        retain: an interval: results that were computed or used within it stay, too.

    Returns:
        The connection with one row per function version: database, function, code_version, dropped, kept.

    Raises:
        duckdb.ConversionException: if `retain` is no interval.
    """
    return con.execute(f"VACUUM INCREMENTAL VIEWS WITH (retain = {literal(retain)})")
