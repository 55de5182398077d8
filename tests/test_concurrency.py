"""Many at once: threads that query, write and refresh; and interrupts, which end a statement wherever it is."""

import random
import signal
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import duckdb
import pytest
from helpers import Con, assert_replayed, assert_view_equals_query, in_threads, one, rows, start
from speeds import slow

import cocosql

SEED = random.SystemRandom().randrange(10**6)


class Gauge:
    """Counts calls, and how many are inside at once."""

    def __init__(self) -> None:
        self.calls: Counter[Any] = Counter()
        self.inside = self.most = 0
        self._lock = threading.Lock()

    def enter(self, *arguments: Any) -> None:
        with self._lock:
            self.calls.update(arguments)
            self.inside += 1
            self.most = max(self.most, self.inside)

    def leave(self) -> None:
        with self._lock:
            self.inside -= 1


KINDS: dict[str, tuple[int, dict[str, Any]]] = {
    "rows": (1, {}),
    "batches": (1, {"batch_size": 7}),
    "threads": (3, {"max_concurrency": 3}),
    "async": (3, {"max_concurrency": 3}),
    "timeout": (2, {"max_concurrency": 2, "timeout": 30}),
}


@pytest.mark.every(6)
@pytest.mark.parametrize("kind", KINDS)
def test_all_at_once(con: Con, kind: str) -> None:
    """Two views, their sources, and plain queries, by threads of one instance, for two seconds."""
    bound, options = KINDS[kind]
    gauge = Gauge()

    def body(*xs: int) -> list[int]:
        gauge.enter(*xs)
        try:
            time.sleep(0.001)
            return [x * x for x in xs]
        finally:
            gauge.leave()

    if kind == "async":

        @cocosql.udf(version="1", **options)
        async def square(x: int) -> int:
            return body(x)[0]
    elif kind == "batches":

        @cocosql.udf(version="1", **options)
        def square(xs: list[int]) -> list[int]:
            return body(*xs)
    else:

        @cocosql.udf(version="1", **options)
        def square(x: int) -> int:
            return body(x)[0]

    cocosql.register(con, square)
    con.execute("CREATE TABLE t AS SELECT i AS id, i % 40 AS x FROM range(60) r(i)")
    con.execute("CREATE INCREMENTAL VIEW a AS SELECT id, x, square(x) AS y FROM t")
    con.execute("CREATE INCREMENTAL VIEW b AS SELECT x, sum(square(x)) AS y FROM t GROUP BY x")
    end = time.monotonic() + 2

    def until_end(step: Any) -> Any:
        def work() -> None:
            chance = random.Random(f"{SEED} {step.__name__} {threading.get_ident()}")
            with con.cursor() as cursor:
                while time.monotonic() < end:
                    try:
                        step(cursor, chance)
                    except duckdb.TransactionException as error:  # two writers met: DuckDB's rule, not ours
                        assert "onflict" in str(error)

        return work

    def write(cursor: Con, chance: random.Random) -> None:
        cursor.execute("INSERT INTO t VALUES ($1, $2)", [chance.randrange(10**9), chance.randrange(200)])
        cursor.execute("UPDATE t SET x = $2 WHERE id = $1", [chance.randrange(60), chance.randrange(200)])
        time.sleep(0.01)

    def refresh(cursor: Con, chance: random.Random) -> None:
        cursor.execute(f"REFRESH INCREMENTAL VIEW {chance.choice('ab')}")

    def read(cursor: Con, chance: random.Random) -> None:
        assert rows(cursor, "SELECT * FROM a WHERE y <> x * x") == []
        assert len(rows(cursor, "FROM a")) >= 60
        time.sleep(0.005)

    def query(cursor: Con, chance: random.Random) -> None:
        low = chance.randrange(200)
        assert rows(cursor, f"SELECT x, square(x) FROM range({low}, {low + 5}) r(x)") == [
            (x, x * x) for x in range(low, low + 5)
        ]
        assert rows(cursor, "SELECT x FROM t WHERE square(x) <> x * x") == []

    try:
        in_threads([until_end(step) for step in (write, refresh, refresh, read, query, query)])
        con.execute("REFRESH ALL INCREMENTAL VIEWS")
        assert_view_equals_query(con, "a", "SELECT id, x, x * x AS y FROM t")
        assert_view_equals_query(con, "b", "SELECT x, sum(x * x) AS y FROM t GROUP BY x")
        assert_replayed(con, "a", "a")
        assert gauge.most <= bound, "max_concurrency"
        # Plain queries call for a tuple once. A refresh collects what it needs before it calls; so a tuple that
        # another refresh, or a plain query, works on at that moment may be called again, once for each of these.
        assert max(gauge.calls.values()) <= 4
        assert sum(gauge.calls.values()) <= 1.5 * len(gauge.calls)
        con.execute("REFRESH ALL INCREMENTAL VIEWS FULL")
        before = gauge.calls.total()
        assert len(rows(con, "SELECT square(x) FROM t")) == one(con, "SELECT count(*) FROM t")
        assert gauge.calls.total() == before
    except BaseException as error:
        error.add_note(f"seed {SEED}")
        raise


