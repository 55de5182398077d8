"""A view equals its query run afresh: random tables, views and changes, against the same query with SQL macros.

Every Python function has a macro that means the same; the oracle is DuckDB running the query with the macros. What a
refresh must call is worked out by SQL too: the arguments of each call on the rows that reach it.
"""

import dataclasses
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import duckdb
import pytest
from helpers import Calls, Con, assert_replayed, assert_same, assert_view_equals_query, one, rows
from hypothesis import event
from hypothesis import strategies as st
from speeds import holds_for

import cocosql

# --- functions, and the macros that mean the same ---------------------------------------------------------------------


@dataclasses.dataclass
class Pair:
    x: int | None
    y: str | None


MACROS = """
CREATE MACRO m_up(s) AS upper(s) || '!';
CREATE MACRO m_rev(s) AS reverse(s);
CREATE MACRO m_twice(n) AS (n::BIGINT * 2 + 1)::BIGINT;
CREATE MACRO m_kind(d) AS CASE WHEN d IS NULL THEN NULL WHEN signbit(d) THEN '-' ELSE '+' END;
CREATE MACRO m_pieces(s) AS string_split(s, ' ');
CREATE MACRO m_total(l) AS CASE WHEN l IS NOT NULL
    THEN coalesce(list_sum(list_filter(l, lambda x: x IS NOT NULL)), 0)::BIGINT END;
CREATE MACRO m_known(n) AS n IS NOT NULL;
CREATE MACRO m_pair(p) AS CASE WHEN p IS NOT NULL THEN coalesce(p.x::VARCHAR, 'None') || '/' || coalesce(p.y, 'None') END;
"""
NAMES = ["up", "rev", "twice", "kind", "pieces", "total", "known", "pair"]


def counted(calls: Calls) -> list[Callable[..., Any]]:
    @cocosql.udf
    def up(s: str) -> str:
        calls.note(("up", s))
        return s.upper() + "!"

    @cocosql.udf(batch_size=3)
    def rev(s: list[str]) -> list[str]:
        for text in s:
            calls.note(("rev", text))
        return [text[::-1] for text in s]

    @cocosql.udf
    def twice(n: int) -> int:
        calls.note(("twice", n))
        return n * 2 + 1

    @cocosql.udf
    def kind(d: float) -> str:
        calls.note(("kind", d))
        return "-" if math.copysign(1, d) < 0 else "+"

    @cocosql.udf
    def pieces(s: str) -> list[str]:
        calls.note(("pieces", s))
        return s.split(" ")

    @cocosql.udf
    def total(l: list[int | None]) -> int:  # noqa: E741
        calls.note(("total", l))
        return sum(element for element in l if element is not None)

    @cocosql.udf
    def known(n: int | None) -> bool:
        calls.note(("known", n))
        return n is not None

    @cocosql.udf
    def pair(p: Pair) -> str:
        calls.note(("pair", {"x": p.x, "y": p.y}))
        return f"{p.x}/{p.y}"

    return [up, rev, twice, kind, pieces, total, known, pair]


TAKES_NULL = {"known"}


def with_functions(template: str) -> str:
    return template.format(**{name: name for name in NAMES})


def with_macros(template: str) -> str:
    return template.format(**{name: f"m_{name}" for name in NAMES})


# --- tables -----------------------------------------------------------------------------------------------------------

KEYS = {
    "integer": ("PRIMARY KEY (id)", ["id"]),
    "varchar": ("PRIMARY KEY (k)", ["k"]),
    "composite": ("PRIMARY KEY (id, k)", ["id", "k"]),
    "none": ("", []),
}
COLUMNS = {
    "id": ("INTEGER", st.integers(0, 6)),
    "k": ("VARCHAR", st.sampled_from(["a", "b", "A", "", "ä"])),
    "n": ("INTEGER", st.none() | st.integers(-2, 3)),
    "d": ("DOUBLE", st.sampled_from([None, 0.0, -0.0, math.nan, 1.5, math.inf])),
    "s": ("VARCHAR", st.sampled_from([None, "", "a", "A", "b c", "c b a", " ", "a a"])),
    "l": ("INTEGER[]", st.sampled_from([None, [], [1], [1, None], [None], [2, 1], [1, 2]])),
    "p": (
        "STRUCT(x INTEGER, y VARCHAR)",
        st.sampled_from([None, {"x": 1, "y": "a"}, {"x": None, "y": "a"}, {"x": None, "y": None}]),
    ),
}
ROW = st.tuples(*(strategy for _, strategy in COLUMNS.values()))


def literal(value: Any, kind: str) -> str:
    if value is None:
        return f"NULL::{kind}"
    if isinstance(value, list):
        return "[" + ", ".join("NULL" if e is None else str(e) for e in value) + f"]::{kind}"
    if isinstance(value, dict):
        y = "NULL" if value["y"] is None else f"'{value['y']}'"
        return f"{{'x': {'NULL' if value['x'] is None else value['x']}, 'y': {y}}}::{kind}"
    return f"'{value}'::{kind}"


def values(row: tuple[Any, ...]) -> str:
    return ", ".join(literal(value, kind) for value, (kind, _) in zip(row, COLUMNS.values(), strict=True))


PREDICATES = st.sampled_from(
    ["true", "id = 1", "id <= 2", "n > 0", "s IS NULL", "d = 0", "k = 'a'", "n IS NULL OR id > 4"]
)


