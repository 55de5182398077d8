"""Brings the schema coco of a database to what this version of CocoSQL knows."""

import threading

import duckdb

from cocosql._native import Session
from cocosql.files import find
from cocosql.sqltext import ident

_lock = threading.Lock()


def databases(session: Session) -> list[str]:
    """The attached databases that have a schema coco of ours."""
    rows = session.execute(
        "SELECT database_name FROM duckdb_tables() WHERE schema_name = 'coco' AND table_name = 'migrations' "
        "ORDER BY database_oid"
    )
    return [row[0] for row in rows]


def migrate(session: Session, database: str) -> None:
    """Apply the migrations that the database has not been through, each in a transaction.

    Raises:
        duckdb.InvalidInputException: if a newer version of CocoSQL wrote the database.
    """
    scripts = sorted(find("sql/migrations").glob("*.sql"))
    with _lock:
        session.execute(f"USE {ident(database)}")
        done = _applied(session) if database in databases(session) else 0
        if done > len(scripts):
            raise duckdb.InvalidInputException(
                f"database {database} was written by a newer version of CocoSQL: pip install --upgrade cocosql"
            )
        for number, script in enumerate(scripts[done:], start=done + 1):
            session.execute("BEGIN TRANSACTION")
            try:
                session.script(script.read_text())
                session.execute("INSERT INTO coco.migrations (migration) VALUES ($1)", [number])
                session.execute("COMMIT")
            except BaseException:
                session.execute("ROLLBACK")
                raise


def _applied(session: Session) -> int:
    return int(session.execute("SELECT max(migration) FROM coco.migrations")[0][0])
