"""The statements: what they accept, what they refuse and where errors point, and that each runs exactly once."""

from pathlib import Path
from typing import Any

import duckdb
import pytest
from helpers import Calls, Con, assert_replayed, assert_view_equals_query, one, rows

import cocosql


@pytest.fixture
def calls() -> Calls:
    return Calls()


@pytest.fixture
def notes(con: Con, calls: Calls) -> Con:
    @cocosql.udf
    def up(s: str) -> str:
        calls.note(s)
        return s.upper()

    cocosql.register(con, up)
    con.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, s VARCHAR); INSERT INTO t VALUES (1, 'a'), (2, 'b')")
    return con


def names(con: Con) -> list[str]:
    return [name for (name,) in rows(con, "SELECT name FROM coco_views() ORDER BY ALL")]


def runs(con: Con, view: str = "v") -> int:
    return int(one(con, f"SELECT count(*) FROM coco_runs('{view}')"))


# --- exactly once, on any connection ----------------------------------------------------------------------------------


def test_sql_runs_at_once_and_once(notes: Con, calls: Calls) -> None:
    notes.sql("CREATE INCREMENTAL VIEW v AS SELECT id, up(s) AS u FROM t")
    assert calls.taken() == {"'a'": 1, "'b'": 1}
    notes.execute("INSERT INTO t VALUES (3, 'c')")
    before = runs(notes)
    relation = notes.sql("REFRESH INCREMENTAL VIEW v")
    assert runs(notes) == before + 1
    assert repr(relation) == repr(relation)
    assert len(relation.fetchall()) == 1
    assert (runs(notes), calls) == (before + 1, {"'c'": 1})


@pytest.mark.parametrize(
    "how",
    [
        *("execute", "sql", "query", "cursor", "duplicate", "extract_statements", "arrow"),
        pytest.param("df", marks=pytest.mark.component("pandas")),
    ],
)
def test_every_way_to_run_a_statement(notes: Con, how: str) -> None:
    notes.execute("CREATE INCREMENTAL VIEW v AS SELECT id, up(s) AS u FROM t")
    notes.execute("INSERT INTO t VALUES (3, 'c')")
    statement = "REFRESH INCREMENTAL VIEW v"
    before = runs(notes)
    if how == "arrow":
        found = [tuple(row.values()) for row in notes.execute(statement).to_arrow_table().to_pylist()]
    elif how == "df":
        found = list(notes.execute(statement).df().itertuples(index=False, name=None))
    elif how == "extract_statements":
        (parsed,) = notes.extract_statements(statement)
        found = notes.execute(parsed).fetchall()
    elif how in ("cursor", "duplicate"):
        other = getattr(notes, how)()
        found = other.execute(statement).fetchall()
        other.close()
    else:
        found = getattr(notes, how)(statement).fetchall()
    assert [tuple(row)[:7] for row in found] == [("v", 2, 1, 0, 0, 1, 0)]
    assert runs(notes) == before + 1


def test_columns_of_the_refresh_row(notes: Con) -> None:
    notes.execute("CREATE INCREMENTAL VIEW v AS FROM t")
    notes.execute("REFRESH INCREMENTAL VIEW v")
    assert [column[0] for column in notes.description or []] == [
        *("view", "version", "inserted", "updated", "deleted", "calls", "hits", "seconds"),
    ]


def test_scripts(notes: Con) -> None:
    notes.execute("""
        -- a comment; with a semicolon
        CREATE TABLE u AS SELECT 1 AS a;
        CREATE INCREMENTAL VIEW v AS SELECT ';' AS semicolon, a FROM u;  /* INCREMENTAL VIEW; */
        INSERT INTO u VALUES (2);
        REFRESH INCREMENTAL VIEW v;
        CREATE INCREMENTAL VIEW w AS SELECT count(*) AS n FROM v;;
        INSERT INTO u VALUES (3);
        refresh   incremental
            view v ;
        DROP INCREMENTAL VIEW w; CREATE INCREMENTAL VIEW w AS SELECT max(a) AS m FROM v
    """)
    assert rows(notes, "FROM w") == [(3,)]
    assert runs(notes) == 3
    parsed = notes.extract_statements("SELECT 1; REFRESH INCREMENTAL VIEW v; SELECT ';'; DROP INCREMENTAL VIEW v, w;")
    assert len(parsed) == 4
    assert names(notes) == ["v", "w"]


def test_the_same_statement_twice_in_a_script(notes: Con) -> None:
    notes.execute("CREATE INCREMENTAL VIEW v AS FROM t")
    notes.execute("REFRESH INCREMENTAL VIEW v; INSERT INTO t VALUES (3, 'c'); REFRESH INCREMENTAL VIEW v")
    assert runs(notes) == 3
    assert_view_equals_query(notes, "v", "FROM t")


def test_a_script_with_views_of_different_texts(notes: Con) -> None:
    notes.execute(
        "CREATE INCREMENTAL VIEW a AS SELECT 'x  y' AS s FROM t; CREATE INCREMENTAL VIEW b AS SELECT 'x y' AS s FROM t"
    )
    assert rows(notes, "SELECT DISTINCT s FROM a") == [("x  y",)]
    assert rows(notes, "SELECT DISTINCT s FROM b") == [("x y",)]


def test_the_rest_of_sql_stays_as_it_was(con: Con) -> None:
    con.execute("CREATE TABLE refresh (incremental INTEGER, source VARCHAR, sink INTEGER)")
    con.execute("INSERT INTO refresh VALUES (1, 'a', 2)")
    assert rows(con, "SELECT incremental AS view, source, sink FROM refresh") == [(1, "a", 2)]
    for wrong, word in [
        ("SELEC 1", "SELEC"),
        ("CREATE INCREMENTA VIEW v AS SELECT 1", "INCREMENTA"),
        ("REFRES x", "REFRES"),
    ]:
        with pytest.raises(duckdb.ParserException, match=word):
            con.execute(wrong)


