"""How a function is to be called: what its author said in @cocosql.udf(…)."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pyrate_limiter import Limiter, Rate

#: Which errors are worth another try: classes, or a function that says so.
RetryOn = type[BaseException] | tuple[type[BaseException], ...] | Callable[[BaseException], bool]

#: In milliseconds.
_SECOND = 1000
_UNITS = {
    **dict.fromkeys(("s", "second"), _SECOND),
    **dict.fromkeys(("m", "min", "minute"), 60 * _SECOND),
    **dict.fromkeys(("h", "hour"), 3600 * _SECOND),
    **dict.fromkeys(("d", "day"), 86400 * _SECOND),
}


@dataclass(frozen=True)
class Options:
    #: How many calls may run at once, over all threads and queries.
    max_concurrency: int
    #: How often a call that failed is made again.
    max_retries: int = 0
    #: Seconds before the first retry, twice as many before each next, up to a minute; or a function of its number.
    backoff: float | Callable[[int], float] = 1.0
    retry_on: RetryOn = Exception
    #: Seconds that a call may take.
    timeout: float | None = None
    rate_limit: str | float | None = None
    executor: str = "thread"

    def __post_init__(self) -> None:
        _whole("max_concurrency", self.max_concurrency, 1)
        _whole("max_retries", self.max_retries, 0)
        if not callable(self.backoff) and not (_is_number(self.backoff) and self.backoff >= 0):
            raise ValueError(f"backoff is a number of seconds, at least 0, or a function, not {self.backoff!r}")
        if self.timeout is not None and not (_is_number(self.timeout) and self.timeout > 0):
            raise ValueError(f"timeout is a number of seconds above 0, not {self.timeout!r}")
        kinds = self.retry_on if isinstance(self.retry_on, tuple) else (self.retry_on,)
        are_classes = all(isinstance(kind, type) and issubclass(kind, BaseException) for kind in kinds)
        if not are_classes and (isinstance(self.retry_on, (type, tuple)) or not callable(self.retry_on)):
            raise ValueError(f"retry_on is a class of errors, a tuple of such, or a function, not {self.retry_on!r}")
        if self.executor not in ("thread", "process"):
            raise ValueError(f"executor is 'thread' or 'process', not {self.executor!r}")
        self.limiter()

    @property
    def needs_supervision(self) -> bool:
        """Whether the thread that asks must be free to watch, and not make the calls itself."""
        return bool(self.max_concurrency > 1 or self.max_retries or self.timeout or self.rate_limit)

    @property
    def calls_alone(self) -> bool:
        """Whether a call must be told from the next, so that functions of one row are not called many times in a go."""
        return bool(self.timeout or self.rate_limit)

    def limiter(self) -> "Limiter | None":
        """What counts calls against the rate limit."""
        if self.rate_limit is None:
            return None
        from pyrate_limiter import Limiter  # noqa: PLC0415 (`import cocosql` is to be quick)

        return Limiter(_rate(self.rate_limit))

    def retries(self, error: BaseException) -> bool:
        """Whether this error is worth another try."""
        if isinstance(self.retry_on, (type, tuple)):
            return isinstance(error, self.retry_on)
        return self.retry_on(error)


def _rate(limit: str | float) -> "Rate":
    """The rate that a limit means.

    >>> _rate("100/min")
    limit=100/1.0m
    """
    from pyrate_limiter import Rate  # noqa: PLC0415 (the same)

    if isinstance(limit, str):
        found = re.fullmatch(r"\s*(\d+)\s*(?:/|per)\s*([a-z]+?)s?\s*", limit.lower())
        if found and found[2] in _UNITS:
            return Rate(max(int(found[1]), 1), _UNITS[found[2]])
        raise ValueError(f"rate_limit is calls per second, or a text such as '100/min', not {limit!r}")
    if not _is_number(limit) or not limit > 0:
        raise ValueError(f"rate_limit is a number of calls per second above 0, not {limit!r}")
    if limit >= 1:
        return Rate(int(limit), _SECOND)
    return Rate(1, round(_SECOND / limit))


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _whole(name: str, value: Any, least: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise ValueError(f"{name} is a whole number, at least {least}, not {value!r}")
