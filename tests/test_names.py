"""The engine's SQL means what it says, whatever objects of the user's are named like what it uses."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import duckdb
import helpers
import pytest
from helpers import Con

import cocosql
from cocosql import tables
from cocosql.sqltext import ident


def shout(text: str) -> str:
    return text.upper()


def weigh(text: str) -> int:
    if text == "odd":
        raise ValueError("cannot be weighed")
    return len(text)


#: A scenario names no function but by its schema, as all of them may be the user's.
SOURCES = """
CREATE TABLE words (id INTEGER PRIMARY KEY, word VARCHAR, kind INTEGER);
INSERT INTO words VALUES (1, 'a', 1), (2, 'bb', 1), (3, 'ccc', 2), (4, 'dddd', 2), (5, NULL, 3);
CREATE TABLE kinds (kind INTEGER, name VARCHAR, names VARCHAR[]);
INSERT INTO kinds VALUES (1, 'short', NULL), (2, 'long', NULL), (2, 'long', NULL)
"""
VIEWS = {
    "loud": "SELECT id, shout(word) AS word, kind FROM words WHERE kind < 3",
    "joined": "SELECT id, word, name FROM loud JOIN kinds USING (kind)",
    "outer_joined": "SELECT w.id, k.name FROM words AS w LEFT JOIN kinds AS k ON w.kind = k.kind",
    "counted": "SELECT kind, system.main.count_star() AS n FROM words GROUP BY kind",
    "summed": "SELECT kind, system.main.sum(id) AS s, system.main.max(word) AS m FROM words GROUP BY kind",
    "distinct_kinds": "SELECT DISTINCT name FROM kinds",
    "merged": "SELECT kind FROM words UNION ALL SELECT kind FROM kinds EXCEPT SELECT id FROM words",
    "ranked": "SELECT id, system.main.row_number() OVER (PARTITION BY kind ORDER BY id) AS rank FROM words",
    "first_words": "SELECT id, word FROM words ORDER BY id LIMIT 2",
    "recomputed": "SELECT id, word FROM words WHERE kind IN (SELECT kind FROM kinds)",
    "weighed": "SELECT id, weigh(word) AS weight FROM words",
}
OPTIONS = {"recomputed": "mode = 'recompute'", "weighed": "on_error = 'keep'", "counted": "capture = 'log'"}
CHANGES = [
    "INSERT INTO words VALUES (6, 'odd', 1), (7, 'new', 2)",
    "UPDATE words SET word = 'longer' WHERE id = 2",
    "DELETE FROM words WHERE id = 1",
    "INSERT INTO kinds VALUES (3, 'none', NULL)",
    "DELETE FROM kinds WHERE kind = 1",
]
LOOKS = [
    "SELECT name, status, version, row_count, incremental FROM coco_views()",
    "SELECT name, current, calls, hits, errors FROM coco_functions()",
    "SELECT view, version, status, inserted, updated, deleted, calls, hits, errors FROM coco_runs()",
    "SELECT view, status FROM coco_runs('loud')",
    "SELECT step, view, operator_id FROM coco_run_steps(1)",
    "SELECT view, function, input, error, attempts FROM coco_errors()",
    "SELECT view, input FROM coco_errors('weighed')",
    "SELECT function, bytes FROM coco_memo('shout')",
    "SELECT function, input_fingerprint FROM coco_memo()",
    "FROM coco_column_lineage()",
    "FROM coco_column_lineage('joined', false)",
    "SELECT view, kind, row_id FROM coco_impact('shout')",
    "SELECT view, kind, row_id, detail FROM coco_impact('words', 2)",
    "SELECT row_id, version, op, cause, what, detail FROM coco_explain_change('joined')",
    *(f"SELECT operator_id, kind, rule, row_count FROM coco_operators('{name}')" for name in VIEWS),
    *(f"SELECT row_id, \"row\", source, source_key, source_row, source_state FROM coco_lineage('{name}')"
      for name in VIEWS if name != "recomputed"),
    *(f"SELECT version, op, row_id, \"row\" FROM coco_changes('{name}')" for name in VIEWS),
    *(f"EXPLAIN REFRESH INCREMENTAL VIEW {name}" for name in VIEWS),
]  # fmt: skip


def scenario(con: Con) -> Iterator[Any]:
    """What a user is told, in the course of making views, of changes and of refreshes."""
    cocosql.register(con, shout, weigh)
    for name, query in VIEWS.items():
        options = f"WITH ({OPTIONS[name]}) " if name in OPTIONS else ""
        con.execute(f"CREATE INCREMENTAL VIEW {name} {options}AS {query}")
    for change in CHANGES:
        con.execute(change)
    yield looked(con)
    yield [row[:7] for row in con.execute("REFRESH ALL INCREMENTAL VIEWS").fetchall()]
    yield looked(con)
    for name, query in VIEWS.items():
        if name != "weighed":
            yield name, sorted(map(repr, con.execute(query).fetchall()))
    yield con.execute("SELECT word FROM words WHERE shout(word) = 'NEW'").fetchall()
    yield [row[:2] for row in con.execute("VACUUM INCREMENTAL VIEWS WITH (retain = '0 seconds')").fetchall()]
    con.execute("ALTER INCREMENTAL VIEW loud RENAME TO louder; ALTER INCREMENTAL VIEW counted SET (key = 'kind')")
    con.execute("DROP INCREMENTAL VIEW louder CASCADE; REFRESH ALL INCREMENTAL VIEWS")
    yield con.execute("SELECT name, status FROM coco_views()").fetchall()


def looked(con: Con) -> list[Any]:
    shown = [f"FROM {name}" for name in VIEWS]
    return [(sql, sorted(map(repr, con.execute(sql).fetchall()))) for sql in [*LOOKS, *shown]]


def shadow(con: Con, kind: str) -> None:
    """Give each function of DuckDB's and of ours, from those apart that the scenario calls, macros of its name."""
    sql = "SELECT DISTINCT function_name FROM duckdb_functions() WHERE database_name = 'system' ORDER BY ALL"
    names = {name for (name,) in helpers.rows(con, sql)}
    forms = [f"({', '.join(f'a{i}' for i in range(count))}) AS" for count in range(7)]
    for name in sorted(names - set(tables.TABLES)):
        con.execute(f"CREATE {kind} {ident(name)} {', '.join(f'{form} NULL' for form in forms)}")
        con.execute(f"CREATE {kind} {ident(name)} {', '.join(f'{form} TABLE (SELECT 7 AS other)' for form in forms)}")


