"""An oracle for lineage: which rows a row comes from shows when other rows are deleted.

* A row of a view stays as it is if all rows are deleted that its lineage does not name.
* It is another, or gone, if one row is deleted that its lineage names: where each of them counts (a row of a join, of a
  count), and not where one of several is enough (DISTINCT, EXISTS) or where it is not the largest of a group.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

import duckdb
import pytest
from helpers import Con, rows
from sql_grammar import FUNCTIONS, MACROS, with_macros
from test_sql_table import RECOMPUTED, TABLE, TABLES, WRONG

import cocosql

#: The tables of the table of SQL; events have a key, too.
KEYED = (
    TABLES.replace("kind VARCHAR, n INTEGER)", "kind VARCHAR, n INTEGER, eid INTEGER PRIMARY KEY)")
    .replace("INSERT INTO events VALUES", "INSERT INTO events SELECT *, row_number() OVER () FROM (VALUES")
    .replace("'in', 3);", "'in', 3)) AS e;")
)
KEYS = {"people": "id", "teams": "id", "events": "eid"}
#: Which rows these show depends on how many there are before them.
BY_POSITION = {"limit: offset", "limit: offset alone", "limit: per cent"}

NAMES = [name for name in TABLE if name not in {*BY_POSITION, *RECOMPUTED, *WRONG}]
#: Queries in which each row that is named counts.
EACH_COUNTS = {
    "map": "SELECT id, name, py_up(name) AS u FROM people WHERE id > 1",
    "unnest": "SELECT id, t FROM people, unnest(tags) AS u(t)",
    "join": "SELECT p.id, t.name FROM people AS p JOIN teams AS t ON p.team = t.id",
    "self join": "SELECT a.id, b.id AS o FROM people AS a JOIN people AS b ON a.team = b.team",
    "left join": "SELECT p.id, t.id AS t FROM people AS p LEFT JOIN teams AS t ON p.team = t.id",
    "full join": "SELECT p.id, t.id AS t FROM people AS p FULL JOIN teams AS t ON p.team = t.id",
    "non-equi left join": "SELECT p.id, t.id AS t FROM people AS p LEFT JOIN teams AS t ON p.team < t.id",
    "anti join": "SELECT id FROM people AS p WHERE NOT EXISTS (SELECT 1 FROM events WHERE person = p.id)",
    "count": "SELECT team, count(*) AS n FROM people GROUP BY team",
    "list": "SELECT kind, list(eid ORDER BY eid) AS l FROM events GROUP BY kind",
    "count of a join": "SELECT t.name, count(*) AS n FROM people AS p JOIN teams AS t ON p.team = t.id GROUP BY t.name",
    "count of counts": "SELECT n, list(team ORDER BY team) AS l FROM (SELECT team, count(*) AS n FROM people GROUP BY team) GROUP BY n",
    "window": "SELECT id, count(*) OVER (PARTITION BY team) AS n FROM people",
    "top": "SELECT id FROM people ORDER BY id LIMIT 3",
    "union all": "SELECT id FROM people UNION ALL SELECT eid FROM events",
    "scalar subquery": "SELECT id, (SELECT list(eid ORDER BY eid) FROM events WHERE person = p.id) AS l FROM people AS p",
    "functions": "SELECT py_up(name) AS u, count(*) AS n FROM people WHERE py_known(team) GROUP BY py_up(name)",
}


@pytest.fixture(scope="module")
def stage() -> Iterator[tuple[Con, Con]]:
    """A database with a view, and one without CocoSQL, with the same tables."""
    con = cocosql.connect(threads=2, functions=FUNCTIONS)
    plain = duckdb.connect(config={"threads": 2})
    for one in (con, plain):
        one.execute(MACROS)
        one.execute(KEYED)
    yield con, plain
    con.close()
    plain.close()


def traced(con: Con, query: str) -> list[tuple[Any, dict[str, set[int]]]]:
    """The rows of a view of the query, each with the keys of the rows that its lineage names, by table."""
    con.execute(f"CREATE OR REPLACE INCREMENTAL VIEW v AS {query}")
    found = {row_id: (row, {}) for row_id, row in rows(con, "SELECT row_id, row FROM coco_changes('v')")}
    for row_id, source, key, state in rows(
        con, "SELECT row_id, source, source_key, source_state FROM coco_lineage('v')"
    ):
        if source not in KEYS:  # a row of a table function
            continue
        (value,) = json.loads(key).values()
        named: dict[str, set[int]] = found[row_id][1]
        assert value not in named.setdefault(source, set()), "a row for each pair"
        named[source].add(value)
        assert state == "current"
    con.execute("DROP INCREMENTAL VIEW v")
    return list(found.values())


def without(plain: Con, query: str, deletions: Iterable[str]) -> Counter[str]:
    """The rows of the query after these rows have been deleted."""
    plain.execute("BEGIN")
    try:
        for deletion in deletions:
            plain.execute(deletion)
        return Counter(repr(row) for row in rows(plain, with_macros(query)))
    finally:
        plain.execute("ROLLBACK")


def shown(row: dict[str, Any]) -> str:
    return repr(tuple(row.values()))


def others(named: dict[str, set[int]]) -> Iterator[str]:
    for table, key in KEYS.items():
        kept = ", ".join(map(str, named.get(table, set()))) or "NULL"
        yield f"DELETE FROM {table} WHERE ({key} IN ({kept})) IS NOT TRUE"


@pytest.mark.every(15)
@pytest.mark.parametrize("name", NAMES)
def test_rows_that_are_not_named_do_not_matter(stage: tuple[Con, Con], name: str) -> None:
    con, plain = stage
    query = TABLE[name]
    for row, named in traced(con, query):
        assert without(plain, query, others(named))[shown(row)] > 0, (row, named)


@pytest.mark.parametrize("query", EACH_COUNTS.values(), ids=EACH_COUNTS)
def test_each_row_that_is_named_matters(stage: tuple[Con, Con], query: str) -> None:
    con, plain = stage
    before = without(plain, query, [])
    found = traced(con, query)
    assert found
    for row, named in found:
        assert named, row
        assert without(plain, query, others(named))[shown(row)] > 0, (row, named)
        for table, keys in named.items():
            for key in keys:
                after = without(plain, query, [f"DELETE FROM {table} WHERE {KEYS[table]} = {key}"])
                assert after[shown(row)] < before[shown(row)], (row, table, key)
