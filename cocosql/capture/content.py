"""Whether a source changed, not which rows: by parts that may hold other rows than before, and digests of their
rows."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial

from cocosql._native import Session
from cocosql.capture import Reading, snapshots
from cocosql.capture.parts import WHOLE, Part, Parts, Present, Stored
from cocosql.capture.rows import parts_of
from cocosql.capture.snapshots import Snapshot
from cocosql.catalog.views import Input
from cocosql.operators.delta import Delta
from cocosql.operators.source import Source
from cocosql.planner.qualify import without_database
from cocosql.sqltext import idents

KIND = "content"

#: The digest of a part without rows.
_NO_ROWS = "0 0"


@dataclass
class ContentCapture:
    """A digest is the number of rows and the sum of their fingerprints: equal rows count, and their order does not.

    What it finds in `changes` holds until the transaction ends.
    """

    source: Source
    #: The view's database.
    database: str
    parts: Parts
    #: The view that has a snapshot of its own, if it does.
    owner: int | None = None
    #: Whether parts that may have changed are read to see whether they did. Where that costs as much as what it saves
    #: they are not, unless all can be compared, or the next checkpoint leaves nothing else to know them by.
    reads: bool = True
    _snapshot: Snapshot | None = None
    _stored: Stored = field(default_factory=Stored)
    _present: Present | None = None
    _read: int = 0

    @property
    def columns(self) -> list[str]:
        return list(self.source.types)

    @property
    def identity(self) -> str:
        return self.source.typed(self.columns)

    @property
    def kind(self) -> str:
        return snapshots.kind(KIND, self.owner)

    @property
    def rule(self) -> str:
        if self.parts.unit == WHOLE:
            return "full scan: the fingerprints of all rows are added up and compared"
        return f"{self.parts.unit} that changed are read, their fingerprints added up and compared"

    @property
    def stored_source(self) -> str:
        return without_database(self.source.sql, self.database)

    def source_id_type(self) -> str:
        return "UHUGEINT"

    def prepare(self, session: Session) -> None:
        pass

    def observe(self, session: Session) -> None:
        self.parts.observe(session)

    def all_rows(self, session: Session) -> str:
        raise NotImplementedError("a view that is recomputed reads its sources itself")

    def rows_now(self, session: Session) -> str:
        raise NotImplementedError("a view that is recomputed reads its sources itself")

    def present_rows(self, session: Session) -> str:
        raise NotImplementedError("a view that is recomputed reads its sources itself")

    def keys(self, ids: str) -> str:
        raise NotImplementedError("a view that is recomputed reads its sources itself")

    def changes(self, session: Session, position: str | None) -> Delta | None:
        self._snapshot = snapshots.find(
            session, self.database, self.stored_source, self.columns, self.kind, self.identity
        )
        self._stored = snapshots.stored_parts(session, self._snapshot) if self._snapshot else Stored()
        present = self.parts.present(session, self._stored)
        digests = {part.part_id: part.digest for part in self._stored.parts}
        lost = [digest for part_id, digest in digests.items() if part_id not in present.same]
        needed = self.reads or (lost and all(lost))
        to_read = {part_id for part_id in present.to_read if needed or part_id not in present.lasting}
        self._read = len(to_read)
        known = {part_id: digests[part_id] for part_id in present.same}
        self._present = _with_digests(present, {**known, **self._added_up(session, to_read)})
        if self._snapshot is None or (version := self._snapshot.version_at(position)) is None:
            return None
        changed = int(self._version(self._snapshot, self._present) != version)
        return Delta("", "", changed, partial(self.all_rows, session))

    def _added_up(self, session: Session, to_read: set[int]) -> dict[int, str]:
        """The digests of parts, which are read."""
        if not to_read:
            return {}
        added_up = session.execute(
            f"SELECT coco_part, concat_ws(' ', count(*), sum(coco_digest({idents(self.columns)}))) "
            f"FROM ({self.parts.rows(session, to_read)}) GROUP BY coco_part"
        )
        return {**dict.fromkeys(to_read, _NO_ROWS), **dict(added_up)}

    def _recognizable(self, session: Session, present: Present) -> Present:
        """The present parts, with digests of those that have lasted for a refresh: checkpoints may leave no more."""
        digests = {part.part_id: part.digest for part in present.parts}
        to_read = {part_id for part_id in present.same if digests[part_id] is None}
        return _with_digests(present, {**digests, **self._added_up(session, to_read)})

    def _version(self, snapshot: Snapshot, present: Present) -> int:
        before, now = self._stored.parts, present.parts
        if len(present.same) == len(before) == len(now):
            return snapshot.version
        if any(part.digest is None for part in [*before, *now] if part.part_id not in present.same):
            return snapshot.version + 1
        return snapshot.version + (_total(before) != _total(now))

    def advance(self, session: Session) -> str:
        assert self._present is not None
        snapshot = self._snapshot or snapshots.create(
            session, self.database, self.stored_source, self.columns, self.kind, self.identity
        )
        version = self._version(snapshot, self._present) if self._snapshot else snapshot.version
        has_written = version != snapshot.version
        now = self._recognizable(session, self._present).stored()
        after = snapshots.save_parts(session, snapshot, self._stored, now, has_written=has_written)
        snapshots.save(session, snapshot, replace(after, version=version))
        self.parts.remember(session, snapshot.key, after.generation)
        return snapshot.position(version)

    def reading(self) -> Reading | None:
        if self._present is None:
            return None
        return Reading(self._read, len(self._present.parts) - self._read)

    def as_input(self, source: str, position: str | None) -> Input:
        return Input(source, self.columns, self.kind, None, position)


def content_capture(source: Source, database: str, owner: int | None, *, reads: bool) -> ContentCapture:
    """The capture of the content of a source, for a view of this database."""
    return ContentCapture(source, database, parts_of(source, list(source.types), database), owner, reads)


def _with_digests(present: Present, digests: Mapping[int, str | None]) -> Present:
    return replace(present, parts=[_with_digest(part, digests.get(part.part_id)) for part in present.parts])


def _with_digest(part: Part, digest: str | None) -> Part:
    return part if part.digest == digest else replace(part, digest=digest)


def _total(parts: list[Part]) -> tuple[int, int]:
    """The digest of all parts together: a row that moved from one part to another does not change it."""
    numbers = [tuple(map(int, part.digest.split())) for part in parts if part.digest]
    return sum(count for count, _ in numbers), sum(total for _, total in numbers)
