"""Lineage: for each row of a view, the source rows that it came from and the calls that made it."""

import json
from typing import Any

import duckdb
import pytest
from helpers import Con, one, rows

import cocosql


@pytest.fixture
def notes(con: Con) -> Con:
    @cocosql.udf
    def up(s: str) -> str:
        return s.upper()

    @cocosql.udf
    def pieces(s: str) -> list[str]:
        return s.split(" ")

    cocosql.register(con, up, pieces)
    con.execute("CREATE TABLE notes (path VARCHAR PRIMARY KEY, body VARCHAR, other INTEGER)")
    con.execute("INSERT INTO notes VALUES ('a.md', 'x y', 1), ('b.md', 'z', 2), ('c.md', NULL, 3)")
    return con


def lineage(
    con: Con, view: str = "v", columns: str = "row, source, source_key, source_row, source_state", where: str = "true"
) -> list[Any]:
    return rows(con, f"SELECT {columns} FROM coco_lineage('{view}') WHERE {where} ORDER BY ALL")


def functions(con: Con, view: str, where: str) -> list[list[str]]:
    return [
        sorted(call["name"] for call in calls)
        for (calls,) in rows(con, f"SELECT functions FROM coco_lineage('{view}') WHERE {where}")
    ]


def test_columns_and_types(notes: Con) -> None:
    notes.execute("CREATE INCREMENTAL VIEW v AS SELECT path, up(body) AS u FROM notes")
    described = {name: kind for name, kind, *_ in rows(notes, "DESCRIBE FROM coco_lineage('v')")}
    assert described == {
        "row_id": "BIGINT",
        "row": "STRUCT(path VARCHAR, u VARCHAR)",
        "source": "VARCHAR",
        "source_key": "JSON",
        "source_row": "JSON",
        "source_state": "VARCHAR",
        "functions": 'STRUCT("name" VARCHAR, code_version VARCHAR, input_fingerprint UUID, computed_at TIMESTAMP WITH TIME ZONE, run_id BIGINT)[]',
        "elements": "BIGINT[][]",
    }


def test_keyed(notes: Con) -> None:
    notes.execute(
        "CREATE INCREMENTAL VIEW v AS SELECT n.path, c, up(c) AS u FROM notes AS n, unnest(pieces(n.body)) AS s(c)"
    )
    found = lineage(notes, where="row.path = 'a.md'")
    assert [row["u"] for row, *_ in found] == ["X", "Y"]
    for _, source, key, source_row, state in found:
        assert (source, json.loads(key), state) == ("notes", {"path": "a.md"}, "current")
        assert json.loads(source_row) == {"path": "a.md", "body": "x y", "other": 1}
    assert functions(notes, "v", "row.path = 'a.md'") == [["pieces", "up"]] * 2
    assert len(lineage(notes)) == one(notes, "SELECT count(*) FROM v") == 3
    assert one(notes, "SELECT count(*) FROM coco_lineage('v') JOIN v ON row.u = v.u AND row.path = v.path") == 3


def test_filters_join_and_row_ids(notes: Con) -> None:
    notes.execute("CREATE INCREMENTAL VIEW v AS SELECT path, up(body) AS u FROM notes")
    assert (
        one(
            notes,
            "SELECT count(*) FROM coco_lineage('v') AS l JOIN coco_changes('v') AS c USING (row_id) WHERE l.row = c.row AND c.op = 'insert'",
        )
        == 3
    )
    plan = "\n".join(str(row) for row in rows(notes, "EXPLAIN SELECT * FROM coco_lineage('v') WHERE row.path = 'a.md'"))
    assert "a.md" in plan


