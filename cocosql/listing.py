"""Files as DuckDB lists them, each with a token that is another whenever the file may have been written.

A token is made of size, times, and inode. Any write sets the time of change (ctime), which no program can set back.
Only a file that has just been written may be written once more within the same tick of the clock: it has no token yet,
so that it is read again next time. (Git calls such an entry of its index racily clean.)
"""

import os
import stat
import time
from dataclasses import dataclass

from cocosql._native import Session

#: Longer than the coarsest tick of a file system's clock, which is the 2 seconds of FAT.
_SETTLED_NS = 3_000_000_000


@dataclass(frozen=True)
class Listing:
    #: As DuckDB orders them; a file that several patterns match is in it several times.
    paths: list[str]
    #: By path; empty where it may have been written without that this shows.
    tokens: dict[str, str]


def list_files(session: Session, files: str) -> Listing:
    """The files that a pattern or a list of patterns, as SQL, stands for."""
    now = time.time_ns()
    paths = [path for (path,) in session.execute(f"SELECT file FROM glob({files})")]
    tokens = {path: token for path in paths if (token := _token(path, now)) is not None}
    if len(tokens) < len(paths):
        paths = [path for path in paths if path in tokens]
    return Listing(paths, tokens)


def token_now(path: str) -> str | None:
    """The token of a file; None if there is no such file."""
    return _token(path, time.time_ns())


def _token(path: str, now: int) -> str | None:
    try:
        found = os.stat(path)  # noqa: PTH116 — there may be very many
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError:
        return ""
    if not stat.S_ISREG(found.st_mode):
        return ""
    written, changed = found.st_mtime_ns, found.st_ctime_ns
    if changed > now - _SETTLED_NS or abs(written - now) < _SETTLED_NS:
        return ""
    return f"{found.st_size:x}.{written:x}.{changed:x}.{found.st_ino:x}"
