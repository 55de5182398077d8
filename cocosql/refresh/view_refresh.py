"""One view's part in a refresh: find the changes, take them through the operators, and write the difference."""

import time
from dataclasses import dataclass, field, replace
from functools import partial

from cocosql._native import Session
from cocosql.capture import Capture, SourceMoved
from cocosql.catalog.locked_views import LockedViews
from cocosql.catalog.runs import MadeBy, Run
from cocosql.catalog.views import Input, View
from cocosql.fetch import ALL
from cocosql.operators.delta import Delta
from cocosql.operators.map import MapStep
from cocosql.operators.scan import Scan
from cocosql.operators.source import Source
from cocosql.operators.step import Context
from cocosql.planner import choice
from cocosql.planner.flow import Flow
from cocosql.planner.plan import Plan
from cocosql.refresh import apply, state
from cocosql.refresh.apply import Counts
from cocosql.refresh.describe import describe_calls, describe_operators, rebuild_reason, recalled, source_id_types
from cocosql.refresh.flow_run import BeforeMap, FlowRun
from cocosql.refresh.inputs import as_input, captures, stored_inputs
from cocosql.refresh.prepared import prepared
from cocosql.sqltext import qualified


class PlanChanged(Exception):
    """What the refresh was planned for is not so any more."""