def test_functions_are_those_that_were_called(notes: Con) -> None:
    """A call that NULL or a condition spared is none, and what is said of a call is what its run recorded."""
    notes.execute(
        "CREATE INCREMENTAL VIEW v AS SELECT path, CASE WHEN other = 1 THEN up(path) END AS p, up(body) AS u FROM notes"
    )
    assert functions(notes, "v", "row.path = 'a.md'") == [["up", "up"]]
    assert functions(notes, "v", "row.path = 'b.md'") == [["up"]]
    assert functions(notes, "v", "row.path = 'c.md'") == [[]]
    (made,) = rows(notes, "SELECT unnest(functions) FROM coco_lineage('v') WHERE row.path = 'b.md'")[0]
    version, run = rows(
        notes,
        "SELECT (SELECT code_version FROM coco_functions() WHERE name = 'up'), (SELECT run_id FROM coco_runs('v'))",
    )[0]
    assert (made["name"], made["code_version"], made["run_id"]) == ("up", version, run)
    assert made["input_fingerprint"] == one(notes, "SELECT coco_fingerprint('z')::UUID")
    assert made["computed_at"] is not None


def test_functions_that_are_called_inside_the_query(notes: Con) -> None:
    """What they were called with is not kept; which code it was is."""

    @cocosql.udf(memo=False)
    def plain(n: int) -> int:
        return n + 1

    cocosql.register(notes, plain)
    notes.execute(
        "CREATE INCREMENTAL VIEW v AS SELECT plain(other) AS n, list_transform([body], lambda b: up(b)) AS l FROM notes"
    )
    (calls,) = rows(notes, "SELECT functions FROM coco_lineage('v') WHERE row.n = 2")[0]
    versions = dict(rows(notes, "SELECT name, code_version FROM coco_functions()"))
    assert {(call["name"], call["code_version"], call["input_fingerprint"]) for call in calls} == {
        ("plain", versions["plain"], None),
        ("up", versions["up"], None),
    }


def test_states(notes: Con) -> None:
    notes.execute("CREATE INCREMENTAL VIEW v AS SELECT path, up(body) AS u FROM notes")
    notes.execute(
        "UPDATE notes SET body = 'new' WHERE path = 'a.md'; DELETE FROM notes WHERE path = 'b.md'; UPDATE notes SET other = 9 WHERE path = 'c.md'"
    )
    states = {
        row["path"]: (state, source_row and json.loads(source_row))
        for row, source_row, state in lineage(notes, columns="row, source_row, source_state")
    }
    assert states == {
        "a.md": ("changed", {"path": "a.md", "body": "new", "other": 1}),
        "b.md": ("gone", None),
        "c.md": ("current", {"path": "c.md", "body": None, "other": 9}),
    }
    keys = lineage(notes, columns="source_key")
    assert [json.loads(key) for (key,) in keys] == [{"path": "a.md"}, {"path": "b.md"}, {"path": "c.md"}]
    notes.execute("REFRESH INCREMENTAL VIEW v")
    assert lineage(notes, columns="row.path, source_state") == [("a.md", "current"), ("c.md", "current")]


def test_integer_and_composite_keys(con: Con) -> None:
    con.execute("CREATE TABLE a (id INTEGER PRIMARY KEY, s VARCHAR); INSERT INTO a VALUES (7, 'x')")
    con.execute(
        "CREATE TABLE b (k VARCHAR, n INTEGER, s VARCHAR, PRIMARY KEY (k, n)); INSERT INTO b VALUES ('q', 3, 'x')"
    )
    con.execute("CREATE INCREMENTAL VIEW v AS SELECT s FROM a; CREATE INCREMENTAL VIEW w AS SELECT s FROM b")
    assert json.loads(one(con, "SELECT source_key FROM coco_lineage('v')")) == {"id": 7}
    assert json.loads(one(con, "SELECT source_key FROM coco_lineage('w')")) == {"k": "q", "n": 3}
    con.execute("UPDATE a SET id = 8; REFRESH INCREMENTAL VIEW v")
    assert json.loads(one(con, "SELECT source_key FROM coco_lineage('v')")) == {"id": 8}


