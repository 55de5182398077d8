"""Calls on the thread that asks for them: what Ctrl-C and debuggers reach.

Neither reaches a thread in the background. It has its calls made by another, which it gives up when it is to stop.
"""

import math
import threading
import time
from collections.abc import Callable
from functools import partial

from cocosql._native import Batch, Calls
from cocosql.executors.attempts import Attempts, Reply
from cocosql.executors.pacing import LONG_SECONDS, GoSize, Pauses
from cocosql.executors.timeouts import Runner
from cocosql.executors.worker import call_batch, call_rows


class CallerExecutor:
    def __init__(self, attempts: Attempts) -> None:
        self._attempts = attempts
        self._turn = threading.RLock()

    def evaluate(self, calls: Calls, watch: Callable[[], None]) -> None:
        size, pauses = GoSize(self._attempts.target, self._attempts.options), Pauses()
        go = self._beside(calls) if calls.in_background else self._here(calls)
        while (batch := calls.take(size.next(calls.total, 1))) is not None:
            for outcome in self._attempts.run(batch, go, time.sleep):
                size.learn(outcome)
                outcome.settle(calls)
                if pauses.are_due(outcome.seconds) or outcome.has_failures:
                    calls.pause(outcome.seconds > LONG_SECONDS)
                    watch()

    def _here(self, calls: Calls) -> Callable[[Batch], Reply]:
        def go(part: Batch) -> Reply:
            while not self._turn.acquire(timeout=LONG_SECONDS):
                calls.pause()
            try:
                return self._call(part)
            finally:
                self._turn.release()

        return go

    def _beside(self, calls: Calls) -> Callable[[Batch], Reply]:
        runner = Runner[Reply]()

        def turn(part: Batch) -> Reply:
            with self._turn:
                return self._call(part)

        return lambda part: runner.run(partial(turn, part), math.inf, calls.pause)

    def _call(self, part: Batch) -> Reply:
        target = self._attempts.target
        start = time.perf_counter()
        call = call_rows if target.by_row else call_batch
        results, error = call(target.callable, part.arguments)
        return Reply(results, error, time.perf_counter() - start)
