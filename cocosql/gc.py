"""Dropping memoized results that no view uses."""

import duckdb

from cocosql.sqltext import literal


def gc(
    con: duckdb.DuckDBPyConnection, retain: str | None = None, *, function: str | None = None
) -> duckdb.DuckDBPyConnection:
    """Drop results of functions that no row of a view comes from, and that were not used for a while.

    Results that present rows come from stay: ``REFRESH … WITH (recall = true)`` has them made anew.

    Args:
        con: a connection; the work is on its default database.
        retain: an interval: results that were computed or used within it stay, too. The default is seven days, and
            none where a function is named.
        function: the name of a function: only its results are dropped, of all its code versions.

    Returns:
        The connection with one row per function version: database, function, code_version, dropped, kept.

    Raises:
        duckdb.InvalidInputException: if `retain` is no interval.
        duckdb.CatalogException: if there are no results of such a function.
    """
    options = {"retain": retain, "function": function}
    given = ", ".join(f"{name} = {literal(value)}" for name, value in options.items() if value is not None)
    return con.execute(f"VACUUM INCREMENTAL VIEWS{f' WITH ({given})' if given else ''}")
