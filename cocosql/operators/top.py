"""Top: ORDER BY … LIMIT. The first rows are taken anew from the rows that are kept below.

    SELECT id, size FROM notes ORDER BY size DESC LIMIT 10

new:      SELECT id, size FROM <rows below> ORDER BY size DESC LIMIT 10
lineage:  a row came from the row below that is equal to it

State: the rows. Only those are replaced that differ.
"""

from dataclasses import dataclass

from cocosql.expressions import sql, sql_list
from cocosql.operators.operator import SOURCE_ID
from cocosql.operators.partitioned import Partitioned, column_list
from cocosql.sqltext import idents


@dataclass(frozen=True, eq=False, kw_only=True)
class Top(Partitioned):
    columns: list[str]
    order: list[str]
    limit: str | None
    offset: str | None
    is_percent: bool
    is_ambiguous: bool = True

    kind = "top"
    partition = "the rows"

    @property
    def raw_names(self) -> list[str]:
        return self.columns

    def raw_sql(self, relations: list[str]) -> str:
        order = f" ORDER BY {sql_list(self.order)}" if self.order else ""
        limit = f" LIMIT {sql(self.limit)}{' %' if self.is_percent else ''}" if self.limit else ""
        offset = f" OFFSET {sql(self.offset)}" if self.offset else ""
        columns = column_list(idents(self.columns))
        return f"SELECT {columns}{self.key_hash(0)} AS {SOURCE_ID} FROM ({relations[0]}){order}{limit}{offset}"

    def origins(self, number: int, relations: list[str], names: list[str]) -> str:
        rows = super().origins(number, relations, names)
        return f"{rows} AND {self.looks_like(names)}"

    def raw_identity(self) -> list[str] | None:
        identity = self.inputs[0].identity()
        return identity if identity is not None and set(identity) <= set(self.columns) else None
