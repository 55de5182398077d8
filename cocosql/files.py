"""The files that ship with the package: the native library and the .sql files."""

from collections.abc import Iterator
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import cocosql


def find(name: str) -> Path:
    """The path of a file or folder of the package.

    Raises:
        FileNotFoundError: if the package is not installed whole.
    """
    for candidate in _candidates(name):
        if candidate.exists():
            return candidate
    raise FileNotFoundError(f"cocosql is not installed whole: {name} is missing. Install it with `pip install .`")


def _candidates(name: str) -> Iterator[Path]:
    """In the package, in the checkout that holds it, and in the installed package that a checkout hides."""
    for root in map(Path, cocosql.__path__):
        yield root / name
        yield root.parent / name
    with suppress(PackageNotFoundError):
        yield Path(str(distribution("cocosql").locate_file(f"cocosql/{name}")))
