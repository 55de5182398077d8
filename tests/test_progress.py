"""Progress: in a terminal, and in coco_runs() while a refresh goes on."""

import os
import pty
import sys
import threading
import time
import types
from typing import Any

import pytest
from helpers import Con, rows, start
from rich.console import Console

import cocosql
from cocosql import progress_bar


def test_others_see_how_far_a_refresh_is(con: Con) -> None:
    con.execute("CREATE TABLE t AS SELECT i AS id FROM range(1000) r(i)")
    go_on = threading.Event()

    @cocosql.udf(max_concurrency=10, version="1")
    def slow(x: int) -> int:
        if x >= 500:
            go_on.wait(120)
        return x

    cocosql.register(con, slow)
    cursor = con.cursor()
    create = threading.Thread(target=cursor.execute, args=["CREATE INCREMENTAL VIEW v AS SELECT slow(id) AS y FROM t"])
    create.start()
    try:
        seen = (0, 0)
        deadline = time.monotonic() + 60
        while seen[0] < 450 and time.monotonic() < deadline:
            time.sleep(0.05)
            found = rows(con, "SELECT calls, total FROM coco_runs() WHERE total IS NOT NULL")
            seen = found[0] if found else seen
        assert 450 <= seen[0] <= 500 and seen[1] == 1000
        ((status, rate, left),) = rows(con, "SELECT status, calls_per_second > 0, seconds_left > 0 FROM coco_runs()")
        assert (status, rate, left) == ("running", True, True)
    finally:
        go_on.set()
        create.join()
    assert rows(con, "SELECT status, calls, total, errors, seconds_left FROM coco_runs()") == [
        ("succeeded", 1000, 1000, 0, None)
    ]


SCRIPT = """
    import sys, time
    import cocosql

    @cocosql.udf(version="1")
    def slow(x: int) -> int:
        if x == 7:
            raise ValueError
        time.sleep(0.01)
        return x

    con = cocosql.connect()
    con.execute("SET enable_progress_bar = false")  # DuckDB's own, which shows what takes two seconds
    cocosql.register(con, slow)
    if len(sys.argv) > 1:
        cocosql.progress(False)
    con.execute("CREATE TABLE t AS SELECT i AS id FROM range(100) r(i)")
    con.execute("CREATE INCREMENTAL VIEW v WITH (on_error = 'keep') AS SELECT slow(id) AS y FROM t")
"""


@pytest.mark.parametrize("arguments", [[], ["off"]])
def test_a_terminal_shows_a_bar(arguments: list[str]) -> None:
    ours, theirs = pty.openpty()
    process = start(SCRIPT, *arguments, stderr_to=theirs)
    os.close(theirs)
    shown = b""
    try:
        while chunk := os.read(ours, 10_000):
            shown += chunk
    except OSError:  # Linux says so when nobody has the other end
        pass
    assert process.wait(120) == 0
    text = shown.decode()
    if arguments:
        assert text == ""
    else:
        assert "slow" in text and "/100" in text and "/s" in text and "1 failed" in text


def test_nothing_is_shown_where_nobody_looks() -> None:
    process = start(SCRIPT)
    out, err = process.communicate(timeout=120)
    assert (process.returncode, out, err) == (0, "", "")


def test_it_can_be_switched() -> None:
    cocosql.progress(False)
    try:
        assert not progress_bar._enabled
    finally:
        cocosql.progress(True)
    assert progress_bar._enabled and callable(cocosql.progress)


class Handle:
    def __init__(self, shown: list[str]) -> None:
        self.shown = shown

    def update(self, data: dict[str, str], *, raw: bool) -> None:
        assert raw
        self.shown.append(data["text/plain"])


@pytest.fixture
def notebook(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """What a notebook shows: its outputs, each with what stood there one after the other."""
    outputs: list[list[str]] = []

    def display(data: dict[str, str], *, raw: bool, display_id: bool) -> Handle:
        assert display_id
        outputs.append([])
        handle = Handle(outputs[-1])
        handle.update(data, raw=raw)
        return handle

    module = types.ModuleType("IPython.display")
    module.display = display  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "IPython", types.ModuleType("IPython"))
    monkeypatch.setitem(sys.modules, "IPython.display", module)
    original = Console.__init__

    def init(self: Console, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        self.is_jupyter = True

    monkeypatch.setattr(Console, "__init__", init)
    return outputs


def test_a_notebook_shows_a_line_that_stays(con: Con, notebook: list[list[str]]) -> None:
    @cocosql.udf(version="1")
    def slow(x: int) -> int:
        if x == 7:
            raise ValueError
        time.sleep(0.02)
        return x

    cocosql.register(con, slow)
    con.execute("CREATE TABLE t AS SELECT i AS id FROM range(30) r(i)")
    con.execute("CREATE INCREMENTAL VIEW v WITH (on_error = 'keep') AS SELECT slow(id) AS y FROM t")
    (output,) = notebook
    assert output[-1].startswith("slow: 30 of 30 calls, ") and output[-1].endswith("/s, 1 failed")


def test_a_notebook_shows_nothing_of_short_calls(
    con: Con, notebook: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cocosql.executors.pacing.LONG_SECONDS", 60)  # however busy the machine is

    @cocosql.udf(version="1")
    def short(x: int) -> int:
        return x

    cocosql.register(con, short)
    con.execute("CREATE TABLE t AS SELECT i AS id FROM range(3) r(i)")
    con.execute("CREATE INCREMENTAL VIEW v AS SELECT short(id) AS y FROM t")
    assert notebook == []
