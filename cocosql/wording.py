"""Words of messages."""

import difflib
from collections.abc import Iterable


def count_of(count: int, thing: str) -> str:
    """
    >>> count_of(1, "row"), count_of(2, "row"), count_of(1200, "row")
    ('1 row', '2 rows', '1200 rows')
    """
    return f"{count} {thing}" if count == 1 else f"{count} {thing}s"


def nearest(name: str, names: Iterable[str]) -> str | None:
    """The name that was meant, if one is near.

    >>> nearest("retries", ["max_retries", "timeout"])
    'max_retries'
    """
    found = difflib.get_close_matches(name.lower(), list(names), n=1, cutoff=0.55)
    return found[0] if found else None
