"""The sources of a query: the relations that it reads, and how a row of each is known again."""

from contextlib import suppress
from dataclasses import dataclass

import duckdb
from sqlglot import exp

from cocosql._native import Session
from cocosql.catalog.names import Name, relation
from cocosql.catalog.views import View
from cocosql.planner.qualify import tables
from cocosql.sqltext import render

#: Types whose values can be the id of a row as they are; keys of other types are fingerprinted.
_INTEGERS = {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT"}


@dataclass(frozen=True)
class Source:
    #: As SQL, under the present alias of its database.
    sql: str
    #: None for what is no table or view (a table function, a file).
    name: Name | None
    column_names: list[str]
    column_types: list[str]
    #: The primary key, or empty.
    key: list[str]
    #: The incremental view that it is, if it is one of the same database.
    upstream: View | None
    is_table: bool = False

    @property
    def has_integer_key(self) -> bool:
        types = dict(zip(self.column_names, self.column_types, strict=True))
        return len(self.key) == 1 and types[self.key[0]] in _INTEGERS


def find_sources(session: Session, tree: exp.Query, views: list[View]) -> list[Source]:
    """The distinct sources of a query whose names are qualified. `views` are the incremental views of its database."""
    upstream = {view.name.key(): view for view in views}
    found: dict[str, Source] = {}
    for table in tables(tree):
        source = _table_source(session, table, upstream)
        found.setdefault(source.sql.lower(), source)
    for table in tree.find_all(exp.Table):
        if isinstance(table.this, exp.Func):
            sql = render(table.this)
            with suppress(duckdb.BinderException):  # its arguments are of another source: it is none by itself
                found.setdefault(sql.lower(), _relation(session, sql))
    return list(found.values())


def upstream_source(view: View) -> Source:
    """An incremental view as a source."""
    return Source(view.name.sql, view.name, view.column_names, view.column_types, [], view)


def _table_source(session: Session, table: exp.Table, upstream: dict[tuple[str, str, str], View]) -> Source:
    sql = render(exp.Table(this=table.this, db=table.args.get("db"), catalog=table.args.get("catalog")))
    if not table.args.get("catalog"):
        return _relation(session, sql)
    name = Name(table.catalog, table.db, table.name)
    columns = session.describe(f"FROM {sql}")
    names, types = [column for column, _ in columns], [kind for _, kind in columns]
    found = relation(session, name)
    key, is_table = (found.key, not found.is_view) if found else ([], False)
    return Source(sql, name, names, types, key, upstream.get(name.key()), is_table)


def _relation(session: Session, sql: str) -> Source:
    columns = session.describe(f"FROM {sql}")
    return Source(sql, None, [column for column, _ in columns], [kind for _, kind in columns], [], None)