@pytest.mark.parametrize("kind", ["rows", "threads"])
def test_plain_queries_call_once_per_argument(con: Con, kind: str) -> None:
    gauge = Gauge()

    @cocosql.udf(version="1", **KINDS[kind][1])
    def square(x: int) -> int:
        gauge.enter(x)
        time.sleep(0.002)
        gauge.leave()
        return x * x

    cocosql.register(con, square)

    def query() -> None:
        with con.cursor() as cursor:
            assert one(cursor, "SELECT sum(square(x)) FROM range(100) r(x)") == sum(x * x for x in range(100))

    in_threads([query] * 5)
    assert gauge.calls == {x: 1 for x in range(100)}
    assert gauge.most <= KINDS[kind][0]


# --- interrupts -------------------------------------------------------------------------------------------------------

#: Seconds after which a statement has been interrupted on a busy machine, too; the calls would take longer.
LATEST = 8

# Each prints a line as the function begins. `slow(0)` is quick.
SLOW = {
    "a slow row": """
@cocosql.udf(version="1")
def slow(x: int) -> int:
    say(x); time.sleep(0.3 * (x > 0)); return x
""",
    "a batch": """
@cocosql.udf(version="1", batch_size=4)
def slow(xs: list[int]) -> list[int]:
    say(xs); time.sleep(0.3 * (max(xs) > 0)); return xs
""",
    "a thread pool": """
@cocosql.udf(version="1", max_concurrency=4)
def slow(x: int) -> int:
    say(x); time.sleep(0.3 * (x > 0)); return x
""",
    "a stuck thread pool": """
@cocosql.udf(version="1", max_concurrency=4)
def slow(x: int) -> int:
    say(x); time.sleep(30 * (x > 4) + 0.05); return x
""",
    "async": """
@cocosql.udf(version="1", max_concurrency=4)
async def slow(x: int) -> int:
    say(x); await asyncio.sleep(30 * (x > 4) + 0.05); return x
""",
    "a process": """
@cocosql.udf(version="1", executor="process", max_concurrency=2)
def slow(x: int) -> int:
    import os, time
    os.write(1, f"{x}\\n".encode())
    time.sleep(30 * (x > 4) + 0.05); return x
""",
    "a backoff": """
@cocosql.udf(version="1", max_retries=3, backoff=30)
def slow(x: int) -> int:
    say(x)
    if x > 4:
        raise ConnectionError("busy")
    return x
""",
    "a backoff of an async function": """
@cocosql.udf(version="1", max_retries=3, backoff=30)
async def slow(x: int) -> int:
    say(x)
    if x > 4:
        raise ConnectionError("busy")
    return x
""",
    "a wait for the rate limit": """
@cocosql.udf(version="1", rate_limit="7/min")
def slow(x: int) -> int:
    say(x); return x
""",
    "a wait for the rate limit of an async function": """
@cocosql.udf(version="1", rate_limit="7/min")
async def slow(x: int) -> int:
    say(x); return x
""",
    "a function with a timeout": """
@cocosql.udf(version="1", timeout=20)
def slow(x: int) -> int:
    say(x); time.sleep(30 * (x > 4) + 0.05); return x
""",
    "the halves of a batch": """
@cocosql.udf(version="1", batch_size=32)
def slow(xs: list[int]) -> list[int]:
    say(xs); time.sleep(0.3 * (max(xs) > 0))
    if max(xs) > 4:
        raise ValueError("bad")
    return xs
""",
}

INTERRUPTED = """
import asyncio, os, sys, threading, time
import cocosql

def say(x):
    os.write(1, f"{{x}}\\n".encode())  # in one piece

def tell(x):
    os.write(1, f"> {{x}}\\n".encode())

{function}

con = cocosql.connect(sys.argv[1], functions=(slow,))
con.execute("CREATE TABLE t AS SELECT 0 AS x")
con.execute("CREATE INCREMENTAL VIEW v AS SELECT x, slow(x) AS y FROM t")
con.execute("INSERT INTO t SELECT i FROM range(1, 40) r(i)")
if {by_call}:
    def wait():
        sys.stdin.readline()
        con.interrupt()
    threading.Thread(target=wait, daemon=True).start()
try:
    con.execute({statement!r}).fetchall()
    outcome = "finished"
except BaseException as error:
    outcome = "interrupted" if "nterrupt" in type(error).__name__ + str(error) else repr(error)
tell(time.monotonic())
tell(outcome)
tell(con.execute("FROM v").fetchall())
tell([status for (status,) in con.execute("SELECT status FROM coco_runs('v') ORDER BY run_id").fetchall()])
tell(con.execute("SELECT status FROM coco_views()").fetchall())
con.close()
"""


