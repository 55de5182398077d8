"""What several test files share: an oracle, a count of calls, and scripts run by another Python."""

import math
import os
import re
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any, NoReturn

import duckdb
import pytest

import cocosql
import cocosql.statements
from cocosql._native import Session

#: The ways to capture changes of a table: every test of writers runs with each.
CAPTURES = ["diff", "log"]
#: DuckDB's smallest row group, so that small tables have several.
SMALL_ROW_GROUPS = "(ROW_GROUP_SIZE 2048)"

Con = duckdb.DuckDBPyConnection


def lacks(component: str, how: str) -> NoReturn:
    """Skip a test for what is not there, and say how to get it; it fails with COCOSQL_REQUIRE_COMPONENTS=1."""
    is_required = os.environ.get("COCOSQL_REQUIRE_COMPONENTS") == "1"
    (pytest.fail if is_required else pytest.skip)(f"needs {component}: {how}")


def rows(con: Con, sql: str) -> list[tuple[Any, ...]]:
    return con.execute(sql).fetchall()


def one(con: Con, sql: str) -> Any:
    ((value,),) = rows(con, sql)
    return value


def take_session(con: Con) -> Session:
    """The session of a statement."""
    taken: list[Session] = []

    def take(session: Session, *_: Any) -> list[tuple[Any, ...]]:
        taken.append(session)
        return []

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cocosql.statements, "run", take)
        con.execute("SHOW INCREMENTAL VIEWS")
    return taken.pop()


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


def is_close(a: Any, b: Any) -> bool:
    if isinstance(a, float) and isinstance(b, float):
        return (math.isnan(a) and math.isnan(b)) or math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-12)
    if isinstance(a, (list, tuple)) and isinstance(b, (list, tuple)):
        return len(a) == len(b) and all(map(is_close, a, b))
    return type(a) is type(b) and bool(a == b)


def assert_close(con: Con, left: str, right: str) -> None:
    """The same bags of rows, but for the last digits of doubles."""
    found = difference(con, left, right)
    missing = [row[2:] for row in found if row[0] == "only in the query"]
    for side, _, *row in found:
        if side == "only in the view":
            match = next((other for other in missing if is_close(row, list(other))), None)
            assert match is not None, f"{left}\nis not\n{right}\n{found[:10]}"
            missing.remove(match)
    assert not missing, f"{left}\nis not\n{right}\n{found[:10]}"


def assert_view_equals_query(con: Con, view: str, query: str) -> None:
    """The view holds, as a bag, the rows of the query run afresh by DuckDB on this connection."""
    assert_same(con, f"SELECT * FROM {view}", query)


