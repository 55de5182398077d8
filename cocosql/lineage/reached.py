"""Upwards from a row of a source: the rows of operators that may come from it, by what they keep of their origins.

    SELECT n.id, a.name FROM notes AS n LEFT JOIN authors AS a ON n.author = a.id

Of the join, those are the rows with the author of a note. A trace down from all of the view's rows would look at each
with each pair of its author.
"""

from collections.abc import Callable, Sequence

from cocosql.capture import Capture
from cocosql.lineage.present import Present
from cocosql.operators.operator import SOURCE_ID, Materialized, Operator
from cocosql.operators.scan import Scan
from cocosql.sqltext import ident

#: Gives the id of the row, as SQL, if a capture is of its source.
Wanted = Callable[[Capture], str | None]

#: A query for ids; empty if there are none; None if it is not known which, as of a view that is read.
Ids = str | None


class Reached:
    def __init__(self, present: Present, wanted: Wanted) -> None:
        self._present, self._wanted = present, wanted

    def ids(self, operator: Operator) -> Ids:
        """The ids of the rows of an operator that others read."""
        return operator.reached(self)

    def source_ids(self, scan: Scan) -> Ids:
        """The id of the row, if it is of the source."""
        if scan.source.upstream is not None:
            return None
        row = self._wanted(self._present.capture(scan))
        return "" if row is None else f"SELECT {row} AS {SOURCE_ID}"

    def rows(self, operator: Operator) -> str:
        """A query for the rows of an operator that others read."""
        return operator.present_rows(self._present)

    def kept(self, operator: Materialized, column: str, ids: Ids) -> Ids:
        """The ids of the rows of an operator with one of these ids in a column of its table."""
        if not ids:
            return ids
        return f"SELECT coco_id AS {SOURCE_ID} FROM {self._present.kept(operator)} WHERE {ident(column)} IN ({ids})"

    def either(self, parts: Sequence[Ids]) -> Ids:
        """The ids that one of these queries gives."""
        if None in parts:
            return None
        return " UNION ALL ".join(f"({part})" for part in parts if part)
