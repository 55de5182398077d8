"""Progress of calls, shown in a terminal or a notebook."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from cocosql._native import Calls

_enabled = True


def progress(enabled: bool) -> None:
    """Show or hide the progress of calls. It is shown only where somebody looks: in a terminal, or in a notebook."""
    global _enabled  # noqa: PLW0603
    _enabled = enabled


class Bar:
    """The bar of one function."""

    def __init__(self, shown: Progress, task: TaskID, calls: Calls) -> None:
        self._shown = shown
        self._task = task
        self._calls = calls

    def update(self, failed: int) -> None:
        task = self._shown.tasks[self._task]
        rate = f"{task.speed:,.0f}/s" if task.speed else ""
        errors = f"[red]{failed} failed" if failed else ""
        self._shown.update(self._task, completed=self._calls.done, rate=rate, errors=errors)


@contextmanager
def bar(name: str, hits: int, calls: Calls) -> Iterator[Bar | None]:
    """Show the progress of these calls of a function, if somebody looks."""
    console = Console(stderr=True)
    if not _enabled or not (console.is_terminal or console.is_jupyter):
        yield None
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]} {task.fields[hits]} {task.fields[errors]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as shown:
        task = shown.add_task(name, total=calls.total, rate="", errors="", hits=f"{hits:,} hits" if hits else "")
        yield Bar(shown, task, calls)
