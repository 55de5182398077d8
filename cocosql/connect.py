"""Connections: genuine DuckDB connections with the extension loaded."""

from collections.abc import Callable
from contextlib import suppress
from os import PathLike, fspath
from typing import Any

import duckdb

from cocosql import native
from cocosql.udf import Function, as_function, forget, remember

_NOT_LOADED = (
    "this connection is without CocoSQL: call cocosql.load(con) first, or open the database with cocosql.connect(path)"
)


def connect(
    path: str | PathLike[str] = ":memory:",
    *,
    functions: tuple[Function | Callable[..., Any], ...] = (),
    read_only: bool = False,
    config: dict[str, Any] | None = None,
    **duckdb_options: Any,
) -> duckdb.DuckDBPyConnection:
    """Open a database with CocoSQL.

    Args:
        path: the database file, or ":memory:".
        functions: Python functions to register.
        read_only: open the file for reading only.
        config: DuckDB's settings, as in duckdb.connect.
        duckdb_options: more of DuckDB's settings, by name: ``connect("a.db", threads=2)``.

    Returns:
        DuckDB's own connection object. Unsigned extensions other than this one stay forbidden on it.

    Raises:
        duckdb.IOException: if another process holds the file.
    """
    settings = {**(config or {}), **duckdb_options, "allow_unsigned_extensions": "true"}
    native.load()
    con = duckdb.connect(fspath(path), read_only=read_only, config=settings)
    try:
        load(con)
        con.execute("SET GLOBAL allow_unsigned_extensions = false")
        register(con, *functions)
    except BaseException:
        con.close()
        raise
    return con


def load(con: duckdb.DuckDBPyConnection) -> None:
    """Add CocoSQL to a connection's database instance. Loading it again does nothing.

    Raises:
        duckdb.PermissionException: if the database was not opened with allow_unsigned_extensions.
    """
    native.load()
    with con.cursor() as cursor:
        # To ask whether it is there takes ten times as long: DuckDB makes all its macros when a name is not found.
        try:
            cursor.load_extension(str(native.library()))
        except duckdb.Error:
            if _allows_unsigned(cursor):
                raise
            raise duckdb.PermissionException(
                "CocoSQL is an extension that DuckDB loads only where unsigned extensions are allowed. Open the "
                "database with cocosql.connect(path), or with "
                "duckdb.connect(path, config={'allow_unsigned_extensions': 'true'})"
            ) from None
        with suppress(duckdb.InvalidInputException):  # open for reading only: the views can be read all the same
            cursor.execute("UPGRADE INCREMENTAL VIEWS")


def register(con: duckdb.DuckDBPyConnection, *functions: Function | Callable[..., Any]) -> None:
    """Make Python functions known to all connections of the database instance.

    A name registered again replaces the function. A function that is not decorated with :func:`cocosql.udf` is taken
    as ``cocosql.udf(function)``.

    Raises:
        duckdb.CatalogException: if SQL has another meaning for the name, or the connection is without CocoSQL.
        TypeError: if the signature does not say the SQL types, or the code depends on what has no fingerprint.
    """
    with con.cursor() as cursor:
        for function in functions:
            number = remember(as_function(function).as_it_is_now())
            try:
                cursor.execute("SELECT system.main.coco_register(?)", [number]).fetchall()
            except BaseException as error:
                forget(number)
                if isinstance(error, duckdb.CatalogException) and not _is_loaded(cursor):
                    raise duckdb.CatalogException(_NOT_LOADED) from None
                raise


def _is_loaded(cursor: duckdb.DuckDBPyConnection) -> bool:
    # The list of all functions would take longer than all the rest of opening a database.
    try:
        cursor.execute("EXPLAIN SELECT system.main.coco_register(0)")
    except duckdb.CatalogException:
        return False
    return True


def _allows_unsigned(cursor: duckdb.DuckDBPyConnection) -> bool:
    found = cursor.execute("SELECT system.main.current_setting('allow_unsigned_extensions')::BOOLEAN").fetchall()
    return found == [(True,)]
