"""coco_column_lineage: the columns of sources that each column of a view depends on.

The oracle: a column of a query keeps its values, as a bag, whatever becomes of all source columns that neither its
lineage names, nor that of the rows (column_name NULL).
"""

from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import duckdb
import pytest
from helpers import Con, one, rows
from hypothesis import strategies as st
from speeds import holds_for
from sql_grammar import FUNCTIONS, MACROS, filled, queries, relation_of, schema, with_macros
from test_sql_fuzz import DEPTH, MANY_ROWS, REFUSED
from test_sql_table import TABLE, TABLES, WRONG

import cocosql

#: A column, what it comes from, the column there, what for, the functions on the way.
Row = tuple[str | None, str | None, str | None, str, str]

SHOWN = """
SELECT column_name, source, source_column, kind, list_aggregate(list_transform(functions, lambda f: f.name), 'string_agg', ' ')
FROM coco_column_lineage('v')
"""


@pytest.fixture(scope="module")
def shared() -> Iterator[Con]:
    con = cocosql.connect(threads=1, functions=FUNCTIONS)
    con.execute(MACROS)
    con.execute(TABLES)
    con.execute("CREATE MACRO twice(x) AS x || x")
    con.execute("CREATE MACRO of_team(t) AS TABLE SELECT id, name FROM people WHERE team = t")
    con.execute("CREATE VIEW rich AS SELECT id, name, pay * 2 AS double_pay FROM people WHERE pay > 10")
    con.execute('CREATE TABLE "odd ""name.x" ("a b" INTEGER, "select" VARCHAR, "é.ü" VARCHAR, "Case" INTEGER)')
    yield con
    con.close()


@pytest.fixture
def con(shared: Con) -> Iterator[Con]:
    yield shared
    for (name,) in rows(shared, "SELECT name FROM coco_views() ORDER BY name"):
        shared.execute(f"DROP INCREMENTAL VIEW IF EXISTS {name} CASCADE")


def lineage(con: Con, query: str) -> set[Row]:
    con.execute(f"CREATE OR REPLACE INCREMENTAL VIEW v AS {query} WITH NO DATA")
    return {(*row[:4], row[4] or "") for row in rows(con, SHOWN)}


def expected(text: str) -> set[Row]:
    """From lines: ``column: source.column kind (functions), …``; ``*`` is what decides which rows there are."""
    found: set[Row] = set()
    for line in text.strip().splitlines():
        column, _, origins = line.strip().partition(": ")
        for part in origins.split(", "):
            origin, _, functions = part.removesuffix(")").partition(" (")
            place, _, kind = origin.partition(" ")
            source, _, source_column = place.partition(".")
            shown = (None, None) if place == "-" else (source, None if source_column == "*" else source_column)
            found.add((None if column == "*" else column, *shown, kind or "identity", functions))
    return found


