"""A refresh's way through a flow: the delta of each operator, from those of its inputs."""

from collections.abc import Callable
from dataclasses import dataclass, field

from cocosql.fetch import Condition
from cocosql.operators.delta import Delta, everything, unchanged
from cocosql.operators.kept import Kept
from cocosql.operators.map import MapStep
from cocosql.operators.operator import Materialized, Virtual
from cocosql.operators.step import Context, Step
from cocosql.planner.flow import Flow
from cocosql.refresh import state

#: What is done before a map's rows are worked out: its calls are made, or counted.
BeforeMap = Callable[[MapStep], None]


@dataclass
class FlowRun:
    """What it finds holds until the transaction of the attempt ends."""

    flow: Flow
    context: Context
    #: By operator that it has come to, a query for the source rows that failed there.
    failed: dict[int, str | None]
    _deltas: dict[int, Delta] = field(default_factory=dict)

    def run(self, names: list[str], before_map: BeforeMap) -> tuple[int, str, Condition] | None:
        """Take the changes through the operators below the view's rows, which are written.

        Returns the number of the last operator, a query for the rows that it gives, under these names, and the
        condition for those of the view that they replace; None if nothing changes there.
        """
        for number, operator in enumerate(self.flow.operators, start=1):
            inputs = [self._deltas[id(given.operator)] for given in operator.inputs]
            if isinstance(operator, Virtual):
                self._deltas[id(operator)] = operator.pass_on(self.context, number, inputs)
                continue
            assert isinstance(operator, Materialized)
            step = operator.step(self.context, number, inputs)
            self._prepare(step, before_map)
            if operator is self.flow.top:
                return (number, step.rows_sql(names), step.touched()) if step.has_changes else None
            self._deltas[id(operator)] = self._keep(step, self.context.kept(operator, number))
        raise AssertionError("the last operator gives the view's rows")

    def _prepare(self, step: Step, before_map: BeforeMap) -> None:
        if isinstance(step, MapStep):
            self.failed[step.number] = None
        if step.has_changes:
            step.prepare()
            if isinstance(step, MapStep) and step.operator.sites:
                before_map(step)
                self.failed[step.number] = step.failed_ids()

    def _keep(self, step: Step, kept: Kept) -> Delta:
        """Write what differs in the table of an operator's rows."""
        if not step.has_changes:
            return unchanged(lambda: kept.now)
        context, rows = self.context, step.rows_sql(kept.names)
        with context.run.step(step.number, "work out the rows that changed", rows) as record:
            is_there = state.exists(context.session, context.view, kept.name.name)
            if context.rebuild and (step.touched().is_of_all or not is_there):
                filled = kept.fill(context.session, rows)
                return everything(lambda: filled.now)
            delta = step.keep(kept, rows)
            record.rows = delta.count
        return delta
