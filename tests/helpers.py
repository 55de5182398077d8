"""What several test files share: an oracle, a count of calls, and scripts run by another Python."""

import os
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import duckdb

import cocosql

EXAMPLES = int(os.environ.get("COCOSQL_EXAMPLES", "0"))

Con = duckdb.DuckDBPyConnection


def examples(default: int) -> int:
    """How many examples Hypothesis tries: COCOSQL_EXAMPLES overrules the default."""
    return EXAMPLES or default


def rows(con: Con, sql: str) -> list[tuple[Any, ...]]:
    return con.execute(sql).fetchall()


def one(con: Con, sql: str) -> Any:
    ((value,),) = rows(con, sql)
    return value


def difference(con: Con, left: str, right: str) -> list[tuple[Any, ...]]:
    """The rows that only one of two queries gives, as bags; values are the same if nothing tells them apart."""
    columns = [name for name, *_ in con.execute(f"DESCRIBE ({right})").fetchall()]
    assert columns == [name for name, *_ in con.execute(f"DESCRIBE ({left})").fetchall()]
    sides = []
    for sql in (left, right):
        names = ", ".join(f"c{i}" for i in range(len(columns)))
        exact = f"SELECT coco_fingerprint({names}) AS coco_exact, {names} FROM ({sql}) AS t({names})"
        sides.append(exact)
    a, b = sides
    return rows(
        con,
        f"SELECT 'only in the view', * FROM (({a}) EXCEPT ALL ({b})) "
        f"UNION ALL SELECT 'only in the query', * FROM (({b}) EXCEPT ALL ({a}))",
    )


def assert_same(con: Con, left: str, right: str) -> None:
    found = difference(con, left, right)
    assert not found, f"{left}\nis not\n{right}\n{found[:10]}"


def assert_view_equals_query(con: Con, view: str, query: str) -> None:
    """The view holds, as a bag, the rows of the query run afresh by DuckDB on this connection."""
    assert_same(con, f"SELECT * FROM {view}", query)


def assert_replayed(con: Con, view: str, name: str) -> None:
    """The changes, replayed from nothing, give the view's rows; no change is without a difference.

    `view` is the view as SQL, `name` as the text that system tables take.
    """
    sql_name = name.replace("'", "''")
    versions = rows(
        con,
        f"SELECT version, op, row_id, coco_fingerprint(row) FROM coco_changes('{sql_name}') "
        "ORDER BY version, op IN ('insert', 'update_after')",
    )
    state: dict[int, int] = {}
    by_version: dict[int, list[tuple[str, int, int]]] = {}
    for version, op, row_id, content in versions:
        by_version.setdefault(version, []).append((op, row_id, content))
    for version, changes in sorted(by_version.items()):
        removed = {row_id: content for op, row_id, content in changes if op in ("delete", "update_before")}
        added = {row_id: content for op, row_id, content in changes if op in ("insert", "update_after")}
        assert len(removed) + len(added) == len(changes), f"version {version} changes a row twice"
        for op, row_id, content in changes:
            paired = row_id in removed and row_id in added
            assert paired == op.startswith("update"), f"version {version}: {op} of {row_id}"
        for row_id, content in removed.items():
            assert state.pop(row_id) == content, f"version {version} removes what was not there"
        for row_id, content in added.items():
            assert row_id not in state
            assert content != removed.get(row_id), f"version {version}: a change without difference"
            state[row_id] = content
        gone, new = Counter(removed.values()), Counter(added.values())
        assert not gone & new, f"version {version}: the same row leaves and comes"
    columns = [column for column, *_ in con.execute(f"DESCRIBE {view}").fetchall()]
    fields = ", ".join('"{0}" := "{0}"'.format(column.replace('"', '""')) for column in columns)
    present = rows(con, f"SELECT coco_fingerprint(struct_pack({fields})) FROM {view}")
    assert Counter(state.values()) == Counter(content for (content,) in present)
    assert max(by_version, default=0) <= one(
        con, f"SELECT max(version) FROM coco_runs('{sql_name}') WHERE status = 'succeeded'"
    )


def in_threads(works: list[Any], seconds: float = 60) -> None:
    """Run all at once; they must end well, and in time."""
    errors: list[BaseException] = []

    def guarded(work: Any) -> None:
        try:
            work()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=guarded, args=(work,), daemon=True) for work in works]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + seconds
    for thread in threads:
        thread.join(max(0, deadline - time.monotonic()))
    assert not any(thread.is_alive() for thread in threads), "deadlock"
    assert not errors, errors


class Calls(Counter[Any]):
    """How often a function was called, by argument."""

    def note(self, argument: Any) -> None:
        self[repr(argument)] += 1

    def taken(self) -> "Calls":
        """The calls since the last look."""
        taken = Calls(self)
        self.clear()
        return taken

    @property
    def total_calls(self) -> int:
        return sum(self.values())


def start(
    script: str, *arguments: str, cwd: Path | None = None, stderr_to: int = subprocess.PIPE, **options: Any
) -> subprocess.Popen[str]:
    """A Python of its own that runs a script with CocoSQL on its path."""
    source = textwrap.dedent(script)
    # The CocoSQL that the tests have imported, which is not always the one of the checkout.
    package = Path(cocosql.__file__).parent.parent
    environment = {**os.environ, "PYTHONPATH": str(package), "PYTHONUNBUFFERED": "1"}
    return subprocess.Popen(
        [sys.executable, "-c", source, *map(str, arguments)],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=stderr_to,
        text=True,
        cwd=cwd or tempfile.gettempdir(),
        **options,
    )


def run_script(script: str, *arguments: Any, timeout: float = 30) -> str:
    """The output of a script, which must end well and say nothing on stderr."""
    process = start(script, *arguments)
    try:
        out, err = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        process.kill()
        out, err = process.communicate()
        raise AssertionError(f"hangs after: {out}\n{err}") from None
    assert (process.returncode, err) == (0, ""), f"exit {process.returncode}\n{out}\n{err}"
    return out
