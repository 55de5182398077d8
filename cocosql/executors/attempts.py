"""Attempts: what happens to a batch whose call fails.

It is tried again as often as the function allows; a batch that goes on failing is halved, until the inputs that fail
stand alone. So one bad input costs itself only.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import tenacity

from cocosql._native import Batch, Calls
from cocosql.executors.options import Options
from cocosql.executors.target import Target
from cocosql.executors.worker import user_traceback
from cocosql.secrets import redacted
from cocosql.wording import count_of

_LONGEST_BACKOFF = 60.0
_OURS = str(Path(__file__).parent)


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
    """What became of a part of a batch: its pieces with their results, or with their failures."""

    parts: list[tuple[Batch, Sequence[Any] | Failure]] = field(default_factory=list)
    #: Spent in the function.
    seconds: float = 0.0
    #: Whether nothing of the batch is left to do.
    is_last: bool = True

    @property
    def size(self) -> int:
        return sum(part.size for part, _ in self.parts)

    @property
    def has_failures(self) -> bool:
        return any(isinstance(result, Failure) for _, result in self.parts)

    def settle(self, calls: Calls) -> None:
        """Hand the results and failures back."""
        for part, result in self.parts:
            if isinstance(result, Failure):
                calls.fail(part, result.text, result.attempts)
            else:
                calls.keep(part, result)
        calls.seconds += self.seconds


class ReplyLost(RuntimeError):
    """The process in which a function ran gave no answer that says which input it failed for."""


class WorkerDied(ReplyLost):
    """The process in which a function ran has died."""


@dataclass
class Attempts:
    target: Target
    options: Options

    def run(self, batch: Batch, go: Callable[[Batch], Reply], sleep: Callable[[float], None]) -> Iterator[Outcome]:
        """Make the calls for a batch, and say what became of them as they come. `go` makes one."""
        work = _Work(self, batch)

        def checked(part: Batch) -> Reply:
            return work.checked(go(part), part)

        while work.pending:
            part, tries = work.next()
            if tries == 1:
                reply, tried = checked(part), 1
            else:
                retrying = tenacity.Retrying(sleep=sleep, **self._policy(tries))
                reply = retrying(checked, part)
                tried = retrying.statistics["attempt_number"]
            yield work.outcome(reply, tried)

    async def run_async(self, batch: Batch, go: Callable[[Batch], Awaitable[Reply]]) -> AsyncIterator[Outcome]:
        """The same where `go` is awaited."""
        work = _Work(self, batch)

        async def checked(part: Batch) -> Reply:
            return work.checked(await go(part), part)

        while work.pending:
            part, tries = work.next()
            if tries == 1:
                reply, tried = await checked(part), 1
            else:
                retrying = tenacity.AsyncRetrying(**self._policy(tries))
                reply = await retrying(checked, part)
                tried = retrying.statistics["attempt_number"]
            yield work.outcome(reply, tried)

    def tries(self, part: Batch, batch: Batch) -> int:
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
    speaks = isinstance(error, (duckdb.Error, ReplyLost))
    text = redacted(str(error) if speaks else reply.text or user_traceback(error, _OURS))
    return text.encode("utf-8", "backslashreplace").decode()  # half a surrogate pair is no text for SQL


class _Work:
    """What is left to do of a batch."""

    def __init__(self, attempts: Attempts, batch: Batch) -> None:
        #: Parts, the next one last, and how often each has been tried.
        self.pending = [(batch, 0)]
        self._attempts = attempts
        self._batch = batch
        self._current = batch
        self._before = 0
        self._seconds = 0.0
        #: What was wrong with the number of results for all of the batch.
        self._wrong_count: str | None = None

    def next(self) -> tuple[Batch, int]:
        """What to call next, and how often at most."""
        self._current, self._before = self.pending.pop()
        return self._current, self._attempts.tries(self._current, self._batch) - self._before

    def checked(self, reply: Reply, part: Batch) -> Reply:
        """The reply, which is an error if a batch function gives another number of results than it got inputs."""
        self._seconds += reply.seconds
        count = len(reply.results)
        if reply.error is not None or self._attempts.target.by_row or count == part.size:
            return reply
        wrong = f"it returned {count_of(count, 'result')} for a batch of {part.size}"
        if self._wrong_count not in (None, wrong):
            wrong = f"{self._wrong_count}, and {count} for this input alone"
        self._wrong_count = self._wrong_count or wrong
        return Reply((), ValueError(wrong))

    def outcome(self, reply: Reply, tried: int) -> Outcome:
        """What the last reply to the current part means, after so many calls."""
        part, done = self._current, len(reply.results)
        outcome = Outcome(seconds=self._seconds)
        self._seconds = 0.0
        if done:
            outcome.parts.append((part.part(0, done), reply.results))
        if reply.error is None:
            if done < part.size:  # its time was up
                self.pending.append((part.part(done, part.size), 0))
        elif part.size == 1:
            outcome.parts.append((part, Failure(_text(reply), self._before + tried)))
        elif self._attempts.target.by_row and not isinstance(reply.error, ReplyLost):
            self._after_row(part, done, reply, outcome)
        else:
            middle = part.size // 2
            self.pending += [(part.part(middle, part.size), 0), (part.part(0, middle), 0)]
        outcome.is_last = not self.pending
        if reply.error is not None:
            # Its frames, which name these calls, would keep the database open until garbage is collected.
            reply.error.__traceback__ = None
        return outcome

    def _after_row(self, part: Batch, index: int, reply: Reply, outcome: Outcome) -> None:
        """A row that failed among others has been tried once; those after it have not been tried."""
        row, rest = part.part(index, index + 1), part.part(index + 1, part.size)
        if rest.size:
            self.pending.append((rest, 0))
        options = self._attempts.options
        if reply.error and options.max_retries and options.retries(reply.error):
            self.pending.append((row, 1))
        else:
            outcome.parts.append((row, Failure(_text(reply), 1)))
