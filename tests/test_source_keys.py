"""The key of a row of the source beside a call that failed, so that the row can be found."""

import json
from typing import Any

import duckdb
import pytest
from helpers import Con, rows

import cocosql


def fails(con: Con) -> None:
    @cocosql.udf(version="1")
    def f(x: int) -> int:
        if x >= 2:
            raise ValueError("no")
        return x

    cocosql.register(con, f)


#: Key columns, with the values for i, and the key that errors name.
KEYS: dict[str, tuple[str, str, list[Any]]] = {
    "integer": ("id INTEGER PRIMARY KEY", "i", [{"id": 2}, {"id": 3}]),
    "text": ('"the key" VARCHAR PRIMARY KEY', "'k' || i", [{"the key": "k2"}, {"the key": "k3"}]),
    "several": (
        "a DATE, b BIGINT, PRIMARY KEY (b, a)",
        "DATE '2020-01-01' + i::INTEGER, i",
        [{"b": 2, "a": "2020-01-03"}, {"b": 3, "a": "2020-01-04"}],
    ),
}


@pytest.mark.parametrize("on_error", ["keep", "fail"])
@pytest.mark.parametrize("kind", KEYS)
def test_keys(con: Con, kind: str, on_error: str) -> None:
    fails(con)
    columns, values, expected = KEYS[kind]
    con.execute(f"CREATE TABLE t ({columns}, x BIGINT)")
    con.execute(f"INSERT INTO t SELECT {values}, i FROM range(4) r(i)")
    create = f"CREATE INCREMENTAL VIEW v WITH (on_error = '{on_error}') AS SELECT f(x) AS y FROM t WHERE f(x) < 9"
    if on_error == "fail":
        with pytest.raises(duckdb.InvalidInputException):
            con.execute(create)
    else:
        con.execute(create)
    found = rows(con, "SELECT source_key FROM coco_errors('v') ORDER BY input")
    assert [json.loads(key) for (key,) in found] == expected


def test_the_row_is_found_by_lineage_key(con: Con) -> None:
    """Without a primary key, and where a view reads a view, it is the key that coco_lineage has."""
    fails(con)
    con.execute("CREATE TABLE t AS SELECT i AS x FROM range(3) r(i)")
    con.execute("CREATE INCREMENTAL VIEW base AS SELECT x FROM t")
    for name, source in {"v": "t", "w": "base"}.items():
        con.execute(f"CREATE INCREMENTAL VIEW {name} WITH (on_error = 'keep') AS SELECT x, f(x) AS y FROM {source}")
    ((of_table,),) = rows(con, "SELECT source_key ->> 'fingerprint' FROM coco_errors('v')")
    lineage = "SELECT source_key ->> 'fingerprint' FROM coco_lineage('base') WHERE row.x = 2"
    assert rows(con, lineage) == [(of_table,)]
    ((of_view,),) = rows(con, "SELECT source_key ->> 'row_id' FROM coco_errors('w')")
    assert rows(con, f"SELECT row.x FROM coco_lineage('base') WHERE row_id = {of_view}") == [(2,)]


def test_no_key_where_several_rows_make_the_call(con: Con) -> None:
    fails(con)
    con.execute("CREATE TABLE t AS SELECT i AS x FROM range(3) r(i)")
    with pytest.raises(duckdb.InvalidInputException, match="no"):
        con.execute("CREATE INCREMENTAL VIEW v AS SELECT f(n) AS y FROM (SELECT sum(x)::BIGINT AS n FROM t)")
    assert rows(con, "SELECT input, source_key FROM coco_errors('v')") == [("3", None)]
