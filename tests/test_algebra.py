"""A query's algebra, written as SQL by a generator that knows nothing of the planner, gives the query's rows."""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import algebra_queries
import duckdb
import pytest
from algebra_sql import Node, to_sql
from helpers import Con, rows, take_session

import cocosql
import cocosql.statements
from cocosql._native import Session


@pytest.fixture(scope="module")
def filled() -> Iterator[tuple[Con, Session]]:
    """A database with tables, and the session of a statement."""
    con = cocosql.connect()
    con.execute(algebra_queries.SETUP)
    con.execute(algebra_queries.TPCH)
    yield con, take_session(con)
    con.close()


def bag(con: Con, sql: str) -> Counter[str]:
    return Counter(map(repr, rows(con, sql)))


def types(con: Con, sql: str) -> list[str]:
    return [found[1] for found in rows(con, f"DESCRIBE {sql}")]


def assert_well_formed(nodes: list[Node]) -> None:
    """Inputs come first, a name is of one column, and references are to columns of inputs."""
    for number, node in enumerate(nodes):
        assert all(source < number for source in node["inputs"])
        offered = {name for source in node["inputs"] for name, _ in nodes[source]["columns"]}
        text = repr({field: value for field, value in node.items() if field not in ("columns", "inputs", "kind")})
        assert set(re.findall(r"\\x01(.*?)\\x02", text)) <= {repr(name)[1:-1] for name in offered}
        assert_passes_on(node, [column for source in node["inputs"] for column in nodes[source]["columns"]], nodes)
        lower = [name.lower() for name, _ in node["columns"]]
        assert len(set(lower)) == len(lower)
        assert not any(name.startswith("coco_") for name in lower)


def assert_passes_on(node: Node, offered: list[tuple[str, str]], nodes: list[Node]) -> None:
    """A node that adds to its input has all of the input's columns, and then its own."""
    columns = node["columns"]
    match node["kind"]:
        case "filter" | "order" | "limit" | "distinct":
            assert columns == offered
        case "window":
            assert columns[: -len(node["windows"])] == offered
        case "unnest":
            assert columns[: -len(node["expressions"])] == offered
        case "join" if node["type"] == "mark":
            assert columns[:-1] == nodes[node["inputs"][0]]["columns"]
        case "join" if node["type"] in ("semi", "anti"):
            assert columns == nodes[node["inputs"][0]]["columns"]
        case "join":
            assert columns == offered
        case "union" | "except" | "intersect":
            assert all(len(nodes[source]["columns"]) == len(columns) for source in node["inputs"])


@pytest.mark.every(3)
@pytest.mark.parametrize("query", algebra_queries.queries())
def test_rows(filled: tuple[Con, Session], query: str) -> None:
    con, session = filled
    nodes = session.algebra(query)
    assert [node["reason"] for node in nodes if node["kind"] == "opaque"] == []
    assert_well_formed(nodes)
    rebuilt = to_sql(nodes)
    assert bag(con, rebuilt) == bag(con, query)
    assert types(con, rebuilt) == types(con, query)
    assert session.algebra(query) == nodes


@pytest.mark.parametrize(("query", "reason"), algebra_queries.OPAQUE.items())
def test_opaque(filled: tuple[Con, Session], query: str, reason: str) -> None:
    con, session = filled
    assert con.execute(query).fetchall()
    nodes = session.algebra(query)
    assert reason in [node.get("reason") for node in nodes]
    assert_well_formed(nodes)


def test_opaque_nodes_keep_their_tables(filled: tuple[Con, Session]) -> None:
    _, session = filled
    query = (
        "WITH RECURSIVE r AS (SELECT a FROM t UNION SELECT u.c FROM r JOIN u ON r.a = u.a) SELECT * FROM r, range(3)"
    )
    nodes = session.algebra(query)
    assert {node["name"] for node in nodes if node["kind"] == "table"} == {"t", "u"}
    assert [node["function"] for node in nodes if node["kind"] == "call"] == ["range"]


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * FROM '{path}.parquet'",
        "SELECT a, filename FROM read_parquet('{path}.parquet', filename = true) WHERE a > 1",
        "SELECT filename, file_row_number, b FROM read_parquet('{path}.parquet')",
        "SELECT count(*) FROM read_csv('{path}.csv')",
        "SELECT q, t.a FROM read_csv('{path}*.csv', columns = {{'p': 'INTEGER', 'q': 'VARCHAR'}}) f, t WHERE f.p = t.a",
        "SELECT size FROM read_text('{path}.csv')",
    ],
)
def test_files(filled: tuple[Con, Session], tmp_path: Path, query: str) -> None:
    con, session = filled
    path = tmp_path / "it's a file"
    name = str(path).replace("'", "''")
    con.execute(f"COPY (SELECT a, b FROM t) TO '{name}.parquet'; COPY (SELECT a, b FROM t) TO '{name}.csv'")
    sql = query.format(path=name)
    nodes = session.algebra(sql)
    assert any(node["kind"] == "call" for node in nodes)
    assert_well_formed(nodes)
    assert bag(con, to_sql(nodes)) == bag(con, sql)


