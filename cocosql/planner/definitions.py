"""What a query calls and reads by name: functions, and the views and macros behind them."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import duckdb
from sqlglot import exp

from cocosql._native import Session
from cocosql.catalog.names import Name, relation
from cocosql.planner.qualify import tables, without_database
from cocosql.sqltext import try_parse

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

#: How the names of macros begin among definitions.
_MACRO = "macro "

#: Functions that DuckDB calls consistent although they read what is not in the query.
_READS_SESSION = {
    *("getvariable", "current_setting", "current_query", "nextval", "currval", "getenv", "age(timestamp)"),
    *("current_user", "session_user", "current_role", "current_catalog", "current_schema", "current_schemas"),
    *("current_database", "user"),
}


#: What SQL knows under the name of a function: its kind ("volatile" if it is not consistent), and a macro's definition.
Kind = tuple[str, str | None]


@dataclass
class Definitions:
    """What a query uses: functions by lower-case name, and the definitions of the views and macros."""

    #: The database of the view: definitions do not name it.
    database: str
    functions: dict[str, set[Kind]] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    #: Keys of the names of all tables and views that are read, also through views.
    relations: set[tuple[str, str, str]] = field(default_factory=set)
    #: Keys of the names of incremental views: to those who read them they are tables.
    incremental: frozenset[tuple[str, str, str]] = frozenset()

    @property
    def macros(self) -> list[str]:
        return [name.removeprefix(_MACRO) for name in self.texts if name.startswith(_MACRO)]


def collect(session: Session, tree: exp.Expr, database: str, incremental: Iterable[Name]) -> Definitions:
    """What a query of a database uses, through macros and views, of which some are incremental."""
    found = Definitions(database, incremental=frozenset(name.key() for name in incremental))
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


def check_deterministic(used: dict[str, set[Kind]], python: set[str]) -> None:
    """Refuse functions that give another result each time.

    Raises:
        duckdb.InvalidInputException: if one is among those used.
    """
    for found in sorted(used.keys() - python):
        name = found.removesuffix("(timestamp)")
        if found in _READS_SESSION or found in _BARE.values() or any(kind == "volatile" for kind, _ in used[found]):
            raise duckdb.InvalidInputException(
                f"{name} cannot be part of an incremental view: it gives another result each time, so the view could "
                f"not equal its query. Put the value into a table that the view reads, or apply {name} where you read "
                "the view"
            )


def _collect(session: Session, tree: exp.Expr, found: Definitions) -> None:
    new = known_functions(session, _function_names(tree) - found.functions.keys())
    found.functions.update(new)
    for name, kinds in new.items():
        macros = sorted(definition for _, definition in kinds if definition)
        if macros:
            found.texts[f"{_MACRO}{name}"] = ", ".join(macros)
        for definition in macros:
            _collect_text(session, definition, found)
    if isinstance(tree, exp.Query):
        for table in tables(tree):
            _collect_view(session, table, found)


def _collect_view(session: Session, table: exp.Table, found: Definitions) -> None:
    if not table.args.get("catalog"):
        return
    name = Name(table.catalog, table.db, table.name)
    found.relations.add(name.key())
    key = f"view {without_database(name.sql, found.database)}"
    behind = relation(session, name) if name.key() not in found.incremental else None
    if behind and behind.is_view and key not in found.texts:
        found.texts[key] = behind.sql
        _collect_text(session, behind.sql, found, name)


def _collect_text(session: Session, text: str, found: Definitions, view: Name | None = None) -> None:
    tree = try_parse(text)
    query = tree.expression if isinstance(tree, exp.Create) else tree
    if query is None:
        return
    if view and isinstance(query, exp.Query):
        _fill_names(session, query, view)
    _collect(session, query, found)


def _fill_names(session: Session, query: exp.Query, view: Name) -> None:
    """What DuckDB takes the names in a view for: relations of its schema, or else of main, in its database."""
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
