"""Processes, connections, threads, files: opening, sharing, killing and leaving."""

import signal
import sys
import threading
import time
from pathlib import Path

import duckdb
import pytest
from helpers import Calls, Con, assert_replayed, assert_view_equals_query, in_threads, one, rows, run_script, start

import cocosql
from cocosql.catalog import locks

SETUP = """
import cocosql, duckdb, sys

@cocosql.udf
def up(s: str) -> str:
    return s.upper()

con = cocosql.connect(sys.argv[1] if len(sys.argv) > 1 else ":memory:", functions=(up,))
con.execute("CREATE TABLE IF NOT EXISTS t AS SELECT i AS id, 's' || i AS s FROM range(20) r(i)")
con.execute("CREATE INCREMENTAL VIEW IF NOT EXISTS v AS SELECT id, up(s) AS u FROM t")
"""

ENDINGS = {
    "open": "",
    "closed": "con.close()",
    "cursors": "a, b = con.cursor(), con.cursor(); a.execute('FROM v')",
    "result": "r = con.sql('FROM v'); r2 = con.execute('SELECT up(s) FROM t'); r2.fetchone()",
    "exit": "sys.exit()",
    "held by others": "f = lambda: (con, up, f); up.function.con = con; sys.modules['cocosql'].held = f",
    "after an error": """
try:
    con.execute("SELECT up(nothing) FROM t")
except duckdb.Error:
    pass
try:
    con.execute("REFRESH INCREMENTAL VIEW nothing")
except duckdb.Error:
    pass
""",
    "kept error": """
try:
    con.execute("CREATE INCREMENTAL VIEW w AS SELECT up(nothing) AS n FROM t")
except duckdb.Error as error:
    kept = error
""",
    "two databases": "b = cocosql.connect(functions=(up,)); b.execute('SELECT up(1::VARCHAR)').fetchall()",
    "thread": """
import threading
def work():
    c = con.cursor()
    c.execute("INSERT INTO t VALUES (99, 'x')"); c.execute("REFRESH INCREMENTAL VIEW v")
t = threading.Thread(target=work); t.start(); t.join()
""",
    "failed function": """
@cocosql.udf
def bad(s: str) -> str:
    raise ValueError(s)
cocosql.register(con, bad)
try:
    con.execute("CREATE INCREMENTAL VIEW w AS SELECT bad(s) AS n FROM t")
except duckdb.Error as error:
    kept = error
""",
}


@pytest.mark.every(4)
@pytest.mark.parametrize("ending", sorted(ENDINGS))
def test_exit_is_quiet(ending: str, path: Path) -> None:
    for _ in range(2):
        assert run_script(f"{SETUP}\nprint('done')\n{ENDINGS[ending]}", path) == "done\n"


def test_functions_of_closed_connections_are_forgotten() -> None:
    out = run_script("""
        import cocosql, gc, weakref

        class Big:
            pass

        def make():
            big = Big()
            def f(x: int) -> int:
                return x if big else 0
            return f, weakref.ref(big)

        con = cocosql.connect()
        f, alive = make()
        cocosql.register(con, f)
        con.execute("SELECT f(1)").fetchall()
        con.close()
        del f, con
        gc.collect()
        print(alive())
    """)
    assert out == "None\n"


def test_plain_duckdb_reads_the_file(path: Path) -> None:
    run_script(SETUP + "\nprint(con.close())", path)
    out = run_script(
        """
        import duckdb, sys
        con = duckdb.connect(sys.argv[1])
        print(con.execute("SELECT count(*), max(u) FROM v").fetchall())
        print(con.execute("DESCRIBE v").fetchall()[1][:2])
        con.execute("INSERT INTO t VALUES (100, 'zz')")
        con.execute("CHECKPOINT")
        con.close()
        """,
        path,
    )
    assert out == "[(20, 'S9')]\n('u', 'VARCHAR')\n"
    con = cocosql.connect(path)
    assert rows(con, "SELECT status FROM coco_views()") == [("stale",)]

    @cocosql.udf
    def up(s: str) -> str:
        return s.upper()

    cocosql.register(con, up)
    con.execute("REFRESH INCREMENTAL VIEW v")
    assert_view_equals_query(con, "v", "SELECT id, upper(s) AS u FROM t")
    con.close()


