"""EXPLAIN INCREMENTAL VIEW name"""

from collections.abc import Iterator
from typing import Any

from cocosql._native import Session
from cocosql.catalog import views
from cocosql.catalog.names import Caller
from cocosql.statements import Statement
from cocosql.tables import expand


def run(session: Session, statement: Statement, caller: Caller) -> list[tuple[Any, ...]]:
    """One row per operator, from the view down to its sources."""
    view = views.require(session, statement.names[0], caller)
    query = expand(session, "coco_operators", [view.name.sql], vars(caller))
    found = session.execute(
        f"SELECT operator_id, kind, rule, inputs, state_table, row_count, bytes, sql FROM ({query})"
    )
    operators = {row[0]: row for row in found}
    return list(_tree(operators, max(operators), 0))


def _tree(operators: dict[int, tuple[Any, ...]], operator_id: int, depth: int) -> Iterator[tuple[Any, ...]]:
    _, kind, rule, inputs, table, rows, size, sql = operators[operator_id]
    branch = "   " * (depth - 1) + "└─ " if depth else ""
    yield branch + kind, rule, table, rows, size, sql
    for below in inputs:
        yield from _tree(operators, below, depth + 1)
