"""Planning: the visible list of steps from a stored query to a flow of operators."""

import hashlib
import json
import re
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import duckdb
from sqlglot import exp

from cocosql._native import Session
from cocosql.catalog import functions
from cocosql.catalog.graph import Graph
from cocosql.catalog.tables import own
from cocosql.catalog.views import View, search_path
from cocosql.operators.call_sites import Callee
from cocosql.operators.recompute import Recompute
from cocosql.operators.source import ROW_ID, Source
from cocosql.planner import definitions, sources
from cocosql.planner.algebra import NotIncremental, Relation, algebra, described
from cocosql.planner.build import plan_flow
from cocosql.planner.choice import is_by_query
from cocosql.planner.determinism import OF_THE_WHOLE, check_deterministic
from cocosql.planner.flow import Flow
from cocosql.planner.parse import parse, same_meaning
from cocosql.planner.qualify import fill_database
from cocosql.sqltext import literal
from cocosql.sqltree import render
from cocosql.udf import Function

#: Types whose hash() differs between versions of DuckDB. Operators find rows by the hash of a key, so with such types
#: the state is rebuilt under another version.
_HASHED_BY_VERSION = re.compile(r"\b(BIT|TIME WITH TIME ZONE)\b")

#: Columns of the user's must not begin with this.
RESERVED = "coco_"


@dataclass
class Plan:
    view: View
    #: The incremental views of its database.
    others: Graph
    tree: exp.Query | None = None
    #: What DuckDB makes of the query: relations, each after its inputs.
    algebra: list[Relation] = field(default_factory=list)
    #: Where the names in the query are looked for: databases and schemas.
    path: list[tuple[str, str]] = field(default_factory=list)
    #: The query, with all names of tables and views written out.
    sql: str = ""
    column_names: list[str] = field(default_factory=list)
    column_types: list[str] = field(default_factory=list)
    #: Names of all functions that it calls, lower case.
    called: set[str] = field(default_factory=set)
    #: The functions in Python that it calls, by lower-case name.
    callees: dict[str, Callee] = field(default_factory=dict)
    #: Fingerprint of the query with the views and macros behind it, of what DuckDB makes of it, with all types, and of
    #: the flow that it has become.
    definition: str = ""
    #: The sources that are files.
    files: list[Source] = field(default_factory=list)
    sources: list[Source] = field(default_factory=list)
    #: Keys of the names of all tables and views that it reads, also through views.
    relations: set[tuple[str, str, str]] = field(default_factory=set)
    macros: list[str] = field(default_factory=list)
    #: What the catalog says of these relations and macros: their columns, types, keys and definitions.
    shape: str = ""
    #: The columns that identify a row, or empty.
    key_columns: list[str] = field(default_factory=list)
    #: How its rows are kept true; None if they are recomputed.
    flow: Flow | None = None
    #: The Python functions that are called inside its queries, and not before its transaction.
    called_inline: set[str] = field(default_factory=set)
    recompute: Recompute | None = None

    @property
    def rows_sql(self) -> str:
        """The query as a part of the engine's SQL, in which its names still mean the user's."""
        path = ", ".join(f"[{literal(database)}, {literal(schema)}]" for database, schema in self.path)
        return f"FROM coco_query({literal(self.sql)}, [{path}])"

    @property
    def calls_inline(self) -> bool:
        return bool(self.called_inline)

    @property
    def versions(self) -> dict[str, str]:
        """Code versions by lower-case function name."""
        return {name: callee.function.code_version for name, callee in self.callees.items()}


def plan(session: Session, view: View, others: Graph) -> Plan:
    """How the view's query is kept true now. The session's default database is the view's; `others` are its views.

    Raises:
        duckdb.Error: if the query no longer holds (a table or column is gone), or must not be part of a view.
    """
    made = Plan(view, others, path=search_path(session, view))
    for step in STEPS:
        step(session, made)
    return made


