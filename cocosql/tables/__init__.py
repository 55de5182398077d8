"""The system tables: each is SQL over the engine's own tables, in sql/tables/ or made for one view."""

import threading
from collections.abc import Callable
from typing import Any

import duckdb

from cocosql._native import Session
from cocosql.catalog import migrations
from cocosql.catalog.names import Caller
from cocosql.tables import (
    changes,
    column_lineage,
    errors,
    explain_change,
    impact,
    lineage,
    memo,
    of_all_databases,
    operators,
    views,
)

TABLES: dict[str, Callable[[Session, list[str], Caller], str]] = {
    "coco_views": views.sql,
    "coco_operators": operators.sql,
    "coco_functions": of_all_databases.functions,
    "coco_runs": of_all_databases.runs,
    "coco_run_steps": of_all_databases.run_steps,
    "coco_lineage": lineage.sql,
    "coco_column_lineage": column_lineage.sql,
    "coco_impact": impact.sql,
    "coco_changes": changes.sql,
    "coco_explain_change": explain_change.sql,
    "coco_errors": errors.sql,
    "coco_memo": memo.sql,
}


def expand(session: Session, table: str, arguments: list[str], caller: dict[str, Any]) -> str:
    """The query that a call of a system table stands for."""
    if _expanding.goes_on:
        raise duckdb.BinderException(f"{table}() cannot be part of an incremental view: it looks at the views itself")
    _expanding.goes_on = True
    try:
        return _expand(session, table, arguments, caller)
    finally:
        _expanding.goes_on = False


class _Expanding(threading.local):
    """Whether this thread is looking at views: the query of one must not begin that anew."""

    goes_on = False


_expanding = _Expanding()


def _expand(session: Session, table: str, arguments: list[str], caller: dict[str, Any]) -> str:
    if migrations.upgrade(session):
        raise duckdb.TransactionException(
            "a database that an earlier version of CocoSQL wrote has just been brought up to date: run the query again"
        )
    return TABLES[table](session, arguments, Caller(**caller))
