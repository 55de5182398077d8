"""Row ids and fingerprints: exact in every client, and row ids one to a row for ever."""

import json
from typing import Any

import duckdb
import pytest
from helpers import Con, assert_replayed, one, rows

import cocosql

TABLES = [
    *(
        "coco_views()",
        "coco_operators('v')",
        "coco_functions()",
        "coco_runs()",
        "coco_run_steps(1)",
        "coco_lineage('v')",
    ),
    *(
        "coco_column_lineage()",
        "coco_impact('t', '00000000-0000-0000-0000-000000000000')",
        "coco_impact('half')",
        "coco_changes('v')",
        "coco_errors()",
    ),
    *("coco_explain_change('v')", "coco_memo()"),
]


def half(x: int) -> float:
    if x == 13:
        raise ValueError("unlucky")
    return x / 2


@pytest.fixture
def halves(con: Con) -> Con:
    con.execute("CREATE TABLE t AS SELECT i AS id, i % 5 AS g FROM range(20) r (i)")
    cocosql.register(con, half)
    con.execute("CREATE INCREMENTAL VIEW v WITH (on_error = 'keep') AS SELECT half(id) AS h FROM t")
    con.execute(
        "CREATE INCREMENTAL VIEW w AS SELECT g, count(*) AS n, list(h) AS hs FROM v, t WHERE h * 2 = id GROUP BY g"
    )
    return con


@pytest.mark.parametrize("empty", [False, True])
def test_no_column_is_wider_than_what_clients_have(halves: Con, *, empty: bool) -> None:
    """DuckDB hands HUGEINT and UHUGEINT to NumPy and pandas as doubles, and takes no parameter of UHUGEINT."""
    with cocosql.connect() as nothing:
        for table in TABLES:
            con = nothing if empty and table.endswith("()") else halves
            types = [kind for _, kind, *_ in rows(con, f"DESCRIBE FROM {table}")]
            assert not [kind for kind in types if "HUGEINT" in kind or "BIGNUM" in kind], table
            assert con.execute(f"FROM {table}").fetchnumpy().keys()


@pytest.mark.parametrize("view", ["v", "w"])
def test_a_row_id_that_a_client_has_read_finds_its_row(halves: Con, view: str) -> None:
    for table in (f"coco_lineage('{view}')", f"coco_changes('{view}')"):
        expected = dict(rows(halves, f"SELECT row_id, count(*) FROM {table} GROUP BY ALL"))
        assert len(expected) == one(halves, f"SELECT count(*) FROM {view}") > 1
        as_numpy = [int(row_id) for row_id in halves.execute(f"SELECT row_id FROM {table}").fetchnumpy()["row_id"]]
        as_json = [json.loads(text)["row_id"] for (text,) in rows(halves, f"SELECT to_json(t) FROM {table} AS t")]
        as_text = [int(text) for (text,) in rows(halves, f"SELECT row_id::VARCHAR FROM {table}")]
        assert sorted(as_numpy) == sorted(as_json) == sorted(as_text)
        for row_id, count in expected.items():
            for parameter in (row_id, str(row_id)):
                found = halves.execute(f"SELECT count(*) FROM {table} WHERE row_id = ?", [parameter])
                assert found.fetchall() == [(count,)]
            assert json.loads(json.dumps(float(row_id))) == row_id, "JavaScript has only doubles"
    row_id = min(expected)
    assert {row[0] for row in rows(halves, f"FROM coco_explain_change('{view}', {row_id})")} == {row_id}


@pytest.mark.parametrize("table", ["coco_memo()", "coco_errors()", "coco_memo('half')"])
def test_a_fingerprint_that_a_client_has_read_finds_its_row(halves: Con, table: str) -> None:
    found = [fingerprint for (fingerprint,) in rows(halves, f"SELECT input_fingerprint FROM {table}")]
    assert len(set(found)) == len(found) > 0
    for fingerprint in found[:3]:
        for parameter in (fingerprint, str(fingerprint)):
            query = f"SELECT count(*) FROM {table} WHERE input_fingerprint = ?"
            assert halves.execute(query, [parameter]).fetchall() == [(1,)]
    assert one(halves, f"SELECT count(*) FROM {table} AS t WHERE to_json(t)->>'input_fingerprint' IS NULL") == 0


def test_fingerprints_are_the_same_wherever_they_are_shown(halves: Con) -> None:
    made = rows(halves, "SELECT DISTINCT unnest(functions).input_fingerprint FROM coco_lineage('v') ORDER BY 1")
    assert made == rows(halves, "SELECT input_fingerprint FROM coco_memo() ORDER BY 1")
    reached = "SELECT DISTINCT unnest(functions).input_fingerprint FROM coco_impact('half') ORDER BY 1"
    assert rows(halves, reached) == made


def test_a_source_row_without_a_key_is_found_by_its_fingerprint(halves: Con) -> None:
    for row, key in rows(halves, "SELECT row, source_key FROM coco_lineage('v') LIMIT 3"):
        fingerprint = json.loads(key)["fingerprint"]
        found = rows(
            halves, f"SELECT row::JSON FROM coco_impact('t', '{fingerprint}') WHERE view = 'v' AND kind = 'row'"
        )
        assert [json.loads(text) for (text,) in found] == [row]


