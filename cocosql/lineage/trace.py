"""From the rows of a view down its operators, and those of the views that it reads, to the rows of the sources."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

import duckdb

from cocosql._native import Session
from cocosql.capture import Capture
from cocosql.capture.rows import RowCapture, past_rows
from cocosql.catalog import functions
from cocosql.catalog.views import Input, View
from cocosql.lineage.present import present
from cocosql.lineage.reached import Reached, Wanted
from cocosql.operators import SOURCE_ID, Operator
from cocosql.operators.map import Map, call_column
from cocosql.operators.partitioned import Partitioned
from cocosql.operators.scan import Constant, Scan
from cocosql.operators.union import Union
from cocosql.refresh.inputs import stored_inputs
from cocosql.refresh.looking import why_unseen
from cocosql.sqltext import ident, idents, literal, qualified, struct

CALL = "STRUCT(name VARCHAR, code_version VARCHAR, input_fingerprint UUID, computed_at TIMESTAMPTZ, run_id BIGINT)"
NO_CALLS = f"[]::{CALL}[]"

#: What is taken along on the way down: of the row that is traced, its id and columns; whether a row on the way is gone
#: since; the calls made on the way; and the positions of the elements of lists, from the source on.
CARRIED = ["coco_of", "coco_row", "coco_past", "coco_calls", "coco_path"]


@dataclass(frozen=True)
class Trace:
    """A way from a view's rows to those of a source.

    Its query gives what is carried, and ``coco_source_id``, the id of a row of the source.
    """

    sql: str
    #: How the view at its end captures the source, and how far it has read it. None if the way ends at rows of a view.
    capture: Capture | None
    given: Input
    #: The view at its end.
    view: View
    #: Whether no row of the view comes from a row of the source twice on it.
    is_unique: bool
    #: A query for the rows of the source as the view has read them: id, fingerprint, key.
    past: str | None = None
    #: Whether the source can be looked at as it is.
    is_seen: bool = True


@dataclass(frozen=True)
class _Here:
    """Rows of an operator's on the way: what is carried, and their columns and ids."""

    sql: str
    is_unique: bool = True

    def to(self, sql: str, *, is_unique: bool = True) -> "_Here":
        return _Here(sql, self.is_unique and is_unique)


def traces(session: Session, view: View, *, direct: bool = False, wanted: Wanted | None = None) -> list[Trace]:
    """The ways from the rows of a view to those of its sources; if direct, they end at the views that it reads.

    If a row of a source is wanted, rows that cannot come from it may be left out.

    Raises:
        duckdb.NotImplementedException: if the view keeps nothing by which its rows can be traced.
    """
    rows = (
        f"SELECT coco_row_id AS coco_of, {struct(view.column_names)} AS coco_row, {NO_CALLS} AS coco_calls, "
        f"[]::BIGINT[] AS coco_path, * FROM ({stored(view, None)})"
    )
    return list(_Tracer(session, view, direct, wanted).from_view(_Here(rows)))


def stored(view: View, version: int | None) -> str:
    """The rows of a view, now or at a version; ``coco_past`` says which are gone since."""
    rows = qualified(view.name.database, "coco", view.state_table)
    present = f"SELECT * EXCLUDE (coco_version, coco_updated), false AS coco_past FROM {rows}"
    if version is None:
        return present
    history = qualified(view.name.database, "coco", view.history_table)
    past = "SELECT * EXCLUDE (coco_version, coco_updated, coco_removed, coco_replaced), true AS coco_past"
    return (
        f"{present} WHERE coco_version <= {version} UNION ALL BY NAME {past} FROM {history} "
        f"WHERE coco_version <= {version} AND coco_removed > {version}"
    )


def why_untraced(view: View) -> str | None:
    """Why the rows of a view cannot be traced; None if they can."""
    if view.incremental:
        return None
    last = max(view.operators, key=lambda operator: operator.operator_id)
    reason = f"{view.name} keeps no state by which its rows could be traced ({last.rule})"
    if view.options.get("mode") != "recompute" and view.owed_seconds is None:
        return reason
    return f"{reason}. ALTER INCREMENTAL VIEW {view.name} SET (mode = 'incremental') and a refresh make it keep one"


def version(given: Input) -> int:
    """The version that has been read of a view."""
    return int(json.loads(given.position or "{}")["version"])


