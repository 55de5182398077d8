"""Whether a view still says what its query would: worked out on reading, for nothing tells CocoSQL of a change."""

import duckdb

from cocosql._native import Session
from cocosql.catalog import runs, views
from cocosql.catalog.views import View
from cocosql.planner import plan
from cocosql.refresh import locks
from cocosql.refresh.refresh import HIDDEN, prepared, transaction, upstream
from cocosql.refresh.view_refresh import ViewRefresh, rebuild_reason


def status(session: Session, view: View) -> tuple[str, str | None]:
    """fresh, stale, refreshing, partial, failed, broken or no data, and why."""
    if locks.is_held(session, view.name):
        return "refreshing", None
    if not views.stands(session, view):
        return "broken", HIDDEN.format(name=view.name)
    if not view.has_data:
        return "no data", "it was created WITH NO DATA: REFRESH INCREMENTAL VIEW fills it"
    try:
        reason = _stale_reason(prepared(session.sibling(), view), view)
    except duckdb.Error as error:
        return "broken", str(error)
    if reason and view.last_error:
        return "failed", view.last_error
    if reason:
        return "stale", reason
    if view.failed_rows:
        return "partial", f"calls failed for {view.failed_rows} rows of its source: see coco_errors('{view.name}')"
    return "fresh", None


def _stale_reason(session: Session, view: View) -> str | None:
    planned = plan(session, view)
    reason = rebuild_reason(planned)
    if reason:
        return reason
    for above in upstream(session, view):
        state, _ = status(session, above)
        if state not in ("fresh", "partial"):
            return f"view {above.name}, which it reads, is {state}"
    part = ViewRefresh(planned, runs.unrecorded(view))
    with transaction(session):
        part.look(session)
    for capture, delta in zip(part.captures, part.deltas, strict=True):
        if delta is None or delta.changed:
            return f"{capture.source.name or capture.source.sql} changed"
    return None
