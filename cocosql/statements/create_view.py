"""CREATE [OR REPLACE] INCREMENTAL VIEW [IF NOT EXISTS] name [(column, …)] [WITH (…)] AS query [WITH NO DATA]"""

import itertools
from dataclasses import dataclass, replace

import duckdb

from cocosql._native import Session
from cocosql.capture import key_log, snapshots
from cocosql.catalog import migrations, names, settings, tables, views
from cocosql.catalog.graph import Graph
from cocosql.catalog.locked_views import LockedViews, lock
from cocosql.catalog.names import Caller, Name
from cocosql.catalog.views import View
from cocosql.planner.file_calls import make_absolute
from cocosql.planner.parse import parse
from cocosql.planner.plan import Plan
from cocosql.planner.qualify import qualify
from cocosql.refresh import state
from cocosql.refresh.asked import ask
from cocosql.refresh.describe import describe_operators, source_id_types
from cocosql.refresh.inputs import as_input, captures
from cocosql.refresh.kept_plans import Kept, holds, made, may_be_kept
from cocosql.refresh.prepared import prepared
from cocosql.refresh.refresh import check_shown
from cocosql.refresh.refresh import planned as plan_of
from cocosql.refresh.refresh import run as run_refresh
from cocosql.sqltext import ident
from cocosql.sqltree import render
from cocosql.statements import Statement
from cocosql.statements.options import check_interval, check_names
from cocosql.transaction import transaction

#: The options of a view and the values that each takes; None: any.
OPTIONS: dict[str, tuple[str, ...] | None] = {
    "mode": ("auto", "incremental", "recompute"),
    "on_error": ("fail", "keep"),
    "key": None,
    "capture": ("auto", "diff", "log"),
    "target_lag": None,
    "retain_changes": None,
}
_NOT_YET = {"target_lag"}


def run(session: Session, statement: Statement, caller: Caller) -> list[tuple[()]]:
    check_options(session, statement.options)
    name = names.new_name(session, statement.names[0], caller)
    existing = _existing(session, name, statement, views.all_views(session, name.database))
    if existing and statement.if_not_exists and views.stands(session, existing):
        return []
    session = session.sibling()
    settings.apply(session, caller.settings)
    declared = _declared(session, statement, caller, name)
    prepared(session, declared)
    plans = _Plans(session)

    def choose(others: Graph) -> list[Name]:
        existing = others.named(name)
        if existing and statement.if_not_exists:
            return [name]
        return [name, *(other.name for other in upstream_of(plans.plan(_lent(declared, existing), others)))]

    with lock(session, name.database, choose) as locked:
        existing = _existing(session, name, statement, locked.views)
        if not (existing and statement.if_not_exists):
            planned = plans.plan(_lent(declared, existing), locked.views)
            _create(session, locked, planned, existing, statement.with_data)
        elif not views.stands(session, existing):
            state.show(session, existing)  # someone had dropped it
    return []


@dataclass
class _Plans:
    """The plan of the view, before the locks are held and after: made anew only if it may be another."""

    session: Session
    _last: Kept | None = None
    _others: Graph | None = None

    def plan(self, view: View, others: Graph) -> Plan:
        if self._last is None or self._others != others or not self._holds(view, self._last):
            self._last, self._others = made(self.session, view, others), others
            check_plan(replace(self._last.plan, others=others))
        return replace(self._last.plan, others=others)

    def _holds(self, view: View, last: Kept) -> bool:
        return may_be_kept(self.session, last.plan) and holds(self.session, view, last)


def _create(session: Session, locked: LockedViews, planned: Plan, existing: View | None, with_data: bool) -> None:
    view = planned.view
    migrations.migrate(session.sibling(), view.name.database)
    if not existing:
        view = replace(view, view_id=session.next_id(view.name.database))
        planned = replace(planned, view=view)
    ask(session, view)
    check_shown(session, upstream_of(planned))
    if not with_data:
        _create_empty(session, locked, planned, existing)
        return
    above = [plan_of(session, other, planned.others) for other in upstream_of(planned)]
    run_refresh(session, locked, above, planned)
    now = views.find(session, view.name) if existing else None
    if now and not views.stands(session, now):
        state.show(session, now)  # someone had dropped it


def check_options(session: Session, options: dict[str, str]) -> None:
    """Refuse options that there are not, and values that they do not take."""
    check_names(options, OPTIONS, "a view")
    for option, value in options.items():
        values = OPTIONS[option]
        if values and value not in values:
            listed = ", ".join(map(repr, values[:-1]))
            raise duckdb.InvalidInputException(f"option {option} takes {listed} or {values[-1]!r}, not {value!r}")
        if option in _NOT_YET:
            raise duckdb.NotImplementedException(f"{option} = {value!r} is not implemented yet in this version")
    if "retain_changes" in options:
        check_interval(session, "retain_changes", options["retain_changes"])


def _existing(session: Session, name: Name, statement: Statement, others: Graph) -> View | None:
    view = others.named(name)
    found = names.relation(session, name)
    if found and not (view and views.stands(session, view)):
        kind = "view" if found.is_view else "table"
        raise duckdb.CatalogException(f"a {kind} named {name} exists already: DROP it, or choose another name")
    if view and not statement.or_replace and not statement.if_not_exists:
        raise duckdb.CatalogException(
            f"incremental view {name} exists already: use CREATE OR REPLACE INCREMENTAL VIEW, or DROP it first"
        )
    return view


