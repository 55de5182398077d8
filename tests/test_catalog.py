"""What the engine asks the catalog directly, against DuckDB's own tables; and what views make of it."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import pytest
from helpers import Con, assert_view_equals_query, one, rows

import cocosql
import cocosql.statements
from cocosql._native import Session
from cocosql.catalog import views


@pytest.fixture
def session(con: Con, monkeypatch: pytest.MonkeyPatch) -> Iterator[Session]:
    """The session of a statement."""
    taken: list[Session] = []

    def take(session: Session, *_: Any) -> list[tuple[Any, ...]]:
        taken.append(session)
        return []

    with monkeypatch.context() as patch:
        patch.setattr(cocosql.statements, "run", take)
        con.execute("SHOW INCREMENTAL VIEWS")
    yield taken.pop()


def test_records_are_of_one_moment(con: Con, session: Session) -> None:
    """A view that is created while records are read is seen whole, or not at all."""
    con.execute("CREATE TABLE t AS SELECT 1 AS id; CREATE INCREMENTAL VIEW v AS FROM t")

    class BesideCreate:
        """A session; each time that it has read, another view is there."""

        def __getattr__(self, name: str) -> Any:
            found = getattr(session, name)
            return partial(self._read, found) if name in ("rows", "new_records") else found

        def _read(self, read: Any, *arguments: Any) -> Any:
            found = read(*arguments)
            ((number,),) = rows(con, "SELECT count(*) FROM coco_views()")
            con.execute(f"CREATE INCREMENTAL VIEW v{number} AS FROM t")
            return found

    for _ in range(2):
        for view in views.all_views(BesideCreate(), "memory"):  # type: ignore[arg-type]
            assert len(view.inputs) == len(view.operators) - 1 == 1


def test_databases(con: Con, session: Session, tmp_path: Path) -> None:
    cocosql.connect(tmp_path / "read only.db").close()
    con.execute(f'ATTACH \'{tmp_path / "read only.db"}\' AS "Ünï ""q" (READ_ONLY)')
    con.execute("ATTACH ':memory:' AS \"select\"")
    expected = rows(con, "SELECT database_name, readonly FROM duckdb_databases() ORDER BY database_oid")
    assert [(database.name, database.is_read_only) for database in session.databases()] == expected
    assert all(database.is_native for database in session.databases())


def test_relations(con: Con, session: Session) -> None:
    con.execute('CREATE SCHEMA "Sch ema"')
    con.execute('CREATE TABLE "Sch ema"."Tä""ble" (a INTEGER, "B b" INTEGER, c INTEGER, PRIMARY KEY ("B b", A))')
    con.execute("CREATE TABLE one (id INTEGER PRIMARY KEY, n INTEGER UNIQUE)")
    con.execute("CREATE TABLE none (id INTEGER UNIQUE)")
    con.execute('CREATE VIEW "Sch ema"."select" AS SELECT a + 1 AS x FROM "Sch ema"."Tä""ble"')
    for database, schema, name in rows(con, "SELECT database_name, schema_name, table_name FROM duckdb_tables()"):
        found = session.relation(database.upper(), schema.upper(), name.lower())
        assert found is not None
        assert (found.database, found.schema, found.name, found.is_view) == (database, schema, name, False)
    for database, schema, name, sql in rows(
        con, "SELECT database_name, schema_name, view_name, sql FROM duckdb_views()"
    ):
        found = session.relation(database, schema, name)
        assert found is not None
        assert (found.database, found.schema, found.name, found.is_view) == (database, schema, name, True)
        assert (found.sql, found.key) == (sql, [])
    table = session.relation("memory", "sch ema", 'tä"BLE')
    assert table is not None
    assert table.key == ["B b", "a"]
    assert [found.key for name in ("one", "none") if (found := session.relation("memory", "main", name))] == [
        ["id"],
        [],
    ]
    for missing in [("memory", "main", "x"), ("memory", "x", "one"), ("x", "main", "one"), ("temp", "main", "one")]:
        assert session.relation(*missing) is None
    assert [session.has_schema("memory", schema) for schema in ("main", "SCH EMA", "x")] == [True, True, False]


def test_function_kinds(con: Con, session: Session) -> None:
    con.execute("CREATE SCHEMA other")
    con.execute("CREATE MACRO plus(a) AS a + 1, (a, b) AS a + b")
    con.execute("CREATE MACRO other.plus(a) AS a + 2")
    con.execute("CREATE MACRO upto(n) AS TABLE SELECT * FROM range(n)")
    every = rows(
        con,
        """
        SELECT DISTINCT lower(function_name),
            CASE WHEN stability IN ('VOLATILE', 'CONSISTENT_WITHIN_QUERY')
                THEN if(internal, 'built-in, not consistent', 'volatile') ELSE function_type END,
            macro_definition
        FROM duckdb_functions() WHERE function_type <> 'pragma'
        """,
    )
    assert session.function_kinds(sorted({name for name, _, _ in every})) == set(every)
    assert session.function_kinds(["plus", "no_such_function"]) == {row for row in every if row[0] == "plus"}


def test_rows(con: Con, session: Session) -> None:
    con.execute("CREATE TABLE t AS SELECT 1 AS id")
    con.execute("CREATE INCREMENTAL VIEW v AS SELECT id FROM t")
    columns = ["migration", "applied_at"]

    def same(reader: Session) -> int:
        expected = reader.execute("SELECT migration, applied_at FROM coco.migrations")
        assert sorted(reader.rows("memory", "migrations", columns)) == sorted(expected)
        return len(expected)

    with pytest.raises(duckdb.CatalogException, match="no column nothing"):
        session.rows("memory", "migrations", ["nothing"])
    before = same(session)
    session.execute("INSERT INTO coco.migrations SELECT i, now() FROM range(10, 300000) AS r(i)")
    assert same(session) == before + 299990
    session.execute("DELETE FROM coco.migrations WHERE migration % 3 = 1 AND migration > 9")
    session.execute("UPDATE coco.migrations SET migration = migration + 1000000 WHERE migration % 5 = 1")
    committed = same(session)
    session.execute("BEGIN")
    session.execute("DELETE FROM coco.migrations WHERE migration % 7 = 1")
    session.execute("INSERT INTO coco.migrations SELECT i, now() FROM range(10, 30) AS r(i)")
    session.execute("UPDATE coco.migrations SET migration = migration + 1 WHERE migration > 9")
    assert same(session) != committed
    assert same(session.sibling()) == committed
    session.execute("ROLLBACK")
    assert same(session) == committed


def test_a_refresh_leaves_the_settings_of_others_alone(con: Con) -> None:
    con.execute("CREATE TABLE t (id INTEGER)")
    con.execute("INSERT INTO t VALUES (1), (NULL), (3)")
    query = "SELECT id, row_number() OVER (ORDER BY id) AS n FROM t"
    for order in ("nulls_last", "nulls_first"):
        con.execute(f"SET default_null_order = '{order}'")
        con.execute(f"CREATE INCREMENTAL VIEW {order} AS {query}")
    con.execute("SET default_null_order = 'nulls_last'")
    con.execute("INSERT INTO t VALUES (0)")
    con.execute("REFRESH ALL INCREMENTAL VIEWS")
    assert one(con, "SELECT current_setting('default_null_order')") == "NULLS_LAST"
    assert_view_equals_query(con, "nulls_last", query)
    con.execute("SET default_null_order = 'nulls_first'")
    assert_view_equals_query(con, "nulls_first", query)


def test_a_key_that_is_spelled_otherwise_than_its_columns(con: Con) -> None:
    con.execute("CREATE TABLE t (id INTEGER, s VARCHAR, PRIMARY KEY (S, Id))")
    con.execute("INSERT INTO t VALUES (1, 'a')")
    con.execute("CREATE INCREMENTAL VIEW v AS SELECT id, s FROM t")
    con.execute("INSERT INTO t VALUES (2, 'a')")
    assert rows(con, "REFRESH INCREMENTAL VIEW v")[0][2:5] == (1, 0, 0)
    assert_view_equals_query(con, "v", "FROM t")


@pytest.mark.parametrize("overload", ["(a) AS a + {n}, (a, b) AS a + b", "(a, b) AS a + b, (a) AS a + {n}"])
def test_every_overload_of_a_macro_counts(con: Con, overload: str) -> None:
    con.execute("CREATE TABLE t AS SELECT 1 AS id")
    con.execute(f"CREATE MACRO plus{overload.format(n=1)}")
    con.execute("CREATE INCREMENTAL VIEW v AS SELECT plus(id) AS n FROM t")
    assert rows(con, "FROM v") == [(2,)]
    con.execute(f"CREATE OR REPLACE MACRO plus{overload.format(n=2)}")
    con.execute("REFRESH INCREMENTAL VIEW v")
    assert rows(con, "FROM v") == [(3,)]


def test_a_view_that_another_names_in_other_case(con: Con) -> None:
    con.execute("CREATE TABLE t AS SELECT 1 AS id")
    con.execute("CREATE VIEW Below AS SELECT id FROM t")
    con.execute("CREATE VIEW above AS SELECT id FROM BELOW")
    con.execute("CREATE INCREMENTAL VIEW v AS SELECT id FROM above")
    con.execute("CREATE OR REPLACE VIEW Below AS SELECT id + 1 AS id FROM t")
    con.execute("REFRESH INCREMENTAL VIEW v")
    assert rows(con, "FROM v") == [(2,)]


def test_a_database_named_in_other_case(con: Con, path: Path) -> None:
    con.execute(f"ATTACH '{path}' AS Other")
    con.execute("CREATE TABLE other.t AS SELECT 1 AS id")
    con.execute("CREATE INCREMENTAL VIEW OTHER.main.v AS SELECT id FROM other.t")
    con.execute("INSERT INTO other.t VALUES (2)")
    assert rows(con, "REFRESH INCREMENTAL VIEW oTHER.main.v")[0][2:5] == (1, 0, 0)
    assert rows(con, "SELECT database, status FROM coco_views()") == [("Other", "fresh")]
    con.execute("DROP INCREMENTAL VIEW OtheR.main.v")
    assert rows(con, "FROM coco_views()") == []
