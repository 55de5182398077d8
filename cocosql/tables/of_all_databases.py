"""coco_functions() and coco_runs(['view']): over all attached databases."""

from cocosql._native import Session
from cocosql.catalog import functions as catalog_functions
from cocosql.catalog import views
from cocosql.catalog.names import Caller
from cocosql.sqltext import literal, split_name
from cocosql.tables import templates


def functions(session: Session, _: list[str], __: Caller) -> str:
    registered = [
        [literal(name), literal(function.code_version)]
        for name, function in catalog_functions.registered(session).items()
    ]
    given = templates.values({"name": "VARCHAR", "code_version": "VARCHAR"}, registered)
    return f"WITH coco_registered AS ({given}) {templates.over_databases(session, 'coco_functions')}"


def runs(session: Session, arguments: list[str], caller: Caller) -> str:
    if not arguments:
        return templates.over_databases(session, "coco_runs")
    view = views.require(session, split_name(arguments[0]), caller)
    return f"{templates.in_database('coco_runs', view.name.database)} WHERE view_id = {view.view_id}"
