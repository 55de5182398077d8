"""Pacing: how many rows go into one go, how many calls run at once, and how often they begin."""

import time
from collections.abc import Callable

from cocosql.executors.attempts import Outcome
from cocosql.executors.options import Options
from cocosql.executors.target import Target

#: Rows are put together until a go takes about this long; slower ones have their results committed one by one.
_SHORT_SECONDS = 0.02
LONG_SECONDS = 0.1
_MOST_ROWS = 512
_POLL_SECONDS = 0.02


class GoSize:
    """How many rows go into one go: a batch; or as many rows, called one by one, as take a moment."""

    def __init__(self, target: Target, options: Options) -> None:
        self._rows = target.batch_size
        self._adapts = target.by_row and not options.calls_alone

    def next(self, left: int, workers: int) -> int:
        """The size of the next go where so many rows are left for so many workers, none of which should be idle."""
        return max(min(self._rows, left // workers), 1) if self._adapts else self._rows

    def learn(self, outcome: Outcome) -> None:
        if not self._adapts:
            return
        if outcome.seconds < _SHORT_SECONDS:
            self._rows = min(max(self._rows, outcome.size * 2), _MOST_ROWS)
        elif outcome.seconds > LONG_SECONDS:
            self._rows = max(outcome.size // 2, 1)


class Pauses:
    """When results are to be committed and interrupts to be seen: about ten times a second, and after slow calls."""

    def __init__(self) -> None:
        self._last = time.monotonic()

    def are_due(self, seconds: float) -> bool:
        now = time.monotonic()
        if now - self._last < LONG_SECONDS and seconds < LONG_SECONDS:
            return False
        self._last = now
        return True


class RateLimit:
    """Lets calls begin no more often than a function allows."""

    def __init__(self, options: Options) -> None:
        self._limiter = options.limiter()

    def admits(self) -> bool:
        """Whether a call may begin now; if so, it counts."""
        return self._limiter is None or bool(self._limiter.try_acquire("call", blocking=False))

    def wait(self, sleep: Callable[[float], None]) -> None:
        while not self.admits():
            sleep(_POLL_SECONDS)
