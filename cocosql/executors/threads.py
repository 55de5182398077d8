"""Calls on threads: as many at once as the function allows."""

import atexit
import queue
import threading
import time
from collections.abc import Callable, Iterator
from contextvars import copy_context
from typing import Any, Protocol

from cocosql import _native
from cocosql._native import Batch, Calls
from cocosql.executors.attempts import Attempts, Outcome, Reply
from cocosql.executors.pacing import LONG_SECONDS, RateLimit
from cocosql.executors.supervision import Done, supervise
from cocosql.executors.target import Target
from cocosql.executors.timeouts import Runner
from cocosql.executors.worker import call_batch, call_rows


class Cancelled(Exception):
    """Nobody waits for the result any more."""


class Place(Protocol):
    """Where a call is made."""

    def call(self, arguments: Any, cancelled: threading.Event) -> Reply:
        """Call the function; raises Cancelled if it was given up."""


class ThreadExecutor:
    def __init__(self, attempts: Attempts, place: Place) -> None:
        self._attempts = attempts
        self._place = place
        self._rate = RateLimit(attempts.options)
        #: Over all threads that evaluate this function.
        self._slots = threading.BoundedSemaphore(attempts.options.max_concurrency)

    def evaluate(self, calls: Calls, watch: Callable[[], None]) -> None:
        crew = _Crew(min(self._attempts.options.max_concurrency, calls.total), self._work)
        try:
            supervise(self._attempts, calls, watch, crew.start, crew.done)
        finally:
            crew.dismiss()

    def _work(self, batch: Batch, cancelled: threading.Event) -> Iterator[Outcome]:
        def sleep(seconds: float) -> None:
            if cancelled.wait(seconds):
                raise Cancelled

        def go(part: Batch) -> Reply:
            while not self._slots.acquire(timeout=LONG_SECONDS):
                sleep(0)
            try:
                self._rate.wait(sleep)
                sleep(0)
                return self._place.call(part.arguments, cancelled)
            finally:
                self._slots.release()

        return self._attempts.run(batch, go, sleep)


class _Crew:
    """Daemon threads that work on batches: one that is stuck holds up neither its crew's dismissal nor the exit."""

    def __init__(self, size: int, work: Callable[[Batch, threading.Event], Iterator[Outcome]]) -> None:
        self.done: Done = queue.SimpleQueue()
        self._size = size
        self._work = work
        self._waiting: queue.SimpleQueue[Batch | None] = queue.SimpleQueue()
        self._cancelled = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self, batches: list[Batch]) -> None:
        for batch in batches:
            if len(self._threads) < self._size:
                work = copy_context().run  # what a function does belongs to the statement that calls it
                thread = threading.Thread(target=work, args=[self._serve], name="cocosql-call", daemon=True)
                self._threads.append(thread)
                thread.start()
            self._waiting.put(batch)

    def dismiss(self) -> None:
        self._cancelled.set()
        for _ in self._threads:
            self._waiting.put(None)

    def _serve(self) -> None:
        while (batch := self._waiting.get()) is not None and not self._cancelled.is_set():
            try:
                for outcome in self._work(batch, self._cancelled):
                    self.done.put([outcome])
            except Cancelled:
                return
            except BaseException as error:
                self.done.put([error])


class InThread:
    """In the thread itself."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._call = call_rows if target.by_row else call_batch

    def call(self, arguments: Any, cancelled: threading.Event) -> Reply:
        start = time.perf_counter()
        results, error = self._call(self._target.callable, arguments)
        return Reply(results, error, time.perf_counter() - start)


class InThreadWithTimeout:
    """In a thread beside it, which is given up when it takes too long."""

    def __init__(self, target: Target, timeout: float) -> None:
        self._place = InThread(target)
        self._timeout = timeout
        self._runners = threading.local()

    def call(self, arguments: Any, cancelled: threading.Event) -> Reply:
        runner: Runner[Reply] | None = getattr(self._runners, "runner", None)
        if runner is None or not runner.is_free:
            runner = self._runners.runner = Runner()

        def look() -> None:
            if cancelled.is_set():
                raise Cancelled

        try:
            return runner.run(lambda: self._place.call(arguments, cancelled), self._timeout, look)
        except TimeoutError as error:
            return Reply((), error, self._timeout)


@atexit.register
def _expect_leaks() -> None:
    """A call that goes on while Python ends keeps what it was given: that is no mistake to report."""
    if any(thread.name in ("cocosql-call", "cocosql-timeout") for thread in threading.enumerate()):
        _native.warn_of_leaks(False)
