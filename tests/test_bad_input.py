"""Bad input: a clear error that says what to do, and nothing changes."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from helpers import Con, assert_view_equals_query, rows, run_script

import cocosql
from cocosql import native


@pytest.fixture
def notes(con: Con) -> Iterator[Con]:
    """A database with a table and a view, which the test must leave as they are."""
    con.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, s VARCHAR); INSERT INTO t VALUES (1, 'a'), (2, 'b')")
    con.execute("CREATE INCREMENTAL VIEW v AS SELECT id, upper(s) AS u FROM t")
    con.execute("CREATE VIEW plain AS FROM t; CREATE SEQUENCE seq")
    before = state(con)
    yield con
    assert state(con) == before


def state(con: Con) -> list[Any]:
    tables = rows(
        con, "SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = 'memory' ORDER BY ALL"
    )
    views = rows(con, "SELECT schema_name, view_name, sql FROM duckdb_views() WHERE NOT internal ORDER BY ALL")
    return [
        tables,
        views,
        rows(con, "FROM v ORDER BY ALL"),
        rows(con, "SELECT name, version, query FROM coco_views() ORDER BY ALL"),
    ]


def refused(con: Con, query: str, *parts: str) -> str:
    with pytest.raises(duckdb.Error) as caught:
        con.execute(query)
    message = str(caught.value)
    for part in parts:
        assert part.lower() in message.lower(), message
    assert "Traceback" not in message, message
    assert "INTERNAL" not in message, message
    return message


def test_an_unregistered_function(notes: Con) -> None:
    refused(notes, "CREATE INCREMENTAL VIEW w AS SELECT embed(s) AS e FROM t", "embed", "cocosql.register(con, embed)")
    refused(
        notes,
        "CREATE INCREMENTAL VIEW w AS SELECT count(embed(s)) AS e FROM t GROUP BY s",
        "cocosql.register(con, embed)",
    )
    refused(notes, "CREATE INCREMENTAL VIEW w AS SELECT c FROM t, unnest(split(s)) AS u(c)", "split")


def test_unknown_tables_and_columns(notes: Con) -> None:
    refused(notes, "CREATE INCREMENTAL VIEW w AS FROM nowhere", "nowhere", "does not exist")
    refused(notes, "CREATE INCREMENTAL VIEW w AS FROM other.nowhere", "nowhere")
    refused(notes, "CREATE INCREMENTAL VIEW w AS SELECT nothing FROM t", "nothing")
    refused(notes, "CREATE INCREMENTAL VIEW w AS SELECT t.nothing FROM t", "nothing")
    refused(notes, "REFRESH INCREMENTAL VIEW nowhere", "nowhere does not exist", "SHOW INCREMENTAL VIEWS")
    refused(notes, "DROP INCREMENTAL VIEW nowhere", "nowhere does not exist")
    refused(notes, "EXPLAIN INCREMENTAL VIEW nowhere", "nowhere does not exist")
    refused(notes, "REFRESH INCREMENTAL VIEW t", "t does not exist")


VOLATILE = ["random()", "now()", "current_timestamp", "current_date", "uuid()", "gen_random_uuid()", "nextval('seq')", "today()", "getvariable('x')",
    "current_setting('threads')", "transaction_timestamp()", "get_current_time()", "localtimestamp", "txid_current()", "age(TIMESTAMP '2000-01-01')",
    "list_transform([1], lambda x: random())", "coalesce(NULL, random())"]  # fmt: skip


@pytest.mark.parametrize("call", VOLATILE)
def test_volatile_functions(notes: Con, call: str) -> None:
    message = refused(notes, f"CREATE INCREMENTAL VIEW w AS SELECT id, {call} AS r FROM t")
    name = call.split("(", maxsplit=1)[0] if "random()" not in call else "random"
    assert f"{name} cannot be part of an incremental view" in message


@pytest.mark.parametrize("query", [
    "SELECT id FROM t WHERE random() > 2", "SELECT id FROM t ORDER BY random()", "WITH w AS (SELECT random() AS r) FROM w",
    "SELECT id FROM t WHERE id IN (SELECT (random() * 10)::INTEGER)", "SELECT RANDOM() AS r FROM t", "SELECT count(*) AS n FROM t GROUP BY random()",
])  # fmt: skip
def test_volatile_functions_anywhere(notes: Con, query: str) -> None:
    refused(notes, f"CREATE INCREMENTAL VIEW w AS {query}", "random cannot be part")


def test_volatile_functions_behind_macros_and_views(con: Con) -> None:
    con.execute(
        "CREATE MACRO dice() AS random() * 6; CREATE VIEW rolled AS SELECT dice() AS d; CREATE MACRO throws() AS TABLE SELECT random() AS r"
    )
    for query in ["SELECT dice() AS d", "FROM rolled", "SELECT * FROM throws()"]:
        refused(con, f"CREATE INCREMENTAL VIEW w AS {query}", "random cannot be part")
    assert rows(con, "FROM coco_views()") == []


def test_wrong_types_of_arguments(notes: Con) -> None:
    @cocosql.udf
    def twice(x: int) -> int:
        return 2 * x

    cocosql.register(notes, twice)
    refused(notes, "CREATE INCREMENTAL VIEW w AS SELECT twice([1]) AS y FROM t", "twice")
    refused(notes, "CREATE INCREMENTAL VIEW w AS SELECT twice(id, id) AS y FROM t", "twice")
    refused(notes, "CREATE INCREMENTAL VIEW w AS SELECT twice() AS y FROM t", "twice")


def test_a_view_that_reads_itself(notes: Con) -> None:
    refused(notes, "CREATE INCREMENTAL VIEW w AS FROM w", "w cannot read itself")
    refused(notes, "CREATE OR REPLACE INCREMENTAL VIEW v AS FROM v", "v cannot read itself")
    refused(notes, "CREATE OR REPLACE INCREMENTAL VIEW v AS SELECT id, u FROM main.V", "v cannot read itself")


def test_columns_that_follow_the_data(notes: Con) -> None:
    refused(notes, "CREATE INCREMENTAL VIEW w AS PIVOT t ON s USING count(*)", "PIVOT", "IN (")
    refused(notes, "CREATE INCREMENTAL VIEW w AS SELECT * FROM (PIVOT t ON s USING count(*))", "PIVOT", "IN (")


def test_columns_that_no_table_can_have(notes: Con) -> None:
    said = ("column x is of type", "no table can be declared with")
    refused(notes, "CREATE INCREMENTAL VIEW w AS SELECT sum(id) EXPORT_STATE AS x FROM t", *said)


def test_a_type_that_a_table_can_have_since_2_0_1(con: Con) -> None:
    con.execute("CREATE TABLE t AS SELECT 1 AS id")
    query = "SELECT variant_to_parquet_variant(id::VARIANT) AS x FROM t"
    (described,) = rows(con, f"DESCRIBE {query}")
    try:
        con.execute(f"CREATE TABLE as_it_is (x {described[1]})")
    except duckdb.Error:
        refused(con, f"CREATE INCREMENTAL VIEW w AS {query}", "column x is of type", "no table can be declared with")
    else:
        con.execute(f"CREATE INCREMENTAL VIEW w AS {query}")
        assert_view_equals_query(con, "w", query)


def test_views_that_read_each_other(con: Con) -> None:
    con.execute(
        "CREATE TABLE t AS SELECT 1 AS id; CREATE INCREMENTAL VIEW a AS FROM t; CREATE INCREMENTAL VIEW b AS FROM a"
    )
    con.execute("CREATE VIEW p AS FROM b")
    con.execute("CREATE INCREMENTAL VIEW c AS SELECT b.id FROM b, a")
    refused(
        con,
        "CREATE OR REPLACE INCREMENTAL VIEW a AS FROM b",
        "a cannot read itself: a reads b, b reads a",
    )
    refused(con, "CREATE OR REPLACE INCREMENTAL VIEW a AS FROM p", "a reads b, b reads a")
    refused(con, "CREATE OR REPLACE INCREMENTAL VIEW b AS FROM c", "b reads c, c reads b")
    refused(con, "CREATE OR REPLACE INCREMENTAL VIEW a AS SELECT ( + id) AS id FROM c", "a reads c")
    assert rows(con, "FROM a") == [(1,)]


def test_names_that_exist(notes: Con) -> None:
    refused(notes, "CREATE INCREMENTAL VIEW v AS FROM t", "v exists already", "OR REPLACE", "DROP")
    refused(notes, "CREATE INCREMENTAL VIEW t AS SELECT 1 AS x", "table named t exists already")
    refused(notes, "CREATE INCREMENTAL VIEW plain AS FROM t", "view named plain exists already")
    refused(notes, "CREATE OR REPLACE INCREMENTAL VIEW plain AS FROM t", "exists already")
    refused(notes, "CREATE INCREMENTAL VIEW IF NOT EXISTS t AS SELECT 1 AS x", "exists already")


def test_temporary_sources(notes: Con) -> None:
    notes.execute("CREATE TEMP TABLE mine AS SELECT 1 AS x")
    for query in [
        "FROM mine",
        "SELECT x FROM temp.mine",
        "SELECT x FROM temp.main.mine",
        "SELECT id FROM t WHERE id IN (FROM mine)",
    ]:
        refused(notes, f"CREATE INCREMENTAL VIEW w AS {query}", "temporary", "CREATE TABLE")
    notes.execute("CREATE TEMP VIEW glance AS SELECT 1 AS x")
    refused(notes, "CREATE INCREMENTAL VIEW w AS FROM glance", "temporary")
    notes.execute("DROP TABLE mine; DROP VIEW glance")
    refused(notes, "CREATE INCREMENTAL VIEW temp.w AS FROM t")
    refused(notes, "CREATE TEMP INCREMENTAL VIEW w AS FROM t")


def test_data_frames(notes: Con) -> None:
    import pyarrow as pa

    frame = pa.table({"x": [1]})
    assert notes.execute("FROM frame").fetchall() == [(1,)]
    refused(notes, "CREATE INCREMENTAL VIEW w AS FROM frame", "frame", "CREATE TABLE")
    notes.register("registered", frame)
    refused(notes, "CREATE INCREMENTAL VIEW w AS FROM registered", "registered", "CREATE TABLE")
    notes.unregister("registered")


def test_parameters(notes: Con) -> None:
    for query in ["SELECT id FROM t WHERE id = ?", "SELECT id FROM t WHERE id = $1", "SELECT $x AS x"]:
        refused(notes, f"CREATE INCREMENTAL VIEW w AS {query}", "parameter")
    with pytest.raises(duckdb.Error, match="(?i)parameter"):
        notes.execute("CREATE INCREMENTAL VIEW w AS SELECT id FROM t WHERE id = ?", [1])


def test_not_a_select(notes: Con) -> None:
    for query in [
        "INSERT INTO t VALUES (3, 'c')",
        "DELETE FROM t",
        "CREATE TABLE x AS SELECT 1",
        "DROP TABLE t",
        "COPY t TO '/tmp/x'",
    ]:
        refused(notes, f"CREATE INCREMENTAL VIEW w AS {query}", "one SELECT")


def test_refresh_in_a_transaction(notes: Con) -> None:
    notes.execute("BEGIN")
    refused(notes, "REFRESH INCREMENTAL VIEW v", "transaction", "COMMIT or ROLLBACK")
    notes.execute("ROLLBACK")


def test_reserved_columns(notes: Con) -> None:
    for column in ("coco_row_id", "coco_source_id", "COCO_x"):
        refused(notes, f"CREATE INCREMENTAL VIEW w AS SELECT id AS {column} FROM t", "coco_", "AS")


def test_a_column_that_is_gone(con: Con) -> None:
    con.execute("CREATE TABLE t AS SELECT 1 AS id, 2 AS n; CREATE INCREMENTAL VIEW v AS SELECT id, n FROM t")
    con.execute("ALTER TABLE t DROP COLUMN n")
    refused(con, "REFRESH INCREMENTAL VIEW v", "view v", "n", "CREATE OR REPLACE INCREMENTAL VIEW")
    con.execute("DROP TABLE t")
    refused(con, "REFRESH INCREMENTAL VIEW v", "view v", "t")
    assert rows(con, "FROM v") == [(1, 2)]
    con.execute("DROP INCREMENTAL VIEW v")


def test_another_version_of_duckdb(tmp_path: Path) -> None:
    script = """
        import duckdb
        duckdb.__version__ = "1.9.9"
        try:
            import cocosql
            cocosql.connect()
            print("loaded")
        except Exception as error:
            print(type(error).__name__, error)
    """
    out = run_script(script)
    for part in ("ImportError", "1.9.9", *native.supported(), "pip install"):
        assert part in out, out


def test_a_file_of_a_newer_cocosql(path: Path) -> None:
    con = cocosql.connect(path)
    con.execute("CREATE TABLE t AS SELECT 1 AS id; CREATE INCREMENTAL VIEW v AS FROM t")
    con.execute("INSERT INTO coco.migrations (migration) VALUES (999)")
    refused(con, "REFRESH INCREMENTAL VIEW v", "newer version")
    assert rows(con, "FROM v") == [(1,)]
    con.close()


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    file = tmp_path / "text.db"
    file.write_text("no database at all" * 1000)
    with pytest.raises(duckdb.Error, match=r"text\.db"):
        cocosql.connect(file)
    with pytest.raises(duckdb.Error):
        cocosql.connect(tmp_path / "no" / "such" / "folder.db")


def test_a_source_in_a_read_only_database(con: Con, path: Path) -> None:
    duckdb.connect(str(path)).execute("CREATE TABLE t AS SELECT 1 AS id").close()
    con.execute(f"ATTACH '{path}' AS other (READ_ONLY)")
    refused(con, "CREATE INCREMENTAL VIEW other.v AS FROM other.t", "only")
    con.execute("CREATE INCREMENTAL VIEW v AS FROM other.t")
    assert rows(con, "REFRESH INCREMENTAL VIEW v")[0][1] == 1
