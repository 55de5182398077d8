"""The difference between rows that are there and rows that are to be, and rows that a session collects."""

from collections import Counter
from collections.abc import Iterator

import duckdb
import pytest
from helpers import take_session
from hypothesis import strategies as st
from speeds import holds_for

import cocosql
from cocosql._native import Session
from cocosql.collected import collected

#: Content and origin of a row.
Row = tuple[int, int]
_ROWS = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 2)), max_size=12)


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    con = cocosql.connect()
    session = take_session(con)
    session.use_names("memory", [("memory", "main")])
    yield session
    con.close()


def key(content: int) -> int:
    """As of a view with a key: a part of the content."""
    return content % 2


def values(rows: list[str], types: dict[str, str]) -> str:
    """A query for rows, with columns of these names and types."""
    shown = ", ".join(f"{name}::{kind} AS {name}" for name, kind in types.items())
    given = rows or [", ".join("NULL" for _ in types)]
    where = "" if rows else " WHERE false"
    return f"SELECT {shown} FROM (VALUES {', '.join(f'({row})' for row in given)}) AS given ({', '.join(types)}){where}"


def difference(session: Session, past: list[Row], fresh: list[Row], *, has_key: bool) -> tuple[int, int, int, int]:
    """Find it with numbers for row ids; returns how many are gone, came, moved, and update."""
    columns = {"content": "INTEGER", "origin": "INTEGER", "key": "INTEGER"}
    shown = [f"{content}, {origin}, {key(content)}" for content, origin in [*past, *fresh]]
    stored = [f"{row}, {100 + number}, {number}" for number, row in enumerate(shown[: len(past)])]
    found = session.difference(
        values(stored, {**columns, "number": "BIGINT", "coco_rowid": "BIGINT"}),
        values(shown[len(past) :], columns),
        exact=["content", "origin"],
        content=["CONTENT"],
        key=["key"] if has_key else None,
        number="number",
        next=1000,
        prefix="d_",
    )
    return found.gone, found.came, found.moved, found.updated


@holds_for(30, 200, past=_ROWS, fresh=_ROWS, has_key=st.booleans())
def test_it_is_the_least(session: Session, past: list[Row], fresh: list[Row], has_key: bool) -> None:
    gone, came, moved, updated = difference(session, past, fresh, has_key=has_key)
    before, after = Counter(content for content, _ in past), Counter(content for content, _ in fresh)
    lost, gained = before - after, after - before
    same = (Counter(past) & Counter(fresh)).total()
    assert (gone, came, moved) == (lost.total(), gained.total(), (before & after).total() - same)
    keys = Counter(map(key, lost.elements())) & Counter(map(key, gained.elements()))
    assert updated == (keys.total() if has_key else 0)

    rows_gone = session.execute(f"SELECT content, coco_rowid, coco_replaced FROM {collected('d_gone')}")
    assert Counter(content for content, _, _ in rows_gone) == lost
    assert all(past[number][0] == content for content, number, _ in rows_gone)
    rows_came = session.execute(f"SELECT content, number, coco_updated FROM {collected('d_came')}")
    assert Counter(content for content, _, _ in rows_came) == gained
    assert sorted(at for _, at, is_update in rows_came if not is_update) == list(range(1000, 1000 + came - updated))
    replaced = {100 + number: key(content) for content, number, is_replaced in rows_gone if is_replaced}
    replaces = {at: key(content) for content, at, is_update in rows_came if is_update}
    assert replaced == replaces
    assert len(replaces) == updated

    rows_moved = session.execute(f"SELECT content, origin, coco_rowid FROM {collected('d_moved')}")
    assert len({number for _, _, number in rows_moved}) == moved
    for content, origin, number in rows_moved:
        assert past[number][0] == content
        assert past[number][1] != origin
        assert (content, origin) in fresh


def test_many_rows(session: Session) -> None:
    """Many chunks, with duplicates, text and nested values, against EXCEPT ALL."""
    session.script(
        """
        CREATE OR REPLACE TABLE memory.main.past AS SELECT i // 3 AS n, repeat('x', i % 40) || i // 3 AS t, [i // 3, NULL] AS l
            FROM range(200_000) AS r (i);
        CREATE OR REPLACE TABLE memory.main.fresh AS SELECT i // 2 AS n, repeat('x', i % 40) || i // 2 AS t, [i // 2, NULL] AS l
            FROM range(150_000) AS r (i) WHERE i % 5 <> 0;
        """
    )
    found = session.difference(
        "SELECT rowid AS number, rowid AS coco_rowid, n, t, l FROM past",
        "FROM fresh",
        exact=["n", "t", "l"],
        content=["n", "t", "l"],
        key=None,
        number="number",
        next=1,
        prefix="many_",
    )
    for part, left, right in (("gone", "past", "fresh"), ("came", "fresh", "past")):
        rows, expected = f"SELECT n, t, l FROM {collected(f'many_{part}')}", f"FROM {left} EXCEPT ALL FROM {right}"
        assert session.execute(f"FROM ({rows}) EXCEPT ALL ({expected})") == []
        assert session.execute(f"FROM ({expected}) EXCEPT ALL ({rows})") == []
    ((count,),) = session.execute("SELECT count(*) FROM (FROM past EXCEPT ALL FROM fresh)")
    assert found.gone == count > 100_000
    assert found.moved == found.updated == 0


