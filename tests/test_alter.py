"""ALTER INCREMENTAL VIEW: other options, another name."""

from collections.abc import Iterator
from typing import Any

import duckdb
import pytest
from helpers import Con, assert_replayed, assert_view_equals_query, one, rows
from speeds import slow

import cocosql


@pytest.fixture
def chain() -> Iterator[Con]:
    """A view, a view on it and one on both."""
    con = cocosql.connect(":memory:")
    con.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, k VARCHAR, v INTEGER)")
    con.execute("INSERT INTO t VALUES (1, 'a', 1), (2, 'b', 2), (3, 'a', 3)")
    con.execute("CREATE INCREMENTAL VIEW v AS SELECT id, k, v FROM t WHERE v > 0")
    con.execute("CREATE INCREMENTAL VIEW w AS SELECT v.k, count(*) AS n FROM v GROUP BY v.k")
    con.execute("CREATE INCREMENTAL VIEW x AS SELECT a.n, b.id FROM w AS a JOIN v AS b USING (k)")
    yield con
    con.close()


V = "SELECT id, k, v FROM t WHERE v > 0"
W = "SELECT k, count(*) AS n FROM t WHERE v > 0 GROUP BY k"
X = f"SELECT a.n, b.id FROM ({W}) AS a JOIN t AS b USING (k) WHERE b.v > 0"


@pytest.mark.parametrize("new", ["renamed", slow("a b"), 'with "quotes"', *map(slow, ["select", "Ö", "V"])])
def test_rename(chain: Con, new: str) -> None:
    quoted = '"' + new.replace('"', '""') + '"'
    chain.execute(f"ALTER INCREMENTAL VIEW v RENAME TO {quoted}")
    names = {name for (name,) in rows(chain, "SELECT name FROM coco_views()")}
    assert names == {new, "w", "x"}
    assert {status for (status,) in rows(chain, "SELECT status FROM coco_views()")} == {"fresh"}
    assert_view_equals_query(chain, quoted, V)
    chain.execute("INSERT INTO t VALUES (9, 'z', 9); DELETE FROM t WHERE id = 1")
    ((_, version, inserted, updated, deleted, *_),) = rows(chain, "REFRESH INCREMENTAL VIEW x")
    assert (version, inserted - deleted, updated) == (2, 0, 0)
    for name, query in ((quoted, V), ("w", W), ("x", X)):
        assert_view_equals_query(chain, name, query)
        assert_replayed(chain, name, name)
    runs = rows(chain, "SELECT version FROM coco_runs($$" + quoted + "$$) ORDER BY run_id")
    assert runs == [(1,), (2,)], "the history goes with it"


def test_a_renamed_view_gives_its_name_free(chain: Con) -> None:
    chain.execute("ALTER INCREMENTAL VIEW v RENAME TO other")
    chain.execute("CREATE TABLE v AS SELECT 1 AS a")
    chain.execute("INSERT INTO t VALUES (4, 'c', 4)")
    chain.execute("REFRESH ALL INCREMENTAL VIEWS")
    assert_view_equals_query(chain, "x", X)
    chain.execute("DROP INCREMENTAL VIEW other CASCADE")
    assert rows(chain, "FROM coco_views()") == []


def test_a_name_that_is_taken(chain: Con) -> None:
    for name in ("t", "w"):
        with pytest.raises(duckdb.CatalogException, match=f"{name} exists already"):
            chain.execute(f"ALTER INCREMENTAL VIEW v RENAME TO {name}")
    with pytest.raises(duckdb.CatalogException, match="does not exist"):
        chain.execute("ALTER INCREMENTAL VIEW nothing RENAME TO something")
    assert_view_equals_query(chain, "v", V)


@pytest.mark.every(2)
@pytest.mark.parametrize(
    ("change", "options"),
    [
        ("SET (retain_changes = '1 day')", {"retain_changes": "1 day"}),
        ("SET (key = 'id', mode = 'incremental')", {"key": "id", "mode": "incremental"}),
        ("SET (capture = 'log')", {"capture": "log"}),
        ("SET (mode = 'recompute')", {"mode": "recompute"}),
    ],
)
def test_options(chain: Con, change: str, options: dict[str, Any]) -> None:
    chain.execute(f"ALTER INCREMENTAL VIEW v {change}")
    assert one(chain, "SELECT options FROM coco_views() WHERE name = 'v'") == options
    for sql in ("INSERT INTO t VALUES (4, 'c', 4)", "UPDATE t SET v = 7 WHERE id = 1", "DELETE FROM t WHERE id = 2"):
        chain.execute(sql)
        chain.execute("REFRESH ALL INCREMENTAL VIEWS")
        assert_view_equals_query(chain, "v", V)
        assert_view_equals_query(chain, "x", X)
    chain.execute(f"ALTER INCREMENTAL VIEW v RESET ({', '.join(options)})")
    assert one(chain, "SELECT options FROM coco_views() WHERE name = 'v'") == {}
    chain.execute("INSERT INTO t VALUES (5, 'c', 4)")
    chain.execute("REFRESH INCREMENTAL VIEW v")
    assert_view_equals_query(chain, "v", V)
    assert_replayed(chain, "v", "v")


def test_a_key_pairs_updates_from_then_on(chain: Con) -> None:
    chain.execute("CREATE INCREMENTAL VIEW y AS SELECT id + 0 AS id, v FROM t")
    chain.execute("ALTER INCREMENTAL VIEW y SET (key = 'id')")
    chain.execute("UPDATE t SET v = 8 WHERE id = 1")
    assert rows(chain, "REFRESH INCREMENTAL VIEW y")[0][2:5] == (0, 1, 0)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ("SET (key = 'k')", "not unique"),
        ("SET (key = 'nothing')", "no column"),
        ("SET (nothing = 1)", "no option 'nothing'"),
        ("RESET (nothing)", "no option 'nothing'"),
        ("SET (mode = 'fast')", "takes 'auto'"),
        ("SET (retain_changes = 'long')", "interval"),
        ("SET (target_lag = '1 minute')", "not implemented"),
    ],
)
def test_options_that_are_refused(chain: Con, change: str, error: str) -> None:
    with pytest.raises(duckdb.Error, match=f"(?i){error}"):
        chain.execute(f"ALTER INCREMENTAL VIEW v {change}")
    assert one(chain, "SELECT options FROM coco_views() WHERE name = 'v'") == {}
