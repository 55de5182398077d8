"""Many views at once: those for which nothing has changed are done with in one transaction.

So REFRESH ALL of many views costs little where there is little to do. It goes by plans that are kept, and waits for
nobody: what it does not get at once is left to the refresh of each view.
"""

import time
from collections.abc import Iterator

import duckdb

from cocosql._native import Session
from cocosql.catalog import errors, locks, migrations, old_runs, runs, views
from cocosql.catalog.graph import Graph
from cocosql.catalog.locked_views import LockedViews, lock
from cocosql.catalog.names import Name
from cocosql.catalog.runs import Run, Tally
from cocosql.catalog.views import View
from cocosql.operators.map import MapStep
from cocosql.refresh.asked import ask
from cocosql.refresh.describe import rebuild_reason
from cocosql.refresh.kept_plans import plan_if_kept
from cocosql.refresh.refresh import Row, check_code, has_shape, reading, snapshots_read
from cocosql.refresh.view_refresh import PlanChanged, ViewRefresh

#: Fewer views are refreshed one by one.
_MANY = 3
#: Seconds of looking at views for which something has changed: that is done again by the refresh of each.
_MOST_WASTED = 0.2


def refresh_untouched(session: Session, database: str, wanted: list[View]) -> dict[int, Row]:
    """Refresh those of the views of a database for which nothing has changed. Returns a row for each, by view_id."""
    if len(wanted) < _MANY or migrations.is_read_only(session, database):
        return {}
    names = {view.name for view in wanted}
    try:
        with lock(session, database, lambda others: _names(others, names), wait=False) as locked:
            return _refresh(session.for_views(), locked, names)
    except duckdb.InterruptException:
        raise
    except (duckdb.Error, PlanChanged):
        return {}  # the refresh of each view says what is the matter


def _names(others: Graph, names: set[Name]) -> list[Name]:
    return [view.name for view in others.with_upstream(view for view in others if view.name in names)]


def _refresh(session: Session, locked: LockedViews, names: set[Name]) -> dict[int, Row]:
    parts = [part for view in locked.views.ordered() if view.name in names for part in _part(session, locked, view)]
    with locks.hold(session, snapshots_read(parts), wait=False):
        for part in parts:
            ask(session, part.view)
            part.prepare(session)
        with reading(session, parts):
            done = list(_untouched(session, locked.views, parts))
            check_code(session, [part for part, _ in done])
            for part, _ in done:
                part.run.run_id = part.run.tally.run_id = session.next_id(part.view.name.database, "run_ids")
                errors.forget_earlier(session, part.run)
            runs.finish_all(session, [(part.run, seconds) for part, seconds in done])
    if done:
        old_runs.forget_in_turn(session, done[0][0].view.name.database, [part.run.run_id for part, _ in done])
    return {
        part.view.view_id: (str(part.view.name), part.run.version, 0, 0, 0, 0, 0, seconds) for part, seconds in done
    }


def _part(session: Session, locked: LockedViews, view: View) -> Iterator[ViewRefresh]:
    """The refresh of a view that may have nothing to do."""
    if not view.has_data or view.failed_rows or not views.stands(session, view):
        return
    plan = plan_if_kept(session, view, locked.views)
    if plan and rebuild_reason(session, plan) is None:
        yield ViewRefresh(plan, Run(0, view, Tally(0)), locked)


def _untouched(session: Session, others: Graph, parts: list[ViewRefresh]) -> Iterator[tuple[ViewRefresh, float]]:
    """The views for which nothing has changed, with the seconds that it took to see that."""
    settled: set[int] = set()
    wasted = 0.0
    for part in parts:
        started = time.monotonic()
        above = {other.view_id for other in others.read_by(part.view)}
        if wasted > _MOST_WASTED or not above <= settled or not has_shape(session, part):
            continue
        part.look(session)
        session.forget_collected()
        seconds = time.monotonic() - started
        if part.has_changes:
            wasted += seconds
            continue
        part.apply(session, _no_calls)
        settled.add(part.view.view_id)
        yield part, seconds


def _no_calls(step: MapStep) -> None:
    raise AssertionError("nothing has changed")