def test_keyless(notes: Con) -> None:
    notes.execute("CREATE TABLE t (s VARCHAR, unread INTEGER); INSERT INTO t VALUES ('a', 1), ('a', 2), ('b', 3)")
    notes.execute("CREATE INCREMENTAL VIEW v AS SELECT up(s) AS u FROM t")
    found = lineage(notes, columns="row.u, source, source_key, source_state")
    assert [(u, source, state) for u, source, _, state in found] == [
        ("A", "t", "current"),
        ("A", "t", "current"),
        ("B", "t", "current"),
    ]
    assert json.loads(found[0][2])["fingerprint"] == one(notes, "SELECT coco_fingerprint('a')::UUID::VARCHAR")
    notes.execute("DELETE FROM t WHERE s = 'b'; UPDATE t SET unread = 5")
    assert lineage(notes, columns="row.u, source_state") == [("A", "current"), ("A", "current"), ("B", "gone")]


def test_views_on_views_reach_the_base(notes: Con) -> None:
    notes.execute("CREATE INCREMENTAL VIEW v AS SELECT n.path, c FROM notes AS n, unnest(pieces(n.body)) AS s(c)")
    notes.execute("CREATE INCREMENTAL VIEW w AS SELECT path, up(c) AS u FROM v")
    found = lineage(notes, "w")
    assert [(row["u"], source, json.loads(key), state) for row, source, key, _, state in found] == [
        ("X", "notes", {"path": "a.md"}, "current"),
        ("Y", "notes", {"path": "a.md"}, "current"),
        ("Z", "notes", {"path": "b.md"}, "current"),
    ]
    assert functions(notes, "w", "true") == [["pieces", "up"]] * 3
    notes.execute("UPDATE notes SET body = 'q' WHERE path = 'b.md'; REFRESH INCREMENTAL VIEW v")
    assert lineage(notes, "w", "row.u, source_state") == [("X", "current"), ("Y", "current"), ("Z", "changed")]
    notes.execute("REFRESH INCREMENTAL VIEW w")
    assert lineage(notes, "w", "row.u, source_state") == [("Q", "current"), ("X", "current"), ("Y", "current")]


def test_every_row_has_lineage_while_the_upstream_moves_on(notes: Con) -> None:
    """Rows of a view whose upstream view has been refreshed since still say where they came from."""
    notes.execute(
        "CREATE INCREMENTAL VIEW v AS SELECT path, body FROM notes; CREATE INCREMENTAL VIEW w AS SELECT path, up(body) AS u FROM v"
    )
    notes.execute("DELETE FROM notes WHERE path = 'b.md'; REFRESH INCREMENTAL VIEW v")
    assert len(lineage(notes, "w")) == one(notes, "SELECT count(*) FROM w") == 3
    assert lineage(notes, "w", "row.path, source_state") == [("a.md", "current"), ("b.md", "gone"), ("c.md", "current")]


def test_names_that_need_quotes(con: Con) -> None:
    con.execute('CREATE TABLE "my t" ("the key" VARCHAR PRIMARY KEY, "a ""b""" INTEGER)')
    con.execute("""INSERT INTO "my t" VALUES ('it''s', 1)""")
    con.execute('CREATE INCREMENTAL VIEW "my v" AS SELECT "a ""b""" + 1 AS "x y" FROM "my t"')
    ((row, key, source),) = rows(con, """SELECT row, source_key, source FROM coco_lineage('"my v"')""")
    assert (row, json.loads(key), source) == ({"x y": 2}, {"the key": "it's"}, "my t")


