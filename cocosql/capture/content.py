"""The fingerprint of all that a source holds: tells whether it changed, not what."""

from dataclasses import dataclass

from cocosql._native import Session
from cocosql.capture import Delta
from cocosql.catalog.views import Input
from cocosql.planner.sources import Source
from cocosql.sqltext import fingerprint


@dataclass(frozen=True)
class ContentCapture:
    """The position is the number of rows, and the sums of both halves of their fingerprints: a fingerprint of a bag."""

    source: Source

    @property
    def kind(self) -> str:
        return "content"

    def source_id_type(self) -> str:
        return "UHUGEINT"

    def all_rows(self, session: Session) -> str:
        raise NotImplementedError("a view that is recomputed reads its sources itself")

    def present_rows(self, session: Session) -> str:
        raise NotImplementedError("a view that is recomputed reads its sources itself")

    def changes(self, session: Session, position: str | None) -> Delta | None:
        return Delta("", "", 0) if position == self.position(session, position, None) else None

    def position(self, session: Session, position: str | None, delta: Delta | None) -> str | None:
        ((text,),) = session.execute(
            f"""
            SELECT concat_ws(' ', count(*), sum((f >> 64)::UBIGINT), sum((f & 18446744073709551615)::UBIGINT))
            FROM (SELECT {fingerprint(self.source.column_names)} AS f FROM {self.source.sql})
            """
        )
        return str(text)

    def as_input(self, source: str, position: str | None) -> Input:
        return Input(source, self.source.column_names, self.kind, None, position)
