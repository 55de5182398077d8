"""The graph of a database's views."""

from typing import TYPE_CHECKING

import duckdb

if TYPE_CHECKING:
    from cocosql.pictures.picture import Picture


def graph(con: duckdb.DuckDBPyConnection, view: str | None = None) -> "Picture":
    """The graph of sources, operators, functions and views.

    Args:
        con: a connection with CocoSQL.
        view: a view's name: only what it is made of is shown. By default all views of all attached databases.

    Raises:
        duckdb.CatalogException: if there is no such incremental view.
    """
    from cocosql.pictures.picture import picture  # noqa: PLC0415 — who draws nothing need not wait for it

    return picture(con, view)