@pytest.fixture(scope="module")
def undisturbed() -> list[Any]:
    """What is told where the user has nothing that is named like what the engine uses."""
    with cocosql.connect(threads=1) as con:  # for the order of rows, and so of their ids
        con.execute(SOURCES)
        return list(scenario(con))


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["MACRO", "TEMP MACRO"])
def test_macros_named_like_functions(undisturbed: list[Any], kind: str) -> None:
    with cocosql.connect(threads=1) as con:  # for the order of rows, and so of their ids
        con.execute(SOURCES)
        shadow(con, kind)
        assert con.execute("SELECT max(id), 1 + 1 FROM words LIMIT 1").fetchall() == [(None, None)]
        told = scenario(con)
        for expected in undisturbed:
            assert next(told) == expected


@pytest.mark.slow
def test_objects_named_like_those_of_the_engine(undisturbed: list[Any]) -> None:
    with cocosql.connect() as other:
        other.execute(SOURCES)
        next(scenario(other))  # all is made
        kept = {name for (name,) in helpers.rows(other, "SELECT table_name FROM duckdb_tables()")}
    named_in_sql = {"coco_states", "coco_registered", "coco_running", "coco_sizes", "given", "appended_data", "stored"}
    with cocosql.connect(threads=1) as con:  # for the order of rows, and so of their ids
        con.execute(SOURCES)
        con.execute("CREATE SCHEMA memory.system; CREATE SCHEMA memory.temp; CREATE SCHEMA memory.coco_db")
        assert "JSON" in make_types(con)
        for name in (kept | named_in_sql) - {"words", "kinds"}:
            con.execute(f"CREATE VIEW main.{ident(name)} AS SELECT 1 AS nothing")
            con.execute(f"CREATE TEMP TABLE {ident(name)} (nothing INTEGER)")
        told = scenario(con)
        for expected in undisturbed:
            assert next(told) == expected


