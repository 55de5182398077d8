"""A map's part in a refresh: the rows that changed, the calls that they need, and what they become."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cocosql._native import Harvest, Session
from cocosql.capture import Capture
from cocosql.catalog import errors
from cocosql.collected import collected
from cocosql.operators import SOURCE_ID
from cocosql.operators.call_sites import CallSite
from cocosql.operators.map import Changed, Map
from cocosql.sqltext import idents, qualified

if TYPE_CHECKING:
    from cocosql.refresh.view_refresh import ViewRefresh

#: How much of a row an error shows.
_LONGEST_ROW = 200


@dataclass(frozen=True)
class NeededCalls:
    """What the sites of one function need."""

    step: "MapStep"
    sites: list[CallSite]
    harvest: Harvest
    #: The query that found them.
    sql: str


@dataclass
class MapStep:
    """What is found holds until the transaction of the attempt ends."""

    part: "ViewRefresh"
    operator: Map
    number: int
    inputs: list[Changed]
    #: Whether the rows are worked out anew from all rows of the inputs.
    rebuild: bool
    #: Whether rows that failed before are to be tried again.
    retries: bool
    #: Whether there are source rows that are left out, or show NULL, as calls for them failed in this run.
    set_apart: bool = field(init=False, default=False)
    has_nulls: bool = field(init=False, default=False)
    #: The joined rows that changed, where they are read more than once.
    _joined: str | None = field(init=False, default=None)

    @property
    def has_changes(self) -> bool:
        return self.rebuild or self.retries or any(given.new is not None for given in self.inputs)

    def prepare(self, session: Session) -> None:
        """Join what changed, once for all sites."""
        if len(self.inputs) > 1 and self.operator.sites:
            joined = f"joined_{self.part.view.view_id}_{self.number}"
            session.collect(joined, self._rows_to_work_on())
            self._joined = f"FROM {collected(joined)}"

    def needed_calls(self, session: Session) -> list[NeededCalls]:
        """The calls of the next level that the changes need."""
        self._set_failed_apart(session)
        for level in sorted({site.level for site in self.operator.sites}):
            needed = []
            for sites in self.sites_by_function(level):
                if self._is_warm(sites):
                    continue
                sql = self.harvest_sql(sites)
                harvest = session.harvest(sql)
                first = (self.number, sites[0].number)
                if first not in self.part.warmed:
                    self.part.run.tally.count_hits(sites[0].callee.function.name, harvest.hits)
                self.part.warmed.update((self.number, site.number) for site in sites)
                needed.append(NeededCalls(self, sites, harvest, sql))
            if any(calls.harvest.misses for calls in needed):
                return needed
        return []

    def _is_warm(self, sites: list[CallSite]) -> bool:
        """Whether arguments that appear from now on may be called inline: where a failure ends the refresh anyway."""
        if self.part.recalled_since:
            return False
        is_warm = all((self.number, site.number) in self.part.warmed for site in sites)
        return is_warm and not self.part.tolerates(sites[0].callee.function)

    def sites_by_function(self, level: int) -> list[list[CallSite]]:
        """The sites of a level, those of one function together: they share their calls."""
        groups: dict[str, list[CallSite]] = {}
        for site in self.operator.sites:
            if site.level == level:
                groups.setdefault(site.callee.function.name.lower(), []).append(site)
        return list(groups.values())

    def harvest_sql(self, sites: list[CallSite]) -> str:
        """A query for the arguments that these sites need for the rows that changed."""
        return self.operator.harvest_sql(sites, self.relation(), self.part.recalled_since)

    def origin(self, session: Session, sites: list[CallSite], fingerprint: str) -> str:
        """A source row that needs a call, in words; empty if it is gone meanwhile, or no row of a source."""
        scan, capture = self.operator.scan, self._capture()
        if scan is None or capture is None:
            return ""
        relation, present = self.operator.all_rows([capture.rows_now(session)]), capture.present_rows(session)
        for site in sites:
            origin = self.operator.origin_sql(site, relation, fingerprint)
            rows = session.execute(f"SELECT row::VARCHAR FROM ({present}) WHERE coco_source_id = ({origin})")
            if rows:
                return f" in the row {_shortened(rows[0][0])} of {scan.source}"
        return ""

    def source_keys(self, session: Session, source_ids: list[str]) -> dict[str, str]:
        """By id, the keys of rows of the source as JSON; none if the map reads no source, or several relations."""
        capture = self._capture()
        if capture is None or not source_ids:
            return {}
        ids = f"SELECT unnest($1::VARCHAR[])::{capture.source_id_type()} AS coco_source_id"
        keys = f"SELECT coco_source_id::VARCHAR, coco_key::VARCHAR FROM ({capture.keys(ids)})"
        return dict(session.execute(keys, [source_ids]))

    def _capture(self) -> Capture | None:
        pairs = zip(self.part.flow.scans, self.part.captures, strict=True)
        return next((capture for scan, capture in pairs if scan is self.operator.scan), None)

    def rows_sql(self, column_names: list[str]) -> str:
        """The rows that are new."""
        return self.operator.rows_sql(self.relation(), column_names)

    def relation(self) -> str:
        """The joined source rows that the map works on: those that changed, and those that failed before."""
        relation = self._joined or self._rows_to_work_on()
        if not self.set_apart:
            return relation
        return f"FROM ({relation}) AS wanted ANTI JOIN {self._apart} USING ({idents(self.operator.source_ids)})"

    def _rows_to_work_on(self) -> str:
        if self.rebuild:
            return self._every()
        relation = self.operator.changed_rows(self.inputs)
        if self.retries:
            ids = idents(self.operator.source_ids)
            again = f"SELECT {ids} FROM {self._failed} WHERE ({self._gone()}) IS NOT TRUE"
            retried = f"FROM ({self._every()}) AS failed SEMI JOIN ({again}) AS again USING ({ids})"
            relation = f"({relation}) UNION ALL {retried}" if relation else retried
        return relation or f"FROM ({self._every()}) AS nothing WHERE false"

    def _every(self) -> str:
        return self.operator.all_rows([given.now for given in self.inputs])

    def touched(self) -> str:
        """The condition under which a row is to be replaced."""
        ids = idents(self.operator.source_ids)
        condition = "true"
        if not self.rebuild:
            condition = self._gone()
            if self.retries:
                condition = f"({condition} OR ({ids}) IN (SELECT ({ids}) FROM {self._failed}))"
        if not self.set_apart or self.part.is_redefined:
            return condition
        return f"{condition} AND (({ids}) IN (SELECT ({ids}) FROM {self._apart})) IS NOT TRUE"

    def _gone(self) -> str:
        conditions = [
            f"{column} IN (SELECT {SOURCE_ID} FROM ({given.gone}))"
            for column, given in zip(self.operator.source_ids, self.inputs, strict=True)
            if given.new is not None
        ]
        return f"({' OR '.join(conditions)})" if conditions else "false"

    @property
    def _failed(self) -> str:
        return self.part.view.failed(self.number)

    @property
    def _apart(self) -> str:
        return qualified("temp", "main", f"coco_apart_{self.part.view.view_id}_{self.number}")

    @property
    def _nulls(self) -> str:
        return qualified("temp", "main", f"coco_nulls_{self.part.view.view_id}_{self.number}")

    def _set_failed_apart(self, session: Session) -> None:
        """Find the source rows with calls that failed in this run: those left out, and those with NULL as a result."""
        self.set_apart = self.has_nulls = False
        for site in sorted(self.operator.sites, key=lambda site: site.level):
            function = site.callee.function
            if not self.part.run.tally.errors.get(function.name) or not self.part.tolerates(function):
                continue
            site.failed = errors.failed(self.part.run, function)
            if function.on_error == "null":
                self._add(session, self._nulls, self.has_nulls, site, site.failed)
                self.has_nulls = True
            else:
                self._add(session, self._apart, self.set_apart, site, site.failed)
                self.set_apart = True

    def _add(self, session: Session, table: str, exists: bool, site: CallSite, failed: str) -> None:
        """Add the source rows that need a failed call to a temporary table, which may not exist yet."""
        rows = self.operator.sources_sql(site, self.relation(), failed)
        session.execute(f"INSERT INTO {table} {rows}" if exists else f"CREATE OR REPLACE TEMP TABLE {table} AS {rows}")

    def failed_ids(self) -> str | None:
        """A query for the source rows that are to be tried again; None if there are none."""
        tables = [*([self._apart] if self.set_apart else []), *([self._nulls] if self.has_nulls else [])]
        if not tables:
            return None
        ids = idents(self.operator.source_ids)
        return f"SELECT DISTINCT {ids} FROM ({' UNION ALL '.join(f'FROM {table}' for table in tables)})"


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST_ROW else f"{text[:_LONGEST_ROW]}…"