# --- names ------------------------------------------------------------------------------------------------------------

NAMES = [
    "my view",
    'say "hi"',
    "Größe ☃",
    "select",
    "table",
    "it's",
    "a.b",
    "INCREMENTAL",
    "v;w",
    "coco",
    "x--y",
    "%s",
    "{}",
    "$1",
    "\\",
]


@pytest.mark.every(5)
@pytest.mark.parametrize("name", NAMES)
def test_names_that_need_quotes(notes: Con, name: str) -> None:
    quoted = '"' + name.replace('"', '""') + '"'
    text = quoted.replace("'", "''")
    notes.execute(f"CREATE TABLE {quoted}_t".replace('"_t', '_t"') + f" AS SELECT 1 AS id, 'x' AS {quoted}")
    source = f"{quoted}_t".replace('"_t', '_t"')
    alias = quoted.replace('"', '"an ', 1)
    query = f"SELECT id, up({quoted}) AS {quoted} FROM {source} AS {alias} WHERE {alias}.{quoted} <> 'y'"
    notes.execute(f"CREATE INCREMENTAL VIEW {quoted} AS {query}")
    notes.execute(f"INSERT INTO {source} VALUES (2, 'z')")
    (row,) = rows(notes, f"REFRESH INCREMENTAL VIEW {quoted}")
    assert row[:7] == (name, 2, 1, 0, 0, 1, 0)
    assert rows(notes, f"FROM {quoted} ORDER BY ALL") == [(1, "X"), (2, "Z")]
    assert_replayed(notes, quoted, quoted)
    assert one(notes, f"SELECT count(*) FROM coco_lineage('{text}')") == 2
    assert one(notes, f"SELECT count(*) FROM coco_operators('{text}')") == 2
    notes.execute(f"CREATE INCREMENTAL VIEW above AS FROM {quoted}")
    assert rows(notes, "FROM above ORDER BY ALL") == [(1, "X"), (2, "Z")]
    notes.execute(f"DROP INCREMENTAL VIEW {quoted} CASCADE")
    assert names(notes) == []


def test_names_do_not_mind_case(notes: Con) -> None:
    notes.execute("CREATE INCREMENTAL VIEW Mixed AS SELECT ID, UP(S) AS U FROM T")
    notes.execute("REFRESH INCREMENTAL VIEW mIXED")
    with pytest.raises(duckdb.CatalogException, match="exists"):
        notes.execute("CREATE INCREMENTAL VIEW MIXED AS FROM t")
    assert names(notes) == ["Mixed"]
    notes.execute("DROP INCREMENTAL VIEW MIXED")
    assert names(notes) == []


def test_schemas_and_search_path(notes: Con) -> None:
    notes.execute(
        "CREATE SCHEMA a; CREATE SCHEMA b; CREATE TABLE a.t AS SELECT 10 AS id; CREATE TABLE b.t AS SELECT 20 AS id"
    )
    notes.execute("USE a")
    notes.execute("CREATE INCREMENTAL VIEW v AS FROM t")
    notes.execute("CREATE INCREMENTAL VIEW b.v AS FROM t")
    notes.execute("CREATE INCREMENTAL VIEW memory.b.w AS FROM b.t")
    notes.execute("USE main")
    assert rows(notes, "SELECT schema, name FROM coco_views() ORDER BY ALL") == [("a", "v"), ("b", "v"), ("b", "w")]
    notes.execute("INSERT INTO a.t VALUES (11); INSERT INTO b.t VALUES (21)")
    with pytest.raises(duckdb.CatalogException, match="does not exist"):
        notes.execute("REFRESH INCREMENTAL VIEW v")
    notes.execute("REFRESH INCREMENTAL VIEW a.v, b.v, memory.b.w")
    assert rows(notes, "FROM a.v ORDER BY ALL") == rows(notes, "FROM b.v ORDER BY ALL") == [(10,), (11,)]
    assert rows(notes, "FROM b.w ORDER BY ALL") == [(20,), (21,)]
    notes.execute("DROP INCREMENTAL VIEW a.v")
    assert rows(notes, "SELECT schema, name FROM coco_views() ORDER BY ALL") == [("b", "v"), ("b", "w")]
    with pytest.raises(duckdb.CatalogException, match="schema"):
        notes.execute("CREATE INCREMENTAL VIEW nowhere.v AS FROM t")


def test_ctes_that_hide_tables(notes: Con) -> None:
    notes.execute("CREATE INCREMENTAL VIEW v AS WITH t AS (SELECT id + 1 AS id FROM t) SELECT id FROM t")
    assert rows(notes, "FROM v ORDER BY ALL") == [(2,), (3,)]
    notes.execute("CREATE TABLE deep AS SELECT 5 AS id")
    query = "WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r WHERE n < 4) SELECT n, (WITH deep AS (SELECT 7 AS id) SELECT id FROM deep) AS seven, (SELECT max(id) FROM deep) AS five FROM r"
    notes.execute(f"CREATE INCREMENTAL VIEW w AS {query}")
    assert_view_equals_query(notes, "w", query)


