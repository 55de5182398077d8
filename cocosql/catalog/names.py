"""Names: what a name of the user's means, and how it is stored."""

from dataclasses import dataclass

import duckdb

from cocosql._native import Session
from cocosql.sqltext import qualified


@dataclass(frozen=True)
class Caller:
    """The connection that a statement came from."""

    database: str
    search_path: list[tuple[str, str]]
    settings: dict[str, str]
    temporary: list[str]

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
    if parts[0].lower() in (database.lower() for database in attached(session)):
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
        options = [option for option in candidates(session, parts, caller) if _schema_exists(session, option)]
        name = options[0] if options else Name(caller.database, *parts)
    if not _schema_exists(session, name):
        raise duckdb.CatalogException(f"schema {name.database}.{name.schema} does not exist: create it first")
    if name.database in ("system", "temp"):
        raise duckdb.CatalogException(f"an incremental view cannot live in the database {name.database}")
    return name


def attached(session: Session) -> list[str]:
    return [row[0] for row in session.execute("SELECT database_name FROM duckdb_databases() ORDER BY database_oid")]


def relation_kind(session: Session, name: Name) -> str | None:
    """'table', 'view', or None if there is none of this name. The spelling of the catalog wins: see `spelled`."""
    found = _relation(session, name)
    return found[0] if found else None


def spelled(session: Session, name: Name) -> Name:
    """The name as the catalog spells it."""
    found = _relation(session, name)
    return Name(*found[1:]) if found else name


def _relation(session: Session, name: Name) -> tuple[str, str, str, str] | None:
    rows = session.execute(
        """
        SELECT 'table', database_name, schema_name, table_name FROM duckdb_tables()
        WHERE (lower(database_name), lower(schema_name), lower(table_name)) = (lower($1), lower($2), lower($3))
        UNION ALL
        SELECT 'view', database_name, schema_name, view_name FROM duckdb_views()
        WHERE (lower(database_name), lower(schema_name), lower(view_name)) = (lower($1), lower($2), lower($3))
        """,
        [name.database, name.schema, name.name],
    )
    return rows[0] if rows else None


def _schema_exists(session: Session, name: Name) -> bool:
    rows = session.execute(
        "SELECT 1 FROM duckdb_schemas() WHERE lower(database_name) = lower($1) AND lower(schema_name) = lower($2)",
        [name.database, name.schema],
    )
    return bool(rows)