def test_another_process_holds_the_file(path: Path) -> None:
    holder = start(SETUP + "\nprint('ready'); sys.stdin.read()", str(path), stdin=-1)
    try:
        assert holder.stdout and holder.stdout.readline() == "ready\n"
        for read_only in (False, True):
            with pytest.raises(duckdb.IOException, match=r"(?i)lock.*(pid|process)|process") as caught:
                cocosql.connect(path, read_only=read_only)
            assert str(path) in str(caught.value)
    finally:
        holder.kill()
        holder.wait()
    con = cocosql.connect(path)
    assert one(con, "SELECT count(*) FROM v") == 20
    con.close()


def test_two_databases_in_one_process(tmp_path: Path) -> None:
    a, b = (cocosql.connect(tmp_path / name) for name in ("a.db", "b.db"))

    def shout(con: Con, mark: str) -> None:
        @cocosql.udf(version=mark)
        def f(s: str) -> str:
            return s + mark

        cocosql.register(con, f)

    shout(a, "!")
    shout(b, "?")
    for con in (a, b):
        con.execute("CREATE TABLE t AS SELECT 'x' AS s; CREATE INCREMENTAL VIEW v AS SELECT f(s) AS f FROM t")
    assert (rows(a, "FROM v"), rows(b, "FROM v")) == ([("x!",)], [("x?",)])
    a.close()
    b.execute("INSERT INTO t VALUES ('y'); REFRESH INCREMENTAL VIEW v")
    assert rows(b, "FROM v ORDER BY ALL") == [("x?",), ("y?",)]
    b.close()


def test_under_another_alias(tmp_path: Path) -> None:
    calls = Calls()

    @cocosql.udf
    def up(s: str) -> str:
        calls.note(s)
        return s.upper()

    con = cocosql.connect(tmp_path / "first.db", functions=(up,))
    con.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, s VARCHAR); INSERT INTO t VALUES (1, 'a')")
    con.execute("CREATE SCHEMA deep; CREATE INCREMENTAL VIEW deep.v AS SELECT id, up(s) AS u FROM t")
    con.execute("CREATE INCREMENTAL VIEW w AS SELECT count(*) AS n FROM deep.v")
    con.close()
    calls.clear()
    con = cocosql.connect(tmp_path / "other.db", functions=(up,))
    con.execute(f"ATTACH '{tmp_path / 'first.db'}' AS \"the other\"")
    assert rows(con, "SELECT status, status_reason FROM coco_views()") == [("fresh", None)] * 2
    con.execute("CREATE TABLE t AS SELECT 77 AS id; CREATE SCHEMA deep; INSERT INTO \"the other\".t VALUES (2, 'b')")
    assert rows(con, 'REFRESH INCREMENTAL VIEW "the other".w')[0][1:5] == (2, 1, 0, 1)
    assert calls.taken() == {"'b'": 1}
    assert rows(con, 'FROM "the other".deep.v ORDER BY ALL') == [(1, "A"), (2, "B")]
    assert rows(con, "SELECT database, name, status FROM coco_views() ORDER BY ALL") == [
        ("the other", "v", "fresh"),
        ("the other", "w", "fresh"),
    ]
    assert one(con, """SELECT count(*) FROM coco_lineage('"the other".deep.v')""") == 2
    con.execute('CREATE INCREMENTAL VIEW here AS SELECT u FROM "the other".deep.v')
    con.execute("""USE "the other"; INSERT INTO t VALUES (3, 'c'); REFRESH INCREMENTAL VIEW deep.v; USE other""")
    con.execute("REFRESH INCREMENTAL VIEW here")
    assert rows(con, "FROM here ORDER BY ALL") == [("A",), ("B",), ("C",)]
    con.close()
    con = cocosql.connect(tmp_path / "first.db", functions=(up,))
    assert rows(con, "REFRESH INCREMENTAL VIEW deep.v")[0][2:5] == (0, 0, 0)
    con.close()