# --- errors -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("statement", "line", "word"), [
    ("CREATE INCREMENTAL VIEW v AS SELECT id FORM t WHERE", 1, None),
    ("CREATE INCREMENTAL VIEW v\nAS SELECT id,\n  up(s FROM t", 3, None),
    ("CREATE INCREMENTAL VIEW v SELECT 1", 1, "SELECT"),
    ("CREATE INCREMENTAL TABLE v AS SELECT 1", 1, "TABLE"),
    ("CREATE INCREMENTAL VIEW v WITH (mode 'auto') AS FROM t", 1, "'auto'"),
    ("CREATE INCREMENTAL VIEW v (a, ) AS FROM t", 1, ")"),
    ("CREATE INCREMENTAL VIEW 'v' AS FROM t", 1, "'v'"),
    ("CREATE INCREMENTAL VIEW a.b.c.d AS FROM t", 1, None),
    ("CREATE OR REPLACE INCREMENTAL VIEW IF NOT EXISTS v AS FROM t", 1, None),
    ("CREATE INCREMENTAL VIEW v AS DELETE FROM t", 1, "DELETE"),
    ("REFRESH\nVIEW v", 2, "VIEW"),
    ("REFRESH INCREMENTAL VIEW v FUL", 1, "FUL"),
    ("REFRESH INCREMENTAL VIEW v, ,w", 1, ","),
    # DuckDB 2.0.0 counts the lines of what it has not run yet.
    ("SELECT 1;\nREFRESH INCREMENTAL VIEWS v", 1 if duckdb.__version__ == "2.0.0" else 2, "VIEWS"),
    ("DROP INCREMENTAL VIEW v RESTRICTED", 1, "RESTRICTED"),
    ("SHOW INCREMENTAL VIEW", 1, "VIEW"),
    ("EXPLAIN INCREMENTAL v", 1, "v"),
    ("ALTER INCREMENTAL VIEW v SET mode = 'auto'", 1, "mode"),
])  # fmt: skip
def test_errors_point_at_the_place(notes: Con, statement: str, line: int, word: str | None) -> None:
    with pytest.raises(duckdb.ParserException) as caught:
        notes.execute(statement)
    message = str(caught.value)
    assert f"LINE {line}: " in message, message
    shown, caret = message.split(f"LINE {line}: ")[1].splitlines()[:2]
    position = caret.index("^") - len(f"LINE {line}: ")
    assert position >= 0
    if word:
        assert shown[position:].startswith(word), message
    assert names(notes) == []


@pytest.mark.parametrize(
    "statement",
    [
        "REFRESH",
        "REFRESH INCREMENTAL VIEW",
        "CREATE INCREMENTAL",
        "CREATE INCREMENTAL VIEW v",
        "DROP INCREMENTAL VIEW",
        "CREATE INCREMENTAL VIEW v AS",
        "CREATE INCREMENTAL VIEW v AS WITH NO DATA",
    ],
)
def test_statements_that_end_early(notes: Con, statement: str) -> None:
    with pytest.raises(duckdb.ParserException, match="expected"):
        notes.execute(statement)


@pytest.mark.parametrize("statement", [
    "CREATE SOURCE s WITH (connector = 'files', path = 'x')",
    "CREATE OR REPLACE SOURCE s WITH (connector = 'files')",
    "DROP SOURCE s",
    "DROP SOURCE IF EXISTS s",
    "CREATE SINK s FROM v WITH (connector = 'files', key = 'id')",
    "CREATE OR REPLACE SINK s FROM v WITH (connector = 'files')",
    "DROP SINK IF EXISTS s",
])  # fmt: skip
def test_what_is_not_there_yet_says_so(notes: Con, statement: str) -> None:
    notes.execute("CREATE INCREMENTAL VIEW v AS FROM t")
    with pytest.raises(duckdb.NotImplementedException, match="(?i)not implemented"):
        notes.execute(statement)
    assert names(notes) == ["v"]


@pytest.mark.parametrize("wrapper", ["EXPLAIN ANALYZE", "PREPARE p AS", "EXPLAIN (FORMAT json)"])
@pytest.mark.parametrize(
    "statement", ["REFRESH INCREMENTAL VIEW v", "CREATE INCREMENTAL VIEW w AS FROM t", "DROP INCREMENTAL VIEW v"]
)
def test_wrappers_are_refused(notes: Con, wrapper: str, statement: str) -> None:
    notes.execute("CREATE INCREMENTAL VIEW v AS FROM t")
    before = runs(notes)
    with pytest.raises(duckdb.Error, match="(?i)cannot be prepared|not implemented"):
        notes.execute(f"{wrapper} {statement}").fetchall()
    assert (runs(notes), names(notes)) == (before, ["v"])


def test_explain_and_describe_of_an_ordinary_view(notes: Con, calls: Calls) -> None:
    notes.execute("CREATE INCREMENTAL VIEW v AS SELECT id, up(s) AS u FROM t")
    assert rows(notes, "DESCRIBE v")[1][:2] == ("u", "VARCHAR")
    assert "v" in [name for (name, *_) in rows(notes, "SHOW TABLES")]
    rows(notes, "EXPLAIN SELECT * FROM v")


@pytest.mark.parametrize("option", ["mode = 'fast'", "on_error = 'ignore'", "colour = 'red'", "capture = 'x'"])
def test_wrong_options(notes: Con, option: str) -> None:
    with pytest.raises(duckdb.InvalidInputException, match="option"):
        notes.execute(f"CREATE INCREMENTAL VIEW v WITH ({option}) AS FROM t")
    assert names(notes) == []


# --- transactions -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("statement", [
    "REFRESH INCREMENTAL VIEW v", "REFRESH ALL INCREMENTAL VIEWS", "CREATE INCREMENTAL VIEW w AS FROM t",
    "CREATE OR REPLACE INCREMENTAL VIEW v AS SELECT 1 AS x", "DROP INCREMENTAL VIEW v",
])  # fmt: skip
def test_explicit_transactions_are_refused(notes: Con, statement: str) -> None:
    notes.execute("CREATE INCREMENTAL VIEW v AS FROM t")
    before = rows(notes, "FROM coco.runs")
    notes.execute("BEGIN")
    notes.execute("INSERT INTO t VALUES (3, 'c')")
    with pytest.raises(duckdb.TransactionException, match="COMMIT or ROLLBACK"):
        notes.execute(statement)
    notes.execute("ROLLBACK")
    assert rows(notes, "FROM coco.runs") == before
    assert names(notes) == ["v"]
    assert rows(notes, "FROM v ORDER BY ALL") == [(1, "a"), (2, "b")]
    notes.execute("REFRESH INCREMENTAL VIEW v")


