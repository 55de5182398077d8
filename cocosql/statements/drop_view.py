"""DROP INCREMENTAL VIEW [IF EXISTS] name [, …] [CASCADE | RESTRICT]"""

import duckdb

from cocosql._native import Session
from cocosql.capture import snapshots
from cocosql.catalog import errors, migrations, views
from cocosql.catalog.graph import Graph
from cocosql.catalog.locked_views import lock
from cocosql.catalog.names import Caller
from cocosql.catalog.views import View
from cocosql.refresh import state
from cocosql.statements import Statement
from cocosql.transaction import transaction


def run(session: Session, statement: Statement, caller: Caller) -> list[tuple[()]]:
    found: dict[str, list[View]] = {}
    for parts in statement.names:
        try:
            view = views.require(session, parts, caller)
        except duckdb.CatalogException:
            if statement.if_exists:
                continue
            raise
        found.setdefault(view.name.database, []).append(view)
    for database, targets in found.items():
        migrations.migrate(session.sibling(), database)
        _drop(session.sibling(), database, targets, statement)
    return []


def _drop(session: Session, database: str, targets: list[View], statement: Statement) -> None:
    """Drop views of a database with all that they keep; memoized results stay."""

    def with_readers(others: Graph) -> list[View]:
        """The views to drop as they are now, readers first."""
        present = [view for view in others if any(view.view_id == target.view_id for target in targets)]
        readers = [reader for view in present for reader in others.downstream(view)] if statement.cascade else []
        return list({view.view_id: view for view in [*reversed(readers), *present]}.values())

    session.use_names(database)
    with lock(session, database, lambda others: [view.name for view in with_readers(others)]) as locked:
        if not statement.if_exists:
            for target in targets:
                locked.present(target)
        dropped = with_readers(locked.views)
        _check_unread(dropped, locked.views)
        with transaction(session):
            for view in dropped:
                state.drop(session, view)
                errors.forget(session, view)
                locked.forget(session, view)
        snapshots.drop_unread(session, database)


def _check_unread(targets: list[View], others: Graph) -> None:
    dropped = {view.view_id for view in targets}
    for view in targets:
        readers = [reader for reader in others.downstream(view) if reader.view_id not in dropped]
        if readers:
            names = ", ".join(str(reader.name) for reader in readers)
            raise duckdb.DependencyException(
                f"cannot drop incremental view {view.name}, which {names} reads: use DROP … CASCADE to drop both"
            )
