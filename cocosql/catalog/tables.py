"""The engine's own tables in schema coco, by name."""

import re

from cocosql._native import Session


def numbered(session: Session, database: str, kinds: str) -> list[tuple[str, int]]:
    """The tables that there are of some kinds (a regular expression), each with the number after the kind."""
    names = session.execute(
        "SELECT table_name FROM duckdb_tables() WHERE database_name = $1 AND schema_name = 'coco'", [database]
    )
    found = [(name, re.fullmatch(rf"(?:{kinds})_([0-9]+)(?:_[0-9]+)?", name)) for (name,) in names]
    return [(name, int(match[1])) for name, match in found if match]
