"""EXPLAIN REFRESH: what a refresh would do, and that it does nothing."""

from pathlib import Path
from typing import Any

import duckdb
import pytest
from helpers import Calls, Con, rows

import cocosql


@pytest.fixture
def calls() -> Calls:
    return Calls()


@pytest.fixture
def texts(con: Con, calls: Calls) -> Con:
    @cocosql.udf(version="1")
    def words(text: str) -> list[str]:
        calls.note(text)
        return text.split()

    @cocosql.udf(batch_size=8, version="1")
    def size(xs: list[str]) -> list[int]:
        for x in xs:
            calls.note(x)
        return [len(x) for x in xs]

    cocosql.register(con, words, size)
    con.execute("CREATE TABLE t (id BIGINT PRIMARY KEY, text VARCHAR)")
    con.execute("INSERT INTO t VALUES (1, 'a b'), (2, 'c')")
    return con


def explain(con: Con, view: str = "v") -> list[tuple[Any, ...]]:
    """kind, name, rows changed, calls, hits, depends on"""
    return [row[1:] for row in rows(con, f"EXPLAIN REFRESH INCREMENTAL VIEW {view}")]


def test_a_map(texts: Con, calls: Calls) -> None:
    texts.execute("CREATE INCREMENTAL VIEW v AS SELECT id, size(w) AS n FROM t, unnest(words(text)) AS u(w)")
    calls.clear()
    nothing = [
        ("source", "t", 0, None, None, []),
        ("function", "words", None, 0, 0, []),
        ("function", "size", None, 0, 0, []),
    ]
    assert explain(texts) == nothing
    texts.execute("INSERT INTO t VALUES (3, 'd a'), (4, 'c')")
    before = rows(texts, "FROM coco_runs()"), rows(texts, "FROM v ORDER BY ALL")
    assert explain(texts) == [
        ("source", "t", 2, None, None, []),
        ("function", "words", None, 1, 1, []),
        ("function", "size", None, None, None, ["words"]),
    ]
    assert (rows(texts, "FROM coco_runs()"), rows(texts, "FROM v ORDER BY ALL")) == before
    assert not calls, "it calls nothing"
    ((*_, made, hits, _),) = rows(texts, "REFRESH INCREMENTAL VIEW v")
    assert (made, hits) == (2, 3)
    assert explain(texts) == nothing


def test_known_arguments_are_counted(texts: Con) -> None:
    texts.execute("CREATE INCREMENTAL VIEW v AS SELECT id, size(w) AS n FROM t, unnest(words(text)) AS u(w)")
    texts.execute("SELECT words('e f a')").fetchall()
    texts.execute("INSERT INTO t VALUES (3, 'e f a')")
    assert explain(texts)[1:] == [("function", "words", None, 0, 1, []), ("function", "size", None, 2, 1, [])]


def test_code_that_changed(texts: Con) -> None:
    texts.execute("CREATE INCREMENTAL VIEW v AS SELECT id, size(text) AS n FROM t")

    @cocosql.udf(version="2")
    def size(x: str) -> int:
        return -len(x)

    cocosql.register(texts, size)
    assert explain(texts) == [("source", "t", 0, None, None, []), ("function", "size", None, 2, 0, [])]


def test_a_view_without_data(texts: Con) -> None:
    texts.execute("CREATE INCREMENTAL VIEW v AS SELECT id, size(text) AS n FROM t WITH NO DATA")
    assert explain(texts) == [("source", "t", 2, None, None, []), ("function", "size", None, 2, 0, [])]


def test_views_on_views(texts: Con, calls: Calls) -> None:
    texts.execute("CREATE INCREMENTAL VIEW base AS SELECT id, lower(text) AS low FROM t")
    texts.execute("CREATE INCREMENTAL VIEW v AS SELECT id, size(low) AS n FROM base")
    texts.execute("CREATE INCREMENTAL VIEW top AS SELECT id, n + 1 AS m FROM v")
    texts.execute("INSERT INTO t VALUES (3, 'X')")
    calls.clear()
    assert [row[:3] for row in explain(texts)] == [
        ("source", "t", 1),
        ("source", "base", 1),
        ("function", "size", None),
    ]
    assert explain(texts)[-1] == ("function", "size", None, 1, 0, [])
    assert explain(texts, "top")[-1] == ("source", "v", None, None, None, ["size"])
    assert not calls
    assert rows(texts, "SELECT count(*) FROM base") == [(2,)]


