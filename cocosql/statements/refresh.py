"""REFRESH INCREMENTAL VIEW name [, …] [FULL] [WITH (recall = true)]; REFRESH ALL INCREMENTAL VIEWS …, the same"""

from contextlib import nullcontext, suppress

from cocosql._native import Session
from cocosql.catalog import migrations, views
from cocosql.catalog.locked_views import ViewGone
from cocosql.catalog.names import Caller
from cocosql.catalog.views import View
from cocosql.refresh import refresh
from cocosql.refresh.refresh import Row
from cocosql.statements import Statement
from cocosql.statements.options import check_names, is_true


def run(session: Session, statement: Statement, caller: Caller) -> list[Row]:
    check_names(statement.options, ["recall"], "REFRESH")
    recalled = is_true("recall", statement.options.get("recall", "false"))
    targets = _all(session) if statement.all else views.require_all(session, statement.names, caller)
    since: dict[str, int] = {}
    rows = []
    for view in targets:
        if recalled and view.name.database not in since:
            # All views of the statement count from the same run on: what two of them need is called once.
            since[view.name.database] = session.next_id(view.name.database, "run_ids")
        # Of all views, those are refreshed that are still there when their turn comes.
        with suppress(ViewGone) if statement.all else nullcontext():
            rows.append(refresh(session, view, full=statement.full, recall=since.get(view.name.database)))
    return rows


def _all(session: Session) -> list[View]:
    return [view for database in migrations.databases(session) for view in views.all_views(session, database)]
