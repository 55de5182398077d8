"""Plans of views, kept in memory while all that they were made from is as it was.

A plan is made from the view's record, the catalogs of the databases that its query reads, the functions that are
registered, and their code. DuckDB numbers the states of each catalog; a plan is of the state that its transaction saw.
"""

from collections import OrderedDict
from dataclasses import dataclass, replace
from typing import Any

from cocosql._native import Database, Session
from cocosql.catalog import functions
from cocosql.catalog.graph import Graph
from cocosql.catalog.views import View
from cocosql.instances import PerInstance
from cocosql.planner.choice import is_by_query
from cocosql.planner.plan import Plan, plan
from cocosql.refresh.prepared import prepared
from cocosql.transaction import transaction

#: How many plans are kept for an instance: those used last.
_MOST = 1_000


@dataclass(frozen=True)
class Kept:
    """A plan, and what it was made from."""

    plan: Plan
    basis: tuple[Any, ...]


#: By database and view_id.
_kept: PerInstance[OrderedDict[tuple[str, int], Kept]] = PerInstance(OrderedDict)


def plan_if_kept(session: Session, view: View, others: Graph) -> Plan | None:
    """The plan of a view, if one is kept that holds. The session has been prepared for the view then."""
    prepared(session, view)
    kept = _kept.of(session).get((view.name.database, view.view_id))
    if kept is None or not holds(session, view, kept):
        return None
    return replace(kept.plan, view=view, others=others)


def holds(session: Session, view: View, kept: Kept) -> bool:
    """Whether all that a plan of a view was made from is as it was, but for the other views and for files."""
    return kept.basis == _basis(session, view) and _has_present_code(session, kept.plan)


def fresh_plan(session: Session, view: View, others: Graph) -> Plan:
    """A plan of a view as it and its database are now. The session has been prepared for the view then.

    Raises:
        duckdb.Error: as `plan`.
    """
    prepared(session, view)
    return replace(made(session, view, others).plan, others=others)


def made(session: Session, view: View, others: Graph) -> Kept:
    """A plan of a view, for which the session has been prepared, with what it was made from.

    Raises:
        duckdb.Error: as `plan`.
    """
    with transaction(session):  # one state of the catalogs
        planned = plan(session, view, others)
        return Kept(replace(planned, others=Graph()), _basis(session, view))


def kept_plan(session: Session, view: View, others: Graph) -> Plan:
    """The plan of a view: the one that was made for it last, if it holds. The session has been prepared for it then.

    Raises:
        duckdb.Error: as `plan`.
    """
    prepared(session, view)
    plans, key = _kept.of(session), (view.name.database, view.view_id)
    kept = plans.pop(key, None)
    if kept is None or not holds(session, view, kept):
        kept = made(session, view, others)
    if may_be_kept(session, kept.plan):
        plans[key] = kept
        if len(plans) > _MOST:
            plans.popitem(last=False)
    return replace(kept.plan, view=view, others=others)


def may_be_kept(session: Session, planned: Plan) -> bool:
    """Whether catalogs tell all that it was made from, and number their states."""
    databases = {database for database, _ in planned.path} | {database for database, _, _ in planned.relations}
    reads_tables = not planned.files and all(source.name for source in planned.sources)
    return reads_tables and all(session.catalog_state(database) is not None for database in databases)


def _has_present_code(session: Session, planned: Plan) -> bool:
    callees = planned.callees.values()
    return all(functions.as_it_is_now(session, callee.function) is callee.function for callee in callees)


#: By database, its number and the state of its catalog, and the number of the user's objects then.
_objects_then: PerInstance[dict[str, tuple[tuple[int, int | None], int]]] = PerInstance(dict)


def _objects(session: Session, database: Database) -> int | None:
    """A number of the objects that a query may read: tables that the engine makes for itself change no plan."""
    state = session.catalog_state(database.name)
    if state is None or database.name == "system":
        return state
    seen = _objects_then.of(session)
    then, objects = seen.get(database.name, (None, 0))
    if then != (database.number, state):
        objects = session.user_objects(database.name)
        seen[database.name] = (database.number, state), objects
    return objects


def _basis(session: Session, view: View) -> tuple[Any, ...]:
    """What a plan is made from, apart from the code of functions."""
    attached = [database for database in session.databases() if database.name != "temp"]  # which each session has
    catalogs = [(one.name, one.number, _objects(session, one)) for one in attached]
    return catalogs, session.functions(), session.only_looks, view.declared, is_by_query(view)