@dataclass
class ViewRefresh:
    """What is found in one attempt (`look`) holds until the transaction of the attempt ends."""

    plan: Plan
    run: Run
    #: The view among those that are locked; None for a look, which writes nothing.
    locked: LockedViews | None = None
    #: Whether all rows are to be worked out anew, whatever changed.
    full: bool = False
    #: Where functions are to be called again: results of runs before this one do not count.
    recall: int | None = None
    #: Whether calls inside the query have been made again.
    recalled_inline: bool = False
    #: Sites whose calls have been made, by operator and site; arguments that appear since are called inline.
    warmed: set[tuple[int, int]] = field(default_factory=set)
    #: Whether calls are harvested though the memo may have all results: it lacked one.
    lacks_results: bool = False
    captures: list[Capture] = field(init=False)
    #: By source, what changed; None if that cannot be told.
    deltas: list[Delta | None] = field(default_factory=list)
    #: Whether the view's rows are to be worked out anew from all rows of its sources.
    rebuild: bool = False
    #: By map that it has come to in this attempt, a query for the source rows that failed there. (Not the steps: they
    #: know this object and the session, and a cycle would keep a database open that is closed.)
    failed: dict[int, str | None] = field(default_factory=dict)
    #: By function, queries for the results that the view's rows show, where calls were not harvested.
    _hits: dict[str, list[str]] = field(default_factory=dict)
    #: Whether they have been counted: another attempt may find the same.
    _has_counted_hits: bool = False
    _started: float = 0

    def __post_init__(self) -> None:
        self.captures = captures(self.plan)

    @property
    def view(self) -> View:
        return self.plan.view

    @property
    def flow(self) -> Flow:
        assert self.plan.flow is not None
        return self.plan.flow

    @property
    def has_changes(self) -> bool:
        return self.rebuild or self.view.failed_rows > 0 or self.sources_changed

    @property
    def sources_changed(self) -> bool:
        return not all(delta and delta.is_empty for delta in self.deltas)

    @property
    def recalled_since(self) -> int | None:
        """Where the view's functions are to be called again: the first run whose results count."""
        return self.recall if self.plan.callees else None

    @property
    def is_redefined(self) -> bool:
        """Whether the rows that the view has are of another query."""
        return self.view.definition != self.plan.definition or changes_columns(self.plan)

    def start_over(self, plan: Plan) -> None:
        """Go on with another plan, as the code of a function changed."""
        self.plan = plan
        self.warmed.clear()
        self.lacks_results = self._has_counted_hits = False
        self.captures = captures(plan)

    def prepare(self, session: Session) -> None:
        """Make ready what a refresh needs beside its sources. Call outside a transaction."""
        for capture in self.captures:
            capture.prepare(session)

    def observe(self, session: Session) -> None:
        """Look at the sources before the snapshot of the transaction begins in which they are read."""
        for capture in self.captures:
            capture.observe(session)

    def look(self, session: Session) -> None:
        """Find what changed since the last refresh."""
        self._started = time.monotonic()
        prepared(session, self.view)
        inputs = stored_inputs(self.view, self.captures)
        self.rebuild = self.full or inputs is None or self.recalled_since is not None
        self.rebuild = self.rebuild or rebuild_reason(session, self.plan) is not None
        positions = [given.position for given in inputs] if inputs else [None for _ in self.captures]
        self.deltas = []
        for number, (capture, position) in enumerate(zip(self.captures, positions, strict=True), start=1):
            with self.run.step(number, "look for changes", capture.source.sql) as step:
                delta = capture.changes(session, position)
                step.rows, step.reading = delta.count if delta else None, capture.reading()
            self.deltas.append(delta)
        self.rebuild = self.rebuild or None in self.deltas

    def choose_unseen(self) -> None:
        """Choose between delta and recomputation before the changes are known.

        Raises:
            PlanChanged: if that is another than the plan's.
        """
        if self.plan.flow and not self.plan.callees and not self.full:
            self._take_query(choice.why_query(self.view))

    def choose(self, session: Session) -> None:
        """Choose between delta and recomputation for the changes that were found.

        Raises:
            PlanChanged: if that is another than the plan's.
        """
        if self.plan.callees or self.rebuild or not self.sources_changed:
            return
        if self.plan.flow is None:
            reason = choice.why_operators(self.view) if choice.is_by_query(self.view) else None
            self._take(reason, self.view.settled(incremental=True, owed_seconds=None))
            return
        changed = sum(delta.count or 0 for delta in self.deltas if delta)
        total = self._source_rows(session) if choice.is_many(changed) else 0
        self._take_query(choice.why_query_for(self.view, changed, total))

    def _source_rows(self, session: Session) -> int:
        return sum(map(partial(_count, session), self.plan.sources))

    def _take_query(self, reason: str | None) -> None:
        self._take(reason, self.view.settled(incremental=False, owed_seconds=0.0))

    def _take(self, reason: str | None, chosen: View) -> None:
        """Go on with the view as chosen, if there is a reason."""
        if reason:
            with self.run.step(len(self.captures) + 1, f"choose: {reason}", self.plan.sql):
                self.plan = replace(self.plan, view=chosen)
            raise PlanChanged

    def goes_without_harvest(self, session: Session, step: MapStep) -> bool:
        """Whether the memo may have all that the view's rows need; a result that it lacks ends the attempt."""
        if self.lacks_results or step.operator is not self.flow.top or not step.may_know_all(self.plan.callees):
            return False
        if not self._has_counted_hits:
            self._hits = step.hits_sql(step.context.view.rows)
        session.refuse_calls(True)
        return True

    def _count_hits(self, session: Session) -> None:
        for function, queries in self._hits.items():
            for query in queries:
                ((hits,),) = session.execute(query)
                self.run.tally.count_hits(function, hits)
                self._has_counted_hits = True

    def _made_by(self, session: Session) -> MadeBy:
        """What makes the rows that the view is to have."""
        versions = {callee.function.name: callee.function.code_version for callee in self.plan.callees.values()}
        pairs = zip(self.captures, self.deltas, strict=True)
        changed = [str(capture.source) for capture, delta in pairs if not (delta and delta.is_empty)]
        return MadeBy(self.view.query, self.plan.definition, versions, changed, recalled(session, self.plan))

    def apply(self, session: Session, before_map: BeforeMap) -> None:
        """Write the rows that differ, and the view's record with them."""
        assert self.locked is not None
        self.run.made_by = self._made_by(session)
        self._hits = {}
        session.recall(self.recalled_since or 0)
        if not self.has_changes:
            self.run.version = self.view.version
            inputs = self._advance(session)
            if self.view.last_error:
                self.locked.save(session, self.view.settled(inputs=inputs, last_error=None), refreshed=True)
            elif inputs != self.view.inputs:
                self.locked.save_inputs(session, self.view.settled(inputs=inputs))
            return
        version = self.view.version + 1
        view = self._settled(session)
        self.rebuild = self.rebuild or view.rows != self.view.rows  # a new table has no rows to change
        counts = self._write_rows(session, replace(self.plan, view=view), version, before_map)
        self._count_hits(session)
        if self.recalled_since and self.plan.calls_inline and not self.recalled_inline:
            # Calls inside the query have replaced results that this transaction still sees: the next sees theirs.
            self.recalled_inline = True
            raise SourceMoved
        self.run.inserted, self.run.updated, self.run.deleted = counts.inserted, counts.updated, counts.deleted
        view = state.keep_failed(session, view, self.failed)
        changed = bool(counts) or changes_columns(self.plan)
        self.run.version = version if changed else self.view.version
        next_row_id = view.next_row_id + counts.inserted
        view = view.settled(inputs=self._advance(session), version=self.run.version, next_row_id=next_row_id)
        view = view.settled(operators=describe_operators(replace(self.plan, view=view), self.captures))
        view = self._with_costs(session, view)
        state.drop_kept(session, self.view, except_for=view)
        self.locked.save(session, view, refreshed=True)
        if counts:
            state.expire(session, view)

    def _with_costs(self, session: Session, view: View) -> View:
        """The view's record with what the refresh has cost."""
        seconds = time.monotonic() - self._started
        if self.plan.callees:
            return view
        if self.plan.flow is None:
            return choice.after_query(view, seconds)
        if not self.rebuild:
            return choice.after_delta(view, seconds)
        view = choice.after_fill(view, seconds)
        if not choice.is_worth_timing(seconds) or choice.are_few(self._source_rows(session)):
            return view
        table, number = qualified("temp", "main", f"coco_afresh_{view.view_id}"), len(self.flow.operators)
        with self.run.step(number, "run the query alone, to know what that takes", self.plan.sql) as step:
            session.execute(f"CREATE OR REPLACE TEMP TABLE {table} AS {self.plan.rows_sql}")
        session.execute(f"DROP TABLE {table}")
        return view.settled(query_seconds=step.seconds)

    def _write_rows(self, session: Session, plan: Plan, version: int, before_map: BeforeMap) -> Counts:
        """Write the rows into the tables of the plan's view, which may be new."""
        has_new_table = plan.view.rows != self.view.rows
        if has_new_table:
            state.replace(session, self.view, plan, self._source_id_types())
        if plan.flow is None:
            number, rows, touched = len(self.captures) + 1, plan.rows_sql, ALL
        else:
            self.failed.clear()
            flow_run = FlowRun(plan.flow, self._context(session, plan.view), self.failed)
            found = flow_run.run(plan.column_names, before_map)
            if found is None:
                return Counts()
            number, rows, touched = found
        with self.run.step(number, "write what differs", rows) as step:
            if not state.has_rows(session, self.view):
                counts = apply.fill(session, plan, rows, version)
            elif has_new_table:
                counts = apply.move(session, self.view, plan, rows, version)
            else:
                counts = apply.apply(session, plan, rows, touched, version)
            step.rows = counts.inserted + counts.updated + counts.deleted
        if has_new_table:
            state.drop_rows(session, self.view)
        return counts

    def _context(self, session: Session, view: View) -> Context:
        """What the steps of the attempt may know. `view` is its record as it is going to be."""
        return Context(
            session=session,
            run=self.run,
            before=self.view,
            view=view,
            rebuild=self.rebuild,
            is_redefined=self.is_redefined,
            recalled_since=self.recalled_since,
            warmed=self.warmed,
            capture=self._capture,
            change=lambda scan: self.deltas[self.flow.scans.index(scan)],
            is_linear=self.flow.is_linear,
            is_shared=self._is_shared,
            has_failed=partial(state.has_failed, session, self.view),
        )

    def _capture(self, scan: Scan) -> Capture:
        return self.captures[self.flow.scans.index(scan)]

    def _is_shared(self, scan: Scan) -> bool:
        """Whether changes of the scan are read more than once: by several operators, or for several sides of a join."""
        readers = [one for operator in self.flow.operators for one in operator.inputs if one.operator is scan]
        return len(readers) > 1 or any(len(one.inputs) > 1 for one in self.flow.maps)

    def _source_id_types(self) -> list[str]:
        """The types of the columns that say where the view's rows came from."""
        return source_id_types(self.plan, self.captures)

    def _settled(self, session: Session) -> View:
        """The view's record as the plan has it; with new tables if its rows need another layout."""
        plan, view = self.plan, self.view
        changed = view.settled(
            column_names=plan.column_names,
            column_types=plan.column_types,
            key_columns=plan.key_columns,
            incremental=plan.flow is not None,
            definition=plan.definition,
            has_data=True,
            last_error=None,
            calls=describe_calls(session, plan),
        )
        if not view.has_data or self._needs_layout(session):
            changed = state.renamed(
                changed, session.next_id(self.view.name.database), keep_history=state.same_columns(view, plan)
            )
        return changed

    def _needs_layout(self, session: Session) -> bool:
        """Whether the table of rows lacks columns, or has columns, that the operator keeps for lineage."""
        if not state.same_columns(self.view, self.plan):
            return True
        return state.layout(session, self.view) != state.expected_layout(self.plan, self._source_id_types())

    def _advance(self, session: Session) -> list[Input]:
        """Take what the captures found as read."""
        return [as_input(self.view, capture, capture.advance(session)) for capture in self.captures]


def changes_columns(plan: Plan) -> bool:
    """Whether the view's columns will be others, so that a plan that reads it would not hold."""
    return plan.view.has_data and not state.same_columns(plan.view, plan)


def _count(session: Session, source: Source) -> int:
    ((count,),) = session.execute(f"SELECT count(*) FROM {source.sql}")
    return int(count)
