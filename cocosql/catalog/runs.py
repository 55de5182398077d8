"""The record of refreshes."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from cocosql._native import Session
from cocosql.catalog import locks, steps
from cocosql.catalog.names import database_number
from cocosql.catalog.steps import Step
from cocosql.catalog.tables import RUN_CALLS, RUNS, own
from cocosql.catalog.views import View
from cocosql.instances import PerInstance

#: The sequence of the numbers of runs. One that leaves no trace, as its process was killed, is given again.
_IDS = "run_ids"


@dataclass
class Tally:
    """What a refresh and its parts have called so far."""

    #: The refresh that the calls count for.
    run_id: int
    #: Calls that are needed, as far as is known.
    total: int = 0
    #: Distinct argument tuples found in the memo, by function.
    hits: dict[str, int] = field(default_factory=dict)
    #: Calls that failed, by function.
    errors: dict[str, int] = field(default_factory=dict)
    #: What was done.
    steps: list[Step] = field(default_factory=list)

    def count_hits(self, function: str, more: int) -> None:
        self.hits[function] = self.hits.get(function, 0) + more

    def count_errors(self, function: str, more: int) -> None:
        self.errors[function] = self.errors.get(function, 0) + more


@dataclass(frozen=True)
class MadeBy:
    """What made the rows of a version: another one, and rows may change."""

    query: str
    #: Fingerprint of the query with the views and macros that it uses.
    definition: str
    #: The code version of each function.
    functions: dict[str, str]
    #: The sources in which rows had changed.
    changed_sources: list[str]
    #: The functions that had been called again for what they had been called for before.
    recalled: list[str]


@dataclass
class Run:
    """One refresh of one view."""

    run_id: int
    view: View
    tally: Tally
    version: int | None = None
    inserted: int = 0
    updated: int = 0
    deleted: int = 0
    made_by: MadeBy | None = None
    started_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    #: Whether there is a record that says that it goes on.
    is_recorded: bool = False

    def take_back(self) -> None:
        """Forget what was written, as its transaction failed."""
        self.version = self.made_by = None
        self.inserted = self.updated = self.deleted = 0

    def step(self, operator_id: int, what: str, sql: str) -> AbstractContextManager[Step]:
        """A step of the run; it is timed."""
        return steps.timed(self.tally.steps, Step(str(self.view.name), operator_id, what, sql))


def unrecorded(view: View) -> Run:
    """A run that is only a look."""
    return Run(0, view, Tally(0))


#: The refreshes that go on, by database and run.
_running: PerInstance[dict[tuple[str, int], Run]] = PerInstance(dict)
#: By database, the runs that were said to go on when that was last asked: run, number and name of the view.
_left: PerInstance[dict[int, list[tuple[int, int, str]]]] = PerInstance(dict)


def running(session: Session) -> list[Run]:
    """The refreshes of this database instance that go on."""
    return [run for _, run in sorted(_running.of(session).items())]


@contextmanager
def going_on(session: Session, run: Run) -> Iterator[None]:
    """Tell others that the refresh goes on."""
    key = (run.view.name.database, run.run_id)
    _running.of(session)[key] = run
    try:
        yield
    except BaseException:
        _left.of(session).clear()  # how it ended may not have been recorded
        raise
    finally:
        del _running.of(session)[key]


def begin(session: Session, view: View) -> Run:
    """A run of the view begins: count its function calls from now on."""
    _mark_killed(session, view)
    run_id = session.passing_id(view.name.database, _IDS)
    session.begin_run(run_id, locks.holder())
    return Run(run_id, view, Tally(run_id))


def _mark_killed(session: Session, view: View) -> None:
    """The view is locked by this refresh, so one that is said to run was killed."""
    database = view.name.database
    for run_id, view_id, name in _left_running(session, database):
        if view_id != view.view_id and name != str(view.name):
            continue
        if session.rows(database, RUNS, ["run_id", "status"], run_id) == [(run_id, "running")]:
            session.update_records(database, RUNS, "run_id", run_id, {"status": "killed"})


def _left_running(session: Session, database: str) -> list[tuple[int, int, str]]:
    """The runs that are, or were, said to go on; of those of a view that is locked none is missing that was killed."""
    left, number = _left.of(session), database_number(session, database)
    if number not in left:
        sql = f"SELECT run_id, view_id, view_name FROM {own(RUNS, database)} WHERE status = 'running'"
        left[number] = session.execute(sql)
    return left[number]


def record(session: Session, run: Run) -> None:
    """Record that the run goes on, before it makes calls: should it be killed, that says what they belong to."""
    if not run.is_recorded:
        _append(session, run.view.name.database, [_record(run, "running", finished_at=None)])
        run.is_recorded = True


def _record(run: Run, status: str, finished_at: datetime | None, **more: Any) -> dict[str, Any]:
    return {
        "run_id": run.run_id,
        "view_id": run.view.view_id,
        "view_name": str(run.view.name),
        "version": run.version,
        "started_at": str(run.started_at),
        "finished_at": str(finished_at) if finished_at else None,
        "status": status,
        "inserted": run.inserted,
        "updated": run.updated,
        "deleted": run.deleted,
        **{"calls": 0, "hits": 0, "errors": 0, "total": 0, "seconds": None, "error": None, **more},
        **dict(zip(_MADE_BY, _made_by(run), strict=True)),
    }


def _append(session: Session, database: str, records: list[dict[str, Any]]) -> None:
    if records:
        session.keep_ids(database, _IDS)
        session.append_records(database, RUNS, list(records[0]), [list(record.values()) for record in records])


def part(session: Session, view: View, tally: Tally) -> Run:
    """A view's part in the refresh of another that reads it; its calls are calls of that refresh."""
    return Run(session.passing_id(view.name.database, _IDS), view, tally)