QUERIES = {
    "columns, expressions, constants": (
        "SELECT id, upper(name) || team::VARCHAR AS s, 'x' AS k, NULL AS nothing FROM people",
        """id: people.id
           s: people.name transformation, people.team transformation
           k: - constant
           nothing: - constant""",
    ),
    "case": (
        "SELECT CASE WHEN active THEN name ELSE home.city END AS c, if(score > 1, id, 0) AS i, CASE team WHEN 1 THEN 'r' END AS t FROM people",
        """c: people.active conditional, people.name transformation, people.home transformation
           i: people.score conditional, people.id transformation
           t: people.team conditional""",
    ),
    "functions": (
        "SELECT py_up(py_up(name) || id) AS u, py_half(score) + team AS l, tags FROM people WHERE py_known(team)",
        """u: people.name transformation (py_up), people.id transformation (py_up)
           l: people.score transformation (py_half), people.team transformation
           tags: people.tags
           *: people.team filter (py_known)""",
    ),
    "function in a lambda": (
        "SELECT list_transform(tags, lambda t: py_up(t || name)) AS l FROM people",
        "l: people.tags transformation, people.name transformation (py_up)",
    ),
    "star, exclude, replace": (
        "SELECT * EXCLUDE (boss) REPLACE (lower(name) AS name) FROM teams",
        "id: teams.id\nname: teams.name transformation",
    ),
    "columns by pattern": ("SELECT COLUMNS('^[in]') FROM people", "id: people.id\nname: people.name"),
    "using": (
        "SELECT name, p.id, boss FROM people AS p JOIN teams AS t USING (name)",
        """name: people.name
           id: people.id
           boss: teams.boss
           *: people.name join, teams.name join""",
    ),
    "natural full join": (
        "SELECT id FROM (SELECT id FROM people) AS p NATURAL FULL JOIN (SELECT id FROM teams) AS t",
        """id: people.id transformation, teams.id transformation
           *: people.id join, teams.id join""",
    ),
    "cross join": ("SELECT p.id FROM people AS p, teams AS t", "id: people.id\n*: teams.* rows"),
    "semi join": (
        "SELECT name FROM people WHERE team IN (SELECT id FROM teams WHERE boss > 1)",
        "name: people.name\n*: people.team filter, teams.id filter, teams.boss filter",
    ),
    "aggregate": (
        "SELECT team, sum(pay) + 1 AS s, count(*) AS n, max(name) FILTER (WHERE active) AS m, list(id ORDER BY score) AS l FROM people WHERE born IS NOT NULL GROUP BY team HAVING avg(score) > 1",
        """team: people.team
           s: people.pay aggregation
           n: people.* aggregation
           m: people.name aggregation, people.active filter
           l: people.id aggregation, people.score sort
           *: people.born filter, people.team group by, people.score filter, people.team filter, people.born filter""",
    ),
    "aggregate of all": (
        "SELECT max(id) AS m FROM people WHERE team = 1",
        "m: people.id aggregation, people.team filter",
    ),
    "aggregate of an aggregate": (
        "SELECT max(n) AS m FROM (SELECT team, count(*) AS n FROM people GROUP BY team)",
        "m: people.* aggregation, people.team group by",
    ),
    "grouping sets": (
        "SELECT team, grouping(team) AS g, sum(pay) AS s FROM people GROUP BY ROLLUP (team)",
        """team: people.team
           g: - constant
           s: people.pay aggregation
           *: people.team group by""",
    ),
    "window": (
        "SELECT id, sum(pay) OVER (PARTITION BY team ORDER BY born) AS s, row_number() OVER (ORDER BY score) AS n FROM people WHERE active",
        """id: people.id
           s: people.pay aggregation, people.team window, people.born window
           n: people.* aggregation, people.score window
           *: people.active filter""",
    ),
    "qualify": (
        "SELECT id FROM people QUALIFY row_number() OVER (PARTITION BY team ORDER BY pay) = 1",
        "id: people.id\n*: people.* filter, people.team filter, people.pay filter",
    ),
    "distinct": (
        "SELECT DISTINCT team, name FROM people",
        "team: people.team\nname: people.name\n*: people.team group by, people.name group by",
    ),
    "distinct on": (
        "SELECT DISTINCT ON (team) team, name FROM people ORDER BY team, score DESC",
        "team: people.team\nname: people.name\n*: people.team group by, people.team sort, people.score sort",
    ),
    "limit": ("SELECT id FROM people ORDER BY score LIMIT 2", "id: people.id\n*: people.score sort"),
    "union": (
        "SELECT name, 1 AS one FROM people UNION ALL SELECT upper(name), boss FROM teams WHERE id > 1",
        """name: people.name, teams.name transformation
           one: teams.boss
           *: teams.id filter""",
    ),
    "except": (
        "SELECT name FROM people EXCEPT ALL SELECT name FROM teams",
        "name: people.name\n*: people.name filter, teams.name filter",
    ),
    "scalar subquery": (
        "SELECT id, (SELECT max(n) FROM events WHERE kind = 'in') AS m FROM people",
        "id: people.id\nm: events.n aggregation, events.kind filter",
    ),
    "correlated subquery": (
        "SELECT name, (SELECT sum(n) FROM events WHERE person = p.id) AS m FROM people AS p",
        """name: people.name
           m: events.n aggregation, events.person filter, events.person group by, events.person join, people.id join""",
    ),
    "in, as a value": (
        "SELECT team IN (SELECT id FROM teams WHERE boss > 0) AS b FROM people",
        "b: people.team transformation, teams.id transformation, teams.boss filter",
    ),
    "exists, as a value": (
        "SELECT EXISTS (SELECT 1 FROM teams WHERE boss = 1) AS e, id FROM people",
        "e: teams.* aggregation, teams.boss filter\nid: people.id",
    ),
    "nested ctes": (
        "WITH a AS (SELECT id AS x, name AS y FROM people), b AS (WITH c AS (SELECT y AS x, x AS y FROM a) SELECT * FROM c) SELECT b.x, a.x AS z FROM b, a",
        "x: people.name\nz: people.id",
    ),
    "unnest": (
        "SELECT id, t FROM people, unnest(tags) AS u(t)",
        "id: people.id\nt: people.tags transformation\n*: people.tags join",
    ),
    "lateral": (
        "SELECT p.id, l.n FROM people AS p, LATERAL (SELECT p.score + 1 AS n) AS l",
        "id: people.id\nn: people.score transformation",
    ),
    "range of a column": (
        "SELECT x FROM people, generate_series(1, id) AS g(x)",
        "x: people.id transformation\n*: people.id join",
    ),
    "values": (
        "SELECT v.b, p.name FROM people AS p JOIN (VALUES (1, 'x'), (2, 'y')) AS v(a, b) ON v.a = p.team",
        "b: - constant\nname: people.name\n*: people.team join",
    ),
    "pivot": (
        "PIVOT people ON active IN (true, false) USING sum(pay) GROUP BY team",
        """team: people.team
           true: people.pay aggregation, people.active filter
           false: people.pay aggregation, people.active filter
           *: people.team group by""",
    ),
    "unpivot": (
        "UNPIVOT (SELECT id, team, zip FROM (SELECT id, team, home.zip AS zip FROM people)) ON team, zip INTO NAME k VALUE x",
        """id: people.id
           k: - constant
           x: people.team transformation, people.home transformation
           *: people.team join, people.home join, people.team filter, people.home filter""",
    ),
    "a macro": ("SELECT twice(name) AS n FROM people", "n: people.name transformation"),
    "a table macro": ("SELECT name FROM of_team(1)", "name: people.name\n*: people.team filter"),
    "a plain view": (
        "SELECT double_pay + 1 AS p FROM rich",
        "p: people.pay transformation\n*: people.pay filter",
    ),
    "recomputed: recursive": (
        "WITH RECURSIVE t(a, b) AS (SELECT id, team FROM people UNION ALL SELECT b, a + 1 FROM t WHERE a < 5) SELECT a FROM t",
        """a: people.id, people.team, people.id transformation, people.team transformation
           *: people.id filter, people.team filter""",
    ),
    "recomputed: a function that SQL has no words for": (
        "SELECT list_sort(tags) AS l, team, py_up(name) AS u FROM people WHERE list_sort(tags)[1] = 'a'",
        "l: people.tags transformation\nteam: people.team\nu: people.name transformation (py_up)\n*: people.tags filter",
    ),
    "recomputed: limit by a subquery": (
        "SELECT id FROM people LIMIT (SELECT count(*) FROM teams WHERE boss > 1)",
        "id: people.id\n*: teams.* filter, teams.boss filter",
    ),
    "recomputed: positional join": (
        "SELECT p.id, t.name FROM people AS p POSITIONAL JOIN teams AS t",
        "id: people.id\nname: teams.name",
    ),
    "recomputed: a column that is not stored": ("SELECT rowid AS r FROM people", "r: people.rowid"),
}


