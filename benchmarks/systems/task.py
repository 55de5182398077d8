"""The task that all systems do: documents of 1 KB, one digest each. Needs the standard library only."""

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import ClassVar

Doc = tuple[int, str]  # id, body
Result = tuple[int, str]  # id, digest

#: The rows that `update` and `delete` are about, as SQL and as numbers.
CHANGED_SQL, DELETED_SQL = "id % 100 = 0", "id % 100 = 1"


def changed_ids(rows: int) -> range:
    return range(0, rows, 100)


def deleted_ids(rows: int) -> range:
    return range(1, rows, 100)


def body(number: int, changed: bool = False) -> str:
    """1,024 characters that no database compresses to nothing."""
    return hashlib.shake_256(f"{number} {changed}".encode()).hexdigest(512)


def docs(rows: int) -> Iterator[Doc]:
    return ((number, body(number)) for number in range(rows))


def changed_docs(rows: int) -> list[Doc]:
    return [(number, body(number, changed=True)) for number in changed_ids(rows)]


#: The module that holds the user's function. `edited` makes another one of it: all digests change.
USER_CODE = '''\
"""The user's code."""

import hashlib

from systems.calls import calls
{header}

{decorator}
def digest(body: str) -> str:
    calls[0] += 1
    return hashlib.sha256({salt}body.encode()).hexdigest()
'''


def user_code(header: str, decorator: str, edited: bool) -> str:
    return USER_CODE.format(header=header, decorator=decorator, salt='b"2" + ' if edited else "")


def digest(text: str, edited: bool) -> str:
    return hashlib.sha256((b"2" if edited else b"") + text.encode()).hexdigest()


def fingerprint(results: Iterable[Result]) -> str:
    """Equal for equal sets of results, in any order."""
    count = total = 0
    for number, value in results:
        count += 1
        total += int.from_bytes(hashlib.blake2b(f"{number} {value}".encode(), digest_size=16).digest())
    return f"{count} rows, {total % 2**128:032x}"


def expected(rows: int, step: str) -> str:
    """The fingerprint of the results that are right after a step."""
    changed = set(changed_ids(rows)) if step in {"update", "code_change", "delete"} else set()
    deleted = set(deleted_ids(rows)) if step == "delete" else set()
    edited = step in {"code_change", "delete"}
    left = (number for number in range(rows) if number not in deleted)
    return fingerprint((number, digest(body(number, number in changed), edited)) for number in left)


#: Two processes run a system: the second one starts after the user edited the function.
STEPS = {"first": ("build", "no_op", "from_memo", "update"), "second": ("code_change", "delete")}


class System(ABC):
    """What the worker drives. A step brings the results up to date; `update` and `delete` write to the source first.

    CocoSQL alone has one more step, `from_memo`.
    """

    header: ClassVar[str] = ""  # lines at the top of the user's module
    decorator: ClassVar[str] = ""  # the line above the user's function

    def __init__(self, folder: Path, rows: int) -> None:
        self.folder = folder
        self.rows = rows

    @abstractmethod
    def fill(self) -> None:
        """Make the source. Not measured, in a process of its own."""

    @abstractmethod
    def open(self) -> None:
        """Connect, with the user's function as it is now. Not measured."""

    @abstractmethod
    def build(self) -> None: ...

    @abstractmethod
    def no_op(self) -> None: ...

    @abstractmethod
    def update(self, changed: list[Doc]) -> None: ...

    @abstractmethod
    def code_change(self) -> None: ...

    @abstractmethod
    def delete(self) -> None:
        """The rows of `DELETED_SQL`."""

    @abstractmethod
    def results(self) -> Iterable[Result]: ...

    def checkpoint(self) -> None:  # noqa: B027  not every system has one
        """Before the bytes on disk are counted. Not measured."""

    def daemons(self) -> list[int]:
        """Processes that outlive this one. peers.py counts their memory, and ends them."""
        return []

    def close(self) -> None:  # noqa: B027  not every system has to
        """Leave the files so that the next process can go on."""
