"""From the rows of a view down its operators, and those of the views that it reads, to the rows of the sources."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

import duckdb

from cocosql._native import Session
from cocosql.capture import Capture
from cocosql.capture.rows import RowCapture, past_rows
from cocosql.catalog.change_log import ChangeLog
from cocosql.catalog.views import Input, View
from cocosql.lineage.present import present
from cocosql.lineage.reached import Reached, Wanted
from cocosql.operators.operator import SOURCE_ID, Materialized, Operator
from cocosql.operators.scan import Scan
from cocosql.operators.traced import CARRIED, NO_CALLS, Here
from cocosql.refresh.inputs import stored_inputs
from cocosql.refresh.looking import why_unseen
from cocosql.sqltext import idents, struct


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


def traces(session: Session, view: View, *, direct: bool = False, wanted: Wanted | None = None) -> list[Trace]:
    """The ways from the rows of a view to those of its sources; if direct, they end at the views that it reads.

    If a row of a source is wanted, rows that cannot come from it may be left out.

    Raises:
        duckdb.NotImplementedException: if the view keeps nothing by which its rows can be traced.
    """
    rows = (
        f"SELECT coco_row_id AS coco_of, {struct(view.column_names)} AS coco_row, {NO_CALLS} AS coco_calls, "
        f"[]::BIGINT[] AS coco_path, * FROM ({ChangeLog(view).rows_at(None)})"
    )
    return list(Tracer(session, view, direct, wanted).from_view(Here(rows)))


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


class Tracer:
    """Goes down the operators of one view."""

    def __init__(self, session: Session, view: View, direct: bool, wanted: Wanted | None) -> None:
        found = present(session, view)
        if found is None:
            raise _not_known(view)
        self.view, self.callees = view, found.plan.callees
        #: The code versions that the rows of the view were made with.
        self.versions = {call.function.lower(): call.code_version for call in view.calls}
        self.reached = Reached(found, wanted) if wanted else None
        self._session, self._present, self._flow = session, found, found.flow
        self._direct, self._wanted = direct, wanted
        self._inputs = stored_inputs(view, found.captures)

    def from_view(self, here: Here) -> Iterator[Trace]:
        """The ways on from rows of the view."""
        yield from self._flow.top.trace(self, here, self.view.column_names)

    @property
    def traces_past(self) -> bool:
        """Whether rows that the view had say themselves which rows of sources they came from: what operators below the
        last one keep is of the present."""
        top = self._flow.top
        return bool(top.source_ids) and not any(given.operator.inputs for given in top.inputs)

    def rows(self, operator: Operator) -> str:
        """A query for the rows of an operator that others read."""
        return operator.present_rows(self._present)

    def rows_with(self, operator: Materialized, ids: Here) -> Here:
        """The rows of an operator, of those in a table, that have these ids."""
        return ids.to(
            f"SELECT {idents(CARRIED, 'coco_from')}, coco_kept.* EXCLUDE (coco_id) FROM ({ids.sql}) AS coco_from "
            f"JOIN {self._present.kept(operator)} AS coco_kept ON coco_kept.coco_id = coco_from.{SOURCE_ID}"
        )

    def into_source(self, scan: Scan, ids: Here) -> Iterator[Trace]:
        """The ways on from rows of a source: they end, or go on in the view that it is."""
        number = self._flow.scans.index(scan)
        upstream = scan.source.upstream
        if self._inputs is None or self._inputs[number].position is None:
            raise _not_known(self.view)
        given = self._inputs[number]
        if upstream is None:
            capture = self._present.captures[number]
            assert isinstance(capture, RowCapture)
            past = past_rows(self._session, self.view.name.database, given, capture.identity)
            is_seen = why_unseen(self._present.looks, scan.source) is None
            yield Trace(ids.sql, capture, given, self.view, ids.is_unique, past, is_seen)
        elif self._direct or why_untraced(upstream):
            yield Trace(ids.sql, None, given, upstream, ids.is_unique)
        else:
            yield from self._into_view(upstream, given, ids)

    def _into_view(self, upstream: View, given: Input, ids: Here) -> Iterator[Trace]:
        carried = idents([column for column in CARRIED if column != "coco_past"], "coco_from")
        stored = ChangeLog(upstream).rows_at(version(given))
        here = (
            f"SELECT {carried}, coco_stored.* FROM ({ids.sql}) AS coco_from JOIN ({stored}) "
            f"AS coco_stored ON coco_stored.coco_row_id = coco_from.{SOURCE_ID}"
        )
        tracer = Tracer(self._session, upstream, self._direct, self._wanted)
        if not tracer.traces_past:
            past = f"SELECT {idents(CARRIED)}, coco_row_id AS {SOURCE_ID} FROM ({here}) WHERE coco_past"
            yield Trace(past, None, given, upstream, ids.is_unique)
            here = f"FROM ({here}) WHERE NOT coco_past"
        yield from tracer.from_view(ids.to(here))


def _not_known(view: View) -> duckdb.InvalidInputException:
    return duckdb.InvalidInputException(
        f"the lineage of {view.name} is not known before its next refresh: REFRESH INCREMENTAL VIEW {view.name}"
    )
