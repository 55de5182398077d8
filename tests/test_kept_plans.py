"""A plan that is kept is as good as a fresh one, after each kind of change of what plans are made from."""

from pathlib import Path

import duckdb
import pytest
from helpers import Con, assert_view_equals_query, one, rows, take_session
from hypothesis import strategies as st
from speeds import holds_for

import cocosql
from cocosql._native import Session
from cocosql.catalog import views
from cocosql.catalog.graph import Graph
from cocosql.catalog.views import View
from cocosql.planner import plan as planning
from cocosql.planner.plan import Plan
from cocosql.refresh import kept_plans
from cocosql.refresh.kept_plans import kept_plan
from cocosql.refresh.refresh import planned

STEP = {"by": 1}

QUERIES = {
    "mapped": "SELECT *, added(x) AS y FROM t",
    "through": "SELECT id, twice(x) AS x FROM plain",
    "above": "SELECT x % 5 AS g, count(*) AS n, sum(y) AS s FROM mapped GROUP BY g",
    "joined": "SELECT t.id, u.w FROM t JOIN u ON u.id = t.id",
    "elsewhere": "SELECT max(id) AS m FROM other.o",
    "halved": "SELECT id, x / 2 AS h FROM t",
}
TABLES = """
CREATE TABLE t (id INTEGER PRIMARY KEY, x INTEGER);
CREATE TABLE u AS SELECT i AS id, 'w' || i AS w FROM range(5) r(i);
CREATE MACRO twice(a) AS a * 2;
CREATE VIEW plain AS SELECT id, x FROM t;
INSERT INTO t SELECT i, i * 3 FROM range(10) r(i);
"""
#: Each is done with numbers of its own.
CHANGES = [
    "INSERT OR REPLACE INTO t (id, x) VALUES ({n} % 20, {n})",
    "DELETE FROM t WHERE id % 7 = {n} % 7",
    "ALTER TABLE t ALTER x TYPE {type}",
    "ALTER TABLE t ADD COLUMN c{n} INTEGER DEFAULT {n}",
    "CREATE OR REPLACE MACRO twice(a) AS a * {n}",
    "CREATE OR REPLACE VIEW plain AS SELECT id, x + {n} AS x FROM t",
    "CREATE OR REPLACE TABLE u AS SELECT {n} % 9 + i AS id, 'v' || i AS w FROM range(5) r(i)",
    "CREATE OR REPLACE INCREMENTAL VIEW mapped AS SELECT id, x, added(x) + {n} AS y FROM t",
    "ALTER INCREMENTAL VIEW through SET (retain_changes = '{n} days')",
    "CREATE OR REPLACE TABLE u (w VARCHAR, id INTEGER PRIMARY KEY); INSERT INTO u SELECT 'p', i FROM range({n}) r(i)",
    "ALTER TABLE u RENAME TO u{n}; ALTER TABLE u{n} RENAME TO u",
    "ALTER TABLE t ADD COLUMN passing INTEGER DEFAULT {n}; ALTER TABLE t DROP COLUMN passing",
    "ALTER INCREMENTAL VIEW joined SET (mode = '{mode}')",
    "ALTER INCREMENTAL VIEW joined SET (key = 'id')",
    "ALTER INCREMENTAL VIEW joined RESET (key, mode)",
    "ALTER INCREMENTAL VIEW above SET (capture = '{capture}', on_error = '{on_error}')",
    "ALTER INCREMENTAL VIEW mapped SET (capture = '{capture}')",
    "ALTER INCREMENTAL VIEW through RENAME TO passing; ALTER INCREMENTAL VIEW passing RENAME TO through",
    "REFRESH INCREMENTAL VIEW mapped FULL",
    "VACUUM INCREMENTAL VIEWS",
    "SET integer_division = {boolean}; CREATE OR REPLACE INCREMENTAL VIEW halved AS SELECT id, x / 2 AS h FROM t",
    "SET integer_division = {boolean}",
    "SET GLOBAL threads = {n}; SET TimeZone = '{zone}'",
    "DETACH other; ATTACH '{other}' AS other",
    "INSERT INTO other.o VALUES ({n})",
    "code",
    "register",
]
#: What the number of a change chooses from.
WORDS = {
    "type": ["INTEGER", "BIGINT", "SMALLINT"],
    "mode": ["auto", "recompute"],
    "capture": ["auto", "diff"],
    "on_error": ["keep", "fail"],
    "boolean": ["true", "false", "true"],
    "zone": ["UTC", "Asia/Tokyo"],
}


