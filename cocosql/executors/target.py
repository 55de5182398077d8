"""What is called."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Target:
    """A Python function, and how it takes its arguments."""

    callable: Callable[..., Any]
    #: Whether it takes one row at a time, and not lists.
    by_row: bool
    #: How many rows it takes at once at most.
    batch_size: int
    is_async: bool = False
