"""Databases that earlier versions wrote: tests/data/schema_<n>.db.gz has n migrations.

Each has a table t (id, w) with (1, 'a') and (2, 'c'); a view v of it with a function shout, version "1"; and a view n
that counts the rows of v.
"""

import gzip
from pathlib import Path

import duckdb
import pytest
from helpers import assert_replayed, assert_view_equals_query, one, rows
from speeds import slow
from write_records import SQL, records

import cocosql
from cocosql.catalog import damage
from cocosql.files import find

OLD = sorted((Path(__file__).parent / "data").glob("schema_*.db.gz"))


@cocosql.udf(version="1")
def shout(text: str) -> str:
    return text.upper()


@pytest.fixture(params=OLD, ids=lambda path: path.name)
def old(request: pytest.FixtureRequest, path: Path) -> Path:
    path.write_bytes(gzip.decompress(request.param.read_bytes()))
    return path


@pytest.mark.every(4)
@pytest.mark.parametrize(
    "first",
    [*map(slow, ["FROM coco_runs()", "FROM coco_views()"]), "REFRESH INCREMENTAL VIEW n", slow("SELECT shout('z')")],
)
def test_an_old_database_goes_on(old: Path, first: str) -> None:
    con = cocosql.connect(old, functions=(shout,))
    con.execute(first).fetchall()
    con.execute("INSERT INTO t VALUES (3, 'a')")
    ((*_, calls, hits, _),) = rows(con, "REFRESH INCREMENTAL VIEW v")
    assert calls == 0 and hits in (1, 2), "what was memoized is there; all rows are compared once at most"
    con.execute("REFRESH ALL INCREMENTAL VIEWS")
    assert_view_equals_query(con, "v", "SELECT id, upper(w) AS s FROM t")
    assert one(con, "FROM n") == 3
    assert_replayed(con, "v", "v")
    assert rows(con, "FROM coco_errors()") == []
    assert one(con, "SELECT max(migration) FROM coco.migrations") == len(list(find("sql/migrations").glob("*.sql")))
    con.close()


def test_an_old_database_that_is_attached(old: Path, con: duckdb.DuckDBPyConnection) -> None:
    cocosql.register(con, shout)
    con.execute(f"ATTACH '{old}' AS old")
    with pytest.raises(duckdb.TransactionException, match="run the query again"):
        con.execute("FROM coco_runs()")
    assert len(rows(con, "FROM coco_runs()")) == 4
    assert rows(con, "REFRESH INCREMENTAL VIEW old.v")[0][1:5] == (2, 0, 0, 0)


def test_an_old_database_that_is_read_only(old: Path) -> None:
    con = cocosql.connect(old, read_only=True)
    assert rows(con, "FROM v ORDER BY id") == [(1, "A"), (2, "C")]
    with pytest.raises(duckdb.InvalidInputException, match=r"earlier version.*read_only"):
        con.execute("FROM coco_runs()")
    con.close()


def test_an_old_database_that_is_attached_read_only_is_not_in_the_way(
    old: Path, con: duckdb.DuckDBPyConnection
) -> None:
    con.execute(f"ATTACH '{old}' AS old (READ_ONLY)")
    con.execute("CREATE TABLE t AS SELECT 1 AS x")
    con.execute("CREATE INCREMENTAL VIEW w AS SELECT x FROM t")
    con.execute("REFRESH ALL INCREMENTAL VIEWS")
    assert rows(con, "SELECT view FROM coco_runs()") == [("w",), ("w",)]
    assert len(rows(con, "FROM old.v")) == 2


def test_row_ids_of_an_old_database(tmp_path: Path) -> None:
    """They were UHUGEINT, in views, in changes, and in what views of views keep of the rows that theirs came from."""
    path = tmp_path / "i6.db"
    path.write_bytes(gzip.decompress((Path(__file__).parent / "data" / "ids_6.db.gz").read_bytes()))
    with duckdb.connect(path) as old:
        changes = [
            row
            for table in ("rows_3", "history_3")
            for row in rows(
                old, f"SELECT coco_row_id >> 64, coco_row_id % (1::UHUGEINT << 64), id, s FROM coco.{table}"
            )
        ]

    @cocosql.udf(version="1")
    def picky(text: str) -> str:
        if text == "X":
            raise ValueError("no x")
        return text.lower()

    con = cocosql.connect(path, functions=(shout, picky))
    ids = {
        (row_id >> 32, row_id % 2**32, *row.values())
        for row_id, row in rows(con, "SELECT row_id, row FROM coco_changes('v')")
    }
    assert ids == set(changes) and len(ids) == 6
    queries = {
        "v": "SELECT id, upper(w) AS s FROM t",
        '"a map"': "SELECT id, lower(w) AS low FROM t WHERE w <> 'x'",
        "joined": "SELECT a.id, b.id AS other FROM v AS a JOIN v AS b ON a.s = b.s",
        "grouped": "SELECT upper(w) || '!' AS s, list(id ORDER BY id) AS ids FROM t GROUP BY ALL",
        "distinctly": "SELECT upper(w) AS s FROM t UNION SELECT w FROM t",
    }
    before = {view: rows(con, f"SELECT row_id, row FROM coco_changes('{view}') ORDER BY ALL") for view in queries}
    assert all(row[2:5] == (0, 0, 0) for row in rows(con, "REFRESH ALL INCREMENTAL VIEWS"))
    for view in queries:
        assert rows(con, f"SELECT row_id, row FROM coco_changes('{view}') ORDER BY ALL") == before[view]
        found = rows(
            con, f"SELECT row_id, row FROM coco_lineage('{view}') WHERE source = 't' AND source_state = 'current'"
        )
        assert len({row_id for row_id, _ in found}) == one(con, f"SELECT count(*) FROM {view}"), view
    con.execute(
        "UPDATE t SET w = 'y' WHERE id = 4; DELETE FROM t WHERE id = 1; INSERT INTO t VALUES (7, 'a'), (8, 'x')"
    )
    con.execute("REFRESH ALL INCREMENTAL VIEWS").fetchall()
    for view, query in queries.items():
        assert_view_equals_query(con, view, query)
        assert_replayed(con, view, view)
    con.close()


def test_what_migrations_make_is_written_down() -> None:
    """If not: python tests/write_records.py"""
    assert (SQL / "records.sql").read_text() == records()
    assert damage.present() == damage.made_by(tuple(sorted((SQL / "migrations").glob("*.sql"))))
