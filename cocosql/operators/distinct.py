"""Distinct: one of each set of equal rows, or, with ON, the first of the rows with one key.

    SELECT DISTINCT lang, author FROM notes

touched:  the pairs of language and author of rows that are gone or new
new:      SELECT DISTINCT lang, author FROM <rows below with these pairs>

State: the distinct rows.
"""

from dataclasses import dataclass

from cocosql.expressions import column_of, sql_list
from cocosql.operators.operator import SOURCE_ID
from cocosql.operators.partitioned import Partitioned
from cocosql.sqltext import idents


@dataclass(frozen=True, eq=False, kw_only=True)
class Distinct(Partitioned):
    columns: list[str]
    #: The expressions of ON, or empty.
    on: list[str]
    order: list[str]

    kind = "distinct"
    partition = "the equal rows"

    @property
    def is_ambiguous(self) -> bool:
        return bool(self.on)

    @property
    def raw_names(self) -> list[str]:
        return self.columns

    def raw_sql(self, relations: list[str]) -> str:
        on = f" ON ({sql_list(self.on)})" if self.on else ""
        order = f" ORDER BY {sql_list(self.order)}" if self.order else ""
        rows = f"SELECT DISTINCT{on} {idents(self.columns)} FROM ({relations[0]}){order}"
        return f"SELECT *, {self.key_hash(0)} AS {SOURCE_ID} FROM ({rows})"

    def raw_identity(self) -> list[str] | None:
        if not self.on:
            return self.columns
        on = [column_of(expression) for expression in self.on]
        return [name for name in on if name] if all(name in self.columns for name in on) else None
