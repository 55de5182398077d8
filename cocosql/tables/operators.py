"""coco_operators('view'): the operators of a view's flow, with the tables that they keep."""

from cocosql._native import Session
from cocosql.catalog import views
from cocosql.catalog.names import Caller
from cocosql.catalog.tables import own
from cocosql.sqltext import literal
from cocosql.sqltree import split_name
from cocosql.tables import templates

_BLOCK_BYTES = 262144


def sql(session: Session, arguments: list[str], caller: Caller) -> str:
    view = views.require(session, split_name(arguments[0]), caller)
    rows = []
    for table in {operator.state_table for operator in view.operators if operator.state_table}:
        name = own(table, view.name.database)
        ((count,),) = session.execute(f"SELECT count(*) FROM {name}")
        ((blocks,),) = session.execute(
            "SELECT count(DISTINCT block_id) FROM pragma_storage_info($1) WHERE block_id >= 0", [name]
        )
        rows.append([literal(table), str(count), str(blocks * _BLOCK_BYTES)])
    sizes = templates.values({"state_table": "VARCHAR", "row_count": "BIGINT", "bytes": "BIGINT"}, rows)
    query = templates.in_database("coco_operators", view.name.database).replace("coco_view_id", str(view.view_id))
    return f"WITH coco_sizes AS ({sizes}) {query}"
