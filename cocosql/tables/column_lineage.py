"""coco_column_lineage(['view'[, through_views]]): the source columns that each column of a view depends on."""

from collections.abc import Iterator

import duckdb

from cocosql._native import Session
from cocosql.catalog import migrations, views
from cocosql.catalog.names import Caller
from cocosql.catalog.views import View
from cocosql.lineage.columns import Column, ColumnLineage, Origin, Tracer
from cocosql.lineage.uses import readable
from cocosql.sqltext import literal
from cocosql.sqltree import split_name
from cocosql.tables import templates

_FUNCTIONS = "STRUCT(name VARCHAR, code_version VARCHAR)[]"
_COLUMNS = {
    "column_name": "VARCHAR",
    "source": "VARCHAR",
    "source_column": "VARCHAR",
    "functions": _FUNCTIONS,
    "expression": "VARCHAR",
    "influence": "VARCHAR",
    "kind": "VARCHAR",
    "database": "VARCHAR",
    "view": "VARCHAR",
}


def sql(session: Session, arguments: list[str], caller: Caller) -> str:
    tracer = Tracer(session, through_views=arguments[1:] != ["false"])
    if arguments:
        view = views.require(session, split_name(arguments[0]), caller)
        return templates.values(_COLUMNS, list(_rows(view, tracer.of(view))))
    rows: list[list[str]] = []
    for database in migrations.databases(session):
        for view in views.all_views(session, database):
            try:
                rows += _rows(view, tracer.of(view))
            except duckdb.Error:  # coco_views() says that it is broken, and why
                continue
    return templates.values(_COLUMNS, rows)


def _rows(view: View, lineage: ColumnLineage) -> Iterator[list[str]]:
    where = [literal(view.name.database), literal(str(view.name))]
    for name, column in lineage.columns.items():
        for origin in column.origins:
            yield [literal(name), *_shown(origin, lineage), *where]
        if not column.origins:
            yield [literal(name), *_constant(column), *where]
    for origin in lineage.rows:
        yield ["NULL", *_shown(origin, lineage), *where]


def _shown(origin: Origin, lineage: ColumnLineage) -> list[str]:
    functions = ", ".join(
        f"{{'name': {literal(name)}, 'code_version': {literal(code)}}}" for name, code in origin.functions
    )
    return [
        literal(str(lineage.sources[origin.source])),
        "NULL" if origin.column is None else literal(origin.column),
        f"[{functions}]::{_FUNCTIONS}",
        literal(readable(origin.expression)),
        literal("direct" if origin.is_direct else "indirect"),
        literal(origin.kind),
    ]


def _constant(column: Column) -> list[str]:
    shown = literal(readable(column.expression)) if column.expression else "NULL"
    return ["NULL", "NULL", f"[]::{_FUNCTIONS}", shown, "'direct'", "'constant'"]