def added(x: int) -> int:
    return x + STEP["by"]


def registered_again(con: Con, n: int) -> None:
    @cocosql.udf(name="added")
    def other(x: int) -> int:
        return x - n

    cocosql.register(con, other)


def change(con: Con, what: str, n: int, other: Path) -> None:
    """Each change has a number of its own."""
    match what:
        case "code":
            STEP["by"] = n
        case "register":
            registered_again(con, n)
        case _:
            con.execute(what.format(n=n, other=other, **{name: of[n % len(of)] for name, of in WORDS.items()}))


def described(plan: Plan) -> list[object]:
    """What a plan says, apart from the records that it is given."""
    flow = plan.flow.described() if plan.flow else None
    columns = [(source.sql, source.types, source.key) for source in plan.sources]
    versions = {name: (callee.function.code_version, callee.memo) for name, callee in plan.callees.items()}
    made = [plan.sql, plan.column_names, plan.column_types, plan.key_columns, plan.definition, plan.shape]
    return [*made, columns, versions, flow, plan.recompute]


def query_of_halved(con: Con) -> str:
    """Its query with the setting that there was at CREATE, which the view keeps."""
    kind = one(con, "SELECT any_value(typeof(h)) FROM halved")
    return f"SELECT id, {'x::DOUBLE * 0.5' if kind in ('DOUBLE', None) else 'x // 2'} AS h FROM t"


