"""What a query calls and reads by name: functions, and the views and macros behind them."""

from dataclasses import dataclass, field

import duckdb
import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from cocosql._native import Session
from cocosql.catalog.names import Name, relation_kind
from cocosql.planner.qualify import tables
from cocosql.sqltext import CocoDuckDB

#: Functions that SQL writes without parentheses.
_BARE = {
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


@dataclass
class Definitions:
    """Names of functions, lower case, and the definitions of the views and macros among what a query uses."""

    functions: set[str] = field(default_factory=set)
    texts: dict[str, str] = field(default_factory=dict)
    #: Keys of the names of all tables and views that are read, also through views.
    relations: set[tuple[str, str, str]] = field(default_factory=set)

    @property
    def macros(self) -> list[str]:
        return [name.removeprefix(_MACRO) for name in self.texts if name.startswith(_MACRO)]


def collect(session: Session, tree: exp.Expr, names: dict[str, list[tuple[str, str | None]]]) -> Definitions:
    """What the query uses, through views and macros. `names` are the functions that DuckDB knows: kind, definition."""
    found = Definitions()
    _collect(session, tree, names, found)
    return found


def shape(session: Session, relations: set[tuple[str, str, str]], macros: list[str]) -> str:
    """What the catalog says of tables, views and macros: columns, types, keys, what views select, and macros do."""
    rows = session.execute(
        """
        SELECT lower(database_name), lower(schema_name), lower(table_name), sql FROM duckdb_tables()
        UNION ALL SELECT lower(database_name), lower(schema_name), lower(view_name), sql FROM duckdb_views()
        WHERE NOT internal
        """
    )
    shapes = [row for row in rows if row[:3] in relations]
    if macros:
        shapes += session.execute(
            "SELECT lower(function_name) AS name, macro_definition FROM duckdb_functions() "
            "WHERE macro_definition IS NOT NULL AND list_contains($1, name)",
            [macros],
        )
    return str(sorted(shapes))


def known_functions(session: Session) -> dict[str, list[tuple[str, str | None]]]:
    """Function types and macro definitions by lower-case name; volatile functions are of type 'volatile'."""
    known: dict[str, list[tuple[str, str | None]]] = {}
    rows = session.execute(
        """
        SELECT DISTINCT lower(function_name),
            CASE WHEN stability IN ('VOLATILE', 'CONSISTENT_WITHIN_QUERY') THEN 'volatile' ELSE function_type END,
            macro_definition
        FROM duckdb_functions()
        """
    )
    for name, kind, definition in rows:
        known.setdefault(name, []).append((kind, definition))
    return known


def check_deterministic(used: set[str], python: set[str], known: dict[str, list[tuple[str, str | None]]]) -> None:
    """Refuse functions that give another result each time.

    Raises:
        duckdb.InvalidInputException: if one is among those used.
    """
    for found in sorted(used - python):
        name = found.removesuffix("(timestamp)")
        if (
            found in _READS_SESSION
            or found in _BARE.values()
            or any(kind == "volatile" for kind, _ in known.get(name, []))
        ):
            raise duckdb.InvalidInputException(
                f"{name} cannot be part of an incremental view: it gives another result each time, so the view could "
                f"not equal its query. Put the value into a table that the view reads, or apply {name} where you read "
                "the view"
            )


def _collect(
    session: Session, tree: exp.Expr, known: dict[str, list[tuple[str, str | None]]], found: Definitions
) -> None:
    for name in _function_names(tree):
        if name in found.functions:
            continue
        found.functions.add(name)
        for kind, definition in known.get(name, []):
            if definition and kind in ("macro", "table_macro"):
                found.texts[f"{_MACRO}{name}"] = definition
                _collect_text(session, definition, known, found)
    if isinstance(tree, exp.Query):
        for table in tables(tree):
            _collect_view(session, table, known, found)


def _collect_view(
    session: Session, table: exp.Table, known: dict[str, list[tuple[str, str | None]]], found: Definitions
) -> None:
    if not table.args.get("catalog"):
        return
    name = Name(table.catalog, table.db, table.name)
    found.relations.add(name.key())
    key = f"view {name.sql}"
    rows = session.execute(
        "SELECT sql FROM duckdb_views() WHERE (database_name, schema_name, view_name) = ($1, $2, $3)",
        [name.database, name.schema, name.name],
    )
    if rows and key not in found.texts:
        found.texts[key] = rows[0][0]
        _collect_text(session, rows[0][0], known, found, name)


def _collect_text(
    session: Session,
    text: str,
    known: dict[str, list[tuple[str, str | None]]],
    found: Definitions,
    view: Name | None = None,
) -> None:
    try:
        tree = sqlglot.parse_one(text, dialect=CocoDuckDB)
    except SqlglotError:
        return
    query = tree.expression if isinstance(tree, exp.Create) else tree
    if query is None:
        return
    if view and isinstance(query, exp.Query):
        _fill_names(session, query, view)
    _collect(session, query, known, found)


def _fill_names(session: Session, query: exp.Query, view: Name) -> None:
    """What DuckDB takes the names in a view for: relations of its schema, or else of main, in its database."""
    for table in tables(query):
        database, name = table.catalog or view.database, table.name
        options = [Name(database, schema, name) for schema in ([table.db] if table.db else [view.schema, "main"])]
        meant = next((option for option in options if relation_kind(session, option)), None)
        if meant:
            table.set("db", exp.to_identifier(meant.schema, quoted=True))
            table.set("catalog", exp.to_identifier(meant.database, quoted=True))


def _function_names(tree: exp.Expr) -> set[str]:
    names = {call.name.lower() for call in tree.find_all(exp.Anonymous)}
    if any(call.name.lower() == "age" and len(call.expressions) == 1 for call in tree.find_all(exp.Anonymous)):
        names.add("age(timestamp)")
    return names | {name for kind, name in _BARE.items() if tree.find(kind)}
