"""REFRESH INCREMENTAL VIEW name [, …] [FULL] [WITH (recall = true)]; REFRESH ALL INCREMENTAL VIEWS …, the same"""

from contextlib import nullcontext, suppress

from cocosql._native import Session
from cocosql.catalog import migrations, views
from cocosql.catalog.locked_views import ViewGone
from cocosql.catalog.names import Caller
from cocosql.catalog.views import View
from cocosql.refresh import refresh
from cocosql.refresh.refresh import Row
from cocosql.refresh.untouched import refresh_untouched
from cocosql.statements import Statement
from cocosql.statements.options import check_names, is_true


def run(session: Session, statement: Statement, caller: Caller) -> list[Row]:
    check_names(statement.options, ["recall"], "REFRESH")
    recalled = is_true("recall", statement.options.get("recall", "false"))
    targets = all_targets(session) if statement.all else views.require_all(session, statement.names, caller)
    return refresh_views(session, targets, full=statement.full, recalled=recalled, may_be_gone=statement.all)


def refresh_views(
    session: Session, targets: list[View], *, full: bool = False, recalled: bool = False, may_be_gone: bool = False
) -> list[Row]:
    """Refresh views in turn: a row for each; none for one that is gone by then, if it may be."""
    since: dict[str, int] = {}
    done = {} if full or recalled else _untouched(session, targets)
    rows = []
    for view in targets:
        if row := done.get((view.name.database, view.view_id)):
            rows.append(row)
            continue
        if recalled and view.name.database not in since:
            # All views of the statement count from the same run on: what two of them need is called once.
            since[view.name.database] = session.next_id(view.name.database, "run_ids")
        with suppress(ViewGone) if may_be_gone else nullcontext():
            rows.append(refresh(session, view, full=full, recall=since.get(view.name.database)))
    return rows


def _untouched(session: Session, targets: list[View]) -> dict[tuple[str, int], Row]:
    """The rows of those views for which nothing has changed."""
    found = {}
    for database in dict.fromkeys(view.name.database for view in targets):
        views_there = [view for view in targets if view.name.database == database]
        for view_id, row in refresh_untouched(session, database, views_there).items():
            found[database, view_id] = row
    return found


def all_targets(session: Session) -> list[View]:
    return [view for database in migrations.databases(session) for view in views.all_views(session, database)]
