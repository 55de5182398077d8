"""Union: the rows of several inputs together. Their deltas together are its delta.

    SELECT id FROM a UNION ALL SELECT id FROM b

gone:  <rows gone of a> UNION ALL <rows gone of b>
new:   <rows new of a> UNION ALL <rows new of b>

State: none of its own.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cocosql.operators.delta import Delta, unchanged
from cocosql.operators.operator import Input, Virtual
from cocosql.operators.step import Context
from cocosql.operators.traced import Here

if TYPE_CHECKING:
    from cocosql.lineage.present import Present
    from cocosql.lineage.reached import Ids, Reached
    from cocosql.lineage.trace import Trace, Tracer


@dataclass(frozen=True, eq=False)
class Union(Virtual):
    inputs: tuple[Input, ...]
    columns: list[str]

    @property
    def kind(self) -> str:
        return "union all"

    @property
    def rule(self) -> str:
        return "changes of its inputs are passed on"

    def sql(self, relations: Sequence[str]) -> str:
        return _together(zip(self.inputs, relations, strict=True))

    def pass_on(self, context: Context, number: int, inputs: Sequence[Delta]) -> Delta:
        def now() -> str:
            return self.sql([delta.now for delta in inputs])

        changed = [(given, delta) for given, delta in zip(self.inputs, inputs, strict=True) if not delta.is_empty]
        if not changed:
            return unchanged(now)
        counts = [delta.count for _, delta in changed]
        return Delta(
            gone=_together((given, delta.gone) for given, delta in changed),
            new=_together((given, delta.new) for given, delta in changed),
            count=None if None in counts else sum(count for count in counts if count),
            all_rows=now,
        )

    def present_rows(self, present: "Present") -> str:
        return self.sql([given.operator.present_rows(present) for given in self.inputs])

    def reached(self, reached: "Reached") -> "Ids":
        return reached.either([reached.ids(given.operator) for given in self.inputs])

    def trace_ids(self, tracer: "Tracer", ids: Here) -> "Iterator[Trace]":
        for given in self.inputs:
            yield from given.operator.trace_ids(tracer, ids)


def _together(parts: Iterable[tuple[Input, str]]) -> str:
    return " UNION ALL ".join(f"({given.over(rows)})" for given, rows in parts)