def row_ids(con: Con, view: str) -> dict[Any, list[int]]:
    found: dict[Any, list[int]] = {}
    for row, row_id in rows(con, f"SELECT row::VARCHAR, row_id FROM coco_lineage('{view}') ORDER BY row_id"):
        found.setdefault(row, []).append(row_id)
    return found


def test_row_ids_stay_and_are_never_given_again(con: Con) -> None:
    """Through deletion, duplicates, a rebuild, another query, and other columns."""
    con.execute("CREATE TABLE t AS SELECT i % 3 AS x FROM range(6) r (i)")
    con.execute("CREATE INCREMENTAL VIEW v AS SELECT x FROM t")
    gone: set[int] = set()
    before = row_ids(con, "v")
    assert sorted(row_id for ids in before.values() for row_id in ids) == [1, 2, 3, 4, 5, 6]

    def happens(*statements: str) -> None:
        nonlocal before
        for statement in statements:
            con.execute(statement).fetchall()
        con.execute("REFRESH INCREMENTAL VIEW v").fetchall()
        after = row_ids(con, "v")
        for row, ids in before.items():
            stay = min(len(ids), len(after.get(row, [])))
            assert len(set(ids) & set(after.get(row, []))) == stay, (statements, row)
        here = {row_id for ids in after.values() for row_id in ids}
        assert len(here) == sum(map(len, after.values())) == one(con, "SELECT count(*) FROM v")
        assert not here & gone
        gone.update({row_id for ids in before.values() for row_id in ids} - here)
        before = after
        assert_replayed(con, "v", "v")

    happens("INSERT INTO t VALUES (7), (7)")
    happens("DELETE FROM t WHERE x = 7")
    happens("INSERT INTO t VALUES (7), (7), (0)")
    happens("CREATE TABLE u AS FROM t", "DROP TABLE t", "ALTER TABLE u RENAME TO t")
    happens("UPDATE t SET x = x + 1")
    happens("REFRESH INCREMENTAL VIEW v FULL")
    happens("CREATE OR REPLACE INCREMENTAL VIEW v AS SELECT x + 1 - 1 AS x FROM t", "INSERT INTO t VALUES (8)")
    happens("INSERT INTO t VALUES (10)")
    happens("DELETE FROM t")
    happens("INSERT INTO t VALUES (1), (1), (2)")
    con.execute("CREATE OR REPLACE INCREMENTAL VIEW v AS SELECT x, 1 AS y FROM t")
    here = {row_id for ids in row_ids(con, "v").values() for row_id in ids}
    assert len(here) == 3 and not here & (gone | {row_id for ids in before.values() for row_id in ids})


def test_updates_keep_the_row_id_and_take_no_new_one(con: Con) -> None:
    con.execute("CREATE TABLE t AS SELECT i AS id, 0 AS x FROM range(5) r (i); ALTER TABLE t ADD PRIMARY KEY (id)")
    con.execute("CREATE INCREMENTAL VIEW v AS SELECT id, x FROM t")
    for _ in range(3):
        con.execute("UPDATE t SET x = x + 1")
        con.execute("REFRESH INCREMENTAL VIEW v").fetchall()
    con.execute("UPDATE t SET x = x + 1; INSERT INTO t VALUES (5, 0), (6, 0)")
    con.execute("REFRESH INCREMENTAL VIEW v").fetchall()
    assert rows(con, "SELECT DISTINCT row_id FROM coco_changes('v') ORDER BY 1") == [(n,) for n in range(1, 8)]


def test_a_refresh_that_fails_takes_no_row_ids(con: Con) -> None:
    con.execute("CREATE TABLE t AS SELECT i AS id FROM range(3) r (i)")
    con.execute("CREATE INCREMENTAL VIEW v WITH (key = 'id') AS SELECT id FROM t")
    con.execute("INSERT INTO t VALUES (3), (3), (4)")
    with pytest.raises(duckdb.ConstraintException, match="not unique"):
        con.execute("REFRESH INCREMENTAL VIEW v").fetchall()
    con.execute("DELETE FROM t WHERE id = 3")
    con.execute("REFRESH INCREMENTAL VIEW v").fetchall()
    assert row_ids(con, "v") == {f"{{'id': {n}}}": [n + 1 if n < 4 else 4] for n in (0, 1, 2, 4)}


def test_many_rows(con: Con) -> None:
    """Filled by several threads, each row gets an id of its own."""
    con.execute("CREATE TABLE t AS SELECT i AS id FROM range(500_000) r (i)")
    con.execute("CREATE INCREMENTAL VIEW v AS SELECT id FROM t")
    con.execute("INSERT INTO t SELECT i AS id FROM range(500_000, 600_000) r (i)")
    con.execute("REFRESH INCREMENTAL VIEW v").fetchall()
    assert rows(con, "SELECT count(DISTINCT row_id), min(row_id), max(row_id) FROM coco_changes('v')") == [
        (600_000, 1, 600_000)
    ]