@pytest.mark.parametrize("name", QUERIES)
def test_construct(con: Con, name: str) -> None:
    query, text = QUERIES[name]
    assert lineage(con, query) == expected(text)


def test_odd_names(con: Con) -> None:
    query = """SELECT "a b" AS "x ""y", "select" || "é.ü" AS "ß.", "CASE" AS c FROM "odd ""name.x" AS "o." """
    assert lineage(con, query) == {
        ('x "y', 'odd "name.x', "a b", "identity", ""),
        ("ß.", 'odd "name.x', "select", "transformation", ""),
        ("ß.", 'odd "name.x', "é.ü", "transformation", ""),
        ("c", 'odd "name.x', "Case", "identity", ""),
    }
    expressions = dict(rows(con, "SELECT DISTINCT column_name, expression FROM coco_column_lineage('v')"))
    table = '"odd ""name.x"'
    assert expressions == {
        'x "y': f'{table}."a b"',
        "ß.": f'{table}."select" || {table}."é.ü"',
        "c": f'{table}."Case"',
    }


def test_columns_and_types(con: Con) -> None:
    con.execute("CREATE INCREMENTAL VIEW v AS SELECT id, py_up(name) AS u FROM people WHERE team > 1")
    described = {name: kind for name, kind, *_ in rows(con, "DESCRIBE FROM coco_column_lineage('v')")}
    assert described == {
        "column_name": "VARCHAR",
        "source": "VARCHAR",
        "source_column": "VARCHAR",
        "functions": 'STRUCT("name" VARCHAR, code_version VARCHAR)[]',
        "expression": "VARCHAR",
        "influence": "VARCHAR",
        "kind": "VARCHAR",
        "database": "VARCHAR",
        "view": "VARCHAR",
    }
    version = one(con, "SELECT code_version FROM coco_functions() WHERE name = 'py_up' AND current")
    assert rows(con, "FROM coco_column_lineage('v')") == [
        ("id", "people", "id", [], "people.id", "direct", "identity", "memory", "v"),
        (
            *("u", "people", "name", [{"name": "py_up", "code_version": version}], "py_up(people.name)", "direct"),
            *("transformation", "memory", "v"),
        ),
        (None, "people", "team", [], "people.team > 1", "indirect", "filter", "memory", "v"),
    ]