@st.composite
def assignments(draw: st.DrawFn) -> str:
    column = draw(st.sampled_from(["n", "d", "s", "l", "p"]))
    kind, strategy = COLUMNS[column]
    return f"{column} = {literal(draw(strategy), kind)}"


NAMED = ", ".join(COLUMNS)
ALTERATIONS = [
    "ADD COLUMN IF NOT EXISTS extra INTEGER DEFAULT 7",
    "DROP COLUMN IF EXISTS extra",
    "ALTER n TYPE BIGINT",
    "ALTER n TYPE HUGEINT USING -n",
    "ALTER d TYPE DECIMAL(9, 1) USING try_cast(d AS DECIMAL(9, 1))",
    "ALTER d TYPE FLOAT",
    "ALTER d TYPE DOUBLE",
    "ALTER k TYPE VARCHAR COLLATE NOCASE",
    "ALTER l TYPE BIGINT[]",
    "ALTER n TYPE INTEGER USING (n + 1)::INTEGER",
    "ALTER s TYPE VARCHAR USING s || 'a'",
]


def made_anew(columns: list[str], key: list[str]) -> str:
    """The table with the same rows and key, and its columns in another order."""
    types = ", ".join(f"{column} {COLUMNS[column][0]}" for column in columns)
    constraint = f", PRIMARY KEY ({', '.join(key)})" if key else ""
    return (
        f"CREATE OR REPLACE TEMP TABLE kept AS FROM t; CREATE OR REPLACE TABLE t ({types}{constraint}); "
        f"INSERT INTO t ({NAMED}) SELECT {NAMED} FROM kept"
    )


@st.composite
def changes(draw: st.DrawFn, key: list[str]) -> str:
    kinds = ["insert", "insert", "update", "update", "delete", "truncate", "touch", "alter", "replace"] + (
        ["merge", "rename"] if key else []
    )
    kind = draw(st.sampled_from(kinds))
    if kind == "insert":
        lines = draw(st.lists(ROW, min_size=1, max_size=4))
        conflict = " ON CONFLICT DO NOTHING" if key else ""
        return f"INSERT INTO t ({NAMED}) VALUES {', '.join(f'({values(line)})' for line in lines)}{conflict}"
    if kind == "update":
        return f"UPDATE t SET {draw(assignments())} WHERE {draw(PREDICATES)}"
    if kind == "alter":
        # DuckDB refuses another type for a column of the key.
        of_others = [change for change in ALTERATIONS if change.split()[1] not in key]
        return f"ALTER TABLE t {draw(st.sampled_from(of_others))}"
    if kind == "replace":
        return made_anew(draw(st.permutations(list(COLUMNS))), key)
    if kind == "delete":
        return f"DELETE FROM t WHERE {draw(PREDICATES)}"
    if kind == "merge":
        line = draw(ROW)
        match = " AND ".join(f"t.{column} = new.{column}" for column in key)
        assigned = draw(assignments())
        return (
            f"MERGE INTO t USING (SELECT * FROM (VALUES ({values(line)})) AS v({NAMED})) AS new ON {match} "
            f"WHEN MATCHED THEN UPDATE SET {assigned} WHEN NOT MATCHED THEN INSERT ({NAMED}) VALUES ({', '.join('new.' + c for c in COLUMNS)})"
        )
    if kind == "rename":
        column = draw(st.sampled_from(key))
        renamed = "id = id + 10" if column == "id" else "k = k || 'x'"
        return f"UPDATE t SET {renamed} WHERE {draw(PREDICATES)}"
    return {"truncate": "TRUNCATE t", "touch": "UPDATE t SET n = n, s = s"}[kind]


# --- views ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Part:
    """An expression, and the calls that it needs: (function, argument, condition), with macros for functions."""

    sql: str
    needs: list[tuple[str, str, str]] = field(default_factory=list)


ITEMS = [
    *(Part(column) for column in COLUMNS),
    Part("n + 1"),
    Part("coalesce(s, 'none') || '-' || k"),
    Part("{up}(s)", [("up", "s", "true")]),
    Part("{up}(t.s)", [("up", "s", "true")]),
    Part("{up}({rev}(s))", [("rev", "s", "true"), ("up", "m_rev(s)", "true")]),
    Part("{twice}(n)", [("twice", "n", "true")]),
    Part("{twice}({twice}(n)) + {twice}(n)", [("twice", "n", "true"), ("twice", "m_twice(n)", "true")]),
    Part("{kind}(d)", [("kind", "d", "true")]),
    Part("{kind}(-d)", [("kind", "-d", "true")]),
    Part("{total}(l)", [("total", "l", "true")]),
    Part("{known}(n)", [("known", "n", "true")]),
    Part("{pair}(p)", [("pair", "p", "true")]),
    Part("{pieces}(s)", [("pieces", "s", "true")]),
    Part("CASE WHEN n > 0 THEN {up}(s) ELSE {rev}(s) END",
         [("up", "s", "n > 0"), ("rev", "s", "n > 0 IS NOT TRUE")]),
    Part("CASE n WHEN 1 THEN {up}(s) WHEN 2 THEN {up}(k) END", [("up", "s", "n = 1"), ("up", "k", "n = 2")]),
    Part("coalesce(s, {up}(k))", [("up", "k", "s IS NULL")]),
    Part("if({known}(n), {twice}(n), 0)", [("known", "n", "true"), ("twice", "n", "n IS NOT NULL")]),
    Part("{up}(s) IN ('A!', '!')", [("up", "s", "true")]),
    Part("{up}(coalesce(s, k))", [("up", "coalesce(s, k)", "true")]),
    Part("[{up}(s), k]", [("up", "s", "true")]),
    Part("{{'u': {up}(s), 'n': n}}", [("up", "s", "true")]),
    Part("{twice}(CASE WHEN {known}(n) THEN n END)", [("known", "n", "true"), ("twice", "n", "n IS NOT NULL")]),
]  # fmt: skip
UNNEST_ITEMS = [Part("c"), Part("{up}(c)", [("up", "c", "true")]), Part("len(c)"), Part("u.c || k")]
CONDITIONS = [
    Part("true"),
    Part("true"),
    Part("n > 0"),
    Part("n IS NULL OR k = 'a'"),
    Part("{known}(n)", [("known", "n", "true")]),
    Part("{up}(s) = 'A!'", [("up", "s", "true")]),
    Part("{up}(s) <> 'A!' AND id < 5", [("up", "s", "id < 5")]),
    Part("id > 1 AND ({up}(s) = 'A!' OR {kind}(d) = '-')",
         [("up", "s", "id > 1"), ("kind", "d", "id > 1 AND (m_up(s) = 'A!') IS NOT TRUE")]),
    Part("d = 0"),
]  # fmt: skip


