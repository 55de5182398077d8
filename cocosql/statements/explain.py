"""EXPLAIN INCREMENTAL VIEW name"""

from cocosql._native import Session
from cocosql.catalog import views
from cocosql.catalog.names import Caller
from cocosql.statements import Statement
from cocosql.tables import expand


def run(session: Session, statement: Statement, caller: Caller) -> list[tuple[str, str]]:
    view = views.require(session, statement.names[0], caller)
    operators = expand(session, "coco_operators", [view.name.sql], vars(caller))
    rows = session.execute(
        f"SELECT operator_id, kind, rule, inputs, sql, state_table, row_count, bytes FROM ({operators}) "
        "ORDER BY operator_id DESC"
    )
    lines = [f"{view.name}: {'incremental' if view.incremental else 'recomputed'}, version {view.version}"]
    for depth, (_, kind, rule, _, sql, table, count, size) in enumerate(rows):
        branch = "   " * min(depth, 1) + "└─ "
        lines.append(f"{branch}{kind}: {rule}")
        indent = "   " * (min(depth, 1) + 1)
        lines.append(f"{indent}{sql}")
        if table:
            lines.append(f"{indent}keeps coco.{table}: {count} rows, {size} bytes")
    calls = sorted({(call.function, call.code_version[:8]) for call in view.calls})
    lines += [f"calls {function}, code version {version}" for function, version in calls]
    return [("incremental_view", "\n".join(lines))]