def test_a_shared_cte_is_one_node(filled: tuple[Con, Session]) -> None:
    _, session = filled
    nodes = session.algebra(
        "WITH q AS (SELECT a, sum(d) AS s FROM t GROUP BY a) SELECT * FROM q x JOIN q y ON x.a = y.a"
    )
    assert [node["kind"] for node in nodes].count("aggregate") == 1


def test_lateral_functions_work_on_the_rows(filled: tuple[Con, Session]) -> None:
    _, session = filled
    nodes = session.algebra("SELECT t.a, x, i FROM t, unnest(l) q(x), range(x) r(i)")
    assert [node["kind"] for node in nodes] == ["table", "project", "unnest", "project", "unnest", "project"]


def test_columns_that_nobody_needs_go(filled: tuple[Con, Session]) -> None:
    _, session = filled
    nodes = session.algebra(
        "WITH q AS (SELECT *, sum(a) OVER () AS s FROM t) SELECT x.a FROM q x JOIN q y ON x.b = y.b"
    )
    assert [node.get("source_columns") for node in nodes if node["kind"] == "table"] == [["a", "b"]]
    assert not any(node["kind"] == "window" for node in nodes)


def test_python_functions(con: Con) -> None:
    @cocosql.udf
    def shout(text: str) -> str:
        return text.upper()

    cocosql.register(con, shout)
    con.execute("CREATE TABLE t(b VARCHAR)")
    nodes = take_session(con).algebra("SELECT shout(b) AS loud FROM t WHERE shout(b) <> 'X'")
    assert nodes[1]["conditions"] == ["(shout(\x01b\x02) != 'X')"]
    assert nodes[2]["expressions"] == ["shout(\x01b\x02)"]


@pytest.mark.parametrize("sql", ["SELECT 1; SELECT 2", "CREATE TABLE x(a INTEGER)", "SELECT ?", "SELECT $name"])
def test_refused(filled: tuple[Con, Session], sql: str) -> None:
    _, session = filled
    with pytest.raises(duckdb.Error):
        session.algebra(sql)
    assert session.algebra("SELECT 1")[-1]["expressions"] == ["CAST(1 AS INTEGER)"]


def test_names_are_not_those_of_the_engine(filled: tuple[Con, Session]) -> None:
    _, session = filled
    nodes = session.algebra('SELECT coco_x, coco_x AS "COCO_Y", "a b" FROM "weird "" näme"')
    assert [name for name, _ in nodes[0]["columns"]] == ["_coco_x", "a b"]
    assert [name for name, _ in nodes[-1]["columns"]] == ["_coco_x_1", "_COCO_Y", "a b_1"]


def test_aggregates_are_told_in_parts(filled: tuple[Con, Session]) -> None:
    _, session = filled
    query = "SELECT string_agg(DISTINCT b, '; ' ORDER BY b DESC) FILTER (WHERE a > 1), quantile_cont(a, 0.5) FROM t"
    agg, quantile = session.algebra(query)[1]["aggregates"]
    assert agg == {
        "sql": "string_agg(DISTINCT \x01b\x02, '; ' ORDER BY \x01b\x02 DESC NULLS LAST) FILTER (WHERE (\x01a\x02 > 1))",
        "name": "string_agg",
        "arguments": ["\x01b\x02", "'; '"],
        "types": ["VARCHAR", "VARCHAR"],
        "distinct": True,
        "filter": "(\x01a\x02 > 1)",
        "order": ["\x01b\x02 DESC NULLS LAST"],
    }
    assert (quantile["name"], quantile["arguments"]) == ("quantile_cont", ["\x01a\x02", "0.5"])
