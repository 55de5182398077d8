"""VACUUM INCREMENTAL VIEWS [WITH (retain = 'interval')]: drop what is not needed any more: memoized results that no
view uses, changes that are older than views retain, and what is known of rows that are gone."""

from contextlib import suppress

import duckdb

from cocosql._native import Session
from cocosql.capture import pending, snapshots
from cocosql.catalog import locks, migrations, views
from cocosql.catalog.functions import memo_name
from cocosql.catalog.locked_views import ViewGone, as_it_is, lock
from cocosql.catalog.names import Caller
from cocosql.catalog.views import View
from cocosql.lineage.needed import needed_results
from cocosql.refresh import state
from cocosql.refresh.refresh import prepared
from cocosql.sqltext import qualified
from cocosql.statements import Statement
from cocosql.transaction import transaction

#: How long results are kept that no view uses: code and data go back and forth.
DEFAULT_RETENTION = "7 days"

#: Database, function, code version, results dropped, results kept.
Row = tuple[str, str, str, int, int]


def run(session: Session, statement: Statement, caller: Caller) -> list[Row]:
    unknown = set(statement.options) - {"retain"}
    if unknown:
        raise duckdb.InvalidInputException(f"there is no option {min(unknown)!r} of VACUUM; there is retain")
    retain = statement.options.get("retain", DEFAULT_RETENTION)
    session.execute("SELECT $1::INTERVAL", [retain])
    migrations.migrate(session.sibling(), caller.database)
    return _vacuum(session, caller.database, retain)


def _vacuum(session: Session, database: str, retain: str) -> list[Row]:
    functions = session.execute(
        f"SELECT name, code_version FROM {qualified(database, 'coco', 'functions')} ORDER BY registered_at, name"
    )
    for view in views.all_views(session, database):
        _expire(session, view)
    for source, snapshot in snapshots.with_pending(session, database):
        own = session.sibling()
        with locks.hold(session, [snapshots.lock(database, source)]), transaction(own):
            pending.forget_gone(own, snapshot)
    rows = []
    for name, code_version in functions:
        table = qualified(database, "coco", memo_name(name, code_version))
        needed = needed_results(session, database, name, code_version)
        dropped = 0 if needed is None else _drop_unused(session, database, table, needed, retain)
        ((kept,),) = session.execute(f"SELECT count(*) FROM {table}")
        rows.append((database, name, code_version, dropped, kept))
    with suppress(duckdb.TransactionException):  # others write: DuckDB gives the space back at a later checkpoint
        session.execute(f"CHECKPOINT {qualified(database)}")
    return rows


def _expire(session: Session, view: View) -> None:
    """Forget changes of a view that are too old, unless it was dropped meanwhile."""
    with suppress(ViewGone), lock(session, view.name.database, lambda others: [as_it_is(view, others).name]) as locked:
        present = locked.present(view)
        state.expire(prepared(session.sibling(), present), present)


def _drop_unused(session: Session, database: str, table: str, needed: str, retain: str) -> int:
    """Drop results that no row comes from nor came from lately, and that no failed refresh has left to the next."""
    runs = qualified(database, "coco", "runs")
    ((count,),) = session.execute(
        f"""
        DELETE FROM {table} WHERE computed_at < now() - $1::INTERVAL
        AND fingerprint NOT IN (
            SELECT fingerprint FROM ({needed}) LEFT JOIN {runs} USING (run_id)
            WHERE present OR finished_at >= now() - $1::INTERVAL
        )
        AND run_id NOT IN (
            SELECT run_id FROM {runs} AS run WHERE run_id > coalesce((
                SELECT max(run_id) FROM {runs} AS good WHERE good.view_name = run.view_name AND status = 'succeeded'
            ), 0)
        )
        """,
        [retain],
    )
    return int(count)
