"""VACUUM INCREMENTAL VIEWS [WITH (retain = 'interval', function = 'name')]: drop what is not needed any more: memoized
results that no view uses, changes that are older than views retain, and what is known of rows that are gone. With a
function named: its results only, of all its code versions, and all that no present row comes from."""

from contextlib import suppress

import duckdb

from cocosql._native import Session
from cocosql.capture import pending, snapshots
from cocosql.catalog import functions, locks, migrations, old_runs, tables, views
from cocosql.catalog.locked_views import ViewGone, as_it_is, lock
from cocosql.catalog.names import Caller, Name
from cocosql.catalog.tables import FUNCTIONS, RUNS, own
from cocosql.catalog.views import View
from cocosql.lineage.needed import needed_results
from cocosql.refresh import state
from cocosql.refresh.asked import ask
from cocosql.refresh.prepared import prepared
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
    migrations.migrate(session.sibling(), caller.database)
    with locks.hold(session, [Name(caller.database, "coco vacuum", "")]):
        own = session.sibling()
        own.use_names(caller.database)
        for view in views.all_views(own, caller.database):
            ask(own, view)
        rows = (
            _of_all(own, caller.database, retain)
            if function is None
            else _of_one(own, caller.database, function, retain)
        )
        with suppress(duckdb.TransactionException):  # others write: DuckDB gives the space back at a later checkpoint
            own.execute(f"CHECKPOINT {qualified(caller.database)}")
        return rows


def _of_all(session: Session, database: str, retain: str) -> list[Row]:
    """Drop all that is not needed any more."""
    for view in views.all_views(session, database):
        _expire(session, view)
    snapshots.drop_unread(session, database)
    _drop_unnamed(session, database)
    for source, snapshot in snapshots.with_pending(session, database):
        with locks.hold(session, [snapshots.lock(database, source)]), transaction(session):
            pending.forget_gone(session, snapshot)
    old_runs.forget_old(session, database)
    rows = _drop_unused(session, database, _versions(session), retain, _unfinished(database))
    functions.forget_unused(session, database, retain)
    return rows


def _of_one(session: Session, database: str, function: str, retain: str) -> list[Row]:
    """Drop the results of a function that no present row needs."""
    known = _versions(session)
    versions = [(name, version) for name, version in known if name.lower() == function.lower()]
    if not versions:
        names = ", ".join(sorted({name for name, _ in known})) or "none"
        raise duckdb.CatalogException(f"database {database} knows no function {function}; it knows {names}")
    return _drop_unused(session, database, versions, retain, _running(database))


def _versions(session: Session) -> list[tuple[str, str]]:
    """The function versions that the database has results of."""
    return session.execute(f"SELECT name, code_version FROM {own(FUNCTIONS)} ORDER BY registered_at, name")


def _drop_unnamed(session: Session, database: str) -> None:
    """Drop tables for the rows of views that no record names."""
    with transaction(session):
        named = {table for view in views.all_views(session, database) for table in state.tables_of(view)}
        for name, _ in tables.present(session, database, tables.OF_VIEWS):
            if name not in named:
                session.execute(f"DROP TABLE {own(name)}")


def _expire(session: Session, view: View) -> None:
    """Forget changes of a view that are too old, unless it was dropped meanwhile."""
    with suppress(ViewGone), lock(session, view.name.database, lambda others: [as_it_is(view, others).name]) as locked:
        present = locked.present(view)
        state.expire(prepared(session.sibling(), present), present)


def _unfinished(database: str) -> str:
    """The runs that failed, and have left their results to the next refresh; and those that go on."""
    runs = own(RUNS, database)
    return f"""
        SELECT run_id FROM {runs} AS run WHERE run_id > coalesce((
            SELECT max(run_id) FROM {runs} AS good WHERE good.view_name = run.view_name AND status = 'succeeded'
        ), 0)
    """


def _running(database: str) -> str:
    return f"SELECT run_id FROM {own(RUNS, database)} WHERE status = 'running'"


def _drop_unused(
    session: Session, database: str, versions: list[tuple[str, str]], retain: str, spared: str
) -> list[Row]:
    """Drop results of function versions that views do not need, but for those of the runs that `spared` gives."""
    rows = []
    for name, code_version in versions:
        table, dropped = own(tables.memo(name, code_version), database), 0
        with suppress(duckdb.CatalogException), transaction(session):  # a view was dropped meanwhile: another time
            needed = needed_results(session, database, name, code_version)
            dropped = 0 if needed is None else _drop_results(session, database, table, needed, retain, spared)
        ((kept,),) = session.execute(f"SELECT count(*) FROM {table}")
        rows.append((database, name, code_version, dropped, kept))
    return rows


def _drop_results(session: Session, database: str, table: str, needed: str, retain: str, spared: str) -> int:
    """Drop results that no row comes from nor came from lately, but for those of the runs that `spared` gives."""
    runs = own(RUNS, database)
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
