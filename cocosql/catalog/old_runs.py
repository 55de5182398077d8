"""Old runs are forgotten, so that the records do not grow for ever; but not those that something still refers to."""

from collections.abc import Iterable
from contextlib import suppress

import duckdb

from cocosql._native import Session
from cocosql.catalog import views
from cocosql.catalog.change_log import ChangeLog
from cocosql.catalog.tables import ERRORS, RUN_CALLS, RUN_STEPS, RUNS, VIEWS, own
from cocosql.transaction import transaction

#: How long runs are kept that nothing refers to.
RETENTION = "30 days"

#: One refresh among so many looks for old runs.
_EVERY = 1000


def forget_in_turn(session: Session, database: str, run_ids: Iterable[int]) -> None:
    """Forget old runs if it is the turn of one of these that have ended. Call outside a transaction."""
    if any(run_id % _EVERY == 0 for run_id in run_ids):
        with suppress(duckdb.TransactionException):
            forget_old(session, database)


def forget_old(session: Session, database: str) -> None:
    """Forget old runs with their steps; what their calls add up to stays. Call outside a transaction."""
    with transaction(session):
        runs, calls, steps = (own(table, database) for table in (RUNS, RUN_CALLS, RUN_STEPS))
        of_old = session.execute(
            f"SELECT DISTINCT view_id FROM {runs} WHERE started_at < now() - $1::INTERVAL", [RETENTION]
        )
        if not of_old:
            return
        needed = _needed(session, database, {view_id for (view_id,) in of_old})
        found = session.execute(
            f"SELECT run_id FROM {runs} WHERE started_at < now() - $1::INTERVAL AND run_id NOT IN ({needed})",
            [RETENTION],
        )
        old = [run_id for (run_id,) in found]
        if not old:
            return
        columns = ["run_id", "function", "code_version", "calls", "hits", "errors", "seconds"]
        among = "run_id = 0 OR run_id IN (SELECT unnest($1::BIGINT[]))"
        totals = session.execute(
            "SELECT 0, function, code_version, sum(calls)::BIGINT, sum(hits)::BIGINT, sum(errors)::BIGINT, "
            f"sum(seconds) FROM {calls} WHERE {among} GROUP BY ALL",
            [old],
        )
        for table in (runs, calls, steps):
            session.execute(f"DELETE FROM {table} WHERE {among}", [old])
        session.append_records(database, RUN_CALLS, columns, [list(total) for total in totals])


def _needed(session: Session, database: str, view_ids: set[int]) -> str:
    """A query for the runs that made what these views have and had, each with the one before it; that are the last of
    their view; or that errors are of."""
    runs, errors, present = (own(table, database) for table in (RUNS, ERRORS, VIEWS))
    last = f"SELECT max(run_id) FROM {runs} WHERE view_id IN (SELECT view_id FROM {present}) GROUP BY view_id, status"
    parts = [f"SELECT run_id FROM {errors}", last]
    for view in views.all_views(session, database):
        if view.view_id not in view_ids:
            continue
        log = ChangeLog(view)
        made = (
            "SELECT run_id, lag(run_id) OVER (ORDER BY run_id) AS before, "
            f"version IN ({log.versions()}) AND run_id = min(run_id) OVER (PARTITION BY version) AS is_needed "
            f"FROM {log.runs()}"
        )
        parts.append(f"SELECT unnest([run_id, coalesce(before, 0)]) FROM ({made}) WHERE is_needed")
    return " UNION ".join(f"({part})" for part in parts)