def test_all_rows_equal(session: Session) -> None:
    """A fingerprint that very many rows share costs no more than others."""
    found = session.difference(
        "SELECT i AS number, i AS coco_rowid, 'x' AS x FROM range(300_000) AS r (i)",
        "SELECT 'x' AS x FROM range(300_002)",
        exact=["x"],
        content=["x"],
        key=["x"],
        number="number",
        next=1,
        prefix="equal_",
    )
    assert (found.gone, found.came) == (0, 2)


def test_a_query_that_fails(session: Session) -> None:
    """The error is that of the query, on either side, and the session goes on."""
    good = "SELECT 1 AS x, 1::BIGINT AS number, 1::BIGINT AS coco_rowid"
    bad = f"{good} FROM range(5000) AS r (i) WHERE CASE WHEN i = 4000 THEN error('no more') ELSE true END"
    for past, fresh in ((good, bad), (bad, good), (good, "SELECT nothing"), (good, "SELECT 1 AS nothing")):
        with pytest.raises(duckdb.Error, match=r"no more|nothing|no column x"):
            session.difference(past, fresh, exact=["x"], content=None, key=None, number="number", next=1, prefix="bad_")
    assert session.collect("one", "SELECT 1 AS a") == 1
    assert session.execute(f"FROM {collected('one')}") == [(1,)]


def test_collected_rows(session: Session) -> None:
    """They stand for what a query gave when it ran; a name may be given anew."""
    name = 'it\'s "odd"'
    assert session.collect(name, "SELECT i, [i::VARCHAR] AS l FROM range(10_000) AS r (i)") == 10_000
    assert session.execute(f"SELECT count(*), sum(i), count(DISTINCT l) FROM {collected(name)}") == [
        (10_000, sum(range(10_000)), 10_000)
    ]
    assert session.collect(name, f"SELECT i FROM {collected(name)} WHERE i < 2") == 2
    assert session.execute(f"FROM {collected(name)} ORDER BY i") == [(0,), (1,)]
    assert session.collect("none", "SELECT 1 AS a WHERE false") == 0
    assert session.execute(f"SELECT count(*) FROM {collected('none')}") == [(0,)]
    with pytest.raises(duckdb.BinderException, match="no rows were collected as missing"):
        session.execute(f"FROM {collected('missing')}")


def test_what_is_laid_aside_stays_until_all_is_forgotten(session: Session) -> None:
    for number in (1, 2):
        session.collect("given", f"SELECT {number} AS n")
        session.lay_aside("given", f"key {number}")
    session.forget_names()
    with pytest.raises(duckdb.BinderException, match="no rows were collected as given"):
        session.execute(f"FROM {collected('given')}")
    session.take_up("given", "key 1")
    assert session.execute(f"FROM {collected('given')}") == [(1,)]
    session.forget_collected()
    with pytest.raises(duckdb.BinderException, match="no rows were collected as key 2"):
        session.take_up("given", "key 2")


def test_collected_rows_count_for_the_memory_limit() -> None:
    """They are swapped out rather than kept beside it."""
    with cocosql.connect() as con:
        con.execute("SET memory_limit = '100MB'")
        own = take_session(con)
        rows = "SELECT i, repeat(md5(i::VARCHAR), 4) AS t FROM range(2_000_000) AS r (i)"
        assert own.collect("large", rows) == 2_000_000
        used, swapped = own.execute(
            "SELECT sum(memory_usage_bytes), sum(temporary_storage_bytes) FROM duckdb_memory()"
        )[0]
        assert used <= 100_000_000 < used + swapped
        assert own.execute(f"SELECT sum(i), count(DISTINCT t[:8]) > 1000 FROM {collected('large')}") == [
            (sum(range(2_000_000)), True)
        ]
        own.forget_collected()
        with pytest.raises(duckdb.BinderException):
            own.execute(f"FROM {collected('large')}")


def test_keys_are_those_of_the_index(session: Session) -> None:
    session.script("CREATE OR REPLACE TABLE memory.main.keyed (a VARCHAR, b INTEGER, n INTEGER, PRIMARY KEY (b, a));")
    session.execute("INSERT INTO memory.main.keyed SELECT 'k' || i, i, i FROM range(10_000) AS r (i)")
    where = "'memory', 'main', 'keyed'"
    keys = "SELECT a, b FROM keyed WHERE n % 2 = 0 UNION ALL SELECT 'k3', 4 UNION ALL SELECT NULL, 5"
    found = f"SELECT n FROM coco_fetch((FROM coco_seek(({keys}), {where})), {where}, ['n'])"
    assert session.execute(f"SELECT count(*), sum(n) FROM ({found})") == [(5000, sum(range(0, 10_000, 2)))]
    for wrong in ("SELECT a FROM keyed", "SELECT a, b::BIGINT AS b FROM keyed", "SELECT b AS a, a AS b FROM keyed"):
        with pytest.raises(duckdb.BinderException, match="takes the columns of the primary key"):
            session.execute(f"FROM coco_seek(({wrong}), {where})")
    session.script(
        "CREATE OR REPLACE TABLE memory.main.plain (a INTEGER); CREATE OR REPLACE VIEW memory.main.shown AS FROM plain;"
    )
    assert session.execute("FROM coco_seek((SELECT 1 AS a), 'memory', 'main', 'plain')") == []
    with pytest.raises(duckdb.Error):
        session.execute("FROM coco_seek((SELECT 1 AS a), 'memory', 'main', 'shown')")
