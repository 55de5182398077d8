"""REFRESH INCREMENTAL VIEW name [, …] [FULL]; REFRESH ALL INCREMENTAL VIEWS [FULL]"""

from contextlib import suppress

from cocosql._native import Session
from cocosql.catalog import migrations, views
from cocosql.catalog.locked_views import ViewGone
from cocosql.catalog.names import Caller
from cocosql.refresh import refresh
from cocosql.refresh.refresh import Row
from cocosql.statements import Statement


def run(session: Session, statement: Statement, caller: Caller) -> list[Row]:
    if statement.all:
        return _refresh_all(session, full=statement.full)
    targets = [views.require(session, name, caller) for name in statement.names]
    return [refresh(session, view, full=statement.full) for view in targets]


def _refresh_all(session: Session, *, full: bool) -> list[Row]:
    """Refresh every view that is still there when its turn comes."""
    rows = []
    for view in [view for database in migrations.databases(session) for view in views.all_views(session, database)]:
        with suppress(ViewGone):
            rows.append(refresh(session, view, full=full))
    return rows
