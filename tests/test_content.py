"""Views that are recomputed are fresh as long as no row changed, however their sources are stored."""

from pathlib import Path

import pytest
from helpers import SMALL_ROW_GROUPS, Con, rows

import cocosql


def fresh(con: Con) -> bool:
    return {status for (status,) in rows(con, "SELECT status FROM coco_views()")} == {"fresh"}


def connect(path: Path) -> Con:
    con = cocosql.connect()
    con.execute(f"ATTACH '{path}' AS d {SMALL_ROW_GROUPS}; USE d")
    return con


@pytest.mark.every(2)
@pytest.mark.parametrize(
    "change",
    [
        "SELECT 1",
        "INSERT INTO t VALUES (1, 1)",
        "DELETE FROM t WHERE id < 10",
        "DELETE FROM t WHERE id BETWEEN 1000 AND 5000",
        "UPDATE t SET c = 1 WHERE id = 40",
        "INSERT INTO t SELECT i, i FROM range(20000) r(i)",
        "TRUNCATE t",
    ],
)
def test_checkpoints(path: Path, change: str) -> None:
    con = connect(path)
    con.execute("CREATE TABLE t AS SELECT i AS id, i % 9 AS c FROM range(9000) r(i); CREATE TABLE other (i INTEGER)")
    con.execute("CREATE INCREMENTAL VIEW v WITH (mode = 'recompute') AS SELECT c, count(*) AS n FROM t GROUP BY c")
    con.execute("CREATE INCREMENTAL VIEW above AS SELECT max(n) AS m FROM v")
    con.execute("CHECKPOINT")
    assert fresh(con)
    con.execute(f"{change}; REFRESH ALL INCREMENTAL VIEWS; CHECKPOINT")
    assert fresh(con)
    con.execute("REFRESH ALL INCREMENTAL VIEWS")
    con.close()
    for _ in range(3):
        con = connect(path)
        assert fresh(con), "whatever other tables have been through"
        con.execute("INSERT INTO other VALUES (1)")
        con.close()
    con = connect(path)
    con.execute("INSERT INTO t VALUES (1, 100)")
    assert not fresh(con)
    con.close()


def test_another_alias(path: Path) -> None:
    con = connect(path)
    con.execute("CREATE TABLE t AS SELECT 1 AS a; CREATE VIEW plain AS SELECT a FROM t")
    con.execute("CREATE INCREMENTAL VIEW v AS SELECT a FROM plain; CREATE INCREMENTAL VIEW w AS SELECT a FROM v")
    con.execute("CREATE INCREMENTAL VIEW x WITH (mode = 'recompute') AS SELECT v.a FROM v, plain")
    con.close()
    con = cocosql.connect()
    con.execute(f"ATTACH '{path}' AS \"another alias\"")
    assert fresh(con)
    con.close()
