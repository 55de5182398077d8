"""The record of calls that failed: those of each view's last refresh."""

from cocosql._native import Session
from cocosql.catalog.runs import Run, Tally
from cocosql.sqltext import literal, qualified
from cocosql.udf import Function

#: (input fingerprint, input, error, attempts)
Failure = tuple[int, str, str, int]


def record(session: Session, run: Run, function: Function, failures: list[Failure]) -> None:
    """Record calls that failed. Call outside a transaction, so that they stay whatever becomes of the refresh."""
    for fingerprint, given, error, attempts in failures:
        session.execute(
            "INSERT INTO coco.errors VALUES ($1, $2, $3, $4, $5, $6::UHUGEINT, $7, $8, $9, now())",
            [
                *(run.tally.run_id, run.view.view_id, str(run.view.name), function.name, function.code_version),
                *(str(fingerprint), given, error, attempts),
            ],
        )


def forget_earlier(session: Session, run: Run) -> None:
    """Forget what failed in earlier refreshes of the view: this one has tried it again."""
    session.execute(
        "DELETE FROM coco.errors WHERE view_name = $1 AND run_id <> $2", [str(run.view.name), run.tally.run_id]
    )


def failed(database: str, tally: Tally, function: Function) -> str:
    """A query for the fingerprints of the arguments that a function has failed for in a run."""
    return (
        f"SELECT DISTINCT input_fingerprint FROM {qualified(database, 'coco', 'errors')} WHERE run_id = {tally.run_id} "
        f"AND function = {literal(function.name)} AND code_version = {literal(function.code_version)}"
    )
