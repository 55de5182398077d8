"""Making the calls that a refresh needs, with no transaction open: results and failures are kept as they come."""

import time
from contextlib import suppress

import duckdb

from cocosql import executors, progress_bar
from cocosql._native import Calls, Session
from cocosql.catalog import errors, runs
from cocosql.catalog.errors import Failure
from cocosql.operators.map import NeededCalls
from cocosql.udf import Function

#: So many calls that fail with none between that succeeds: more would fail, too.
_HOPELESS = 20
_RECORD_SECONDS = 1.0
#: How much of an input an error shows.
_LONGEST_INPUT = 80


def make_calls(session: Session, needed: NeededCalls, started: float) -> None:
    """Call a function for what it is needed for.

    Raises:
        duckdb.InvalidInputException: if calls fail, and neither the function nor the view puts up with that; or if the
            function is not registered.
    """
    callee, context = needed.sites[0].callee, needed.step.context
    function = callee.function
    if function.is_stand_in:
        raise duckdb.InvalidInputException(
            f"function {function.name} is not registered here, and this refresh must call it: "
            f"cocosql.register(con, {function.name})"
        )
    calls = session.harvested_calls(function.name, needed.harvest, callee.memo, context.recalled_since or 0)
    watch = _Watch(session, needed, calls, started)
    try:
        with (
            context.run.step(needed.step.number, f"call {function.name}", needed.sql) as step,
            progress_bar.bar(function.name, needed.harvest.hits, calls) as watch.bar,
        ):
            step.rows = needed.harvest.misses
            executors.evaluate(function, calls, watch)
    finally:
        session.add_calls(calls)
        watch.note_failures()
        watch.note_source_keys()
    if watch.failures and not context.tolerates(function):
        raise watch.error()


class _Watch:
    """Looks at calls as they go on."""

    def __init__(self, session: Session, needed: NeededCalls, calls: Calls, started: float) -> None:
        self.bar: progress_bar.Bar | None = None
        #: How many there are, and some of them.
        self.count = 0
        self.failures: list[Failure] = []
        self._session = session
        self._context = needed.step.context
        self._run = self._context.run
        self._needed = needed
        self._calls = calls
        self._started = started
        self._recorded = time.monotonic()
        self._before = sum(count for count, _ in session.calls().values())
        self._good = 0
        self._bad_in_a_row = 0
        self._run.tally.total = self._before + needed.harvest.misses

    def __call__(self) -> None:
        self.note_failures()
        if self.bar:
            self.bar.update(self.count)
        if time.monotonic() - self._recorded > _RECORD_SECONDS:
            self.record_progress()
        if self._bad_in_a_row >= _HOPELESS and not self._context.tolerates(self._function):
            raise self.error()

    @property
    def _function(self) -> Function:
        return self._needed.sites[0].callee.function

    def note_failures(self) -> None:
        found = self._calls.take_failures()
        good = self._calls.done - self.count - len(found)
        self._bad_in_a_row = len(found) + (self._bad_in_a_row if good == self._good else 0)
        self._good = good
        if found:
            self.count += len(found)
            self.failures += found[: _HOPELESS - len(self.failures)]
            self._run.tally.count_errors(self._function.name, len(found))
            errors.record(self._session, self._run, self._function, found)

    def note_source_keys(self) -> None:
        """Record which rows of the source need the calls that failed."""
        if not self.count:
            return
        run, needed = self._run, self._needed
        with suppress(duckdb.Error):  # what is said of the failures then lacks the keys
            fingerprints = errors.fingerprints(self._session, run, self._function)
            ids = needed.harvest.source_ids(fingerprints)
            keys = needed.step.source_keys(list(ids.values()))
            found = {fingerprint: keys[row] for fingerprint, row in ids.items() if row in keys}
            errors.add_source_keys(self._session, run, self._function, found)

    def record_progress(self) -> None:
        self._recorded = time.monotonic()
        done = self._before + self._calls.done
        runs.record_progress(self._session, self._run.tally, done, time.monotonic() - self._started)

    def error(self) -> duckdb.InvalidInputException:
        """What to raise for the failures."""
        fingerprint, given, error, _ = self.failures[0]
        row = self._needed.step.origin(self._needed.sites, str(fingerprint))
        shown = given if len(given) <= _LONGEST_INPUT else f"{given[:_LONGEST_INPUT]}…"
        view = f"'{self._context.before.name}'"
        more = f"\n{self.count} calls failed: SELECT * FROM coco_errors({view})" if self.count > 1 else ""
        return duckdb.InvalidInputException(f"function {self._function.name} failed for ({shown}){row}: {error}{more}")