@dataclass(frozen=True)
class RowWise:
    items: list[Part]
    where: Part
    #: None, or the argument of pieces in the FROM clause.
    unnest: str | None

    @property
    def source(self) -> str:
        return "t" if self.unnest is None else "t, unnest({pieces}(" + self.unnest + ")) AS u(c)"

    @property
    def template(self) -> str:
        items = ", ".join(
            part.sql if part.sql in ("*", "t.*") else f"{part.sql} AS c{i}" for i, part in enumerate(self.items)
        )
        return f"SELECT {items} FROM {self.source} WHERE {self.where.sql}"

    def arguments(self, con: Con) -> set[str]:
        """What a refresh needs to know for the rows that are there now."""
        found: set[str] = set()

        def add(function: str, argument: str, source: str, condition: str) -> None:
            for (value,) in rows(con, f"SELECT {argument} FROM {source} WHERE {condition}"):
                if value is not None or function in TAKES_NULL:
                    found.add(repr((function, value)))

        source, where = with_macros(self.source), with_macros(self.where.sql)
        if self.unnest is not None:
            # Rows that a condition without calls rules out before the unnest need no pieces.
            early = (
                where
                if not self.where.needs
                else "id < 5"
                if "id < 5" in where
                else "id > 1"
                if "id > 1" in where
                else "true"
            )
            add("pieces", self.unnest, "t", early)
        for function, argument, condition in self.where.needs:
            add(function, argument, source, condition)
        for part in self.items:
            for function, argument, condition in part.needs:
                add(function, argument, source, f"({where}) AND ({condition})")
        return found


@st.composite
def row_wise(draw: st.DrawFn) -> RowWise:
    unnest = draw(st.sampled_from([None, None, "s", "coalesce(s, k)"]))
    items = draw(st.lists(st.sampled_from(ITEMS + (UNNEST_ITEMS * 3 if unnest else [])), min_size=1, max_size=4))
    star = draw(st.sampled_from([None, None, None, "*", "t.*"]))
    if star:
        items = [Part(star), *items]
    return RowWise(items, draw(st.sampled_from(CONDITIONS)), unnest)


GROUP_KEYS = ["k", "n", "s", "id % 2", "{up}(s)", "n IS NULL", "coalesce(s, {up}(k))"]
#: One right answer each: what depends on the order has one that tells all rows apart which differ.
_ALL = "id, k, n, d, s, l, p"
AGGREGATES = [
    *("count(*)", "count(n)", "count(DISTINCT s)", "sum(n)", "avg(n)", "min(n)", "max(s)", "max({up}(s))", "median(n)"),
    *("bool_or(n > 0)", "sum({twice}(n))", "sum(n) FILTER (WHERE {known}(n) AND id > 1)", "sum(DISTINCT n + 1)"),
    f"string_agg(s, ',' ORDER BY {_ALL})",
    f"list({{rev}}(s) ORDER BY {_ALL})",
    f"first(n ORDER BY {_ALL})",
    "arg_min(s, {{'id': id, 'k': k, 'n': n, 's': s}})",
    *("sum(n) + count(*)", "CASE WHEN count(*) > 1 THEN max(k) END", "quantile_disc(id, 0.5)", "bit_xor(id)"),
]
HAVING = ["", "", "", " HAVING count(*) > 1", " HAVING sum(n) IS NOT NULL", " HAVING max(s) <> 'a'"]


@st.composite
def grouped(draw: st.DrawFn) -> str:
    """A query with aggregates, over rows or over what is unnested of them."""
    keys = draw(st.lists(st.sampled_from(GROUP_KEYS), max_size=2, unique=True))
    found = draw(st.lists(st.sampled_from(AGGREGATES), min_size=0 if keys else 1, max_size=3, unique=True))
    shown = keys if draw(st.booleans()) else keys[1:]
    items = [f"{sql} AS c{i}" for i, sql in enumerate([*shown, *found])] or ["count(*) AS c0"]
    source = draw(st.sampled_from(["t", "t", "t, unnest({pieces}(s)) AS u(c)"]))
    grouping = f" GROUP BY {', '.join(keys)}" if keys else ""
    where = draw(st.sampled_from(CONDITIONS)).sql
    return f"SELECT {', '.join(items)} FROM {source} WHERE {where}{grouping}{draw(st.sampled_from(HAVING))}"


