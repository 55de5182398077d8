"""coco_changes('view'): every change of a view's rows, by version."""

from cocosql._native import Session
from cocosql.catalog import views
from cocosql.catalog.names import Caller
from cocosql.sqltext import qualified, split_name, struct


def sql(session: Session, arguments: list[str], caller: Caller) -> str:
    view = views.require(session, split_name(arguments[0]), caller)
    rows = qualified(view.name.database, "coco", view.state_table)
    history = qualified(view.name.database, "coco", view.history_table)
    row = struct(view.column_names)
    born = "CASE WHEN coco_updated THEN 'update_after' ELSE 'insert' END"
    gone = "CASE WHEN coco_replaced THEN 'update_before' ELSE 'delete' END"
    return (
        f"SELECT coco_version AS version, {born} AS op, coco_row_id AS row_id, {row} AS row FROM {rows} "
        f"UNION ALL SELECT coco_version, {born}, coco_row_id, {row} FROM {history} "
        f"UNION ALL SELECT coco_removed, {gone}, coco_row_id, {row} FROM {history}"
    )