class _Tracer:
    """Goes down the operators of one view."""

    def __init__(self, session: Session, view: View, direct: bool, wanted: Wanted | None) -> None:
        found = present(session, view)
        if found is None:
            raise _not_known(view)
        self._session, self._view, self._present, self._flow = session, view, found, found.flow
        self._direct, self._wanted = direct, wanted
        self._reached = Reached(found, wanted) if wanted else None
        self._inputs = stored_inputs(view, found.captures)
        self._versions = {call.function.lower(): call.code_version for call in view.calls}

    def from_view(self, here: _Here) -> Iterator[Trace]:
        """The ways on from rows of the view."""
        yield from self._from(self._flow.top, here, self._view.column_names)

    @property
    def traces_past(self) -> bool:
        """Whether rows that the view had say themselves which rows of sources they came from: what operators below the
        last one keep is of the present."""
        top = self._flow.top
        return isinstance(top, Map) and all(isinstance(given.operator, (Scan, Constant)) for given in top.inputs)

    def _from(self, operator: Operator, here: _Here, names: list[str]) -> Iterator[Trace]:
        """The ways on from rows of an operator that works, under these names."""
        if isinstance(operator, Map):
            yield from self._from_map(operator, here)
        else:
            assert isinstance(operator, Partitioned)
            yield from self._from_partition(operator, here, names)

    def _from_map(self, operator: Map, here: _Here) -> Iterator[Trace]:
        joins, calls = self._calls(operator)
        elements = ", ".join(f"coco_here.{ident(column)}" for column in operator.elements)
        for given, column in zip(operator.inputs, operator.source_ids, strict=True):
            below = (
                f"SELECT coco_of, coco_row, coco_past, list_concat({calls}, coco_calls) AS coco_calls, "
                f"list_concat([{elements}]::BIGINT[], coco_path) AS coco_path, "
                f"coco_here.{ident(column)} AS {SOURCE_ID} FROM ({here.sql}) AS coco_here{joins}"
            )
            yield from self._into(given.operator, here.to(below))

    def _from_partition(self, operator: Partitioned, here: _Here, names: list[str]) -> Iterator[Trace]:
        relations = [given.over(self._present.all_rows(given.operator)) for given in operator.inputs]
        for number, given in enumerate(operator.inputs):
            keys = self._reached.keys(operator, number) if self._reached else None
            if keys == "":
                continue
            rows = here.sql if keys is None else f"SELECT * FROM ({here.sql}) WHERE {SOURCE_ID} IN ({keys})"
            below = (
                f"SELECT {idents(CARRIED)}, coco_origin AS {SOURCE_ID} FROM ({rows}) AS coco_here, "
                f"LATERAL ({operator.origins(number, relations, names)}) AS coco_given"
            )
            yield from self._into(given.operator, here.to(below, is_unique=False))

    def _into(self, operator: Operator, ids: _Here) -> Iterator[Trace]:
        """The ways on from the rows of an operator with these ids."""
        if isinstance(operator, Scan):
            yield from self._into_source(operator, ids)
        elif isinstance(operator, Union):
            for given in operator.inputs:
                yield from self._into(given.operator, ids)
        elif not isinstance(operator, Constant):
            here = (
                f"SELECT {idents(CARRIED, 'coco_from')}, coco_kept.* EXCLUDE (coco_id) FROM ({ids.sql}) AS coco_from "
                f"JOIN {self._present.kept(operator)} AS coco_kept ON coco_kept.coco_id = coco_from.{SOURCE_ID}"
            )
            yield from self._from(operator, ids.to(here), operator.names)

    def _into_source(self, scan: Scan, ids: _Here) -> Iterator[Trace]:
        number = next(number for number, other in enumerate(self._flow.scans) if other is scan)
        upstream = scan.source.upstream
        if self._inputs is None or self._inputs[number].position is None:
            raise _not_known(self._view)
        given = self._inputs[number]
        if upstream is None:
            capture = self._present.captures[number]
            assert isinstance(capture, RowCapture)
            past = past_rows(self._session, self._view.name.database, given, capture.identity)
            is_seen = why_unseen(self._present.looks, scan.source) is None
            yield Trace(ids.sql, capture, given, self._view, ids.is_unique, past, is_seen)
        elif self._direct or why_untraced(upstream):
            yield Trace(ids.sql, None, given, upstream, ids.is_unique)
        else:
            yield from self._into_view(upstream, given, ids)

    def _into_view(self, upstream: View, given: Input, ids: _Here) -> Iterator[Trace]:
        carried = idents([column for column in CARRIED if column != "coco_past"], "coco_from")
        here = (
            f"SELECT {carried}, coco_stored.* FROM ({ids.sql}) AS coco_from JOIN ({stored(upstream, version(given))}) "
            f"AS coco_stored ON coco_stored.coco_row_id = coco_from.{SOURCE_ID}"
        )
        tracer = _Tracer(self._session, upstream, self._direct, self._wanted)
        if not tracer.traces_past:
            past = f"SELECT {idents(CARRIED)}, coco_row_id AS {SOURCE_ID} FROM ({here}) WHERE coco_past"
            yield Trace(past, None, given, upstream, ids.is_unique)
            here = f"FROM ({here}) WHERE NOT coco_past"
        yield from tracer.from_view(ids.to(here))

    def _calls(self, operator: Map) -> tuple[str, str]:
        """Joins to the memo for each call site of a map, and the list of the calls that were made."""
        joins, made = [], []
        for site in operator.sites:
            name = site.callee.function.name
            version = self._versions[name.lower()]
            memo = qualified(self._view.name.database, "coco", functions.memo_name(name, version))
            column, alias = f"coco_here.{ident(call_column(site))}", ident(f"coco_memo_{site.number}")
            joins.append(f" LEFT JOIN {memo} AS {alias} ON {alias}.fingerprint = {column}")
            made.append(
                f"CASE WHEN {column} IS NOT NULL THEN {{'name': {literal(name)}, "
                # A row that was kept as its call failed was made by an earlier version: the memo of this one lacks it.
                f"'code_version': CASE WHEN {alias}.fingerprint IS NOT NULL THEN {literal(version)} END, "
                f"'input_fingerprint': {column}::UUID, 'computed_at': {alias}.computed_at, "
                f"'run_id': {alias}.run_id}} END"
            )
        for name in sorted(operator.called_inline(self._present.plan.callees)):  # what with is not kept
            version = self._versions[name]
            shown = self._present.plan.callees[name].function.name
            made.append(
                f"{{'name': {literal(shown)}, 'code_version': {literal(version)}, 'input_fingerprint': NULL::UUID, "
                "'computed_at': NULL::TIMESTAMPTZ, 'run_id': NULL::BIGINT}"
            )
        if not made:
            return "", NO_CALLS
        return "".join(joins), f"list_filter([{', '.join(made)}], lambda made: made IS NOT NULL)"


def _not_known(view: View) -> duckdb.InvalidInputException:
    return duckdb.InvalidInputException(
        f"the lineage of {view.name} is not known before its next refresh: REFRESH INCREMENTAL VIEW {view.name}"
    )
