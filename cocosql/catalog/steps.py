"""The record of what a refresh did, step by step."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from cocosql._native import Session
from cocosql.capture import Reading


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


def record(session: Session, run_id: int, steps: list[Step]) -> None:
    """Record the steps of a run."""
    values: list[object] = []
    for number, step in enumerate(steps, start=1):
        read = (step.reading.read, step.reading.skipped) if step.reading else (None, None)
        values += [run_id, number, step.view, step.operator_id, step.what, step.sql, step.rows, step.seconds, *read]
    if values:
        width = len(values) // len(steps)
        places = [f"${number}" for number in range(1, len(values) + 1)]
        rows = ", ".join(f"({', '.join(places[first : first + width])})" for first in range(0, len(values), width))
        session.execute(f"INSERT INTO coco.run_steps VALUES {rows}", values)
