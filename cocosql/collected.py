"""Rows that a session has collected, by name: what a refresh reads more than once.

cpp/rows/collected.hpp says why they are not in temporary tables.
"""

from cocosql.sqltext import literal


def collected(name: str) -> str:
    """The relation of the rows under a name, as SQL."""
    return f"coco_collected({literal(name)})"