def test_reading_in_a_transaction(notes: Con) -> None:
    notes.execute("CREATE INCREMENTAL VIEW v AS SELECT id, up(s) AS u FROM t")
    notes.execute("BEGIN")
    assert len(rows(notes, "FROM v")) == 2
    assert len(rows(notes, "SHOW INCREMENTAL VIEWS")) == 1
    assert len(rows(notes, "EXPLAIN INCREMENTAL VIEW v")) == 2
    assert len(rows(notes, "FROM coco_lineage('v')")) == 2
    notes.execute("COMMIT")


def test_a_reader_keeps_its_snapshot(notes: Con) -> None:
    notes.execute("CREATE INCREMENTAL VIEW v AS SELECT id, up(s) AS u FROM t")
    reader = notes.cursor()
    reader.execute("BEGIN")
    assert len(rows(reader, "FROM v")) == 2
    notes.execute("INSERT INTO t VALUES (3, 'c'); REFRESH INCREMENTAL VIEW v")
    assert len(rows(reader, "FROM v")) == 2
    reader.execute("COMMIT")
    assert len(rows(reader, "FROM v")) == 3


def test_uncommitted_rows_of_others_are_not_read(notes: Con) -> None:
    notes.execute("CREATE INCREMENTAL VIEW v AS SELECT id, up(s) AS u FROM t")
    writer = notes.cursor()
    writer.execute("BEGIN; INSERT INTO t VALUES (3, 'c'); DELETE FROM t WHERE id = 1")
    assert rows(notes, "REFRESH INCREMENTAL VIEW v")[0][1:5] == (1, 0, 0, 0)
    writer.execute("COMMIT")
    assert rows(notes, "REFRESH INCREMENTAL VIEW v")[0][1:5] == (2, 1, 0, 1)


# --- CREATE -----------------------------------------------------------------------------------------------------------


def test_if_not_exists(notes: Con, calls: Calls) -> None:
    notes.execute("CREATE INCREMENTAL VIEW IF NOT EXISTS v AS SELECT id, up(s) AS u FROM t")
    assert calls.taken().total_calls == 2
    notes.execute("CREATE INCREMENTAL VIEW IF NOT EXISTS v AS SELECT 1 AS other")
    assert (len(rows(notes, "FROM v")), calls) == (2, {})


def test_or_replace_keeps_results_versions_and_changes(notes: Con, calls: Calls) -> None:
    notes.execute("CREATE OR REPLACE INCREMENTAL VIEW v AS SELECT id, up(s) AS u FROM t")
    assert calls.taken().total_calls == 2
    notes.execute("CREATE OR REPLACE INCREMENTAL VIEW v AS SELECT id, up(s) AS u FROM t WHERE id > 1")
    assert (rows(notes, "FROM v"), calls) == ([(2, "B")], {})
    assert rows(notes, "SELECT version, op FROM coco_changes('v') ORDER BY ALL") == [
        (1, "insert"),
        (1, "insert"),
        (2, "delete"),
    ]
    notes.execute("CREATE OR REPLACE INCREMENTAL VIEW v AS SELECT id + 0 AS id, up(s) AS u FROM t WHERE id > 1")
    assert one(notes, "SELECT version FROM coco_views()") == 2
    notes.execute("CREATE OR REPLACE INCREMENTAL VIEW v AS SELECT up(s) AS other, length(up(s)) AS n FROM t")
    assert calls == {}
    assert rows(notes, "FROM v ORDER BY ALL") == [("A", 1), ("B", 1)]
    assert_replayed(notes, "v", "v")
    notes.execute("CREATE OR REPLACE INCREMENTAL VIEW v AS SELECT up(s) AS other, count(*) AS n FROM t GROUP BY ALL")
    assert calls == {}
    assert rows(notes, "FROM v ORDER BY ALL") == [("A", 1), ("B", 1)]
    notes.execute("CREATE OR REPLACE INCREMENTAL VIEW v AS SELECT up(s) AS other, 1::BIGINT AS n FROM t")
    notes.execute("INSERT INTO t VALUES (3, 'a'); REFRESH INCREMENTAL VIEW v")
    assert_view_equals_query(notes, "v", "SELECT upper(s) AS other, 1::BIGINT AS n FROM t")
    assert_replayed(notes, "v", "v")


def test_or_replace_that_fails_changes_nothing(notes: Con) -> None:
    notes.execute("CREATE INCREMENTAL VIEW v AS SELECT id, up(s) AS u FROM t")
    for query in [
        "SELECT nothing FROM t",
        "FROM nowhere",
        "SELECT 1 / 'x'::INTEGER AS id",
        "SELECT random() AS r FROM t",
        "FROM v",
    ]:
        with pytest.raises(duckdb.Error):
            notes.execute(f"CREATE OR REPLACE INCREMENTAL VIEW v AS {query}")
        assert rows(notes, "FROM v ORDER BY ALL") == [(1, "A"), (2, "B")]
    notes.execute("INSERT INTO t VALUES (3, 'c'); REFRESH INCREMENTAL VIEW v")
    assert_view_equals_query(notes, "v", "SELECT id, upper(s) AS u FROM t")


