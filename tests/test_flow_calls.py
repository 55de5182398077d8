"""Python functions above, below and beside joins, aggregates and the like: each distinct input is called for once."""

from collections.abc import Iterator

import pytest
from helpers import Calls, Con, assert_same, one, rows

import cocosql

TABLES = """
CREATE TABLE notes (id INTEGER PRIMARY KEY, author INTEGER, body VARCHAR);
CREATE TABLE authors (id INTEGER PRIMARY KEY, name VARCHAR);
INSERT INTO authors VALUES (1, 'ann'), (2, 'bob'), (3, NULL);
INSERT INTO notes VALUES (1, 1, 'x'), (2, 1, 'y'), (3, 2, 'x'), (4, 9, 'z');
CREATE MACRO m_up(s) AS upper(s) || '!';
"""


@pytest.fixture
def calls() -> Calls:
    return Calls()


@pytest.fixture
def con(calls: Calls) -> Iterator[Con]:
    @cocosql.udf(version="1")
    def up(s: str) -> str:
        calls.note(s)
        return s.upper() + "!"

    connection = cocosql.connect(":memory:", functions=(up,))
    connection.execute(TABLES)
    yield connection
    connection.close()


#: A view; what its creation calls for; changes, and what each calls for beside what is known.
CASES = {
    "above an aggregate": (
        "SELECT author, up(string_agg(body, '' ORDER BY id)) AS u FROM notes GROUP BY author",
        ["xy", "x", "z"],
        [("INSERT INTO notes VALUES (5, 9, 'q')", ["zq"]), ("DELETE FROM notes WHERE id = 2", [])],
    ),
    "below an aggregate": (
        "SELECT up(body) AS u, count(*) AS n FROM notes GROUP BY up(body)",
        ["x", "y", "z"],
        [
            ("INSERT INTO notes VALUES (5, 9, 'x'), (6, 9, 'q')", ["q"]),
            ("UPDATE notes SET body = 'y' WHERE id = 1", []),
        ],
    ),
    "below and above": (
        "SELECT up(max(up(body))) AS u FROM notes",
        ["x", "y", "z", "Z!"],
        [("INSERT INTO notes VALUES (5, 9, 'a')", ["a"]), ("DELETE FROM notes WHERE body = 'z'", ["Y!"])],
    ),
    "over a join": (
        "SELECT n.id, up(a.name || n.body) AS u FROM notes n JOIN authors a ON n.author = a.id",
        ["annx", "anny", "bobx"],
        [
            ("UPDATE authors SET name = 'eve' WHERE id = 2", ["evex"]),
            ("INSERT INTO authors VALUES (9, 'fay')", ["fayz"]),
        ],
    ),
    "one side of a join": (
        "SELECT n.id, a.u FROM notes n JOIN (SELECT id, up(name) AS u FROM authors) a ON n.author = a.id",
        ["ann", "bob"],
        [("INSERT INTO notes VALUES (5, 1, 'q')", []), ("UPDATE authors SET name = 'eve' WHERE id = 2", ["eve"])],
    ),
    "the key of a join": (
        "SELECT n.id, a.id AS other FROM notes n JOIN authors a ON up(n.body) = up(a.name)",
        ["x", "y", "z", "ann", "bob"],
        [("INSERT INTO notes VALUES (5, 1, 'ann')", []), ("INSERT INTO authors VALUES (8, 'q')", ["q"])],
    ),
    "over a left join": (
        "SELECT n.id, up(a.name) AS u FROM notes n LEFT JOIN authors a ON n.author = a.id",
        ["ann", "bob"],
        [("DELETE FROM authors WHERE id = 1", []), ("INSERT INTO authors VALUES (9, 'fay')", ["fay"])],
    ),
    "over DISTINCT": (
        "SELECT up(body) AS u FROM (SELECT DISTINCT body FROM notes)",
        ["x", "y", "z"],
        [("INSERT INTO notes VALUES (5, 1, 'x')", []), ("INSERT INTO notes VALUES (6, 1, 'q')", ["q"])],
    ),
    "under a window": (
        "SELECT id, rank() OVER (PARTITION BY author ORDER BY u, id) AS r FROM (SELECT *, up(body) AS u FROM notes)",
        ["x", "y", "z"],
        [("INSERT INTO notes VALUES (5, 1, 'a')", ["a"])],
    ),
    "in a subquery": (
        "SELECT id FROM authors WHERE up(name) IN (SELECT up(body) FROM notes)",
        ["x", "y", "z", "ann", "bob"],
        [("INSERT INTO notes VALUES (5, 1, 'ann')", []), ("DELETE FROM notes WHERE id = 5", [])],
    ),
    "in the branches of a union": (
        "SELECT up(body) AS u FROM notes UNION ALL SELECT up(name) FROM authors",
        ["x", "y", "z", "ann", "bob"],
        [("INSERT INTO authors VALUES (8, 'x'), (9, 'q')", ["q"])],
    ),
    "of the first rows": (
        "SELECT up(body) AS u FROM (SELECT body FROM notes ORDER BY id DESC LIMIT 2)",
        ["x", "z"],
        [("DELETE FROM notes WHERE id = 3", ["y"]), ("INSERT INTO notes VALUES (9, 1, 'q')", ["q"])],
    ),
}


@pytest.mark.every(5)
@pytest.mark.parametrize("name", CASES)
def test_calls(con: Con, calls: Calls, name: str) -> None:
    query, first, changes = CASES[name]
    con.execute(f"CREATE INCREMENTAL VIEW v AS {query}")
    assert one(con, "SELECT incremental FROM coco_views()")
    assert_same(con, "FROM v", query.replace("up(", "m_up("))
    assert calls == dict.fromkeys(map(repr, first), 1)
    for change, more in changes:
        calls.clear()
        con.execute(change)
        con.execute("REFRESH INCREMENTAL VIEW v")
        assert_same(con, "FROM v", query.replace("up(", "m_up("))
        assert calls == dict.fromkeys(map(repr, more), 1)
    calls.clear()
    con.execute("REFRESH INCREMENTAL VIEW v FULL")
    assert not calls, "all is memoized"


def test_new_code_is_run_for_what_is_there(con: Con, calls: Calls) -> None:
    query, *_ = CASES["above an aggregate"]
    con.execute(f"CREATE INCREMENTAL VIEW v AS {query}")
    calls.clear()

    @cocosql.udf(version="2")
    def up(s: str) -> str:
        calls.note(s)
        return s.lower()

    cocosql.register(con, up)
    assert one(con, "SELECT status FROM coco_views()") == "stale"
    con.execute("REFRESH INCREMENTAL VIEW v")
    assert calls == {"'xy'": 1, "'x'": 1, "'z'": 1}
    assert sorted(rows(con, "FROM v")) == [(1, "xy"), (2, "x"), (9, "z")]
