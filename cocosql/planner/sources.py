"""Finding the sources of a query: the relations that it reads."""

from collections.abc import Callable, Iterable

import sqlglot
from sqlglot import exp

from cocosql._native import Session
from cocosql.catalog.graph import Graph
from cocosql.catalog.names import Name, relation
from cocosql.catalog.views import View
from cocosql.operators.call_sites import calls_in
from cocosql.operators.source import Source
from cocosql.planner.algebra import Relation
from cocosql.planner.file_calls import FileCall, file_calls
from cocosql.planner.file_types import file_types
from cocosql.sqltext import columns_sql, ident
from cocosql.sqltree import CocoDuckDB


def _hide(table: exp.Table, alias: str, hidden: Iterable[str]) -> None:
    """Leave hidden columns of a file out of the stars of its SELECT."""
    select = table.find_ancestor(exp.Select)
    for item in select.expressions if select else []:
        star = item.this if isinstance(item, exp.Column) else item
        if isinstance(star, exp.Star) and (not isinstance(item, exp.Column) or item.table.lower() == alias.lower()):
            columns = [exp.column(name, table=alias, quoted=True) for name in hidden]
            star.set("except_", [*(star.args.get("except_") or []), *columns])


#: How the temporary tables are named that stand for files while a query is planned.
_FILE_TABLE = "coco_file_"


def source_of(session: Session, relation: Relation, views: Graph, files: list[Source]) -> Source | None:
    """The source that a relation of the algebra is; None if it reads none.

    `views` are the incremental views of the query's database, `files` the sources that are files.
    """
    match relation.kind:
        case "call":
            columns = session.describe(f"FROM {relation['sql']}")
            names, types = [column for column, _ in columns], [kind for _, kind in columns]
            return Source(relation["sql"], None, names, types, [], None)
        case "table":
            name = Name(relation["database"], relation["schema"], relation["name"])
        case _:
            return None
    if name.database == "temp" and name.name.startswith(_FILE_TABLE):
        return files[int(name.name.removeprefix(_FILE_TABLE))]
    view = views.of_rows(name)
    return upstream_source(view) if view else _table_source(session, name)


def with_file_tables(session: Session, tree: exp.Query, files: list[Source]) -> exp.Query:
    """The query over temporary tables without rows in place of files, so that DuckDB can bind it and open none."""

    def table(number: int, source: Source) -> exp.Expr:
        name = f"{_FILE_TABLE}{number}"
        session.execute(f"CREATE OR REPLACE TEMP TABLE {name} ({columns_sql(source.types.items())})")
        return exp.table_(name, db="main", catalog="temp", quoted=True)

    return _without_files(tree, files, table)


def file_sources(session: Session, tree: exp.Query, database: str) -> list[Source]:
    """The distinct sources of a query that are files, for a view of a database."""
    calls = {call.sql: call for _, call in file_calls(tree)}
    named = {identifier.name.lower() for identifier in tree.find_all(exp.Identifier)}
    return [_file_source(session, call, database, named) for call in calls.values()]


def _file_source(session: Session, call: FileCall, database: str, named: set[str]) -> Source:
    found = file_types(session, call, database)
    names, types = [name for name, _ in found.columns], [kind for _, kind in found.columns]
    present = set(map(str.lower, names))
    hidden = {name: kind for name, kind in call.virtual.items() if name in named and name not in present}
    key = ["filename"] if call.is_plain and not found.has_duplicates else []
    return Source(call.sql, None, names, types, key, None, files=call, schema=found.schema, hidden=hidden)


def without_files(tree: exp.Query, files: list[Source]) -> exp.Query:
    """The query over relations without rows in place of files, so that DuckDB can bind it and open none."""

    def empty(_: int, source: Source) -> exp.Expr:
        columns = ", ".join(f"NULL::{kind} AS {ident(name)}" for name, kind in source.types.items())
        return exp.Subquery(this=sqlglot.parse_one(f"SELECT {columns} WHERE false", dialect=CocoDuckDB))

    return _without_files(tree, files, empty)


def _without_files(tree: exp.Query, files: list[Source], stand_in: Callable[[int, Source], exp.Expr]) -> exp.Query:
    numbers = {source.sql: number for number, source in enumerate(files)}
    tree = tree.copy()
    has_columns = bool(calls_in(tree, ["columns"]))
    for table, call in file_calls(tree):
        source = files[numbers[call.sql]]
        if source.hidden and has_columns:
            continue
        _hide(table, call.alias, source.hidden)
        alias = table.args.get("alias") or exp.TableAlias()
        alias.set("this", exp.to_identifier(call.alias, quoted=True))
        replacement = stand_in(numbers[call.sql], source)
        replacement.set("alias", alias)
        table.replace(replacement)
    return tree


def upstream_source(view: View) -> Source:
    """An incremental view as a source."""
    return Source(view.name.sql, view.name, view.column_names, view.column_types, [], view)


def _table_source(session: Session, name: Name) -> Source:
    columns = session.describe(f"FROM {name.sql}")
    names, types = [column for column, _ in columns], [kind for _, kind in columns]
    found = relation(session, name)
    if found is None or found.is_view:
        return Source(name.sql, name, names, types, [], None)
    return Source(name.sql, name, names, types, found.key, None, is_table=True, has_generated=found.has_generated)
