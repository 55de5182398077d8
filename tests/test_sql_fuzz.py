"""Random queries over random tables and changes: each view equals its query run afresh.

`COCOSQL_EXAMPLES=2000 pytest -m slow tests/test_sql_fuzz.py` tries more. A failure prints the script that leads to it.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import duckdb
import pytest
from helpers import Con, assert_close, assert_replayed, assert_same, create_view, difference, one, rows
from hypothesis import event
from hypothesis import strategies as st
from hypothesis.errors import UnsatisfiedAssumption
from speeds import holds_for
from sql_grammar import FUNCTIONS, MACROS, Relation, Table, changes, filled, queries, relation_of, schema, with_macros

import cocosql

DEPTH = 3
#: What DuckDB refuses of Python functions, as they are volatile for it: a part of the query, of the error. Such queries are
#: not tried on.
REFUSED = {
    "DISTINCT py_": "In a DISTINCT aggregate, ORDER BY",
    "PARTITION BY": "PARTITION BY window expressions cannot be volatile",
}
#: Queries with more rows are not worth their time.
MANY_ROWS = 5_000


class Stage:
    """A database whose every statement is noted, so that a failure can show how to come to it.

    A view named inc_<n> has a plain view plain_<n> beside it, which means the same without CocoSQL.
    """

    def __init__(self, con: Con, capture: str) -> None:
        self.con = con
        self.capture = capture
        self.script: list[str] = []
        self.queries: dict[str, str] = {}

    def run(self, sql: str) -> list[tuple[Any, ...]]:
        self.script.append(sql)
        return rows(self.con, sql)

    def change(self, sql: str) -> None:
        """Change tables, unless a constraint forbids it."""
        try:
            self.run(sql)
        except (duckdb.ConstraintException, duckdb.InvalidInputException) as error:
            self.script[-1] = f"-- refused: {sql}: {error}"
            if "BEGIN" in sql:
                self.con.execute("ROLLBACK")

    @staticmethod
    def alone(sql: str) -> str:
        """The same query for DuckDB alone."""
        return with_macros(sql).replace("inc_", "plain_")

    def answers(self, sql: str) -> bool:
        """Whether DuckDB has an answer, and one of moderate size."""
        try:
            return len(self.con.execute(self.alone(sql)).fetchmany(MANY_ROWS)) < MANY_ROWS
        except duckdb.Error as error:
            event(f"refused by DuckDB: {str(error)[:40]}")
            return False

    def create(self, name: str, query: str) -> None:
        self.script.append(f"CREATE INCREMENTAL VIEW {name} WITH (capture = '{self.capture}') AS {query}")
        create_view(self.con, name, self.capture, query)
        self.con.execute(f"CREATE VIEW {self.alone(name)} AS {self.alone(query)}")
        self.queries[name] = query
        self.check(name)

    def check(self, name: str) -> None:
        assert_close(self.con, f"FROM {name}", self.alone(self.queries[name]))

    def refresh(self, name: str) -> None:
        """Refresh, and check: rows, counts, version, changes; and that a second refresh has nothing to do."""
        self.con.execute(f"CREATE OR REPLACE TEMP TABLE before AS FROM {name}")
        version_before = one(self.con, f"SELECT version FROM coco_views() WHERE name = '{name}'")
        ((_, version, inserted, updated, deleted, *_),) = self.run(f"REFRESH INCREMENTAL VIEW {name}")
        self.check(name)
        sides = Counter(side for side, *_ in difference(self.con, f"FROM {name}", "FROM before"))
        new, gone = sides["only in the view"], sides["only in the query"]
        assert (inserted + updated, deleted + updated) == (new, gone), f"says {(inserted, updated, deleted)}"
        assert version == version_before + bool(new or gone)
        assert_replayed(self.con, name, name)
        ((_, *again, _, _, _),) = self.run(f"REFRESH INCREMENTAL VIEW {name}")
        assert again == [version, 0, 0, 0], again

    def explain(self, error: BaseException) -> str:
        head = "\n".join(f"{sql};" for sql in self.script)
        return f"{type(error).__name__}: {error}\n\n{head}\n-- py_ functions: tests/sql_grammar.py"


class Told:
    """Failures inside tell the whole script."""

    def __init__(self, con: Con, capture: str) -> None:
        self.stage = Stage(con, capture)

    def __enter__(self) -> Stage:
        return self.stage

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        last = self.stage.script[-1]
        if any(part in last and text in str(error) for part, text in REFUSED.items()):
            raise UnsatisfiedAssumption
        if isinstance(error, (AssertionError, duckdb.Error)):
            raise AssertionError(self.stage.explain(error)) from None


@pytest.fixture
def con() -> Iterator[Con]:
    """One for all examples of a test: each cleans up what it made."""
    connection = cocosql.connect(threads=2, functions=FUNCTIONS)
    connection.execute(MACROS)
    yield connection
    connection.close()


def cleaned(con: Con) -> None:
    names = [name for (name,) in rows(con, "SELECT name FROM coco_views() ORDER BY version DESC")]
    for name in sorted(names, reverse=True):
        con.execute(f"DROP INCREMENTAL VIEW {name}")
    for (name,) in rows(con, "SELECT view_name FROM duckdb_views() WHERE view_name LIKE 'plain%' ORDER BY 1 DESC"):
        con.execute(f"DROP VIEW {name}")
    for (name,) in rows(con, "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'main'"):
        con.execute(f"DROP TABLE {name}")


#: Settings that change results, and leave queries one answer. The engine's own sessions have them from the view only.
SESSION = {
    "TimeZone": "Asia/Tokyo",
    "default_null_order": "NULLS_FIRST",
    "default_order": "DESC",
    "error_on_division_by_zero": "false",
    "ieee_floating_point_ops": "false",
    "integer_division": "true",
    "order_by_non_integer_literal": "true",
    "regex_match_operator_semantics": "full",
    "scalar_subquery_error_on_multiple_rows": "false",
}


def set_up(stage: Stage, data: st.DataObject) -> list[Table]:
    for name in SESSION:
        stage.con.execute(f"RESET {name}")
    cleaned(stage.con)
    for name in sorted(data.draw(st.sets(st.sampled_from(sorted(SESSION)), max_size=2), "settings")):
        stage.run(f"SET SESSION {name} = '{SESSION[name]}'")
    tables = data.draw(schema(), "tables")
    for table in tables:
        stage.run(table.create)
        stage.change(data.draw(filled(table)))
    return tables


def some_query(stage: Stage, data: st.DataObject, relations: list[Relation], depth: int) -> tuple[str, Relation] | None:
    """A query that DuckDB answers; few that are drawn are not."""
    for _ in range(3):
        query, columns = data.draw(queries(relations, depth), "query")
        if stage.answers(query):
            return query, Relation(f"inc_{len(stage.queries) + 1}", columns)
    return None


@holds_for(8, 120, data=st.data(), capture=st.sampled_from(["diff", "log"]))
def test_a_view(con: Con, data: st.DataObject, capture: str) -> None:
    with Told(con, capture) as stage:
        tables = set_up(stage, data)
        found = some_query(stage, data, [relation_of(table) for table in tables], DEPTH)
        if found is None:
            return
        query, view = found
        stage.create(view.name, query)
        for _ in range(data.draw(st.integers(1, 3))):
            for change in data.draw(changes(tables)):
                stage.change(change)
            if stage.answers(query):
                stage.refresh(view.name)


@holds_for(4, 25, data=st.data(), capture=st.sampled_from(["diff", "log"]))
def test_views_on_views(con: Con, data: st.DataObject, capture: str) -> None:
    """The second reads the first, the third both; refreshing one refreshes what it reads."""
    with Told(con, capture) as stage:
        tables = set_up(stage, data)
        relations = [relation_of(table) for table in tables]
        for depth in (2, 1, 1):
            found = some_query(stage, data, relations, depth)
            if found is None:
                return
            query, view = found
            stage.create(view.name, query)
            relations = [view, view, *relations]
        for _ in range(data.draw(st.integers(1, 3))):
            for change in data.draw(changes(tables)):
                stage.change(change)
            for name in data.draw(st.permutations(list(stage.queries))):
                if not stage.answers(f"FROM {name}"):
                    return
                stage.refresh(name)
        for name in stage.queries:
            stage.check(name)


@holds_for(14, 200, data=st.data())
def test_queries_have_one_answer(con: Con, data: st.DataObject) -> None:
    """The grammar keeps its word: in which order the tables' rows are stored makes no difference."""
    with Told(con, "diff") as stage:
        tables = set_up(stage, data)
        query, _ = data.draw(queries([relation_of(table) for table in tables], DEPTH))
        if not stage.answers(query):
            return
        con.execute(f"CREATE TABLE first AS {with_macros(query)}")
        for table in tables:
            con.execute(f"CREATE OR REPLACE TEMP TABLE kept AS FROM {table.name} ORDER BY hash(id, k, rowid)")
            con.execute(f"TRUNCATE {table.name}; INSERT INTO {table.name} FROM kept")
        assert_same(con, "FROM first", with_macros(query))
