"""What a system has to do, and the documents that all of them get."""

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import ModuleType

#: The module with the user's function, as written into the system's folder. An edit changes the marked place.
#: `calls` counts in the function itself, whatever the system claims. Adding to a global costs 30 ns, 1 % of the digest,
#: and loses nothing: CPython with a GIL does not switch threads within it.
FUNCTION = """{header}import hashlib

calls = 0


{decorator}def digest(body: str) -> str:
    global calls
    calls += 1
    return hashlib.sha256({edit}body.encode()).hexdigest()
"""
EDIT = 'b"2" + '


def body(number: int) -> str:
    """A document of 1 KB, different for each number."""
    return hashlib.md5(str(number).encode()).hexdigest() * 32


def changed(number: int) -> bool:
    """Whether `update` changes this document, to 'new ' and what it was."""
    return number % 100 == 0


def deleted(number: int) -> bool:
    return number % 100 == 1


class System(ABC):
    """One system on one folder of its own, which is also the working directory.

    The steps change the documents where they have to, and return when the digests are right again. They are called in
    the order below, in three processes: one for `prepare`, one up to `update`, and one, with the function edited, for
    the rest. Only the five steps are timed.
    """

    #: How this system's users mark a function, and the import for that.
    header = ""
    decorator = ""

    def __init__(self, folder: Path, rows: int, function: ModuleType | None) -> None:
        self.folder = folder
        self.rows = rows
        self.module = function

    @property
    def function(self) -> Callable[[str], str]:
        assert self.module is not None
        return self.module.digest  # type: ignore[no-any-return]

    @abstractmethod
    def prepare(self) -> None:
        """Stores the documents where the system reads them."""

    @abstractmethod
    def open(self) -> None:
        """Gets ready for the steps."""

    @abstractmethod
    def build(self) -> None:
        """Makes the digests of all documents."""

    @abstractmethod
    def no_op(self) -> None:
        """Makes sure that all is right when nothing changed."""

    @abstractmethod
    def update(self) -> None:
        """Changes 1 % of the documents."""

    @abstractmethod
    def code_change(self) -> None:
        """Brings all digests to the edited function."""

    @abstractmethod
    def delete(self) -> None:
        """Deletes 1 % of the documents."""

    @abstractmethod
    def results(self) -> Iterator[tuple[int, str]]:
        """All ids and digests in any order, in little memory."""

    def memo_steps(self) -> Iterator[tuple[str, Callable[[], object]]]:
        """Further work, each answered from the memo alone. What is between two of them is not timed."""
        return iter(())

    @abstractmethod
    def close(self) -> None:
        """Ends all that the system started."""

    def versions(self) -> list[str]:
        """The distributions whose versions say what was measured."""
        return ["duckdb"]

    def documents(self) -> Iterable[tuple[int, str]]:
        return ((number, body(number)) for number in range(self.rows))
