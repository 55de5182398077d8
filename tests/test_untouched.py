"""REFRESH ALL of views of which some, or all, have nothing to do: done with at once, and as each would be by itself."""

import threading
from pathlib import Path

import duckdb
import pytest
from helpers import Con, assert_view_equals_query, one, rows

import cocosql
from cocosql.refresh import status, untouched

QUERIES = {
    "sums": "SELECT g, sum(x) AS s FROM t GROUP BY g",
    "above": "SELECT count(*) AS n, max(s) AS m FROM sums",
    "plain": "SELECT id, x + 1 AS y FROM t",
    "other": "SELECT id FROM u",
    "called": "SELECT id, twice(x) AS y FROM t",
}


@cocosql.udf(version="1")
def twice(x: int) -> int:
    return 2 * x


@pytest.fixture
def views(con: Con) -> Con:
    cocosql.register(con, twice)
    con.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, g INTEGER, x INTEGER); CREATE TABLE u (id INTEGER)")
    con.execute("INSERT INTO t SELECT i, i % 3, i FROM range(20) r(i); INSERT INTO u VALUES (1)")
    for name, query in QUERIES.items():
        con.execute(f"CREATE INCREMENTAL VIEW {name} AS {query}")
    con.execute("REFRESH ALL INCREMENTAL VIEWS")
    return con


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> list[set[int]]:
    """The views that were done with at once, by statement."""
    found: list[set[int]] = []
    refresh = untouched._refresh

    def noted(*arguments: object) -> object:
        result = refresh(*arguments)  # type: ignore[arg-type]
        found.append(set(result))
        return result

    monkeypatch.setattr(untouched, "_refresh", noted)
    return found


def ids(con: Con, *names: str) -> set[int]:
    found = rows(con, "SELECT view_name, view_id FROM coco.views")
    return {view_id for name, view_id in found if name in names}


def check(con: Con) -> None:
    for name, query in QUERIES.items():
        assert_view_equals_query(con, name, query)
    assert {status for (status,) in rows(con, "SELECT status FROM coco_views()")} == {"fresh"}


def test_nothing_changed(views: Con, done: list[set[int]]) -> None:
    before = one(views, "SELECT count(*) FROM coco_runs()")
    versions = rows(views, "SELECT name, version FROM coco_views()")
    found = rows(views, "REFRESH ALL INCREMENTAL VIEWS")
    assert [row[:7] for row in found] == [(name, version, 0, 0, 0, 0, 0) for name, version in versions]
    assert done == [ids(views, *QUERIES)]
    assert one(views, "SELECT count(*) FROM coco_runs()") == before + len(QUERIES)
    run = rows(views, "SELECT run_id, status, version, calls FROM coco_runs('sums') ORDER BY run_id DESC LIMIT 1")[0]
    assert run[1:] == ("succeeded", dict(versions)["sums"], 0)
    assert rows(views, f"SELECT what, rows FROM coco_run_steps({run[0]})") == [("look for changes", 0)]
    check(views)


@pytest.mark.parametrize(
    ("change", "untouched_ones"),
    [
        ("INSERT INTO u VALUES (2)", ["sums", "above", "plain", "called"]),
        ("UPDATE t SET x = 100 WHERE id = 5", ["other"]),
        ("ALTER TABLE u ADD COLUMN more INTEGER", []),
        ("INSERT INTO u VALUES (2); DELETE FROM t", []),
    ],
)
def test_some_changed(views: Con, done: list[set[int]], change: str, untouched_ones: list[str]) -> None:
    views.execute(change)
    assert len(rows(views, "REFRESH ALL INCREMENTAL VIEWS")) == len(QUERIES)
    assert done == [ids(views, *untouched_ones)]
    check(views)


def test_new_code(views: Con, done: list[set[int]]) -> None:
    @cocosql.udf(name="twice", version="2")
    def other(x: int) -> int:
        return 2 * x + 1

    cocosql.register(views, other)
    views.execute("REFRESH ALL INCREMENTAL VIEWS")
    assert done == [set()], "names of functions may mean something else in any plan"
    check(views)


def test_one_that_cannot_be_read(views: Con, done: list[set[int]]) -> None:
    """Views whose names mean something else are left out, and the others are done with at once all the same."""
    views.execute("DROP VIEW other")
    with pytest.raises(duckdb.CatalogException, match="dropped or replaced without CocoSQL"):
        views.execute("REFRESH ALL INCREMENTAL VIEWS")
    assert done == [set()], "the catalog is another"
    with pytest.raises(duckdb.CatalogException, match="dropped or replaced without CocoSQL"):
        views.execute("REFRESH ALL INCREMENTAL VIEWS")
    assert done[1] == ids(views, *QUERIES) - ids(views, "other", "called")


def test_errors_of_an_earlier_run_are_forgotten(views: Con, done: list[set[int]]) -> None:
    fails = [True]

    @cocosql.udf(name="twice", version="1")
    def failing(x: int) -> int:
        if fails:
            raise ValueError(x)
        return 2 * x

    cocosql.register(views, failing)
    with pytest.raises(duckdb.InvalidInputException):
        views.execute("REFRESH INCREMENTAL VIEW called WITH (recall = true)")
    assert rows(views, "FROM coco_errors()")
    for _ in range(2):
        views.execute("REFRESH ALL INCREMENTAL VIEWS")
        assert not rows(views, "FROM coco_errors()")
    assert done[1] == ids(views, *QUERIES)
    check(views)
    assert one(views, "SELECT last_error FROM coco.views WHERE view_name = 'called'") is None


