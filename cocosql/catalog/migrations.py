"""Brings the schema coco of a database to what this version of CocoSQL knows."""

from functools import cache
from pathlib import Path

import duckdb

from cocosql._native import Session
from cocosql.catalog import damage, locks, tables
from cocosql.catalog.names import Name, database_number
from cocosql.files import find
from cocosql.instances import PerInstance
from cocosql.transaction import transaction

#: In a migration, before a query that gives more statements: for each of the tables that there are.
_EACH = "-- Each row is a statement:\n"


def databases(session: Session) -> list[str]:
    """The attached databases that have a schema coco of ours."""
    return [
        database.name
        for database in session.databases()
        if database.has_migrations and database.name not in _too_old.of(session)
    ]


def has_state(session: Session, database: str) -> bool:
    """Whether a database has a schema coco of ours; case does not count."""
    return database.lower() in (other.lower() for other in databases(session))


#: Databases that an earlier version wrote and that are attached for reading only: as if not ours.
_too_old: PerInstance[set[str]] = PerInstance(set)


def upgrade(session: Session) -> bool:
    """Bring the attached databases that an earlier version of CocoSQL wrote to what this one knows.

    Returns whether there was one.

    Raises:
        duckdb.InvalidInputException: if one is open for reading only, or a newer version wrote it.
    """
    _too_old.of(session).clear()
    applied = {name: _checked(session, name) for name in databases(session)}
    old = [name for name, number in applied.items() if number != len(_scripts())]
    for database in old:
        if is_read_only(session, database):
            _too_old.of(session).add(database)
            if session.execute("SELECT current_database()") == [(database,)]:
                raise duckdb.InvalidInputException(
                    f"an earlier version of CocoSQL wrote database {database}: open it once without read_only=True"
                )
            continue
        migrate(session.sibling(), database)
    return any(database in databases(session) for database in old)


def migrate(session: Session, database: str) -> None:
    """Apply the migrations that the database has not been through, on a session for this only.

    Raises:
        duckdb.InvalidInputException: if a newer version of CocoSQL wrote the database.
    """
    check_writable(session, database)
    scripts = _scripts()
    with locks.hold(session, [Name(database, "coco migrations", "")]):
        done = _applied(session, database) if has_state(session, database) else 0
        if done > len(scripts):
            raise duckdb.InvalidInputException(
                f"database {database} was written by a newer version of CocoSQL: pip install --upgrade cocosql"
            )
        if done < len(scripts):
            session.use_names(database)
            _apply(session, scripts[done:], done + 1)


def _apply(session: Session, scripts: tuple[Path, ...], first: int) -> None:
    """All in one transaction: nobody reads a schema that is half done."""
    session.execute("BEGIN TRANSACTION")
    try:
        for number, script in enumerate(scripts, start=first):
            sql, _, statements = script.read_text().partition(_EACH)
            session.script(sql)
            # They change what earlier versions wrote: to look for it takes longer than to make the schema.
            for (statement,) in session.execute(statements) if statements and first > 1 else []:
                session.execute(statement)
            session.execute(f"INSERT INTO {tables.own(tables.MIGRATIONS)} VALUES ($1, now())", [number])
        session.execute("COMMIT")
    except BaseException:
        session.execute("ROLLBACK")
        raise


def check_writable(session: Session, database: str) -> None:
    """Refuse to write where nothing can be written.

    Raises:
        duckdb.InvalidInputException: if the database is attached for reading only.
        duckdb.CatalogException: if it, or another, is called as our schema is.
    """
    _check_unambiguous(session)
    if is_read_only(session, database):
        raise duckdb.InvalidInputException(
            f"database {database} is open for reading only: open it without read_only=True to create, refresh or drop "
            "incremental views"
        )


def is_read_only(session: Session, database: str) -> bool:
    """Whether a database is attached for reading only."""
    return any(other.is_read_only for other in session.databases() if other.name.lower() == database.lower())


def _check_unambiguous(session: Session) -> None:
    """DuckDB cannot tell the schema coco from a database that is called coco."""
    if any(database.name.lower() == tables.SCHEMA for database in session.databases()):
        raise duckdb.CatalogException(
            "a database named coco hides the schema coco, in which CocoSQL keeps its state: give the file another "
            "name, or ATTACH 'coco.db' AS another_name"
        )


@cache
def _scripts() -> tuple[Path, ...]:
    return tuple(sorted(find("sql/migrations").glob("*.sql")))


#: By database, its number and the state of its catalog in which its schema was as the migrations make it.
_checked_states: PerInstance[dict[str, tuple[int, int | None]]] = PerInstance(dict)


def _checked(session: Session, database: str) -> int:
    """How many migrations the database has been through; its schema is as they make it."""
    states = _checked_states.of(session)
    if states.get(database) != _state(session, database):
        with transaction(session):
            _check_schema(session, database)
            states[database] = _state(session, database)
    return _applied(session, database)


def _check_schema(session: Session, database: str) -> None:
    damage.check_plain(session, database)
    done, scripts = _applied(session, database), _scripts()
    if done <= len(scripts):
        damage.check_tables(session, database, scripts[:done], are_all=done == len(scripts))


def _state(session: Session, database: str) -> tuple[int, int | None]:
    return database_number(session, database), session.catalog_state(database)


def _applied(session: Session, database: str) -> int:
    """How many migrations the database has been through."""
    numbers = sorted(number for (number,) in session.rows(database, tables.MIGRATIONS, ["migration"]))
    if numbers and numbers[-1] > len(_scripts()):
        return int(numbers[-1])  # of a newer version
    if not numbers or numbers != list(range(1, numbers[-1] + 1)):
        raise damage.damaged(database, "table coco.migrations", "it has not the numbers of migrations")
    return len(numbers)
