"""One view's part in a refresh: find the changes, find the calls they need, and write the difference."""

from dataclasses import dataclass, field, replace

from cocosql._native import Harvest, Session
from cocosql.capture import Capture, Delta, snapshots
from cocosql.catalog import errors, views
from cocosql.catalog.runs import Run
from cocosql.catalog.views import Call, Input, Operator, View
from cocosql.planner import Plan
from cocosql.planner.call_sites import Callee, CallSite
from cocosql.planner.operators import aggregate, recompute
from cocosql.planner.operators import map as map_operator
from cocosql.planner.operators.aggregate import Aggregate
from cocosql.planner.operators.map import SOURCE_ID, Map
from cocosql.planner.operators.recompute import Recompute
from cocosql.refresh import apply, state
from cocosql.refresh.apply import Counts
from cocosql.refresh.arrangement import Arrangement
from cocosql.refresh.inputs import as_input, captures, stored_inputs
from cocosql.sqltext import qualified
from cocosql.udf import Function

#: How much of a row an error shows.
_LONGEST_ROW = 200


@dataclass(frozen=True)
class NeededCalls:
    """What the sites of one function need."""

    sites: list[CallSite]
    harvest: Harvest
    #: The query that found them.
    sql: str


@dataclass
class ViewRefresh:
    """What is found in one attempt (`look`) holds until the transaction of the attempt ends."""

    plan: Plan
    run: Run
    #: Whether all rows are to be worked out anew, whatever changed.
    full: bool = False
    #: Sites whose calls have been made; arguments that appear since are called inline.
    warmed: set[int] = field(default_factory=set)
    captures: list[Capture] = field(init=False)
    #: By source, what changed; None if that cannot be told.
    deltas: list[Delta | None] = field(default_factory=list)
    #: Whether the view's rows are to be worked out anew from all rows of its sources.
    rebuild: bool = False
    #: Whether there are source rows that are left out, or show NULL, as calls for them failed in this run.
    set_apart: bool = False
    has_nulls: bool = False

    def __post_init__(self) -> None:
        self.captures = captures(self.plan)

    @property
    def view(self) -> View:
        return self.plan.view

    @property
    def has_changes(self) -> bool:
        return self.rebuild or self.view.failed_rows > 0 or self.sources_changed

    @property
    def sources_changed(self) -> bool:
        return any(delta is None or delta.changed for delta in self.deltas)

    def tolerates(self, function: Function) -> bool:
        """Whether the refresh goes on where calls of this function fail."""
        return function.on_error == "null" or self.view.options.get("on_error") == "keep"

    def start_over(self, plan: Plan) -> None:
        """Go on with another plan, as the code of a function changed."""
        self.plan = plan
        self.warmed.clear()
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
        inputs = stored_inputs(self.view, self.captures)
        self.rebuild = self.full or inputs is None or rebuild_reason(self.plan) is not None
        positions = [given.position for given in inputs] if inputs else [None for _ in self.captures]
        self.deltas = []
        for number, (capture, position) in enumerate(zip(self.captures, positions, strict=True), start=1):
            with self.run.step(number, "look for changes", capture.source.sql) as step:
                delta = capture.changes(session, position)
                step.rows, step.reading = delta.changed if delta else None, capture.reading()
            self.deltas.append(delta)

    def needed_calls(self, session: Session) -> list[NeededCalls]:
        """The calls of the next level that the changes need."""
        operator = self.plan.map
        if operator is None or not self.has_changes:
            return []
        self._set_failed_apart(session)
        for level in sorted({site.level for site in operator.sites}):
            needed = []
            for sites in self.sites_by_function(level):
                if self._is_warm(sites):
                    continue
                sql = self.harvest_sql(session, sites)
                harvest = session.harvest(sql)
                if sites[0].number not in self.warmed:
                    self.run.tally.count_hits(sites[0].callee.function.name, harvest.hits)
                self.warmed.update(site.number for site in sites)
                needed.append(NeededCalls(sites, harvest, sql))
            if any(calls.harvest.misses for calls in needed):
                return needed
        return []

    def _is_warm(self, sites: list[CallSite]) -> bool:
        """Whether arguments that appear from now on may be called inline: where a failure ends the refresh anyway."""
        is_warm = all(site.number in self.warmed for site in sites)
        return is_warm and not self.tolerates(sites[0].callee.function)

    def sites_by_function(self, level: int) -> list[list[CallSite]]:
        """The sites of a level, those of one function together: they share their calls."""
        assert self.plan.map is not None
        groups: dict[str, list[CallSite]] = {}
        for site in self.plan.map.sites:
            if site.level == level:
                groups.setdefault(site.callee.function.name.lower(), []).append(site)
        return list(groups.values())

    def harvest_sql(self, session: Session, sites: list[CallSite]) -> str:
        """A query for the arguments that these sites need for the rows that changed."""
        assert self.plan.map is not None
        if not self.has_changes:
            return "SELECT true AS hit, NULL::UHUGEINT AS fingerprint WHERE false"
        return self.plan.map.harvest_sql(sites, self._relation(session))

    def origin(self, session: Session, sites: list[CallSite], fingerprint: str) -> str:
        """A source row that needs a call, in words; empty if it is gone meanwhile."""
        operator, capture = self.plan.map, self.captures[0]
        assert operator is not None
        relation, present = capture.rows_now(session), capture.present_rows(session)
        for site in sites:
            origin = operator.origin_sql(site, relation, fingerprint)
            rows = session.execute(f"SELECT row::VARCHAR FROM ({present}) WHERE coco_source_id = ({origin})")
            if rows:
                return f" in the row {_shortened(rows[0][0])} of {operator.source}"
        return ""

    def apply(self, session: Session) -> None:
        """Write the rows that differ, and the view's record with them."""
        if not self.has_changes:
            self.run.version = self.view.version
            inputs = self._advance(session)
            if inputs != self.view.inputs:
                views.save_inputs(session, self.view.settled(inputs=inputs))
            return
        version = self.view.version + 1
        view = self._settled(session)
        with self.run.step(len(self.captures) + 1, "write what differs", self.plan.sql) as step:
            counts = self._write_rows(session, replace(self.plan, view=view), version)
            step.rows = counts.inserted + counts.updated + counts.deleted
        self.run.inserted, self.run.updated, self.run.deleted = counts.inserted, counts.updated, counts.deleted
        view = state.keep_failed(session, view, self._failed_ids())
        changed = bool(counts) or self.changes_columns()
        self.run.version = version if changed else self.view.version
        view = view.settled(inputs=self._advance(session), version=self.run.version)
        view = view.settled(operators=describe_operators(replace(self.plan, view=view), self.captures))
        views.save(session, view, refreshed=True)
        if self.rebuild or None in self.deltas:
            snapshots.drop_unread(session, view.name.database)
        if counts:
            state.expire(session, view)

    def _relation(self, session: Session) -> str:
        """The source rows that a map works on: those that changed, and those that failed before."""
        delta = self._row_delta()
        relation = delta.new if delta else self.captures[0].all_rows(session)
        if delta and self.view.failed_rows:
            again = f"SELECT coco_source_id FROM {self.view.failed} EXCEPT ({delta.gone})"
            every = self.captures[0].all_rows(session)
            relation = f"({relation}) UNION ALL FROM ({every}) AS failed WHERE coco_source_id IN ({again})"
        if not self.set_apart:
            return relation
        return f"FROM ({relation}) AS wanted WHERE coco_source_id NOT IN (FROM {self._apart})"

    def _touched(self) -> str:
        """The condition under which a row that the view has is to be replaced."""
        delta = self._row_delta()
        condition = "true"
        if delta:
            retried = f" UNION ALL SELECT coco_source_id FROM {self.view.failed}" if self.view.failed_rows else ""
            condition = f"coco_source_id IN ({delta.gone}{retried})"
        if not self.set_apart or self.view.definition != self.plan.definition:
            return condition
        return f"{condition} AND (coco_source_id IN (FROM {self._apart})) IS NOT TRUE"

    @property
    def _apart(self) -> str:
        return qualified("temp", "main", f"coco_apart_{self.view.view_id}")

    @property
    def _nulls(self) -> str:
        return qualified("temp", "main", f"coco_nulls_{self.view.view_id}")

    def _set_failed_apart(self, session: Session) -> None:
        """Find the source rows with calls that failed in this run: those left out, and those with NULL as a result."""
        operator = self.plan.map
        assert operator is not None
        self.set_apart = self.has_nulls = False
        for site in sorted(operator.sites, key=lambda site: site.level):
            function = site.callee.function
            if not self.run.tally.errors.get(function.name) or not self.tolerates(function):
                continue
            site.failed = errors.failed(self.run, function)
            if function.on_error == "null":
                self._add(session, self._nulls, self.has_nulls, site, site.failed)
                self.has_nulls = True
            else:
                self._add(session, self._apart, self.set_apart, site, site.failed)
                self.set_apart = True

    def _add(self, session: Session, table: str, exists: bool, site: CallSite, failed: str) -> None:
        """Add the source rows that need a failed call to a temporary table, which may not exist yet."""
        operator = self.plan.map
        assert operator is not None
        rows = operator.sources_sql(site, self._relation(session), failed)
        session.execute(f"INSERT INTO {table} {rows}" if exists else f"CREATE OR REPLACE TEMP TABLE {table} AS {rows}")

    def _failed_ids(self) -> str | None:
        """A query for the source rows that are to be tried again."""
        tables = [*([self._apart] if self.set_apart else []), *([self._nulls] if self.has_nulls else [])]
        if not tables:
            return None
        return f"SELECT DISTINCT coco_source_id FROM ({' UNION ALL '.join(f'FROM {table}' for table in tables)})"

    def _row_delta(self) -> Delta | None:
        """What changed of a map's source, if its rows are not worked out anew."""
        return None if self.rebuild or self.plan.map is None else self.deltas[0]

    def _write_rows(self, session: Session, plan: Plan, version: int) -> Counts:
        """Write the rows into the tables of the plan's view, which may be new."""
        if plan.view.rows != self.view.rows:
            source_id = self.captures[0].source_id_type() if self.captures else "UHUGEINT"
            state.replace(session, self.view, plan, source_id)
        if isinstance(plan.operator, Aggregate):
            rows, touched = self._arranged(session, plan, plan.operator)
        else:
            rows, touched = self._plain(session, plan)
        if not _has_rows(session, plan.view):
            return apply.fill(session, plan, rows, version)
        return apply.apply(session, plan, rows, touched, version)

    def _plain(self, session: Session, plan: Plan) -> tuple[str, str]:
        """A query for the rows of the view that are new, and the condition for those that they replace."""
        if self.rebuild:
            session.execute(f"DROP TABLE IF EXISTS {plan.view.arranged}")
        if plan.map is None:
            return plan.sql, self._touched()
        return plan.map.rows_sql(self._relation(session), plan.column_names), self._touched()

    def _arranged(self, session: Session, plan: Plan, operator: Aggregate) -> tuple[str, str]:
        """The same, of groups: those that the changed rows touch."""
        arrangement = Arrangement(plan.view, operator, self.captures[0].source_id_type())
        rows = operator.below.rows_sql(self._relation(session), operator.arranged_columns)
        touched = self._touched()
        if touched == "true" or not arrangement.fits(session):
            arrangement.fill(session, rows)
            return operator.rows_sql(arrangement.all_groups(), plan.column_names), "true"
        arrangement.update(session, rows, touched)
        if not operator.keys:
            return operator.rows_sql(arrangement.all_groups(), plan.column_names), "true"
        new = operator.rows_sql(arrangement.touched_groups(), plan.column_names)
        return new, f"{SOURCE_ID} IN ({arrangement.touched_ids()})"

    def _settled(self, session: Session) -> View:
        """The view's record as the plan has it; with new tables if its rows need another layout."""
        plan, view = self.plan, self.view
        changed = view.settled(
            column_names=plan.column_names,
            column_types=plan.column_types,
            key_columns=plan.key_columns,
            incremental=plan.map is not None,
            definition=plan.definition,
            has_data=True,
            last_error=None,
            calls=_calls(plan),
        )
        if not view.has_data or self._needs_layout(session):
            changed = state.renamed(changed, views.next_id(session), keep_history=self._same_columns())
        return changed

    def changes_columns(self) -> bool:
        """Whether the view's columns will be others, so that a plan that reads it would not hold."""
        return self.view.has_data and not self._same_columns()

    def _same_columns(self) -> bool:
        plan, view = self.plan, self.view
        return (view.column_names, view.column_types) == (plan.column_names, plan.column_types)

    def _needs_layout(self, session: Session) -> bool:
        """Whether the table of rows lacks columns, or has columns, that the operator keeps for lineage."""
        if not self._same_columns():
            return True
        source_id = self.captures[0].source_id_type() if self.captures else "UHUGEINT"
        return state.layout(session, self.view) != state.expected_layout(self.plan, source_id)

    def _advance(self, session: Session) -> list[Input]:
        """Take what the captures found as read."""
        return [as_input(self.view, capture, capture.advance(session)) for capture in self.captures]


