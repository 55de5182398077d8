"""Fixtures that show what the engine makes of something, as text to be reviewed: `COCOSQL_WRITE=1 pytest -k fixture`
writes them anew."""

import os
from pathlib import Path

DATA = Path(__file__).parent / "data"
WRITES = os.environ.get("COCOSQL_WRITE") == "1"


def assert_shows(path: Path, shown: str) -> None:
    """The file has this text. A difference is shown line by line."""
    if WRITES:
        path.write_text(shown)
    assert path.read_text().splitlines() == shown.splitlines(), f"COCOSQL_WRITE=1 pytest -k fixture writes {path.name}"
