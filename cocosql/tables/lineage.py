"""coco_lineage('view'): for each row of a view, the source rows that it came from and the calls that made it."""

import duckdb

from cocosql._native import Session
from cocosql.capture.diff import DiffCapture
from cocosql.catalog import functions, views
from cocosql.catalog.names import Caller
from cocosql.catalog.views import View
from cocosql.planner.operators.map import Map
from cocosql.planner.plan import Plan, plan
from cocosql.refresh.refresh import prepared
from cocosql.refresh.view_refresh import captures
from cocosql.sqltext import ident, literal, qualified, split_name

_CALL = "STRUCT(name VARCHAR, code_version VARCHAR, input_fingerprint UHUGEINT, computed_at TIMESTAMPTZ, run_id BIGINT)"
_NO_CALLS = f"[]::{_CALL}[]"


def sql(session: Session, arguments: list[str], caller: Caller) -> str:
    return _lineage(session, views.require(session, split_name(arguments[0]), caller))


def _lineage(session: Session, view: View) -> str:
    if not view.has_data:
        return _no_rows(view)
    if not view.incremental:
        reason = next((operator.rule for operator in view.operators if operator.kind == "recompute"), "recompute")
        raise duckdb.NotImplementedException(
            f"the lineage of {view.name} is not kept in this version, for it has no incremental rule ({reason})"
        )
    planned = plan(prepared(session.sibling(), view), view)
    joins, calls = _calls(view)
    row = f"struct_pack({', '.join(f'{ident(name)} := stored.{ident(name)}' for name in view.column_names)})"
    return (
        f"SELECT stored.coco_row_id AS row_id, {row} AS row, origin.source, origin.source_key, origin.source_row, "
        f"origin.source_state, list_concat(origin.functions, {calls}) AS functions "
        f"FROM {qualified(view.name.database, 'coco', view.state_table)} AS stored "
        f"JOIN ({_origin(session, planned)}) AS origin ON origin.source_id = stored.coco_source_id {joins}"
    )


def _no_rows(view: View) -> str:
    types = zip(view.column_names, view.column_types, strict=True)
    row = ", ".join(f"{ident(name)} {kind}" for name, kind in types)
    return (
        f"SELECT NULL::UHUGEINT AS row_id, NULL::STRUCT({row}) AS row, NULL::VARCHAR AS source, "
        "NULL::JSON AS source_key, NULL::JSON AS source_row, NULL::VARCHAR AS source_state, "
        f"{_NO_CALLS} AS functions WHERE false"
    )


def _calls(view: View) -> tuple[str, str]:
    """Joins to the memo for each call site, and the list of the calls that were made."""
    joins, structs = [], []
    for call in view.calls:
        if call.site is None:
            continue
        memo = qualified(view.name.database, "coco", functions.memo_name(call.function, call.code_version))
        column, alias = f"stored.{ident(f'coco_call_{call.site}')}", ident(f"memo_{call.site}")
        joins.append(f"LEFT JOIN {memo} AS {alias} ON {alias}.fingerprint = {column}")
        structs.append(
            f"CASE WHEN {column} IS NOT NULL THEN {{'name': {literal(call.function)}, "
            f"'code_version': {literal(call.code_version)}, 'input_fingerprint': {column}, "
            f"'computed_at': {alias}.computed_at, 'run_id': {alias}.run_id}} END"
        )
    if not structs:
        return "", _NO_CALLS
    return " ".join(joins), f"list_filter([{', '.join(structs)}], lambda made: made IS NOT NULL)"


def _origin(session: Session, planned: Plan) -> str:
    """Source rows by the id that the view's rows carry."""
    operator = planned.operator
    assert isinstance(operator, Map)
    source = operator.source
    if source.upstream and source.upstream.incremental:
        return (
            "SELECT row_id AS source_id, source, source_key, source_row, source_state, functions "
            f"FROM ({_lineage(session, source.upstream)})"
        )
    name = literal(str(source.name))
    if source.upstream:
        rows = qualified(source.upstream.name.database, "coco", source.upstream.state_table)
        columns = ", ".join(f"{ident(column)} := {ident(column)}" for column in source.upstream.column_names)
        return (
            f"SELECT coco_row_id AS source_id, {name} AS source, to_json({{'row_id': coco_row_id}}) AS source_key, "
            f"to_json(struct_pack({columns})) AS source_row, 'current' AS source_state, {_NO_CALLS} AS functions "
            f"FROM {rows}"
        )
    capture = captures(planned)[0]
    assert isinstance(capture, DiffCapture)
    return _table_origin(session, planned, capture, name)


def _table_origin(session: Session, planned: Plan, capture: DiffCapture, name: str) -> str:
    snapshot = qualified(planned.view.name.database, "coco", capture.snapshot_table)
    return (
        f"SELECT past.coco_source_id AS source_id, {name} AS source, {capture.shown_key('past')} AS source_key, "
        "present.row AS source_row, CASE WHEN present.coco_source_id IS NULL THEN 'gone' "
        "WHEN present.coco_fingerprint = past.coco_fingerprint THEN 'current' ELSE 'changed' END AS source_state, "
        f"{_NO_CALLS} AS functions "
        f"FROM {snapshot} AS past LEFT JOIN ({capture.present_rows(session)}) AS present USING (coco_source_id)"
    )
