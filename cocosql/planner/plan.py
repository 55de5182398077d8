"""Planning: the visible list of steps from a stored query to an operator."""

import hashlib
import json
import re
from dataclasses import dataclass, field

import duckdb
from sqlglot import exp

from cocosql._native import Session
from cocosql.catalog import functions, views
from cocosql.catalog.views import View
from cocosql.planner import definitions, sources
from cocosql.planner.call_sites import Callee
from cocosql.planner.operators.map import Map, NotMap, plan_map
from cocosql.planner.operators.recompute import Recompute
from cocosql.planner.parse import parse
from cocosql.planner.qualify import fill_database
from cocosql.planner.sources import Source
from cocosql.sqltext import qualified, render

#: Columns of the user's must not begin with this.
RESERVED = "coco_"


@dataclass
class Plan:
    view: View
    tree: exp.Query | None = None
    #: The query as DuckDB is to run it.
    sql: str = ""
    column_names: list[str] = field(default_factory=list)
    column_types: list[str] = field(default_factory=list)
    #: The functions that it calls, by lower-case name.
    callees: dict[str, Callee] = field(default_factory=dict)
    aggregates: set[str] = field(default_factory=set)
    #: Fingerprint of the query with the views and macros behind it.
    definition: str = ""
    sources: list[Source] = field(default_factory=list)
    #: Keys of the names of all tables and views that it reads, also through views.
    relations: set[tuple[str, str, str]] = field(default_factory=set)
    macros: list[str] = field(default_factory=list)
    #: What the catalog says of these relations and macros.
    shape: str = ""
    #: Incremental views that it reads through plain views.
    behind_views: list[Source] = field(default_factory=list)
    #: The columns that identify a row, or empty.
    key_columns: list[str] = field(default_factory=list)
    operator: Map | Recompute | None = None

    @property
    def versions(self) -> dict[str, str]:
        """Code versions by lower-case function name."""
        return {name: callee.function.code_version for name, callee in self.callees.items()}


def plan(session: Session, view: View) -> Plan:
    """How the view's query is kept true now. The session's default database is the view's.

    Raises:
        duckdb.Error: if the query no longer holds (a table or column is gone), or must not be part of a view.
    """
    made = Plan(view)
    for step in STEPS:
        step(session, made)
    return made


def read_query(session: Session, made: Plan) -> None:
    """Parse the stored query, and write the view's database under its present alias."""
    made.tree = parse(session, made.view.query)
    if made.tree is not None:
        fill_database(made.tree, made.view.name.database)
    made.sql = render(made.tree) if made.tree is not None else made.view.query


def describe(session: Session, made: Plan) -> None:
    """Let DuckDB bind the query: names and types of its columns."""
    try:
        columns = session.describe(made.sql)
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
    for name in made.column_names:
        if name.lower().startswith(RESERVED):
            raise duckdb.InvalidInputException(
                f"column {name}: names that begin with {RESERVED} are CocoSQL's own; give it another with AS"
            )


def find_definitions(session: Session, made: Plan) -> None:
    """Find the functions, views and macros that the query uses, and refuse those that are not deterministic."""
    known = definitions.known_functions(session)
    python = functions.registered(session)
    made.aggregates = {name for name, kinds in known.items() if any(kind == "aggregate" for kind, _ in kinds)}
    if made.tree is None:
        used = definitions.Definitions({name.lower() for name in re.findall(r"(\w+)\s*\(", made.sql)})
    else:
        used = definitions.collect(session, made.tree, known)
    made.relations, made.macros = used.relations, used.macros
    made.shape = definitions.shape(session, made.relations, made.macros)
    remembered = {call.function.lower() for call in made.view.calls}
    definitions.check_deterministic(used.functions, {*python, *remembered}, known)
    made.callees = _callees(session, made.view, used.functions & {*python, *remembered})
    text = json.dumps([made.view.query, sorted(used.texts.items())])
    made.definition = hashlib.sha256(text.encode()).hexdigest()[:32]


def find_sources(session: Session, made: Plan) -> None:
    """Find the relations that the query reads."""
    if made.tree is None:
        return
    others = views.all_views(session, made.view.name.database)
    made.sources = sources.find_sources(session, made.tree, others)
    direct = {source.name for source in made.sources}
    made.behind_views = [
        sources.upstream_source(other)
        for other in others
        if other.name.key() in made.relations and other.name not in direct
    ]


def choose_operator(session: Session, made: Plan) -> None:
    """Take the operator whose rule fits the query."""
    if made.tree is None:
        made.operator = Recompute(made.sql, "the planner cannot read this query")
        return
    if made.view.options.get("mode") == "recompute":
        made.operator = Recompute(made.sql, "mode = 'recompute'")
        return
    try:
        made.operator = plan_map(made.tree, made.sources, made.callees, made.aggregates)
    except NotMap as reason:
        made.operator = Recompute(made.sql, str(reason))


def find_key(session: Session, made: Plan) -> None:
    """Take the declared key, or else the columns that show the primary key of a map's source."""
    declared = made.view.options.get("key")
    if declared:
        made.key_columns = _declared_key(declared, made.column_names)
    elif isinstance(made.operator, Map):
        made.key_columns = made.operator.key(made.column_names)


STEPS = (read_query, find_definitions, describe, find_sources, choose_operator, find_key)


def _callees(session: Session, view: View, used: set[str]) -> dict[str, Callee]:
    """The version of each function: as registered here; else the one that the view was made with."""
    python = functions.registered(session)
    for call in view.calls:
        if call.function.lower() in used and call.function.lower() not in python:
            python[call.function.lower()] = functions.stand_in(session, call.function, call.code_version)
    present = {name: functions.as_it_is_now(session, python[name]) for name in sorted(used)}
    return {
        name: Callee(function, qualified(view.name.database, "coco", functions.memo_table(function)))
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
