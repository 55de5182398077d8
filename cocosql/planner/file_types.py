"""Names and types of the columns of files. DuckDB finds them out from the files; while those are the same, once."""

import hashlib
from dataclasses import dataclass

from cocosql._native import Session
from cocosql.listing import Listing, list_files
from cocosql.planner.file_calls import FileCall

Columns = list[tuple[str, str]]


@dataclass(frozen=True)
class FileTypes:
    columns: Columns
    #: What else rows depend on than the file that they are in: with another one all files must be read again. None if
    #: it is not known.
    schema: str | None
    has_duplicates: bool = False


#: Settings of DuckDB's that change the types of columns.
_SETTINGS = ("binary_as_string", "enable_geoparquet_conversion", "json_geometry_format")

#: By the call, what the columns were found from, and the columns.
_found: dict[str, tuple[str, Columns]] = {}


def file_types(session: Session, call: FileCall) -> FileTypes:
    if call.is_plain:
        return FileTypes(session.describe(f"FROM {call.over('[]')}"), "", _may_repeat(session, call))
    if not call.is_local:
        return FileTypes(session.describe(f"FROM {call.sql}"), None)
    listing = list_files(session, call.files)
    sampled = listing.paths[: call.samples]
    tokens = [listing.tokens[path] for path in sampled]
    columns = _columns(session, call, listing, tokens)
    if call.is_guessing:
        return FileTypes(columns, _digest(columns, sampled, tokens) if all(tokens) else None)
    return FileTypes(columns, _digest(columns))


def _columns(session: Session, call: FileCall, listing: Listing, tokens: list[str]) -> Columns:
    settings = session.execute(f"SELECT name, value FROM duckdb_settings() WHERE name IN {_SETTINGS} ORDER BY name")
    basis = _digest(settings, listing.paths, tokens)
    known, columns = _found.get(call.sql, ("", []))
    if known != basis or not all(tokens):
        columns = session.describe(f"FROM {call.sql}")
        _found[call.sql] = (basis, columns)
    return columns


def _may_repeat(session: Session, call: FileCall) -> bool:
    """Whether some file may be read more than once, so that its name is no key."""
    patterns = call.patterns or []
    if len(patterns) == 1 and patterns[0].startswith("/"):
        return False
    if not call.is_local:
        return True
    paths = list_files(session, call.files).paths
    return len(paths) != len(set(paths))


def _digest(*parts: object) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]
