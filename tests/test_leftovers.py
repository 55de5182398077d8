"""What failed and killed statements leave, and old records: found and dropped, but for what something refers to."""

from pathlib import Path

import duckdb
import pytest
from helpers import Con, assert_view_equals_query, one, rows, start

import cocosql

TABLE = "CREATE TABLE t (id INTEGER PRIMARY KEY, x BIGINT); INSERT INTO t SELECT i, i FROM range(10) r(i)"
LOGGED = "CREATE INCREMENTAL VIEW v WITH (capture = 'log') AS SELECT id, f(x) AS y FROM t"


def tables(con: Con) -> list[str]:
    """The tables of views that there are."""
    found = rows(con, "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'coco' ORDER BY 1")
    return [name for (name,) in found if name[-1].isdigit() and not name.startswith("memo_")]


@pytest.fixture
def failing(con: Con) -> Con:
    @cocosql.udf(version="1")
    def f(x: int) -> int:
        raise ValueError("down")

    cocosql.register(con, f)
    con.execute(TABLE)
    return con


def test_a_failed_create_leaves_no_log(failing: Con) -> None:
    for _ in range(3):
        with pytest.raises(duckdb.Error, match="down"):
            failing.execute(LOGGED)
    failing.execute("UPDATE t SET x = x + 1")
    assert tables(failing) == []


def test_a_failed_create_leaves_the_log_of_others(failing: Con) -> None:
    failing.execute("CREATE INCREMENTAL VIEW other WITH (capture = 'log') AS SELECT id, x FROM t")
    before = tables(failing)
    with pytest.raises(duckdb.Error, match="down"):
        failing.execute(LOGGED)
    assert tables(failing) == before
    failing.execute("UPDATE t SET x = x + 1 WHERE id = 3; REFRESH INCREMENTAL VIEW other")
    assert_view_equals_query(failing, "other", "SELECT id, x FROM t")


KILLED = f"""
import os, sys
import cocosql

@cocosql.udf(version="1")
def f(x: int) -> int:
    os._exit(7)

con = cocosql.connect(sys.argv[1], functions=(f,))
con.execute("{TABLE}; CREATE INCREMENTAL VIEW other AS SELECT id FROM t; INSERT INTO t VALUES (100, 1)")
con.execute("{LOGGED}")
"""


@pytest.mark.parametrize("statement", ["REFRESH INCREMENTAL VIEW other", "VACUUM INCREMENTAL VIEWS"])
def test_what_a_killed_create_left_is_dropped(path: Path, statement: str) -> None:
    child = start(KILLED, str(path))
    _, errors = child.communicate(timeout=60)
    assert child.returncode == 7, errors
    with cocosql.connect(path) as con:
        con.execute("CREATE TABLE coco.rows_999 (i INTEGER)")
        left = [name for name in tables(con) if name.startswith("keys_")]
        assert len(left) == 1
        con.execute(statement)
        assert not set(tables(con)) & set(left)
        con.execute("VACUUM INCREMENTAL VIEWS")
        assert "rows_999" not in tables(con)
        assert_view_equals_query(con, "other", "SELECT id FROM t") if "REFRESH" in statement else None


def test_old_runs_are_forgotten(con: Con) -> None:
    """But for those that something refers to; what their calls add up to stays."""

    @cocosql.udf(version="1")
    def f(x: int) -> int:
        return x

    cocosql.register(con, f)
    con.execute(TABLE)
    con.execute("CREATE INCREMENTAL VIEW v AS SELECT id, f(x) AS y FROM t")
    for i in range(3):
        con.execute(f"INSERT INTO t VALUES ({100 + i}, {100 + i}); REFRESH INCREMENTAL VIEW v")
    for _ in range(5):
        con.execute("REFRESH INCREMENTAL VIEW v")  # nothing has changed
    con.execute("INSERT INTO t VALUES (200, 200); REFRESH INCREMENTAL VIEW v")
    calls = rows(con, "SELECT name, calls, hits FROM coco_functions()")
    why = rows(con, "SELECT row_id, version, cause, what FROM coco_explain_change('v') ORDER BY ALL")
    assert one(con, "SELECT count(*) FROM coco_runs()") == 10
    con.execute("UPDATE coco.runs SET started_at = started_at - INTERVAL '31 days'")
    con.execute("VACUUM INCREMENTAL VIEWS")
    # The first of each version, the one before it, and the last.
    assert rows(con, "SELECT version FROM coco_runs() ORDER BY run_id") == [(1,), (2,), (3,), (4,), (4,), (5,)]
    assert rows(con, "SELECT run_id FROM coco.run_steps WHERE run_id NOT IN (SELECT run_id FROM coco.runs)") == []
    assert rows(con, "SELECT name, calls, hits FROM coco_functions()") == calls
    assert rows(con, "SELECT row_id, version, cause, what FROM coco_explain_change('v') ORDER BY ALL") == why
    con.execute("VACUUM INCREMENTAL VIEWS; DROP INCREMENTAL VIEW v; VACUUM INCREMENTAL VIEWS")
    assert rows(con, "SELECT name, calls, hits FROM coco_functions()") == calls


def test_old_functions_are_forgotten(con: Con) -> None:
    """Those that nothing names, and that have no results."""
    con.execute(TABLE)
    for version in ("1", "2", "3"):

        @cocosql.udf(version=version)
        def f(x: int) -> int:
            return x

        cocosql.register(con, f)
        con.execute("SELECT f(x) FROM t").fetchall()
    con.execute("CREATE INCREMENTAL VIEW v AS SELECT id, f(x) AS y FROM t")
    versions = "SELECT count(*) FROM coco.functions"
    con.execute("VACUUM INCREMENTAL VIEWS")
    assert one(con, versions) == 3
    con.execute("UPDATE coco.functions SET registered_at = registered_at - INTERVAL '8 days'")
    con.execute("VACUUM INCREMENTAL VIEWS")
    assert one(con, versions) == 3, "they have results that are not old"
    con.execute("VACUUM INCREMENTAL VIEWS WITH (retain = '0 seconds')")
    assert one(con, versions) == 1
    assert (
        len([name for (name,) in rows(con, "SELECT table_name FROM duckdb_tables()") if name.startswith("memo_")]) == 1
    )
    assert len(rows(con, "SELECT f(x) FROM t")) == 10
    con.execute("REFRESH INCREMENTAL VIEW v FULL")
    assert_view_equals_query(con, "v", "SELECT id, x AS y FROM t")
