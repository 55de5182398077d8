"""VACUUM INCREMENTAL VIEWS [WITH (retain = 'interval', function = 'name')]: drop what is not needed any more: memoized
results that no view uses, changes that are older than views retain, and what is known of rows that are gone. With a
function named: its results only, of all its code versions, and all that no present row comes from."""

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
from cocosql.statements.options import check_interval, check_names
from cocosql.transaction import transaction

#: How long results are kept that no view uses: code and data go back and forth.
DEFAULT_RETENTION = "7 days"

#: Database, function, code version, results dropped, results kept.
Row = tuple[str, str, str, int, int]


def run(session: Session, statement: Statement, caller: Caller) -> list[Row]:
    check_names(statement.options, ["retain", "function"], "VACUUM")
    function = statement.options.get("function")
    retain = statement.options.get("retain", DEFAULT_RETENTION if function is None else "0 seconds")
    check_interval(session, "retain", retain)
    database = caller.database
    migrations.migrate(session.sibling(), database)
    if function is None:
        _drop_old_changes(session, database)
    spared = _unfinished(database) if function is None else _running(database)
    rows = []
    for name, code_version in _versions(session, database, function):
        table = qualified(database, "coco", memo_name(name, code_version))
        needed = needed_results(session, database, name, code_version)
        dropped = 0 if needed is None else _drop_unused(session, database, table, needed, retain, spared)
        ((kept,),) = session.execute(f"SELECT count(*) FROM {table}")
        rows.append((database, name, code_version, dropped, kept))
    with suppress(duckdb.TransactionException):  # others write: DuckDB gives the space back at a later checkpoint
        session.execute(f"CHECKPOINT {qualified(database)}")
    return rows


def _versions(session: Session, database: str, function: str | None) -> list[tuple[str, str]]:
    """The function versions that the database has results of."""
    table = qualified(database, "coco", "functions")
    found = session.execute(f"SELECT name, code_version FROM {table} ORDER BY registered_at, name")
    if function is None:
        return found
    versions = [(name, version) for name, version in found if name.lower() == function.lower()]
    if not versions:
        names = ", ".join(sorted({name for name, _ in found})) or "none"
        raise duckdb.CatalogException(f"database {database} knows no function {function}; it knows {names}")
    return versions


def _drop_old_changes(session: Session, database: str) -> None:
    """Drop changes that are older than views retain, and what is known of rows that are gone."""
    for view in views.all_views(session, database):
        _expire(session, view)
    for source, snapshot in snapshots.with_pending(session, database):
        own = session.sibling()
        with locks.hold(session, [snapshots.lock(database, source)]), transaction(own):
            pending.forget_gone(own, snapshot)


def _expire(session: Session, view: View) -> None:
    """Forget changes of a view that are too old, unless it was dropped meanwhile."""
    with suppress(ViewGone), lock(session, view.name.database, lambda others: [as_it_is(view, others).name]) as locked:
        present = locked.present(view)
        state.expire(prepared(session.sibling(), present), present)


def _unfinished(database: str) -> str:
    """The runs that failed, and have left their results to the next refresh; and those that go on."""
    runs = qualified(database, "coco", "runs")
    return f"""
        SELECT run_id FROM {runs} AS run WHERE run_id > coalesce((
            SELECT max(run_id) FROM {runs} AS good WHERE good.view_name = run.view_name AND status = 'succeeded'
        ), 0)
    """


def _running(database: str) -> str:
    return f"SELECT run_id FROM {qualified(database, 'coco', 'runs')} WHERE status = 'running'"


def _drop_unused(session: Session, database: str, table: str, needed: str, retain: str, spared: str) -> int:
    """Drop results that no row comes from nor came from lately, but for those of the runs that `spared` gives."""
    runs = qualified(database, "coco", "runs")
    ((count,),) = session.execute(
        f"""
        DELETE FROM {table} WHERE computed_at < now() - $1::INTERVAL
        AND fingerprint NOT IN (
            SELECT fingerprint FROM ({needed}) LEFT JOIN {runs} USING (run_id)
            WHERE present OR finished_at >= now() - $1::INTERVAL
        )
        AND run_id NOT IN ({spared})
        """,
        [retain],
    )
    return int(count)