@holds_for(6, 150, changes=st.lists(st.sampled_from(CHANGES), min_size=1, max_size=8))
def test_kept_plans_are_as_fresh_ones(tmp_path_factory: pytest.TempPathFactory, changes: list[str]) -> None:
    other = tmp_path_factory.mktemp("kept") / "other.db"
    with cocosql.connect(functions=(added,)) as con:
        con.execute(f"{TABLES}; ATTACH '{other}' AS other; CREATE TABLE other.o AS SELECT 1 AS id")
        for name, query in QUERIES.items():
            con.execute(f"CREATE INCREMENTAL VIEW {name} AS {query}")
        con.execute("REFRESH ALL INCREMENTAL VIEWS")
        for n, what in enumerate(changes, start=2):
            change(con, what, n, other)
            session = take_session(con)
            records = views.all_views(session, "memory")
            for view in records:
                kept, fresh = (
                    planned(session.sibling(), view, records, kept_plan),
                    planned(session.sibling(), view, records),
                )
                assert described(kept) == described(fresh), (what, view.name)
            con.execute("REFRESH ALL INCREMENTAL VIEWS")
            for name, query in rows(con, "SELECT name, query FROM coco_views()"):
                assert_view_equals_query(con, name, query_of_halved(con) if name == "halved" else query)


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of views for which a plan was made."""
    names: list[str] = []

    def plan(session: Session, view: View, others: Graph) -> Plan:
        names.append(view.name.name)
        return planning.plan(session, view, others)

    monkeypatch.setattr(kept_plans, "plan", plan)
    return names


def test_a_plan_is_made_once(con: Con, made: list[str]) -> None:
    """While only rows change; and again when a table is another."""
    con.execute("CREATE TABLE t AS SELECT 1 AS id; CREATE INCREMENTAL VIEW v AS FROM t")
    con.execute("CREATE INCREMENTAL VIEW w AS SELECT count(*) AS n FROM v")
    con.execute("REFRESH INCREMENTAL VIEW w")
    made.clear()
    for number in range(3):
        con.execute(f"INSERT INTO t VALUES ({number}); REFRESH INCREMENTAL VIEW w")
    assert made == []
    con.execute("ALTER TABLE t ADD COLUMN x INTEGER; REFRESH INCREMENTAL VIEW w")
    assert sorted(made) == ["v", "v", "w"], "v twice: it gets another column, and is then read with that"


def test_a_view_is_planned_once_when_it_is_created(con: Con, made: list[str]) -> None:
    """Before the locks are held, and not again while the records of the views are the same."""
    con.execute("CREATE TABLE t AS SELECT 1 AS id; CREATE INCREMENTAL VIEW v AS FROM t")
    con.execute("CREATE INCREMENTAL VIEW w AS SELECT count(*) AS n FROM t")
    assert made == ["v", "w"]


def test_tables_of_the_engine_change_no_plan(con: Con, made: list[str]) -> None:
    """A refresh makes tables for itself, and starts logs."""
    con.execute("CREATE TABLE t (id INTEGER PRIMARY KEY); CREATE TABLE u (id INTEGER PRIMARY KEY)")
    con.execute(
        "CREATE INCREMENTAL VIEW v AS FROM t; CREATE INCREMENTAL VIEW w AS FROM u; REFRESH ALL INCREMENTAL VIEWS"
    )
    made.clear()
    state = one(con, "SELECT count(*) FROM duckdb_tables()")
    con.execute("INSERT INTO t VALUES (1); REFRESH INCREMENTAL VIEW v; REFRESH INCREMENTAL VIEW w")
    assert one(con, "SELECT count(*) FROM duckdb_tables()") > state
    assert made == []
    con.execute("CREATE MACRO anything() AS 1; REFRESH ALL INCREMENTAL VIEWS")
    assert sorted(made) == ["v", "w"]


def test_plans_are_not_kept_of_what_is_no_table(con: Con, tmp_path: Path) -> None:
    """What files and table functions have is not known by the catalog."""
    file = tmp_path / "a.csv"
    file.write_text("a\n1\n")
    con.execute(f"CREATE INCREMENTAL VIEW v AS FROM read_csv('{file}')")
    con.execute("REFRESH INCREMENTAL VIEW v")
    file.write_text("a,b\n1,2\n")
    con.execute("REFRESH INCREMENTAL VIEW v")
    assert rows(con, "FROM v") == [(1, 2)]


def test_failures_of_the_last_refresh_are_forgotten(con: Con) -> None:
    fails = [2]

    @cocosql.udf(version="1", on_error="null")
    def half(x: int) -> int:
        if x in fails:
            raise ValueError(x)
        return x // 2

    cocosql.register(con, half)
    con.execute("CREATE TABLE t AS SELECT 2 AS id; CREATE INCREMENTAL VIEW v AS SELECT id, half(id) AS h FROM t")
    assert rows(con, "FROM v") == [(2, None)]
    for number in (3, 4):
        con.execute(f"INSERT INTO t VALUES ({number}); REFRESH INCREMENTAL VIEW v")
        assert rows(con, "FROM v ORDER BY id")[0] == (2, None)
    fails.clear()
    con.execute("REFRESH INCREMENTAL VIEW v")
    assert rows(con, "FROM v ORDER BY id") == [(2, 1), (3, 1), (4, 2)]


def test_views_of_another_database_than_the_default(con: Con, path: Path) -> None:
    """Whoever goes by a kept plan writes into the view's database: after a failure, and where a log starts anew."""
    con.execute(f"ATTACH '{path}' AS o; CREATE TABLE o.t (id INTEGER PRIMARY KEY, s VARCHAR)")
    con.execute(
        "INSERT INTO o.t VALUES (1, '1'); CREATE INCREMENTAL VIEW o.main.v AS SELECT id, s::INTEGER AS x FROM o.t"
    )
    con.execute("REFRESH INCREMENTAL VIEW o.main.v; INSERT INTO o.t VALUES (2, 'b')")
    with pytest.raises(duckdb.ConversionException):
        con.execute("REFRESH INCREMENTAL VIEW o.main.v")
    con.execute("UPDATE o.t SET s = '2' WHERE id = 2; REFRESH INCREMENTAL VIEW o.main.v")
    con.execute("INSERT INTO o.t SELECT i, '7' FROM range(10, 30000) r(i); REFRESH INCREMENTAL VIEW o.main.v")
    con.execute("UPDATE o.t SET s = '8' WHERE id < 20; REFRESH INCREMENTAL VIEW o.main.v")
    assert_view_equals_query(con, "o.main.v", "SELECT id, s::INTEGER AS x FROM o.t")
