"""The parts of a source: row groups of a table, files. A part that is known to hold the same rows is not read again."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Protocol

from cocosql._native import Session
from cocosql.operators.source import Source
from cocosql.sqltext import idents

#: The `unit` of a source without parts: it is always read whole.
WHOLE = "sources"


@dataclass(frozen=True, slots=True)
class Part:
    part_id: int
    #: Where it is: its first row id, or its path.
    place: str
    #: Token of the part's content: the same token, the same rows. Empty if the part has none, and is read at each
    #: refresh.
    token: str
    #: Number and sum of fingerprints of its rows, where that is kept.
    digest: str | None = None


@dataclass(frozen=True)
class Stored:
    """The parts as they were last read."""

    parts: list[Part] = field(default_factory=list)
    #: A new number each time that they are stored. `key`: under which this process remembers them.
    generation: int = 0
    key: str = ""
    #: The checkpoints that the file had been through.
    checkpoint: int | None = None


@dataclass(frozen=True)
class Present:
    """The parts as they are in the present transaction."""

    parts: list[Part]
    #: The parts that hold what they held when they were stored.
    same: frozenset[int]
    checkpoint: int | None = None
    #: The parts that the next checkpoint leaves known, as long as they hold what they hold.
    lasting: frozenset[int] = frozenset()

    def stored(self) -> Stored:
        """As they are to be stored."""
        return Stored(self.parts, checkpoint=self.checkpoint)

    @property
    def to_read(self) -> list[int]:
        return [part.part_id for part in self.parts if part.part_id not in self.same]


class Parts(Protocol):
    """How a source is divided into parts, and read by parts."""

    @property
    def unit(self) -> str:
        """The word for parts, in the plural: row groups, files."""

    def observe(self, session: Session) -> None:
        """Look at the source before the snapshot of the present transaction begins."""

    def present(self, session: Session, stored: Stored) -> Present:
        """The parts now. Parts that are not the same get the ids of those in whose place they are, or new ones."""

    def rows(self, session: Session, wanted: Collection[int]) -> str:
        """A query for the rows of some of the present parts: ``coco_part``, and the columns."""

    def all_rows(self, session: Session) -> str:
        """A relation of the rows of all present parts, with at least the columns."""

    def remember(self, session: Session, key: str, generation: int) -> None:
        """Remember the present parts, which have been stored under this generation, as long as the process lives."""


@dataclass
class Whole:
    """A source that is one part, which is always read: the full diff."""

    source: Source
    columns: list[str]
    unit: str = WHOLE

    def observe(self, session: Session) -> None:
        pass

    def present(self, session: Session, stored: Stored) -> Present:
        return Present([Part(0, "", "")], frozenset())

    def rows(self, session: Session, wanted: Collection[int]) -> str:
        return f"SELECT 0::BIGINT AS coco_part{column_list(self.columns)} FROM {self.source.sql}"

    def all_rows(self, session: Session) -> str:
        return self.source.sql

    def remember(self, session: Session, key: str, generation: int) -> None:
        pass


def assign_ids(places: Iterable[str], kept: list[int | None], stored: list[Part]) -> list[int]:
    """Ids for parts: those kept, else that of the part which was in the same place, else new ones."""
    taken = {part_id for part_id in kept if part_id is not None}
    by_place = {part.place: part.part_id for part in stored if part.part_id not in taken}
    following = max((part.part_id for part in stored), default=-1) + 1
    ids = []
    for place, kept_id in zip(places, kept, strict=True):
        part_id = by_place.pop(place, following) if kept_id is None else kept_id
        following = max(following, part_id + 1)
        ids.append(part_id)
    return ids


def column_list(columns: list[str]) -> str:
    return f", {idents(columns)}" if columns else ""