def test_one_that_fails(views: Con) -> None:
    """Its error is as that of its own refresh; the others before it are refreshed."""
    views.execute("DROP TABLE u; INSERT INTO t VALUES (50, 1, 1)")
    with pytest.raises(duckdb.Error, match="view other cannot be refreshed, for its query no longer holds"):
        views.execute("REFRESH ALL INCREMENTAL VIEWS")
    assert_view_equals_query(views, "sums", QUERIES["sums"])


def test_a_view_that_another_has(tmp_path: Path) -> None:
    """Where one is being refreshed, REFRESH ALL waits for that, and not for others."""
    reached, go_on = threading.Event(), threading.Event()

    @cocosql.udf(version="1")
    def waits(x: int) -> int:
        reached.set()
        assert go_on.wait(60)
        return x

    with cocosql.connect(tmp_path / "a.db", functions=(waits,)) as con:
        con.execute(
            "CREATE TABLE t AS SELECT 1 AS x; CREATE INCREMENTAL VIEW v AS SELECT waits(x) AS y FROM t WITH NO DATA"
        )
        for number in range(4):
            con.execute(f"CREATE INCREMENTAL VIEW v{number} AS SELECT x + {number} AS y FROM t")
        one_thread = threading.Thread(target=con.cursor().execute, args=["REFRESH INCREMENTAL VIEW v"])
        one_thread.start()
        assert reached.wait(60)
        other_thread = threading.Thread(target=con.cursor().execute, args=["REFRESH ALL INCREMENTAL VIEWS"])
        other_thread.start()
        go_on.set()
        for thread in (one_thread, other_thread):
            thread.join(60)
            assert not thread.is_alive()
        assert rows(con, "FROM v") == [(1,)]


def test_some_by_name(views: Con, done: list[set[int]]) -> None:
    views.execute("INSERT INTO u VALUES (2)")
    found = rows(views, "REFRESH INCREMENTAL VIEW plain, other, sums, called")
    assert [row[:3] for row in found] == [("plain", 1, 0), ("other", 2, 1), ("sums", 1, 0), ("called", 1, 0)]
    assert done == [ids(views, "plain", "sums", "called")]
    check(views)


def test_old_runs_are_forgotten(views: Con, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cocosql.catalog.old_runs._EVERY", 7)
    monkeypatch.setattr("cocosql.catalog.old_runs.RETENTION", "0 seconds")
    for _ in range(10):
        views.execute("REFRESH ALL INCREMENTAL VIEWS")
    assert one(views, "SELECT count(*) FROM coco.runs") < 40


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many views each transaction looks at that is for their status."""
    found: list[int] = []
    reading = status.reading

    def noted(session: object, parts: list[object]) -> object:
        found.append(len(parts))
        return reading(session, parts)  # type: ignore[arg-type]

    monkeypatch.setattr(status, "reading", noted)
    return found


@pytest.mark.parametrize(
    "change",
    [
        "SELECT 1",
        "INSERT INTO u VALUES (2)",
        "DELETE FROM t WHERE id = 3",
        "DROP TABLE u",
        "DROP VIEW plain",
        "ALTER TABLE t ALTER x TYPE DOUBLE",
        "INSERT INTO t VALUES (50, 1, 1); DROP VIEW sums; CREATE VIEW sums AS SELECT 1 AS g, 2 AS s",
        "UPDATE coco.views SET query = 'SELECT nothing' WHERE view_name = 'other'",
        "UPDATE coco.inputs SET position = NULL WHERE view_id = 3",
    ],
)
@pytest.mark.parametrize("longest", [0.5, 0.0])
def test_status_of_all(views: Con, monkeypatch: pytest.MonkeyPatch, change: str, longest: float) -> None:
    """The status of a view is the same whether it is looked at with others or alone."""
    monkeypatch.setattr(status, "_LONGEST", longest)
    views.execute(change)
    together = [_statuses(views) for _ in range(2)]
    monkeypatch.setattr(status, "_changed_sources", lambda *_: {})
    assert together == [_statuses(views)] * 2


def test_status_in_one_transaction(views: Con, looks: list[int]) -> None:
    for change in ("SELECT 1", "INSERT INTO u VALUES (2)", "DELETE FROM t WHERE id = 3"):
        views.execute(change)
        _statuses(views)
    assert looks == [len(QUERIES)] * 3


def _statuses(con: Con) -> list[tuple[str, str | None, int]]:
    return rows(con, "SELECT name, status, status_reason, row_count FROM coco_views() ORDER BY name")


def test_views_that_read_the_same_log_in_one_transaction(path: Path) -> None:
    """What one view takes from the log, as nothing has changed for it, the next one finds."""
    con = cocosql.connect(path)
    con.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, g INTEGER, x INTEGER)")
    con.execute("INSERT INTO t SELECT i, i % 3, i FROM range(500) r(i)")
    query = "SELECT g, sum(x) AS s FROM t GROUP BY g"
    con.execute("CREATE INCREMENTAL VIEW ids AS SELECT id % 3 AS m, count(*) AS n FROM t GROUP BY m")
    con.execute(f"CREATE INCREMENTAL VIEW sums AS {query}")
    con.execute("CREATE INCREMENTAL VIEW groups WITH (capture = 'diff') AS SELECT g, count(*) AS n FROM t GROUP BY g")
    con.close()
    con = cocosql.connect(path)
    con.execute("REFRESH ALL INCREMENTAL VIEWS")  # the second view has the log of the first started anew
    con.execute("UPDATE t SET x = x + 1 WHERE id < 200")
    con.execute("REFRESH ALL INCREMENTAL VIEWS")
    assert_view_equals_query(con, "sums", query)
    con.close()
