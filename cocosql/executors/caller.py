"""Calls on the thread that asks for them: what Ctrl-C and debuggers reach."""

import threading
import time
from collections.abc import Callable

from cocosql._native import Batch, Calls
from cocosql.executors.attempts import Attempts, Reply
from cocosql.executors.pacing import LONG_SECONDS, GoSize, Pauses
from cocosql.executors.worker import call_batch, call_rows


class CallerExecutor:
    def __init__(self, attempts: Attempts) -> None:
        self._attempts = attempts
        self._turn = threading.RLock()

    def evaluate(self, calls: Calls, watch: Callable[[], None]) -> None:
        size, pauses = GoSize(self._attempts.target, self._attempts.options), Pauses()
        while (batch := calls.take(size.next(calls.total, 1))) is not None:
            for outcome in self._attempts.run(batch, lambda part: self._go(part, calls), time.sleep):
                size.learn(outcome)
                outcome.settle(calls)
                if pauses.are_due(outcome.seconds) or outcome.has_failures:
                    calls.pause(outcome.seconds > LONG_SECONDS)
                    watch()

    def _go(self, part: Batch, calls: Calls) -> Reply:
        target = self._attempts.target
        while not self._turn.acquire(timeout=LONG_SECONDS):
            calls.pause()
        try:
            start = time.perf_counter()
            call = call_rows if target.by_row else call_batch
            results, error = call(target.callable, part.arguments)
            return Reply(results, error, time.perf_counter() - start)
        finally:
            self._turn.release()
