"""Set operation: EXCEPT and INTERSECT, with or without ALL. Equal rows of both sides are counted together.

    SELECT lang FROM notes EXCEPT SELECT lang FROM banned

touched:  the rows that are gone or new on one of the sides
new:      SELECT lang FROM <such rows of notes> EXCEPT SELECT lang FROM <such rows of banned>

State: the rows.
"""

from dataclasses import dataclass

from cocosql.expressions import reference
from cocosql.operators.operator import SOURCE_ID
from cocosql.operators.partitioned import Partitioned, key_hash
from cocosql.sqltext import idents


@dataclass(frozen=True, eq=False, kw_only=True)
class SetOperation(Partitioned):
    columns: list[str]
    #: EXCEPT, INTERSECT, EXCEPT ALL or INTERSECT ALL.
    operation: str

    partition = "the equal rows"

    @property
    def kind(self) -> str:
        return self.operation.lower()

    @property
    def raw_names(self) -> list[str]:
        return self.columns

    def raw_sql(self, relations: list[str]) -> str:
        sides = f" {self.operation} ".join(f"(SELECT {idents(self.columns)} FROM ({rows}))" for rows in relations)
        key = key_hash([reference(name) for name in self.columns])
        return f"SELECT *, {key} AS {SOURCE_ID} FROM ({sides})"

    def raw_identity(self) -> list[str] | None:
        return None if self.operation.endswith("ALL") else self.columns
