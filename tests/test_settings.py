"""Settings of DuckDB's: those that change results are stored with a view, wherever they were set, and no others."""

from pathlib import Path

import duckdb
import pytest
from speeds import slow

import cocosql
from cocosql.catalog import settings

#: A setting, a value, and a query over t whose rows depend on it.
CASES = [
    ("TimeZone", "Asia/Tokyo", "SELECT id, date_trunc('day', moment) AS d FROM t"),
    ("default_collation", "NOCASE", "SELECT id, s = 'ABC' AS same FROM t"),
    ("default_null_order", "NULLS_FIRST", "SELECT list(b ORDER BY b) AS bs FROM t"),
    ("default_order", "DESC", "SELECT list(id ORDER BY id) AS ids FROM t"),
    ("dialect_compatibility_mode", "SPARK", "SELECT id FROM t"),
    ("disable_timestamptz_casts", "true", "SELECT id, moment FROM t"),
    ("error_on_division_by_zero", "false", "SELECT id, a // b AS q, a % b AS r FROM t"),
    ("ieee_floating_point_ops", "false", "SELECT id, TRY(a::DOUBLE / b) AS q FROM t"),
    ("integer_division", "true", "SELECT id, a / 2 AS half FROM t"),
    ("legacy_disable_null_type", "true", "SELECT id, NULL AS nothing FROM t"),
    ("old_implicit_casting", "true", "SELECT id, s LIKE 'a%' AND id = '1' AS one FROM t"),
    ("order_by_non_integer_literal", "true", "SELECT id FROM t ORDER BY 'x' LIMIT 100"),
    ("preserve_identifier_case", "uppercase", "SELECT id AS number FROM t"),
    ("regex_match_operator_semantics", "full", "SELECT id, s ~ 'b' AS found FROM t"),
    ("scalar_subquery_error_on_multiple_rows", "false", "SELECT id, (SELECT 1 FROM t) AS one FROM t"),
]
ROWS = (
    "CREATE TABLE t (id INTEGER PRIMARY KEY, s VARCHAR, a INTEGER, b INTEGER, moment TIMESTAMPTZ); "
    "INSERT INTO t VALUES (1, 'abc', 1, 1, '2026-01-01 20:00:00Z'), (2, 'b', 3, NULL, '2026-01-02 03:00:00Z')"
)


def test_every_setting_is_judged():
    """A version of DuckDB that brings a setting asks for a verdict: does it change results?"""
    with cocosql.connect() as con:
        present = {name for (name,) in con.execute("SELECT name FROM duckdb_settings()").fetchall()}
    judged = {*settings.CHANGE_RESULTS, *settings.CHANGE_NO_RESULTS}
    assert present - judged == set()
    assert len(judged) == len(settings.CHANGE_RESULTS) + len(settings.CHANGE_NO_RESULTS)


def test_every_stored_setting_can_be_set_for_a_session():
    """A setting of the whole instance could not be a view's own."""
    with cocosql.connect() as con:
        scopes = dict(con.execute("SELECT name, value FROM duckdb_settings() WHERE value IS NOT NULL").fetchall())
        for name in settings.CHANGE_RESULTS:
            if name in scopes:
                con.execute(f"SET SESSION {name} = '{scopes[name]}'")


@pytest.mark.every(3)
@pytest.mark.parametrize("scope", ["SESSION", slow("GLOBAL")])
@pytest.mark.parametrize(("name", "value", "query"), CASES, ids=[name for name, *_ in CASES])
def test_a_view_keeps_the_settings_of_its_creator(tmp_path: Path, scope: str, name: str, value: str, query: str):
    path, fresh = tmp_path / "s.db", f"SELECT * FROM ({query}) ORDER BY ALL"
    with cocosql.connect(path) as con:
        con.execute(ROWS)
        con.execute(f"SET {scope} {name} = '{value}'")
        con.execute(f"CREATE INCREMENTAL VIEW v AS {query}")
        assert con.execute("SELECT status FROM coco_views()").fetchall() == [("fresh",)]
        assert _rows(con, "SELECT * FROM v ORDER BY ALL") == _rows(con, fresh)
    with cocosql.connect(path) as con:
        con.execute("INSERT INTO t VALUES (3, 'ABC', 7, 0, '2026-01-03 20:00:00Z')")
        con.execute("REFRESH INCREMENTAL VIEW v")
        con.execute("REFRESH INCREMENTAL VIEW v")
        assert con.execute("SELECT status FROM coco_views()").fetchall() == [("fresh",)]
        con.execute(f"SET SESSION {name} = '{value}'")
        assert _rows(con, "SELECT * FROM v ORDER BY ALL") == _rows(con, fresh)


