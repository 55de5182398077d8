"""The memo: who fills it, who uses it, how large it is, and what VACUUM drops."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import duckdb
import pytest
from helpers import Calls, Con, assert_view_equals_query, one, rows, take_session

import cocosql
from cocosql._native import Harvest, Session
from cocosql.capture import SourceMoved
from cocosql.catalog.views import Input
from cocosql.operators import call_sites
from cocosql.refresh.view_refresh import ViewRefresh


@pytest.fixture
def calls() -> Calls:
    return Calls()


@pytest.fixture
def words(con: Con, calls: Calls) -> Con:
    @cocosql.udf(version="1")
    def shout(text: str) -> str:
        calls.note(text)
        return text.upper()

    cocosql.register(con, shout)
    con.execute("CREATE TABLE t AS SELECT i AS id, 'w' || i AS w FROM range(10) r(i)")
    return con


def test_plain_queries_fill_and_use_it(words: Con, calls: Calls) -> None:
    assert one(words, "SELECT shout('w1')") == "W1"
    assert one(words, "SELECT shout('w1')") == "W1"
    assert calls.taken() == {"'w1'": 1}
    words.execute("CREATE INCREMENTAL VIEW v AS SELECT shout(w) AS s FROM t")
    assert calls.taken().total_calls == 9
    assert one(words, "SELECT count(shout(w)) FROM t") == 10
    assert not calls
    assert rows(words, "SELECT calls, hits FROM coco_runs()") == [(9, 1)]


def test_plain_queries_in_a_database_that_is_read_only(path: Any) -> None:
    cocosql.connect(path).close()
    con = cocosql.connect(path, read_only=True)

    def shout(text: str) -> str:
        return text.upper()

    cocosql.register(con, shout)
    assert one(con, "SELECT shout('a')") == "A"
    con.close()


def test_many_rows_in_a_plain_query(con: Con) -> None:
    """More than one vector, duplicates, NULLs, nested results."""

    def pair(x: int) -> list[str]:
        return [str(x), "y" * (x % 30)]

    cocosql.register(con, pair)
    con.execute("CREATE TABLE n AS SELECT CASE WHEN i % 7 > 0 THEN i % 5000 END AS x FROM range(30000) r(i)")
    expected = "SELECT x, CASE WHEN x IS NOT NULL THEN [x::VARCHAR, repeat('y', x % 30)] END AS p FROM n"
    for _ in range(2):
        assert_view_equals_query(con, "(SELECT x, pair(x) AS p FROM n)", expected)


def test_results_are_not_kept_without_memo(con: Con, calls: Calls) -> None:
    @cocosql.udf(memo=False, version="1")
    def shout(text: str) -> str:
        calls.note(text)
        return text.upper()

    cocosql.register(con, shout)
    con.execute("CREATE TABLE t AS SELECT i AS id, 'w' || i % 5 AS w FROM range(10) r(i)")
    con.execute("CREATE INCREMENTAL VIEW v AS SELECT id, shout(w) AS s FROM t")
    assert_view_equals_query(con, "v", "SELECT id, upper(w) AS s FROM t")
    calls.clear()
    con.execute("REFRESH INCREMENTAL VIEW v")
    assert not calls
    con.execute("UPDATE t SET w = 'w1' WHERE id = 0")
    con.execute("REFRESH INCREMENTAL VIEW v")
    assert calls.taken() == {"'w1'": 1}
    assert rows(con, "FROM coco_memo('shout')") == []


def test_coco_memo(words: Con) -> None:
    @cocosql.udf(version="1")
    def vector(text: str) -> list[float]:
        return [1.0, 2.0, 3.0]

    cocosql.register(words, vector)
    words.execute("CREATE INCREMENTAL VIEW v AS SELECT shout(w) AS s, vector(w) AS x FROM t WHERE id < 3")
    assert rows(words, "SELECT bytes, last_used_run, count(*) FROM coco_memo('vector') GROUP BY ALL") == [(24, 1, 3)]
    assert rows(words, "SELECT bytes, count(*) FROM coco_memo('SHOUT') GROUP BY ALL") == [(2, 3)]
    assert one(words, "SELECT count(*) FROM coco_memo()") == 6
    words.execute("INSERT INTO t VALUES (-1, 'w0')")
    words.execute("REFRESH INCREMENTAL VIEW v")
    assert one(words, "SELECT max(last_used_run) FROM coco_memo()") == 2
    used = one(words, "SELECT input_fingerprint FROM coco_memo('shout') ORDER BY computed_at LIMIT 1")
    assert used in [row[0] for row in rows(words, "SELECT coco_fingerprint(w)::UUID FROM t")]


@pytest.mark.parametrize(
    "kind, value, size",
    [
        ("VARCHAR", "'äb'", 3),
        ("BLOB", "'abc'::BLOB", 3),
        ("INTEGER", "1", 4),
        ("FLOAT[3]", "[1, 2, 3]", 12),
        ("VARCHAR[]", "['ab', NULL, 'c']", 3),
        ("STRUCT(a VARCHAR, b INTEGER[])", "{'a': 'xy', 'b': [1, 2]}", 10),
        ("MAP(VARCHAR, BIGINT)", "MAP {'k': 1}", 9),
        ("STRUCT(x VARCHAR)[][]", "[[{'x': 'ab'}], [{'x': 'c'}]]", 3),
        ("UUID", "uuid()", 16),
        ("VARCHAR", "NULL", None),
    ],
)
def test_bytes_of_a_value(con: Con, kind: str, value: str, size: int | None) -> None:
    from sqlglot import exp

    from cocosql.catalog.memo import bytes_sql

    sql = bytes_sql("result", exp.DataType.build(kind, dialect="duckdb"))
    assert one(con, f"SELECT {sql} FROM (SELECT {value}::{kind} AS result)") == size


# --- VACUUM -----------------------------------------------------------------------------------------------------------

NOW = "VACUUM INCREMENTAL VIEWS WITH (retain = '0 days')"


def test_vacuum_drops_what_no_view_uses(words: Con, calls: Calls) -> None:
    words.execute("CREATE INCREMENTAL VIEW v AS SELECT id, shout(w) AS s FROM t")
    words.execute("SELECT shout('stray')").fetchall()
    assert [row[3:] for row in rows(words, NOW)] == [(1, 10)]
    words.execute("DELETE FROM t WHERE id < 4")
    words.execute("REFRESH INCREMENTAL VIEW v")
    assert [row[3:] for row in rows(words, NOW)] == [(4, 6)]
    calls.clear()
    words.execute("REFRESH INCREMENTAL VIEW v FULL")
    assert not calls
    words.execute("DROP INCREMENTAL VIEW v")
    assert [row[3:] for row in rows(words, NOW)] == [(6, 0)]


def test_vacuum_keeps_what_is_young(words: Con) -> None:
    words.execute("CREATE INCREMENTAL VIEW v AS SELECT id, shout(w) AS s FROM t")
    words.execute("DELETE FROM t WHERE id < 4")
    words.execute("REFRESH INCREMENTAL VIEW v")
    assert [row[3:] for row in rows(words, "VACUUM INCREMENTAL VIEWS")] == [(0, 10)]
    words.execute("UPDATE coco.memo_shout_" + one(words, "SELECT code_version[:16] FROM coco_functions()")
                  + " SET computed_at = now() - INTERVAL 1 YEAR")  # fmt: skip
    assert [row[3:] for row in rows(words, "VACUUM INCREMENTAL VIEWS")] == [(0, 10)], "they were used lately"


def test_vacuum_keeps_what_a_failed_refresh_has_left(words: Con, calls: Calls) -> None:
    @cocosql.udf(version="1")
    def picky(text: str) -> str:
        if text == "w9" and not calls["go"]:
            raise ValueError
        return text

    cocosql.register(words, picky)
    sql = "CREATE INCREMENTAL VIEW v AS SELECT id, picky(w) AS s FROM t"
    with pytest.raises(duckdb.InvalidInputException):
        words.execute(sql)
    assert [row[3:] for row in rows(words, NOW)] == [(0, 9)]
    calls["go"] = 1
    words.execute(sql)
    assert rows(words, "SELECT calls, hits FROM coco_runs('v')")[-1] == (1, 9)


def test_vacuum_keeps_what_a_recomputed_view_may_use(words: Con) -> None:
    words.execute("CREATE INCREMENTAL VIEW v AS SELECT max(shout(w)) AS s FROM t")
    assert [row[3:] for row in rows(words, NOW)] == [(0, 10)]


def register_new_code(con: Con) -> None:
    @cocosql.udf(version="2")
    def shout(text: str) -> str:
        return text * 2

    cocosql.register(con, shout)


def test_vacuum_of_old_code(words: Con) -> None:
    words.execute("CREATE INCREMENTAL VIEW v AS SELECT id, shout(w) AS s FROM t")
    register_new_code(words)
    words.execute("REFRESH INCREMENTAL VIEW v")
    assert [row[3:] for row in rows(words, NOW)] == [(10, 0), (0, 10)]
    assert one(words, "SELECT count(*) FROM coco_functions()") == 2, "what code there was stays known"


def test_vacuum_before_a_refresh_with_new_code(words: Con) -> None:
    words.execute("CREATE INCREMENTAL VIEW v AS SELECT id % 2 AS half, count(shout(w)) AS n FROM t GROUP BY half")
    register_new_code(words)
    assert [row[3:] for row in rows(words, NOW)] == [(0, 10)]


def test_vacuum_says_what_it_does_not_know(words: Con) -> None:
    with pytest.raises(duckdb.InvalidInputException, match="no option 'keep'.*retain"):
        words.execute("VACUUM INCREMENTAL VIEWS WITH (keep = '1 day')")
    with pytest.raises(duckdb.InvalidInputException, match="retain is an interval.*'for ever'"):
        words.execute("VACUUM INCREMENTAL VIEWS WITH (retain = 'for ever')")


def test_gc_from_python(words: Con) -> None:
    words.execute("SELECT shout('stray')").fetchall()
    assert cocosql.gc(words, retain="0 days").fetchall()[0][3:] == (1, 0)


def test_queries_and_refreshes_at_once_keep_one_result_each(con: Con) -> None:
    @cocosql.udf(version="1", max_concurrency=8)
    def square(x: int) -> int:
        time.sleep(0.0005)
        return x * x

    cocosql.register(con, square)
    con.execute("CREATE TABLE n AS SELECT i::BIGINT AS x FROM range(300) r(i)")

    def work(number: int) -> None:
        with con.cursor() as cursor:
            if number % 2:
                cursor.execute(f"CREATE INCREMENTAL VIEW v{number} AS SELECT x, square(x) AS y FROM n")
            else:
                cursor.execute("SELECT sum(square(x)) FROM n").fetchall()

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(work, range(6)))
    assert rows(con, "SELECT count(*), count(DISTINCT input_fingerprint) FROM coco_memo('square')") == [(300, 300)]
    for number in (1, 3, 5):
        assert_view_equals_query(con, f"v{number}", "SELECT x, x * x AS y FROM n")


def test_vacuum_keeps_results_that_decide_which_rows_there_are(words: Con, calls: Calls) -> None:
    @cocosql.udf(version="1")
    def is_even(x: int) -> bool:
        calls.note(x)
        return x % 2 == 0

    @cocosql.udf(version="1")
    def parts(x: int) -> list[int]:
        calls.note(x)
        return []

    cocosql.register(words, is_even, parts)
    words.execute("CREATE INCREMENTAL VIEW v AS SELECT id FROM t WHERE is_even(id)")
    words.execute("CREATE INCREMENTAL VIEW w AS SELECT p FROM t, unnest(parts(id)) AS u(p)")
    assert [row[3] for row in rows(words, NOW)] == [0, 0]
    calls.clear()
    words.execute("REFRESH INCREMENTAL VIEW v, w FULL")
    assert not calls


@pytest.fixture
def harvests(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The queries that ask the memo what it has."""
    queries: list[str] = []
    harvest = Session.harvest

    def harvested(session: Session, sql: str) -> Harvest:
        queries.append(sql)
        return harvest(session, sql)

    monkeypatch.setattr(Session, "harvest", harvested)
    return queries


