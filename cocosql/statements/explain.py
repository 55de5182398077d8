"""EXPLAIN INCREMENTAL VIEW name"""

from collections.abc import Iterator
from typing import Any

from cocosql._native import Session
from cocosql.catalog import views
from cocosql.catalog.names import Caller
from cocosql.operators import recompute
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
    return list(_tree(operators, max(operators), 0, []))


def _tree(
    operators: dict[int, tuple[Any, ...]], operator_id: int, depth: int, above: list[str]
) -> Iterator[tuple[Any, ...]]:
    """An operator and those below it. `above` is what those above do with a row that changes."""
    _, kind, rule, inputs, table, rows, size, sql = operators[operator_id]
    branch = "   " * (depth - 1) + "└─ " if depth else ""
    cost = "" if inputs else f". What changes costs: {'; then '.join(reversed(above))}"
    yield branch + kind, rule + (cost if above else ""), table, rows, size, sql
    for below in inputs:
        yield from _tree(operators, below, depth + 1, [*above, _effect(operators, operator_id, below)])


def _effect(operators: dict[int, tuple[Any, ...]], operator_id: int, below: int) -> str:
    """What a row of an operator that changes costs in the one above it."""
    _, kind, rule, inputs, *_ = operators[operator_id]
    if kind == recompute.KIND:
        return "the query is run afresh"
    others = [_named(operators[other]) for other in inputs if other != below]
    looked_up = f" (looked up: {', '.join(others)})" if others else ""
    return f"{kind}: {rule}{looked_up}"


def _named(operator: tuple[Any, ...]) -> str:
    operator_id, kind, _, _, _, rows, *_ = operator
    return f"{kind} {operator_id}" if rows is None else f"{rows:,} rows of {kind} {operator_id}"