def interrupt(path: Path, function: str, statement: str, by_call: bool, after: int = 6) -> list[str]:
    """Interrupt a statement some moments after so many calls began. Returns what was said from then on."""
    script = INTERRUPTED.format(function=function, statement=statement, by_call=by_call)
    child = start(script, str(path), stdin=-1)
    try:
        assert child.stdout and child.stdin
        said = 0
        while said < after:
            line = child.stdout.readline()
            assert line, child.communicate()[1]
            said += line.count(",") + 1
        time.sleep(0.3)
        began = time.monotonic()
        if by_call:
            child.stdin.write("now\n")
            child.stdin.flush()
        else:
            child.send_signal(signal.SIGINT)
        out, err = child.communicate(timeout=60)
    finally:
        child.kill()
        child.communicate()
    # Where a call cannot be stopped, its thread outlives Python, and DuckDB's module reports what that holds.
    assert child.returncode == 0 and "cocosql" not in err and "Traceback" not in err, err
    ended, outcome, *told = [line.removeprefix("> ") for line in out.splitlines() if line.startswith("> ")]
    assert outcome == "interrupted", out
    assert float(ended) - began < LATEST, "an interrupt ends a statement within about a second"
    return told


@pytest.mark.every(15)
@pytest.mark.parametrize(("kind", "by_call"), [(kind, by_call) for kind in SLOW for by_call in (False, True)])
def test_interrupts_end_a_refresh(path: Path, kind: str, by_call: bool) -> None:
    """The view stays at its last version; memoized results stay."""
    said = interrupt(path, SLOW[kind], "REFRESH INCREMENTAL VIEW v", by_call)
    assert said == ["[(0, 0)]", "['succeeded', 'failed']", "[('failed',)]"]
    con = cocosql.connect(path)
    assert rows(con, "FROM v") == [(0, 0)]
    memo = one(con, "SELECT memo_table FROM coco.functions")
    kept = {x for (x,) in rows(con, f"SELECT result FROM coco.{memo}")}
    if kind == "the halves of a batch":
        assert kept >= {0}
    elif kind == "a batch":
        assert len(kept) >= 5
    else:
        assert len(kept) >= 2
    con.close()


@pytest.mark.parametrize("by_call", [slow(False, id="Ctrl-C"), pytest.param(True, id="con.interrupt")])
@pytest.mark.parametrize("kind", ["a slow row", "a stuck thread pool", slow("async"), "a process"])
def test_interrupts_end_a_plain_query(path: Path, kind: str, by_call: bool) -> None:
    interrupt(path, SLOW[kind], "SELECT slow(x) FROM t WHERE x > 0", by_call, after=3)
    con = cocosql.connect(path)
    assert rows(con, "FROM v") == [(0, 0)]
    con.close()


def test_interrupts_end_the_wait_for_calls_of_another_query(con: Con) -> None:
    begun, end = threading.Event(), threading.Event()

    @cocosql.udf(version="1")
    def slow(x: int) -> int:
        begun.set()
        assert end.wait(120)
        return x

    cocosql.register(con, slow)
    first = threading.Thread(target=lambda: con.cursor().execute("SELECT slow(1)").fetchall(), daemon=True)
    first.start()
    assert begun.wait(60)
    waiting = con.cursor()
    threading.Timer(0.3, waiting.interrupt).start()
    try:
        with pytest.raises(duckdb.Error, match="(?i)interrupt"):
            waiting.execute("SELECT slow(1)").fetchall()
    finally:
        end.set()
        first.join(60)
    assert one(con, "SELECT slow(1)") == 1


def test_interrupts_end_the_wait_for_another_refresh(con: Con) -> None:
    begun, end = threading.Event(), threading.Event()

    @cocosql.udf(version="1")
    def slow(x: int) -> int:
        begun.set()
        assert end.wait(120)
        return x

    cocosql.register(con, slow)
    con.execute("CREATE TABLE t AS SELECT 1 AS x; CREATE INCREMENTAL VIEW v AS SELECT slow(x) AS y FROM t WITH NO DATA")
    first = threading.Thread(target=lambda: con.cursor().execute("REFRESH INCREMENTAL VIEW v"), daemon=True)
    first.start()
    assert begun.wait(60)
    waiting = con.cursor()
    threading.Timer(0.3, waiting.interrupt).start()
    try:
        with pytest.raises(duckdb.Error, match="(?i)interrupt"):
            waiting.execute("REFRESH INCREMENTAL VIEW v")
    finally:
        end.set()
        first.join(60)
    assert rows(con, "FROM v") == [(1,)]
