"""EXPLAIN REFRESH INCREMENTAL VIEW name: what a refresh would do. It calls no function and writes nothing."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial

import duckdb

from cocosql._native import Session
from cocosql.catalog import functions, locks, migrations, runs, views
from cocosql.catalog.locked_views import lock
from cocosql.catalog.names import Caller
from cocosql.catalog.views import View
from cocosql.operators.map import MapStep
from cocosql.refresh.asked import ask
from cocosql.refresh.refresh import chain_names, planned, reading, snapshots_read
from cocosql.refresh.view_refresh import ViewRefresh
from cocosql.statements import Statement

#: View, kind ("source" or "function"), name, rows changed, calls, hits, what the number of calls depends on.
Row = tuple[str, str, str, int | None, int | None, int | None, list[str]]


def run(session: Session, statement: Statement, caller: Caller) -> list[Row]:
    view = views.require(session, statement.names[0], caller)
    # What is applied, to be rolled back, must not meet a refresh of the same views.
    with lock(session, view.name.database, partial(chain_names, view)) as locked:
        view = locked.present(view)
        session = session.sibling()
        chain = [
            ViewRefresh(planned(session, part, locked.views), runs.unrecorded(part), locked)
            for part in [*locked.views.upstream(view), view]
        ]
        for part in chain:
            ask(session, part.view)
        return _explain_all(session, chain)


def _explain_all(session: Session, chain: list[ViewRefresh]) -> list[Row]:
    rows: list[Row] = []
    unknown: list[str] = []
    held = locks.hold(session, snapshots_read(chain))
    with held, suppress(_DryRun), _written(session, chain[-1].view), reading(session, chain):
        for part in chain:
            rows += _explain(session, part, unknown, is_last=part is chain[-1])
        raise _DryRun
    return rows


@contextmanager
def _written(session: Session, view: View) -> Iterator[None]:
    """What becomes of operators and views on the way is written and taken back: say so where that cannot be."""
    try:
        yield
    except duckdb.Error as error:
        if "read-only" not in str(error) or not migrations.is_read_only(session, view.name.database):
            raise
        raise duckdb.InvalidInputException(
            f"EXPLAIN REFRESH works out what becomes of the operators and views below {view.name}, and takes it back: "
            f"that needs database {view.name.database} open for writing, and it is open for reading only"
        ) from None


class _DryRun(Exception):
    """Ends the transaction of the dry run with a rollback."""


class _Unknown(Exception):
    """What comes next depends on the results of calls."""


def _explain(session: Session, part: ViewRefresh, unknown: list[str], *, is_last: bool) -> list[Row]:
    """What one view needs. `unknown` are functions whose results it waits for; those of this one are added."""
    part.look(session)
    name = str(part.view.name)
    rows: list[Row] = []
    for capture, delta in zip(part.captures, part.deltas, strict=True):
        waits = list(unknown) if capture.source.upstream else []
        changed = None if waits or delta is None else delta.count
        if changed is None and not waits:
            ((changed,),) = session.execute(f"SELECT count(*) FROM {capture.source.sql}")
        rows.append((name, "source", str(capture.source), changed, None, None, waits))
    counts = _Counts(session, part, list(unknown) if any(row[3] is None for row in rows) else [], is_last)
    if part.plan.flow is None:
        rows += _inline_calls(part, name)
        unknown += [row[2] for row in rows if row[1] == "function" and row[4] != 0]
        if not unknown and not is_last:
            part.apply(session, counts.before_map)
        return rows
    if not counts.missing and not (is_last and not any(one.sites for one in part.flow.maps)):
        with suppress(_Unknown):
            part.apply(session, counts.before_map)
    rows += counts.rows(name)
    unknown += [function for function in counts.missing if function not in unknown]
    return rows


class _Counts:
    """The calls that the maps of a view need, by function; those whose arguments are not known yet depend on others."""

    def __init__(self, session: Session, part: ViewRefresh, missing: list[str], is_last: bool) -> None:
        self.missing = missing
        self._is_last = is_last
        self._session = session
        self._part = part
        self._found: dict[str, tuple[int, int]] = {}
        self._waits: dict[str, list[str]] = {}
        #: Whether there may be maps that it did not come to.
        self._stopped = bool(missing)

    def before_map(self, step: MapStep) -> None:
        self._forget_memos_that_are_not_there(step)
        for level in sorted({site.level for site in step.operator.sites}):
            found: dict[str, int] = {}
            for sites in step.sites_by_function(level):
                function = sites[0].callee.function.name
                if self.missing:
                    self._wait(function)
                    continue
                calls, hits = self._found.get(function, (0, 0))
                more = self._session.harvest(step.harvest_sql(sites))
                self._found[function] = calls + more.misses, hits + more.hits
                found[function] = more.misses
            self.missing += [function for function, calls in found.items() if calls and function not in self.missing]
        is_end = self._is_last and step.number == len(self._part.flow.operators)
        if is_end or self.missing or step.operator.called_inline(self._part.plan.callees):
            self._stopped = True
            raise _Unknown

    def _forget_memos_that_are_not_there(self, step: MapStep) -> None:
        """A code version that no refresh has used yet has no memo."""
        known, sites = functions.known(self._session, self._part.view.name.database), {}
        for site in step.operator.sites:
            function = site.callee.function
            if (function.name.lower(), function.code_version) not in known:
                empty = f"(SELECT NULL::UHUGEINT AS fingerprint, NULL::{function.result_type} AS result WHERE false)"
                sites[site.number] = replace(site, callee=replace(site.callee, memo=empty))
        step.use_sites(sites)

    def _wait(self, function: str) -> None:
        waits = self._waits.setdefault(function, [])
        waits += [other for other in self.missing if other not in waits]

    def rows(self, name: str) -> list[Row]:
        part = self._part
        for one in part.flow.maps if self._stopped else []:
            if part.flow.number(one) not in part.failed:
                for site in one.sites:
                    self._wait(site.callee.function.name)
        named = dict.fromkeys(site.callee.function.name for one in part.flow.maps for site in one.sites)
        return [
            (name, "function", function, None, None, None, self._waits[function])
            if function in self._waits
            else (name, "function", function, None, *self._found.get(function, (0, 0)), [])
            for function in named
        ]


def _inline_calls(part: ViewRefresh, name: str) -> list[Row]:
    """Where all is worked out anew, calls are made inside the query: their number shows when it runs."""
    needed = None if part.has_changes else 0
    return [(name, "function", callee.function.name, None, needed, needed, []) for callee in part.plan.callees.values()]
