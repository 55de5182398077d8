"""The record of calls that failed: those of each view's last refresh."""

from cocosql._native import Session
from cocosql.catalog import tables
from cocosql.catalog.runs import Run
from cocosql.catalog.tables import ERRORS, own
from cocosql.catalog.views import View
from cocosql.sqltext import literal
from cocosql.udf import Function

#: (input fingerprint, input, error, attempts)
Failure = tuple[int, str, str, int]


def record(session: Session, run: Run, function: Function, failures: list[Failure]) -> None:
    """Record calls that failed. Call outside a transaction, so that they stay whatever becomes of the refresh."""
    fingerprints, inputs, texts, attempts = (list(column) for column in zip(*failures, strict=True))
    session.execute(
        f"""
        INSERT INTO {own(ERRORS)} (run_id, view_id, view_name, function, code_version, input_fingerprint, input, error,
            attempts, failed_at)
        SELECT $1, $2, $3, $4, $5, unnest($6::VARCHAR[])::UHUGEINT, unnest($7::VARCHAR[]), unnest($8::VARCHAR[]),
            unnest($9::INTEGER[]), now()
        """,
        [
            *(run.tally.run_id, run.view.view_id, str(run.view.name), function.name, function.code_version),
            *([str(fingerprint) for fingerprint in fingerprints], inputs, texts, attempts),
        ],
    )


def fingerprints(session: Session, run: Run, function: Function) -> list[str]:
    """The fingerprints of the arguments that the function has failed for in a view's part of a run."""
    return [
        fingerprint for (fingerprint,) in session.execute(f"SELECT f::VARCHAR FROM ({failed(run, function)}) AS t (f)")
    ]


def add_source_keys(session: Session, run: Run, function: Function, keys: dict[str, str]) -> None:
    """Record which rows of a source need the failed calls, by fingerprint."""
    session.execute(
        f"""
        UPDATE {own(ERRORS)} SET source_key = found.key
        FROM (SELECT unnest($1::VARCHAR[])::UHUGEINT AS fingerprint, unnest($2::VARCHAR[])::JSON AS key) AS found
        WHERE input_fingerprint = found.fingerprint AND run_id = $3 AND view_name = $4 AND function = $5
        """,
        [list(keys), list(keys.values()), run.tally.run_id, str(run.view.name), function.name],
    )


def forget_earlier(session: Session, run: Run) -> None:
    """Forget what failed in earlier refreshes of the view: this one has tried it again."""
    if tables.stored_rows(session, run.view.name.database, ERRORS) == 0:
        return
    session.execute(
        f"DELETE FROM {own(ERRORS)} WHERE view_name = $1 AND run_id <> $2", [str(run.view.name), run.tally.run_id]
    )


def forget(session: Session, view: View) -> None:
    """Forget what failed in a view that is dropped."""
    session.execute(f"DELETE FROM {own(ERRORS)} WHERE view_name = $1", [str(view.name)])


def failed(run: Run, function: Function) -> str:
    """A query for the fingerprints of the arguments that a function has failed for in a view's part of a run."""
    table = own(ERRORS, run.view.name.database)
    return (
        f"SELECT DISTINCT input_fingerprint FROM {table} WHERE run_id = {run.tally.run_id} "
        f"AND view_name = {literal(str(run.view.name))} AND function = {literal(function.name)} "
        f"AND code_version = {literal(function.code_version)}"
    )
