"""DROP INCREMENTAL VIEW [IF EXISTS] name [, …] [CASCADE | RESTRICT]"""

import duckdb

from cocosql._native import Session
from cocosql.capture import snapshots
from cocosql.catalog import errors, migrations, views
from cocosql.catalog.names import Caller
from cocosql.catalog.views import View
from cocosql.refresh import locks, state
from cocosql.refresh.refresh import downstream
from cocosql.sqltext import ident
from cocosql.statements import Statement
from cocosql.transaction import transaction


def run(session: Session, statement: Statement, caller: Caller) -> list[tuple[()]]:
    targets: dict[tuple[str, int], View] = {}
    for parts in statement.names:
        try:
            view = views.require(session, parts, caller)
        except duckdb.CatalogException:
            if statement.if_exists:
                continue
            raise
        readers = downstream(view, views.all_views(session, view.name.database)) if statement.cascade else []
        for target in [*reversed(readers), view]:
            targets[target.name.database, target.view_id] = target
    if not statement.cascade:
        _check_unread(session, list(targets.values()))
    for view in targets.values():
        drop(session, view)
    return []


def drop(session: Session, view: View) -> None:
    """Drop the view with all that it keeps; memoized results stay."""
    migrations.migrate(session.sibling(), view.name.database)
    session = session.sibling()
    session.execute(f"USE {ident(view.name.database)}")
    with locks.hold(session, [view.name]), transaction(session):
        state.drop(session, view)
        errors.forget(session, view)
        views.forget(session, view.view_id)
        snapshots.drop_unread(session, view.name.database)


def _check_unread(session: Session, targets: list[View]) -> None:
    dropped = {(view.name.database, view.view_id) for view in targets}
    for view in targets:
        others = downstream(view, views.all_views(session, view.name.database))
        readers = [other for other in others if (other.name.database, other.view_id) not in dropped]
        if readers:
            names = ", ".join(str(reader.name) for reader in readers)
            raise duckdb.DependencyException(
                f"cannot drop incremental view {view.name}, which {names} reads: use DROP … CASCADE to drop both"
            )