def read_query(session: Session, made: Plan) -> None:
    """Parse the stored query, and write the view's database under its present alias."""
    made.tree = parse(session, made.view.query)
    if made.tree is not None:
        fill_database(made.tree, made.view.name.database)
    made.sql = render(made.tree) if made.tree is not None else made.view.query


def find_files(session: Session, made: Plan) -> None:
    """Find the files that the query reads, and their columns."""
    if made.tree is None:
        return
    try:
        made.files = sources.file_sources(session, made.tree, made.view.name.database)
    except duckdb.IOException as error:
        if not made.view.has_data or "No files found" not in str(error):
            raise
        raise duckdb.IOException(
            f"{error}\nThe view keeps its rows until there are such files again. (Only read_text and read_blob take no "
            "file for no rows.)"
        ) from None


def describe(session: Session, made: Plan) -> None:
    """Let DuckDB bind the query: names and types of its columns."""
    sql = render(sources.without_files(made.tree, made.files)) if made.tree is not None else made.sql
    try:
        columns = session.describe(sql, made.path)
    except duckdb.CatalogException as error:
        raise _with_hint(error) from None
    given = made.view.given_columns
    if len(given) > len(columns):
        raise duckdb.BinderException(
            f"view {made.view.name} names {len(given)} columns, but its query has only {len(columns)}"
        )
    names = given or [name for name, _ in columns]
    made.column_names = _distinct([*names, *(name for name, _ in columns[len(names) :])])
    made.column_types = [kind for _, kind in columns]
    _check_types(session, columns)
    _check_not_reserved(made.column_names, ": give it another name with AS, for")
    if any(name.lower() == ROW_ID for name in made.column_names):
        raise duckdb.InvalidInputException(
            f"column {ROW_ID}: give it another name with AS, for it would hide the row ids of the view's table"
        )


def find_definitions(session: Session, made: Plan) -> None:
    """Find the functions, views and macros that the query uses, and refuse those that are not deterministic."""
    used = definitions.collect(session, made.tree, made.sql, made.view.name.database, made.others)
    made.relations, made.macros = used.relations, used.macros
    made.shape = definitions.shape(session, made.relations, made.macros)
    python = functions.registered(session)
    remembered = {call.function.lower() for call in made.view.calls}
    check_deterministic(used.functions, {*python, *remembered})
    made.called = set(used.functions)
    made.callees = _callees(session, made.view, python, used.functions.keys() & {*python, *remembered})
    files = [[source.sql, *source.types.items()] for source in made.files]
    made.definition = _fingerprint([made.view.query, sorted(used.texts.items()), *files])


def find_algebra(session: Session, made: Plan) -> None:
    """Let DuckDB say what the query does, and find the relations that it reads."""
    marked = made.sql
    if made.tree is not None and made.files:
        marked = render(sources.with_file_tables(session, made.tree, made.files))
    made.algebra = algebra(session, marked, made.path)
    bound = definitions.called(made.algebra) - made.called
    check_deterministic(definitions.known_functions(session, bound), set(made.callees))
    found: dict[str, Source] = {}
    for relation in made.algebra:
        source = sources.source_of(session, relation, made.others, made.files)
        if source:
            _check_not_reserved([*relation["source_columns"], *source.key], f" of {source}: rename it, for")
            found.setdefault(source.sql.lower(), source)
    made.sources = list(found.values())
    parts = described(made.algebra)
    hashed_by = [duckdb.__version__] if _HASHED_BY_VERSION.search(str(parts)) else []
    made.definition = _fingerprint([made.definition, *parts, *hashed_by])


def find_flow(session: Session, made: Plan) -> None:
    """Find the operators that can keep the view true."""

    def source_of(relation: Relation) -> Source:
        found = sources.source_of(session, relation, made.others, made.files)
        assert found is not None
        return found

    try:
        if whole := sorted(made.called & OF_THE_WHOLE):
            raise NotIncremental(f"{whole[0]}, which is of a table as a whole, has no incremental rule")
        made.flow = plan_flow(made.algebra, made.callees, source_of, partial(same_meaning, session))
    except NotIncremental as reason:
        made.recompute = Recompute(made.sql, str(reason))
    made.definition = _fingerprint([made.definition, made.flow.described() if made.flow else ""])


