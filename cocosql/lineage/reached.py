"""Upwards from a row of a source: the rows of operators that may come from it, by what they keep of their origins.

    SELECT n.id, a.name FROM notes AS n LEFT JOIN authors AS a ON n.author = a.id

Of the join, those are the rows with the author of a note. A trace down from all of the view's rows would look at each
with each pair of its author.
"""

from collections.abc import Callable

from cocosql.capture import Capture
from cocosql.lineage.present import Present
from cocosql.operators import SOURCE_ID, Operator
from cocosql.operators.map import Map
from cocosql.operators.partitioned import Partitioned
from cocosql.operators.scan import Constant, Scan
from cocosql.operators.union import Union
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
        match operator:
            case Scan():
                if operator.source.upstream is not None:
                    return None
                row = self._wanted(self._present.capture(operator))
                return "" if row is None else f"SELECT {row} AS {SOURCE_ID}"
            case Constant():
                return ""
            case Union():
                return _either([self.ids(given.operator) for given in operator.inputs])
            case Map():
                pairs = zip(operator.inputs, operator.source_ids, strict=True)
                return _either([self._kept(operator, column, self.ids(given.operator)) for given, column in pairs])
            case _:
                assert isinstance(operator, Partitioned)
                numbers = range(len(operator.inputs))
                return _either([self._kept(operator, SOURCE_ID, self.keys(operator, number)) for number in numbers])

    def keys(self, operator: Partitioned, number: int) -> Ids:
        """The keys of the rows of an input of a partitioned operator."""
        given = operator.inputs[number]
        ids = self.ids(given.operator)
        if not ids:
            return ids
        rows = given.over(self._present.all_rows(given.operator))
        return f"SELECT {operator.key_hash(number)} AS {SOURCE_ID} FROM ({rows}) WHERE {SOURCE_ID} IN ({ids})"

    def _kept(self, operator: Operator, column: str, ids: Ids) -> Ids:
        if not ids:
            return ids
        return f"SELECT coco_id AS {SOURCE_ID} FROM {self._present.kept(operator)} WHERE {ident(column)} IN ({ids})"


def _either(parts: list[Ids]) -> Ids:
    if None in parts:
        return None
    return " UNION ALL ".join(f"({part})" for part in parts if part)
