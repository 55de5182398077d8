"""coco_lineage('view'): for each row of a view, the source rows that it came from and the calls that made it."""

import json
from dataclasses import dataclass

import duckdb

from cocosql._native import Session
from cocosql.capture.rows import RowCapture, past_rows
from cocosql.catalog import functions, views
from cocosql.catalog.names import Caller
from cocosql.catalog.views import Operator, View
from cocosql.planner.operators import map as map_operator
from cocosql.planner.operators import scan
from cocosql.planner.plan import Plan, plan
from cocosql.refresh.inputs import captures, stored_inputs
from cocosql.refresh.refresh import prepared
from cocosql.sqltext import ident, literal, qualified, split_name, struct

_CALL = "STRUCT(name VARCHAR, code_version VARCHAR, input_fingerprint UHUGEINT, computed_at TIMESTAMPTZ, run_id BIGINT)"
_NO_CALLS = f"[]::{_CALL}[]"
_ORIGIN = ("source", "source_key", "source_row", "source_state", "functions")


@dataclass(frozen=True)
class _Origin:
    """Where stored rows came from: joins to find it, and what it is, as SQL."""

    joins: str
    source: str
    key: str
    row: str
    state: str
    calls: str = _NO_CALLS


def sql(session: Session, arguments: list[str], caller: Caller) -> str:
    return _lineage(session, views.require(session, split_name(arguments[0]), caller), None)


def _lineage(session: Session, view: View, version: int | None) -> str:
    """The lineage of a view's rows; of those that it had at a version, if one is given."""
    if not view.has_data:
        return _no_rows(view)
    if not _is_traced(view):
        reason = _last(view).rule
        raise duckdb.NotImplementedException(
            f"the lineage of {view.name} is not kept in this version, as it does not work on rows one by one ({reason})"
        )
    planned = plan(prepared(session.sibling(), view), view, views.all_views(session, view.name.database))
    origin = _upstream_origin(session, planned) or _table_origin(session, planned)
    joins, calls = _calls(view)
    row = struct(view.column_names, "stored")
    return (
        f"SELECT stored.coco_row_id AS row_id, {row} AS row, {origin.source} AS source, {origin.key} AS source_key, "
        f"{origin.row} AS source_row, {origin.state} AS source_state, "
        f"list_concat({origin.calls}, {calls}) AS functions FROM ({_stored(view, version)}) AS stored "
        f"{origin.joins} {joins}"
    )


def _is_traced(view: View) -> bool:
    """Whether each row of the view has the id of the one source row that it came from."""
    last = _last(view)
    below = [operator.kind for operator in view.operators if operator.operator_id in last.inputs]
    return last.kind == map_operator.KIND and below == [scan.KIND]


def _last(view: View) -> Operator:
    """The operator that gives the view's rows."""
    return max(view.operators, key=lambda operator: operator.operator_id)


def _stored(view: View, version: int | None) -> str:
    """The view's rows, now or at a version; ``coco_past`` says which are gone since."""
    rows = qualified(view.name.database, "coco", view.state_table)
    if version is None:
        return f"SELECT *, false AS coco_past FROM {rows}"
    history = qualified(view.name.database, "coco", view.history_table)
    return (
        f"SELECT *, false AS coco_past FROM {rows} WHERE coco_version <= {version} UNION ALL BY NAME "
        f"SELECT * EXCLUDE (coco_removed, coco_replaced), true AS coco_past FROM {history} "
        f"WHERE coco_version <= {version} AND coco_removed > {version}"
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
            # A row that was kept as its call failed was made by an earlier version: the memo of this one lacks it.
            f"'code_version': CASE WHEN {alias}.fingerprint IS NOT NULL THEN {literal(call.code_version)} END, "
            f"'input_fingerprint': {column}, 'computed_at': {alias}.computed_at, 'run_id': {alias}.run_id}} END"
        )
    if not structs:
        return "", _NO_CALLS
    return " ".join(joins), f"list_filter([{', '.join(structs)}], lambda made: made IS NOT NULL)"


def _upstream_origin(session: Session, planned: Plan) -> _Origin | None:
    """What the rows of an incremental view came from, through that view; None if the source is none."""
    assert planned.flow is not None
    upstream = planned.flow.scans[0].source.upstream
    if upstream is None:
        return None
    read = int(json.loads(planned.view.inputs[0].position or "{}")["version"])
    on = "ON origin.row_id = stored.coco_source_id"
    if _is_traced(upstream):
        join = f"JOIN ({_lineage(session, upstream, read)}) AS origin {on}"
        return _Origin(join, *(f"origin.{part}" for part in _ORIGIN))
    row = f"to_json({struct(upstream.column_names)}) AS row"
    rows = f"SELECT coco_row_id AS row_id, {row}, coco_past FROM ({_stored(upstream, read)})"
    return _Origin(
        joins=f"JOIN ({rows}) AS origin {on}",
        source=literal(str(upstream.name)),
        key="to_json({'row_id': stored.coco_source_id})",
        row="origin.row",
        state="CASE WHEN origin.coco_past THEN 'gone' ELSE 'current' END",
    )


def _table_origin(session: Session, planned: Plan) -> _Origin:
    """The rows of a table: as the view read them (past), and as they are (present)."""
    capture, view = captures(planned)[0], planned.view
    assert isinstance(capture, RowCapture)
    given = stored_inputs(view, [capture])
    if not given or not given[0].position:
        raise duckdb.InvalidInputException(
            f"the lineage of {view.name} is not known before its next refresh: REFRESH INCREMENTAL VIEW {view.name}"
        )
    snapshot = f"({past_rows(view.name.database, given[0], capture.identity)})"
    return _Origin(
        joins=f"LEFT JOIN {snapshot} AS past ON past.coco_source_id = stored.coco_source_id "
        f"LEFT JOIN ({capture.present_rows(session)}) AS present ON present.coco_source_id = stored.coco_source_id",
        source=literal(str(capture.source)),
        key=capture.identity.shown_key("stored", "past"),
        row="present.row",
        state="CASE WHEN present.coco_source_id IS NULL THEN 'gone' WHEN stored.coco_past OR "
        "present.coco_fingerprint IS DISTINCT FROM past.coco_fingerprint THEN 'changed' ELSE 'current' END",
    )
