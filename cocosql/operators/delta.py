"""Delta: what has become of the rows of a source, or of an operator."""

from collections.abc import Callable
from dataclasses import dataclass

#: The sign of a row that is new, gone, and neither: the column of a signed delta.
PLUS, MINUS, NEITHER = (f"{sign}::TINYINT AS coco_sign" for sign in ("1", "(-1)", "NULL"))


@dataclass(frozen=True, eq=False)
class Delta:
    """Queries; all give ``coco_source_id``, the id of a row."""

    #: The rows that are gone, or have changed, as they were: those of a source by their ids alone.
    gone: str
    #: The rows that are new, or have changed, as they are now, with their columns.
    new: str
    #: How many rows changed; 0 if none, None if that is not known.
    count: int | None
    #: Gives the query for all rows as they are now: a source may have to be read for it.
    all_rows: Callable[[], str]
    #: The rows that are gone, or have changed, as they were, with their columns; None if only their ids are known.
    old: str | None = None

    @property
    def is_empty(self) -> bool:
        return self.count == 0

    @property
    def now(self) -> str:
        return self.all_rows()

    @property
    def has_values(self) -> bool:
        return self.is_empty or self.old is not None

    @property
    def changed_ids(self) -> str:
        return f"SELECT coco_source_id FROM ({self.new}) UNION ALL SELECT coco_source_id FROM ({self.gone})"

    @property
    def signed(self) -> str:
        """The rows that changed, with ``coco_sign``: 1 of what they are, -1 of what they were; if that is known."""
        return f"SELECT *, {PLUS} FROM ({self.new}) UNION ALL BY NAME SELECT *, {MINUS} FROM ({self.old})"


_NO_ROWS = "SELECT NULL AS coco_source_id WHERE false"


def unchanged(all_rows: Callable[[], str]) -> Delta:
    """No row has changed."""
    return Delta(_NO_ROWS, _NO_ROWS, 0, all_rows)


def everything(all_rows: Callable[[], str]) -> Delta:
    """What there was is not known, or of no use: all rows are new."""
    return Delta(_NO_ROWS, all_rows(), None, all_rows)
