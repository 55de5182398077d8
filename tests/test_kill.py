"""Killed at any moment, a database is whole, and work that was done is not done again.

A child process runs a statement and is killed; functions write a line to a file at the start and at the end of each
call, so it is known which calls were under way. COCOSQL_KILL_SEED repeats the choices of a run (not its timing).
"""

import os
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from helpers import Con, assert_replayed, one, rows, start

import cocosql

SEED = int(os.environ.get("COCOSQL_KILL_SEED", random.SystemRandom().randrange(10**6)))

#: What may be lost: calls that had not ended so many seconds before the kill; and rows that were called together with
#: one that goes on, some 0.1 seconds of work (with time for a machine that stalls).
IN_FLIGHT_SECONDS = 1.0
GO_SECONDS = 0.4
#: Of functions slower than 100 ms a call, each batch is committed: the rest is time for the commit.
SLOW_CALL = 0.1
SLOW_IN_FLIGHT_SECONDS = 0.6

# Run here and in the child: the functions, for a code, with calls that take `pace` times as long as they should.
FUNCTIONS = """
import asyncio, os, time
import cocosql

def note(event, x):
    file = os.open(log, os.O_WRONLY | os.O_APPEND)
    os.write(file, f"{event} {code} {x} {time.monotonic()}\\n".encode())
    os.close(file)

def result(x):
    return f"{code}{x}"

def row(seconds, bad=(), **options):
    @cocosql.udf(version=code, name="f", **options)
    def f(x: int) -> str:
        note("begin", x)
        time.sleep(pace * seconds(x))
        if x % 10 in bad:
            note("fail", x)
            raise ValueError(f"{x} is bad")
        note("end", x)
        return result(x)
    return f

def batch(size, seconds, bad=(), **options):
    @cocosql.udf(version=code, name="f", batch_size=size, **options)
    def f(xs: list[int]) -> list[str]:
        for x in xs:
            note("begin", x)
        time.sleep(pace * seconds)
        if any(x % 10 in bad for x in xs):
            for x in xs:
                note("fail", x)
            raise ValueError("one of them is bad")
        for x in xs:
            note("end", x)
        return [result(x) for x in xs]
    return f

def async_row(seconds, **options):
    @cocosql.udf(version=code, name="f", **options)
    async def f(x: int) -> str:
        note("begin", x)
        await asyncio.sleep(pace * seconds)
        note("end", x)
        return result(x)
    return f
"""

CHILD = """
import sys
log, code, pace, path, maker, statement = sys.argv[1:]
pace = float(pace)
exec(FUNCTIONS)
con = cocosql.connect(path, functions=(eval(maker),), threads=2)
print("ready", flush=True)
con.execute(statement)
print("done", flush=True)
sys.stdin.read()
"""


@dataclass(frozen=True)
class Scenario:
    """A function, as Python that makes it, and how many calls of it take some two seconds."""

    maker: str
    calls: int
    #: Inputs that end with these digits fail.
    bad: tuple[int, ...] = ()
    #: The view's query, where `f(x)` is called.
    query: str = "SELECT id, x, f(x) AS y FROM t"

    @property
    def options(self) -> str:
        return "WITH (on_error = 'keep')" if self.bad else ""


SCENARIOS = {
    "fast rows": Scenario("row(lambda x: 0.0003)", 4_000),
    "slow rows": Scenario("row(lambda x: 0.12)", 18),
    "fast rows, then slow ones": Scenario("row(lambda x: 0.15 if x % 600 > 585 else 0)", 600),
    "a very slow row after fast ones": Scenario("row(lambda x: 2.5 if x % 300 == 299 else 0)", 300),
    "rows that fail": Scenario("row(lambda x: 0.12, (3, 7))", 18, (3, 7)),
    "fast batches": Scenario("batch(64, 0.03)", 3_000),
    "slow batches": Scenario("batch(8, 0.2)", 80),
    "batches that fail": Scenario("batch(16, 0.12, (3,))", 30, (3,)),
    "threads": Scenario("row(lambda x: 0.15, max_concurrency=4)", 55),
    "threads with batches that fail": Scenario("batch(16, 0.15, (3,), max_concurrency=2)", 64, (3,)),
    "async": Scenario("async_row(0.15, max_concurrency=4)", 55),
    "processes": Scenario("row(lambda x: 0.15, executor='process', max_concurrency=2)", 28),
    "recomputed": Scenario("row(lambda x: 0.12)", 18, query="SELECT t.id, x, f(x) AS y FROM t JOIN one ON k = 1"),
}


