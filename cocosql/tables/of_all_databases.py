"""coco_functions(), coco_runs(['view']) and coco_run_steps(run_id): over all attached databases."""

from cocosql._native import Session
from cocosql.catalog import functions as catalog_functions
from cocosql.catalog import runs as catalog_runs
from cocosql.catalog import views
from cocosql.catalog.names import Caller
from cocosql.sqltext import literal
from cocosql.sqltree import split_name
from cocosql.tables import templates


def functions(session: Session, _: list[str], __: Caller) -> str:
    registered = [
        [literal(name), literal(function.code_version)]
        for name, function in catalog_functions.registered(session).items()
    ]
    given = templates.values({"name": "VARCHAR", "code_version": "VARCHAR"}, registered)
    return f"WITH coco_registered AS ({given}) {templates.over_databases(session, 'coco_functions')}"


def runs(session: Session, arguments: list[str], caller: Caller) -> str:
    running = [
        [
            *(literal(run.view.name.database), str(run.run_id), str(run.view.view_id), literal(str(run.view.name))),
            literal(str(run.started_at)),
        ]
        for run in catalog_runs.running(session)
    ]
    columns = {"database": "VARCHAR", "run_id": "BIGINT", "view_id": "BIGINT", "view_name": "VARCHAR"}
    given = templates.values({**columns, "started_at": "TIMESTAMPTZ"}, running)
    if not arguments:
        return f"WITH coco_running AS ({given}) {templates.over_databases(session, 'coco_runs')}"
    view = views.require(session, split_name(arguments[0]), caller)
    query = templates.in_database("coco_runs", view.name.database)
    return f"WITH coco_running AS ({given}) {query} WHERE view_id = {view.view_id}"


def run_steps(session: Session, arguments: list[str], _: Caller) -> str:
    return f"FROM ({templates.over_databases(session, 'coco_run_steps')}) WHERE run_id = {int(arguments[0])}"
