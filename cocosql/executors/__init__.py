"""Executors: where and how Python functions are called.

Argument tuples come in batches from C++ (``Calls``), and results go back there; an executor decides who makes the
calls: the thread that asks, threads, tasks of an event loop, or processes. All know the same rules for what fails
(``attempts``).
"""

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from cocosql._native import Calls
from cocosql.catalog import locks
from cocosql.executors.attempts import Attempts, Target
from cocosql.executors.caller import CallerExecutor
from cocosql.executors.options import Options
from cocosql.executors.processes import InProcess
from cocosql.executors.tasks import TaskExecutor
from cocosql.executors.threads import InThread, InThreadWithTimeout, ThreadExecutor

if TYPE_CHECKING:
    from cocosql.udf import Function

#: Called about ten times a second while calls go on; raises if they are to stop.
Watch = Callable[[], None]


class Executor(Protocol):
    def evaluate(self, calls: Calls, watch: Watch) -> None:
        """Make all the calls, and hand their results and failures back.

        Raises what `watch` raises: calls that have not begun by then are not made.
        """


class RenewableExecutor:
    """An executor that is made anew when what the function reads has changed, for workers have the function as it was;
    and in a fork of the process: workers, threads and locks stay with those who have them."""

    def __init__(self, make: Callable[[], Executor]) -> None:
        self._make = make
        self._by_process = {os.getpid(): make()}

    def renew(self) -> None:
        self._by_process.clear()

    def evaluate(self, calls: Calls, watch: Watch) -> None:
        process = os.getpid()
        executor = self._by_process.get(process) or self._by_process.setdefault(process, self._make())
        executor.evaluate(calls, watch)


def executor_for(target: Target, options: Options) -> RenewableExecutor:
    """The executor that a function's options ask for."""
    return RenewableExecutor(lambda: _executor_for(target, options))


def _executor_for(target: Target, options: Options) -> Executor:
    attempts = Attempts(target, options)
    if target.is_async:
        return TaskExecutor(attempts)
    if options.executor == "process":
        return ThreadExecutor(attempts, InProcess(target, options.timeout))
    if options.timeout is not None:
        return ThreadExecutor(attempts, InThreadWithTimeout(target, options.timeout))
    return ThreadExecutor(attempts, InThread(target)) if options.needs_supervision else CallerExecutor(attempts)


def evaluate(function: "Function", calls: Calls, watch: Watch) -> None:
    """Make the calls for a function, all of them or until `watch` raises; results that came stay."""
    try:
        function.executor.evaluate(calls, watch)
    finally:
        calls.flush()


def evaluate_inline(number: int, calls: Calls, holder: int) -> None:
    """Make calls inside a query, on any thread. Used by C++, which knows functions and holders of locks by number."""
    from cocosql.udf import describe  # noqa: PLC0415

    with locks.inside(holder):
        evaluate(describe(number), calls, lambda: None)
