"""A refresh: attempts in a transaction, each of which either finds calls to make first, or writes and commits."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial

import duckdb

from cocosql._native import Session
from cocosql.capture import SourceMoved, snapshots
from cocosql.capture.files import explained
from cocosql.catalog import errors, functions, locks, migrations, old_runs, runs, views
from cocosql.catalog.graph import Graph
from cocosql.catalog.locked_views import LockedViews, as_it_is, lock
from cocosql.catalog.names import Name
from cocosql.catalog.views import View
from cocosql.operators.call_sites import Callee
from cocosql.operators.map import MapStep, NeededCalls
from cocosql.planner import definitions
from cocosql.planner.plan import Plan
from cocosql.refresh.asked import ask
from cocosql.refresh.calling import make_calls
from cocosql.refresh.inputs import tables_read
from cocosql.refresh.kept_plans import fresh_plan, kept_plan
from cocosql.refresh.view_refresh import PlanChanged, ViewRefresh, changes_columns
from cocosql.secrets import redacted
from cocosql.transaction import transaction
from cocosql.udf import describe

#: Why a view cannot be read or refreshed whose name means something else, or nothing.
HIDDEN = (
    "the view {name} was dropped or replaced without CocoSQL: CREATE OR REPLACE INCREMENTAL VIEW {name} AS … brings it "
    "back, if nothing else has its name; DROP INCREMENTAL VIEW {name} forgets it"
)

Row = tuple[str, int | None, int, int, int, int, int, float]
MakePlan = Callable[[Session, View, Graph], Plan]


def refresh(session: Session, view: View, *, full: bool = False, recall: int | None = None) -> Row:
    """Bring a view, and the stale views that it reads, up to their sources in one transaction.

    With `recall` the view's functions are called again for what they have no result for of that run or a later one.

    Returns: view, version, inserted, updated, deleted, calls, hits, seconds.

    Raises:
        duckdb.Error: if it fails; the view stays at its last version, and memoized results stay.
    """
    migrations.check_writable(session, view.name.database)
    while True:
        with lock(session, view.name.database, partial(chain_names, view)) as locked:
            current = locked.present(view)
            chain = [*locked.views.upstream(current), current]
            check_shown(session, chain)
            own = session.for_views()
            plans = _plan_chain(own, chain, locked.views)
            if len(plans) == len(chain):
                return run(own, locked, plans[:-1], plans[-1], full=full, recall=recall)
        refresh(session, plans[-1].view)


def chain_names(view: View, others: Graph) -> list[Name]:
    """The names of a view and of those that it reads, as it is now."""
    current = as_it_is(view, others)
    return [part.name for part in [*others.upstream(current), current]]


def _plan_chain(session: Session, chain: list[View], others: Graph) -> list[Plan]:
    """The plans of views, each of which may read those before; up to one before the last whose columns change.

    What reads it can only be planned once its columns are there; so it goes first, in a transaction of its own.
    """
    plans: list[Plan] = []
    for part in chain:
        plans.append(planned(session, part, others, kept_plan))
        if part is not chain[-1] and changes_columns(plans[-1]):
            break
    return plans


def check_shown(session: Session, some: list[View]) -> None:
    """Refuse to go on where the name of a view does not mean it any more.

    Raises:
        duckdb.CatalogException: if one was dropped, or replaced by another object, without CocoSQL.
    """
    for view in some:
        if not views.stands(session, view):
            raise duckdb.CatalogException(HIDDEN.format(name=view.name))


def planned(session: Session, view: View, others: Graph, make: MakePlan = fresh_plan) -> Plan:
    """The plan of a view that exists, among the views of its database, from one state of the catalog.

    Raises:
        duckdb.BinderException, duckdb.CatalogException, duckdb.InvalidInputException: if its query no longer holds;
            says how to mend it.
    """
    try:
        return make(session, view, others)
    except (duckdb.BinderException, duckdb.CatalogException, duckdb.InvalidInputException) as error:
        raise type(error)(
            f"view {view.name} cannot be refreshed, for its query no longer holds: {error}\n"
            f"Give it another query with CREATE OR REPLACE INCREMENTAL VIEW {view.name} AS …, or DROP INCREMENTAL VIEW"
        ) from None


def run(
    session: Session,
    locked: LockedViews,
    above: list[Plan],
    plan: Plan,
    *,
    full: bool = False,
    recall: int | None = None,
) -> Row:
    """Refresh a planned view after the views that it reads, in one transaction; record how it went."""
    target = runs.begin(session, plan.view)
    chain = [ViewRefresh(other, runs.part(session, other.view, target.tally), locked) for other in above]
    chain.append(ViewRefresh(plan, target, locked, full, recall))
    for part in chain:
        ask(session, part.view)
    started = time.monotonic()
    try:
        with runs.going_on(session, target), explained():
            _attempt_until_done(session, chain, started)
    except BaseException as error:
        _record_failure(session, locked, chain, time.monotonic() - started, error)
        raise
    finally:
        session.forget_collected()
    database = plan.view.name.database
    old_runs.forget_in_turn(session, database, [target.run_id])
    # A view that had read nothing leaves no snapshot.
    if any(part.rebuild and part.view.inputs for part in chain) or not snapshots.is_tidy(session, database):
        snapshots.drop_unread(session, database)
    counts = (target.inserted, target.updated, target.deleted, *runs.count_calls(session, target))
    return str(target.view.name), target.version, *counts, time.monotonic() - started


@contextmanager
def reading(session: Session, chain: list[ViewRefresh]) -> Iterator[None]:
    """A transaction that reads the sources of views. Checkpoints, which may move rows to other row ids, wait.

    They are held back once the transaction has begun: FORCE CHECKPOINT lets none begin while it waits for those who
    hold it back.
    """
    databases = {table.database for part in chain for table in tables_read(part.plan)}
    for part in chain:
        part.observe(session)
    with transaction(session):
        hold = session.hold_checkpoints(sorted({*databases, *(part.view.name.database for part in chain)}))
        try:
            yield
        finally:
            hold.release()  # nothing is read any more, and the commit may want to make a checkpoint


def snapshots_read(chain: list[ViewRefresh]) -> list[Name]:
    """The names to lock while snapshots are written, which several views may share."""
    return [
        snapshots.lock(part.view.name.database, source.sql)
        for part in chain
        if not part.plan.calls_inline
        for source in part.plan.sources
    ]


def has_shape(session: Session, part: ViewRefresh) -> bool:
    """Whether all is as the refresh was planned for: a table may have got other columns or another key since, a macro
    another meaning."""
    return definitions.shape(session, part.plan.relations, part.plan.macros) == part.plan.shape


class _CodeChanged(PlanChanged):
    def __init__(self, function: str) -> None:
        super().__init__()
        self.function = function


def check_code(session: Session, parts: list[ViewRefresh]) -> None:
    """A function may have been registered anew since the refresh was planned: a view must not mix two versions."""
    _check_callees(session, [callee for part in parts for callee in part.plan.callees.values()])


def _check_callees(session: Session, callees: list[Callee]) -> None:
    present = {name.lower(): describe(number).code_version for name, number in session.functions().items()}
    for callee in callees:
        function = functions.as_it_is_now(session, callee.function)
        if present.get(function.name.lower()) != function.code_version or function is not callee.function:
            raise _CodeChanged(function.name)


class _CallsFirst(Exception):
    """The attempt found calls to make; they are made after its transaction has ended."""

    def __init__(self, part: ViewRefresh, calls: list[NeededCalls]) -> None:
        super().__init__()
        self.part = part
        self.calls = calls


#: How often code may change during a refresh: code that changes what its own version is made of would do so for ever.
_CODE_CHANGES = 10


def _attempt_until_done(session: Session, chain: list[ViewRefresh], started: float) -> None:
    code_changes = 0
    while True:
        for part in chain:
            callees = [callee.function for callee in part.plan.callees.values()]
            functions.record(session, part.view.name.database, callees)
            if part.plan.calls_inline:
                runs.record(session, chain[-1].run)
        try:
            while found := _attempt(session, chain, started):
                _make_all(session, chain[-1].run, *found, started)
                del found  # the arguments are not needed any more
            return
        except PlanChanged as changed:
            code_changes += isinstance(changed, _CodeChanged)
            if isinstance(changed, _CodeChanged) and code_changes > _CODE_CHANGES:
                raise _changes_itself(changed.function, chain[-1]) from None
            _start_over(session, chain)


def _changes_itself(function: str, part: ViewRefresh) -> duckdb.Error:
    return duckdb.InvalidInputException(
        f"function {function} became another {_CODE_CHANGES} times while {part.view.name} was refreshed: it seems to "
        'change what it reads. Say yourself when the code is new: @cocosql.udf(version="1")'
    )


def _start_over(session: Session, chain: list[ViewRefresh]) -> None:
    session.check_interrupt()
    for part in chain:
        part.start_over(planned(session, part.view, part.plan.others))
    if any(changes_columns(part.plan) for part in chain[:-1]):
        raise duckdb.TransactionException(
            f"view {chain[-1].view.name} was not refreshed, as columns that it reads through other views changed "
            "meanwhile: refresh it again"
        )


def _make_all(session: Session, target: runs.Run, part: ViewRefresh, needed: list[NeededCalls], started: float) -> None:
    for calls in needed:
        _check_callees(session, [calls.sites[0].callee])
        if calls.harvest.misses:
            runs.record(session, target)
            make_calls(session, calls, started)


def _attempt(
    session: Session, chain: list[ViewRefresh], started: float
) -> tuple[ViewRefresh, list[NeededCalls]] | None:
    """Write and commit; or write nothing and return the calls that must be made first, outside the transaction."""
    try:
        with locks.hold(session, snapshots_read(chain)):
            for part in chain:
                part.prepare(session)
            with reading(session, chain):
                _look_and_apply(session, chain)
                _finish(session, chain, time.monotonic() - started)
    except _CallsFirst as found:
        return found.part, found.calls
    except SourceMoved:
        session.check_interrupt()
        return _attempt(session, chain, started)
    return None


def _look_and_apply(session: Session, chain: list[ViewRefresh]) -> None:
    if not all(has_shape(session, part) for part in chain):
        raise PlanChanged
    for part in chain:
        try:
            part.choose_unseen()
            part.look(session)
            part.choose(session)
            part.apply(session, partial(_calls_first, session, part))
        except duckdb.Error:
            if not session.refused_call():
                raise
            part.lacks_results = True
            raise SourceMoved from None  # the next attempt harvests
        finally:
            session.refuse_calls(False)
            session.forget_names()
        if part is not chain[-1] and part.has_changes:
            runs.record_part(session, part.run)
    check_code(session, chain)


def _calls_first(session: Session, part: ViewRefresh, step: MapStep) -> None:
    if part.goes_without_harvest(session, step):
        return
    calls = step.needed_calls()
    if calls:
        raise _CallsFirst(part, calls)


def _finish(session: Session, chain: list[ViewRefresh], seconds: float, error: str | None = None) -> None:
    """Record how it went, in the transaction that brings the rows, or in one after it failed."""
    for part in chain:
        errors.forget_earlier(session, part.run)
    runs.finish(session, chain[-1].run, seconds, _versions(chain), error)


def _versions(chain: list[ViewRefresh]) -> dict[str, str]:
    return {name: version for part in chain for name, version in part.plan.versions.items()}


def _record_failure(
    session: Session, locked: LockedViews, chain: list[ViewRefresh], seconds: float, error: BaseException
) -> None:
    text = redacted(str(error)) or type(error).__name__
    for part in chain:
        part.run.take_back()
    with suppress(duckdb.Error), transaction(session):
        _finish(session, chain, seconds, text)
        locked.save_error(session, chain[-1].view, text)
    with suppress(duckdb.Error):
        snapshots.drop_unread(session, chain[-1].view.name.database)
