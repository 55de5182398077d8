"""An operator: its plan, its step in a refresh, and its lineage are in one file. No kind of operator knows another.

An operator takes the deltas of its inputs and yields a delta. Rows have an id, by which the operator above refers to
them. A materialized operator keeps its rows in a table, each with the ids of the rows that it came from; a virtual
one keeps nothing and passes deltas on.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cocosql.sqltext import ident

if TYPE_CHECKING:
    from cocosql.lineage.present import Present
    from cocosql.lineage.reached import Ids, Reached
    from cocosql.lineage.trace import Trace, Tracer
    from cocosql.operators.call_sites import CallSite
    from cocosql.operators.delta import Delta
    from cocosql.operators.source import Source
    from cocosql.operators.step import Context, Step
    from cocosql.operators.traced import Here

#: In what an operator gives: the id of a row. In an operator's table: the id of the input row that a row came from.
SOURCE_ID = "coco_source_id"


class Operator(ABC):
    inputs: tuple["Input", ...]

    @property
    @abstractmethod
    def kind(self) -> str: ...

    @property
    @abstractmethod
    def rule(self) -> str:
        """What a change of its inputs costs, in words."""

    @property
    @abstractmethod
    def names(self) -> list[str]:
        """The columns that it gives."""

    def identity(self) -> list[str] | None:
        """The columns that tell its rows apart; None if it may have equal rows."""
        return None

    @property
    def source(self) -> "Source | None":
        """The source, if it gives the rows of one as they are."""
        return None

    @property
    def sites(self) -> "Sequence[CallSite]":
        """Where it calls functions with results from the memo."""
        return ()

    @abstractmethod
    def sql(self, relations: Sequence[str]) -> str:
        """What it does, as SQL over the relations that it reads."""

    def described(self, numbers: Sequence[int]) -> list[str]:
        """What it does, for a fingerprint: texts without names of databases and code versions. `numbers` are of its
        inputs."""
        return [self.sql(numbered(numbers))]

    @abstractmethod
    def present_rows(self, present: "Present") -> str:
        """A query for its rows as they are, for those who only look: their ids, and the columns."""

    @abstractmethod
    def reached(self, reached: "Reached") -> "Ids":
        """The ids of its rows that may come from the row of a source that is asked for."""

    @abstractmethod
    def trace_ids(self, tracer: "Tracer", ids: "Here") -> "Iterator[Trace]":
        """The paths from its rows with these ids down to rows of sources."""


class Virtual(Operator):
    """An operator that passes the deltas of its inputs on, and keeps no rows."""

    columns: list[str]

    @property
    def names(self) -> list[str]:
        return self.columns

    @abstractmethod
    def pass_on(self, context: "Context", number: int, inputs: "Sequence[Delta]") -> "Delta":
        """Its delta, from those of its inputs."""


class Materialized(Operator):
    """An operator that keeps its rows, so that it can find those that a change replaces."""

    @property
    @abstractmethod
    def lineage_columns(self) -> list[str]:
        """The columns of its table that say where a row came from."""

    @property
    def source_ids(self) -> list[str]:
        """Of its lineage columns, those that have ids of input rows; none if a row knows only its key."""
        return []

    @property
    def shows_source_rows(self) -> bool:
        """Whether each row is made of one source row. If rows also have an identity, no two are made of the same
        one."""
        return False

    @abstractmethod
    def source_id_types(self, type_of: Callable[[Operator], str]) -> list[str]:
        """Types of the first columns for lineage, from the types of the ids of operators."""

    @abstractmethod
    def step(self, context: "Context", number: int, inputs: "Sequence[Delta]") -> "Step":
        """Its part in a refresh."""

    @abstractmethod
    def trace(self, tracer: "Tracer", here: "Here", names: list[str]) -> "Iterator[Trace]":
        """The paths from its rows, whose columns have these names, down to rows of sources."""

    def present_rows(self, present: "Present") -> str:
        return f"SELECT {', '.join([f'coco_id AS {SOURCE_ID}', *map(ident, self.names)])} FROM {present.kept(self)}"

    def trace_ids(self, tracer: "Tracer", ids: "Here") -> "Iterator[Trace]":
        yield from self.trace(tracer, tracer.rows_with(self, ids), self.names)


def numbered(numbers: Sequence[int]) -> list[str]:
    """Placeholders for the relations of operators with these numbers, for SQL that is shown."""
    return [f"FROM operator_{number}" for number in numbers]


@dataclass(frozen=True, eq=False)
class Input:
    """What an operator reads of another: by the name of a column here, its name there."""

    operator: Operator
    columns: dict[str, str]

    def over(self, relation: str, source_id: str = SOURCE_ID, sign: str | None = None) -> str:
        """The input as SQL, over the other operator's rows: id, columns under their names here, and the sign, if one is
        named."""
        pairs = [(SOURCE_ID, source_id), *self._pairs, *([("coco_sign", sign)] if sign else [])]
        return f"SELECT {_renamed(pairs)} FROM ({relation})"

    def values(self, relation: str) -> str:
        """The input as SQL without the ids of its rows."""
        return f"SELECT {_renamed(self._pairs) or '1'} FROM ({relation})"

    @property
    def _pairs(self) -> list[tuple[str, str]]:
        return [(ident(there), ident(here)) for here, there in self.columns.items()]

    def identity(self) -> list[str] | None:
        """The columns that tell its rows apart, by the names here; None if they are not read, or there are none."""
        there = self.operator.identity()
        names = {name: here for here, name in reversed(self.columns.items())}
        return [names[name] for name in there] if there is not None and all(name in names for name in there) else None


def _renamed(pairs: Iterable[tuple[str, str]]) -> str:
    """A select list, of columns and the names that they get."""
    return ", ".join(there if there == here else f"{there} AS {here}" for there, here in pairs)