def make_types(con: Con) -> set[str]:
    """Make a type of each name that DuckDB does not keep to itself."""
    made = set()
    for (name,) in helpers.rows(con, "SELECT DISTINCT type_name FROM duckdb_types()"):
        with suppress(duckdb.CatalogException):
            con.execute(f"CREATE TYPE {ident(name)} AS ENUM ('another')")
            made.add(name.upper())
    return made


class TestTheUsersOwn:
    """Macros of the user's that are named like functions of DuckDB's mean in views what they mean in queries."""

    QUERIES = (
        "SELECT k, max(k, 2) AS x FROM t",
        "SELECT through(k) AS x, k + 1 AS y FROM t",
        "SELECT max(count(*), 100) AS x FROM t",
        "SELECT DISTINCT through(k) % 2 AS x FROM t ORDER BY ALL LIMIT 2",
        "SELECT * FROM range(5) AS r JOIN t ON r.k = t.k",
    )

    @pytest.mark.parametrize("mode", ["auto", "recompute"])
    @pytest.mark.parametrize("query", QUERIES)
    def test_macros(self, con: Con, query: str, mode: str) -> None:
        self.make(con)
        con.execute(f"CREATE INCREMENTAL VIEW v WITH (mode = '{mode}') AS {query}")
        for change in ("INSERT INTO t VALUES (7), (8)", "DELETE FROM t WHERE k = 2", "UPDATE t SET k = 30 WHERE k = 3"):
            con.execute(change)
            con.execute("REFRESH INCREMENTAL VIEW v")
            assert sorted(helpers.rows(con, "FROM v")) == sorted(helpers.rows(con, query))

    @pytest.mark.parametrize("mode", ["auto", "recompute"])
    def test_the_first_schema_of_the_path_counts(self, con: Con, mode: str) -> None:
        self.make(con)
        con.execute("CREATE SCHEMA s; CREATE MACRO s.through(a) AS 'of s'; SET search_path = 's,main'")
        con.execute(f"CREATE INCREMENTAL VIEW s.v WITH (mode = '{mode}') AS SELECT through(k) AS x FROM t")
        con.execute("RESET search_path; INSERT INTO t VALUES (7); REFRESH INCREMENTAL VIEW s.v")
        assert helpers.rows(con, "FROM s.v") == [("of s",)] * 6

    def make(self, con: Con) -> None:
        con.execute("CREATE TABLE t (k INTEGER); INSERT INTO t SELECT * FROM range(5)")
        con.execute("CREATE MACRO max(a, b) AS greatest(a, b); CREATE MACRO through(a) AS max(a, 3) * 10")
        con.execute("CREATE MACRO range(n) AS TABLE SELECT n AS k UNION ALL SELECT 2 AS k")

    @pytest.mark.parametrize("query", ["SELECT whisper(s) AS x FROM t", "SELECT lower(s) AS x FROM t"])
    def test_temporary_macros_are_refused(self, con: Con, query: str) -> None:
        con.execute("CREATE TABLE t (s VARCHAR)")
        con.execute("CREATE TEMP MACRO whisper(a) AS a; CREATE TEMP MACRO lower(a) AS upper(a)")
        with pytest.raises(duckdb.InvalidInputException, match=r"(whisper|lower) is a temporary macro"):
            con.execute(f"CREATE INCREMENTAL VIEW v AS {query}")