def test_joins_name_the_rows_of_all_sides(notes: Con) -> None:
    notes.execute("CREATE TABLE authors (id INTEGER PRIMARY KEY, name VARCHAR); INSERT INTO authors VALUES (1, 'ann')")
    notes.execute(
        "CREATE INCREMENTAL VIEW v AS SELECT path, up(name) AS n FROM notes LEFT JOIN authors ON other = id WHERE path < 'c'"
    )
    assert lineage(notes, columns="row.path, source, source_key::VARCHAR, source_state") == [
        ("a.md", "authors", '{"id":1}', "current"),
        ("a.md", "notes", '{"path":"a.md"}', "current"),
        ("b.md", "notes", '{"path":"b.md"}', "current"),
    ]
    assert functions(notes, "v", "source = 'authors'") == [["up"]]
    notes.execute("UPDATE authors SET name = 'bea'")
    assert lineage(notes, columns="source_state", where="source = 'authors'") == [("changed",)]


def test_functions_below_an_aggregate_are_those_of_the_source_row(notes: Con) -> None:
    notes.execute("CREATE INCREMENTAL VIEW v AS SELECT up(body) AS u, count(*) AS n FROM notes GROUP BY up(body)")
    found = rows(notes, "SELECT source_key ->> 'path', functions FROM coco_lineage('v') WHERE row.u = 'Z'")
    ((path, (call,)),) = found
    assert (path, call["name"], call["input_fingerprint"]) == (
        "b.md",
        "up",
        one(notes, "SELECT coco_fingerprint('z')::UUID"),
    )
    assert call["run_id"] == one(notes, "SELECT run_id FROM coco_runs('v')")


def test_positions_of_elements(notes: Con) -> None:
    """From the source on: the second word of the first line is [1, 2]. Those of a group are all there."""
    notes.execute("UPDATE notes SET body = 'a b,c a' WHERE path = 'a.md'")
    notes.execute(
        """
        CREATE INCREMENTAL VIEW words AS SELECT path, w FROM notes, unnest(string_split(body, ',')) AS l(line),
            unnest(pieces(line)) AS x(w);
        CREATE INCREMENTAL VIEW lines AS SELECT path, line FROM notes, unnest(string_split(body, ',')) AS l(line);
        CREATE INCREMENTAL VIEW of_lines AS SELECT path, w FROM lines, unnest(pieces(line)) AS x(w);
        CREATE INCREMENTAL VIEW counts AS SELECT w, count(*) AS n FROM of_lines GROUP BY w
        """
    )
    expected = [("a", [[1, 1]]), ("a", [[2, 2]]), ("b", [[1, 2]]), ("c", [[2, 1]]), ("z", [[1, 1]])]
    assert lineage(notes, "words", "row.w, elements") == expected
    assert lineage(notes, "of_lines", "row.w, elements") == expected
    assert lineage(notes, "counts", "row.w, elements", "row.w = 'a'") == [("a", [[1, 1], [2, 2]])]
    notes.execute("UPDATE notes SET body = 'new,' || body WHERE path = 'a.md'")
    notes.execute("REFRESH ALL INCREMENTAL VIEWS")
    assert lineage(notes, "counts", "row.w, elements", "row.w = 'a'") == [("a", [[2, 1], [3, 2]])]


def test_views_on_views_of_all_kinds(notes: Con) -> None:
    """A base row that is reached on several ways is named once, with the calls of all of them."""
    notes.execute(
        """
        CREATE INCREMENTAL VIEW pieces_of AS SELECT path, c, up(c) AS u FROM notes, unnest(pieces(body)) AS s(c);
        CREATE INCREMENTAL VIEW counted AS SELECT path, count(*) AS n FROM pieces_of GROUP BY path;
        CREATE INCREMENTAL VIEW v AS SELECT u, n FROM pieces_of JOIN counted USING (path)
        """
    )
    found = lineage(notes, "v", "row.u, source, source_key ->> 'path', source_state")
    assert found == [
        ("X", "notes", "a.md", "current"),
        ("Y", "notes", "a.md", "current"),
        ("Z", "notes", "b.md", "current"),
    ]
    assert functions(notes, "v", "row.u = 'Z'") == [["pieces", "up"]]
    assert functions(notes, "v", "row.u = 'X'") == [["pieces", "up", "up"]]


