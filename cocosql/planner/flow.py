"""The flow of a query: operators that are kept true one after the other."""

from collections.abc import Iterable
from dataclasses import dataclass

from cocosql.operators.accumulate import Accumulate
from cocosql.operators.map import Map
from cocosql.operators.operator import Materialized, Operator, numbered
from cocosql.operators.partitioned import Partitioned
from cocosql.operators.scan import Scan
from cocosql.operators.union import Union


def linear_maps(operators: list[Operator], callees: Iterable[str]) -> list[Map]:
    """The maps whose deltas can be signed rows: they call no Python function, and the operators that read them use only
    the values of a row, never its id."""
    names, found = list(callees), []
    for operator in operators:
        readers = _readers(operators, operator)
        is_taken = bool(readers) and all(isinstance(reader, Partitioned) for reader in readers)
        if is_taken and isinstance(operator, Map) and not operator.sites and not operator.called_inline(names):
            found.append(operator)
    return found


def _readers(operators: list[Operator], operator: Operator) -> list[Operator]:
    """The operators that read the rows of one, also by unions."""
    found: list[Operator] = []
    for other in operators:
        if any(given.operator is operator for given in other.inputs):
            found += _readers(operators, other) if isinstance(other, Union) else [other]
    return found


@dataclass(frozen=True)
class Flow:
    #: Each after its inputs, scans first.
    operators: list[Operator]
    #: The last one, which gives the rows of the view.
    top: Materialized
    #: The maps whose deltas can be signed rows: the old values of a source row tell which rows were made of it.
    linear: list[Map]

    @property
    def scans(self) -> list[Scan]:
        return [operator for operator in self.operators if isinstance(operator, Scan)]

    @property
    def maps(self) -> list[Map]:
        return [operator for operator in self.operators if isinstance(operator, Map)]

    def is_linear(self, operator: Operator) -> bool:
        return any(operator is one for one in self.linear)

    def needs_old_values(self, scan: Scan) -> bool:
        """Whether what was in a row of a source should be known when it changes.

        Rows that are added up are read in no other way, so any column is worth it; else text is not copied.
        """
        maps = [one for one in self.linear if any(given.operator is scan for given in one.inputs)]
        readers = [reader for one in maps for reader in _readers(self.operators, one)]
        return bool(readers) and (scan.is_narrow or all(isinstance(reader, Accumulate) for reader in readers))

    def described(self) -> list[list[str]]:
        """What the operators do, as text: another text, another flow. It names no database and no code version."""
        return [[operator.kind, *operator.described(self.inputs(operator))] for operator in self.operators]

    def sql(self, operator: Operator) -> str:
        """What an operator does, as SQL over the operators that it reads, by number."""
        return operator.sql(numbered(self.inputs(operator)))

    def inputs(self, operator: Operator) -> list[int]:
        """The numbers of the operators that an operator reads."""
        return [self.number(given.operator) for given in operator.inputs]

    def number(self, operator: Operator) -> int:
        return next(number for number, other in enumerate(self.operators, start=1) if other is operator)
