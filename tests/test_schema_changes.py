"""Tables that change their columns, their names and what they are: a view follows, or says what to do and stays whole."""

import shutil
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import pytest
from helpers import CAPTURES, SMALL_ROW_GROUPS, Calls, Con, Views, assert_replayed, assert_same, create_view, rows

import cocosql

TABLE = """
CREATE TABLE t (id INTEGER{key}, s VARCHAR, n INTEGER, x VARCHAR, p STRUCT(a INTEGER));
INSERT INTO t SELECT k, 's' || k % 500, k % 20, 'x' || k, {{'a': k}} FROM range(3000) r(k);
CHECKPOINT;
"""
#: Views, and the queries that mean the same.
VIEWS = {
    "named": ("SELECT id, up(s) AS u FROM t WHERE n < 10", "SELECT id, upper(s) AS u FROM t WHERE n < 10"),
    "star": ("SELECT * FROM t", "SELECT * FROM t"),
    "grouped": ("SELECT n, max(up(s)) AS top FROM t GROUP BY n", "SELECT n, max(upper(s)) AS top FROM t GROUP BY n"),
    "above": ("SELECT *, up(x) AS v FROM star", "SELECT *, upper(x) AS v FROM t"),
}


def connect(path: Path) -> tuple[Con, Calls]:
    calls = Calls()

    @cocosql.udf(batch_size=1000, version="1")
    def up(texts: list[str]) -> list[str]:
        for text in texts:
            calls.note(text)
        return [text.upper() for text in texts]

    con = cocosql.connect(functions=(up,))
    con.execute(f"ATTACH '{path}' AS d {SMALL_ROW_GROUPS}; USE d")
    return con, calls


