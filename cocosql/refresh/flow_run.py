"""A refresh's way through a flow: the changes of each operator, from those of its inputs."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from cocosql._native import Session
from cocosql.catalog.names import Name
from cocosql.catalog.views import View
from cocosql.collected import collected
from cocosql.operators import Input, Operator
from cocosql.operators.accumulate import Accumulate
from cocosql.operators.kept import Kept
from cocosql.operators.map import Changed, Map
from cocosql.operators.partitioned import Partitioned
from cocosql.operators.scan import Constant, Scan
from cocosql.operators.union import Union
from cocosql.refresh import state
from cocosql.refresh.map_step import MapStep
from cocosql.refresh.merge_step import MergeStep
from cocosql.refresh.partition_step import PartitionStep

if TYPE_CHECKING:
    from cocosql.refresh.view_refresh import ViewRefresh

#: What is done before a map's rows are worked out: its calls are made, or counted.
BeforeMap = Callable[[MapStep], None]


@dataclass
class FlowRun:
    """What it finds holds until the transaction of the attempt ends."""

    part: "ViewRefresh"
    #: The view's record as it is going to be.
    view: View
    #: By operator, what has become of its rows.
    _changed: dict[int, Changed] = field(default_factory=dict)

    def run(self, session: Session, before_map: BeforeMap) -> tuple[int, str, str] | None:
        """Take the changes through the operators below the view's rows, which are written.

        Returns the number of the last operator, a query for the rows that it gives, and the condition for those of the
        view that they replace; None if nothing changes there.
        """
        for number, operator in enumerate(self.part.flow.operators, start=1):
            if isinstance(operator, Scan):
                changed = self._scan(session, operator, number)
            elif isinstance(operator, Constant):
                changed = Changed(None, operator.rows_sql(), operator.rows_sql)
            elif isinstance(operator, Union):
                changed = self._union(operator)
            else:
                step = self._step(session, operator, number)
                self._prepare(session, step, before_map)
                if operator is self.part.flow.top:
                    names = self.part.plan.column_names
                    return (number, step.rows_sql(names), step.touched()) if step.has_changes else None
                changed = self._keep(session, step, operator, number)
            self._changed[id(operator)] = changed
        raise AssertionError("the last operator gives the view's rows")

    def _prepare(self, session: Session, step: MapStep | PartitionStep, before_map: BeforeMap) -> None:
        failed = self.part.failed
        if isinstance(step, MapStep):
            failed[step.number] = None
        if step.has_changes:
            step.prepare(session)
            if isinstance(step, MapStep) and step.operator.sites:
                before_map(step)
                failed[step.number] = step.failed_ids()

    def _step(self, session: Session, operator: Operator, number: int) -> MapStep | PartitionStep:
        inputs = [self._changed[id(given.operator)] for given in operator.inputs]
        if isinstance(operator, Map):
            retries = not self.part.rebuild and state.has_failed(session, self.part.view, number)
            return MapStep(self.part, operator, number, inputs, self.part.rebuild, retries)
        assert isinstance(operator, Partitioned)
        tag, rebuild = f"{self.view.view_id}_{number}", self.part.rebuild
        if isinstance(operator, Accumulate):
            return MergeStep(operator, tag, inputs, rebuild, self._kept(operator, number))
        return PartitionStep(operator, tag, inputs, rebuild)

    def _scan(self, session: Session, scan: Scan, number: int) -> Changed:
        capture = self.part.captures[number - 1]
        delta, now = self.part.deltas[number - 1], partial(capture.all_rows, session)
        if self.part.rebuild or delta is None:
            return Changed(now(), "", now)
        if not delta.changed:
            return Changed(None, delta.gone, now)
        readers = [
            given for operator in self.part.flow.operators for given in operator.inputs if given.operator is scan
        ]
        if len(readers) == 1 and not any(len(one.inputs) > 1 for one in self.part.flow.maps):
            return Changed(delta.new, delta.gone, now)
        name = f"source_{self.view.view_id}_{number}"
        session.collect(name, delta.new)
        return Changed(f"FROM {collected(name)}", delta.gone, now)

    def _union(self, union: Union) -> Changed:
        inputs = [self._changed[id(given.operator)] for given in union.inputs]
        changed = [(given, one) for given, one in zip(union.inputs, inputs, strict=True) if one.new is not None]
        return Changed(
            _union_all([(given, one.new) for given, one in changed if one.new is not None]) if changed else None,
            _union_all([(given, one.gone) for given, one in changed]),
            lambda: union.rows_sql([one.now for one in inputs]),
        )

    def _kept(self, operator: Operator, number: int) -> Kept:
        name = Name(self.view.name.database, "coco", self.view.kept_table(number))
        return Kept(name, f"{self.view.view_id}_{number}", operator.names, operator.identity() or [])

    def _keep(self, session: Session, step: MapStep | PartitionStep, operator: Operator, number: int) -> Changed:
        """Write what differs in the table of an operator's rows."""
        kept = self._kept(operator, number)
        if not step.has_changes:
            return Changed(None, kept.now, lambda: kept.now)
        rows, touched = step.rows_sql(operator.names), step.touched()
        with self.part.run.step(number, "work out the rows that changed", rows) as record:
            if self.part.rebuild and (
                touched == "true" or not state.exists(session, self.view, self.view.kept_table(number))
            ):
                kept.fill(session, rows)
                return Changed(kept.now, kept.now, lambda: kept.now)
            write = kept.replace if isinstance(step, MapStep) else kept.net
            record.rows = write(session, rows, touched)
        return Changed(kept.new if record.rows else None, kept.gone, lambda: kept.now)


def _union_all(parts: list[tuple[Input, str]]) -> str:
    return " UNION ALL ".join(f"({given.over(rows)})" for given, rows in parts)
