"""The record of calls that failed: those of each view's last refresh."""

from cocosql._native import Session
from cocosql.catalog.runs import Run
from cocosql.catalog.views import View
from cocosql.sqltext import literal, qualified
from cocosql.udf import Function

#: (input fingerprint, input, error, attempts)
Failure = tuple[int, str, str, int]


def record(session: Session, run: Run, function: Function, failures: list[Failure]) -> None:
    """Record calls that failed. Call outside a transaction, so that they stay whatever becomes of the refresh."""
    fingerprints, inputs, texts, attempts = (list(column) for column in zip(*failures, strict=True))
    session.execute(
        """
        INSERT INTO coco.errors
        SELECT $1, $2, $3, $4, $5, unnest($6::VARCHAR[])::UHUGEINT, unnest($7::VARCHAR[]), unnest($8::VARCHAR[]),
            unnest($9::INTEGER[]), now()
        """,
        [
            *(run.tally.run_id, run.view.view_id, str(run.view.name), function.name, function.code_version),
            *([str(fingerprint) for fingerprint in fingerprints], inputs, texts, attempts),
        ],
    )


def forget_earlier(session: Session, run: Run) -> None:
    """Forget what failed in earlier refreshes of the view: this one has tried it again."""
    if session.stored_rows(run.view.name.database, "coco", "errors") == 0:
        return
    session.execute(
        "DELETE FROM coco.errors WHERE view_name = $1 AND run_id <> $2", [str(run.view.name), run.tally.run_id]
    )


def forget(session: Session, view: View) -> None:
    """Forget what failed in a view that is dropped."""
    session.execute("DELETE FROM coco.errors WHERE view_name = $1", [str(view.name)])


def failed(run: Run, function: Function) -> str:
    """A query for the fingerprints of the arguments that a function has failed for in a view's part of a run."""
    table = qualified(run.view.name.database, "coco", "errors")
    return (
        f"SELECT DISTINCT input_fingerprint FROM {table} WHERE run_id = {run.tally.run_id} "
        f"AND view_name = {literal(str(run.view.name))} AND function = {literal(function.name)} "
        f"AND code_version = {literal(function.code_version)}"
    )
