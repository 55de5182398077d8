"""Impact: what a row of a source, or a function, has reached; and the proof that a row which was erased has left nothing."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from helpers import Con, one, rows
from speeds import slow
from sql_grammar import FUNCTIONS, MACROS
from test_lineage_oracle import EACH_COUNTS, KEYED, KEYS

import cocosql


@pytest.fixture
def notes(con: Con) -> Con:
    @cocosql.udf
    def up(s: str) -> str:
        return s.upper()

    @cocosql.udf
    def pieces(s: str) -> list[str]:
        return s.split(" ")

    @cocosql.udf
    def wanted(s: str) -> bool:
        return s != "never"

    cocosql.register(con, up, pieces, wanted)
    con.execute("CREATE TABLE notes (path VARCHAR PRIMARY KEY, body VARCHAR, lang VARCHAR)")
    con.execute("INSERT INTO notes VALUES ('a.md', 'x y', 'de'), ('b.md', 'z', 'de'), ('c.md', NULL, 'en')")
    return con


def reached(con: Con, *arguments: str, columns: str = "view, row", where: str = "kind = 'row'") -> list[Any]:
    call = ", ".join("'" + argument.replace("'", "''") + "'" for argument in arguments)
    return rows(con, f"SELECT {columns} FROM coco_impact({call}) WHERE {where} ORDER BY ALL")


@pytest.fixture(scope="module")
def views() -> Iterator[Con]:
    """A view of each query of which lineage is known to be exact."""
    con = cocosql.connect(threads=2, functions=FUNCTIONS)
    con.execute(MACROS)
    con.execute(KEYED)
    for name, query in EACH_COUNTS.items():
        con.execute(f'CREATE INCREMENTAL VIEW "{name}" AS {query}')
    yield con
    con.close()


#: Few rows have reached many.
TABLES = ["teams", *(slow(table) for table in KEYS if table != "teams")]


@pytest.mark.parametrize("table", TABLES)
def test_forward_is_the_inverse_of_backward(views: Con, table: str) -> None:
    back = {
        (name, row_id, json.loads(key)[KEYS[table]])
        for name in EACH_COUNTS
        for row_id, key in rows(
            views, f"""SELECT row_id, source_key FROM coco_lineage('"{name}"') WHERE source = '{table}'"""
        )
    }
    forward = {
        (name, row_id, key)
        for (key,) in rows(views, f"SELECT {KEYS[table]} FROM {table}")
        for name, row_id in rows(views, f"SELECT view, row_id FROM coco_impact('{table}', {key}) WHERE kind = 'row'")
    }
    assert forward == back != set()


def test_rows_and_calls(notes: Con) -> None:
    notes.execute(
        """
        CREATE INCREMENTAL VIEW words AS SELECT path, c, up(c) AS u FROM notes, unnest(pieces(body)) AS x(c);
        CREATE INCREMENTAL VIEW counts AS SELECT u, count(*) AS n FROM words GROUP BY u;
        CREATE INCREMENTAL VIEW apart AS SELECT 1 AS one
        """
    )
    found = [(view, json.loads(row)) for view, row in reached(notes, "notes", "a.md")]
    assert found == [
        ("counts", {"u": "X", "n": 1}),
        ("counts", {"u": "Y", "n": 1}),
        ("words", {"path": "a.md", "c": "x", "u": "X"}),
        ("words", {"path": "a.md", "c": "y", "u": "Y"}),
    ]
    made = "view, list_sort([call.name FOR call IN functions])"
    assert reached(notes, "notes", "b.md", columns=made) == [
        ("counts", ["pieces", "up"]),
        ("words", ["pieces", "up"]),
    ]
    assert reached(notes, "main.notes", "nothing") == []


def test_what_a_function_has_made(notes: Con) -> None:
    notes.execute(
        """
        CREATE INCREMENTAL VIEW v AS SELECT path, CASE WHEN lang = 'de' THEN up(body) END AS u FROM notes;
        CREATE INCREMENTAL VIEW w AS SELECT count(u) AS n FROM v
        """
    )
    version = one(notes, "SELECT code_version FROM coco_functions() WHERE name = 'up'")
    expected = [("v", {"path": "a.md", "u": "X Y"}), ("v", {"path": "b.md", "u": "Z"}), ("w", {"n": 2})]
    assert [(view, json.loads(row)) for view, row in reached(notes, "UP")] == expected
    assert [(view, json.loads(row)) for view, row in reached(notes, "up", version)] == expected
    assert reached(notes, "up", "another version") == []
    assert reached(notes, "pieces") == []


def test_an_erasure_is_proved(notes: Con) -> None:
    """Rows, changes, state and results go one after the other; what others need as well stays."""
    notes.execute(
        """
        INSERT INTO notes VALUES ('d.md', 'y', 'en');
        CREATE INCREMENTAL VIEW words AS SELECT path, c, up(c) AS u FROM notes, unnest(pieces(body)) AS x(c) WHERE wanted(body);
        CREATE INCREMENTAL VIEW counts AS SELECT u, count(*) AS n FROM words GROUP BY u;
        CREATE INCREMENTAL VIEW places AS SELECT path, rank() OVER (PARTITION BY lang ORDER BY path) AS place FROM notes
        """
    )
    kinds = "DISTINCT kind"
    assert reached(notes, "notes", "a.md", columns=kinds, where="true") == [("row",), ("state",)]
    notes.execute("DELETE FROM notes WHERE path = 'a.md'")
    assert reached(notes, "notes", "a.md", columns=kinds, where="true") == [("row",), ("state",)]
    notes.execute("REFRESH ALL INCREMENTAL VIEWS")
    assert reached(notes, "notes", "a.md", columns=kinds, where="true") == [("change",), ("memo",), ("state",)]
    changes = reached(notes, "notes", "a.md", columns="view, row, detail", where="kind = 'change'")
    assert ("words", '{"path":"a.md","c":"x","u":"X"}') in [change[:2] for change in changes]
    assert all("retain_changes" in detail for *_, detail in changes)
    for view in ("words", "counts", "places"):
        notes.execute(f"ALTER INCREMENTAL VIEW {view} SET (retain_changes = '0 seconds')")
    notes.execute("VACUUM INCREMENTAL VIEWS WITH (retain = '0 seconds')")
    assert reached(notes, "notes", "a.md", columns="*", where="true") == []
    left = dict(rows(notes, "SELECT function, count(*) FROM coco_memo() GROUP BY function"))
    assert left == {"wanted": 2, "pieces": 2, "up": 2}
    assert rows(notes, "REFRESH INCREMENTAL VIEW words FULL")[0][5] == 0, "what is needed has stayed"


def test_an_erasure_with_a_key_log(notes: Con) -> None:
    """The log spares the snapshot, which still has the row; VACUUM takes it out."""
    notes.execute(
        "CREATE INCREMENTAL VIEW v WITH (capture = 'log', retain_changes = '0 seconds') AS SELECT path FROM notes"
    )
    notes.execute("REFRESH INCREMENTAL VIEW v")
    notes.execute("DELETE FROM notes WHERE path = 'a.md'")
    notes.execute("UPDATE notes SET body = 'other' WHERE path = 'b.md'")
    notes.execute("REFRESH INCREMENTAL VIEW v")
    assert {kind for (kind,) in reached(notes, "notes", "a.md", columns="kind", where="true")} == {"change", "state"}
    notes.execute("VACUUM INCREMENTAL VIEWS WITH (retain = '0 seconds')")
    assert reached(notes, "notes", "a.md", columns="*", where="true") == []
    assert reached(notes, "notes", "b.md", columns="kind", where="kind = 'row'") == [("row",)]
    notes.execute("INSERT INTO notes VALUES ('a.md', 'again', 'en')")
    notes.execute("ALTER TABLE notes ADD COLUMN more INTEGER")  # the log ends, and all is compared
    assert rows(notes, "REFRESH INCREMENTAL VIEW v")[0][2:5] == (1, 0, 0)
    assert {state for (state,) in rows(notes, "SELECT source_state FROM coco_lineage('v')")} == {"current"}


def test_the_file_has_nothing_left(path: Path) -> None:
    """No value derived from the row is in any table of the file."""
    con = cocosql.connect(path)
    con.execute(
        "CREATE TABLE notes (path VARCHAR PRIMARY KEY, body VARCHAR); INSERT INTO notes VALUES ('a', 'geheim'), ('b', 'x')"
    )

    @cocosql.udf
    def twice(s: str) -> str:
        return s + s

    cocosql.register(con, twice)
    con.execute(
        """
        CREATE INCREMENTAL VIEW v WITH (retain_changes = '0 seconds') AS SELECT path, twice(body) AS t FROM notes;
        CREATE INCREMENTAL VIEW w WITH (retain_changes = '0 seconds') AS SELECT max(t) AS t FROM v
        """
    )
    con.execute("DELETE FROM notes WHERE path = 'a'; REFRESH ALL INCREMENTAL VIEWS")
    con.execute("VACUUM INCREMENTAL VIEWS WITH (retain = '0 seconds')")
    assert rows(con, "FROM coco_impact('notes', 'a')") == []
    for name in [name for (name,) in rows(con, "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'coco'")]:
        assert "geheim" not in str(rows(con, f"FROM coco.{name}")), name
    con.close()


def test_what_cannot_be_told_is_said(notes: Con) -> None:
    notes.execute(
        """
        CREATE INCREMENTAL VIEW v WITH (mode = 'recompute') AS SELECT count(*) AS n FROM notes;
        CREATE INCREMENTAL VIEW w AS SELECT n + 1 AS m FROM v;
        CREATE INCREMENTAL VIEW l AS SELECT list_transform([body], lambda b: up(b)) AS l FROM notes
        """
    )
    found = reached(notes, "notes", "a.md", columns="view, kind", where="kind <> 'state'")
    assert found == [("l", "row"), ("v", "unknown"), ("w", "unknown"), (None, "memo")]
    (detail,) = reached(notes, "notes", "a.md", columns="detail", where="kind = 'memo'")[0]
    assert "up" in detail and "is not known" in detail


def test_sources_without_a_key_and_names_that_need_quotes(notes: Con) -> None:
    notes.execute("""CREATE TABLE "it's" (s VARCHAR); INSERT INTO "it's" VALUES ('q'), ('q'), ('r')""")
    notes.execute("""CREATE INCREMENTAL VIEW "a view" AS SELECT s FROM "it's" """)
    key = one(notes, """SELECT source_key ->> 'fingerprint' FROM coco_lineage('"a view"') WHERE row.s = 'q' LIMIT 1""")
    assert reached(notes, '"it\'s"', key) == [("a view", '{"s":"q"}')] * 2
    assert reached(notes, '"it\'s"') == [("a view", '{"s":"q"}')] * 2 + [("a view", '{"s":"r"}')]
    for wrong in (["5"], [key, key]):
        with pytest.raises(duckdb.InvalidInputException, match="known by the fingerprint"):
            reached(notes, '"it\'s"', *wrong)


@pytest.mark.parametrize("table", TABLES)
def test_without_a_key_it_is_what_all_rows_have_reached(views: Con, table: str) -> None:
    keys = [key for (key,) in rows(views, f"SELECT {KEYS[table]} FROM {table}")]
    found = {
        row
        for key in keys
        for row in rows(views, f"SELECT view, row_id FROM coco_impact('{table}', {key}) WHERE kind = 'row'")
    }
    assert found == set(rows(views, f"SELECT view, row_id FROM coco_impact('{table}') WHERE kind = 'row'"))


def test_files(notes: Con, tmp_path: Path) -> None:
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).write_text(name)
    notes.execute(f"CREATE INCREMENTAL VIEW v AS SELECT up(content) AS u FROM read_text('{tmp_path}/*.txt')")
    source = one(notes, "SELECT DISTINCT source FROM coco_lineage('v')")
    assert reached(notes, source, f"{tmp_path}/a.txt") == [("v", '{"u":"A.TXT"}')]


@pytest.mark.parametrize(
    ("arguments", "error", "match"),
    [
        (["nix"], duckdb.CatalogException, "no table or function of the name nix"),
        (["notes", "a.md", "b"], duckdb.InvalidInputException, "has the key"),
    ],
)
def test_errors(notes: Con, arguments: list[str], error: type[Exception], match: str) -> None:
    notes.execute("CREATE INCREMENTAL VIEW v AS SELECT path FROM notes")
    with pytest.raises(error, match=match):
        reached(notes, *arguments)


def test_a_table_that_no_view_reads(notes: Con) -> None:
    notes.execute("CREATE TABLE other (id INTEGER PRIMARY KEY); CREATE INCREMENTAL VIEW v AS SELECT path FROM notes")
    assert reached(notes, "other", "1", columns="*", where="true") == []