def _rows(con: duckdb.DuckDBPyConnection, query: str) -> tuple[list[str], list[tuple[object, ...]]]:
    result = con.execute(query)
    return [name for name, *_ in result.description], result.fetchall()


def test_another_setting_of_the_session_makes_another_view():
    with cocosql.connect() as con:
        con.execute(ROWS)
        query = "SELECT id, s ~ 'b' AS found FROM t"
        con.execute(f"CREATE INCREMENTAL VIEW v AS {query}")
        con.execute("SET regex_match_operator_semantics = 'full'")
        con.execute(f"CREATE OR REPLACE INCREMENTAL VIEW v AS {query}")
        assert con.execute("FROM v ORDER BY ALL").fetchall() == con.execute(f"{query} ORDER BY ALL").fetchall()


def test_a_setting_that_a_file_must_not_set_is_not_set(tmp_path: Path):
    """`log_query_path` writes lines that the file has chosen to a file that it has chosen."""
    path, written = tmp_path / "s.db", tmp_path / "written.txt"
    _make(path)
    _store(path, {"log_query_path": str(written)})
    with cocosql.connect(path, read_only=True) as con, pytest.raises(duckdb.Error, match="log_query_path"):
        con.execute("FROM coco_views()").fetchall()
    with cocosql.connect(path) as con, pytest.raises(duckdb.Error, match="log_query_path"):
        con.execute("REFRESH INCREMENTAL VIEW v")
    assert not written.exists()


@pytest.mark.parametrize(("name", "value"), [("TimeZone", "Nowhere/Nothing"), ("integer_division", "perhaps")])
def test_a_setting_that_does_not_take_its_value_is_named(tmp_path: Path, name: str, value: str):
    path = tmp_path / "s.db"
    _make(path)
    _store(path, {name: value})
    with cocosql.connect(path, read_only=True) as con:
        ((status, reason),) = con.execute("SELECT status, status_reason FROM coco_views()").fetchall()
        assert status == "broken"
        assert name in reason
        assert value in reason


def _make(path: Path) -> None:
    with cocosql.connect(path) as con:
        con.execute(ROWS)
        con.execute("CREATE INCREMENTAL VIEW v AS FROM t")


def _store(path: Path, more: dict[str, str]) -> None:
    with duckdb.connect(str(path)) as con:
        con.execute("UPDATE coco.views SET settings = map_concat(settings, ?::MAP(VARCHAR, VARCHAR))", [more])


@pytest.mark.parametrize("capture", ["diff", "log"])
@pytest.mark.parametrize("mode", ["auto", "recompute"])
def test_views_refreshed_together_each_have_their_own(tmp_path: Path, capture: str, mode: str):
    path = tmp_path / "chain.db"
    with cocosql.connect(path) as con:
        con.execute(ROWS)
        con.execute("SET integer_division = true; SET TimeZone = 'Asia/Tokyo'")
        options = f"WITH (capture = '{capture}', mode = '{mode}')"
        con.execute(
            f"CREATE INCREMENTAL VIEW v {options} AS SELECT id, a / 2 AS half, date_trunc('day', moment) AS d FROM t"
        )
        con.execute("SET integer_division = false; SET TimeZone = 'UTC'")
        con.execute("CREATE INCREMENTAL VIEW w AS SELECT id, half / 2 AS quarter, d FROM v")
    with cocosql.connect(path) as con:
        for statement in ("EXPLAIN REFRESH INCREMENTAL VIEW w", "REFRESH INCREMENTAL VIEW w"):
            con.execute("INSERT INTO t SELECT max(id) + 1, 'x', 5, 1, '2026-03-01 20:00:00Z' FROM t")
            con.execute(statement).fetchall()
        con.execute("SET integer_division = true; SET TimeZone = 'Asia/Tokyo'")
        wanted = "SELECT id, a / 2 AS half, date_trunc('day', moment) AS d FROM t"
        assert con.execute(f"FROM v EXCEPT ALL ({wanted})").fetchall() == []
        assert con.execute(f"({wanted}) EXCEPT ALL FROM v").fetchall() == []
        assert con.execute("SELECT count(*) FROM v").fetchall() == [(4,)]
        con.execute("SET integer_division = false")
        assert con.execute("FROM w EXCEPT ALL SELECT id, half / 2, d FROM v").fetchall() == []
        con.execute("REFRESH ALL INCREMENTAL VIEWS")
        assert con.execute("SELECT status FROM coco_views()").fetchall() == [("fresh",), ("fresh",)]