def test_or_replace_under_a_reader(notes: Con) -> None:
    notes.execute("CREATE INCREMENTAL VIEW v AS SELECT id, s FROM t")
    notes.execute("CREATE INCREMENTAL VIEW w AS SELECT id, up(s) AS u FROM v")
    notes.execute("CREATE OR REPLACE INCREMENTAL VIEW v AS SELECT id, s || '!' AS s FROM t")
    notes.execute("REFRESH INCREMENTAL VIEW w")
    assert_view_equals_query(notes, "w", "SELECT id, upper(s) || '!' AS u FROM t")
    notes.execute("CREATE OR REPLACE INCREMENTAL VIEW v AS SELECT s, id FROM t")
    notes.execute("REFRESH INCREMENTAL VIEW w")
    assert_view_equals_query(notes, "w", "SELECT id, upper(s) AS u FROM t")


def test_with_no_data(notes: Con, calls: Calls) -> None:
    notes.execute("CREATE INCREMENTAL VIEW v AS SELECT id, up(s) AS u FROM t WITH NO DATA")
    assert (rows(notes, "FROM v"), calls) == ([], {})
    assert rows(notes, "SELECT status, version FROM coco_views()") == [("no data", 0)]
    assert rows(notes, "FROM coco_changes('v')") == rows(notes, "FROM coco_lineage('v')") == []
    assert rows(notes, "REFRESH INCREMENTAL VIEW v")[0][1:7] == (1, 2, 0, 0, 2, 0)
    assert rows(notes, "SELECT status, version FROM coco_views()") == [("fresh", 1)]
    notes.execute("CREATE INCREMENTAL VIEW w AS SELECT 'WITH NO DATA' AS s, id FROM t WITH NO DATA")
    assert rows(notes, "FROM w") == []
    notes.execute("REFRESH INCREMENTAL VIEW w")
    assert_view_equals_query(notes, "w", "SELECT 'WITH NO DATA' AS s, id FROM t")


def test_or_replace_with_no_data(notes: Con) -> None:
    notes.execute("CREATE INCREMENTAL VIEW v AS SELECT id FROM t")
    notes.execute("CREATE OR REPLACE INCREMENTAL VIEW v AS SELECT id, s FROM t WITH NO DATA")
    assert rows(notes, "FROM v") == []
    notes.execute("REFRESH INCREMENTAL VIEW v")
    assert_view_equals_query(notes, "v", "SELECT id, s FROM t")
    assert_replayed(notes, "v", "v")


def test_a_view_over_a_view_with_no_data(notes: Con) -> None:
    notes.execute("CREATE INCREMENTAL VIEW v AS SELECT id FROM t WITH NO DATA")
    notes.execute("CREATE INCREMENTAL VIEW w AS SELECT id FROM v")
    assert_view_equals_query(notes, "w", "SELECT id FROM t")


def test_column_lists(notes: Con) -> None:
    notes.execute("""CREATE INCREMENTAL VIEW v (number, "the text") AS SELECT id, up(s) FROM t""")
    assert_view_equals_query(notes, "v", 'SELECT id AS number, upper(s) AS "the text" FROM t')
    notes.execute("CREATE INCREMENTAL VIEW w (number) AS SELECT id, s FROM t")
    assert_view_equals_query(notes, "w", "SELECT id AS number, s FROM t")
    notes.execute("INSERT INTO t VALUES (3, 'c'); REFRESH INCREMENTAL VIEW v, w")
    assert_view_equals_query(notes, "v", 'SELECT id AS number, upper(s) AS "the text" FROM t')
    with pytest.raises(duckdb.BinderException, match="names 3 columns, but its query has (only )?2"):
        notes.execute("CREATE INCREMENTAL VIEW x (a, b, c) AS SELECT id, s FROM t")
    with pytest.raises(duckdb.Error):
        notes.execute("CREATE INCREMENTAL VIEW x (coco_row_id) AS SELECT id FROM t")
    assert names(notes) == ["v", "w"]


def test_columns_of_the_same_name(notes: Con) -> None:
    notes.execute("CREATE INCREMENTAL VIEW v AS SELECT id, id, s AS ID FROM t")
    assert sorted(rows(notes, "FROM v")) == [(1, 1, "a"), (2, 2, "b")]
    notes.execute("INSERT INTO t VALUES (3, 'c'); REFRESH INCREMENTAL VIEW v")
    assert sorted(rows(notes, "FROM v")) == [(1, 1, "a"), (2, 2, "b"), (3, 3, "c")]


