"""What a database knows of its refreshes, and of the views that they were of."""

from dataclasses import dataclass
from datetime import datetime

import duckdb
from sqlglot import exp

from cocosql.catalog.names import Name
from cocosql.catalog.tables import INPUTS, VIEWS, own
from cocosql.openlineage.datasets import Places
from cocosql.planner.file_calls import file_calls
from cocosql.planner.qualify import tables
from cocosql.sqltext import literal, qualified
from cocosql.sqltree import render, try_parse

Columns = list[tuple[str, str]]
#: A column of the view (None: all), source, column of the source, expression, whether it is direct, kind.
LineageRow = tuple[str | None, str | None, str | None, str | None, str, str]


@dataclass(frozen=True)
class Run:
    run_id: int
    #: As coco_runs() names it.
    view: str
    version: int | None
    started_at: datetime
    finished_at: datetime | None
    status: str
    rows_written: int | None
    error: str | None
    query: str | None
    functions: dict[str, str] | None

    @property
    def goes_on(self) -> bool:
        return self.status == "running"


@dataclass(frozen=True)
class View:
    """A view as it is now."""

    schema: str
    name: str
    query: str
    columns: Columns
    #: Tables, views and files that it reads, as SQL.
    sources: list[str]


class History:
    """The history of a database, asked over a cursor for it."""

    def __init__(self, cursor: duckdb.DuckDBPyConnection, database: str) -> None:
        self._cursor = cursor
        self.database = database

    def places(self, namespace: str | None) -> Places:
        files = self._rows("SELECT database_name, path FROM duckdb_databases()")
        relations = self._rows(
            "SELECT database_name, schema_name, table_name, 'TABLE' FROM duckdb_tables() "
            "UNION ALL SELECT database_name, schema_name, view_name, 'VIEW' FROM duckdb_views()"
        )
        kinds = {(database, schema, name): kind for database, schema, name, kind in relations}
        return Places(self.database, namespace, dict(files), kinds)

    def runs(self, after: int) -> list[Run]:
        """The runs after one, in the order of their numbers."""
        columns = "run_id, view, version, started_at, finished_at, status, inserted + updated, error, query, functions"
        rows = self._rows(
            f"SELECT {columns} FROM coco_runs() WHERE database = {literal(self.database)} AND run_id > {after} "
            "ORDER BY run_id"
        )
        return [Run(*row) for row in rows]

    def views(self) -> dict[str, View]:
        """The views that there are, as coco_runs() names them."""
        sources: dict[int, list[str]] = {}
        for view_id, source in self._rows(f"SELECT view_id, source FROM {own(INPUTS, self.database)} ORDER BY ALL"):
            sources.setdefault(view_id, []).append(source)
        columns, table = "view_id, schema_name, view_name, query, column_names, column_types", own(VIEWS, self.database)
        found = [
            View(place, name, query, list(zip(names, types, strict=True)), sources.get(view_id, []))
            for view_id, place, name, query, names, types in self._rows(f"SELECT {columns} FROM {table}")
        ]
        return {str(Name(self.database, view.schema, view.name)): view for view in found}

    def column_lineage(self, view: View) -> list[LineageRow]:
        """The lineage of a view's columns, as far as what it reads itself; nothing if its query does not hold."""
        name = literal(qualified(self.database, view.schema, view.name))
        try:
            return self._rows(
                "SELECT column_name, source, source_column, expression, influence, kind "
                f"FROM coco_column_lineage({name}, false)"
            )
        except duckdb.Error:
            return []

    def columns(self, relation: str) -> Columns:
        """The columns of a relation, if it is there."""
        try:
            return [(name, kind) for name, kind, *_ in self._rows(f"DESCRIBE FROM {relation}")]
        except duckdb.Error:
            return []

    def _rows(self, sql: str) -> list[tuple]:  # type: ignore[type-arg]
        return self._cursor.execute(sql).fetchall()


def sources_in(query: str) -> list[str]:
    """What a query that a view had reads, as SQL."""
    tree = try_parse(query)
    if not isinstance(tree, exp.Query):
        return []
    files = {id(table): call for table, call in file_calls(tree)}
    named = [table for table in tables(tree) if id(table) not in files]
    names = [render(exp.table_(table.name, db=table.db, catalog=table.catalog, quoted=True)) for table in named]
    return list(dict.fromkeys([*names, *(call.sql for call in files.values())]))
