"""Scan: the rows of a source. Change capture tells which are gone or changed, and which are new.

    FROM notes

gone:  the ids of the rows that a snapshot has and the source has not, or has with other content
new:   SELECT id AS coco_source_id, body FROM notes WHERE <in a row group that changed, and not as in the snapshot>

State: the snapshot, which views of the same columns share.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from cocosql.collected import collected
from cocosql.fetch import FIXED_SIZE
from cocosql.operators.delta import Delta, everything
from cocosql.operators.operator import Input, Virtual
from cocosql.operators.source import Source
from cocosql.operators.step import Context
from cocosql.operators.traced import Here

if TYPE_CHECKING:
    from cocosql.lineage.present import Present
    from cocosql.lineage.reached import Ids, Reached
    from cocosql.lineage.trace import Trace, Tracer


@dataclass(frozen=True, eq=False)
class Scan(Virtual):
    of: Source
    #: The columns that are read.
    columns: list[str] = field(default_factory=list)
    inputs: tuple[Input, ...] = ()

    @property
    def source(self) -> Source:
        return self.of

    @property
    def kind(self) -> str:
        return "scan"

    @property
    def rule(self) -> str:
        return "change capture"

    @property
    def is_narrow(self) -> bool:
        """Whether all that is read has a fixed size."""
        return all(self.source.types[name].split("(")[0] in FIXED_SIZE for name in self.columns)

    def identity(self) -> list[str] | None:
        return self.source.key or None

    def sql(self, relations: Sequence[str]) -> str:
        return self.source.sql

    def described(self, numbers: Sequence[int]) -> list[str]:
        return self.columns

    def pass_on(self, context: Context, number: int, inputs: Sequence[Delta]) -> Delta:
        delta = context.change(self)
        if context.rebuild or delta is None:
            return everything(partial(context.capture(self).all_rows, context.session))
        if delta.is_empty or not context.is_shared(self):
            return delta
        name = f"source_{context.tag(number)}"
        context.session.collect(name, delta.new)
        return replace(delta, new=f"FROM {collected(name)}")

    def present_rows(self, present: "Present") -> str:
        return present.source_rows(self)

    def reached(self, reached: "Reached") -> "Ids":
        return reached.source_ids(self)

    def trace_ids(self, tracer: "Tracer", ids: Here) -> "Iterator[Trace]":
        yield from tracer.into_source(self, ids)