EXPRESSIONS = {
    "home.zip + 1": "struct_extract(people.home, 'zip') + 1",
    "tags[1]::INTEGER": "CAST(array_extract(people.tags, 1) AS INT)",
    "(id + team) * 2": "(people.id + people.team) * 2",
    "id + team * 2": "people.id + people.team * 2",
    "CASE WHEN active THEN 'y' ELSE name END": "CASE WHEN people.active THEN 'y' ELSE people.name END",
    "list_transform(tags, lambda t: t || 'x')": "list_transform(people.tags, LAMBDA x1 : x1 || 'x')",
    "'it''s'": "'it''s'",
    "last_value(name IGNORE NULLS) OVER (ORDER BY id)": "CAST(last_value(people.name IGNORE NULLS) OVER (ORDER BY people.id ASC) AS VARCHAR)",
}


def test_expressions_are_those_of_the_query(con: Con) -> None:
    items = ", ".join(f"{item} AS c{number}" for number, item in enumerate(EXPRESSIONS))
    con.execute(f"CREATE INCREMENTAL VIEW v AS SELECT {items} FROM people WITH NO DATA")
    found = dict(rows(con, "SELECT DISTINCT column_name, expression FROM coco_column_lineage('v')"))
    assert found == {f"c{number}": text for number, text in enumerate(EXPRESSIONS.values())}


def test_a_long_expression_is_cut(con: Con) -> None:
    item = "upper(name)"
    for _ in range(8):
        item = f"({item} || {item})"
    con.execute(f"CREATE INCREMENTAL VIEW v AS SELECT {item} AS x FROM people WITH NO DATA")
    assert len(one(con, "SELECT expression FROM coco_column_lineage('v')")) == 2000


def test_ctes_that_double_stay_short(con: Con) -> None:
    steps = ", ".join(f"c{n} AS (SELECT x || x AS x FROM c{n - 1})" for n in range(1, 13))
    query = f"WITH c0 AS (SELECT name AS x FROM people), {steps} SELECT x FROM c12"
    assert lineage(con, query) == {("x", "people", "name", "transformation", "")}


