"""Window: functions over the rows of a partition. Partitions with a row that is gone or new are worked out anew.

    SELECT id, rank() OVER (PARTITION BY lang ORDER BY size) AS place FROM notes

touched:  the languages of the rows that are gone or new
new:      SELECT id, rank() OVER (PARTITION BY lang ORDER BY size) FROM <rows below with these languages>

State: the rows. Of those of a touched partition, only those are replaced that differ.
"""

from dataclasses import dataclass

from cocosql.expressions import named
from cocosql.operators.operator import SOURCE_ID
from cocosql.operators.partitioned import Partitioned, column_list
from cocosql.sqltext import idents


@dataclass(frozen=True, eq=False, kw_only=True)
class Window(Partitioned):
    columns: list[str]
    #: The calls by the name of their column.
    windows: dict[str, str]
    is_ambiguous: bool = True

    kind = "window"
    partition = "the partitions"

    @property
    def raw_names(self) -> list[str]:
        return [*self.columns, *self.windows]

    def raw_sql(self, relations: list[str]) -> str:
        columns = column_list(idents(self.columns))
        return f"SELECT {columns}{named(self.windows)}, {self.key_hash(0)} AS {SOURCE_ID} FROM ({relations[0]})"

    def raw_identity(self) -> list[str] | None:
        identity = self.inputs[0].identity()
        return identity if identity is not None and set(identity) <= set(self.columns) else None