@pytest.mark.parametrize(
    "query",
    [
        "SELECT DISTINCT size(text) AS n FROM t",
        "SELECT a.id, size(a.text || b.text) AS n FROM t AS a JOIN t AS b ON a.id = b.id",
        "SELECT id, size(low) AS n FROM t LEFT JOIN (SELECT id, lower(text) AS low FROM t) AS l USING (id)",
        "SELECT size(max(text)) AS n FROM t GROUP BY id",
    ],
)
def test_other_operators(texts: Con, calls: Calls, query: str) -> None:
    texts.execute(f"CREATE INCREMENTAL VIEW v AS {query}")
    calls.clear()
    assert explain(texts) == [("source", "t", 0, None, None, []), ("function", "size", None, 0, 0, [])]
    texts.execute("INSERT INTO t VALUES (3, 'X'), (4, 'c')")
    foretold = explain(texts)
    assert foretold[:1] == [("source", "t", 2, None, None, [])]
    assert not calls
    ((*_, made, hits, _),) = rows(texts, "REFRESH INCREMENTAL VIEW v")
    assert foretold[1:] == [("function", "size", None, made, hits, [])]
    assert made == calls.total_calls > 0


def test_an_operator_that_waits_for_another(texts: Con, calls: Calls) -> None:
    texts.execute(
        "CREATE INCREMENTAL VIEW v AS SELECT words(max(w)) AS ws FROM (SELECT id, unnest(words(text)) AS w FROM t) GROUP BY id"
    )
    texts.execute("INSERT INTO t VALUES (3, 'x')")
    calls.clear()
    assert explain(texts)[-1] == ("function", "words", None, None, None, ["words"])
    assert not calls


def test_a_view_that_is_recomputed(texts: Con, calls: Calls) -> None:
    texts.execute("CREATE INCREMENTAL VIEW v WITH (mode = 'recompute') AS SELECT DISTINCT size(text) AS n FROM t")
    calls.clear()
    assert explain(texts)[-1] == ("function", "size", None, 0, 0, [])
    texts.execute("INSERT INTO t VALUES (3, 'X')")
    assert explain(texts)[-1] == ("function", "size", None, None, None, [])
    assert not calls


def test_rows_that_failed(texts: Con) -> None:
    @cocosql.udf(version="1")
    def picky(x: str) -> int:
        if x == "c":
            raise ValueError
        return len(x)

    cocosql.register(texts, picky)
    texts.execute("CREATE INCREMENTAL VIEW v WITH (on_error = 'keep') AS SELECT id, picky(text) AS n FROM t")
    assert explain(texts) == [("source", "t", 0, None, None, []), ("function", "picky", None, 1, 0, [])]


def test_operators_whose_sources_did_not_change(texts: Con) -> None:
    texts.execute("CREATE TABLE other (id BIGINT, text VARCHAR); INSERT INTO other VALUES (1, 'x y')")
    texts.execute(
        "CREATE INCREMENTAL VIEW v AS SELECT len(words(text)) AS n FROM other UNION ALL SELECT size(text) FROM t"
    )
    texts.execute("INSERT INTO t VALUES (3, 'X')")
    assert explain(texts)[2:] == [("function", "words", None, 0, 0, []), ("function", "size", None, 1, 0, [])]


def test_what_waits_for_the_view_below(texts: Con) -> None:
    texts.execute("CREATE INCREMENTAL VIEW v AS SELECT id, words(text) AS ws FROM t")
    texts.execute("CREATE INCREMENTAL VIEW top AS SELECT id, size(ws[1]) AS n FROM v")
    texts.execute("INSERT INTO t VALUES (3, 'X')")
    assert explain(texts, "top")[2:] == [
        ("source", "v", None, None, None, ["words"]),
        ("function", "size", None, None, None, ["words"]),
    ]


def test_of_a_database_that_is_open_for_reading_only(tmp_path: Path) -> None:
    """What needs no writing on the way is told; else the error says what it would need."""

    @cocosql.udf(version="1")
    def shout(text: str) -> str:
        return text.upper()

    path = tmp_path / "r.db"
    with cocosql.connect(path, functions=(shout,)) as con:
        con.execute("CREATE TABLE t (id BIGINT PRIMARY KEY, text VARCHAR); INSERT INTO t VALUES (1, 'a')")
        for name, query in {
            "plain": "SELECT id FROM t",
            "called": "SELECT id, shout(text) AS text FROM t",
            "counted": "SELECT text, count(*) AS n FROM called GROUP BY text",
            "deep": "SELECT shout(text) AS text FROM (SELECT DISTINCT text FROM t)",
            "above": "SELECT id + 1 AS id FROM plain",
        }.items():
            con.execute(f"CREATE INCREMENTAL VIEW {name} AS {query}")
        con.execute("INSERT INTO t VALUES (2, 'b')")
        expected = {name: explain(con, name) for name in ("plain", "called", "counted")}
    with cocosql.connect(path, functions=(shout,), read_only=True) as con:
        assert {name: explain(con, name) for name in expected} == expected
        for name in ("deep", "above"):
            with pytest.raises(duckdb.InvalidInputException, match="open for reading only") as error:
                explain(con, name)
            assert "INSERT" not in str(error.value)