def test_two_connects_to_one_file(path: Path) -> None:
    a, b = cocosql.connect(path), cocosql.connect(path)
    a.execute("CREATE TABLE t AS SELECT 1 AS id; CREATE INCREMENTAL VIEW v AS FROM t")
    b.execute("INSERT INTO t VALUES (2)")
    b.execute("REFRESH INCREMENTAL VIEW v")
    a.close()
    assert rows(b, "FROM v ORDER BY ALL") == [(1,), (2,)]
    c = cocosql.connect(str(path))
    assert rows(c, "REFRESH INCREMENTAL VIEW v")[0][1:5] == (2, 0, 0, 0)
    b.close()
    c.close()


def test_reopening(path: Path) -> None:
    for number in range(4):
        con = cocosql.connect(path)
        con.execute("CREATE TABLE IF NOT EXISTS t (id INTEGER)")
        con.execute("CREATE INCREMENTAL VIEW IF NOT EXISTS v AS SELECT id FROM t")
        con.execute(f"INSERT INTO t VALUES ({number})")
        con.execute("REFRESH INCREMENTAL VIEW v")
        assert one(con, "SELECT count(*) FROM v") == number + 1
        assert_replayed(con, "v", "v")
        con.close()


def test_connect_options(path: Path) -> None:
    con = cocosql.connect(path, threads=1, config={"default_null_order": "nulls_first"})
    assert rows(con, "SELECT current_setting('threads'), current_setting('default_null_order')")[0][0] == 1
    assert one(con, "SELECT current_setting('allow_unsigned_extensions')") is False
    assert type(con) is duckdb.DuckDBPyConnection
    cocosql.load(con)
    cocosql.load(con.cursor())
    con.close()
    with pytest.raises(duckdb.Error):
        cocosql.connect(path, no_such_option=1)


def test_load(path: Path) -> None:
    plain = duckdb.connect(str(path))
    with pytest.raises(duckdb.PermissionException, match="allow_unsigned_extensions"):
        cocosql.load(plain)
    plain.close()
    con = duckdb.connect(str(path), config={"allow_unsigned_extensions": "true"})
    cocosql.load(con)
    cocosql.load(con)
    con.execute("CREATE TABLE t AS SELECT 1 AS id; CREATE INCREMENTAL VIEW v AS FROM t")
    assert rows(con.cursor(), "REFRESH INCREMENTAL VIEW v")[0][1] == 1
    con.close()


def test_read_only(path: Path) -> None:
    calls = Calls()

    @cocosql.udf
    def up(s: str) -> str:
        calls.note(s)
        return s.upper()

    con = cocosql.connect(path, functions=(up,))
    con.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, s VARCHAR); INSERT INTO t VALUES (1, 'a')")
    con.execute("CREATE INCREMENTAL VIEW v AS SELECT id, up(s) AS u FROM t")
    con.close()
    calls.clear()
    con = cocosql.connect(path, read_only=True, functions=(up,))
    assert rows(con, "FROM v") == [(1, "A")]
    assert rows(con, "SELECT name, status FROM coco_views()") == [("v", "fresh")]
    assert rows(con, "SELECT source_state FROM coco_lineage('v')") == [("current",)]
    assert len(rows(con, "FROM coco_changes('v')")) == len(rows(con, "FROM coco_runs()")) == 1
    assert len(rows(con, "EXPLAIN INCREMENTAL VIEW v")) == 2
    assert rows(con, "SELECT up('a'), up('b')") == [("A", "B")]
    assert calls == {"'b'": 1}
    for statement in ["REFRESH INCREMENTAL VIEW v", "CREATE INCREMENTAL VIEW w AS FROM t", "DROP INCREMENTAL VIEW v"]:
        with pytest.raises(duckdb.InvalidInputException, match="(?i)read-only|reading only"):
            con.execute(statement)
    con.close()


