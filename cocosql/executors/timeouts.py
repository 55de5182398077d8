"""A thread whose work can be given up: Python stops it at its next instruction, C code when it returns."""

import ctypes
import queue
import threading
import time
from collections.abc import Callable
from contextvars import copy_context
from typing import Generic, TypeVar

from cocosql.executors.pacing import LONG_SECONDS

T = TypeVar("T")


class _Stopped(BaseException):
    """Raised in a thread whose work was given up."""


class Runner(Generic[T]):
    def __init__(self) -> None:
        #: Whether it takes more work.
        self.is_free = True
        self._work: queue.SimpleQueue[Callable[[], T] | None] = queue.SimpleQueue()
        self._results: queue.SimpleQueue[T | BaseException] = queue.SimpleQueue()
        # The thread does not hold the runner, so that it ends when nobody else does.
        serve = (_serve, self._work, self._results)
        self._thread = threading.Thread(target=copy_context().run, args=serve, name="cocosql-timeout", daemon=True)
        self._thread.start()

    def __del__(self) -> None:
        self._work.put(None)

    def run(self, work: Callable[[], T], timeout: float, look: Callable[[], None]) -> T:
        """Run the work. `look`, called ten times a second, raises if it is not wanted any more: it is given up then.

        Raises:
            TimeoutError: if it takes longer than `timeout` seconds. It is given up, too.
        """
        self._work.put(work)
        deadline = time.monotonic() + timeout
        while (left := deadline - time.monotonic()) > 0:
            try:
                result = self._results.get(timeout=min(left, LONG_SECONDS))
            except queue.Empty:
                try:
                    look()
                except BaseException:
                    self._give_up()
                    raise
                continue
            if isinstance(result, BaseException):
                raise result
            return result
        self._give_up()
        raise TimeoutError(f"it took longer than {timeout:g} seconds")

    def _give_up(self) -> None:
        self.is_free = False
        identity = ctypes.c_ulong(self._thread.ident or 0)
        ctypes.pythonapi.PyThreadState_SetAsyncExc(identity, ctypes.py_object(_Stopped))
        self._work.put(None)


def _serve(
    waiting: "queue.SimpleQueue[Callable[[], T] | None]", results: "queue.SimpleQueue[T | BaseException]"
) -> None:
    try:
        while (work := waiting.get()) is not None:
            try:
                results.put(work())
            except _Stopped:
                raise
            except BaseException as error:
                results.put(error)
            del work
    except _Stopped:
        return
