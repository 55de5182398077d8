"""The sources of a query: the relations that it reads, and how a row of each is known again."""

from contextlib import suppress
from dataclasses import dataclass, field

import duckdb
import sqlglot
from sqlglot import exp

from cocosql._native import Session
from cocosql.catalog.names import Name, relation
from cocosql.catalog.views import View
from cocosql.planner.call_sites import calls_in
from cocosql.planner.file_calls import FileCall, file_call, file_calls
from cocosql.planner.file_types import file_types
from cocosql.planner.qualify import tables
from cocosql.sqltext import CocoDuckDB, ident, render

#: Types whose values can be the id of a row as they are; keys of other types are fingerprinted.
_INTEGERS = {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT"}

#: Types of which values that are equal to SQL are indistinguishable, so that a value has one fingerprint.
EXACT = {*_INTEGERS, "UHUGEINT", "BOOLEAN", "VARCHAR", "BLOB", "UUID", "DATE", "TIME", "TIMESTAMP"}


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
    #: Whether it is a table with columns that are worked out from others.
    has_generated: bool = False
    #: The call that reads files, if it is one; see `FileTypes.schema`.
    files: FileCall | None = None
    schema: str | None = None
    #: Columns that ``*`` leaves out and the query names, and their types.
    hidden: dict[str, str] = field(default_factory=dict)

    @property
    def types(self) -> dict[str, str]:
        """The types of all columns that a query may read."""
        return {**dict(zip(self.column_names, self.column_types, strict=True)), **self.hidden}

    def __str__(self) -> str:
        return str(self.name or self.sql)

    @property
    def has_integer_key(self) -> bool:
        return len(self.key) == 1 and self.types[self.key[0]] in _INTEGERS


def find_sources(session: Session, tree: exp.Query, views: list[View], files: list[Source]) -> list[Source]:
    """The distinct sources of a query whose names are qualified.

    `views` are the incremental views of its database, `files` the sources that are files.
    """
    upstream = {view.name.key(): view for view in views}
    found: dict[str, Source] = {source.sql.lower(): source for source in files}
    for table in tables(tree):
        if file_call(table):
            continue
        source = _table_source(session, table, upstream)
        found.setdefault(source.sql.lower(), source)
    for table in tree.find_all(exp.Table):
        if isinstance(table.this, exp.Func) and not file_call(table):
            sql = render(table.this)
            with suppress(duckdb.BinderException):  # its arguments are of another source: it is none by itself
                found.setdefault(sql.lower(), _relation(session, sql))
    return list(found.values())


def file_sources(session: Session, tree: exp.Query) -> list[Source]:
    """The distinct sources of a query that are files."""
    calls = {call.sql: call for _, call in file_calls(tree)}
    named = {identifier.name.lower() for identifier in tree.find_all(exp.Identifier)}
    return [_file_source(session, call, named) for call in calls.values()]


def _file_source(session: Session, call: FileCall, named: set[str]) -> Source:
    found = file_types(session, call)
    names, types = [name for name, _ in found.columns], [kind for _, kind in found.columns]
    present = set(map(str.lower, names))
    hidden = {name: kind for name, kind in call.virtual.items() if name in named and name not in present}
    key = ["filename"] if call.is_plain and not found.has_duplicates else []
    return Source(call.sql, None, names, types, key, None, files=call, schema=found.schema, hidden=hidden)


def without_files(tree: exp.Query, files: list[Source]) -> exp.Query:
    """The query over relations without rows in place of files, so that DuckDB can bind it and open none."""
    found = {source.sql: source for source in files}
    tree = tree.copy()
    has_star = tree.find(exp.Star) is not None or bool(calls_in(tree, ["columns"]))
    for table, call in file_calls(tree):
        source = found[call.sql]
        if source.hidden and has_star:
            continue
        columns = ", ".join(f"NULL::{kind} AS {ident(name)}" for name, kind in source.types.items())
        empty = sqlglot.parse_one(f"SELECT {columns} WHERE false", dialect=CocoDuckDB)
        alias = table.args.get("alias") or exp.TableAlias()
        alias.set("this", exp.to_identifier(call.alias, quoted=True))
        table.replace(exp.Subquery(this=empty, alias=alias))
    return tree


def source_sql(table: exp.Table) -> str:
    """The source that an item of a FROM clause is, as SQL."""
    call = file_call(table)
    if call:
        return call.sql
    return render(exp.Table(this=table.this, db=table.args.get("db"), catalog=table.args.get("catalog")))


def upstream_source(view: View) -> Source:
    """An incremental view as a source."""
    return Source(view.name.sql, view.name, view.column_names, view.column_types, [], view)


def _table_source(session: Session, table: exp.Table, upstream: dict[tuple[str, str, str], View]) -> Source:
    sql = source_sql(table)
    if not table.args.get("catalog"):
        return _relation(session, sql)
    name = Name(table.catalog, table.db, table.name)
    columns = session.describe(f"FROM {sql}")
    names, types = [column for column, _ in columns], [kind for _, kind in columns]
    found = relation(session, name)
    view = upstream.get(name.key())
    if found is None or found.is_view:
        return Source(sql, name, names, types, [], view)
    return Source(sql, name, names, types, found.key, view, is_table=True, has_generated=found.has_generated)


def _relation(session: Session, sql: str) -> Source:
    columns = session.describe(f"FROM {sql}")
    return Source(sql, None, [column for column, _ in columns], [kind for _, kind in columns], [], None)
