"""Row groups as the parts of a table: reading which of them are the same costs nothing beside reading them.

The order makes every race err towards reading again: the row groups are looked at before the snapshot of the refresh
begins and after; what is stored as known was the same both times, and what is skipped is the same as what was stored.
Checkpoints of the database are held back from the second look on, since they may move rows to other row ids.
"""

import base64
import re
import struct
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from itertools import pairwise

import duckdb

from cocosql._native import RowGroups, Session
from cocosql.capture.parts import Part, Present, Stored, assign_ids, column_list
from cocosql.catalog.damage import damaged
from cocosql.operators.source import Source

#: More ranges than that are read as fewer, with what lies between.
_MOST_RANGES = 64

_Range = tuple[int, int, int]


@dataclass
class TableParts:
    source: Source
    columns: list[str]
    #: Whether tokens that are stored hold in another process: where the state and the table are one file.
    has_own_file: bool
    unit: str = "row groups"
    _before: RowGroups | None = None
    _now: RowGroups | None = None
    #: First row id, the one after the last, part id.
    _ranges: list[_Range] = field(default_factory=list)

    def look(self, session: Session) -> RowGroups | None:
        assert self.source.name is not None
        name = self.source.name
        try:
            return session.row_groups(name.database, name.schema, name.name, self.columns)
        except duckdb.CatalogException:
            return None  # a column is gone meanwhile: the query will say so

    def observe(self, session: Session) -> None:
        self._before = self.look(session)

    def present(self, session: Session, stored: Stored) -> Present:
        now = self.look(session)
        assert now is not None
        if self._before is not None:
            now.confirm(self._before)
        else:
            now.forget(list(range(len(now.ranges))))
        self._before = None
        for part in stored.parts:
            if part.place and not re.fullmatch("[0-9]{1,18}", part.place):
                raise damaged(stored.key, "table coco.parts", f"{part.place!r} is no place of a row group")
        stored = replace(stored, parts=sorted(stored.parts, key=_place))
        found = self._same(session, now, stored)
        kept = [stored.parts[index].part_id if index >= 0 else None for index in found]
        places = [str(begin) for begin, _ in now.ranges]
        ids = assign_ids(places, kept, stored.parts)
        tokens = now.tokens if self.has_own_file else ["" for _ in ids]
        self._now = now
        self._ranges = [(begin, end, part_id) for (begin, end), part_id in zip(now.ranges, ids, strict=True)]
        parts = [Part(*values) for values in zip(ids, places, tokens, strict=True)]
        same = frozenset(part_id for part_id in kept if part_id is not None)
        lasting = frozenset(part.part_id for part in parts if part.token)
        return Present(parts, same, now.checkpoint if self.has_own_file else None, lasting)

    def _same(self, session: Session, now: RowGroups, stored: Stored) -> list[int]:
        """For each row group the index of the stored part that has the same rows, or -1."""
        found = [-1 for _ in now.ranges]
        remembered = session.remembered_row_groups(stored.key, stored.generation)
        if remembered is not None:
            found = now.same(remembered)
        if stored.checkpoint is not None and self.has_own_file:
            by_token = now.same(RowGroups.remembered(stored.checkpoint, [part.token for part in stored.parts]))
            found = [index if index >= 0 else other for index, other in zip(found, by_token, strict=True)]
        return found

    def all_rows(self, session: Session) -> str:
        return self.source.sql

    def rows(self, session: Session, wanted: Collection[int]) -> str:
        ranges = [one for one in self._ranges if one[2] in wanted]
        part = f"coco_part(rowid, from_base64('{_packed(ranges)}'))"
        query = f"SELECT {part} AS coco_part{column_list(self.columns)} FROM {self.source.sql}"
        if len(ranges) == len(self._ranges):
            return query
        spans = _spans(ranges)
        conditions = " OR ".join(f"(rowid >= {begin} AND rowid < {end})" for begin, end in spans) or "false"
        return f"FROM ({query} WHERE {conditions}) AS read WHERE coco_part IS NOT NULL"

    def forget(self, part_ids: Collection[int]) -> None:
        """Take parts as not known: they are read again next time."""
        assert self._now is not None
        self._now.forget([index for index, (_, _, part_id) in enumerate(self._ranges) if part_id in part_ids])

    def remember(self, session: Session, key: str, generation: int) -> None:
        assert self._now is not None
        session.remember_row_groups(key, generation, self._now)


def _place(part: Part) -> tuple[bool, int]:
    """Parts in the order of their rows; those that are gone, and have no place any more, last."""
    return not part.place, int(part.place or 0)


def _packed(ranges: list[_Range]) -> str:
    """As coco_part takes them."""
    return base64.b64encode(b"".join(struct.pack("<qqq", *one) for one in ranges)).decode()


def _spans(ranges: list[_Range]) -> list[tuple[int, int]]:
    """What the ranges cover: few spans, with the smallest gaps closed if there are too many."""
    spans: list[tuple[int, int]] = []
    gap = 0
    while True:
        for begin, end, _ in ranges:
            if spans and begin - spans[-1][1] <= gap:
                spans[-1] = (spans[-1][0], end)
            else:
                spans.append((begin, end))
        if len(spans) <= _MOST_RANGES:
            return spans
        gaps = sorted(after[0] - before[1] for before, after in pairwise(spans))
        gap = gaps[len(spans) - _MOST_RANGES - 1]
        spans = []