@pytest.mark.every(5)
@pytest.mark.parametrize("query", ["FROM t", "FROM t SELECT id", "SELECT t.* FROM t", "SELECT * EXCLUDE (s) FROM t", "SELECT * REPLACE (id + 1 AS id) FROM t",
    "TABLE t", "VALUES (1, 'a'), (2, 'b')", "(SELECT id FROM t)", "SELECT id, s FROM t UNION SELECT 5, 'x'", "SELECT COLUMNS('i.*') FROM t", "SELECT t FROM t",
    "SELECT id AS a, a + 1 AS b FROM t WHERE b > 2", "SELECT s[1] AS c, s.upper() AS u FROM t", "SELECT id, #1 AS again FROM t ORDER BY 1", "SELECT * FROM t AS x(a, b)",
    "SELECT x: id FROM t", "SELECT list_transform([1, 2], lambda e: e + id) AS l FROM t", "SELECT [e + 1 FOR e IN [1, id]] AS l FROM t",
    "PIVOT t ON s IN ('a', 'b') USING sum(id)", "SELECT id FROM t QUALIFY row_number() OVER (ORDER BY id) = 1", "SELECT 1 AS one", "SELECT id::VARCHAR || E'\\n' AS x FROM t",
    "SELECT 'a''b' AS q, $$dollar$$ AS d FROM t", "SELECT id FROM t -- the end", "SELECT struct_pack(a := id, b := s) AS p, {'k': id}.k AS k FROM t", "SELECT DISTINCT ON (s) s, id FROM t ORDER BY s, id",
    "SELECT id, s FROM t WHERE (id, s) IN (SELECT (id, s) FROM t)", "SELECT try_cast(s AS INTEGER) AS i FROM t", "SELECT id FROM t USING SAMPLE 100%", "SELECT 1e3 AS e, .5 AS half, 12345678901234567890123 AS big FROM t",
    "SELECT id // 2 AS a, id % 2 AS b, id ** 2 AS c, -id AS d, ~id AS e, id & 1 AS f FROM t", "SELECT s LIKE 'a%' AS a, s ILIKE 'A' AS b, s ~ 'a' AS c, s GLOB 'a*' AS d FROM t",
    "SELECT DATE '2000-01-01' + INTERVAL (id) MONTH AS d, INTERVAL '1 day' * id AS i FROM t", "SELECT id IS DISTINCT FROM NULL AS x, s NOTNULL AS y FROM t", "SELECT extract(year FROM DATE '2000-01-01') + id AS y FROM t",
    "SELECT unnest([id, 2]) AS e, id FROM t", "SELECT u.e, u.i FROM t, unnest([5, 6]) WITH ORDINALITY AS u(e, i)", "SELECT t.id, r.range FROM t, range(t.id) AS r", "SELECT l.x FROM t, LATERAL (SELECT t.id + 1 AS x) AS l",
])  # fmt: skip
def test_queries_of_many_forms(notes: Con, query: str) -> None:
    """Whatever the planner makes of a query, the view is what DuckDB answers."""
    notes.execute(f"CREATE INCREMENTAL VIEW v AS {query}\n")
    assert_view_equals_query(notes, "v", f"{query}\n")
    for change in ["UPDATE t SET s = 'z' WHERE id = 1", "INSERT INTO t VALUES (3, NULL)", "DELETE FROM t WHERE id = 2"]:
        notes.execute(change)
        notes.execute("REFRESH INCREMENTAL VIEW v")
        assert_view_equals_query(notes, "v", f"{query}\n")
    assert_replayed(notes, "v", "v")


def test_mode(notes: Con) -> None:
    notes.execute("CREATE INCREMENTAL VIEW v WITH (mode = 'incremental') AS SELECT id, up(s) AS u FROM t")
    with pytest.raises(duckdb.NotImplementedException, match="LIMIT"):
        notes.execute(
            "CREATE INCREMENTAL VIEW w WITH (mode = 'incremental') AS "
            "SELECT s FROM t ORDER BY id LIMIT (SELECT count(*) FROM t)"
        )
    assert names(notes) == ["v"]
    notes.execute("CREATE INCREMENTAL VIEW w WITH (mode = 'recompute') AS SELECT id, up(s) AS u FROM t")
    assert rows(notes, "SELECT name, incremental FROM coco_views() ORDER BY ALL") == [("v", True), ("w", False)]
    assert_view_equals_query(notes, "w", "FROM v")


def test_key_option(notes: Con) -> None:
    notes.execute(
        "CREATE INCREMENTAL VIEW v WITH (key = 'k') AS SELECT id % 10 AS k, count(*) AS n FROM t GROUP BY ALL"
    )
    notes.execute("INSERT INTO t VALUES (11, 'x')")
    assert rows(notes, "REFRESH INCREMENTAL VIEW v")[0][1:5] == (2, 0, 1, 0)
    assert rows(notes, "SELECT op, row.n FROM coco_changes('v') WHERE version = 2 ORDER BY 2") == [
        ("update_before", 1),
        ("update_after", 2),
    ]
    assert_replayed(notes, "v", "v")
    with pytest.raises(duckdb.ConstraintException, match="not unique"):
        notes.execute("CREATE INCREMENTAL VIEW w WITH (key = 'k') AS SELECT id % 10 AS k, id FROM t")
    with pytest.raises(duckdb.BinderException, match="no column"):
        notes.execute("CREATE INCREMENTAL VIEW w WITH (key = 'nothing') AS SELECT id FROM t")
    assert names(notes) == ["v"]


# --- REFRESH, DROP, SHOW, EXPLAIN -------------------------------------------------------------------------------------


def test_refresh_several_all_and_full(notes: Con, calls: Calls) -> None:
    notes.execute("CREATE INCREMENTAL VIEW b AS SELECT id, up(s) AS u FROM t")
    notes.execute("CREATE INCREMENTAL VIEW a AS SELECT u FROM b")
    notes.execute("CREATE INCREMENTAL VIEW c AS SELECT count(*) AS n FROM a")
    calls.clear()
    notes.execute("INSERT INTO t VALUES (3, 'c')")
    found = rows(notes, "REFRESH INCREMENTAL VIEW c, a, b")
    assert [row[0] for row in found] == ["c", "a", "b"]
    assert rows(notes, "FROM c") == [(3,)]
    assert calls.taken() == {"'c'": 1}
    notes.execute("INSERT INTO t VALUES (4, 'd')")
    found = rows(notes, "REFRESH ALL INCREMENTAL VIEWS")
    assert sorted(row[0] for row in found) == ["a", "b", "c"]
    assert (rows(notes, "FROM c"), calls.taken()) == ([(4,)], {"'d'": 1})
    for statement in [
        "REFRESH INCREMENTAL VIEW b FULL",
        "REFRESH INCREMENTAL VIEW a, b FULL",
        "REFRESH ALL INCREMENTAL VIEWS FULL",
    ]:
        assert all(row[2:6] == (0, 0, 0, 0) for row in rows(notes, statement))
    assert calls == {}
    for name in "abc":
        assert_replayed(notes, name, name)


