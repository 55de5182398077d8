"""The record of refreshes."""

from dataclasses import dataclass, field

from cocosql._native import Session
from cocosql.catalog.views import View


@dataclass
class Run:
    """One refresh of one view."""

    run_id: int
    view: View
    version: int | None = None
    inserted: int = 0
    updated: int = 0
    deleted: int = 0
    #: Distinct argument tuples found in the memo, by function.
    hits: dict[str, int] = field(default_factory=dict)
    #: Calls that failed, by function.
    errors: dict[str, int] = field(default_factory=dict)


def begin(session: Session, view: View) -> Run:
    """Record that a refresh of the view began, and count its function calls from now on."""
    # The view is locked by this refresh, so one that is said to run was killed.
    session.execute("UPDATE coco.runs SET status = 'killed' WHERE view_id = $1 AND status = 'running'", [view.view_id])
    (run_id,) = session.execute("SELECT nextval('coco.run_ids')")[0]
    session.execute(
        "INSERT INTO coco.runs (run_id, view_id, view_name, started_at, status) VALUES ($1, $2, $3, now(), 'running')",
        [run_id, view.view_id, str(view.name)],
    )
    session.begin_run(run_id)
    return Run(run_id, view)


def part(session: Session, view: View) -> Run:
    """A view's part in the refresh of another that reads it."""
    (run_id,) = session.execute("SELECT nextval('coco.run_ids')")[0]
    return Run(run_id, view)


def record_part(session: Session, run: Run) -> None:
    """Record a part in the transaction that brings it; its calls count for the refresh that it is part of."""
    session.execute(
        """
        INSERT INTO coco.runs (run_id, view_id, view_name, version, started_at, finished_at, status, inserted, updated,
            deleted)
        VALUES ($1, $2, $3, $4, now(), now(), 'succeeded', $5, $6, $7)
        """,
        [
            *(run.run_id, run.view.view_id, str(run.view.name), run.version, run.inserted, run.updated),
            run.deleted,
        ],
    )


def finish(
    session: Session, run: Run, seconds: float, versions: dict[str, str], error: str | None = None
) -> tuple[int, int]:
    """Record how the refresh ended, and its calls by function version. Returns its calls and hits."""
    made = session.calls()
    for function in sorted({*made, *run.hits, *run.errors}):
        count, in_python = made.get(function, (0, 0.0))
        session.execute(
            "INSERT INTO coco.run_calls VALUES ($1, $2, $3, $4, $5, $6, $7)",
            [
                *(run.run_id, function, versions.get(function.lower(), ""), count),
                *(run.hits.get(function, 0), run.errors.get(function, 0), in_python),
            ],
        )
    calls, hits = sum(count for count, _ in made.values()), sum(run.hits.values())
    session.execute(
        """
        UPDATE coco.runs SET version = $2, finished_at = now(), status = $3, inserted = $4, updated = $5, deleted = $6,
            calls = $7, hits = $8, seconds = $9, error = $10
        WHERE run_id = $1
        """,
        [
            *(run.run_id, run.version, "failed" if error else "succeeded", run.inserted, run.updated, run.deleted),
            *(calls, hits, seconds, error),
        ],
    )
    return calls, hits
