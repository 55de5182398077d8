"""The function versions that a database knows, each with its memo table."""

import duckdb

from cocosql._native import Session
from cocosql.catalog import locks, migrations
from cocosql.catalog.damage import damaged, is_type
from cocosql.catalog.names import Name
from cocosql.catalog.packed import stored_type
from cocosql.catalog.tables import CALLS, FUNCTIONS, RUN_CALLS, RUNS, memo, own
from cocosql.transaction import transaction
from cocosql.udf import Function, describe, remember
from cocosql.udf import stand_in as make_stand_in


def registered(session: Session) -> dict[str, Function]:
    """The functions registered with this database instance, by lower-case name."""
    found = {name.lower(): describe(number) for name, number in session.functions().items()}
    return {name: function for name, function in found.items() if not function.is_stand_in}


def as_it_is_now(session: Session, function: Function) -> Function:
    """The function with its present code, which has become the registered one if it changed.

    Raises:
        duckdb.InvalidInputException: if it depends on what has no fingerprint, or is not there.
    """
    try:
        present = function.as_it_is_now()
    except (TypeError, OSError) as error:
        raise duckdb.InvalidInputException(f"function {function.name}: {error}") from None
    if present is not function:
        session.execute("SELECT coco_register($1)", [remember(present)])
    return present


def stand_in(session: Session, name: str, code_version: str) -> Function:
    """Let SQL know a function that is not registered here, by what the database remembers of it.

    What is memoized can be looked up; a call says which function is missing.
    """
    found = session.execute(
        f"SELECT parameter_types, takes_null, result_type, source FROM {own(FUNCTIONS)} "
        "WHERE lower(name) = lower($1) AND code_version = $2",
        [name, code_version],
    )
    if len(found) != 1:
        raise duckdb.InvalidInputException(
            f"function {name} is not registered here, and table coco.functions does not have code version "
            f"{code_version} once: cocosql.register(con, {name})"
        )
    ((parameter_types, takes_null, result_type, source),) = found
    if len(parameter_types) != len(takes_null) or not all(map(is_type, [*parameter_types, result_type])):
        raise damaged(session.execute("SELECT current_database()")[0][0], f"the record of function {name}", "its types")
    function = make_stand_in(name, code_version, parameter_types, takes_null, result_type, source)
    session.execute("SELECT coco_register($1)", [remember(function)])
    return function


def memo_table(function: Function) -> str:
    """The name of the table that keeps the results of a function version."""
    return memo(function.name, function.code_version)


def make_memo(session: Session, number: int, database: str) -> str:
    """Make the memo of a function that plain queries call before any view does. Returns the table as SQL."""
    function = describe(number)
    migrations.migrate(session, database)
    record(session, database, [function])
    return own(memo_table(function), database)


def record(session: Session, database: str, functions: list[Function]) -> None:
    """Make sure that the database knows these function versions. Call outside a transaction."""
    with locks.hold(session, [Name(database, "coco functions", "")]):
        for function in functions:
            if (function.name.lower(), function.code_version) not in known(session, database):
                _add(session, database, function)


def forget_unused(session: Session, database: str, retain: str) -> None:
    """Forget function versions, with their memos, that are not registered, have no results, and that neither views nor
    runs name; not those of late. Call outside a transaction."""
    table, calls, runs = (own(name, database) for name in (FUNCTIONS, CALLS, RUNS))
    present = {(name, function.code_version) for name, function in registered(session).items()}
    with locks.hold(session, [Name(database, "coco functions", "")]), transaction(session):
        found = session.execute(
            f"""
            SELECT name, code_version FROM {table} WHERE registered_at < now() - $1::INTERVAL
            AND (lower(name), code_version) NOT IN (SELECT (lower(function), code_version) FROM {calls})
            AND code_version NOT IN (SELECT unnest(map_values(functions)) FROM {runs} WHERE functions IS NOT NULL)
            """,
            [retain],
        )
        for name, code_version in found:
            results = own(memo(name, code_version), database)
            if (name.lower(), code_version) in present or session.execute(f"SELECT 1 FROM {results} LIMIT 1"):
                continue
            session.execute(f"DROP TABLE {results}")
            for one, column in ((table, "name"), (own(RUN_CALLS, database), "function")):
                session.execute(f"DELETE FROM {one} WHERE {column} = $1 AND code_version = $2", [name, code_version])


def known(session: Session, database: str) -> set[tuple[str, str]]:
    """The function versions that a database knows: lower-case names and code versions."""
    rows = session.rows(database, FUNCTIONS, ["name", "code_version"])
    return {(name.lower(), code_version) for name, code_version in rows}


def recalls(session: Session, database: str) -> dict[tuple[str, str], int]:
    """How often results of function versions have been replaced by those of new calls, by lower-case name and version.

    It tells a view that results which its rows came from may be others by now.
    """
    rows = session.rows(database, FUNCTIONS, ["name", "code_version", "recalls"])
    return {(name.lower(), code_version): count or 0 for name, code_version, count in rows}


def _add(session: Session, database: str, function: Function) -> None:
    session.execute("BEGIN TRANSACTION")
    try:
        session.execute(
            f"""
            CREATE TABLE {own(memo_table(function), database)} (
                fingerprint UHUGEINT NOT NULL,
                result {stored_type(function.result_type)},
                run_id BIGINT NOT NULL,
                computed_at TIMESTAMPTZ NOT NULL
            )
            """
        )
        session.execute(
            f"""
            INSERT INTO {own(FUNCTIONS, database)} (name, code_version, signature, parameter_types, takes_null,
                result_type, source, memo_table, registered_at)
            VALUES ($1, $2, $3, $4, $5::BOOLEAN[], $6, $7, $8, now())
            """,
            [
                *(function.name, function.code_version, function.signature, function.parameter_types),
                *(function.takes_null, function.result_type, function.source, memo_table(function)),
            ],
        )
        session.execute("COMMIT")
    except BaseException:
        session.execute("ROLLBACK")
        raise
