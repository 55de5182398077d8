"""What the rows are at the ends of traces: their source, key and content, and whether they are still the same."""

from dataclasses import dataclass

from cocosql.capture.rows import RowCapture
from cocosql.catalog.change_log import ChangeLog
from cocosql.lineage.trace import Trace, version
from cocosql.operators.operator import SOURCE_ID
from cocosql.operators.traced import NO_CALLS
from cocosql.sqltext import ident, literal, struct

#: The columns of coco_lineage.
_COLUMNS = ["row_id", "row", "source", "source_key", "source_row", "source_state", "functions", "elements"]


@dataclass(frozen=True)
class _Origin:
    """Joins to find it, and what it is, as SQL."""

    joins: str
    source: str
    key: str
    row: str
    state: str


def lineage_sql(traces: list[Trace]) -> str:
    """A row for each row of the view and each row of a source that it came from."""
    parts = " UNION ALL ".join(f"({_with_origin(trace)})" for trace in traces)
    sources = [(trace.view.name, trace.given.source) for trace in traces]
    reached = {source for _, source in sources}
    if len(reached) == len(sources) and all(trace.is_unique for trace in traces):
        return parts
    return (
        "SELECT row_id, row, source, source_key, any_value(source_row) AS source_row, "
        "any_value(source_state) AS source_state, list_distinct(flatten(list(functions))) AS functions, "
        "list_sort(list_distinct(flatten(list(elements)))) AS elements "
        f"FROM ({parts}) GROUP BY row_id, row, source, source_key"
    )


def no_lineage(names: list[str], types: list[str]) -> str:
    """The columns, and no rows."""
    row = ", ".join(f"{ident(name)} {kind}" for name, kind in zip(names, types, strict=True))
    return (
        f"SELECT NULL::BIGINT AS row_id, NULL::STRUCT({row}) AS row, NULL::VARCHAR AS source, "
        "NULL::JSON AS source_key, NULL::JSON AS source_row, NULL::VARCHAR AS source_state, "
        f"{NO_CALLS} AS functions, []::BIGINT[][] AS elements WHERE false"
    )


def _with_origin(trace: Trace) -> str:
    origin = _row_of_view(trace) if trace.capture is None else _row_of_source(trace)
    shown = [
        *("coco_traced.coco_of", "coco_traced.coco_row", origin.source, origin.key, origin.row, origin.state),
        "coco_traced.coco_calls",
        "CASE WHEN len(coco_traced.coco_path) > 0 THEN [coco_traced.coco_path] ELSE [] END",
    ]
    columns = ", ".join(f"{item} AS {name}" for item, name in zip(shown, _COLUMNS, strict=True))
    return f"SELECT {columns} FROM ({trace.sql}) AS coco_traced {origin.joins}"


def _row_of_view(trace: Trace) -> _Origin:
    """A row of an incremental view that cannot be traced any further."""
    row = f"to_json({struct(trace.view.column_names)}) AS coco_origin"
    rows = f"SELECT coco_row_id, {row}, coco_past FROM ({ChangeLog(trace.view).rows_at(version(trace.given))})"
    return _Origin(
        joins=f"JOIN ({rows}) AS coco_end ON coco_end.coco_row_id = coco_traced.{SOURCE_ID}",
        source=literal(str(trace.view.name)),
        key=f"to_json({{'row_id': coco_traced.{SOURCE_ID}}})",
        row="coco_end.coco_origin",
        state="CASE WHEN coco_end.coco_past THEN 'gone' ELSE 'current' END",
    )


def _row_of_source(trace: Trace) -> _Origin:
    """The row as the view has read it (past), and as it is (present)."""
    capture = trace.capture
    assert isinstance(capture, RowCapture)
    if not trace.is_seen:
        present = _UNSEEN
    elif capture.source.has_row_ids:
        present = _present_in_table(capture)
    else:
        present = _present(capture)
    return _Origin(
        joins=f"LEFT JOIN ({trace.past}) AS past ON past.coco_source_id = coco_traced.{SOURCE_ID} {present.joins}",
        source=literal(str(capture.source)),
        key=capture.identity.shown_key("coco_traced", "past"),
        row=f"CASE WHEN {present.is_there} THEN {present.row} END",
        state=f"CASE WHEN ({present.is_there}) IS NULL THEN 'unknown' WHEN NOT ({present.is_there}) THEN 'gone' "
        f"WHEN coco_traced.coco_past OR "
        f"{present.content} IS DISTINCT FROM past.coco_fingerprint THEN 'changed' ELSE 'current' END",
    )


@dataclass(frozen=True)
class _Present:
    """Joins to find the row as it is, and what it is, as SQL."""

    joins: str
    is_there: str
    row: str
    content: str


#: Of a source that is not looked at.
_UNSEEN = _Present(joins="", is_there="NULL::BOOLEAN", row="NULL::JSON", content="NULL")


def _present_in_table(capture: RowCapture) -> _Present:
    """The rows are located first, so that others are not read whole."""
    identity, source = capture.identity, capture.source
    return _Present(
        joins=f"LEFT JOIN ({identity.located()}) AS found ON found.coco_source_id = coco_traced.{SOURCE_ID} "
        f"LEFT JOIN {source.sql} AS present ON present.rowid = found.coco_rowid",
        is_there="present.rowid IS NOT NULL",
        row=f"to_json({struct(source.column_names, 'present')})",
        content=identity.content("found", "present"),
    )


def _present(capture: RowCapture) -> _Present:
    return _Present(
        joins=f"LEFT JOIN ({capture.identity.present_json()}) AS present "
        f"ON present.coco_source_id = coco_traced.{SOURCE_ID}",
        is_there="present.coco_source_id IS NOT NULL",
        row="present.row",
        content="present.coco_fingerprint",
    )