def test_views_on_views(con: Con) -> None:
    con.execute("CREATE INCREMENTAL VIEW a AS SELECT id, team, py_up(name) AS u FROM people WHERE active")
    con.execute("CREATE INCREMENTAL VIEW b AS SELECT team, max(py_up(u)) AS m, count(*) AS n FROM a GROUP BY team")
    assert lineage(con, "SELECT t.name, b.m || 'x' AS m, b.n FROM teams AS t LEFT JOIN b ON b.team = t.id") == expected(
        """name: teams.name
           m: people.name aggregation (py_up)
           n: people.* aggregation
           *: people.active filter, people.team group by, people.team join, teams.id join"""
    )
    (text,) = rows(con, "SELECT expression FROM coco_column_lineage('v') WHERE column_name = 'm'")
    assert text == ("max(py_up(py_up(people.name))) || 'x'",)


def test_all_views(con: Con) -> None:
    con.execute("CREATE INCREMENTAL VIEW a AS SELECT id FROM people")
    con.execute("CREATE TABLE gone (x INTEGER)")
    con.execute("CREATE INCREMENTAL VIEW broken AS SELECT x FROM gone")
    con.execute("DROP TABLE gone")
    con.execute('CREATE INCREMENTAL VIEW "b.c" AS SELECT id AS i FROM a')
    found = rows(con, "SELECT view, column_name, source FROM coco_column_lineage() ORDER BY ALL")
    assert found == [("a", "id", "people"), ("b.c", "i", "people")]
    with pytest.raises(duckdb.Error, match="gone"):
        con.execute("FROM coco_column_lineage('broken')")
    with pytest.raises(duckdb.Error, match="does not exist"):
        con.execute("FROM coco_column_lineage('none')")


def test_no_views(path: Path) -> None:
    con = cocosql.connect(path)
    assert rows(con, "FROM coco_column_lineage()") == []
    con.close()


def test_a_view_of_another_database(con: Con, path: Path) -> None:
    con.execute(f"ATTACH '{path}' AS other")
    con.execute("CREATE TABLE other.base (k INTEGER, x VARCHAR)")
    con.execute("CREATE INCREMENTAL VIEW other.up AS SELECT k, py_up(x) AS u FROM other.base")
    assert lineage(con, "SELECT u || 'x' AS u FROM other.up WHERE k > 1") == expected(
        "u: base.x transformation (py_up)\n*: base.k filter"
    )
    con.execute("DROP INCREMENTAL VIEW v")
    con.execute("DETACH other")