def _declared(session: Session, statement: Statement, caller: Caller, name: Name) -> View:
    """The view as the statement declares it."""
    tree = parse(session, statement.query)
    if tree is not None:
        qualify(session, tree, caller, name)
        if not caller.settings.get("file_search_path"):
            make_absolute(tree)
    return View(
        view_id=0,
        name=name,
        query=render(tree) if tree is not None else statement.query,
        column_names=[],
        column_types=[],
        given_columns=statement.columns,
        key_columns=[],
        options=statement.options,
        settings=caller.settings,
        search_path=_search_path(caller, name),
        state_table=tables.ROWS.named(0),
        history_table=tables.HISTORY.named(0),
    )


def _lent(declared: View, existing: View | None) -> View:
    """A declared view with the data of the one that it replaces."""
    if existing is None:
        return declared
    same = (existing.settings, existing.search_path) == (declared.settings, declared.search_path)
    parts = ("query", "given_columns", "options", "settings", "search_path")
    lent = replace(existing, owed_seconds=None, **{part: getattr(declared, part) for part in parts})
    return lent if same else replace(lent, definition="")  # the same query may mean something else


def _search_path(caller: Caller, name: Name) -> list[str]:
    """The caller's search path as stored: the view's database is left out."""
    path = [(database, schema) for database, schema in caller.search_path if database not in ("system", "temp")]
    return [
        ident(schema) if database == name.database else f"{ident(database)}.{ident(schema)}"
        for database, schema in path
        if schema != "pg_catalog"
    ]


def check_plan(planned: Plan) -> None:
    """Refuse what cannot be a view, before anything is written."""
    view = planned.view
    for way in (planned.others.way(other, view.name) for other in _named(planned)):
        if way:
            steps = [f"{one.name} reads {other.name}" for one, other in itertools.pairwise([view, *way])]
            indirect = f": {', '.join(steps)}" if len(steps) > 1 else ""
            raise duckdb.CatalogException(f"view {view.name} cannot read itself{indirect}")
    if view.options.get("on_error") == "keep" and planned.recompute and planned.callees:
        raise duckdb.NotImplementedException(
            f"on_error = 'keep' cannot tell which rows of {view.name} a failed call belongs to: "
            f"{planned.recompute.reason}. Call the functions in a view of their own, which this one reads"
        )
    if view.options.get("on_error") == "keep" and planned.called_inline:
        raise duckdb.NotImplementedException(
            f"on_error = 'keep' cannot tell which rows of {view.name} a failed call of {min(planned.called_inline)} "
            "belongs to, as it is called inside the query (memo=False, or in a lambda)"
        )
    if view.options.get("mode") == "incremental" and planned.recompute:
        raise duckdb.NotImplementedException(
            f"view {view.name} cannot be incremental: {planned.recompute.reason}. With mode = 'auto' it is recomputed "
            "and compared"
        )
    if view.options.get("capture") == "log":
        _check_log(planned)


def _check_log(planned: Plan) -> None:
    """Refuse a log if the changes of no source can be logged. EXPLAIN shows which of several are."""
    database = planned.view.name.database
    reasons = [(source, key_log.why_not(source, database)) for source in planned.sources if not source.upstream]
    if reasons and all(reason for _, reason in reasons):
        listed = "; ".join(f"{source}: {reason}" for source, reason in reasons)
        raise duckdb.NotImplementedException(
            f"capture = 'log' is not possible for {planned.view.name} ({listed}). With capture = 'auto', the default, "
            "changes are found without a log"
        )


def upstream_of(planned: Plan) -> list[View]:
    """The incremental views that a planned view reads, those that others read first."""
    found: dict[int, View] = {}
    for other in _named(planned):
        for view in [*planned.others.upstream(other), other]:
            found.setdefault(view.view_id, view)
    return list(found.values())


def _named(planned: Plan) -> list[View]:
    """The incremental views that a planned view itself reads."""
    read = {source.upstream.view_id for source in planned.sources if source.upstream}
    return [other for other in planned.others if other.name.key() in planned.relations or other.view_id in read]


def _create_empty(session: Session, locked: LockedViews, planned: Plan, existing: View | None) -> None:
    view = planned.view
    empty = state.renamed(view, session.next_id(view.name.database), keep_history=False)
    found = captures(planned)
    empty = empty.settled(
        column_names=planned.column_names,
        column_types=planned.column_types,
        incremental=planned.flow is not None,
        has_data=False,
        inputs=[as_input(view, capture, None) for capture in found],
        calls=[],
    )
    empty = empty.settled(operators=describe_operators(replace(planned, view=empty), found))
    planned = replace(planned, view=empty)
    with transaction(session):
        state.replace(session, existing or view, planned, source_id_types(planned, found))
        if existing and state.has_rows(session, existing):
            state.empty(session, existing, planned, existing.version + 1)
            empty = empty.settled(version=existing.version + 1)
        state.drop_rows(session, existing or view)
        locked.save(session, empty)
    snapshots.drop_unread(session, view.name.database)