RECOMPUTED = [
    "SELECT l, count(*) AS n FROM t GROUP BY l",
    "SELECT d, count(*) AS n FROM t GROUP BY d",
    "SELECT k, {up}(max(s)) AS u FROM t GROUP BY k",
    "SELECT DISTINCT s, n FROM t",
    "SELECT DISTINCT {up}(s) AS u, d FROM t",
    "SELECT a.id, b.id AS other, {up}(b.s) AS u FROM t AS a JOIN t AS b ON a.n = b.n AND a.s <> b.s",
    "SELECT id, k, n FROM t ORDER BY ALL LIMIT 3",
    "SELECT s FROM t UNION ALL SELECT {up}(s) FROM t",
    "SELECT k, n, row_number() OVER (PARTITION BY k ORDER BY id, n, s, d, l, p) AS r FROM t",
    "WITH w AS (SELECT s, {up}(s) AS u FROM t WHERE n > 0) SELECT u, count(*) AS n FROM w GROUP BY u",
    "SELECT id, list_transform(l, lambda e: e + 1) AS l, list_transform([s, k], lambda e: {up}(e)) AS u FROM t",
    "SELECT id, (SELECT max({twice}(n)) FROM t AS o WHERE o.k = t.k) AS m FROM t",
    "SELECT id FROM t WHERE EXISTS (SELECT 1 FROM t AS o WHERE o.n = t.n AND {up}(o.s) = 'A!')",
    "SELECT id, unnest(l) AS e FROM t",
    "SELECT k, d, count(*) AS n FROM t GROUP BY ROLLUP (k, d)",
]


class World:
    """A database with a table, the functions and the macros, and a count of calls."""

    def __init__(self, key: str, lines: list[tuple[Any, ...]]) -> None:
        self.calls = Calls()
        self.needed: set[str] = set()
        self.con = cocosql.connect(threads=1)
        cocosql.register(self.con, *counted(self.calls))
        constraint, self.key = KEYS[key]
        columns = ", ".join(f"{name} {kind}" for name, (kind, _) in COLUMNS.items())
        self.con.execute(f"{MACROS}; CREATE TABLE t ({columns}{', ' + constraint if constraint else ''})")
        for line in lines:
            conflict = " ON CONFLICT DO NOTHING" if constraint else ""
            self.con.execute(f"INSERT INTO t VALUES ({values(line)}){conflict}")

    def __enter__(self) -> "World":
        return self

    def __exit__(self, *_: object) -> None:
        self.con.close()

    def change(self, sql: str) -> bool:
        """Change the table; False if a constraint forbids it, or the type that a column has by now."""
        try:
            self.con.execute(sql)
        except (duckdb.ConstraintException, duckdb.ConversionException):
            return False
        return True

    def refresh(self, name: str, full: bool = False) -> tuple[Any, ...]:
        (row,) = rows(self.con, f"REFRESH INCREMENTAL VIEW {name}{' FULL' if full else ''}")
        return row

    def check_refresh(self, name: str, template: str, full: bool = False) -> None:
        before = self.con.execute(f"SELECT version FROM coco_views() WHERE name = '{name}'").fetchall()
        self.con.execute(f"CREATE OR REPLACE TEMP TABLE before AS FROM {name}")
        made = self.calls.total_calls
        _, version, inserted, updated, deleted, calls, _, _ = self.refresh(name, full)
        assert_view_equals_query(self.con, name, with_macros(template))
        assert calls == self.calls.total_calls - made
        if rows(self.con, "DESCRIBE before") == rows(self.con, f"DESCRIBE {name}"):
            gone, new = self._difference(name)
            assert (inserted + updated, deleted + updated) == (new, gone)
            assert version - before[0][0] == bool(gone or new)
        else:
            gone, new = one(self.con, "SELECT count(*) FROM before"), one(self.con, f"SELECT count(*) FROM {name}")
            assert (version - before[0][0], inserted + updated, deleted + updated) == (1, new, gone)
        self._check_calls()

    def check_recall(self, name: str, template: str) -> None:
        """Functions are called again for what the rows need; what they give is the same."""
        self.calls.clear()
        (row,) = rows(self.con, f"REFRESH INCREMENTAL VIEW {name} WITH (recall = true)")
        assert row[2:6] == (0, 0, 0, self.calls.total_calls)
        assert_view_equals_query(self.con, name, with_macros(template))
        assert one(self.con, f"SELECT status FROM coco_views() WHERE name = '{name}'") == "fresh"
        self._check_calls()

    def _check_calls(self) -> None:
        twice = {argument: count for argument, count in self.calls.items() if count > 1}
        assert not twice, f"called more than once: {twice}"

    def _difference(self, name: str) -> tuple[int, int]:
        columns = [column for column, *_ in rows(self.con, f"DESCRIBE {name}")]
        exact = f"SELECT coco_fingerprint({', '.join(columns)})"
        sides = f"({exact} FROM before)", f"({exact} FROM {name})"
        gone = one(self.con, f"SELECT count(*) FROM ({sides[0]} EXCEPT ALL {sides[1]})")
        new = one(self.con, f"SELECT count(*) FROM ({sides[1]} EXCEPT ALL {sides[0]})")
        return gone, new


@st.composite
def scenario(draw: st.DrawFn) -> tuple[str, list[tuple[Any, ...]], list[str]]:
    key = draw(st.sampled_from(sorted(KEYS)))
    lines = draw(st.lists(ROW, max_size=8))
    return key, lines, draw(st.lists(changes(KEYS[key][1]), min_size=1, max_size=5))


