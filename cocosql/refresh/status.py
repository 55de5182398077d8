"""Whether a view still says what its query would: worked out on reading, for nothing tells CocoSQL of a change."""

import duckdb

from cocosql._native import Session
from cocosql.catalog import locks, runs
from cocosql.catalog.graph import Graph
from cocosql.catalog.views import View, stands
from cocosql.refresh.describe import rebuild_reason
from cocosql.refresh.kept_plans import kept_plan
from cocosql.refresh.looking import NOT_BEFORE, looking, why_unseen
from cocosql.refresh.refresh import HIDDEN, reading
from cocosql.refresh.view_refresh import ViewRefresh
from cocosql.wording import count_of

#: fresh, stale, refreshing, partial, failed, broken, no data or unknown, and why.
Status = tuple[str, str | None]


class _Unseen(Exception):
    """What would have to be looked at is not: the message says why."""


def statuses(session: Session, views: Graph) -> dict[int, Status]:
    """By view id, the status of all views of a database."""
    found: dict[int, Status] = {}
    for view in views.ordered():
        found[view.view_id] = _status(session, view, views, found)
    return found


def _status(session: Session, view: View, views: Graph, known: dict[int, Status]) -> Status:
    """The status of a view; those of the views that it reads are known."""
    if locks.is_held(session, view.name):
        return "refreshing", None
    if not stands(session, view):
        return "broken", HIDDEN.format(name=view.name)
    if not view.has_data:
        return "no data", "it was created WITH NO DATA: REFRESH INCREMENTAL VIEW fills it"
    try:
        reason = _stale_reason(looking(session.sibling(), view), view, views, known)
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


def _stale_reason(session: Session, view: View, views: Graph, known: dict[int, Status]) -> str | None:
    planned = kept_plan(session, view, views)
    reason = rebuild_reason(session, planned)
    if reason:
        return reason
    for above in views.upstream(view):
        state, _ = known[above.view_id]
        if state == "unknown":
            raise _Unseen(f"view {above.name}, which it reads, is {state}")
        if state not in ("fresh", "partial"):
            return f"view {above.name}, which it reads, is {state}"
    for source in planned.sources:
        if why := why_unseen(session, source):
            raise _Unseen(why)
    part = ViewRefresh(planned, runs.unrecorded(view))
    with reading(session, [part]):
        part.look(session)
    for capture, delta in zip(part.captures, part.deltas, strict=True):
        if delta is None or not delta.is_empty:
            return f"{capture.source} changed"
    return None
