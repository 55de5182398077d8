"""No argument of a function that CocoSQL registers ends in an internal error: that would end the database for all."""

import random
from collections.abc import Iterator

import duckdb
import helpers
import pytest
from helpers import Con
from speeds import EXAMPLES, slow

import cocosql
from cocosql.sqltext import literal

_TEXTS = [
    "",
    "memory",
    "other",
    "main",
    "coco",
    "t",
    "narrow",
    "shown",
    "log",
    "k",
    "f",
    "v",
    "nowhere",
    'o"dd',
    "x" * 9999,
]
_NUMBERS = [-1, 0, 1, 2047, 2048, 2**63 - 1, -(2**63)]
_RANGES = "from_base64('{}')".format("AAAA" * 12)

#: By type of a parameter, arguments as SQL.
ARGUMENTS = {
    "VARCHAR": ["NULL::VARCHAR", *map(literal, _TEXTS)],
    "BIGINT": ["NULL::BIGINT", *map(str, _NUMBERS)],
    "UBIGINT": ["NULL::UBIGINT", "0", "18446744073709551615", "1"],
    "UHUGEINT": ["NULL::UHUGEINT", "0::UHUGEINT", "1::UHUGEINT", "340282366920938463463374607431768211455"],
    "BOOLEAN": ["NULL::BOOLEAN", "true", "false"],
    "BLOB": ["NULL::BLOB", "''::BLOB", "'abcdefghijklmnopqrstuvwxyz'::BLOB", _RANGES, "repeat('a', 99999)::BLOB"],
    "UUID": ["NULL::UUID", "'00000000-0000-0000-0000-000000000000'::UUID"],
    "VARCHAR[]": ["NULL::VARCHAR[]", "[]", "['k']", "['k', NULL]", "['k', 'k']", "['dropped']", "['rowid']", "['g', 'v']"],
    "VARCHAR[][]": ["NULL", "[]", "[[]]", "[NULL]", "[['memory', 'main']]", "[['nowhere', NULL]]"],
    "TABLE": [
        *("(SELECT -1::BIGINT)", "(SELECT NULL::BIGINT)", "(FROM range(5000))", "(SELECT 'x')", "(SELECT 1, 2)"),
        *("(SELECT k FROM t)", "(SELECT k FROM t WHERE false)", "(SELECT 1 AS k)", "(SELECT NULL::INTEGER AS k)"),
    ],
    "ANY": ["NULL", "1", "'x'", "[NULL, 1]", "{'a': NULL}", "MAP {1: NULL}", "'x'::BLOB", "union_value(a := 1)", "[]", "t"],
}  # fmt: skip


def functions() -> list[tuple[str, str, list[str], str | None]]:
    """Name, kind, types of parameters, and type of further ones, of those that DuckDB alone does not have."""
    sql = "SELECT function_name, function_type, parameter_types, varargs FROM duckdb_functions() WHERE internal"
    with duckdb.connect() as plain, cocosql.connect() as con:
        known = {name for name, *_ in helpers.rows(plain, sql)}
        return sorted({(n, k, tuple(t), v) for n, k, t, v in helpers.rows(con, sql) if n not in known}, key=repr)


def calls(count: int, name: str, kind: str, types: list[str], more: str | None, chosen: random.Random) -> Iterator[str]:
    """Queries that call a function with constants, with columns of several vectors, and in subqueries."""
    for _ in range(count):
        further = [more] * chosen.randrange(3) if more else []
        arguments = ", ".join(chosen.choice(ARGUMENTS[given]) for given in [*types, *further])
        if kind == "table":
            yield f"FROM {name}({arguments})"
            yield f"SELECT count(*) FROM t, {name}({arguments})"
        else:
            others = ", ".join(
                f"CASE WHEN t.k % 3 = 0 THEN {chosen.choice(ARGUMENTS[given])} "
                f"ELSE {chosen.choice(ARGUMENTS[given])} END"
                for given in types
            )
            yield f"SELECT {name}({arguments})"
            yield f"SELECT count({name}({others})) FROM t"
            yield f"SELECT count(*) FROM t WHERE {name}({others}) IS NOT NULL AND k < 3"


@pytest.mark.every(5)
@pytest.mark.parametrize("count", [5, slow(EXAMPLES or 40)])
@pytest.mark.parametrize(("name", "kind", "types", "more"), functions())
def test_odd_arguments(name: str, kind: str, types: list[str], more: str | None, count: int) -> None:
    with cocosql.connect() as con:
        prepare(con)
        for query in calls(count, name, kind, types, more, random.Random(name)):
            try:
                con.execute(query).fetchall()
            except duckdb.Error as error:
                assert "INTERNAL" not in str(error) and not isinstance(error, duckdb.FatalException), query
                assert "Traceback" not in str(error), (query, error)
        assert helpers.one(con, "SELECT count(*) FROM t") == 5000


def prepare(con: Con) -> None:
    con.execute(
        "ATTACH ':memory:' AS other; CREATE TABLE other.t (k INTEGER PRIMARY KEY); INSERT INTO other.t VALUES (1)"
    )
    con.execute("CREATE TABLE t (k INTEGER PRIMARY KEY, v VARCHAR); INSERT INTO t SELECT range, 'x' FROM range(5000)")
    con.execute("CREATE TABLE narrow (k INTEGER, dropped INTEGER, v INTEGER); INSERT INTO narrow VALUES (1, 2, 3)")
    con.execute("ALTER TABLE narrow DROP COLUMN dropped; CREATE VIEW shown AS FROM t")
    con.execute("CREATE INCREMENTAL VIEW v AS SELECT k, v FROM t WHERE k < 3; DELETE FROM t WHERE k = 2")
    con.execute("INSERT INTO t VALUES (2, 'new'); REFRESH INCREMENTAL VIEW v")
    con.execute("CREATE TABLE coco.log (coco_entries BLOB)")