@holds_for(3, 20, scenario=scenario(), view=row_wise(), full=st.booleans())
def test_row_wise_views(scenario: Any, view: RowWise, full: bool) -> None:
    key, lines, script = scenario
    event(f"key: {key}")
    with World(key, lines) as world:
        world.con.execute(f"CREATE INCREMENTAL VIEW v AS {with_functions(view.template)}")
        assert one(world.con, "SELECT incremental FROM coco_views()")
        assert_view_equals_query(world.con, "v", with_macros(view.template))
        needed = view.arguments(world.con)
        assert set(world.calls) == needed
        for change in script:
            if not world.change(change):
                continue
            world.check_refresh("v", view.template)
            needed |= view.arguments(world.con)
            assert set(world.calls) == needed
        if full:
            world.check_refresh("v", view.template, full=True)
            assert set(world.calls) == needed
            world.check_recall("v", view.template)
            assert set(world.calls) == view.arguments(world.con)
        assert_replayed(world.con, "v", "v")
        version = one(world.con, "SELECT version FROM coco_views()")
        assert world.refresh("v")[1:7] == (version, 0, 0, 0, 0, 0)


@holds_for(3, 20, scenario=scenario(), template=grouped())
def test_grouped_views(scenario: Any, template: str) -> None:
    key, lines, script = scenario
    with World(key, lines) as world:
        world.con.execute(f"CREATE INCREMENTAL VIEW v AS {with_functions(template)}")
        assert one(world.con, "SELECT incremental FROM coco_views()"), rows(world.con, "EXPLAIN INCREMENTAL VIEW v")
        assert_view_equals_query(world.con, "v", with_macros(template))
        for change in script:
            if world.change(change):
                world.check_refresh("v", template)
        world.check_refresh("v", template, full=True)
        world.check_recall("v", template)
        assert_replayed(world.con, "v", "v")


@holds_for(2, 10, scenario=scenario(), template=st.sampled_from(RECOMPUTED))
def test_recomputed_views(scenario: Any, template: str) -> None:
    key, lines, script = scenario
    with World(key, lines) as world:
        world.con.execute(f"CREATE INCREMENTAL VIEW v AS {with_functions(template)}")
        assert_view_equals_query(world.con, "v", with_macros(template))
        for change in script:
            if world.change(change):
                world.check_refresh("v", template)
        assert_replayed(world.con, "v", "v")


@pytest.mark.every(3)
@pytest.mark.parametrize("template", RECOMPUTED)
def test_each_recomputed_view(template: str) -> None:
    lines = [
        (1, "a", 1, -0.0, "a", [1, None], {"x": 1, "y": "a"}),
        (2, "b", 1, 0.0, "b c", None, None),
        (3, "A", None, math.nan, None, [], {"x": None, "y": None}),
    ]
    with World("integer", lines) as world:
        world.con.execute(f"CREATE INCREMENTAL VIEW v AS {with_functions(template)}")
        assert_view_equals_query(world.con, "v", with_macros(template))
        for change in ["UPDATE t SET d = -d, n = 2 WHERE id <> 3", "DELETE FROM t WHERE id = 1", "TRUNCATE t"]:
            world.con.execute(change)
            world.check_refresh("v", template)
        assert_replayed(world.con, "v", "v")


@holds_for(2, 10, scenario=scenario(), first=row_wise(), data=st.data())
def test_views_on_views(scenario: Any, first: RowWise, data: st.DataObject) -> None:
    """A chain of a row-wise view, a row-wise view on it, and a recomputed one on that; refreshed in any order."""
    key, lines, script = scenario
    with World(key, lines) as world:
        con = world.con
        con.execute(f"CREATE INCREMENTAL VIEW v AS {with_functions(first.template)}")
        columns = [column for column, *_ in rows(con, "DESCRIBE v")]
        last = columns[-1]
        second = (
            "SELECT *, {up}(k) AS k_up FROM (V) AS b"
            if "k" in columns
            else "SELECT *, {up}(" + f"{last}::VARCHAR" + ") AS k_up FROM (V) AS b"
        )
        on_view, on_query = second.replace("(V) AS b", "v"), second.replace("(V)", f"({first.template})")
        con.execute(f"CREATE INCREMENTAL VIEW w AS {with_functions(on_view)}")
        third = "SELECT k_up, count(*) AS n FROM (W) AS c GROUP BY k_up"
        con.execute(f"CREATE INCREMENTAL VIEW x AS {third.replace('(W) AS c', 'w')}")
        for change in script:
            if not world.change(change):
                continue
            for name in data.draw(st.permutations(["v", "w", "x"])):
                world.refresh(name)
            assert_view_equals_query(con, "v", with_macros(first.template))
            assert_view_equals_query(con, "w", with_macros(on_query))
            assert_view_equals_query(con, "x", with_macros(third.replace("(W)", f"({on_query})")))
        assert all(count == 1 for count in world.calls.values()), world.calls
        for name in "vwx":
            assert_replayed(con, name, name)
        assert {status for (status,) in rows(con, "SELECT status FROM coco_views()")} == {"fresh"}


# --- chosen cases -----------------------------------------------------------------------------------------------------


def view_after(con: Con, query: str, *changes: str) -> None:
    con.execute(f"CREATE INCREMENTAL VIEW v AS {query}")
    assert_view_equals_query(con, "v", query)
    for change in changes:
        con.execute(change)
        con.execute("REFRESH INCREMENTAL VIEW v")
        assert_view_equals_query(con, "v", query)
    assert_replayed(con, "v", "v")


