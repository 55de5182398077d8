"""History: which run, code and query made each change, and why a row changed."""

import linecache
import types
from typing import Any

import duckdb
import pytest
from helpers import Con, one, rows

import cocosql


@pytest.fixture
def notes(con: Con) -> Con:
    con.execute("CREATE TABLE notes (path VARCHAR PRIMARY KEY, body VARCHAR)")
    con.execute("INSERT INTO notes VALUES ('a.md', 'x'), ('b.md', 'z')")
    register(con, "s.upper()")
    con.execute("CREATE INCREMENTAL VIEW v AS SELECT path, up(body) AS u FROM notes")
    return con


def register(con: Con, body: str) -> None:
    """Register a function `up` with this body, in a module of its own, as its source is shown."""
    module = types.ModuleType("of_history")
    source = f"def up(s: str) -> str:\n    return {body}\n"
    linecache.cache[body] = (len(source), None, source.splitlines(keepends=True), body)
    exec(compile(source, body, "exec"), module.__dict__)
    cocosql.register(con, cocosql.udf(module.up, version=body))


def row_id(con: Con, path: str) -> int:
    return int(one(con, f"SELECT max(row_id) FROM coco_changes('v') WHERE row.path = '{path}'"))


def explained(con: Con, path: str, columns: str = "version, op, cause, what") -> list[Any]:
    return rows(con, f"SELECT {columns} FROM coco_explain_change('v', {row_id(con, path)})")


def test_each_cause(notes: Con) -> None:
    notes.execute("UPDATE notes SET body = 'y' WHERE path = 'a.md'; REFRESH INCREMENTAL VIEW v")
    register(notes, "s.upper() + '!'")
    notes.execute("REFRESH INCREMENTAL VIEW v")
    notes.execute("CREATE OR REPLACE INCREMENTAL VIEW v AS SELECT path, up(body) || '?' AS u FROM notes")
    notes.execute("DELETE FROM notes WHERE path = 'a.md'; REFRESH INCREMENTAL VIEW v")
    assert explained(notes, "a.md") == [
        (1, "insert", "first", None),
        (2, "update", "source", "notes"),
        (3, "update", "code", "up"),
        (4, "update", "query", None),
        (5, "delete", "source", "notes"),
    ]
    values = rows(notes, f"SELECT before.u, after.u FROM coco_explain_change('v', {row_id(notes, 'a.md')})")
    assert values == [(None, "X"), ("X", "Y"), ("Y", "Y!"), ("Y!", "Y!?"), ("Y!?", None)]
    assert explained(notes, "b.md") == [
        (1, "insert", "first", None),
        (3, "update", "code", "up"),
        (4, "update", "query", None),
    ]


def test_details_show_what_is_different(notes: Con) -> None:
    register(notes, "s.upper() + '!'")
    notes.execute("REFRESH INCREMENTAL VIEW v")
    notes.execute("CREATE OR REPLACE INCREMENTAL VIEW v AS SELECT path, up(body) || '?' AS u FROM notes")
    notes.execute("UPDATE notes SET body = 'new' WHERE path = 'a.md'; REFRESH INCREMENTAL VIEW v")
    code, query, source = (detail for (detail,) in explained(notes, "a.md", "detail")[1:])
    assert "-SELECT path, up(body) AS u" in query and "+SELECT path, up(body) || '?' AS u" in query
    assert "s.upper()" in code
    assert source == '{"path":"a.md"}'


def test_a_run_in_which_code_and_source_changed_names_both(notes: Con) -> None:
    register(notes, "s.upper() + '!'")
    notes.execute("UPDATE notes SET body = 'y' WHERE path = 'a.md'; REFRESH INCREMENTAL VIEW v")
    assert explained(notes, "a.md")[1:] == [(2, "update", "code", "up"), (2, "update", "source", "notes")]


