"""Names: what a name of the user's means, and how it is stored."""

from dataclasses import dataclass

import duckdb

from cocosql._native import Relation, Session
from cocosql.sqltext import qualified

#: Databases in which no view can live.
_OF_DUCKDB = ("system", "temp")


@dataclass(frozen=True)
class Caller:
    """The connection that a statement came from."""

    database: str
    search_path: list[tuple[str, str]]
    settings: dict[str, str]
    #: Names of tables, and of macros, that end with it.
    temporary: list[str]
    temporary_macros: list[str]

    @property
    def schema(self) -> str:
        """The schema that new objects go to."""
        return next((schema for database, schema in self.search_path if database == self.database), "main")


@dataclass(frozen=True)
class Name:
    """A table or view, or where one would be."""

    database: str
    schema: str
    name: str

    @property
    def sql(self) -> str:
        return qualified(self.database, self.schema, self.name)

    @property
    def parts(self) -> tuple[str, str, str]:
        return self.database, self.schema, self.name

    def key(self) -> tuple[str, str, str]:
        """Names are the same if their keys are: case does not count."""
        return self.database.lower(), self.schema.lower(), self.name.lower()

    def __str__(self) -> str:
        return self.name if self.schema == "main" else f"{self.schema}.{self.name}"


def candidates(session: Session, parts: list[str], caller: Caller) -> list[Name]:
    """What a name may mean, in the order in which DuckDB looks."""
    if len(parts) == 3:
        return [Name(*parts)]
    if len(parts) == 1:
        return [Name(database, schema, parts[0]) for database, schema in caller.search_path]
    found = [Name(database, parts[0], parts[1]) for database, _ in caller.search_path]
    if parts[0].lower() in (database.name.lower() for database in session.databases()):
        found.append(Name(parts[0], "main", parts[1]))
    return found


def new_name(session: Session, parts: list[str], caller: Caller) -> Name:
    """Where an object of this name is to be made.

    Raises:
        duckdb.CatalogException: if there is no such database or schema.
    """
    if len(parts) == 1:
        name = Name(caller.database, caller.schema, parts[0])
    elif len(parts) == 3:
        name = Name(*parts)
    else:
        found = candidates(session, parts, caller)
        options = [option for option in found if _can_hold(session, option)]
        name = options[0] if options else Name(caller.database, *parts)
    if not session.has_schema(name.database, name.schema):
        raise duckdb.CatalogException(f"schema {name.database}.{name.schema} does not exist: create it first")
    if name.database in _OF_DUCKDB:
        raise duckdb.CatalogException(f"an incremental view cannot live in the database {name.database}")
    return name


def _can_hold(session: Session, name: Name) -> bool:
    return name.database not in _OF_DUCKDB and session.has_schema(name.database, name.schema)


def database_number(session: Session, name: str) -> int:
    """The number of an attached database: no other has it, before or after, not even one of its name."""
    return next(one.number for one in session.databases() if one.name.lower() == name.lower())


def relation(session: Session, name: Name) -> Relation | None:
    """The table or view of this name."""
    return session.relation(name.database, name.schema, name.name)