def test_read_only_of_a_file_without_views(path: Path) -> None:
    duckdb.connect(str(path)).close()
    con = cocosql.connect(path, read_only=True)
    assert rows(con, "FROM coco_views()") == []
    with pytest.raises(duckdb.InvalidInputException, match="(?i)read-only|reading only"):
        con.execute("CREATE INCREMENTAL VIEW w AS SELECT 1 AS x")
    con.close()


# --- threads ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("same", [True, False])
def test_threads_refresh(con: Con, same: bool) -> None:
    calls = Calls()

    @cocosql.udf
    def up(s: str) -> str:
        calls.note(s)
        time.sleep(0.0005)
        return s.upper()

    cocosql.register(con, up)
    con.execute("CREATE TABLE t AS SELECT i AS id, 's' || i AS s FROM range(20) r(i)")
    views = ["v0"] * 4 if same else ["v0", "v1", "v2", "v3"]
    for view in sorted(set(views)):
        con.execute(f"CREATE INCREMENTAL VIEW {view} AS SELECT id, up(s) AS u FROM t")

    def work(number: int, view: str) -> None:
        cursor = con.cursor()
        for step in range(3):
            cursor.execute(f"INSERT INTO t VALUES ({1000 * number + step}, 'n{step}')")
            cursor.execute(f"REFRESH INCREMENTAL VIEW {view}")
            assert len(rows(cursor, f"FROM {view}")) >= 20 + step
        cursor.close()

    in_threads(
        [lambda number=number, view=view: work(number, view) for number, view in enumerate(views, 1)], seconds=30
    )
    con.execute("REFRESH ALL INCREMENTAL VIEWS")
    for view in set(views):
        assert_view_equals_query(con, view, "SELECT id, upper(s) AS u FROM t")
        assert_replayed(con, view, view)
    assert rows(con, "SELECT view, status FROM coco_runs() WHERE status <> 'succeeded'") == []
    assert max(calls.values()) <= len(set(views)), "one call an argument; one for each view if they need it at once"


def test_threads_create_drop_and_read(con: Con) -> None:
    con.execute("CREATE TABLE t AS SELECT i AS id FROM range(20) r(i)")

    def work(number: int) -> None:
        cursor = con.cursor()
        for _ in range(3):
            cursor.execute(f"CREATE INCREMENTAL VIEW v{number} AS SELECT id + {number} AS id FROM t")
            assert len(rows(cursor, f"FROM v{number}")) == 20
            rows(cursor, "FROM coco_views()")
            cursor.execute(f"DROP INCREMENTAL VIEW v{number}")

    in_threads([lambda number=number: work(number) for number in range(3)], seconds=30)
    assert rows(con, "FROM coco_views()") == []


def test_threads_refresh_a_chain_from_both_ends(con: Con) -> None:
    con.execute("CREATE TABLE t AS SELECT i AS id FROM range(5) r(i)")
    con.execute("CREATE INCREMENTAL VIEW a AS SELECT id FROM t; CREATE INCREMENTAL VIEW b AS SELECT id FROM a")

    def work(view: str) -> None:
        cursor = con.cursor()
        for _ in range(4):
            cursor.execute("INSERT INTO t VALUES (7)")
            cursor.execute(f"REFRESH INCREMENTAL VIEW {view}")

    in_threads([lambda: work("a"), lambda: work("b"), lambda: work("b, a")], seconds=30)
    con.execute("REFRESH INCREMENTAL VIEW b")
    assert_view_equals_query(con, "b", "FROM t")


