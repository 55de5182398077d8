"""The flow of a query: operators that are kept true one after the other."""

from dataclasses import dataclass

from cocosql.operators import Operator
from cocosql.operators.map import Map
from cocosql.operators.partitioned import Partitioned
from cocosql.operators.scan import Constant, Scan
from cocosql.operators.union import Union
from cocosql.sqltext import render


@dataclass(frozen=True)
class Flow:
    #: Each after its inputs, scans first; the last one gives the rows of the view.
    operators: list[Operator]

    @property
    def top(self) -> Operator:
        return self.operators[-1]

    @property
    def scans(self) -> list[Scan]:
        return [operator for operator in self.operators if isinstance(operator, Scan)]

    @property
    def maps(self) -> list[Map]:
        return [operator for operator in self.operators if isinstance(operator, Map)]

    def described(self) -> list[list[str]]:
        """What the operators do, as text: another text, another flow. It names no database and no code version."""
        return [[operator.kind, *self._parts(operator)] for operator in self.operators]

    def _parts(self, operator: Operator) -> list[str]:
        if isinstance(operator, Scan):
            return operator.names
        if isinstance(operator, Map):
            inputs = [str((self.number(given.operator), given.columns)) for given in operator.inputs]
            where = [operator.where] if operator.where is not None else []
            return [*inputs, *operator.joined, *map(render, [*operator.unnests, *where, *operator.items])]
        return [self.sql(operator)]

    def sql(self, operator: Operator) -> str:
        """What an operator does, as SQL over the operators that it reads, by number."""
        relations = [f"FROM operator_{self.number(given.operator)}" for given in operator.inputs]
        match operator:
            case Map():
                return operator.rows_sql(operator.all_rows(relations), operator.names)
            case Partitioned():
                rows = [given.over(relation) for given, relation in zip(operator.inputs, relations, strict=True)]
                return operator.rows_sql(rows, operator.names)
            case Union():
                return operator.rows_sql(relations)
            case Constant():
                return operator.sql
            case _:
                return ""

    def number(self, operator: Operator) -> int:
        return next(number for number, other in enumerate(self.operators, start=1) if other is operator)
