"""One refresh or change of a view at a time; others of the same process wait their turn."""

import threading
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager

from cocosql._native import Session
from cocosql.catalog.names import Name

_POLL_SECONDS = 0.1

_guard = threading.Lock()
_locks: dict[tuple[int, str, str, str], threading.Lock] = {}


@contextmanager
def hold(session: Session, names: Iterable[Name]) -> Iterator[None]:
    """Hold the locks of these views, waiting for those who have them; an interrupt ends the wait."""
    with ExitStack() as held:
        for key in sorted({(session.instance(), *name.key()) for name in names}):
            lock = _lock(key)
            while not lock.acquire(timeout=_POLL_SECONDS):
                session.check_interrupt()
            held.callback(lock.release)
        yield


def is_held(session: Session, name: Name) -> bool:
    return _lock((session.instance(), *name.key())).locked()


def _lock(key: tuple[int, str, str, str]) -> threading.Lock:
    with _guard:
        return _locks.setdefault(key, threading.Lock())