@pytest.fixture(scope="module", params=CAPTURES)
def capture(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def made(capture: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Files with the table, without and with a primary key, and the views."""
    found = {}
    for name, key in {"no key": "", "key": " PRIMARY KEY"}.items():
        found[name] = tmp_path_factory.mktemp("made") / "made.db"
        con, _ = connect(found[name])
        con.execute(TABLE.format(key=key))
        views = Views(con, capture)
        for view, queries in VIEWS.items():
            views.create(view, *queries)
        con.close()
    return found


@dataclass
class World:
    """The views of a file, and the calls that they make."""

    con: Con
    calls: Calls
    views: Views

    def follow(self, names: list[str], breaks: dict[str, str]) -> None:
        """Each view is refreshed and right, or says what it misses and how to mend it, and keeps its rows."""
        for name in names:
            if name not in breaks:
                self.views.refresh(name)
                continue
            self.con.execute(f"CREATE OR REPLACE TEMP TABLE before AS FROM {name}")
            with pytest.raises(duckdb.Error) as error:
                self.con.execute(f"REFRESH INCREMENTAL VIEW {name}")
            whose = "star" if name == "above" and "star" in breaks else name
            for word in (f"view {whose} ", breaks[name], f"CREATE OR REPLACE INCREMENTAL VIEW {whose}"):
                assert word in str(error.value)
            assert_same(self.con, f"FROM {name}", "FROM before")


@dataclass
class Change:
    sql: str
    #: Views that break, and what their errors name.
    breaks: dict[str, str] = field(default_factory=dict)
    #: Whether functions get other arguments than before.
    calls: bool = False
    #: Whether the table has a primary key before.
    key: bool = True
    #: What writes to the table as it is then.
    write: str = "UPDATE t SET n = 5 WHERE id % 700 = 0"


EVERY = dict.fromkeys(VIEWS, "name t ")
NO_S = dict.fromkeys(["named", "grouped"], '"s"')
CHANGES = {
    "add a column": Change("ALTER TABLE t ADD COLUMN m INTEGER; UPDATE t SET m = 1 WHERE id > 2900"),
    "drop a column that none names": Change("ALTER TABLE t DROP COLUMN p"),
    "drop a column": Change("ALTER TABLE t DROP COLUMN s", NO_S),
    "rename a column": Change("ALTER TABLE t RENAME COLUMN s TO z", NO_S),
    "columns swap names": Change(
        "ALTER TABLE t RENAME COLUMN s TO z; ALTER TABLE t RENAME COLUMN x TO s; ALTER TABLE t RENAME COLUMN z TO x"
    ),
    "rename, and another takes the name": Change(
        "ALTER TABLE t RENAME COLUMN s TO old; ALTER TABLE t ADD COLUMN s VARCHAR DEFAULT 'new'", calls=True
    ),
    "a wider type": Change("ALTER TABLE t ALTER n TYPE BIGINT"),
    "another type": Change("ALTER TABLE t ALTER n TYPE DOUBLE USING n / 2"),
    "a type that a function does not take": Change(
        "ALTER TABLE t ALTER s TYPE INTEGER USING length(s)",
        dict.fromkeys(["named", "grouped"], "up(INTEGER)"),
    ),
    "the same type with USING": Change("ALTER TABLE t ALTER s TYPE VARCHAR USING s || '+'", calls=True),
    "the type of the key": Change("ALTER TABLE t ALTER id TYPE BIGINT", key=False),
    "NOT NULL and defaults": Change(
        "ALTER TABLE t ALTER s SET NOT NULL; ALTER TABLE t ALTER x SET DEFAULT 'd'; ALTER TABLE t ALTER x DROP DEFAULT; "
        "ALTER TABLE t ALTER s DROP NOT NULL; COMMENT ON TABLE t IS 'c'; COMMENT ON COLUMN t.s IS 'c'"
    ),
    "a primary key": Change("ALTER TABLE t ADD PRIMARY KEY (id)", key=False),
    "a primary key after duplicates went": Change(
        "INSERT INTO t BY NAME SELECT id, 'copy' AS s, 1 AS n FROM t LIMIT 5; REFRESH ALL INCREMENTAL VIEWS; "
        "DELETE FROM t WHERE s <> 'copy' AND id < 6; UPDATE t SET s = 'one' WHERE s = 'copy'; "
        "ALTER TABLE t ADD PRIMARY KEY (id)",
        key=False,
        calls=True,
    ),
    "a field": Change("ALTER TABLE t ADD COLUMN p.b INTEGER; ALTER TABLE t RENAME COLUMN p.a TO c"),
    "replace, the same": Change("CREATE TABLE u AS FROM t; CREATE OR REPLACE TABLE t AS FROM u"),
    "replace, the same, without a key": Change(
        "CREATE TABLE u AS FROM t; CREATE OR REPLACE TABLE t AS FROM u", key=False
    ),
    "replace, another order": Change(
        "CREATE TABLE u AS FROM t; CREATE OR REPLACE TABLE t AS SELECT x, s, p, n, id FROM u"
    ),
    "replace, other columns": Change(
        "CREATE OR REPLACE TABLE t AS SELECT k AS id, 's1' AS s, 1 AS n, 'x2' AS x, k AS new FROM range(9) r(k)"
    ),
    "replace, less columns": Change(
        "CREATE OR REPLACE TABLE t AS SELECT k AS id, 'x2' AS x, 1 AS n FROM range(9) r(k)", NO_S
    ),
    "replace, with another key": Change(
        "CREATE TABLE u AS FROM t; DROP TABLE t; CREATE TABLE t (id INTEGER, s VARCHAR, n INTEGER, x VARCHAR PRIMARY KEY); "
        "INSERT INTO t SELECT id // 2, s, n, x FROM u"
    ),
    "drop, and create": Change("DROP TABLE t; " + TABLE.format(key="") + "; UPDATE t SET n = 1 WHERE id = 2900"),
    "drop": Change("DROP TABLE t", EVERY),
    "rename the table, and another takes the name": Change(
        "ALTER TABLE t RENAME TO u; CREATE TABLE t AS FROM u WHERE id > 1000"
    ),
    "a view takes the name": Change(
        "ALTER TABLE t RENAME TO u; CREATE VIEW t AS SELECT * FROM u WHERE id > 1000",
        write="UPDATE u SET n = 5 WHERE id = 1400",
    ),
    "an incremental view takes the name": Change(
        "ALTER TABLE t RENAME TO u; CREATE INCREMENTAL VIEW t AS SELECT * FROM u WHERE id > 1000",
        write="UPDATE u SET n = 5 WHERE id = 1400",
    ),
    "truncate": Change("TRUNCATE t", write="INSERT INTO t (id, s, n) VALUES (1, 's1', 1)"),
}


@pytest.mark.every(10)
@pytest.mark.parametrize("change", CHANGES)
def test_changes(made: dict[str, Path], path: Path, capture: str, change: str) -> None:
    how = CHANGES[change]
    shutil.copy(made["key" if how.key else "no key"], path)
    con, calls = connect(path)
    views = Views(con, capture)
    views.queries = {view: same for view, (_, same) in VIEWS.items()}
    world = World(con, calls, views)
    con.execute("REFRESH INCREMENTAL VIEW named, star")  # so that what captures has seen this instance
    con.execute(how.sql)
    calls.clear()
    world.follow(list(VIEWS), how.breaks)
    assert bool(calls) == how.calls
    if how.breaks != EVERY:
        con.execute(how.write)
        world.follow([name for name in ("named", "star") if name not in how.breaks], {})
    for name, status in rows(con, "SELECT name, status FROM coco_views()") if how.breaks else []:
        assert (status == "broken") == (name in how.breaks and name != "above"), name
    for name in {"named", "star", "above"} - set(how.breaks):
        assert_replayed(con, name, name)
    con.close()


# --- small cases ------------------------------------------------------------------------------------------------------


def refused(con: Con, statement: str, *words: str) -> None:
    with pytest.raises(duckdb.Error) as error:
        con.execute(statement)
    for word in words:
        assert word in str(error.value)


@pytest.mark.every(2)
def test_a_new_column_of_every_form_of_star(con: Con, capture: str) -> None:
    con.execute("CREATE TABLE t AS SELECT k AS id, 's' || k AS s, k AS x, k AS x2 FROM range(3) r(k)")
    views = Views(con, capture)
    views.create("excluded", "SELECT * EXCLUDE (s) FROM t")
    views.create("replaced", "SELECT * REPLACE (id + 1 AS id) FROM t")
    views.create("few", "SELECT COLUMNS('x.*') FROM t")
    views.create("qualified", "SELECT q.*, 1 AS one FROM t AS q WHERE id > 0")
    views.create("structs", "SELECT t AS row FROM t")
    views.create("joined", "SELECT a.*, b.x2 AS other FROM t AS a JOIN t AS b USING (id)")
    views.create("counted", "SELECT *, count(*) AS n FROM t GROUP BY ALL")
    for change in ["ADD COLUMN x3 INTEGER DEFAULT 4", "DROP COLUMN x", 'RENAME COLUMN x3 TO "x 4"']:
        con.execute(f"ALTER TABLE t {change}")
        views.refresh()
    con.execute("ALTER TABLE t DROP COLUMN s")
    refused(
        con, "REFRESH INCREMENTAL VIEW excluded", "view excluded", '"s"', "CREATE OR REPLACE INCREMENTAL VIEW excluded"
    )
    views.replay()


def test_given_columns(con: Con, capture: str) -> None:
    con.execute("CREATE TABLE t AS SELECT 1 AS a, 2 AS b, 3 AS c")
    create_view(con, "v (x, y)", capture, "SELECT * FROM t")
    views = Views(con, capture)
    views.queries["v"] = "SELECT a AS x, b AS y, * EXCLUDE (a, b) FROM t"
    for change in ["ADD COLUMN d INTEGER DEFAULT 4", "DROP COLUMN c"]:
        con.execute(f"ALTER TABLE t {change}")
        views.refresh()
    con.execute("ALTER TABLE t DROP COLUMN d; ALTER TABLE t DROP COLUMN b")
    refused(con, "REFRESH INCREMENTAL VIEW v", "view v names 2 columns", "has only 1", "CREATE OR REPLACE")
    assert rows(con, "FROM v") == [(1, 2, 4)]
    views.replay()


def test_a_new_column_takes_the_name_of_an_alias(con: Con, capture: str) -> None:
    con.execute("CREATE TABLE t AS SELECT k AS id, 's' || k AS s FROM range(3) r(k)")
    views = Views(con, capture)
    views.create("v", "SELECT id, s || '?' AS u, u || '!' AS w FROM t WHERE u <> 'B'")
    for change in ["ALTER TABLE t ADD COLUMN u VARCHAR DEFAULT 'q'", "UPDATE t SET u = 'B' WHERE id = 1"]:
        con.execute(change)
        views.refresh()
    views.replay()


def test_a_column_with_a_reserved_name(con: Con, capture: str) -> None:
    con.execute("CREATE TABLE t AS SELECT 1 AS a")
    views = Views(con, capture)
    views.create("star", "SELECT * FROM t")
    views.create("named", "SELECT a FROM t")
    con.execute("ALTER TABLE t ADD COLUMN coco_row_id INTEGER")
    refused(con, "REFRESH INCREMENTAL VIEW star", "view star", "coco_row_id", "CREATE OR REPLACE INCREMENTAL VIEW star")
    views.refresh("named")
    con.execute("ALTER TABLE t RENAME coco_row_id TO other")
    views.refresh()
    views.replay()


@pytest.mark.parametrize("key", [" PRIMARY KEY", " UNIQUE"])
def test_a_new_key_of_rows_that_had_duplicates(con: Con, capture: str, key: str) -> None:
    """The view has rows that share what is the key now: of those one is updated, and the others go."""
    con.execute("CREATE TABLE t AS SELECT (k % 3)::INTEGER AS id, 's' || k AS s FROM range(9) r(k)")
    views = Views(con, capture)
    views.create("v", "SELECT * FROM t")
    con.execute(f"CREATE OR REPLACE TABLE t (id INTEGER{key}, s VARCHAR)")
    con.execute("INSERT INTO t VALUES (0, 's0'), (1, 'new'), (4, 'new')")
    counts = views.refresh()["v"][1:4]
    assert counts == ((1, 1, 7) if key == " PRIMARY KEY" else (2, 0, 8))
    views.replay()


def test_a_new_key_option(con: Con, capture: str) -> None:
    con.execute("CREATE TABLE t (k INTEGER PRIMARY KEY, id INTEGER, s VARCHAR)")
    con.execute("INSERT INTO t SELECT k, 1, 's' || k FROM range(3) r(k)")
    con.execute("CREATE INCREMENTAL VIEW v AS SELECT id, s FROM t")
    con.execute("DELETE FROM t WHERE s <> 's0'; UPDATE t SET s = 'new'")
    con.execute(f"CREATE OR REPLACE INCREMENTAL VIEW v WITH (key = 'id', capture = '{capture}') AS SELECT id, s FROM t")
    views = Views(con, capture)
    views.queries["v"] = "SELECT id, s FROM t"
    views.check("v")
    views.replay()


def test_an_upstream_view_of_another_query(con: Con, capture: str) -> None:
    con.execute("CREATE TABLE t AS SELECT k AS id, 's' || k AS s FROM range(3) r(k)")
    views = Views(con, capture)
    views.create("v", "SELECT id, s AS u FROM t")
    views.create("star", "SELECT *, 1 AS one FROM v", "SELECT id, s AS u, 1 AS one FROM t")
    views.create("named", "SELECT u FROM v", "SELECT s AS u FROM t")
    con.execute("CREATE OR REPLACE INCREMENTAL VIEW v AS SELECT id, s AS q FROM t")
    views.queries |= {"v": "SELECT id, s AS q FROM t", "star": "SELECT id, s AS q, 1 AS one FROM t"}
    views.refresh("v", "star")
    refused(con, "REFRESH INCREMENTAL VIEW named", "view named", '"u"', "CREATE OR REPLACE INCREMENTAL VIEW named")
    assert rows(con, "FROM named ORDER BY ALL") == [("s0",), ("s1",), ("s2",)]
    con.execute("CREATE OR REPLACE INCREMENTAL VIEW v AS SELECT s || '+' AS u FROM t")
    views.queries |= {"v": "SELECT s || '+' AS u FROM t", "star": "SELECT s || '+' AS u, 1 AS one FROM t"}
    views.queries["named"] = "SELECT s || '+' AS u FROM t"
    views.refresh()
    views.replay()


def test_macros_and_types_made_anew(con: Con, capture: str) -> None:
    con.execute("CREATE TYPE mood AS ENUM ('a', 'b'); CREATE MACRO m(x) AS x || '1'")
    con.execute("CREATE TABLE t AS SELECT 1 AS id, 'a'::mood AS s")
    views = Views(con, capture)
    views.create("v", "SELECT id, s, m(s::VARCHAR) AS t FROM t")
    con.execute(
        "ALTER TABLE t ALTER s TYPE VARCHAR; DROP TYPE mood; CREATE TYPE mood AS ENUM ('b', 'a', 'c'); "
        "ALTER TABLE t ALTER s TYPE mood; UPDATE t SET s = 'c'; CREATE OR REPLACE MACRO m(x) AS x || '2'"
    )
    views.refresh()
    con.execute("CREATE OR REPLACE MACRO m(x) AS x || random()::VARCHAR")
    refused(con, "REFRESH INCREMENTAL VIEW v", "view v cannot be refreshed", "random", "CREATE OR REPLACE")
    con.execute("DROP MACRO m")
    refused(con, "REFRESH INCREMENTAL VIEW v", "view v cannot be refreshed", "name m ", "CREATE OR REPLACE")
    views.replay()


@pytest.mark.parametrize(
    "other", ["", "CREATE TABLE v AS SELECT 7 AS id", "CREATE VIEW v AS SELECT 7 AS id", "CREATE VIEW v AS FROM t"]
)
def test_the_name_of_a_view_is_taken(con: Con, capture: str, other: str) -> None:
    """Whoever drops the plain view that shows an incremental one, or puts another thing there, is told; nothing lies."""
    con.execute("CREATE TABLE t AS SELECT 1 AS id")
    views = Views(con, capture)
    views.create("v", "SELECT id FROM t")
    views.create("w", "SELECT id FROM v", "SELECT id FROM t")
    con.execute(f"INSERT INTO t VALUES (2); DROP VIEW v; {other}")
    for statement in ["REFRESH INCREMENTAL VIEW v", "REFRESH INCREMENTAL VIEW w",
                      *(["CREATE INCREMENTAL VIEW x AS SELECT id FROM v"] if other else [])]:  # fmt: skip
        refused(con, statement, "the view v was", "DROP INCREMENTAL VIEW v", "CREATE OR REPLACE INCREMENTAL VIEW v")
    assert rows(con, "FROM w") == [(1,)]
    assert dict(rows(con, "SELECT name, status FROM coco_views()")) == {
        "v": "broken",
        "w": "stale" if other else "broken",
    }
    if other:
        kind = other.split()[1]
        refused(
            con, "CREATE OR REPLACE INCREMENTAL VIEW v AS SELECT id FROM t", f"a {kind.lower()} named v exists", "DROP"
        )
        con.execute(f"DROP {kind} v")
    con.execute("CREATE OR REPLACE INCREMENTAL VIEW v AS SELECT id FROM t")
    views.refresh()
    con.execute(f"DROP VIEW v; {other}; DROP INCREMENTAL VIEW v CASCADE")
    assert rows(con, "SELECT name FROM coco_views()") == []
    if other:
        assert rows(con, "FROM v") == rows(con, "FROM t" if other.endswith("FROM t") else "SELECT 7")


def test_a_schema_that_is_dropped(con: Con, capture: str) -> None:
    con.execute("CREATE SCHEMA s; CREATE TABLE s.t AS SELECT 1 AS id")
    views = Views(con, capture)
    views.create("v", "SELECT id FROM s.t")
    con.execute("CREATE INCREMENTAL VIEW s.w AS SELECT id FROM s.t; DROP SCHEMA s CASCADE")
    refused(con, "REFRESH INCREMENTAL VIEW v", "view v", "s.t", "CREATE OR REPLACE INCREMENTAL VIEW v")
    refused(con, "REFRESH INCREMENTAL VIEW s.w", "the view s.w was", "DROP INCREMENTAL VIEW s.w")
    assert rows(con, "FROM v") == [(1,)]
    con.execute("DROP INCREMENTAL VIEW s.w; CREATE SCHEMA s; CREATE TABLE s.t AS SELECT 2 AS id")
    views.refresh()
    views.replay()


def test_a_database_that_is_detached(con: Con, capture: str) -> None:
    con.execute("ATTACH ':memory:' AS a; CREATE TABLE a.t AS SELECT 1 AS id")
    views = Views(con, capture)
    views.create("v", "SELECT id FROM a.t")
    con.execute("DETACH a")
    refused(con, "REFRESH INCREMENTAL VIEW v", "view v", "a.main", "CREATE OR REPLACE INCREMENTAL VIEW v")
    assert rows(con, "FROM v") == [(1,)]
    con.execute("ATTACH ':memory:' AS a; CREATE TABLE a.t AS SELECT 2 AS id")
    views.refresh()
    views.replay()
