"""Change capture: which rows of a source changed since a view read it.

Every capture answers the same questions, in the transaction of the refresh: what is gone and what is new since a
position, and what position that brings the view to.
"""

from dataclasses import dataclass
from typing import Protocol

import duckdb

from cocosql._native import Session
from cocosql.catalog.views import Input
from cocosql.operators.delta import Delta
from cocosql.operators.source import Source


@dataclass(frozen=True)
class Reading:
    """What a capture has looked at: parts of the source (row groups, files) that it read, and that it did not."""

    read: int
    skipped: int


class SourceMoved(duckdb.TransactionException):
    """A source that knows no transactions changed while it was read. The refresh has to look again."""


class Capture(Protocol):
    """How the changes of one source are found."""

    @property
    def source(self) -> Source: ...

    @property
    def kind(self) -> str:
        """The name by which it is stored."""

    @property
    def rule(self) -> str:
        """How it finds what changed, as EXPLAIN shows it."""

    def prepare(self, session: Session) -> None:
        """Make ready what a refresh needs beside the source. Call outside a transaction."""

    def observe(self, session: Session) -> None:
        """Look at the source before the snapshot of the transaction begins in which it is read."""

    def all_rows(self, session: Session) -> str:
        """A query for all rows of the source as `changes` has found it: ``coco_source_id``, and the columns that the
        view reads."""

    def changes(self, session: Session, position: str | None) -> Delta | None:
        """What changed since the position; None if that cannot be told, so that the view must be built anew."""

    def advance(self, session: Session) -> str | None:
        """Take what `changes` found as read by the view, and return the position that this brings it to."""

    def reading(self) -> Reading | None:
        """What `changes` has read."""

    def rows_now(self, session: Session) -> str:
        """The same for the source as it is now, whatever transaction there is."""

    def present_rows(self, session: Session) -> str:
        """A query for the source's rows as they are now: ``coco_source_id``, and ``row``, the whole row as JSON."""

    def keys(self, ids: str) -> str:
        """A query for ``coco_source_id`` and ``coco_key``, the key as JSON, of rows with the ids that a query gives."""

    def source_id_type(self) -> str:
        """The SQL type of ``coco_source_id``."""

    def as_input(self, source: str, position: str | None) -> Input:
        """How it is stored with the view."""
