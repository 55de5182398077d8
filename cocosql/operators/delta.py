"""Delta: which rows of a source, or of an operator, are gone (retractions), and which are new (insertions)."""

from collections.abc import Callable
from dataclasses import dataclass

#: The column ``coco_sign`` of signed rows: 1 for a row that is new, -1 for one that is gone, NULL for one that stayed.
PLUS, MINUS, NEITHER = (f"{sign}::TINYINT AS coco_sign" for sign in ("1", "(-1)", "NULL"))


@dataclass(frozen=True, eq=False)
class Delta:
    """What changed, as queries. Each gives ``coco_source_id``, the id of a row."""

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
    def has_old_values(self) -> bool:
        return self.is_empty or self.old is not None

    @property
    def changed_ids(self) -> str:
        return f"SELECT coco_source_id FROM ({self.new}) UNION ALL SELECT coco_source_id FROM ({self.gone})"

    @property
    def signed(self) -> str:
        """The rows that changed as signed rows: with their new values and sign 1, with their old ones and -1. Needs
        `old`."""
        return f"SELECT *, {PLUS} FROM ({self.new}) UNION ALL BY NAME SELECT *, {MINUS} FROM ({self.old})"


_NO_ROWS = "SELECT NULL AS coco_source_id WHERE false"


def unchanged(all_rows: Callable[[], str]) -> Delta:
    """No row has changed."""
    return Delta(_NO_ROWS, _NO_ROWS, 0, all_rows)


def everything(all_rows: Callable[[], str]) -> Delta:
    """All rows are new: those of before are not known, or are of no use."""
    return Delta(_NO_ROWS, all_rows(), None, all_rows)
