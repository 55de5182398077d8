"""Supervision: batches are worked on elsewhere; the thread that asks hands them out, and takes what comes back."""

import queue
from collections.abc import Callable

from cocosql._native import Batch, Calls
from cocosql.executors.attempts import Attempts, Outcome
from cocosql.executors.pacing import LONG_SECONDS, GoSize, Pauses

#: What became of parts of batches, or an error that ends it all.
Done = queue.SimpleQueue[list[Outcome | BaseException]]


def supervise(
    attempts: Attempts, calls: Calls, watch: Callable[[], None], start: Callable[[list[Batch]], None], done: Done
) -> None:
    """Keep the workers busy, with a batch each in waiting. `start` begins some; their outcomes come through `done`."""
    size, pauses, running = GoSize(attempts.target, attempts.options), Pauses(), 0
    window = 2 * attempts.options.max_concurrency
    left = calls.total
    while True:
        batches: list[Batch] = []
        while running + len(batches) < window and (batch := calls.take(size.next(left, window))) is not None:
            batches.append(batch)
            left -= batch.size
        start(batches)
        running += len(batches)
        if not running:
            return
        seconds, failures = 0.0, False
        for outcome in _arrived(done):
            if isinstance(outcome, BaseException):
                raise outcome
            running -= outcome.is_last
            size.learn(outcome)
            outcome.settle(calls)
            seconds = max(seconds, outcome.seconds)
            failures |= outcome.has_failures
        if pauses.are_due(seconds) or failures:
            calls.pause(seconds > LONG_SECONDS)
            watch()


def _arrived(done: Done) -> list[Outcome | BaseException]:
    """All that came back, after waiting a moment for the first."""
    found: list[Outcome | BaseException] = []
    try:
        found += done.get(timeout=LONG_SECONDS)
        while True:
            found += done.get_nowait()
    except queue.Empty:
        return found
