"""Attempts: what happens to a batch whose call fails.

It is tried again as often as the function allows; a batch that goes on failing is halved, until the inputs that fail
stand alone. So one bad input costs itself only.
"""

from collections.abc import Awaitable, Callable, Generator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import tenacity

from cocosql._native import Batch, Calls
from cocosql.executors.options import Options
from cocosql.executors.worker import user_traceback

_LONGEST_BACKOFF = 60.0
_OURS = str(Path(__file__).parent)


@dataclass(frozen=True)
class Target:
    """A Python function, and how it takes its arguments."""

    callable: Callable[..., Any]
    #: Whether it takes one row at a time, and not lists.
    by_row: bool
    #: How many rows it takes at once at most.
    batch_size: int
    is_async: bool = False


@dataclass(frozen=True)
class Reply:
    """What one go gave: the results, and the error that ended it."""

    results: Sequence[Any]
    error: BaseException | None = None
    #: Spent in the function.
    seconds: float = 0.0
    #: The traceback of an error that was raised in another process.
    text: str | None = None


@dataclass(frozen=True)
class Failure:
    text: str
    attempts: int


@dataclass
class Outcome:
    """What became of a batch: each part with its results, or with its failure."""

    parts: list[tuple[Batch, Sequence[Any] | Failure]] = field(default_factory=list)
    #: Spent in the function.
    seconds: float = 0.0

    @property
    def size(self) -> int:
        return sum(part.size for part, _ in self.parts)

    def settle(self, calls: Calls) -> None:
        """Hand the results and failures back."""
        for part, result in self.parts:
            if isinstance(result, Failure):
                calls.fail(part, result.text, result.attempts)
            else:
                calls.keep(part, result)
        calls.seconds += self.seconds


class WorkerDied(RuntimeError):
    """The process in which a function ran has died."""


@dataclass
class Attempts:
    target: Target
    options: Options

    def run(self, batch: Batch, go: Callable[[Batch], Reply], sleep: Callable[[float], None]) -> Outcome:
        """Make the calls for a batch. `go` makes one."""
        outcome = Outcome()

        def counted(part: Batch) -> Reply:
            reply = go(part)
            outcome.seconds += reply.seconds
            return reply

        steps = self._steps(batch, outcome)
        part, tries = next(steps)
        while True:
            if tries == 1:
                reply, tried = counted(part), 1
            else:
                retrying = tenacity.Retrying(sleep=sleep, **self._policy(tries))
                reply = retrying(counted, part)
                tried = retrying.statistics["attempt_number"]
            try:
                part, tries = steps.send((reply, tried))
            except StopIteration:
                return outcome

    async def run_async(self, batch: Batch, go: Callable[[Batch], Awaitable[Reply]]) -> Outcome:
        """The same where `go` is awaited."""
        outcome = Outcome()

        async def counted(part: Batch) -> Reply:
            reply = await go(part)
            outcome.seconds += reply.seconds
            return reply

        steps = self._steps(batch, outcome)
        part, tries = next(steps)
        while True:
            if tries == 1:
                reply, tried = await counted(part), 1
            else:
                retrying = tenacity.AsyncRetrying(**self._policy(tries))
                reply = await retrying(counted, part)
                tried = retrying.statistics["attempt_number"]
            try:
                part, tries = steps.send((reply, tried))
            except StopIteration:
                return outcome

    def _steps(self, batch: Batch, outcome: Outcome) -> Generator[tuple[Batch, int], tuple[Reply, int], None]:
        """Says what to call next, and how often at most; is sent the last reply, and how often it was called."""
        pending = [(batch, 0)]
        while pending:
            part, before = pending.pop()
            reply, tried = yield part, self._tries(part, batch) - before
            done = len(reply.results)
            if done:
                outcome.parts.append((part.part(0, done), reply.results))
            if reply.error is None:
                continue
            if part.size == 1:
                outcome.parts.append((part, Failure(_text(reply), before + tried)))
            elif self.target.by_row and not isinstance(reply.error, WorkerDied):
                pending += self._after_row(part, done, reply, outcome)
            else:
                middle = part.size // 2
                pending += [(part.part(middle, part.size), 0), (part.part(0, middle), 0)]

    def _after_row(self, part: Batch, index: int, reply: Reply, outcome: Outcome) -> list[tuple[Batch, int]]:
        """A row that failed among others has been tried once; those after it have not been tried."""
        row, rest = part.part(index, index + 1), part.part(index + 1, part.size)
        pending = [(rest, 0)] if rest.size else []
        if reply.error and self.options.max_retries and self.options.retries(reply.error):
            return [*pending, (row, 1)]
        outcome.parts.append((row, Failure(_text(reply), 1)))
        return pending

    def _tries(self, part: Batch, batch: Batch) -> int:
        """Batches and single inputs are tried again; halves, and rows in a row, are only there to be taken apart."""
        is_batch = part.size == batch.size and not self.target.by_row
        return 1 + self.options.max_retries if is_batch or part.size == 1 else 1

    def _policy(self, tries: int) -> dict[str, Any]:
        return {
            "stop": tenacity.stop_after_attempt(tries),
            "wait": self._wait(tries),
            "retry": tenacity.retry_if_result(
                lambda reply: reply.error is not None and self.options.retries(reply.error)
            ),
            "retry_error_callback": lambda state: state.outcome.result(),
        }

    def _wait(self, tries: int) -> Callable[[tenacity.RetryCallState], float]:
        backoff = self.options.backoff
        if callable(backoff):
            return lambda state: backoff(state.attempt_number) if state.attempt_number < tries else 0
        return tenacity.wait_exponential_jitter(multiplier=backoff, max=_LONGEST_BACKOFF, jitter=backoff / 2)


def _text(reply: Reply) -> str:
    """What an error says, with the user's part of its traceback; errors of DuckDB and ours speak for themselves."""
    error = reply.error
    assert error is not None
    if isinstance(error, (duckdb.Error, WorkerDied)):
        return str(error)
    return reply.text or user_traceback(error, _OURS)
