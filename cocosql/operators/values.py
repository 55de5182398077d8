"""Values: rows that are written in the query.

    VALUES (1, 'a'), (2, 'b')

gone:  none, ever
new:   all of them, when the view is made

State: none.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cocosql.operators.delta import Delta, everything, unchanged
from cocosql.operators.operator import SOURCE_ID, Input, Virtual
from cocosql.operators.step import Context
from cocosql.operators.traced import Here
from cocosql.sqltext import idents

if TYPE_CHECKING:
    from cocosql.lineage.present import Present
    from cocosql.lineage.reached import Ids, Reached
    from cocosql.lineage.trace import Trace, Tracer


@dataclass(frozen=True, eq=False)
class Values(Virtual):
    #: A query for them.
    query: str
    columns: list[str]
    inputs: tuple[Input, ...] = ()

    @property
    def kind(self) -> str:
        return "values"

    @property
    def rule(self) -> str:
        return "written in the query, and never changed"

    def sql(self, relations: Sequence[str]) -> str:
        return self.query

    def rows_sql(self) -> str:
        """Its rows; they need no ids, as none of them goes."""
        names = f" ({idents(self.columns)})" if self.columns else ""
        return f"SELECT 0::BIGINT AS {SOURCE_ID}, * FROM ({self.query}) AS coco_values{names}"

    def pass_on(self, context: Context, number: int, inputs: Sequence[Delta]) -> Delta:
        return everything(self.rows_sql) if context.rebuild else unchanged(self.rows_sql)

    def present_rows(self, present: "Present") -> str:
        return self.rows_sql()

    def reached(self, reached: "Reached") -> "Ids":
        return ""

    def trace_ids(self, tracer: "Tracer", ids: Here) -> "Iterator[Trace]":
        yield from ()
