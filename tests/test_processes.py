"""Functions in processes of their own: what can go there, what comes back, and which processes live how long."""

import os
import signal
import textwrap
import time
from pathlib import Path
from typing import Any

import pytest
from helpers import Con, one, rows, run_script, start

import cocosql

OPEN = """
import cocosql, os, sys, time

def open_with(*functions):
    con = cocosql.connect(functions=functions)
    con.execute("CREATE TABLE t AS SELECT i AS id FROM range(20) r(i)")
    return con
"""

PID = """
@cocosql.udf(executor="process", max_concurrency=2, memo=False, version="1")
def pid(x: int) -> int:
    import os, time
    time.sleep(0.02)
    return os.getpid()

def pids(con):
    return {p for (p,) in con.execute("SELECT pid(id) FROM t").fetchall()}
"""


def keep(con: Con, function: Any, ids: str = "range(6)") -> None:
    cocosql.register(con, function)
    con.execute(f"CREATE TABLE t AS SELECT i AS id FROM {ids} r(i)")
    con.execute(f"CREATE INCREMENTAL VIEW v WITH (on_error = 'keep') AS SELECT id, {function.name}(id) AS y FROM t")


def errors(con: Con) -> list[tuple[str, str]]:
    return rows(con, "SELECT input, error FROM coco_errors('v') ORDER BY ALL")


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        threads = len(list(Path(f"/proc/{pid}/task").iterdir()))
    except OSError:
        return False
    return state != "Z" or threads > 1


def assert_end(pids: list[int]) -> None:
    deadline = time.monotonic() + 30
    while alive := [pid for pid in pids if is_alive(pid)]:
        assert time.monotonic() < deadline, f"orphans: {alive}"
        time.sleep(0.02)


# --- what goes there and comes back -----------------------------------------------------------------------------------


def test_functions_from_anywhere_in_a_script_without_a_guard(tmp_path: Path) -> None:
    """The script is not imported by the workers; so it needs no `if __name__ == "__main__"`."""
    (tmp_path / "helpful.py").write_text(
        "import cocosql\n\nFACTOR = 3\n\n@cocosql.udf(executor='process')\ndef of_module(x: int) -> int:\n"
        "    return x * FACTOR\n"
    )
    script = tmp_path / "script.py"
    script.write_text(
        textwrap.dedent("""
        import cocosql, sys
        from dataclasses import dataclass
        from helpful import of_module
        print("once", flush=True)

        @dataclass
        class Point:
            x: int
            label: str

        OFFSET = 7

        @cocosql.udf(executor="process", version="1")
        def of_main(x: int) -> Point:
            return Point(x + OFFSET, "p")

        @cocosql.udf(executor="process", version="1")
        def takes(p: Point) -> str:
            assert type(p) is Point
            return f"{p.label}{p.x}"

        def make(n):
            @cocosql.udf(executor="process", version="1")
            def nested(x: int) -> int:
                return helper(x) + n
            def helper(x):
                return x * 100
            return nested

        shout = lambda x: x * 2
        shout.__annotations__ = {"x": int, "return": int}
        twice = cocosql.udf(executor="process", name="twice", version="1")(shout)
        con = cocosql.connect(functions=(of_module, of_main, takes, make(5), twice))
        print(con.execute("SELECT of_module(1), of_main(1), takes(of_main(2)), nested(3), twice(4)").fetchall())
        """)
    )
    loader = f"import runpy, sys; sys.path.insert(0, {str(tmp_path)!r}); runpy.run_path({str(script)!r}, run_name='__main__')"
    assert run_script(loader) == "once\n[(3, {'x': 8, 'label': 'p'}, 'p9', 305, 8)]\n"


