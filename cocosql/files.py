"""The files that ship with the package: the native library and the .sql files."""

from pathlib import Path

import cocosql


def find(name: str) -> Path:
    """The path of a file or folder of the package; in a checkout, also beside the package.

    Raises:
        FileNotFoundError: if the package is not installed whole.
    """
    for root in map(Path, cocosql.__path__):
        for candidate in (root / name, root.parent / name):
            if candidate.exists():
                return candidate
    raise FileNotFoundError(f"cocosql is not installed whole: {name} is missing. Install it with `pip install .`")