@pytest.mark.parametrize(
    ("query", "arguments", "is_harvested"),
    [
        ("SELECT id, f(x) AS y FROM t", "SELECT x FROM t", False),
        ("SELECT id, f(f(x)) AS y FROM t", "SELECT x FROM t UNION ALL SELECT x + 100 FROM t", False),
        (
            "SELECT id, CASE WHEN id % 2 = 0 THEN f(x) END AS y, 1 + f(x + 1) AS z FROM t WHERE id % 3 > 0",
            "SELECT x FROM t WHERE id % 6 IN (2, 4) UNION ALL SELECT x + 1 FROM t WHERE id % 3 > 0",
            False,
        ),
        ("SELECT t.id, f(a.x) AS y FROM t JOIN t AS a ON a.id = t.id + 1", "SELECT x FROM t WHERE id > 0", False),
        ("SELECT id, f(x) AS y FROM t WHERE f(x) > 103", "SELECT x FROM t", True),
        ("SELECT f(x) AS y, count(*) AS n FROM t GROUP BY ALL", "SELECT x FROM t", True),
    ],
)
def test_all_rows_anew_from_the_memo(
    con: Con, harvests: list[str], query: str, arguments: str, is_harvested: bool
) -> None:
    """Where each call shows in a row, the memo is asked what it has only if it lacks something."""

    @cocosql.udf(version="1")
    def f(x: int) -> int:
        return x + 100

    def distinct() -> int:
        return one(con, f"SELECT count(DISTINCT x) FROM ({arguments})")

    def refreshed() -> tuple[int, int]:
        harvests.clear()
        *_, calls, hits, _ = rows(con, "REFRESH INCREMENTAL VIEW v FULL")[0]
        assert_view_equals_query(con, "v", query)
        return calls, hits

    cocosql.register(con, f)
    con.execute("CREATE TABLE t AS SELECT i AS id, i % 7 AS x FROM range(30) AS r(i)")
    con.execute(f"CREATE INCREMENTAL VIEW v AS {query}")
    known = distinct()
    assert refreshed() == (0, known)
    assert bool(harvests) == is_harvested
    con.execute("INSERT INTO t SELECT i, CASE WHEN i % 4 > 0 THEN 1000 + i END FROM range(30, 50) AS r(i)")
    calls, hits = refreshed()
    assert (calls, hits) == (distinct() - known, known)
    assert harvests
    assert refreshed() == (0, distinct())
    con.execute(f"DROP INCREMENTAL VIEW v; CREATE INCREMENTAL VIEW v AS {query}")
    assert_view_equals_query(con, "v", query)
    assert rows(con, "SELECT calls, hits FROM coco_runs('v') ORDER BY run_id DESC LIMIT 1") == [(0, distinct())]