def assert_replayed(con: Con, view: str, name: str) -> None:
    """The changes, replayed from nothing, give the view's rows; no change is without a difference.

    But for versions up to the last that another definition brought: all rows go and come with other columns, and what
    told earlier rows apart may be no column any more.
    `view` is the view as SQL, `name` as the text that system tables take.
    """
    sql_name = name.replace("'", "''")
    columns = [column for column, *_ in con.execute(f"DESCRIBE {view}").fetchall()]
    fields = ", ".join('"{0}" := "{0}"'.format(column.replace('"', '""')) for column in columns)
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE coco_replay AS
        SELECT version, op, row_id, coco_fingerprint(row) AS content, op IN ('insert', 'update_after') AS added,
            lag(added) OVER of_row AS added_before, lag(content) OVER of_row AS content_before,
            lead(added) OVER of_row IS NULL AS last, count(*) OVER (PARTITION BY version, row_id) AS changes_of_row
        FROM coco_changes('{sql_name}') WINDOW of_row AS (PARTITION BY row_id ORDER BY version ASC, added ASC)
        """
    )
    of_last_definition = f"version > {max(redefined(con, sql_name), default=0)}"
    wrong = {
        "a row comes that is there, or leaves that is not": "added IS NOT DISTINCT FROM coalesce(added_before, false)",
        "what leaves is not what was there": "NOT added AND content <> content_before",
        "a change without difference": f"op = 'update_after' AND content = content_before AND {of_last_definition}",
        "a row changes twice in a version": "changes_of_row > 2 OR (changes_of_row = 2) <> (op LIKE 'update%')",
    }
    for reason, condition in wrong.items():
        found = rows(con, f"FROM coco_replay WHERE {condition} LIMIT 5")
        assert not found, f"{name}: {reason}: {found}"
    leaves_and_comes = rows(
        con,
        f"SELECT version, content FROM coco_replay WHERE {of_last_definition} GROUP BY ALL "
        "HAVING bool_or(added) AND NOT bool_and(added) LIMIT 5",
    )
    assert not leaves_and_comes, f"{name}: the same row leaves and comes: {leaves_and_comes}"
    assert_same(
        con,
        f"SELECT coco_fingerprint(struct_pack({fields})) AS content FROM {view}",
        "SELECT content FROM coco_replay WHERE added AND last",
    )
    assert one(con, "SELECT coalesce(max(version), 0) FROM coco_replay") <= one(
        con, f"SELECT max(version) FROM coco_runs('{sql_name}') WHERE status = 'succeeded'"
    )


def redefined(con: Con, name: str) -> list[int]:
    """The versions of a view that another definition brought."""
    found = []
    for (database,) in rows(con, f"SELECT DISTINCT database FROM coco_runs('{name}')"):
        runs = f"SELECT (run_id, view) FROM coco_runs('{name}') WHERE status = 'succeeded'"
        found += rows(
            con,
            "SELECT DISTINCT version FROM (SELECT version, definition, lag(definition) OVER (ORDER BY run_id ASC) AS before "
            f'FROM "{database}".coco.runs WHERE (run_id, view_name) IN ({runs})) WHERE definition <> before',
        )
    return [version for (version,) in found]


def create_view(con: Con, name: str, capture: str, query: str) -> None:
    """A view with this capture; without, where no table that it reads can be logged."""
    try:
        con.execute(f"CREATE INCREMENTAL VIEW {name} WITH (capture = '{capture}') AS {query}")
    except duckdb.NotImplementedException as error:
        if "capture = 'log'" not in str(error):
            raise
        con.execute(f"CREATE INCREMENTAL VIEW {name} AS {query}")


class Views:
    """Incremental views of one connection, each with the query that it must equal."""

    def __init__(self, con: Con, capture: str) -> None:
        self.con = con
        self.capture = capture
        self.queries: dict[str, str] = {}

    def create(self, name: str, query: str, same_query: str | None = None) -> None:
        """`same_query` means the same without incremental views and Python functions."""
        create_view(self.con, name, self.capture, query)
        self.queries[name] = same_query or query
        self.check(name)

    def refresh(self, *names: str) -> dict[str, tuple[Any, ...]]:
        """Refresh some views (by default all) and check their rows. Returns what each says: version and counts."""
        names = names or tuple(self.queries)
        said = rows(self.con, f"REFRESH INCREMENTAL VIEW {', '.join(names)}")
        for name in names:
            self.check(name)
        return {name: row[1:-1] for name, row in zip(names, said, strict=True)}

    def check(self, name: str) -> None:
        assert_view_equals_query(self.con, name, self.queries[name])

    def replay(self) -> None:
        """Check the changes of all refreshes."""
        for name in self.queries:
            assert_replayed(self.con, name, name)


def in_threads(works: list[Any], seconds: float = 120) -> None:
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
    script: str,
    *arguments: str,
    cwd: Path | None = None,
    stderr_to: int = subprocess.PIPE,
    packages: tuple[Path, ...] = (),
    **options: Any,
) -> subprocess.Popen[str]:
    """A Python of its own that runs a script with CocoSQL on its path, behind folders with other packages."""
    # DuckDB shows a progress bar on stderr where Python seems to be interactive: where the main module is no file.
    # A process that was started in the background has Ctrl-C ignored by those that it starts: these do not.
    source = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        f"__file__ = ''; import duckdb; del __file__\n{textwrap.dedent(script)}"
    )
    # The CocoSQL that the tests have imported, which is not always the one of the checkout.
    package = Path(cocosql.__file__).parent.parent
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, [*packages, package])), "PYTHONUNBUFFERED": "1"}
    return subprocess.Popen(
        [sys.executable, "-c", source, *map(str, arguments)],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=stderr_to,
        text=True,
        cwd=cwd or tempfile.gettempdir(),
        **options,
    )


def run_script(script: str, *arguments: Any, timeout: float = 120, packages: tuple[Path, ...] = ()) -> str:
    """The output of a script, which must end well and say nothing on stderr."""
    process = start(script, *arguments, packages=packages)
    try:
        out, err = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        process.kill()
        out, err = process.communicate()
        raise AssertionError(f"hangs after: {out}\n{err}") from None
    # DuckDB's own module may report, when Python ends, what of it is still there.
    said = re.sub(
        r"nanobind: leaked .*?refleaks.html\n*",
        lambda found: "" if "_duckdb." in found[0] else found[0],
        err,
        flags=re.S,
    )
    assert (process.returncode, said) == (0, ""), f"exit {process.returncode}\n{out}\n{err}"
    return out
