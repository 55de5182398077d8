"""SHOW INCREMENTAL VIEWS"""

from typing import Any

from cocosql._native import Session
from cocosql.catalog.names import Caller
from cocosql.statements import Statement
from cocosql.tables import expand


def run(session: Session, statement: Statement, caller: Caller) -> list[tuple[Any, ...]]:
    views = expand(session, "coco_views", [], vars(caller))
    return session.execute(
        "SELECT database, schema, name, status, status_reason, version, row_count, incremental, last_refreshed "
        f"FROM ({views}) ORDER BY ALL"
    )