def rebuild_reason(plan: Plan) -> str | None:
    """Why the view's rows must all be worked out anew, if they must; a reason that people understand."""
    view = plan.view
    if not view.has_data:
        return "it has no data yet"
    for call in view.calls:
        if plan.versions.get(call.function.lower(), call.code_version) != call.code_version:
            return f"the code of function {call.function} changed"
    if {call.function.lower() for call in view.calls} != set(plan.versions) or view.definition != plan.definition:
        return "its query, or a view or macro in it, changed"
    if (view.column_names, view.column_types) != (plan.column_names, plan.column_types):
        return "its columns changed"
    if not plan.sources and not plan.tree:
        return "what it reads cannot be told"
    return None


def describe_operators(plan: Plan, found: list[Capture]) -> list[Operator]:
    """The flow as coco_operators and EXPLAIN show it."""
    operator, tables = plan.operator, [given.snapshot_table for given in plan.view.inputs]
    scans = [
        Operator(number, "scan", capture.rule, [], capture.source.sql, table)
        for number, (capture, table) in enumerate(zip(found, tables, strict=True), start=1)
    ]
    numbers, table = [scan.operator_id for scan in scans], plan.view.state_table
    if isinstance(operator, Aggregate):
        number = len(scans) + 1
        scans.append(Operator(number, map_operator.KIND, map_operator.RULE, numbers, "", plan.view.arranged_table))
        return [*scans, Operator(number + 1, aggregate.KIND, aggregate.RULE, [number], plan.sql, table)]
    kind, rule = map_operator.KIND, map_operator.RULE
    if isinstance(operator, Recompute):
        kind, rule = recompute.KIND, f"{recompute.RULE}: {operator.reason}"
    return [*scans, Operator(len(scans) + 1, kind, rule, numbers, plan.sql, table)]


def _calls(plan: Plan) -> list[Call]:
    sites = plan.operator.sites if isinstance(plan.operator, Map) else []
    traced = {site.callee.function.name.lower() for site in sites}
    untraced = plan.operator.untraced(plan.callees) if isinstance(plan.operator, Map) else set(plan.callees)
    untraced |= set(plan.callees) - traced
    inline = [callee for name, callee in plan.callees.items() if name in untraced]
    return [_call(site.number, site.callee) for site in sites] + [_call(None, callee) for callee in inline]


def _call(site: int | None, callee: Callee) -> Call:
    return Call(site, callee.function.name, callee.function.code_version)


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST_ROW else f"{text[:_LONGEST_ROW]}…"


def _has_rows(session: Session, view: View) -> bool:
    return bool(session.execute(f"SELECT 1 FROM {view.rows} LIMIT 1"))