def test_a_script_run_as_a_file(tmp_path: Path) -> None:
    script = tmp_path / "plain.py"
    script.write_text(
        OPEN
        + textwrap.dedent("""
        from dataclasses import dataclass
        @dataclass
        class Pair:
            a: int
            b: list[str]
        @cocosql.udf(executor="process", version="1")
        def pair(x: int) -> Pair:
            return Pair(x, [str(x)])
        print(open_with(pair).execute("SELECT pair(id) FROM t WHERE id = 3").fetchall())
        """)
    )
    out = run_script(f"import subprocess, sys; subprocess.run([sys.executable, {str(script)!r}], check=True)")
    assert out == "[({'a': 3, 'b': ['3']},)]\n"


VALUES = [
    "NULL::INTEGER",
    "true",
    "1.5::DOUBLE",
    "'ü\U0001f600'",
    "'\\x00\\xFF'::BLOB",
    "12.345::DECIMAL(18,3)",
    "DATE '2024-02-29'",
    "TIME '12:34:56.789'",
    "TIMESTAMP '2024-02-29 12:34:56.789'",
    "INTERVAL '1 month 2 days'",
    "'0d0a0d0a-0000-0000-0000-000000000001'::UUID",
    "[1, NULL, 3]",
    "{'a': 1, 'b': [{'c': 'x'}]}",
    "MAP {'k': [1, 2]}",
    "[1, 2, 3]::FLOAT[3]",
    "170141183460469231731687303715884105727::HUGEINT",
]


def test_values_of_all_kinds_go_there_and_back(con: Con) -> None:
    for number, value in enumerate(VALUES):
        kind = one(con, f"SELECT typeof({value})")

        def same(x: Any) -> Any:
            return x

        same.__annotations__ = {"x": cocosql.types.Annotated[object, cocosql.types.Sql(kind)] | None, "return": object}
        name = f"same_{number}"
        cocosql.register(con, cocosql.udf(executor="process", name=name, returns=kind, version="1")(same))
        assert one(con, f"SELECT {name}(v) IS NOT DISTINCT FROM v FROM (SELECT {value} AS v)"), value


# --- what cannot come back, and crashes -------------------------------------------------------------------------------


def test_a_result_that_cannot_be_sent_fails_its_row_only(con: Con) -> None:
    @cocosql.udf(executor="process")
    def strange(x: int) -> int:
        import threading

        return threading.Lock() if x == 2 else (i for i in [x]) if x == 4 else x  # type: ignore[return-value]

    keep(con, strange)
    assert rows(con, "SELECT id FROM v ORDER BY id") == [(0,), (1,), (3,), (5,)]
    found = errors(con)
    assert [given for given, _ in found] == ["2", "4"]
    assert "its result cannot be sent from its process: TypeError" in found[0][1]


def test_a_result_that_cannot_be_read_fails_its_row_only(con: Con) -> None:
    @cocosql.udf(executor="process")
    def strange(x: int) -> int:
        class Bomb:
            def __reduce__(self) -> "tuple[object, ...]":
                return (int, ("not a number",))

        return Bomb() if x == 2 else x  # type: ignore[return-value]

    keep(con, strange)
    assert rows(con, "SELECT id FROM v ORDER BY id") == [(0,), (1,), (3,), (4,), (5,)]
    assert [given for given, _ in errors(con)] == ["2"]
    assert "cannot be read from its process" in errors(con)[0][1]


def test_errors_that_cannot_be_pickled(con: Con) -> None:
    @cocosql.udf(executor="process")
    def strange(x: int) -> int:
        import threading

        class Unpicklable(Exception):
            def __init__(self, a: "object", b: "object") -> None:
                super().__init__("two arguments")
                self.lock = threading.Lock()

        class Mute(Exception):
            def __str__(self) -> str:
                raise ValueError("no words")

        if x == 1:
            raise Unpicklable(1, 2)
        if x == 2:
            raise Mute
        if x == 3:
            raise ValueError("half a pair: \udc80")
        return x

    keep(con, strange)
    assert rows(con, "SELECT id FROM v ORDER BY id") == [(0,), (4,), (5,)]
    (_, first), (_, second), (_, third) = errors(con)
    assert "two arguments" in first and "Mute" in second and "half a pair" in third
    assert all(error.startswith("Traceback") for error in (first, second, third))