def test_rows_that_an_upstream_view_of_an_aggregate_had(notes: Con) -> None:
    """What came of an upstream row that is gone since ends there: the upstream view has let go of what it came from."""
    notes.execute(
        "CREATE INCREMENTAL VIEW v AS SELECT other, count(*) AS n FROM notes GROUP BY other; CREATE INCREMENTAL VIEW w AS SELECT other, n FROM v"
    )
    notes.execute("DELETE FROM notes WHERE path = 'b.md'; REFRESH INCREMENTAL VIEW v")
    found = lineage(notes, "w", "row.other, source, source_row, source_state")
    assert [(other, source, state) for other, source, _, state in found] == [
        (1, "notes", "current"),
        (2, "v", "gone"),
        (3, "notes", "current"),
    ]
    assert json.loads(found[1][2]) == {"other": 2, "n": 1}
    notes.execute("REFRESH INCREMENTAL VIEW w")
    assert lineage(notes, "w", "row.other, source") == [(1, "notes"), (3, "notes")]


def test_rows_that_come_from_no_source(notes: Con) -> None:
    notes.execute("CREATE INCREMENTAL VIEW v AS SELECT other FROM notes UNION ALL SELECT 77")
    notes.execute("CREATE INCREMENTAL VIEW w AS VALUES (1)")
    assert lineage(notes, columns="row.other") == [(1,), (2,), (3,)]
    assert lineage(notes, "w") == []


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("SELECT other AS n FROM notes LIMIT (SELECT count(*) FROM notes)", "LIMIT by a subquery"),
        ("WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 3) FROM r", "recursive CTE"),
    ],
)
def test_views_without_operators_say_why_not(notes: Con, query: str, reason: str) -> None:
    notes.execute(f"CREATE INCREMENTAL VIEW v AS {query}")
    with pytest.raises(duckdb.NotImplementedException, match=f"v keeps no state .*{reason}"):
        notes.execute("FROM coco_lineage('v')")
    notes.execute("CREATE INCREMENTAL VIEW w AS SELECT n + 1 AS n FROM v")
    assert {source for (source,) in lineage(notes, "w", "source")} == {"v"}


def test_a_view_that_is_recomputed_says_how_to_mend_that(notes: Con) -> None:
    notes.execute("CREATE INCREMENTAL VIEW v WITH (mode = 'recompute') AS SELECT count(*) AS n FROM notes")
    with pytest.raises(duckdb.NotImplementedException, match="SET \\(mode = 'incremental'\\)"):
        notes.execute("FROM coco_lineage('v')")
    notes.execute("ALTER INCREMENTAL VIEW v SET (mode = 'incremental'); REFRESH INCREMENTAL VIEW v")
    assert len(lineage(notes)) == 3


def test_a_view_whose_query_changed_has_to_be_refreshed_first(notes: Con) -> None:
    notes.execute(
        "CREATE MACRO wide(x) AS x > 1; CREATE INCREMENTAL VIEW v AS SELECT path FROM notes WHERE wide(other)"
    )
    notes.execute("CREATE OR REPLACE MACRO wide(x) AS x > 2")
    with pytest.raises(duckdb.InvalidInputException, match="REFRESH INCREMENTAL VIEW v"):
        notes.execute("FROM coco_lineage('v')")


def test_lineage_of_a_view_of_the_users(notes: Con) -> None:
    notes.execute("CREATE INCREMENTAL VIEW v AS SELECT path, up(body) AS u FROM notes")
    notes.execute("CREATE VIEW of_v AS SELECT row.path AS path, source_state FROM coco_lineage('v')")
    notes.execute("DELETE FROM notes WHERE path = 'a.md'")
    assert rows(notes, "SELECT source_state FROM of_v WHERE path = 'a.md'") == [("gone",)]
    notes.execute("CREATE OR REPLACE INCREMENTAL VIEW v AS SELECT path, up(body) AS other FROM notes")
    assert rows(notes, "SELECT source_state FROM of_v WHERE path = 'a.md'") == []
