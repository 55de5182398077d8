"""EXPLAIN REFRESH INCREMENTAL VIEW name: what a refresh would do. It calls no function and writes nothing."""

from contextlib import suppress
from dataclasses import replace

from cocosql._native import Session
from cocosql.catalog import functions, runs, views
from cocosql.catalog.names import Caller
from cocosql.refresh import locks
from cocosql.refresh.refresh import planned, prepared, reading, snapshots_read, upstream
from cocosql.refresh.view_refresh import ViewRefresh
from cocosql.statements import Statement

#: View, kind ("source" or "function"), name, rows changed, calls, hits, what the number of calls depends on.
Row = tuple[str, str, str, int | None, int | None, int | None, list[str]]


def run(session: Session, statement: Statement, caller: Caller) -> list[Row]:
    view = views.require(session, statement.names[0], caller)
    session = prepared(session.sibling(), view)
    others = views.all_views(session, view.name.database)
    chain = [
        ViewRefresh(planned(session, part, others), runs.unrecorded(part)) for part in [*upstream(view, others), view]
    ]
    rows: list[Row] = []
    # What is applied for the views that others read must not meet a refresh of the same.
    held = [*(part.view.name for part in chain), *snapshots_read(chain)] if len(chain) > 1 else []
    with locks.hold(session, held), suppress(_DryRun), reading(session, chain):
        unknown: list[str] = []
        for part in chain:
            rows += _explain(session, part, unknown)
            if part is not chain[-1] and not unknown:
                part.apply(session)
        raise _DryRun
    return rows


class _DryRun(Exception):
    """Rolls back."""


def _explain(session: Session, part: ViewRefresh, unknown: list[str]) -> list[Row]:
    """What one view needs. `unknown` are functions whose results it waits for; those of this one are added."""
    part.look(session)
    _forget_memos_that_are_not_there(session, part)
    name = str(part.view.name)
    rows: list[Row] = []
    for capture, delta in zip(part.captures, part.deltas, strict=True):
        waits = list(unknown) if capture.source.upstream else []
        changed = None if waits or delta is None else delta.changed
        if changed is None and not waits:
            ((changed,),) = session.execute(f"SELECT count(*) FROM {capture.source.sql}")
        rows.append((name, "source", str(capture.source), changed, None, None, waits))
    reads_unknown = any(row[3] is None for row in rows)
    if part.plan.map:
        calls = _calls(session, part, name, unknown if reads_unknown else [])
    else:
        calls = _inline_calls(part, name)
    rows += calls
    unknown += [row[2] for row in calls if row[4] != 0]
    return rows


def _forget_memos_that_are_not_there(session: Session, part: ViewRefresh) -> None:
    """A code version that no refresh has used yet has no memo."""
    known = functions.known(session, part.view.name.database)
    for site in part.plan.map.sites if part.plan.map else []:
        function = site.callee.function
        if (function.name.lower(), function.code_version) not in known:
            empty = f"(SELECT NULL::UHUGEINT AS fingerprint, NULL::{function.result_type} AS result WHERE false)"
            site.callee = replace(site.callee, memo=empty)


def _calls(session: Session, part: ViewRefresh, name: str, unknown: list[str]) -> list[Row]:
    """The calls that a map needs, by function; those whose arguments are not known yet depend on others."""
    operator = part.plan.map
    assert operator is not None
    found: dict[str, tuple[int, int]] = {}
    waits: dict[str, list[str]] = {}
    missing = list(unknown)
    for level in sorted({site.level for site in operator.sites}):
        for sites in part.sites_by_function(level):
            function = sites[0].callee.function.name
            if missing and part.has_changes:
                waits.setdefault(function, []).extend(m for m in missing if m not in waits.get(function, []))
            else:
                calls, hits = found.get(function, (0, 0))
                more = session.harvest(part.harvest_sql(session, sites))
                found[function] = calls + more.misses, hits + more.hits
        missing += [function for function, (calls, _) in found.items() if calls and function not in missing]
    named = dict.fromkeys(site.callee.function.name for site in operator.sites)
    return [
        (name, "function", function, None, None, None, waits[function])
        if function in waits
        else (name, "function", function, None, *found.get(function, (0, 0)), [])
        for function in named
    ]


def _inline_calls(part: ViewRefresh, name: str) -> list[Row]:
    """Where all is worked out anew, calls are made inside the query: their number shows when it runs."""
    needed = None if part.has_changes else 0
    return [(name, "function", callee.function.name, None, needed, needed, []) for callee in part.plan.callees.values()]