@dataclass
class Database:
    """A database that a child changes and is killed over, and what is known of it."""

    path: Path
    scenario: Scenario
    random: random.Random
    log: Path = field(init=False)
    code: str = "A"
    #: The table's rows, by id; and as they were at the last refresh.
    data: dict[int, int] = field(default_factory=dict)
    #: The rows that the view is known to have, if there is one.
    before: list[tuple[Any, ...]] | None = None
    next_x: int = 0
    #: Calls whose results are kept.
    kept: set[tuple[str, int]] = field(default_factory=set)
    read: int = 0
    kills: int = 0

    def __post_init__(self) -> None:
        self.log = self.path.with_suffix(".log")
        self.log.touch()
        con = self.connect()
        con.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, x BIGINT); CREATE TABLE one AS SELECT 1 AS k")
        con.close()

    def connect(self) -> Con:
        names = {"log": str(self.log), "code": self.code, "pace": 0.0, "__name__": "functions of the tests"}
        exec(FUNCTIONS, names)
        return cocosql.connect(self.path, functions=(eval(self.scenario.maker, names),), threads=2)

    def change(self) -> None:
        """Rows come, go and change, with as many new inputs as the scenario wants."""
        new = range(self.next_x, self.next_x + self.scenario.calls)
        self.next_x += self.scenario.calls
        for id_ in self.random.sample(sorted(self.data), len(self.data) // 4):
            del self.data[id_]
        changed = self.random.sample(sorted(self.data), min(len(self.data), len(new)) // 4)
        fresh = range(self.next_x * 10, self.next_x * 10 + len(new) - len(changed))
        self.data.update(zip([*changed, *fresh], new, strict=True))
        con = self.connect()
        con.execute("DELETE FROM t")
        con.execute("INSERT INTO t SELECT unnest($1), unnest($2)", [list(self.data.keys()), list(self.data.values())])
        con.close()

    def wanted(self) -> list[tuple[Any, ...]]:
        """The rows that the view is to have. Where calls fail, rows stay as they were."""
        earlier = {row[0]: row for row in self.before or []}
        found = []
        for id_, x in self.data.items():
            if x % 10 not in self.scenario.bad:
                found.append((id_, x, f"{self.code}{x}"))
            elif id_ in earlier:
                found.append(earlier[id_])
        return sorted(found)

    @property
    def create(self) -> str:
        return f"CREATE INCREMENTAL VIEW v {self.scenario.options} AS {self.scenario.query}"

    def kill_during(self, statement: str, longest: float = 2.2) -> None:
        """A child runs the statement and is killed."""
        maker, pace = self.scenario.maker, 1.0
        child = start(
            f"FUNCTIONS = {FUNCTIONS!r}\n{CHILD}",
            *map(str, (self.log, self.code, pace, self.path, maker, statement)),
            stdin=-1,
        )
        try:
            assert child.stdout and child.stdout.readline() == "ready\n", child.communicate()[1]
            time.sleep(self.random.uniform(0, longest))
        finally:
            killed_at = time.monotonic()
            child.kill()
            err = child.communicate()[1]
        assert err == "", err
        self.kills += 1
        self.see_calls(killed_at)

    def see_calls(self, killed_at: float | None = None) -> None:
        """None of the calls since the last look is one whose result was kept; they count as kept from now on."""
        lines = self.log.read_text()[self.read :].splitlines(keepends=True)
        self.read += sum(map(len, lines))
        begun: dict[tuple[str, int], float] = {}
        ended: dict[tuple[str, int], float] = {}
        for line in lines:
            event, code, x, moment = line.split()
            call = code, int(x)
            if event == "begin":
                assert call not in self.kept, f"{call} is called again, although its result was kept"
                begun[call] = float(moment)
                ended.pop(call, None)
            elif event == "end":
                ended[call] = float(moment)
            else:
                begun.pop(call)
        running = [moment for call, moment in begun.items() if call not in ended]
        for call, moment in ended.items():
            slow = moment - begun[call] > SLOW_CALL
            margin = SLOW_IN_FLIGHT_SECONDS if slow else IN_FLIGHT_SECONDS
            together = not slow and any(begin - GO_SECONDS < moment <= begin for begin in running)
            if killed_at is None or (moment < killed_at - margin and not together):
                self.kept.add(call)

    def check_whole(self, con: Con, new: list[tuple[Any, ...]]) -> None:
        """After a kill: the view is as it was or as it was to be, and the records agree with it."""
        statuses = [status for (status,) in rows(con, "SELECT status FROM coco_runs() ORDER BY run_id")]
        assert set(statuses) <= {"succeeded", "killed", "failed"}
        views = rows(con, "SELECT name, version, status FROM coco_views()")
        if not views:
            assert self.before is None
            assert rows(con, "SELECT view_name FROM duckdb_views() WHERE NOT internal AND view_name = 'v'") == []
            return
        present = rows(con, "FROM v ORDER BY ALL")
        assert present in (self.before, new), "half"
        assert views[0][2] in ("fresh", "stale", "partial", "failed")
        if present != new:
            assert views[0][2] == "stale"

    def complete(self) -> None:
        """The next refresh does the rest, and all that was done stays done."""
        new = self.wanted()
        con = self.connect()
        self.check_whole(con, new)
        exists = rows(con, "FROM coco_views()") != []
        con.execute("REFRESH INCREMENTAL VIEW v" if exists else self.create)
        self.see_calls()
        assert rows(con, "FROM v ORDER BY ALL") == new
        status = "partial" if any(x % 10 in self.scenario.bad for x in self.data.values()) else "fresh"
        assert rows(con, "SELECT name, status FROM coco_views()") == [("v", status)]
        assert one(con, "SELECT arg_max(status, run_id) FROM coco_runs('v')") == "succeeded"
        self.check_no_remains(con)
        con.close()
        self.before = new

    def check_no_remains(self, con: Con) -> None:
        """Schema coco has no table that nothing knows of, and no result twice."""
        tables = {name for (name,) in rows(con, "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'coco'")}
        memos = {name for (name,) in rows(con, "SELECT memo_table FROM coco.functions")}
        assert {name for name in tables if name.startswith("memo_")} == memos
        assert len([name for name in tables if name.startswith("rows_")]) == 1
        assert len([name for name in tables if name.startswith("history_")]) <= 1
        for memo in memos:
            assert one(con, f"SELECT count(*) = count(DISTINCT fingerprint) FROM coco.{memo}")
        assert one(con, "SELECT count(*) FROM coco.runs WHERE status = 'running'") == 0

    def check_changes(self) -> None:
        con = self.connect()
        assert_replayed(con, "v", "v")
        con.close()


@contextmanager
def explained(database: Database) -> Iterator[None]:
    try:
        yield
    except BaseException as error:
        error.add_note(f"COCOSQL_KILL_SEED={SEED}, at kill {database.kills} of {database.path}")
        raise


@pytest.mark.every(28)
@pytest.mark.parametrize("name", SCENARIOS)
def test_kills(name: str, path: Path) -> None:
    """During CREATE, refreshes after changes of data, and one after a change of code: 5 kills each of 13 functions."""
    database = Database(path, SCENARIOS[name], random.Random(f"{SEED} {name}"))
    with explained(database):
        database.change()
        database.kill_during(database.create)
        database.complete()
        database.change()
        database.kill_during("REFRESH INCREMENTAL VIEW v")
        database.complete()
        database.change()
        database.kill_during("REFRESH INCREMENTAL VIEW v")
        database.kill_during("REFRESH INCREMENTAL VIEW v")
        database.complete()
        database.code = "B"
        database.kill_during("REFRESH INCREMENTAL VIEW v")
        database.complete()
        database.check_changes()


@pytest.mark.slow
def test_kills_during_vacuum(path: Path) -> None:
    """What views use stays, whenever the vacuum is killed."""
    database = Database(path, Scenario("row(lambda x: 0)", 20_000), random.Random(f"{SEED} vacuum"))
    with explained(database):
        for code in "ABC":
            database.code = code
            database.change()
            con = database.connect()
            con.execute("REFRESH INCREMENTAL VIEW v" if database.before else database.create)
            con.close()
            database.see_calls()
            database.before = database.wanted()
            database.kill_during("VACUUM INCREMENTAL VIEWS WITH (retain = '0 seconds')", 0.15)
            # The results for rows that are gone may be dropped.
            database.kept = {(code, x) for x in database.data.values()}
            database.complete()