@pytest.mark.parametrize("query", [
    "SELECT id, CASE WHEN s SIMILAR TO '[0-9]+' THEN twice(s::BIGINT) END AS r FROM t",
    "SELECT id, twice(s::BIGINT) AS r FROM t WHERE s SIMILAR TO '[0-9]+'",
    "SELECT id, CASE WHEN s SIMILAR TO '[0-9]+' THEN s::BIGINT END AS r FROM t",
    "SELECT id, if(s SIMILAR TO '[0-9]+', twice(s::BIGINT), -1) AS r FROM t",
])  # fmt: skip
def test_a_guard_spares_errors_of_arguments(con: Con, query: str) -> None:
    """What SQL never evaluates must not fail: the query run afresh has an answer, so the view has one."""

    @cocosql.udf
    def twice(n: int) -> int:
        return n * 2

    cocosql.register(con, twice)
    con.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, s VARCHAR)")
    con.execute("INSERT INTO t VALUES (1, '12'), (2, 'ab'), (3, NULL)")
    view_after(con, query, "UPDATE t SET s = 'cd' WHERE id = 1", "UPDATE t SET s = '7' WHERE id = 2")


def test_negative_zero_becomes_zero(con: Con) -> None:
    con.execute("CREATE TABLE t AS SELECT 1 AS id, '-0.0'::DOUBLE AS d")
    # an UPDATE to an equal value is none to DuckDB, so the row is made anew
    makes = ["DELETE FROM t; INSERT INTO t VALUES (1, '0.0')", "DELETE FROM t; INSERT INTO t VALUES (1, '-0.0')"]
    view_after(con, "SELECT id, d FROM t", *makes)
    assert one(con, "SELECT version FROM coco_views()") == 3


def test_nan_becomes_minus_nan(con: Con) -> None:
    """They are equal to SQL, but their text differs, and Python can tell them apart; so can a cast to BIT of others."""

    @cocosql.udf(version="1")
    def kind(d: float) -> str:
        return "-" if math.copysign(1, d) < 0 else "+"

    cocosql.register(con, kind)
    # With NaNs alone DuckDB takes the column as constant, and signbit and the text of one as those of all.
    con.execute(
        "CREATE TABLE t AS SELECT 1 AS id, 'nan'::DOUBLE AS d UNION ALL SELECT 2, '-nan'::DOUBLE UNION ALL SELECT 3, 0"
    )
    con.execute("CREATE MACRO m_kind(d) AS CASE WHEN signbit(d) THEN '-' ELSE '+' END")
    items = "id, d, d::VARCHAR AS s, d::FLOAT::VARCHAR AS f, [d]::VARCHAR AS l, {'d': d}::VARCHAR AS p, d::BIT AS b"
    queries = {
        "map": f"SELECT {items}, kind(d) AS k, kind(-d) AS m FROM t",
        "grouped": "SELECT kind(d) AS k, count(*) AS n, list(id ORDER BY id) AS ids FROM t GROUP BY kind(d)",
        "joined": "SELECT a.id, b.id AS other, b.d::VARCHAR AS s FROM t AS a JOIN t AS b ON a.d = b.d",
        "counted": "SELECT count(DISTINCT d) AS n, count(DISTINCT d::VARCHAR) AS m, isnan(max(d)) AS x FROM t",
        "afresh": "SELECT id, d::VARCHAR AS s, kind(d) AS k FROM t ORDER BY d, id LIMIT 2",
        "equal": "SELECT d = 'nan'::DOUBLE AS n, count(*) AS c FROM t GROUP BY d",
    }
    for name, query in queries.items():
        con.execute(f"CREATE INCREMENTAL VIEW {name} AS {query}").fetchall()
    # an UPDATE to an equal value is none to DuckDB, so the row is made anew
    for value in (
        "'-nan'",
        "'nan'",
        "1",
        "'0111111111111000000000000000000000000000000000000000000000000001'::BIT::DOUBLE",
    ):
        con.execute(f"DELETE FROM t WHERE id = 1; INSERT INTO t VALUES (1, {value})")
        con.execute("REFRESH ALL INCREMENTAL VIEWS").fetchall()
        for name, query in queries.items():
            assert_view_equals_query(con, name, query.replace("kind(", "m_kind("))
            assert_replayed(con, name, name)


def test_nothing_but_nans(con: Con) -> None:
    """The least value of the column equals its largest, and yet the fingerprints of its values differ."""
    con.execute("CREATE TABLE t AS SELECT 'nan'::DOUBLE AS d UNION ALL SELECT '-nan'::DOUBLE")
    view_after(
        con,
        "SELECT isnan(d) AS n, count(*) AS c FROM t GROUP BY d",
        "DELETE FROM t; INSERT INTO t VALUES ('-nan'), ('-nan')",
        "DELETE FROM t; INSERT INTO t VALUES ('-nan'), ('nan'), ('-nan')",
        "DELETE FROM t; INSERT INTO t VALUES ('nan')",
    )


def test_interval_of_a_month_becomes_thirty_days(con: Con) -> None:
    con.execute("CREATE TABLE t AS SELECT 1 AS id, INTERVAL 1 MONTH AS d")
    view_after(con, "SELECT id, d FROM t", "DELETE FROM t; INSERT INTO t VALUES (1, INTERVAL 30 DAY)")
    assert one(con, "SELECT d::VARCHAR FROM v") == "30 days"


