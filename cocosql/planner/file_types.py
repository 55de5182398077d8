"""Names and types of the columns of files. DuckDB infers them from the files: once, as long as these do not change."""

import hashlib
from dataclasses import dataclass

import duckdb

from cocosql._native import Session
from cocosql.catalog import tables
from cocosql.catalog.damage import is_type
from cocosql.catalog.tables import FILE_TYPES, own
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

_Found = tuple[str, Columns]

#: By call of a reader: the columns, and the state of the files that they were inferred from. Lives as long as the
#: process.
_found: dict[str, _Found] = {}


def file_types(session: Session, call: FileCall, database: str) -> FileTypes:
    """The types, for a view of a database."""
    if session.only_looks and not call.is_plain:
        return FileTypes(_as_last_read(session, call, database), None)
    if call.is_plain:
        return FileTypes(session.describe(f"FROM {call.over('[]')}"), "", _may_repeat(session, call))
    if not call.is_local:
        return FileTypes(session.describe(f"FROM {call.sql}"), None)
    listing = list_files(session, call.files)
    sampled = listing.paths[: call.samples]
    tokens = [listing.tokens[path] for path in sampled]
    columns = _columns(session, call, database, listing, tokens)
    if call.is_guessing:
        return FileTypes(columns, _digest(columns, sampled, tokens) if all(tokens) else None)
    return FileTypes(columns, _digest(columns))


def _as_last_read(session: Session, call: FileCall, database: str) -> Columns:
    """The types that the last refresh inferred, for a session that must not read files."""
    found = _known(session, call, database)
    if found is None:
        raise duckdb.PermissionException(f"it would read {call.sql}")
    return found[1]


def _columns(session: Session, call: FileCall, database: str, listing: Listing, tokens: list[str]) -> Columns:
    settings = session.execute(f"SELECT name, value FROM duckdb_settings() WHERE name IN {_SETTINGS} ORDER BY name")
    basis = _digest(settings, listing.paths, tokens)
    if not all(tokens):
        return session.describe(f"FROM {call.sql}")
    found = _found.get(call.sql)
    if found is None or found[0] != basis:
        found = _known(session, call, database)
    if found is None or found[0] != basis:
        found = basis, session.describe(f"FROM {call.sql}")
    _found[call.sql] = found
    return found[1]


def _known(session: Session, call: FileCall, database: str) -> _Found | None:
    """The types that an earlier process stored. There may be no schema coco yet."""
    return _stored(session, call) if tables.exists(session, database, FILE_TYPES) else None


def _stored(session: Session, call: FileCall) -> _Found | None:
    for basis, names, types in session.execute(
        f"SELECT basis, names, types FROM {own(FILE_TYPES)} WHERE source = $1", [call.sql]
    ):
        if len(names) == len(types) and all(names) and all(map(is_type, types)):
            return basis, list(zip(names, types, strict=True))
    return None


def store(session: Session, call: FileCall) -> None:
    """Store the types for other processes. Call in the transaction of a refresh."""
    found = _found.get(call.sql)
    if found is None or found == _stored(session, call):
        return
    basis, columns = found
    session.execute(f"DELETE FROM {own(FILE_TYPES)} WHERE source = $1", [call.sql])
    session.execute(
        f"INSERT INTO {own(FILE_TYPES)} VALUES ($1, $2, $3::VARCHAR[], $4::VARCHAR[])",
        [call.sql, basis, [name for name, _ in columns], [kind for _, kind in columns]],
    )


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
