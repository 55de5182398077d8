"""The state of a file: read again when it has changed, and let go of in between, so that others can write to it."""

import hashlib
import threading
from pathlib import Path
from typing import Any

import duckdb

from cocosql.opened import InUse, opened
from cocosql.pictures.data import page_data
from cocosql.secrets import redacted

Data = dict[str, Any]


class Live:
    """The last state that could be read of a file."""

    def __init__(self, path: Path) -> None:
        """Read the file.

        Raises:
            FileNotFoundError: if there is no such file.
            InUse: if another process has it open for writing.
            ImportError: if Graphviz is not there.
            duckdb.Error: if it is no database.
        """
        self._path = path
        self._lock = threading.Lock()
        self._seen = self._signature()
        self._data = self._read()
        #: Why the file could not be read again, if it could not.
        self._problem: str | None = None

    def now(self) -> tuple[Data, str | None]:
        """The state, and why it is not the newest if it may not be."""
        with self._lock:
            signature = self._signature()
            if signature != self._seen or self._problem:
                self._read_again(signature)
            return self._data, self._problem

    def _read_again(self, signature: list[tuple[int, int] | None]) -> None:
        try:
            self._data = self._read()
            self._seen, self._problem = signature, None
        except InUse:
            self._problem = "in use by another process"
        except (OSError, duckdb.Error) as error:
            self._problem = redacted(str(error)).splitlines()[0]

    def _read(self) -> Data:
        with opened(self._path) as con:
            data = page_data(con, self._path.name)
        return {**data, "state": hashlib.sha256(repr([*data.items()][2:]).encode()).hexdigest()}

    def _signature(self) -> list[tuple[int, int] | None]:
        """What changes whenever the file or its log is written."""
        return [_stamp(self._path), _stamp(self._path.with_name(f"{self._path.name}.wal"))]


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size
