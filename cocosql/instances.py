"""Python objects that belong to a database instance, and end with it."""

from collections.abc import Callable
from typing import Any, Generic, TypeVar

from cocosql._native import Session

T = TypeVar("T")


class PerInstance(Generic[T]):
    """One object for each database instance, made when it is first asked for."""

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._made: dict[int, T] = {}
        _all.append(self)

    def of(self, session: Session) -> T:
        """The object of the session's instance."""
        number = session.instance()
        found = self._made.get(number)
        return self._made.setdefault(number, self._make()) if found is None else found

    def forget(self, number: int) -> None:
        self._made.pop(number, None)


_all: list[PerInstance[Any]] = []


def ended(number: int) -> None:
    """The instance of this number is no more: called by cpp/session/instance_number.cpp."""
    for one in _all:
        one.forget(number)
