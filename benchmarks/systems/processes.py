"""The processes below this one, also those that a system has sent to the background."""

import contextlib
import ctypes
import os
import signal
import time
from pathlib import Path

_PR_SET_CHILD_SUBREAPER = 36


def adopt_orphans() -> None:
    """From now on a process whose parent ends becomes a child of this one, so that it is found."""
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def processes() -> list[int]:
    """This process and all below it."""
    found = [os.getpid()]
    for pid in found:  # grows
        for children in Path(f"/proc/{pid}/task").glob("*/children"):
            with contextlib.suppress(OSError):  # it ended
                found += map(int, children.read_text().split())
    return found


def end_all(patience: float = 20) -> None:
    """Ends all processes below this one, by force after `patience` seconds."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        deadline = time.monotonic() + patience
        for pid in processes()[1:]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
        while len(processes()) > 1 and time.monotonic() < deadline:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(-1, os.WNOHANG)
            time.sleep(0.01)
