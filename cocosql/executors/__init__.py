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
from cocosql.executors.options import Options
from cocosql.executors.target import Target

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
    """An executor that is made when the function is first called. It is made anew when what the function reads has
    changed, for workers have the function as it was; and in a fork of the process: workers, threads and locks stay with
    those who have them."""

    def __init__(self, target: Target, options: Options) -> None:
        self._target = target
        self._options = options
        self._by_process: dict[int, Executor] = {}

    def renew(self) -> None:
        self._by_process.clear()

    def evaluate(self, calls: Calls, watch: Watch) -> None:
        process = os.getpid()
        executor = self._by_process.get(process) or self._by_process.setdefault(process, self._made())
        executor.evaluate(calls, watch)

    def _made(self) -> Executor:
        from cocosql.executors import kinds  # noqa: PLC0415 (`import cocosql` is to be quick)

        return kinds.make(self._target, self._options)


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