def test_full_mends_rows_that_someone_changed(notes: Con) -> None:
    notes.execute("CREATE INCREMENTAL VIEW v AS SELECT id, up(s) AS u FROM t")
    table = one(notes, "SELECT state_table FROM coco.views")
    notes.execute(f"DELETE FROM coco.{table} WHERE id = 1")
    notes.execute("REFRESH INCREMENTAL VIEW v FULL")
    assert_view_equals_query(notes, "v", "SELECT id, upper(s) AS u FROM t")


def test_refresh_of_one_view_with_an_error_keeps_the_others(notes: Con) -> None:
    notes.execute("CREATE INCREMENTAL VIEW a AS SELECT id FROM t")
    notes.execute("CREATE INCREMENTAL VIEW b AS SELECT id, s::INTEGER AS i FROM t WHERE id > 2")
    notes.execute("INSERT INTO t VALUES (3, 'c')")
    with pytest.raises(duckdb.ConversionException):
        notes.execute("REFRESH INCREMENTAL VIEW a, b")
    assert len(rows(notes, "FROM a")) == 3
    assert rows(notes, "SELECT name, status FROM coco_views() ORDER BY ALL") == [("a", "fresh"), ("b", "failed")]
    notes.execute("UPDATE t SET s = '5' WHERE id = 3")
    notes.execute("REFRESH INCREMENTAL VIEW b")
    # The log of the table tells that a row was written, for all of its views.
    assert rows(notes, "SELECT name, status FROM coco_views() ORDER BY ALL") == [("a", "stale"), ("b", "fresh")]


def test_drop(notes: Con, calls: Calls) -> None:
    notes.execute("CREATE INCREMENTAL VIEW v AS SELECT id, up(s) AS u FROM t")
    notes.execute("CREATE INCREMENTAL VIEW w AS SELECT u FROM v")
    notes.execute("CREATE INCREMENTAL VIEW x AS SELECT u FROM w")
    for statement in ["DROP INCREMENTAL VIEW v", "DROP INCREMENTAL VIEW v RESTRICT", "DROP INCREMENTAL VIEW v, w"]:
        with pytest.raises(duckdb.DependencyException, match="CASCADE"):
            notes.execute(statement)
    assert names(notes) == ["v", "w", "x"]
    notes.execute("DROP INCREMENTAL VIEW x, w")
    notes.execute("DROP INCREMENTAL VIEW IF EXISTS x, nothing")
    with pytest.raises(duckdb.CatalogException, match="nothing"):
        notes.execute("DROP INCREMENTAL VIEW v, nothing")
    assert names(notes) == ["v"]
    notes.execute("CREATE INCREMENTAL VIEW w AS SELECT u FROM v")
    notes.execute("DROP INCREMENTAL VIEW v CASCADE")
    assert names(notes) == []
    assert (
        rows(notes, "SELECT table_name FROM duckdb_tables() WHERE table_name SIMILAR TO '(rows|history|snapshot)_.*'")
        == []
    )
    assert rows(notes, "SELECT view_name FROM duckdb_views() WHERE NOT internal") == []
    calls.clear()
    notes.execute("CREATE INCREMENTAL VIEW v AS SELECT id, up(s) AS u FROM t")
    assert calls == {}


def test_drop_of_an_ordinary_object(notes: Con) -> None:
    with pytest.raises(duckdb.CatalogException, match="incremental view t does not exist"):
        notes.execute("DROP INCREMENTAL VIEW t")
    assert len(rows(notes, "FROM t")) == 2


def test_nothing_is_left_behind_by_replacing_and_refreshing(notes: Con) -> None:
    for number in range(5):
        notes.execute(f"CREATE OR REPLACE INCREMENTAL VIEW v AS SELECT id, up(s) AS c{number} FROM t")
        notes.execute("REFRESH INCREMENTAL VIEW v FULL")
    kept = [name for (name,) in rows(notes, "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'coco'")]
    assert len([name for name in kept if name.startswith(("rows_", "history_", "snapshot_"))]) == 3, kept


def test_show_and_explain(notes: Con, calls: Calls) -> None:
    assert rows(notes, "SHOW INCREMENTAL VIEWS") == []
    notes.execute("CREATE INCREMENTAL VIEW v AS SELECT id, up(s) AS u FROM t")
    notes.execute("CREATE INCREMENTAL VIEW w AS SELECT DISTINCT 1 AS n FROM v")
    notes.execute("CREATE INCREMENTAL VIEW x AS SELECT v.u FROM v POSITIONAL JOIN w")
    calls.clear()
    shown = rows(notes, "SHOW INCREMENTAL VIEWS")
    assert [(row[2], row[3], row[5], row[6], row[7]) for row in shown] == [
        ("v", "fresh", 1, 2, True),
        ("w", "fresh", 1, 1, True),
        ("x", "fresh", 1, 2, False),
    ]
    for view, tree in [
        ("v", ["map", "└─ scan"]),
        ("w", ["distinct", "└─ map", "   └─ scan"]),
        ("x", ["recompute", "└─ scan", "└─ scan"]),
    ]:
        assert [row[0] for row in rows(notes, f"EXPLAIN INCREMENTAL VIEW {view}")] == tree
    assert "POSITIONAL JOIN has no incremental rule" in rows(notes, "EXPLAIN INCREMENTAL VIEW x")[0][1]
    assert calls == {}


def test_explain_says_what_is_looked_up(notes: Con) -> None:
    notes.execute("CREATE INCREMENTAL VIEW v AS SELECT id, up(s) AS u FROM t")
    notes.execute("CREATE INCREMENTAL VIEW w AS SELECT t.id, v.u FROM t JOIN v USING (id)")
    notes.execute("CREATE INCREMENTAL VIEW x AS SELECT t.id, n FROM t, (SELECT count(*) AS n FROM t)")
    join, of_t, of_v = [row[1] for row in rows(notes, "EXPLAIN INCREMENTAL VIEW w")]
    assert of_t.endswith(f"join: {join} (looked up: scan 2)")
    assert of_v.endswith(f"join: {join} (looked up: 2 rows of scan 1)")
    assert "(looked up: 1 rows of accumulate 3)" in rows(notes, "EXPLAIN INCREMENTAL VIEW x")[1][1]


