"""What a query calls and reads by name: functions, and the views and macros behind them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlglot import exp

from cocosql._native import Session
from cocosql.catalog.graph import Graph
from cocosql.catalog.names import Name, relation
from cocosql.planner.algebra import Relation
from cocosql.planner.determinism import Kind
from cocosql.planner.qualify import tables, without_database
from cocosql.sqltree import try_parse

#: Functions that SQL writes without parentheses.
_BARE: dict[type[exp.Expr], str] = {
    exp.CurrentDate: "current_date",
    exp.CurrentTime: "current_time",
    exp.CurrentTimestamp: "current_timestamp",
    exp.CurrentUser: "current_user",
    exp.CurrentRole: "current_role",
    exp.CurrentCatalog: "current_catalog",
    exp.SessionUser: "session_user",
    exp.Localtime: "localtime",
    exp.Localtimestamp: "localtimestamp",
}

_LITERAL = re.compile(r"'(?:[^']|'')*'")
_CALLED = re.compile(r'(\w+)"?\s*\(')
_BARE_WORD = re.compile(rf'(?<![\w".])({"|".join(_BARE.values())})(?![\w"])', re.IGNORECASE)

#: How the names of macros begin among definitions.
_MACRO = "macro "


@dataclass
class Definitions:
    """What a query uses: functions by lower-case name, and the definitions of the views and macros."""

    #: The database of the view: definitions do not name it.
    database: str
    functions: dict[str, set[Kind]] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    #: Keys of the names of all tables and views that are read, also through views.
    relations: set[tuple[str, str, str]] = field(default_factory=set)
    #: The incremental views of the database: to those who read them they are tables.
    incremental: Graph = field(default_factory=Graph)

    @property
    def macros(self) -> list[str]:
        return [name.removeprefix(_MACRO) for name in self.texts if name.startswith(_MACRO)]


def collect(session: Session, tree: exp.Expr | None, sql: str, database: str, incremental: Graph) -> Definitions:
    """What a query of a database uses, through macros and views, of which some are incremental.

    Of a query without a tree, what its words may name.
    """
    found = Definitions(database, incremental=incremental)
    if tree is None:
        _collect_functions(session, _words(sql), found)
    else:
        _collect(session, tree, found)
    return found


def shape(session: Session, relations: set[tuple[str, str, str]], macros: list[str]) -> str:
    """What the catalog says of tables, views and macros: columns, types, keys, what views select, and macros do."""
    found = [(key, relation(session, Name(*key))) for key in sorted(relations)]
    return str([(key, one.sql if one else None) for key, one in found] + sorted(session.function_kinds(macros)))


def known_functions(session: Session, names: set[str]) -> dict[str, set[Kind]]:
    """What SQL knows under these names, which are lower case."""
    known: dict[str, set[Kind]] = {name: set() for name in names}
    for name, kind, definition in session.function_kinds(sorted(names)):
        known[name].add((kind, definition))
    return known


def _collect(session: Session, tree: exp.Expr, found: Definitions) -> None:
    _collect_functions(session, _function_names(tree), found)
    if isinstance(tree, exp.Query):
        for table in tables(tree):
            _collect_view(session, table, found)


def _collect_functions(session: Session, names: set[str], found: Definitions) -> None:
    new = known_functions(session, names - found.functions.keys())
    found.functions.update(new)
    for name, kinds in new.items():
        macros = sorted(definition for _, definition in kinds if definition)
        if macros:
            found.texts[f"{_MACRO}{name}"] = ", ".join(macros)
        for definition in macros:
            _collect_text(session, definition, found)


def _collect_view(session: Session, table: exp.Table, found: Definitions) -> None:
    if not table.args.get("catalog"):
        return
    name = Name(table.catalog, table.db, table.name)
    found.relations.add(name.key())
    key = f"view {without_database(name.sql, found.database)}"
    behind = relation(session, name) if found.incremental.named(name) is None else None
    if behind and behind.is_view and key not in found.texts:
        found.texts[key] = behind.sql
        _collect_text(session, behind.sql, found, name)


def _collect_text(session: Session, text: str, found: Definitions, view: Name | None = None) -> None:
    tree = try_parse(text)
    query = tree.expression if isinstance(tree, exp.Create) else tree
    if query is None:
        _collect_functions(session, _words(text), found)
        return
    if view and isinstance(query, exp.Query):
        _fill_names(session, query, view)
    _collect(session, query, found)


def _fill_names(session: Session, query: exp.Query, view: Name) -> None:
    """Write out the names in a view's query as DuckDB resolves them: in the view's schema, or else in main, of its
    database."""
    for table in tables(query):
        database, name = table.catalog or view.database, table.name
        options = [Name(database, schema, name) for schema in ([table.db] if table.db else [view.schema, "main"])]
        meant = next((option for option in options if relation(session, option)), None)
        if meant:
            table.set("db", exp.to_identifier(meant.schema, quoted=True))
            table.set("catalog", exp.to_identifier(meant.database, quoted=True))


def _function_names(tree: exp.Expr) -> set[str]:
    names = set()
    for node in tree.walk():
        if isinstance(node, exp.Anonymous):
            names.add(node.name.lower())
            if node.name.lower() == "age" and len(node.expressions) == 1:
                names.add("age(timestamp)")
        elif type(node) in _BARE:
            names.add(_BARE[type(node)])
    return names


def _words(sql: str) -> set[str]:
    """Names in SQL that may be of functions."""
    return _called(sql) | {name.lower() for name in _BARE_WORD.findall(_LITERAL.sub("''", sql))}


def _called(sql: str) -> set[str]:
    """The names before an opening parenthesis in SQL: of functions, and maybe of more."""
    return {name.lower() for name in _CALLED.findall(_LITERAL.sub("''", sql))}


def called(relations: list[Relation]) -> set[str]:
    """The functions that a bound query calls, also by words that look like columns."""
    return {name for relation in relations for text in _texts(relation.parts) for name in _called(text)}


def _texts(part: Any) -> Iterator[str]:
    if isinstance(part, str):
        yield part
    elif isinstance(part, (list, tuple)):
        for each in part:
            yield from _texts(each)
    elif isinstance(part, dict):
        yield from _texts(list(part.values()))