def test_a_macro_that_changed_is_a_query_that_changed(con: Con) -> None:
    con.execute("CREATE MACRO plus(x) AS x + 1; CREATE TABLE t (id INTEGER PRIMARY KEY); INSERT INTO t VALUES (1)")
    con.execute("CREATE INCREMENTAL VIEW v AS SELECT id, plus(id) AS n FROM t")
    con.execute("CREATE OR REPLACE MACRO plus(x) AS x + 2; REFRESH INCREMENTAL VIEW v")
    (found,) = rows(
        con,
        "SELECT cause, detail FROM coco_explain_change('v') WHERE version = 2",
    )
    assert found[0] == "query" and "macro" in found[1]


def test_runs_between(notes: Con) -> None:
    """A refresh that changes no row is none of the causes; a change is that of the run that brought it."""
    register(notes, "s.upper()  # the same")
    notes.execute("REFRESH INCREMENTAL VIEW v; REFRESH INCREMENTAL VIEW v")
    notes.execute(
        "UPDATE notes SET body = 'y' WHERE path = 'a.md'; REFRESH INCREMENTAL VIEW v; REFRESH INCREMENTAL VIEW v"
    )
    last = one(notes, "SELECT min(run_id) FROM coco_runs('v') WHERE version = 2")
    assert explained(notes, "a.md", "version, cause, run_id")[1:] == [(2, "source", last)]
    assert rows(notes, "SELECT run_id FROM coco_changes('v') WHERE version = 2") == [(last,), (last,)]


def test_aggregates_and_views_on_views(notes: Con) -> None:
    notes.execute("CREATE INCREMENTAL VIEW w AS SELECT len(u) AS l, count(*) AS n FROM v GROUP BY len(u)")
    notes.execute("INSERT INTO notes VALUES ('c.md', 'q'); REFRESH INCREMENTAL VIEW w")
    (changed,) = rows(
        notes,
        "SELECT op, cause, what, before.n, after.n FROM coco_explain_change('w') WHERE version = 2",
    )
    assert changed == ("update", "source", "v", 1 + 1, 3)


def test_runs_say_what_made_them(notes: Con) -> None:
    notes.execute("UPDATE notes SET body = 'y'; REFRESH INCREMENTAL VIEW v; REFRESH INCREMENTAL VIEW v")
    version = one(notes, "SELECT code_version FROM coco_functions() WHERE name = 'up'")
    found = rows(notes, "SELECT functions, changed_sources, query FROM coco_runs('v') ORDER BY run_id")
    assert [(functions, sources) for functions, sources, _ in found] == [
        ({"up": version}, ["notes"]),
        ({"up": version}, ["notes"]),
        ({"up": version}, []),
    ]
    assert all("up(body)" in query for *_, query in found)


def test_runs_say_when_they_ended(notes: Con) -> None:
    register(notes, "(__import__('time').sleep(0.2), s)[1]")
    notes.execute("REFRESH INCREMENTAL VIEW v")
    found = rows(notes, "SELECT epoch(finished_at - started_at), seconds FROM coco_runs('v') ORDER BY run_id")
    assert found[-1][0] > 0.2
    assert all(abs(lasted - seconds) < 0.2 for lasted, seconds in found)


def test_a_run_that_fails_at_last_has_brought_nothing(notes: Con, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> None:
        raise duckdb.TransactionException("not now")

    notes.execute("UPDATE notes SET body = 'y'")
    with monkeypatch.context() as patch:
        patch.setattr("cocosql.refresh.state.expire", refuse)
        with pytest.raises(duckdb.TransactionException, match="not now"):
            notes.execute("REFRESH INCREMENTAL VIEW v")
    notes.execute("REFRESH INCREMENTAL VIEW v")
    shown = "status, version, inserted, updated, deleted, query IS NULL"
    assert rows(notes, f"SELECT {shown} FROM coco_runs('v') ORDER BY run_id DESC LIMIT 2") == [
        ("succeeded", 2, 0, 2, 0, False),
        ("failed", None, 0, 0, 0, True),
    ]


def test_a_row_that_is_not_there(notes: Con) -> None:
    assert rows(notes, "FROM coco_explain_change('v', 999)") == []
