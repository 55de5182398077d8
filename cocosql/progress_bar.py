"""Progress of calls, shown in a terminal or a notebook."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

from cocosql._native import Calls

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress, TaskID

_enabled = True


def progress(enabled: bool) -> None:
    """Show or hide the progress of calls. It is shown only where somebody looks: in a terminal, or in a notebook."""
    global _enabled  # noqa: PLW0603
    _enabled = enabled


class Bar(Protocol):
    """The progress of one function."""

    def update(self, failed: int) -> None:
        """Show how far it has come; so many calls have failed."""


@contextmanager
def bar(name: str, hits: int, calls: Calls) -> Iterator[Bar | None]:
    """Show the progress of these calls of a function, if somebody looks."""
    from rich.console import Console  # noqa: PLC0415 (`import cocosql` is to be quick)

    console = Console(stderr=True)
    if _enabled and console.is_jupyter:
        line = _Line(name, hits, calls)
        yield line
        line.end()
    elif _enabled and console.is_terminal:
        with _TerminalBar.shown(name, hits, calls, console) as shown:
            yield shown
    else:
        yield None


class _TerminalBar:
    def __init__(self, shown: "Progress", task: "TaskID", calls: Calls) -> None:
        self._shown = shown
        self._task = task
        self._calls = calls

    @classmethod
    @contextmanager
    def shown(cls, name: str, hits: int, calls: Calls, console: "Console") -> Iterator["_TerminalBar"]:
        from rich.progress import (  # noqa: PLC0415 (the same)
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeRemainingColumn,
        )

        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]} {task.fields[hits]} {task.fields[errors]}"),
            TimeRemainingColumn(),
        )
        with Progress(*columns, console=console, transient=True) as shown:
            task = shown.add_task(name, total=calls.total, rate="", errors="", hits=f"{hits:,} hits" if hits else "")
            yield cls(shown, task, calls)

    def update(self, failed: int) -> None:
        task = self._shown.tasks[self._task]
        rate = f"{task.speed:,.0f}/s" if task.speed else ""
        errors = f"[red]{failed} failed" if failed else ""
        self._shown.update(self._task, completed=self._calls.done, rate=rate, errors=errors)


class _Line:
    """A line in a notebook, which comes when calls take long, and stays: what is taken away there leaves a gap."""

    def __init__(self, name: str, hits: int, calls: Calls) -> None:
        self._name = name
        self._hits = hits
        self._calls = calls
        self._failed = 0
        self._started = time.monotonic()
        self._handle: Any = None

    def update(self, failed: int) -> None:
        from IPython.display import display  # type: ignore[import-not-found,unused-ignore]  # noqa: PLC0415

        self._failed = failed
        text = {"text/plain": self._text()}
        if self._handle is None:
            self._handle = display(text, raw=True, display_id=True)
        else:
            self._handle.update(text, raw=True)

    def end(self) -> None:
        if self._handle is not None:
            self.update(self._failed)

    def _text(self) -> str:
        done, seconds = self._calls.done, time.monotonic() - self._started
        parts = [f"{done:,} of {self._calls.total:,} calls", f"{done / seconds:,.0f}/s" if seconds else ""]
        parts += [f"{self._hits:,} hits" if self._hits else "", f"{self._failed:,} failed" if self._failed else ""]
        return f"{self._name}: {', '.join(filter(None, parts))}"