def record_part(session: Session, run: Run) -> None:
    """Record a part in the transaction that brings it."""
    _append(session, run.view.name.database, [_record(run, "succeeded", finished_at=datetime.now(UTC))])


def finish_all(session: Session, done: list[tuple[Run, float]]) -> None:
    """Record runs of views of one database that ended well, and made no calls, with the seconds that each took."""
    if not done:
        return
    database, now = done[0][0].view.name.database, datetime.now(UTC)
    _append(session, database, [_record(run, "succeeded", now, seconds=seconds) for run, seconds in done])
    steps.record(session, database, {run.run_id: run.tally.steps for run, _ in done})


#: The columns for what made a version.
_MADE_BY = ["query", "definition", "functions", "changed_sources", "recalled"]


def _made_by(run: Run) -> tuple[Any, ...]:
    return tuple(getattr(run.made_by, column, None) for column in _MADE_BY)


def record_progress(session: Session, tally: Tally, calls: int, seconds: float) -> None:
    """Let others see how far the calls have come."""
    session.execute(
        f"UPDATE {own(RUNS)} SET calls = $2, hits = $3, errors = $4, total = $5, seconds = $6 WHERE run_id = $1",
        [tally.run_id, calls, sum(tally.hits.values()), sum(tally.errors.values()), tally.total, seconds],
    )


def count_calls(session: Session, run: Run) -> tuple[int, int]:
    """The calls of a refresh so far, and what the memo had."""
    return sum(count for count, _ in session.calls().values()), sum(run.tally.hits.values())


def finish(session: Session, run: Run, seconds: float, versions: dict[str, str], error: str | None = None) -> None:
    """Record how the refresh ended, and its calls by function version."""
    made, tally = session.calls(), run.tally
    records = []
    for function in sorted({*made, *tally.hits, *tally.errors}):
        count, in_python = made.get(function, (0, 0.0))
        failed = tally.errors.get(function, 0)
        version = versions.get(function.lower(), "")
        records.append([run.run_id, function, version, count, tally.hits.get(function, 0), failed, in_python])
    columns = ["run_id", "function", "code_version", "calls", "hits", "errors", "seconds"]
    if records:
        session.append_records(run.view.name.database, RUN_CALLS, columns, records)
    steps.record(session, run.view.name.database, {run.run_id: tally.steps})
    calls, hits = count_calls(session, run)
    more = {"calls": calls, "hits": hits, "errors": sum(tally.errors.values()), "total": calls}
    if run.is_recorded:
        session.delete_records(run.view.name.database, RUNS, {"run_id": [run.run_id]})
    status = "failed" if error else "succeeded"
    ended = _record(run, status, datetime.now(UTC), **more, seconds=seconds, error=error)
    _append(session, run.view.name.database, [ended])
