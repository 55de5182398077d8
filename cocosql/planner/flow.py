"""The flow of a query: operators that are kept true one after the other."""

from dataclasses import dataclass

from cocosql.operators.map import Map
from cocosql.operators.operator import Materialized, Operator, numbered
from cocosql.operators.scan import Scan


@dataclass(frozen=True)
class Flow:
    #: Each after its inputs, scans first.
    operators: list[Operator]
    #: The last one, which gives the rows of the view.
    top: Materialized

    @property
    def scans(self) -> list[Scan]:
        return [operator for operator in self.operators if isinstance(operator, Scan)]

    @property
    def maps(self) -> list[Map]:
        return [operator for operator in self.operators if isinstance(operator, Map)]

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
