"""How the memo stores results: vectors of floating-point numbers as a BLOB of their bytes (cpp/memo/packed.hpp)."""

import re

#: Not other names of these types: their results are stored as they are.
_PACKED = re.compile(r"(FLOAT|DOUBLE)\[\d*\]")


def is_packed(kind: str) -> bool:
    """
    >>> is_packed("FLOAT[384]"), is_packed("DOUBLE[]"), is_packed("FLOAT[][]"), is_packed("FLOAT")
    (True, True, False, False)
    """
    return _PACKED.fullmatch(kind) is not None


def stored_type(kind: str) -> str:
    """The type of a memo's column for results of a type, in a column definition.

    DuckDB's compression takes long, and gains nothing.
    """
    return "BLOB USING COMPRESSION uncompressed" if is_packed(kind) else kind


def unpacked(result: str, kind: str) -> str:
    """A memo's column as the result. In a memo of an earlier version it is that already."""
    return f"coco_unpacked({result}, NULL::{kind})" if is_packed(kind) else result