def find_key(session: Session, made: Plan) -> None:
    """Take the declared key, or else the columns that tell rows apart as the flow has it."""
    declared = made.view.options.get("key")
    if declared:
        made.key_columns = _declared_key(declared, made.column_names)
    elif made.flow:
        shown = dict(zip(made.flow.top.names, made.column_names, strict=True))
        made.key_columns = [shown[name] for name in made.flow.top.identity() or []]


def choose_way(_: Session, made: Plan) -> None:
    """Give up the operators where the user wants the query run afresh, or where that costs less at present."""
    if made.view.options.get("mode") == "recompute":
        made.flow, made.recompute = None, Recompute(made.sql, "mode = 'recompute'")
    elif made.flow and not made.callees and is_by_query(made.view):
        made.flow, made.recompute = None, Recompute(made.sql, "at present running the query costs less than a state")


def find_inline_calls(_: Session, made: Plan) -> None:
    """Find the functions whose arguments no relation can express."""
    made.called_inline = set(made.callees)
    if made.flow:
        made.called_inline = {name for one in made.flow.maps for name in one.called_inline(made.callees)}


STEPS = (
    *(read_query, find_files, find_definitions, describe, find_algebra, find_flow, find_key, choose_way),
    *(find_inline_calls,),
)


def _check_not_reserved(names: list[str], mend: str) -> None:
    for name in names:
        if name.lower().startswith(RESERVED):
            raise duckdb.InvalidInputException(
                f"column {name}{mend} names that begin with {RESERVED} are CocoSQL's own"
            )


def _check_types(session: Session, columns: list[tuple[str, str]]) -> None:
    """Refuse columns that no CREATE TABLE can declare, as states of aggregates."""
    for name, kind in columns:
        if kind.isalpha():
            continue  # as INTEGER and most
        try:
            session.describe(f"SELECT NULL::{kind}")
        except duckdb.Error:
            raise duckdb.InvalidInputException(
                f"column {name} is of type {kind}, which no table can be declared with: show what is made of it, as "
                "finalize(…) of a state, or a cast"
            ) from None


def _fingerprint(parts: list[Any]) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]


def _callees(session: Session, view: View, registered: dict[str, Function], used: set[str]) -> dict[str, Callee]:
    """The functions that the query calls: as registered here; else a stand-in of the version that the view was made
    with."""
    known = dict(registered)
    for call in view.calls:
        if call.function.lower() in used and call.function.lower() not in known:
            known[call.function.lower()] = functions.stand_in(session, call.function, call.code_version)
    present = {name: functions.as_it_is_now(session, known[name]) for name in sorted(used)}
    return {
        name: Callee(function, own(functions.memo_table(function), view.name.database))
        for name, function in present.items()
    }


def _declared_key(declared: str, column_names: list[str]) -> list[str]:
    names = {name.lower(): name for name in column_names}
    key = [part.strip().strip('"').lower() for part in declared.split(",")]
    for part in key:
        if part not in names:
            raise duckdb.BinderException(f"option key names {part!r}, which is no column of the view")
    return [names[part] for part in key]


def _with_hint(error: duckdb.CatalogException) -> duckdb.CatalogException:
    found = re.search(r"Function with name \"?(\w+)\"? does not exist", str(error))
    if not found:
        return error
    name = found[1]
    return duckdb.CatalogException(f"{error}\nIf {name} is a Python function: cocosql.register(con, {name})")


def _distinct(names: list[str]) -> list[str]:
    """Names as CREATE TABLE AS gives them: a second `a` is `a_1`."""
    taken: set[str] = set()
    result = []
    for name in names:
        unique, number = name, 0
        while unique.lower() in taken:
            number += 1
            unique = f"{name}_{number}"
        taken.add(unique.lower())
        result.append(unique)
    return result
