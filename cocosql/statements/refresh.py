"""REFRESH INCREMENTAL VIEW name [, …] [FULL]; REFRESH ALL INCREMENTAL VIEWS [FULL]"""

from cocosql._native import Session
from cocosql.catalog import migrations, views
from cocosql.catalog.names import Caller
from cocosql.catalog.views import View
from cocosql.refresh import refresh
from cocosql.refresh.refresh import Row
from cocosql.statements import Statement


def run(session: Session, statement: Statement, caller: Caller) -> list[Row]:
    targets = _all(session) if statement.all else [views.require(session, name, caller) for name in statement.names]
    return [refresh(session, view, full=statement.full) for view in targets]


def _all(session: Session) -> list[View]:
    return [view for database in migrations.databases(session) for view in views.all_views(session, database)]
