"""What a rewrite is given beside the algebra."""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field


def _new_names() -> Iterator[str]:
    return (f"coco_x{number}" for number in itertools.count(1))


@dataclass(frozen=True)
class Context:
    #: Whether an expression may call a Python function.
    calls: Callable[[str], bool]
    #: Names that no column of the algebra has.
    names: Iterator[str] = field(default_factory=_new_names)
