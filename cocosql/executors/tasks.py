"""Calls of async functions: tasks of one event loop, in a thread of its own."""

import asyncio
import os
import queue
import threading
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from cocosql._native import Batch, Calls
from cocosql.executors.attempts import Attempts, Outcome, Reply
from cocosql.executors.pacing import LONG_SECONDS, RateLimit
from cocosql.executors.supervision import Done, supervise
from cocosql.executors.worker import FAILURES, as_sequence

_POLL_SECONDS = 0.02


class TaskExecutor:
    def __init__(self, attempts: Attempts) -> None:
        self._attempts = attempts
        self._rate = RateLimit(attempts.options)
        #: Over all threads that evaluate this function.
        self._slots = asyncio.Semaphore(attempts.options.max_concurrency)

    def evaluate(self, calls: Calls, watch: Callable[[], None]) -> None:
        loop = _loop()
        done: Done = queue.SimpleQueue()
        tasks: set[asyncio.Task[None]] = set()

        arrived: list[Outcome | BaseException] = []

        def hand_over() -> None:
            done.put(arrived.copy())
            arrived.clear()

        def arrive(outcome: Outcome | BaseException) -> None:
            if not arrived:
                loop.call_soon(hand_over)  # after the other tasks that are done by then
            arrived.append(outcome)

        async def work(batch: Batch) -> None:
            try:
                async for outcome in self._attempts.run_async(batch, self._go):
                    arrive(outcome)
            except BaseException as error:
                arrive(error)

        def begin(batches: list[Batch]) -> None:
            for batch in batches:
                task = loop.create_task(work(batch))
                tasks.add(task)
                task.add_done_callback(tasks.discard)

        def cancel() -> None:
            for task in tasks:
                task.cancel()

        try:
            supervise(self._attempts, calls, watch, lambda batches: _soon(loop, begin, batches), done)
        except BaseException:
            _soon(loop, cancel)
            raise

    async def _go(self, part: Batch) -> Reply:
        async with self._slots:
            while not self._rate.admits():
                await asyncio.sleep(_POLL_SECONDS)
            start = time.perf_counter()
            results, error = await self._call(part.arguments)
            return Reply(results, error, time.perf_counter() - start)

    async def _call(self, arguments: Any) -> tuple[Any, BaseException | None]:
        target = self._attempts.target
        results: list[Any] = []
        start = time.perf_counter()
        try:
            if not target.by_row:
                return as_sequence(await self._timed(target.callable(*arguments))), None
            for row in arguments:
                results.append(await self._timed(target.callable(*row)))
                if time.perf_counter() - start > LONG_SECONDS:
                    break
        except asyncio.CancelledError as error:
            if is_being_cancelled():
                raise
            return results, error  # raised by what it waited for: a failure like others
        except FAILURES as error:
            return results, error
        return results, None

    async def _timed(self, call: Awaitable[Any]) -> Any:
        seconds = self._attempts.options.timeout
        try:
            async with asyncio.timeout(seconds) as limit:
                return await call
        except TimeoutError:
            if not limit.expired():
                raise
            raise TimeoutError(f"it took longer than {seconds:g} seconds") from None


def is_being_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _soon(loop: asyncio.AbstractEventLoop, work: Callable[..., None], *arguments: Any) -> None:
    loop.call_soon_threadsafe(work, *arguments)


_lock = threading.Lock()
_loops: dict[int, asyncio.AbstractEventLoop] = {}


def _loop() -> asyncio.AbstractEventLoop:
    """The event loop of this process; a fork does not have its parent's."""
    with _lock:
        loop = _loops.get(os.getpid())
        if loop is None:
            loop = _loops[os.getpid()] = asyncio.new_event_loop()
            threading.Thread(target=_run, args=[loop], name="cocosql-async", daemon=True).start()
        return loop


def _run(loop: asyncio.AbstractEventLoop) -> None:
    while True:
        # A task of the user's that raises SystemExit stops the loop, which others need.
        with suppress(BaseException):
            loop.run_forever()
