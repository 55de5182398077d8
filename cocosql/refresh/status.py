"""Whether a view still says what its query would: worked out on reading, for nothing tells CocoSQL of a change."""

import time
from collections import deque
from collections.abc import Iterator

import duckdb

from cocosql._native import Session
from cocosql.catalog import locks, runs
from cocosql.catalog.graph import Graph
from cocosql.catalog.views import View, stands
from cocosql.operators.source import Source
from cocosql.planner.plan import Plan
from cocosql.refresh.asked import is_asked
from cocosql.refresh.describe import rebuild_reason
from cocosql.refresh.kept_plans import kept_plan, plan_if_kept
from cocosql.refresh.looking import NOT_BEFORE, looking, why_unseen
from cocosql.refresh.refresh import HIDDEN, has_shape, reading
from cocosql.refresh.view_refresh import ViewRefresh
from cocosql.wording import count_of

#: fresh, stale, refreshing, partial, failed, broken, no data or unknown, and why.
Status = tuple[str, str | None]


class _Unseen(Exception):
    """A source that a status depends on must not be looked at: the message says why."""


def statuses(session: Session, views: Graph) -> dict[int, Status]:
    """By view id, the status of all views of a database."""
    changed = _changed_sources(session, views)
    found: dict[int, Status] = {}
    for view in views.ordered():
        found[view.view_id] = _status(session, view, views, found, changed)
    return found


#: By view id, the source that changed; None if none did.
_Changed = dict[int, Source | None]

#: Seconds that a transaction may take that looks at many views: meanwhile there is no checkpoint.
_LONGEST = 0.5


def _changed_sources(session: Session, views: Graph) -> _Changed:
    """What has changed for views of which plans are kept that hold: many are looked at in one transaction.

    What goes wrong with a view is left to a look at it alone.
    """
    changed: _Changed = {}
    for asked in (True, False):
        own = session.sibling()
        if not asked:
            own.only_look()
        wanted = [view for view in views if view.has_data and is_asked(session, view) == asked]
        parts = [ViewRefresh(plan, runs.unrecorded(plan.view)) for plan in _kept_plans(own, wanted, views)]
        while parts:
            parts = _look_at_some(own, parts, changed)
    return changed


def _kept_plans(session: Session, wanted: list[View], views: Graph) -> Iterator[Plan]:
    """Plans that hold, of views that do not have to be rebuilt, and that a session may look at."""
    for view in wanted:
        try:
            plan = plan_if_kept(session, view, views)
            if plan is None or rebuild_reason(session, plan):
                continue
        except duckdb.InterruptException:
            raise
        except duckdb.Error:
            continue
        if not any(why_unseen(session, source) for source in plan.sources):
            yield plan


def _look_at_some(session: Session, parts: list[ViewRefresh], changed: _Changed) -> list[ViewRefresh]:
    """Look at the first of these views. Returns those that are left."""
    rest = deque(parts)
    try:
        with reading(session, parts):
            end = time.monotonic() + _LONGEST
            while rest:
                part = rest.popleft()
                if has_shape(session, part):
                    part.look(session)
                    session.forget_collected()
                    changed[part.view.view_id] = _changed_source(part)
                if time.monotonic() > end:
                    break
    except duckdb.InterruptException:
        raise
    except duckdb.Error:
        return list(rest) if len(rest) < len(parts) else []
    return list(rest)


def _changed_source(part: ViewRefresh) -> Source | None:
    """Of a view that was looked at, a source that changed."""
    for capture, delta in zip(part.captures, part.deltas, strict=True):
        if delta is None or not delta.is_empty:
            return capture.source
    return None


def _status(session: Session, view: View, views: Graph, known: dict[int, Status], changed: _Changed) -> Status:
    """The status of a view; those of the views that it reads are known."""
    if locks.is_held(session, view.name):
        return "refreshing", None
    if not stands(session, view):
        return "broken", HIDDEN.format(name=view.name)
    if not view.has_data:
        return "no data", "it was created WITH NO DATA: REFRESH INCREMENTAL VIEW fills it"
    try:
        reason = _stale_reason(session, view, views, known, changed)
    except (_Unseen, duckdb.PermissionException) as unseen:
        return "unknown", f"{unseen}, {NOT_BEFORE}"
    except duckdb.Error as error:
        return "broken", str(error)
    if reason and view.last_error:
        return "failed", view.last_error
    if reason:
        return "stale", reason
    if view.failed_rows:
        rows = count_of(view.failed_rows, "row")
        return "partial", f"calls failed for {rows} of its source: see coco_errors('{view.name}')"
    return "fresh", None


def _stale_reason(
    session: Session, view: View, views: Graph, known: dict[int, Status], changed: _Changed
) -> str | None:
    own, planned = session, None
    if view.view_id not in changed:
        own = looking(session.sibling(), view)
        planned = kept_plan(own, view, views)
        if reason := rebuild_reason(own, planned):
            return reason
    for above in views.upstream(view):
        state, _ = known[above.view_id]
        if state == "unknown":
            raise _Unseen(f"view {above.name}, which it reads, is {state}")
        if state not in ("fresh", "partial"):
            return f"view {above.name}, which it reads, is {state}"
    source = _look(own, planned) if planned else changed[view.view_id]
    return f"{source} changed" if source else None


def _look(session: Session, planned: Plan) -> Source | None:
    """The source of a view that changed."""
    for source in planned.sources:
        if why := why_unseen(session, source):
            raise _Unseen(why)
    part = ViewRefresh(planned, runs.unrecorded(planned.view))
    with reading(session, [part]):
        part.look(session)
    return _changed_source(part)