def test_files(con: Con, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,text\n1,one\n")
    call = f"read_csv('{tmp_path}/*.csv')"
    found = lineage(con, f"SELECT id, py_up(text) AS u, filename AS f FROM {call} WHERE text <> ''")
    assert {(column, source_column, kind) for column, _, source_column, kind, _ in found} == {
        ("id", "id", "identity"),
        ("u", "text", "transformation"),
        ("f", "filename", "identity"),
        (None, "text", "filter"),
    }
    assert {source for _, source, *_ in found} == {call}


def test_a_view_that_was_recomputed_by_choice(con: Con) -> None:
    con.execute("CREATE INCREMENTAL VIEW v WITH (mode = 'recompute') AS SELECT py_up(name) AS u FROM people")
    assert {(*row[:4], row[4]) for row in rows(con, SHOWN)} == expected("u: people.name transformation (py_up)")


def test_a_column_that_came_later(con: Con) -> None:
    con.execute("CREATE TABLE wide (a INTEGER)")
    con.execute("CREATE INCREMENTAL VIEW v AS SELECT * FROM wide")
    con.execute("ALTER TABLE wide ADD COLUMN b INTEGER")
    assert rows(con, "SELECT column_name, source_column FROM coco_column_lineage('v')") == [("a", "a"), ("b", "b")]
    con.execute("DROP INCREMENTAL VIEW v")
    con.execute("DROP TABLE wide")


def test_a_column_that_upstream_has_later(con: Con) -> None:
    con.execute("CREATE TABLE wide (a INTEGER)")
    con.execute("CREATE INCREMENTAL VIEW a AS SELECT * FROM wide")
    con.execute("CREATE INCREMENTAL VIEW v AS SELECT * FROM a")
    con.execute("ALTER TABLE wide RENAME COLUMN a TO b")
    assert rows(con, "SELECT column_name, source, source_column FROM coco_column_lineage('v')") == [
        ("a", "a", "a"),
        (None, "wide", None),
    ]
    con.execute("REFRESH INCREMENTAL VIEW v")
    assert rows(con, "SELECT column_name, source, source_column FROM coco_column_lineage('v')") == [("b", "wide", "b")]


# --- the oracle -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def plain() -> Iterator[Con]:
    """A database without CocoSQL: tables in the schema original, and what is made of them in main."""
    con = duckdb.connect(config={"threads": 1})
    con.execute(MACROS)
    con.execute("CREATE SCHEMA original")
    yield con
    con.close()


def scrambled(plain: Con, table: str, named: set[str], by: int | None) -> str:
    """The table with the values of the columns that are not named moved to other rows, or all NULL."""
    ((count,),) = rows(plain, f"SELECT count(*) FROM original.{table}")
    items = []
    for number, (column, *_) in enumerate(rows(plain, f"DESCRIBE original.{table}")):
        if column in named:
            items.append(f"a.{column}")
        elif by is None:
            items.append(f"CASE WHEN false THEN a.{column} END AS {column}")
        else:
            moved = f"SELECT b.{column} FROM numbered AS b WHERE b.i = (a.i + {by + number}) % {count}"
            items.append(f"({moved}) AS {column}")
    numbered = f"SELECT row_number() OVER () - 1 AS i, * FROM original.{table}"
    return f"CREATE OR REPLACE TABLE {table} AS WITH numbered AS MATERIALIZED ({numbered}) SELECT {', '.join(items)} FROM numbered AS a ORDER BY a.i"


def assert_others_do_not_matter(con: Con, plain: Con, query: str, tables: list[str]) -> None:
    con.execute(f"CREATE OR REPLACE INCREMENTAL VIEW v AS {query} WITH NO DATA")
    found = rows(con, "SELECT column_name, source, source_column FROM coco_column_lineage('v')")
    columns = [column for column, *_ in rows(con, "DESCRIBE v")]
    assert {column for column, *_ in found} - {None} == set(columns)

    @cache
    def values(named: frozenset[tuple[str, str]], by: int | None) -> list[Counter[str]]:
        for table in tables:
            plain.execute(scrambled(plain, table, {there for source, there in named if source == table}, by))
        result = rows(plain, with_macros(query))
        return [Counter(repr(row[number]) for row in result) for number in range(len(columns))]

    everything = [(table, column) for table in tables for column, *_ in rows(plain, f"DESCRIBE original.{table}")]
    as_it_is = values(frozenset(everything), 1)
    for number, column in enumerate(columns):
        named = frozenset((source, there) for here, source, there in found if here in (column, None))
        for by in (1, None):
            assert values(named, by)[number] == as_it_is[number], (query, column, named, by)


@pytest.mark.every(60)
@pytest.mark.parametrize("name", [name for name in TABLE if name not in WRONG])
def test_columns_that_are_not_named_do_not_matter(con: Con, plain: Con, name: str) -> None:
    tables = ["people", "teams", "events"]
    if not rows(plain, "FROM duckdb_tables() WHERE schema_name = 'original' AND table_name = 'people'"):
        plain.execute(TABLES)
        for table in tables:
            plain.execute(f"CREATE TABLE original.{table} AS FROM {table}")
    assert_others_do_not_matter(con, plain, TABLE[name], tables)


@holds_for(5, 40, data=st.data())
def test_columns_that_are_not_named_do_not_matter_in_random_queries(con: Con, plain: Con, data: st.DataObject) -> None:
    con.execute("DROP INCREMENTAL VIEW IF EXISTS v")
    tables = data.draw(schema(), "tables")
    for table in tables:
        for one_of_them in (con, plain):
            one_of_them.execute(f"DROP TABLE IF EXISTS {table.name}")
            one_of_them.execute(table.create)
        plain.execute(data.draw(filled(table)))
        plain.execute(f"CREATE OR REPLACE TABLE original.{table.name} AS FROM {table.name}")
    query, _ = data.draw(queries([relation_of(table) for table in tables], DEPTH), "query")
    try:
        many = len(plain.execute(with_macros(query)).fetchmany(MANY_ROWS)) == MANY_ROWS
    except duckdb.Error:
        return
    if many or any(part in query for part in REFUSED):
        return
    assert_others_do_not_matter(con, plain, query, [table.name for table in tables])