DEATHS = {
    "os._exit": ("os._exit(7)", "ended with exit code 7"),
    "segmentation fault": ("ctypes.string_at(0)", "ended by SIGSEGV"),
    "abort": ("os.abort()", "ended by SIGABRT"),
    "out of memory": (
        "os.kill(os.getpid(), signal.SIGKILL)",
        "ended by SIGKILL, as the system does when memory runs out",
    ),
}


@pytest.mark.every(3)
@pytest.mark.parametrize("options", [{}, {"batch_size": 4}])
@pytest.mark.parametrize("death", DEATHS)
def test_deaths(con: Con, death: str, options: dict[str, Any]) -> None:
    code, message = DEATHS[death]

    def die(x: int) -> int:
        import ctypes
        import os
        import signal

        if x == 3:
            exec(code, {"os": os, "ctypes": ctypes, "signal": signal})
        return x

    def die_in_batch(xs: list[int]) -> list[int]:
        return [die(x) for x in xs]

    function = die_in_batch if options else die
    keep(con, cocosql.udf(executor="process", version="1", **options)(function))
    assert rows(con, "SELECT id FROM v ORDER BY id") == [(0,), (1,), (2,), (4,), (5,)]
    ((given, error),) = errors(con)
    assert given == "3" and message in error


def test_the_start_of_a_worker_does_not_count_against_the_timeout(con: Con) -> None:
    class SlowToLoad:
        def __reduce__(self) -> "tuple[object, ...]":
            return eval, ("__import__('time').sleep(1.5)",)

    slow = SlowToLoad()

    @cocosql.udf(executor="process", timeout=1, version="1")
    def f(x: int) -> int:
        return x if slow is None else -1

    keep(con, f)
    assert rows(con, "SELECT id FROM v WHERE y = id ORDER BY id") == [(id_,) for id_ in range(6)]


def test_memory_error(con: Con) -> None:
    @cocosql.udf(executor="process")
    def hungry(x: int) -> int:
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (2**30, resource.RLIM_INFINITY))
        return len(bytearray(2**31)) if x == 3 else x

    keep(con, hungry)
    assert one(con, "SELECT count(*) FROM v") == 5
    assert errors(con)[0][1].endswith("MemoryError")


def test_exit_and_recursion_in_a_worker_are_failures_like_others(con: Con) -> None:
    @cocosql.udf(executor="process")
    def odd(x: int) -> int:
        import sys

        def deeper(n: int) -> int:
            return deeper(n + 1)

        if x == 1:
            sys.exit(3)
        return deeper(0) if x == 2 else x

    keep(con, odd)
    assert rows(con, "SELECT id FROM v ORDER BY id") == [(0,), (3,), (4,), (5,)]
    (_, first), (_, second) = errors(con)
    assert first.endswith("SystemExit: 3") and "RecursionError" in second


def test_output_and_input() -> None:
    """What a function prints appears; there is nothing to read for it."""
    out = run_script(
        OPEN
        + textwrap.dedent("""
        @cocosql.udf(executor="process", version="1")
        def talk(x: int) -> str:
            print("hello from", x)
            return sys.stdin.read() + "."
        import sys
        print(open_with(talk).execute("SELECT talk(id) FROM t WHERE id = 3").fetchall())
        """)
    )
    assert out == "hello from 3\n[('.',)]\n"


def test_a_worker_that_died_between_calls_is_replaced(con: Con) -> None:
    @cocosql.udf(executor="process", memo=False)
    def pid(x: int) -> int:
        import os

        return os.getpid()

    cocosql.register(con, pid)
    first = one(con, "SELECT pid(1)")
    assert one(con, "SELECT pid(1)") == first, "workers stay"
    for number in (signal.SIGKILL, signal.SIGTERM):
        last = one(con, "SELECT pid(1)")
        os.kill(last, number)
        assert_end([last])
        assert one(con, "SELECT pid(1)") != last


