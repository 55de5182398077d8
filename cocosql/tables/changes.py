"""coco_changes('view'): every change of a view's rows, by version."""

from cocosql._native import Session
from cocosql.catalog import views
from cocosql.catalog.change_log import ChangeLog
from cocosql.catalog.names import Caller
from cocosql.sqltree import split_name


def sql(session: Session, arguments: list[str], caller: Caller) -> str:
    log = ChangeLog(views.require(session, split_name(arguments[0]), caller))
    born = "CASE WHEN is_update THEN 'update_after' ELSE 'insert' END"
    gone = "CASE WHEN is_update THEN 'update_before' ELSE 'delete' END"
    changes = (
        f"SELECT version, {born} AS op, row_id, row FROM ({log.appeared()}) "
        f"UNION ALL SELECT version, {gone}, row_id, row FROM ({log.disappeared()})"
    )
    return (
        "SELECT changes.version, op, row_id, row, run_id "
        f"FROM ({changes}) AS changes LEFT JOIN ({log.made()}) AS made USING (version)"
    )
