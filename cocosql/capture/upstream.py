"""The change log of an incremental view that another reads: no scan, no snapshot, only versions."""

import json
from dataclasses import dataclass
from functools import partial

from cocosql._native import Session
from cocosql.capture import Reading
from cocosql.catalog import views
from cocosql.catalog.change_log import ChangeLog
from cocosql.catalog.locked_views import ViewGone
from cocosql.catalog.views import Input, View
from cocosql.operators.delta import Delta
from cocosql.operators.source import Source
from cocosql.sqltext import idents, struct


@dataclass(frozen=True)
class UpstreamCapture:
    """The position is the upstream view's version, and its history: a view has another one with other columns."""

    source: Source
    columns: list[str]

    @property
    def kind(self) -> str:
        return "view"

    @property
    def rule(self) -> str:
        return "the view's own log of changes is read"

    def prepare(self, session: Session) -> None:
        pass

    def observe(self, session: Session) -> None:
        pass

    def reading(self) -> Reading | None:
        return None

    def source_id_type(self) -> str:
        return "BIGINT"

    def _upstream(self, session: Session) -> View:
        assert self.source.name is not None
        view = views.find(session, self.source.name)
        if view is None:
            raise ViewGone(f"incremental view {self.source.name} was dropped meanwhile")
        return view

    def _columns(self, columns: list[str]) -> str:
        return f"coco_row_id AS coco_source_id{', ' if columns else ''}{idents(columns)}"

    def all_rows(self, session: Session) -> str:
        return f"SELECT {self._columns(self.columns)} FROM {self._upstream(session).rows}"

    def rows_now(self, session: Session) -> str:
        return self.all_rows(session)

    def present_rows(self, session: Session) -> str:
        row = struct(self.source.column_names)
        rows = self._upstream(session).rows
        return f"SELECT coco_row_id AS coco_source_id, to_json({row}) AS row FROM {rows}"

    def keys(self, ids: str) -> str:
        return f"SELECT coco_source_id, to_json({{'row_id': coco_source_id}}) AS coco_key FROM ({ids})"

    def changes(self, session: Session, position: str | None) -> Delta | None:
        view, read = self._upstream(session), json.loads(position or "{}")
        if read.get("history") != view.history_table or read["version"] > view.version:
            return None
        version = int(read["version"])
        log = ChangeLog(view)
        gone, new = (rows(version, self._columns(self.columns)) for rows in (log.retractions, log.insertions))
        return Delta(gone, new, view.version - version, partial(self.all_rows, session), gone)

    def advance(self, session: Session) -> str | None:
        view = self._upstream(session)
        return json.dumps({"history": view.history_table, "version": view.version})

    def as_input(self, source: str, position: str | None) -> Input:
        return Input(source, self.columns, self.kind, None, position)