# --- how long processes live ------------------------------------------------------------------------------------------


def test_workers_end_with_a_parent_that_is_killed() -> None:
    child = start(
        OPEN
        + PID
        + textwrap.dedent("""
        @cocosql.udf(executor="process", max_concurrency=2, version="1")
        def stuck(x: int) -> int:
            import os, time
            os.write(1, f"{os.getpid()}\\n".encode())  # in one go: another does the same
            time.sleep(100)
            return x
        con = open_with(pid, stuck)
        print(*pids(con), flush=True)
        if os.fork() == 0:  # holds copies of all that its parent has open
            os.closerange(1, 3)
            time.sleep(40)
            os._exit(0)
        con.execute("SELECT stuck(id) FROM t")
        """)
    )
    assert child.stdout
    idle = [int(pid) for pid in child.stdout.readline().split()]
    busy = [int(child.stdout.readline()) for _ in range(2)]
    assert all(map(is_alive, [*idle, *busy])) and len(idle) == 2
    child.kill()
    child.wait()
    assert_end([*idle, *busy])
    child.communicate()


@pytest.mark.every(2)
@pytest.mark.parametrize(
    "ending",
    ["", "con.close()", "raise SystemExit(0)", "con.close(); del con, pid; gc.collect(); time.sleep(0.2)"],
)
def test_workers_end_with_the_script(ending: str) -> None:
    out = run_script(OPEN + PID + f"import gc\ncon = open_with(pid)\nprint(*pids(con), flush=True)\n{ending}")
    assert_end([int(pid) for pid in out.split()])


def test_workers_end_with_their_function() -> None:
    out = run_script(
        OPEN
        + PID
        + textwrap.dedent("""
        import gc, pathlib
        con = open_with(pid)
        first = pids(con)
        con.close()
        del con, pid
        gc.collect()
        deadline = time.monotonic() + 60
        while any(pathlib.Path(f"/proc/{p}").exists() for p in first) and time.monotonic() < deadline:
            time.sleep(0.02)
        print([p for p in first if pathlib.Path(f"/proc/{p}").exists()])
        """)
    )
    assert out == "[]\n"


def test_a_fork_leaves_the_workers_of_its_parent_alone() -> None:
    """The child makes its own workers, and its exit ends only those."""
    out = run_script(
        OPEN
        + PID
        + textwrap.dedent("""
        import atexit
        con = open_with(pid)
        before = pids(con)
        for _ in range(2):
            child = os.fork()
            if child == 0:
                other = open_with(pid)  # of its own: DuckDB does not survive forks
                print(len(pids(other)), bool(pids(other) & before), flush=True)
                atexit._run_exitfuncs()
                os._exit(0)
            assert os.waitpid(child, 0)[1] == 0
        print(pids(con) == before)
        """)
    )
    assert out == "2 False\n2 False\nTrue\n"


def test_forks_while_other_threads_call() -> None:
    out = run_script(
        OPEN
        + PID
        + textwrap.dedent("""
        import atexit, threading
        con = open_with(pid)
        before = pids(con)
        stop = threading.Event()

        def keep_busy():
            cursor = con.cursor()
            while not stop.is_set():
                cursor.execute("SELECT pid(id) FROM t").fetchall()

        threads = [threading.Thread(target=keep_busy) for _ in range(4)]
        for thread in threads:
            thread.start()
        for _ in range(3):
            time.sleep(0.1)
            child = os.fork()
            if child == 0:
                atexit._run_exitfuncs()
                os._exit(0)
            assert os.waitpid(child, 0)[1] == 0
        stop.set()
        for thread in threads:
            thread.join()
        print(pids(con) == before)
        """)
    )
    assert out == "True\n"
