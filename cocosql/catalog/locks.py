"""Locks by name: one statement at a time changes a view; others of the same process wait for their turn.

No wait is circular. A statement takes its locks in the order of their names; and one that a function runs, which a
refresh calls, belongs to that refresh: it is refused what it would wait for while the refresh waits for the function.
"""

import itertools
import threading
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

import duckdb

from cocosql._native import Session
from cocosql.catalog.names import Name
from cocosql.instances import PerInstance

_POLL_SECONDS = 0.1


@dataclass(eq=False)
class _Holder:
    """A statement that has locks, or waits for one. `outer` waits for the function that runs it."""

    outer: "_Holder | None"
    number: int = field(default_factory=itertools.count(1).__next__)
    waits_for: "_Lock | None" = None

    def belongs_to(self, other: "_Holder") -> bool:
        return self is other or (self.outer is not None and self.outer.belongs_to(other))


@dataclass(eq=False)
class _Lock:
    mutex: threading.Lock = field(default_factory=threading.Lock)
    holder: _Holder | None = None


_guard = threading.Lock()
#: By the key of the name.
_locks: PerInstance[dict[tuple[str, str, str], _Lock]] = PerInstance(dict)
_waiting: set[_Holder] = set()
_holders: dict[int, _Holder] = {}
#: The statement that waits for what this thread or task does.
_current: ContextVar[_Holder | None] = ContextVar("holder", default=None)


@contextmanager
def hold(session: Session, names: Iterable[Name], *, wait: bool = True) -> Iterator[None]:
    """Hold the locks of these names, waiting for those who have them; an interrupt ends the wait.

    Raises:
        duckdb.TransactionException: if who has one waits for this statement; or if it is not to wait, and must.
    """
    own = _Holder(_current.get())
    by_key = {name.key(): name for name in names}
    with ExitStack() as held:
        for key, name in sorted(by_key.items()):
            lock = _lock(session, key)
            _acquire(session, own, lock, name, wait)
            held.callback(_release, lock)
        _holders[own.number] = own
        held.callback(_holders.pop, own.number)
        with inside(own.number):
            yield


def holder() -> int:
    """The number of the statement that waits for what this thread or task does; 0 if none does."""
    found = _current.get()
    return found.number if found else 0


@contextmanager
def inside(number: int) -> Iterator[None]:
    """Do something that a statement waits for, on whatever thread."""
    token = _current.set(_holders.get(number))
    try:
        yield
    finally:
        _current.reset(token)


def is_held(session: Session, name: Name) -> bool:
    return _lock(session, name.key()).mutex.locked()


def _lock(session: Session, key: tuple[str, str, str]) -> _Lock:
    return _locks.of(session).setdefault(key, _Lock())


def _acquire(session: Session, holder: _Holder, lock: _Lock, name: Name, wait: bool) -> None:
    try:
        while not lock.mutex.acquire(timeout=_POLL_SECONDS if wait else 0):
            if not wait:
                raise duckdb.TransactionException(f"{name} is locked by another statement")
            session.check_interrupt()
            with _guard:
                holder.waits_for = lock
                _waiting.add(holder)
                if _waits_for(lock, holder):
                    raise duckdb.TransactionException(
                        f"{name} is locked by a statement that waits for this one: a function cannot refresh, create, "
                        "change or drop the view whose refresh calls it"
                    )
    finally:
        with _guard:
            _waiting.discard(holder)
    lock.holder = holder


def _release(lock: _Lock) -> None:
    lock.holder = None
    lock.mutex.release()


def _waits_for(lock: _Lock, holder: _Holder) -> bool:
    """Whether the statement that has a lock waits, through others or not, for one that wants it."""
    seen: set[_Lock] = set()
    found = [lock]
    while found:
        lock = found.pop()
        if lock in seen or lock.holder is None:
            continue
        seen.add(lock)
        if holder.belongs_to(lock.holder):
            return True
        found += [other.waits_for for other in _waiting if other.waits_for and other.belongs_to(lock.holder)]
    return False
