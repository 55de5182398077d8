"""coco_views(): the incremental views of all attached databases, with their status."""

from cocosql._native import Session
from cocosql.catalog import migrations, views
from cocosql.catalog.names import Caller
from cocosql.refresh.status import statuses
from cocosql.sqltext import literal
from cocosql.tables import templates

_STATES = {
    "database": "VARCHAR",
    "view_id": "BIGINT",
    "status": "VARCHAR",
    "status_reason": "VARCHAR",
    "row_count": "BIGINT",
}


def sql(session: Session, _: list[str], __: Caller) -> str:
    rows = []
    for database in migrations.databases(session):
        found = views.all_views(session, database)
        states = statuses(session, found)
        for view in found:
            state, reason = states[view.view_id]
            count = session.count_rows(database, view.state_table)
            if count is None:  # another connection has replaced or dropped it meanwhile
                continue
            why = literal(reason) if reason else "NULL"
            rows.append([literal(database), str(view.view_id), literal(state), why, str(count)])
    given = templates.values(_STATES, rows)
    return f"WITH coco_states AS ({given}) {templates.over_databases(session, 'coco_views')}"
