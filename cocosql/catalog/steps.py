"""The record of what a refresh did, step by step."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from cocosql._native import Session
from cocosql.capture import Reading
from cocosql.catalog.tables import RUN_STEPS


@dataclass
class Step:
    """What was done for one operator of a view."""

    view: str
    operator_id: int
    what: str
    sql: str = ""
    #: Rows that changed, were written, or needed a call.
    rows: int | None = None
    reading: Reading | None = None
    seconds: float = 0


@contextmanager
def timed(steps: list[Step], step: Step) -> Iterator[Step]:
    """Add the step, with the time that it takes."""
    started = time.monotonic()
    steps.append(step)
    try:
        yield step
    finally:
        step.seconds = time.monotonic() - started


#: Of coco.run_steps, beside the run and the number of the step.
_COLUMNS = ["view_name", "operator_id", "what", "sql", "rows", "seconds", "parts_read", "parts_skipped"]


def record(session: Session, database: str, runs: dict[int, list[Step]]) -> None:
    """Record the steps of runs."""
    records = []
    for run_id, steps in runs.items():
        for number, step in enumerate(steps, start=1):
            read = (step.reading.read, step.reading.skipped) if step.reading else (None, None)
            did = (step.view, step.operator_id, step.what, step.sql, step.rows, step.seconds)
            records.append([run_id, number, *did, *read])
    session.append_records(database, RUN_STEPS, ["run_id", "step", *_COLUMNS], records)
