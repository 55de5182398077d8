"""The operators, one kind a file. Each knows how its rows come from the rows of its inputs, and none knows another.

An operator takes the deltas of its inputs (rows gone, rows new) and yields a delta. Rows have an id, by which the
operator above refers to them. What an operator gives is kept in a table, with the ids of the rows that it came from.
"""

from dataclasses import dataclass
from typing import Protocol

from cocosql.sqltext import ident

#: The id of a row that an operator gives; in the table of another one: the id of the row that a row came from.
SOURCE_ID = "coco_source_id"


class Operator(Protocol):
    @property
    def kind(self) -> str: ...

    @property
    def rule(self) -> str:
        """What a change of its inputs costs, in words."""

    @property
    def inputs(self) -> tuple["Input", ...]: ...

    @property
    def names(self) -> list[str]:
        """The columns that it gives."""

    def identity(self) -> list[str] | None:
        """The columns that tell its rows apart; None if it may have equal rows."""


@dataclass(frozen=True, eq=False)
class Input:
    """What an operator reads of another: columns, by the name that it knows them by."""

    operator: Operator
    columns: dict[str, str]

    def over(self, relation: str, source_id: str = SOURCE_ID) -> str:
        """The input as SQL, for a relation of what the other operator gives."""
        pairs = [(SOURCE_ID, source_id), *((ident(there), ident(here)) for here, there in self.columns.items())]
        columns = [there if there == here else f"{there} AS {here}" for there, here in pairs]
        return f"SELECT {', '.join(columns)} FROM ({relation})"

    def identity(self) -> list[str] | None:
        """The columns that tell its rows apart, by the names here; None if they are not read, or there are none."""
        there = self.operator.identity()
        names = {name: here for here, name in reversed(self.columns.items())}
        return [names[name] for name in there] if there is not None and all(name in names for name in there) else None