def test_case_changes_under_nocase(con: Con) -> None:
    con.execute("CREATE TABLE t (s VARCHAR COLLATE NOCASE)")
    con.execute("INSERT INTO t VALUES ('a'), ('A')")
    view_after(con, "SELECT s FROM t", "UPDATE t SET s = 'B' WHERE s = 'a'", "UPDATE t SET s = 'b'")
    assert rows(con, "SELECT s FROM v") == [("b",), ("b",)]


def test_double_primary_key(con: Con) -> None:
    con.execute("CREATE TABLE t (d DOUBLE PRIMARY KEY, s VARCHAR)")
    con.execute("INSERT INTO t VALUES (0.0, 'a'), ('nan', 'b')")
    view_after(
        con,
        "SELECT * FROM t",
        "DELETE FROM t WHERE d = 0",
        "INSERT INTO t VALUES ('-0.0', 'c')",
        "UPDATE t SET s = 'd'",
    )


@pytest.mark.parametrize(
    "kind", ["TINYINT", "SMALLINT", "UBIGINT", "HUGEINT", "UHUGEINT", "DATE", "TIMESTAMPTZ", "UUID", "BLOB"]
)
def test_keys_of_many_types(con: Con, kind: str) -> None:
    con.execute(f"CREATE TABLE t (k {kind} PRIMARY KEY, s VARCHAR)")
    keys = {
        "DATE": ["2000-01-01", "2000-01-02"],
        "TIMESTAMPTZ": ["2000-01-01 00:00:00+00", "2000-01-02 00:00:00+00"],
        "UUID": ["00000000-0000-0000-0000-000000000001", "00000000-0000-0000-0000-000000000002"],
    }.get(kind, ["1", "2"])
    for key in keys:
        con.execute(f"INSERT INTO t VALUES ('{key}'::{kind}, 'a')")
    view_after(
        con,
        "SELECT k, upper(s) AS u FROM t",
        f"UPDATE t SET s = 'b' WHERE k = '{keys[0]}'::{kind}",
        "DELETE FROM t WHERE s = 'b'",
    )
    assert sorted(op for (op,) in rows(con, "SELECT op FROM coco_changes('v')")) == [
        *("delete", "insert", "insert", "update_after", "update_before"),
    ]


def test_many_copies_of_a_row(con: Con) -> None:
    con.execute("CREATE TABLE t AS SELECT 'x' AS s FROM range(1000)")
    view_after(
        con,
        "SELECT s FROM t",
        "INSERT INTO t VALUES ('x')",
        "DELETE FROM t WHERE rowid % 2 = 0",
        "INSERT INTO t VALUES ('y')",
    )
    assert one(con, "SELECT count(DISTINCT row_id) = count(*) FROM coco_lineage('v')")


def test_different_sources_rows_give_the_same_row(con: Con) -> None:
    """Rows gone and rows new are netted: what leaves with one row and comes with another stays, with its row_id."""
    con.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, s VARCHAR)")
    con.execute("INSERT INTO t VALUES (1, 'x')")
    con.execute("CREATE INCREMENTAL VIEW v AS SELECT s FROM t")
    before = rows(con, "SELECT row_id FROM coco_lineage('v')")
    con.execute("DELETE FROM t")
    con.execute("INSERT INTO t VALUES (2, 'x')")
    (row,) = rows(con, "REFRESH INCREMENTAL VIEW v")
    assert row[1:5] == (1, 0, 0, 0)
    assert rows(con, "SELECT row_id FROM coco_lineage('v')") == before
    assert rows(con, "SELECT source_key, source_state FROM coco_lineage('v')") == [('{"id":2}', "current")]
    con.execute("DELETE FROM t")
    con.execute("REFRESH INCREMENTAL VIEW v")
    assert rows(con, "FROM v") == []


def test_star_follows_the_table(con: Con) -> None:
    con.execute("CREATE TABLE t AS SELECT 1 AS a")
    view_after(
        con,
        "SELECT * FROM t",
        "ALTER TABLE t ADD COLUMN b VARCHAR",
        "UPDATE t SET b = 'x'",
        "ALTER TABLE t RENAME COLUMN a TO c",
        "ALTER TABLE t ALTER c TYPE VARCHAR",
        "ALTER TABLE t DROP COLUMN b",
    )


def test_a_view_on_a_view_whose_columns_change(con: Con) -> None:
    con.execute("CREATE TABLE t AS SELECT 1 AS a")
    con.execute("CREATE INCREMENTAL VIEW v AS SELECT * FROM t")
    con.execute("CREATE INCREMENTAL VIEW w AS SELECT *, 1 AS one FROM v")
    for change in ["ALTER TABLE t ADD COLUMN b VARCHAR", "UPDATE t SET b = 'x'", "ALTER TABLE t DROP COLUMN b"]:
        con.execute(change)
        con.execute("REFRESH INCREMENTAL VIEW w")
        assert_view_equals_query(con, "v", "SELECT * FROM t")
        assert_view_equals_query(con, "w", "SELECT *, 1 AS one FROM t")


def test_a_source_made_anew(con: Con) -> None:
    con.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, s VARCHAR)")
    con.execute("INSERT INTO t VALUES (1, 'a')")
    view_after(
        con,
        "SELECT id, s FROM t",
        "CREATE OR REPLACE TABLE t AS SELECT 1 AS id, 'b' AS s FROM range(3)",
        "CREATE OR REPLACE TABLE t AS SELECT 'k' AS id, 'b' AS s",
        "CREATE OR REPLACE TABLE t (s VARCHAR PRIMARY KEY, id INTEGER)",
        "INSERT INTO t VALUES ('q', 1)",
        "CREATE OR REPLACE TABLE t (s VARCHAR, id BIGINT PRIMARY KEY)",
        "INSERT INTO t VALUES ('q', 1)",
    )


