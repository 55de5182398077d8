"""A step: the part of an operator in a refresh."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cocosql._native import Session
from cocosql.catalog import tables
from cocosql.catalog.runs import Run
from cocosql.catalog.views import View
from cocosql.fetch import Condition
from cocosql.operators.delta import Delta
from cocosql.operators.kept import Kept
from cocosql.operators.operator import Materialized
from cocosql.udf import Function

if TYPE_CHECKING:
    from cocosql.capture import Capture
    from cocosql.operators.scan import Scan


@dataclass(frozen=True)
class Context:
    """What a step may know and use of the attempt that it is part of."""

    session: Session
    run: Run
    #: The view's record before, and as it is going to be.
    before: View
    view: View
    #: Whether all rows are worked out anew from all rows of the sources.
    rebuild: bool
    #: Whether the rows that are kept were made by another query.
    is_redefined: bool
    #: The first run whose results count, where functions are called again.
    recalled_since: int | None
    #: Sites whose calls have been made, by operator and site; arguments that appear since are called inline.
    warmed: set[tuple[int, int]]
    #: How the changes of a source are found, and what has become of its rows; None if that cannot be told.
    capture: "Callable[[Scan], Capture]"
    change: "Callable[[Scan], Delta | None]"
    #: Whether the delta of a map can be signed rows (`flow.linear_maps`).
    is_linear: Callable[[Materialized], bool]
    #: Whether the changes of a scan are read more than once, and whether rows failed in an operator before.
    is_shared: "Callable[[Scan], bool]"
    has_failed: Callable[[int], bool]

    def tag(self, number: int) -> str:
        """A name for an operator of this view, part of the names of its collections."""
        return f"{self.view.view_id}_{number}"

    def kept(self, operator: Materialized, number: int) -> Kept:
        """The table of the rows of an operator that others read."""
        name = tables.named(self.view.name.database, self.view.kept_table(number))
        origins = operator.source_ids if self.is_linear(operator) else []
        return Kept(name, self.tag(number), operator.names, operator.identity() or [], origins)

    def tolerates(self, function: Function) -> bool:
        """Whether the refresh goes on where calls of this function fail."""
        return function.on_error == "null" or self.before.options.get("on_error") == "keep"


@dataclass
class Step(ABC):
    """What a step finds holds until the transaction of its attempt ends."""

    context: Context
    number: int
    inputs: Sequence[Delta]

    @property
    def has_changes(self) -> bool:
        return self.context.rebuild or not all(given.is_empty for given in self.inputs)

    @abstractmethod
    def prepare(self) -> None:
        """Collect what several queries of the step read."""

    @abstractmethod
    def rows_sql(self, names: list[str]) -> str:
        """The rows that are to take the place of those touched."""

    @abstractmethod
    def touched(self) -> Condition:
        """Which rows are to be replaced."""

    @abstractmethod
    def keep(self, kept: Kept, rows: str) -> Delta:
        """Write what differs in the table of the operator's rows."""
