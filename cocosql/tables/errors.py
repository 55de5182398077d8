"""coco_errors(['view']): the calls that failed in the last refresh of each view."""

import duckdb

from cocosql._native import Session
from cocosql.catalog import migrations, names, views
from cocosql.catalog.names import Caller
from cocosql.catalog.tables import ERRORS, own
from cocosql.sqltext import literal
from cocosql.sqltree import split_name
from cocosql.tables import templates


def sql(session: Session, arguments: list[str], caller: Caller) -> str:
    if not arguments:
        return templates.over_databases(session, "coco_errors")
    database, view = _view(session, split_name(arguments[0]), caller)
    return f"{templates.in_database('coco_errors', database)} WHERE view_name = {literal(view)}"


def _view(session: Session, parts: list[str], caller: Caller) -> tuple[str, str]:
    """The database and the name of the view; also of one whose CREATE failed, so that it does not exist."""
    try:
        name = views.require(session, parts, caller).name
    except duckdb.CatalogException:
        found = [name for name in names.candidates(session, parts, caller) if _has_errors(session, name)]
        if not found:
            raise
        name = found[0]
    return name.database, str(name)


def _has_errors(session: Session, name: names.Name) -> bool:
    if not migrations.has_state(session, name.database):
        return False
    table = own(ERRORS, name.database)
    return bool(session.execute(f"SELECT 1 FROM {table} WHERE view_name = $1 LIMIT 1", [str(name)]))