def test_hits_of_two_attempts_count_once(words: Con, monkeypatch: pytest.MonkeyPatch) -> None:
    words.execute("CREATE INCREMENTAL VIEW v AS SELECT id, shout(w) AS s FROM t")
    advance, attempts = ViewRefresh._advance, []

    def advance_at_last(part: ViewRefresh, session: Session) -> list[Input]:
        attempts.append(part)
        if len(attempts) < 3:
            raise SourceMoved
        return advance(part, session)

    monkeypatch.setattr(ViewRefresh, "_advance", advance_at_last)
    *_, calls, hits, _ = rows(words, "REFRESH INCREMENTAL VIEW v FULL")[0]
    assert (len(attempts), calls, hits) == (3, 0, 10)


@pytest.mark.parametrize(("is_told", "hashed"), [(True, "memo"), (False, "t")])
def test_texts_are_not_hashed(con: Con, monkeypatch: pytest.MonkeyPatch, is_told: bool, hashed: str) -> None:
    """Of as many results and arguments DuckDB hashes the arguments, unless it expects fewer results."""

    @cocosql.udf(version="1")
    def start(text: str) -> str:
        return text[:3]

    if not is_told:
        monkeypatch.setattr(call_sites, "_FEW", "true")
    cocosql.register(con, start)
    con.execute("CREATE TABLE t (id BIGINT PRIMARY KEY, text VARCHAR)")
    con.execute("INSERT INTO t SELECT i, i::VARCHAR FROM range(5000) AS r(i)")
    con.execute("CREATE INCREMENTAL VIEW v AS SELECT id, start(text) AS y FROM t")
    run = one(con, "SELECT max(run_id) FROM coco_runs('v')")
    steps = f"coco_run_steps({run}) WHERE sql LIKE 'SELECT%memo%' ORDER BY step DESC LIMIT 1"
    sql = one(con, f"SELECT sql FROM {steps}")
    plan = take_session(con).execute(f"EXPLAIN (FORMAT json) {sql}")[0][1]
    assert build_side(json.loads(plan)) == hashed


def build_side(plan: Any) -> str:
    """The table that the hash join of a plan hashes: the right one."""
    for node in plan:
        if node["name"].strip() == "HASH_JOIN":
            return str(node["children"][1]["extra_info"]["Table"]).split(".")[-1].split("_")[0]
        if found := build_side(node["children"]):
            return found
    return ""