def test_operators_show_state_and_size(notes: Con) -> None:
    notes.execute("CREATE INCREMENTAL VIEW v AS SELECT id, up(s) AS u FROM t")
    for _ in range(2):
        found = rows(notes, "SELECT kind, state_table, row_count FROM coco_operators('v') ORDER BY operator_id")
        assert [(kind, count) for kind, _, count in found] == [("scan", 2), ("map", 2)]
        assert found[1][1] == one(notes, "SELECT state_table FROM coco.views")
        notes.execute("CREATE OR REPLACE INCREMENTAL VIEW v AS SELECT id, up(s) AS other FROM t")


def test_status(notes: Con) -> None:
    def status(view: str) -> tuple[str, str | None]:
        ((state, reason),) = rows(notes, f"SELECT status, status_reason FROM coco_views() WHERE name = '{view}'")
        return state, reason

    notes.execute("CREATE INCREMENTAL VIEW v AS SELECT id, up(s) AS u FROM t")
    notes.execute("CREATE INCREMENTAL VIEW w AS SELECT u FROM v")
    assert (status("v"), status("w")) == (("fresh", None), ("fresh", None))
    notes.execute("INSERT INTO t VALUES (3, 'c')")
    assert status("v") == ("stale", "t changed")
    assert status("w")[0] == "stale"
    assert "v" in str(status("w")[1])
    notes.execute("REFRESH INCREMENTAL VIEW v")
    assert (status("v")[0], status("w")[0]) == ("fresh", "stale")
    notes.execute("REFRESH INCREMENTAL VIEW w")
    assert status("w")[0] == "fresh"

    @cocosql.udf
    def up(s: str) -> str:
        return s.upper() + "?"

    cocosql.register(notes, up)
    assert status("v")[0] == "stale"
    assert "up" in str(status("v")[1])
    notes.execute("ALTER TABLE t RENAME s TO gone")
    assert status("v")[0] == "broken"
    with pytest.raises(duckdb.Error, match=r"(?s)v.*CREATE OR REPLACE"):
        notes.execute("REFRESH INCREMENTAL VIEW v")
    notes.execute("ALTER TABLE t RENAME gone TO s")
    notes.execute("REFRESH INCREMENTAL VIEW v")
    notes.execute("DROP VIEW v")
    assert status("v")[0] == "broken"


def test_the_view_reads_as_an_ordinary_view(notes: Con) -> None:
    notes.execute("CREATE INCREMENTAL VIEW v AS SELECT id, up(s) AS u FROM t")
    assert [column for column, *_ in rows(notes, "DESCRIBE v")] == ["id", "u"]
    for write in ["INSERT INTO v VALUES (9, 'x')", "DELETE FROM v", "UPDATE v SET u = 'x'"]:
        with pytest.raises(duckdb.Error):
            notes.execute(write)
    assert rows(notes, "SELECT u FROM v JOIN t USING (id) ORDER BY ALL") == [("A",), ("B",)]


def test_system_tables_before_there_is_any_view(con: Con, path: Path) -> None:
    for call in ["coco_views()", "coco_functions()", "coco_runs()"]:
        assert rows(con, f"FROM {call}") == []
    for call in ["coco_runs('v')", "coco_operators('v')", "coco_lineage('v')", "coco_changes('v')"]:
        with pytest.raises(duckdb.CatalogException, match="v does not exist"):
            con.execute(f"FROM {call}")


def test_runs(notes: Con) -> None:
    notes.execute("CREATE INCREMENTAL VIEW v AS SELECT id, up(s) AS u FROM t")
    notes.execute("INSERT INTO t VALUES (3, 'a'), (4, 'x')")
    notes.execute("REFRESH INCREMENTAL VIEW v")
    notes.execute("REFRESH INCREMENTAL VIEW v")
    query = "SELECT view, version, status, inserted, updated, deleted, calls, hits, error FROM coco_runs('v') ORDER BY run_id"
    assert rows(notes, query) == [
        ("v", 1, "succeeded", 2, 0, 0, 2, 0, None),
        ("v", 2, "succeeded", 2, 0, 0, 1, 1, None),
        ("v", 2, "succeeded", 0, 0, 0, 0, 0, None),
    ]
    assert one(notes, "SELECT bool_and(finished_at >= started_at AND seconds >= 0) FROM coco_runs()") is True
    function: Any = rows(notes, "SELECT name, current, calls, hits, errors FROM coco_functions()")
    assert function == [("up", True, 3, 1, 0)]


@pytest.mark.parametrize(
    "expression",
    [
        "id IS NOT NULL",
        "NOT (id IS NULL)",
        "id NOTNULL",
        "id IS NOT DISTINCT FROM 1",
        "(id = 1) IS NOT TRUE",
        """(('{"a": 1}'::JSON) ->> 'a') = '1'""",
        """('{"a": [1]}'::JSON) -> '$.a[0]'""",
        "id::VARCHAR ^@ '1'",
        "id::HUGEINT",
        "id::UHUGEINT",
    ],
)
def test_what_sqlglot_would_write_otherwise_is_incremental(notes: Con, expression: str) -> None:
    notes.execute(f"CREATE INCREMENTAL VIEW v WITH (mode = 'incremental') AS SELECT id, {expression} AS x FROM t")
    assert_view_equals_query(notes, "v", f"SELECT id, {expression} AS x FROM t")
    assert rows(notes, "SELECT status FROM coco_views() WHERE name = 'v'") == [("fresh",)]
