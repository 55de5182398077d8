"""CREATE [OR REPLACE] INCREMENTAL VIEW [IF NOT EXISTS] name [(column, …)] [WITH (…)] AS query [WITH NO DATA]"""

from dataclasses import replace

import duckdb

from cocosql._native import Session
from cocosql.catalog import migrations, names, runs, views
from cocosql.catalog.names import Caller, Name
from cocosql.catalog.views import View
from cocosql.planner import Plan, plan
from cocosql.planner.operators.recompute import Recompute
from cocosql.planner.parse import parse
from cocosql.planner.qualify import qualify
from cocosql.refresh import locks, state
from cocosql.refresh.refresh import prepared, transaction, upstream
from cocosql.refresh.refresh import run as run_refresh
from cocosql.refresh.view_refresh import ViewRefresh, describe_operators
from cocosql.sqltext import ident, render
from cocosql.statements import Statement

#: The options of a view and the values that each takes; None: any.
OPTIONS: dict[str, tuple[str, ...] | None] = {
    "mode": ("auto", "incremental", "recompute"),
    "on_error": ("fail", "keep"),
    "key": None,
    "capture": ("diff", "log"),
    "target_lag": None,
    "retain_changes": None,
}
_NOT_YET: set[str | tuple[str, str]] = {"target_lag", ("on_error", "keep"), ("capture", "log")}


def run(session: Session, statement: Statement, caller: Caller) -> list[tuple[()]]:
    check_options(session, statement.options)
    name = names.new_name(session, statement.names[0], caller)
    with locks.hold(session, [name]):
        existing = _existing(session, name, statement)
        if existing and statement.if_not_exists:
            return []
        view = _view(session, statement, caller, name, existing)
        session = prepared(session.sibling(), view)
        planned = plan(session, view)
        _check(session, planned, existing)
        if statement.with_data:
            above = [
                ViewRefresh(plan(session, other), runs.part(session, other)) for other in upstream_of(session, planned)
            ]
            run_refresh(session, [*above, ViewRefresh(planned, runs.begin(session, view))])
        else:
            _create_empty(session, planned, existing)
    return []


def check_options(session: Session, options: dict[str, str]) -> None:
    """Refuse options that there are not, and values that they do not take."""
    for option, value in options.items():
        if option not in OPTIONS:
            raise duckdb.InvalidInputException(
                f"there is no option {option!r} of a view; there are {', '.join(OPTIONS)}"
            )
        values = OPTIONS[option]
        if values and value not in values:
            raise duckdb.InvalidInputException(f"option {option} takes {' or '.join(map(repr, values))}, not {value!r}")
        if option in _NOT_YET or (option, value) in _NOT_YET:
            raise duckdb.NotImplementedException(f"{option} = {value!r} is not implemented yet in this version")
    if "retain_changes" in options:
        session.execute("SELECT $1::INTERVAL", [options["retain_changes"]])


def _existing(session: Session, name: Name, statement: Statement) -> View | None:
    view = views.find(session, name)
    if view is None:
        kind = names.relation_kind(session, name)
        if kind:
            raise duckdb.CatalogException(f"a {kind} named {name} exists already: DROP it, or choose another name")
    elif not statement.or_replace and not statement.if_not_exists:
        raise duckdb.CatalogException(
            f"incremental view {name} exists already: use CREATE OR REPLACE INCREMENTAL VIEW, or DROP it first"
        )
    return view


def _view(session: Session, statement: Statement, caller: Caller, name: Name, existing: View | None) -> View:
    """The view as the statement declares it; an existing one lends its data."""
    tree = parse(session, statement.query)
    if tree is not None:
        qualify(session, tree, caller, name)
    return replace(
        existing or _blank(session, name),
        query=render(tree) if tree is not None else statement.query,
        given_columns=statement.columns,
        options=statement.options,
        settings=caller.settings,
        search_path=_search_path(caller, name),
    )


def _blank(session: Session, name: Name) -> View:
    """A view that has nothing yet but its number and its name."""
    migrations.migrate(session, name.database)
    number = views.next_id(session)
    return View(number, name, "", [], [], [], [], {}, {}, [], f"rows_{number}", f"history_{number}")


def _search_path(caller: Caller, name: Name) -> list[str]:
    """The caller's search path as stored: the view's database is left out."""
    path = [(database, schema) for database, schema in caller.search_path if database not in ("system", "temp")]
    return [
        ident(schema) if database == name.database else f"{ident(database)}.{ident(schema)}"
        for database, schema in path
        if schema != "pg_catalog"
    ]


def _check(session: Session, planned: Plan, existing: View | None) -> None:
    """Refuse what cannot be a view, before anything is written."""
    view = planned.view
    for column in planned.column_names:
        if column.lower().startswith(state.RESERVED):
            raise duckdb.InvalidInputException(
                f"column {column}: names that begin with {state.RESERVED} are CocoSQL's own; give it another with AS"
            )
    if len(view.given_columns) > len(planned.column_types):
        raise duckdb.BinderException(
            f"view {view.name} names {len(view.given_columns)} columns, but its query has {len(planned.column_types)}"
        )
    if any(other.name.key() == view.name.key() for other in upstream_of(session, planned)):
        raise duckdb.CatalogException(f"view {view.name} cannot read itself")
    if view.options.get("mode") == "incremental" and isinstance(planned.operator, Recompute):
        raise duckdb.NotImplementedException(
            f"view {view.name} cannot be incremental: {planned.operator.reason}. With mode = 'auto' it is recomputed "
            "and compared"
        )


def upstream_of(session: Session, planned: Plan) -> list[View]:
    """The incremental views that a planned view reads, those that others read first."""
    found: dict[int, View] = {}
    for source in planned.sources:
        if source.upstream:
            for view in [*upstream(session, source.upstream), source.upstream]:
                found.setdefault(view.view_id, view)
    return list(found.values())


def _create_empty(session: Session, planned: Plan, existing: View | None) -> None:
    view = planned.view
    empty = state.renamed(view, views.next_id(session), keep_history=False).settled(
        column_names=planned.column_names,
        column_types=planned.column_types,
        incremental=not isinstance(planned.operator, Recompute),
        operators=describe_operators(planned),
        has_data=False,
        inputs=[],
        calls=[],
    )
    with transaction(session):
        state.replace(session, existing or view, replace(planned, view=empty), "UHUGEINT")
        views.save(session, empty, refreshed=False)