def test_plain_views_and_macros_are_expanded_anew(con: Con) -> None:
    con.execute("CREATE TABLE t AS SELECT 2 AS a")
    con.execute("CREATE VIEW p AS SELECT a FROM t")
    con.execute("CREATE MACRO m(x) AS x + 1")
    view_after(
        con,
        "SELECT a, m(a) AS b FROM p",
        "CREATE OR REPLACE MACRO m(x) AS x + 2",
        "CREATE OR REPLACE VIEW p AS SELECT a * 10 AS a FROM t",
        "INSERT INTO t VALUES (4)",
    )


def test_a_plain_view_over_an_incremental_view(con: Con) -> None:
    con.execute("CREATE TABLE t AS SELECT 2 AS a")
    con.execute("CREATE INCREMENTAL VIEW v AS SELECT a + 1 AS a FROM t")
    con.execute("CREATE VIEW p AS SELECT a * 2 AS a FROM v")
    con.execute("CREATE INCREMENTAL VIEW w AS SELECT a FROM p")
    con.execute("INSERT INTO t VALUES (10)")
    con.execute("REFRESH INCREMENTAL VIEW w")
    assert_view_equals_query(con, "w", "SELECT (a + 1) * 2 AS a FROM t")


def test_table_functions_and_files(con: Con, tmp_path: Any) -> None:
    file = tmp_path / "data.csv"
    file.write_text("a,b\n1,x\n2,y\n")
    view_after(con, f"SELECT a, b FROM read_csv('{file}')")
    file.write_text("a,b\n1,x\n3,z\n")
    con.execute("REFRESH INCREMENTAL VIEW v")
    assert rows(con, "SELECT a, b FROM v ORDER BY ALL") == [(1, "x"), (3, "z")]
    con.execute(f"CREATE INCREMENTAL VIEW f AS SELECT * FROM '{file}'")
    file.write_text("a,b\n7,x\n")
    con.execute("REFRESH INCREMENTAL VIEW f")
    assert rows(con, "FROM f") == [(7, "x")]


def test_a_source_in_another_database(con: Con) -> None:
    con.execute("ATTACH ':memory:' AS other; CREATE SCHEMA other.deep; CREATE TABLE other.deep.t AS SELECT 1 AS a")
    view_after(con, "SELECT a FROM other.deep.t", "INSERT INTO other.deep.t VALUES (2)", "TRUNCATE other.deep.t")


def test_settings_that_change_results_are_kept(con: Con) -> None:
    con.execute(
        "SET TimeZone = 'America/New_York'; SET integer_division = true; SET default_null_order = 'nulls_first'"
    )
    con.execute("CREATE TABLE t AS SELECT TIMESTAMPTZ '2000-01-01 00:00:00+00' AS moment, 7 AS n")
    query = "SELECT moment::DATE AS day, n / 2 AS half, (SELECT list(x ORDER BY x) FROM (VALUES (1), (NULL)) AS o(x)) AS o FROM t"
    con.execute(f"CREATE INCREMENTAL VIEW v AS {query}")
    assert_view_equals_query(con, "v", query)
    expected = rows(con, "FROM v")
    con.execute("RESET TimeZone; SET TimeZone = 'UTC'; RESET integer_division; RESET default_null_order")
    con.execute("REFRESH INCREMENTAL VIEW v FULL")
    assert rows(con, "FROM v") == expected


def test_two_views_share_one_function_and_its_results(con: Con) -> None:
    calls = Calls()

    @cocosql.udf
    def up(s: str) -> str:
        calls.note(s)
        return s.upper()

    cocosql.register(con, up)
    con.execute("CREATE TABLE t AS SELECT 'a' AS s")
    con.execute("CREATE INCREMENTAL VIEW v AS SELECT up(s) AS u FROM t WHERE up(s) <> 'B'")
    con.execute("CREATE INCREMENTAL VIEW w AS SELECT lower(up(s)) AS l, up(s) AS u FROM t")
    con.execute("CREATE INCREMENTAL VIEW x AS SELECT up(s) AS u, count(*) AS n FROM t GROUP BY u")
    assert calls == {"'a'": 1}


def test_a_view_of_many_rows_and_chunks(con: Con) -> None:
    calls = Calls()

    @cocosql.udf(batch_size=500)
    def digest(s: list[str]) -> list[str]:
        calls["batches"] += 1
        calls["rows"] += len(s)
        assert len(s) <= 500
        return [f"<{text}>" for text in s]

    cocosql.register(con, digest)
    con.execute("CREATE TABLE t AS SELECT i AS id, 's' || (i % 5000) AS s FROM range(20000) r(i)")
    con.execute("CREATE INCREMENTAL VIEW v AS SELECT id, digest(s) AS d FROM t")
    assert calls == {"batches": 10, "rows": 5000}
    assert_same(con, "FROM v", "SELECT id, '<' || s || '>' AS d FROM t")
    con.execute("UPDATE t SET s = 'new' || id WHERE id % 100 = 0")
    (row,) = rows(con, "REFRESH INCREMENTAL VIEW v")
    assert row[2:6] == (200, 0, 200, 200)
    assert_same(con, "FROM v", "SELECT id, '<' || s || '>' AS d FROM t")
