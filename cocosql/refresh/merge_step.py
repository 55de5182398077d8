"""An accumulate's part in a refresh: what changed is added to the totals kept."""

from dataclasses import dataclass

from cocosql.operators.accumulate import Accumulate
from cocosql.operators.kept import Kept
from cocosql.refresh.partition_step import PartitionStep


@dataclass
class MergeStep(PartitionStep):
    operator: Accumulate
    #: The groups as they are.
    kept: Kept

    @property
    def _is_whole(self) -> bool:
        return self.rebuild

    def rows_sql(self, column_names: list[str]) -> str:
        if self.rebuild:
            return super().rows_sql(column_names)
        (given,), (changed,) = self.operator.inputs, self.inputs
        assert changed.new is not None
        return self.operator.merged_sql(f"FROM {self.kept.old}", given.over(changed.gone), given.over(changed.new))
