"""coco_changes('view'): every change of a view's rows, by version."""

from cocosql._native import Session
from cocosql.catalog import views
from cocosql.catalog.names import Caller
from cocosql.catalog.tables import RUNS, own
from cocosql.sqltext import split_name, struct


def sql(session: Session, arguments: list[str], caller: Caller) -> str:
    view = views.require(session, split_name(arguments[0]), caller)
    rows = own(view.state_table, view.name.database)
    history = own(view.history_table, view.name.database)
    row = struct(view.column_names)
    runs = own(RUNS, view.name.database)
    of_version = (
        f"SELECT version, min(run_id) AS run_id FROM {runs} WHERE view_id = {view.view_id} AND status = 'succeeded'"
    )
    born = "CASE WHEN coco_updated THEN 'update_after' ELSE 'insert' END"
    gone = "CASE WHEN coco_replaced THEN 'update_before' ELSE 'delete' END"
    changes = (
        f"SELECT coco_version AS version, {born} AS op, coco_row_id AS row_id, {row} AS row FROM {rows} "
        f"UNION ALL SELECT coco_version, {born}, coco_row_id, {row} FROM {history} "
        f"UNION ALL SELECT coco_removed, {gone}, coco_row_id, {row} FROM {history}"
    )
    return (
        "SELECT changes.version, op, row_id, row, run_id "
        f"FROM ({changes}) AS changes LEFT JOIN ({of_version} GROUP BY version) AS made USING (version)"
    )
