"""An accumulate's part in a refresh: what changed is added to the totals kept."""

from dataclasses import dataclass

from cocosql.planner.operators.accumulate import Accumulate
from cocosql.refresh.partition_step import PartitionStep


@dataclass
class MergeStep(PartitionStep):
    operator: Accumulate
    #: The table of the groups kept, as SQL.
    kept: str

    @property
    def _is_whole(self) -> bool:
        return self.rebuild

    def rows_sql(self, column_names: list[str]) -> str:
        if self.rebuild:
            return super().rows_sql(column_names)
        (given,), (changed,) = self.operator.inputs, self.inputs
        assert changed.new is not None
        kept = f"FROM {self.kept} WHERE {self.touched()}"
        return self.operator.merged_sql(kept, given.over(changed.gone), given.over(changed.new))