def test_others_work_while_a_function_runs(con: Con) -> None:
    begun, end = threading.Event(), threading.Event()

    @cocosql.udf
    def wait(id: int) -> int:
        begun.set()
        assert end.wait(120)
        return id

    cocosql.register(con, wait)
    con.execute(
        "CREATE TABLE t AS SELECT 1 AS id; CREATE INCREMENTAL VIEW v AS SELECT wait(id) AS w FROM t WITH NO DATA"
    )
    thread = threading.Thread(target=lambda: con.cursor().execute("REFRESH INCREMENTAL VIEW v"), daemon=True)
    thread.start()
    other = con.cursor()
    try:
        assert begun.wait(60)
        assert rows(other, "SELECT status FROM coco_views()") == [("refreshing",)]
        other.execute("INSERT INTO t VALUES (2)")
        other.execute("CHECKPOINT")
    finally:
        end.set()
        thread.join(60)
    assert rows(other, "FROM v ORDER BY ALL") == [(1,), (2,)]


# --- killed and interrupted -------------------------------------------------------------------------------------------

SLOW = """
import cocosql, sys, time

@cocosql.udf
def slow(x: int) -> int:
    if x >= 1:
        time.sleep(0.15)
    print(x, flush=True)
    return x * 10

con = cocosql.connect(sys.argv[1], functions=(slow,))
con.execute("CREATE TABLE IF NOT EXISTS t AS SELECT 0 AS x")
con.execute("CREATE INCREMENTAL VIEW IF NOT EXISTS v AS SELECT x, slow(x) AS y FROM t")
con.execute("INSERT INTO t SELECT i FROM range(1, 400) r(i)")
"""


def after_interruption(path: Path, done: list[int]) -> None:
    con = cocosql.connect(path)
    assert rows(con, "FROM v") == [(0, 0)]
    assert rows(con, "SELECT version FROM coco_views()") == [(1,)]
    memo = one(con, "SELECT memo_table FROM coco.functions WHERE name = 'slow'")
    kept = one(con, f"SELECT count(*) FROM coco.{memo}")
    assert kept >= len(done) - 3, (kept, done)
    assert rows(con, "SELECT DISTINCT status FROM coco_runs('v') WHERE status = 'running'") == []
    con.execute(f"DELETE FROM t WHERE x NOT IN (0, {done[1]}, {done[2]})")
    assert rows(con, "REFRESH INCREMENTAL VIEW v")[0][1:6] == (2, 2, 0, 0, 0), "what was done needs no function"
    con.close()


def test_kill_during_a_refresh(path: Path) -> None:
    process = start(SLOW + "\ncon.execute('REFRESH INCREMENTAL VIEW v')", str(path))
    assert process.stdout
    done = [int(process.stdout.readline()) for _ in range(18)]
    process.kill()
    process.wait()
    after_interruption(path, done)


@pytest.mark.parametrize("statement", ["REFRESH INCREMENTAL VIEW v", "SELECT slow(x + 1000) FROM t"])
def test_ctrl_c(path: Path, statement: str) -> None:
    script = f"""
try:
    con.execute({statement!r}).fetchall()
    print("finished")
except KeyboardInterrupt:
    print("interrupted")
except BaseException as error:
    print("interrupted" if "nterrupt" in type(error).__name__ + str(error) else repr(error))
print(con.execute("SELECT count(*) FROM v").fetchall())
con.close()
"""
    process = start(SLOW + script, str(path))
    assert process.stdout
    done = [int(process.stdout.readline()) for _ in range(12)]
    process.send_signal(signal.SIGINT)
    began = time.monotonic()
    try:
        out, err = process.communicate(timeout=60)
    finally:
        process.kill()
    assert time.monotonic() - began < 8
    assert (process.returncode, err) == (0, "")
    assert out.splitlines()[-2:] == ["interrupted", "[(1,)]"]
    if statement.startswith("REFRESH"):
        after_interruption(path, done)


