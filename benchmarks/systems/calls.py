"""A count of calls outside of all systems: eight bytes of a file for each process, shared through memory.

`calls[0] += 1` takes 0.05 µs; appending to a file would take as long as the digest itself. No thread switch can happen
within the statement in CPython, so no call is lost.
"""

import mmap
import os
from pathlib import Path

FOLDER = Path(os.environ["BENCH_CALLS"])


def _slot() -> memoryview:
    path = FOLDER / str(os.getpid())
    path.write_bytes(bytes(8))
    with path.open("r+b") as file:
        return memoryview(mmap.mmap(file.fileno(), 8)).cast("Q")


def total() -> int:
    return sum(int.from_bytes(path.read_bytes(), "little") for path in FOLDER.iterdir())


calls = _slot()