def test_con_interrupt_stops_a_refresh(con: Con) -> None:
    begun = threading.Event()

    @cocosql.udf
    def slow(x: int) -> int:
        begun.set()
        time.sleep(0.05)
        return x

    cocosql.register(con, slow)
    con.execute(
        "CREATE TABLE t AS SELECT i AS x FROM range(400) r(i); CREATE INCREMENTAL VIEW v AS SELECT slow(x) AS y FROM t WITH NO DATA"
    )
    cursor = con.cursor()
    timer = threading.Thread(target=lambda: (begun.wait(60), cursor.interrupt()), daemon=True)
    timer.start()
    began = time.monotonic()
    with pytest.raises(duckdb.Error, match="(?i)interrupt"):
        cursor.execute("REFRESH INCREMENTAL VIEW v")
    assert time.monotonic() - began < 8
    assert rows(con, "SELECT status, version FROM coco_views()")[0][1] == 0
    con.execute("DELETE FROM t WHERE x > 3; REFRESH INCREMENTAL VIEW v")
    assert_view_equals_query(con, "v", "SELECT x AS y FROM t")


def test_the_python_that_runs_the_tests() -> None:
    """Scripts of this file run with this Python and this CocoSQL."""
    assert run_script("import sys, cocosql; print(sys.executable); print(cocosql.__file__)").splitlines() == [
        sys.executable,
        cocosql.__file__,
    ]


def test_closing_frees_the_database_at_once() -> None:
    """Not when garbage is collected: until then DuckDB would wait, for ever, for the file to be opened again."""
    run_script(
        """
        import gc, os, sys, tempfile
        import cocosql, duckdb

        gc.disable()
        path = os.path.join(tempfile.mkdtemp(), "test.db")

        @cocosql.udf
        def up(s: str) -> str:
            if s == "bad":
                raise ValueError(s)
            return s.upper()

        for statements in [
            ["CREATE TABLE t (id INTEGER PRIMARY KEY, s VARCHAR)", "INSERT INTO t VALUES (1, 'a'), (2, 'b')"],
            ["CREATE INCREMENTAL VIEW v AS SELECT id, up(s) AS u FROM t", "CREATE INCREMENTAL VIEW w AS SELECT u FROM v"],
            ["CREATE INCREMENTAL VIEW n WITH (capture = 'log') AS SELECT id % 2 AS k, max(up(s)) AS m FROM t GROUP BY k"],
            ["INSERT INTO t VALUES (3, 'c')", "REFRESH ALL INCREMENTAL VIEWS", "REFRESH INCREMENTAL VIEW n FULL"],
            ["FROM coco_views()", "FROM coco_lineage('w')", "FROM coco_memo()", "FROM coco_runs()", "FROM coco_functions()"],
            ["EXPLAIN INCREMENTAL VIEW n", "EXPLAIN REFRESH INCREMENTAL VIEW w", "SHOW INCREMENTAL VIEWS", "SELECT up('z')"],
            ["INSERT INTO t VALUES (4, 'bad')", "REFRESH INCREMENTAL VIEW v", "REFRESH INCREMENTAL VIEW n", "SELECT up(s) FROM t"],
            ["CREATE INCREMENTAL VIEW x AS SELECT random() AS r FROM t", "REFRESH INCREMENTAL VIEW no", "FROM coco_views()"],
            ["VACUUM INCREMENTAL VIEWS", "DROP INCREMENTAL VIEW v CASCADE", "DROP INCREMENTAL VIEW n"],
        ]:
            con = cocosql.connect(path, functions=(up,))
            errors = []
            for statement in statements:
                try:
                    con.execute(statement).fetchall()
                except duckdb.Error as error:
                    errors.append(error)
            con.close()
        """,
        timeout=60,
    )


def test_what_is_remembered_of_an_instance_ends_with_it() -> None:
    """It is known by a number and not by its address, which a later one may get, and with it what was remembered."""
    remembered = locks._locks._made
    numbers: list[int] = []
    for _ in range(5):
        before = set(remembered)
        with cocosql.connect() as con:
            con.execute("CREATE TABLE t AS SELECT 1 AS id; CREATE INCREMENTAL VIEW v AS FROM t")
            numbers += remembered.keys() - before
        assert remembered.keys() <= before
    assert len(set(numbers)) == len(numbers) == 5
