"""Random SQL: schemas, queries that have one right answer, and changes of tables.

Queries are typed: every expression has one of the kinds of KINDS. Python functions are written py_<name>; the same query
with macros, for DuckDB alone, is `with_macros(sql)`. What makes a query have one right answer:

* what depends on an order (windows, LIMIT, DISTINCT ON, lists) is ordered by everything that can be seen;
* 0.0 and -0.0 are the same for comparisons, yet not the same value: `canonical` makes one of them, and only plain
  projections show doubles as they are;
* doubles have few bits, so that their sums do not depend on the order; what would (variances) is rounded.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from hypothesis import strategies as st

import cocosql

T = TypeVar("T")

# --- Python functions, and the macros that mean the same --------------------------------------------------------------


@cocosql.udf
def py_up(s: str) -> str:
    return s.upper() + "!"


@cocosql.udf(batch_size=3)
def py_twice(n: list[int]) -> list[int]:
    return [2 * value + 1 for value in n]


@cocosql.udf
def py_known(n: int | None) -> bool:
    return n is not None


@cocosql.udf
def py_half(d: float) -> float:
    return d / 2


@cocosql.udf
def py_ones(n: int) -> list[int]:
    return [1] * (abs(n) % 3)


FUNCTIONS = [py_up, py_twice, py_known, py_half, py_ones]
MACROS = """
CREATE MACRO m_up(s) AS upper(s) || '!';
CREATE MACRO m_twice(n) AS (n::BIGINT * 2 + 1)::BIGINT;
CREATE MACRO m_known(n) AS n IS NOT NULL;
CREATE MACRO m_half(d) AS d / 2;
CREATE MACRO m_ones(n) AS CASE WHEN n IS NOT NULL THEN list_resize([]::BIGINT[], abs(n) % 3, 1::BIGINT) END;
"""


def with_macros(sql: str) -> str:
    return sql.replace("py_", "m_")


# --- kinds of values --------------------------------------------------------------------------------------------------

INT, TEXT, REAL, MONEY, DAY, BOOL, LIST, STRUCT = "int", "text", "real", "money", "day", "bool", "list", "struct"
KINDS = [INT, TEXT, REAL, MONEY, DAY, BOOL, LIST, STRUCT]

#: The columns that tables may have: kind, SQL type, values.
COLUMNS: dict[str, tuple[str, str, Sequence[Any]]] = {
    "id": (INT, "INTEGER", range(8)),
    "k": (TEXT, "VARCHAR", ["a", "b", "a", "A", "", "ä"]),
    "n": (INT, "INTEGER", [None, 0, 1, 1, 1, 2, 3, -1]),
    "g": (INT, "INTEGER", [0, 0, 0, 1, None]),
    "s": (TEXT, "VARCHAR", [None, "", "a", "b c", "A", "a"]),
    "d": (REAL, "DOUBLE", [None, 0.0, -0.0, math.nan, 1.5, math.inf, -2.25, 1.5]),
    "m": (MONEY, "DECIMAL(9,2)", [None, "0.00", "1.50", "-0.75", "10.00"]),
    "day": (DAY, "DATE", [None, "2000-01-01", "2000-01-31", "2000-02-29", "1999-12-31"]),
    "b": (BOOL, "BOOLEAN", [None, True, False]),
    "l": (LIST, "INTEGER[]", [None, [], [1], [1, None], [2, 1], [1, 2]]),
    "p": (STRUCT, "STRUCT(x INTEGER, y VARCHAR)", [None, (1, "a"), (None, "a"), (1, None), (None, None)]),
}
LITERALS = {
    INT: ["0", "1", "2", "NULL::INTEGER"],
    TEXT: ["'a'", "''", "'b c'", "NULL::VARCHAR"],
    REAL: ["0.0::DOUBLE", "1.5::DOUBLE", "'nan'::DOUBLE", "NULL::DOUBLE"],
    MONEY: ["1.50::DECIMAL(9,2)", "0.00::DECIMAL(9,2)"],
    DAY: ["DATE '2000-01-31'", "DATE '2000-02-01'"],
    BOOL: ["true", "false", "NULL::BOOLEAN"],
    LIST: ["[1]", "[]::INTEGER[]", "[1, 2]"],
    STRUCT: ["struct_pack(x := 1, y := 'a')", "NULL::STRUCT(x INTEGER, y VARCHAR)"],
}


def literal(value: Any, sql_type: str) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, list):
        return "[" + ", ".join("NULL" if element is None else str(element) for element in value) + "]"
    if isinstance(value, tuple):
        x, y = value
        return f"{{'x': {literal(x, 'INTEGER')}, 'y': {literal(y, 'VARCHAR')}}}"
    if isinstance(value, float):
        return f"'{value}'::DOUBLE"
    return str(value) if isinstance(value, int) else f"'{value}'"


# --- tables and their changes -----------------------------------------------------------------------------------------

KEYS = {"none": [], "integer": ["id"], "composite": ["id", "k"]}


@dataclass(frozen=True)
class Table:
    name: str
    columns: list[str]
    key: list[str]

    @property
    def create(self) -> str:
        columns = ", ".join(f"{column} {COLUMNS[column][1]}" for column in self.columns)
        key = f", PRIMARY KEY ({', '.join(self.key)})" if self.key else ""
        return f"CREATE TABLE {self.name} ({columns}{key})"

    @property
    def others(self) -> list[str]:
        """The columns that are not of the key."""
        return [column for column in self.columns if column not in self.key]


def value_of(column: str) -> st.SearchStrategy[str]:
    _, sql_type, values = COLUMNS[column]
    return st.sampled_from([literal(value, sql_type) for value in values])


@st.composite
def row_of(draw: st.DrawFn, table: Table) -> str:
    return f"({', '.join(draw(value_of(column)) for column in table.columns)})"


@st.composite
def schema(draw: st.DrawFn) -> list[Table]:
    """2 to 4 tables. All have id and k, so that they join by USING and NATURAL."""
    tables = []
    for number in range(draw(st.integers(2, 4))):
        rest = [column for column in COLUMNS if column not in ("id", "k")]
        chosen = draw(st.lists(st.sampled_from(rest), min_size=2, max_size=5, unique=True))
        columns = ["id", "k", *(column for column in rest if column in chosen)]
        tables.append(Table(f"t{number}", columns, KEYS[draw(st.sampled_from(list(KEYS)))]))
    return tables


@st.composite
def filled(draw: st.DrawFn, table: Table) -> str:
    """A statement that fills a table at first."""
    lines = draw(st.lists(row_of(table), min_size=0, max_size=9))
    conflict = " ON CONFLICT DO NOTHING" if table.key else ""
    return f"INSERT INTO {table.name} VALUES {', '.join(lines)}{conflict}" if lines else f"TRUNCATE {table.name}"


CONDITIONS = ["id = 1", "id <= 2", "id % 2 = 0", "k = 'a'", "k <> 'a'", "id > 4 OR k = ''", "true"]


@st.composite
def inserted(draw: st.DrawFn, table: Table) -> str:
    lines = draw(st.lists(row_of(table), min_size=1, max_size=4))
    conflict = ""
    if table.key:
        column = draw(st.sampled_from(table.others))
        replaced = f"ON CONFLICT ({', '.join(table.key)}) DO UPDATE SET {column} = excluded.{column}"
        conflict = " " + draw(st.sampled_from(["ON CONFLICT DO NOTHING", replaced]))
        lines = lines[:1] if "UPDATE" in conflict else lines
    return f"INSERT INTO {table.name} VALUES {', '.join(lines)}{conflict}"


@st.composite
def inserted_much(draw: st.DrawFn, table: Table) -> str:
    """Tens of rows: the values of the pools by turns."""

    def pool(column: str) -> str:
        _, sql_type, values = COLUMNS[column]
        given = ", ".join(literal(value, sql_type) for value in values)
        return f"([{given}]::{sql_type}[])[1 + (i * {1 + len(column)} + i // 5) % {len(values)}]"

    columns = ", ".join("i" if column == "id" else pool(column) for column in table.columns)
    first = draw(st.sampled_from([0, 4, 100]))
    conflict = " ON CONFLICT DO NOTHING" if table.key else ""
    return f"INSERT INTO {table.name} SELECT {columns} FROM range({first}, {first + 24}) AS r(i){conflict}"


@st.composite
def updated(draw: st.DrawFn, table: Table) -> str:
    column = draw(st.sampled_from(table.others))
    value = draw(value_of(column))
    return f"UPDATE {table.name} SET {column} = {value} WHERE {draw(st.sampled_from(CONDITIONS))}"


@st.composite
def deleted(draw: st.DrawFn, table: Table) -> str:
    return f"DELETE FROM {table.name} WHERE {draw(st.sampled_from(CONDITIONS))}"


@st.composite
def key_moved(draw: st.DrawFn, table: Table) -> str:
    moved = draw(st.sampled_from(["id = id + 10", "id = 7 - id", "k = k || 'x'"]))
    return f"UPDATE {table.name} SET {moved} WHERE {draw(st.sampled_from(CONDITIONS))}"


@st.composite
def cancelled(draw: st.DrawFn, table: Table) -> str:
    """Changes that leave things as they were, or nearly."""
    name = table.name
    kept = f"CREATE OR REPLACE TEMP TABLE kept AS FROM {name}"
    return draw(
        st.sampled_from(
            [
                f"UPDATE {name} SET k = k",
                f"{kept}; DELETE FROM {name}; INSERT INTO {name} FROM kept",
                f"{kept}; TRUNCATE {name}; INSERT INTO {name} FROM kept WHERE id <> 1",
                f"BEGIN; DELETE FROM {name}; ROLLBACK",
                f"BEGIN; UPDATE {name} SET {table.others[-1]} = NULL; ROLLBACK",
            ]
        )
    )


def truncated(table: Table) -> st.SearchStrategy[str]:
    return st.just(f"TRUNCATE {table.name}")


@st.composite
def doubled(draw: st.DrawFn, table: Table) -> str:
    """Copies of rows, where there is no key; else as many rows with other keys."""
    columns = ", ".join("id + 20" if column == "id" else column for column in table.columns)
    condition = draw(st.sampled_from(CONDITIONS))
    return f"INSERT INTO {table.name} SELECT {columns if table.key else '*'} FROM {table.name} WHERE {condition}"


CHANGES: list[Callable[[Table], st.SearchStrategy[str]]] = [
    *(inserted, inserted, updated, updated, updated, deleted, deleted, key_moved, doubled),
    *(cancelled, inserted_much, truncated),
]


@st.composite
def changes(draw: st.DrawFn, tables: list[Table]) -> list[str]:
    """What happens between two refreshes."""
    found = []
    for _ in range(draw(st.sampled_from([1, 1, 2, 3]))):
        found.append(draw(draw(st.sampled_from(CHANGES))(draw(st.sampled_from(tables)))))
    return found


# --- queries ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Column:
    """A column that an expression can name."""

    sql: str
    kind: str


@dataclass(frozen=True)
class Relation:
    """What FROM can name: its columns are not qualified."""

    name: str
    columns: list[Column]

    def __str__(self) -> str:
        return self.name


def canonical(sql: str, kind: str) -> str:
    """The same for doubles that compare as the same. DuckDB keeps this addition: it folds only those of integers."""
    return f"({sql} + 0.0::DOUBLE)" if kind == REAL else sql


def as_columns(kinds: list[str]) -> list[Column]:
    return [Column(f"c{number}", kind) for number, kind in enumerate(kinds)]


def relation_of(table: Table) -> Relation:
    return Relation(table.name, [Column(column, COLUMNS[column][0]) for column in table.columns])


#: Aggregates by the kind of their result: templates over expressions of the kind in braces.
AGGREGATES = {
    INT: [
        *("count(*)", "count({any})", "sum({int})", "min({int})", "max({int})", "count(DISTINCT {any})"),
        *("sum(DISTINCT {int})", "bit_xor({int})", "bit_or({int})", "count_if({bool})", "quantile_disc({int}, 0.5)"),
        *("mode({int} ORDER BY {=})", "first({int} ORDER BY {=})", "any_value({int} ORDER BY {=} DESC)"),
        "arg_max({int}, struct_pack(a := {text}, b := {=}))",
    ],
    TEXT: [
        *("min({text})", "max({text})", "string_agg({text}, ',' ORDER BY {=})", "last({text} ORDER BY {=})"),
        *("arg_min({text}, struct_pack(a := {int}, b := {=}))", "string_agg(DISTINCT {text}, ',' ORDER BY {=})"),
        "mode({text} ORDER BY {=} DESC)",
    ],
    REAL: [
        *("sum({real})", "avg({int})", "min({real})", "max({real})", "avg({real})", "median({int})"),
        *("quantile_cont({int}, 0.25)", "round(stddev({int}), 6)", "round(var_pop({int}), 6)"),
        *("round(corr({int}, {int}), 6)", "round(covar_samp({int}, {int}), 6)", "avg({money})"),
    ],
    MONEY: ["sum({money})", "min({money})", "max({money})", "max({money}) - min({money})"],
    DAY: ["min({day})", "max({day})", "arg_max({day}, struct_pack(a := {int}, b := {=}))"],
    BOOL: ["bool_or({bool})", "bool_and({bool})", "count(*) > 1", "max({int}) IS NULL"],
    LIST: ["list({int} ORDER BY {=})", "list(DISTINCT {int} ORDER BY {=})", "max({list})", "max({int}, 2)"],
    STRUCT: ["min({struct})", "first({struct} ORDER BY {=})"],
}
#: Window functions, before OVER.
WINDOWS = {
    INT: [
        *("row_number()", "rank()", "dense_rank()", "ntile(2)", "sum({int})", "count(*)", "count({any})", "min({int})"),
        *("lag({int})", "lead({int}, 2, 0)", "first_value({int})", "last_value({int})", "nth_value({int}, 2)"),
    ],
    TEXT: ["lag({text})", "max({text})", "string_agg({text}, ',')", "first_value({text})"],
    REAL: ["percent_rank()", "cume_dist()", "avg({int})", "max({real})", "sum({real})"],
    BOOL: ["bool_or({bool})", "lag({bool})"],
}
FRAMES = [
    *(
        "",
        "",
        "",
        " ROWS BETWEEN 1 PRECEDING AND CURRENT ROW",
        " ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING",
    ),
    " ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING EXCLUDE CURRENT ROW",
]
COMPARED = ["=", "<>", "<", ">=", "IS NOT DISTINCT FROM", "IS DISTINCT FROM"]
SET_OPERATIONS = ["UNION ALL", "UNION", "INTERSECT", "EXCEPT", "INTERSECT ALL", "EXCEPT ALL", "UNION ALL BY NAME"]


@dataclass
class Grammar:
    """Draws queries over relations. Nested parts get a smaller depth."""

    draw: st.DrawFn
    relations: list[Relation]
    #: Columns of enclosing queries.
    outer: list[Column] = field(default_factory=list)
    aliases: list[int] = field(default_factory=lambda: [0])
    ctes: int = 0

    # Small draws.

    def pick(self, options: Sequence[T]) -> T:
        return self.draw(st.sampled_from(options))

    def chance(self, percent: int) -> bool:
        return self.draw(st.integers(0, 99)) >= 100 - percent

    def alias(self, prefix: str = "a") -> str:
        self.aliases[0] += 1
        return f"{prefix}{self.aliases[0]}"

    def inner(self, scope: list[Column]) -> "Grammar":
        """The grammar of a subquery that sees the columns of this one."""
        return Grammar(self.draw, self.relations, [*scope, *self.outer], self.aliases, self.ctes)

    def alone(self) -> "Grammar":
        """The grammar of a subquery that sees none."""
        return Grammar(self.draw, self.relations, [], self.aliases, self.ctes)

    # Expressions.

    def column(self, scope: list[Column], kind: str) -> str | None:
        found = [column.sql for column in scope if column.kind == kind]
        return self.pick(found) if found else None

    def leaf(self, scope: list[Column], kind: str) -> str:
        outer = self.column(self.outer, kind) if self.outer and self.chance(25) else None
        column = outer or self.column(scope, kind)
        if column is None or self.chance(10):
            return self.pick(LITERALS[kind])
        return canonical(column, kind)

    def expression(self, scope: list[Column], kind: str, depth: int) -> str:
        """Doubles among its results are canonical."""
        if depth <= 0 or self.chance(40):
            return self.leaf(scope, kind)
        template = self.pick(self.templates(scope, kind))
        return canonical(self.filled(template, scope, depth - 1), kind)

    def filled(self, template: str, scope: list[Column], depth: int) -> str:
        """Expressions in place of {kind}, {any}; {=} is the first of them again."""
        made, first = "", ""
        for piece in template.replace("}", "{").split("{"):
            if piece == "=":
                # DuckDB refuses to order by a literal.
                made += f"coalesce({first}, {first})" if first[0] in "'0123456789" else first
            elif piece == "any":
                made += self.expression(scope, self.pick(KINDS), depth)
            elif piece in KINDS:
                found = self.expression(scope, piece, depth)
                first = first or found
                made += found
            elif piece.startswith("?"):
                made += self.scalar_subquery(scope, piece[1:], depth)
            else:
                made += piece
        return made

    def templates(self, scope: list[Column], kind: str) -> list[str]:
        same = f"{{{kind}}}"
        every = [
            f"CASE WHEN {{bool}} THEN {same} ELSE {same} END",
            f"coalesce({same}, {same})",
            f"nullif({same}, {same})",
        ]
        special = {
            INT: ["({int} + 1)", "({int} - {int})", "len({text})", "({int} % 2)", "py_twice(({int})::BIGINT)", "{struct}.x", "year({day})",
                  "len({list})", "list_sum({list})", "({bool})::INTEGER", "{?int}", "{list}[1]"],
            TEXT: ["upper({text})", "({text} || {text})", "py_up({text})", "({struct}).y", "({int})::VARCHAR", "{?text}",
                   "py_up(py_up({text}))", "({real})::VARCHAR"],
            REAL: ["(-{real})", "({real} + {int})", "({money})::DOUBLE", "py_half({real})", "({int} / 2)"],
            MONEY: ["({money} + 1.25)", "abs({money})", "greatest({money}, {money})"],
            DAY: ["({day} + 1)", "date_trunc('month', {day})::DATE", "{?day}"],
            BOOL: ["{predicate}"],
            LIST: ["[{int}, {int}]::INTEGER[]", "list_transform({list}, lambda e: e + 1)", "list_distinct({list}).list_sort()",
                   "list_filter({list}, lambda e: e > 1)", "py_ones(({int})::BIGINT)"],
            STRUCT: ["struct_pack(x := ({int})::INTEGER, y := {text})"],
        }[kind]  # fmt: skip
        if kind == BOOL:
            return [self.predicate(scope, 1)]
        special = [
            template.replace("{struct}.x", "({struct}).x").replace("{list}[1]", "({list})[1]") for template in special
        ]
        return [*special, *special, *every]

    def predicate(self, scope: list[Column], depth: int) -> str:
        kind = self.pick([INT, INT, TEXT, *KINDS])
        same = f"{{{kind}}}"
        choices = [
            f"({same} {self.pick(COMPARED)} {same})",
            f"({same} IS NULL)",
            "({int} > 0)",
            "({text} = 'a')",
            f"({same} IS NOT NULL AND ({{int}} < 2))",
            "({int} IN (1, 2, NULL))",
            "({int} NOT IN (0, 3))",
            "({int} BETWEEN 0 AND {int})",
            "({text} LIKE 'a%')",
            "py_known(({int})::BIGINT)",
            "(py_up({text}) = 'A!')",
            "(NOT ({bool}))",
            "(({int} = 1) OR ({text} = 'a'))",
        ]
        template = self.pick(choices)
        if depth > 0 and self.chance(30):
            return self.subquery_predicate(scope, depth)
        return self.filled(template, scope, depth - 1)

    # Subqueries in expressions.

    def subquery_predicate(self, scope: list[Column], depth: int) -> str:
        form = self.pick(["EXISTS", "NOT EXISTS", "IN", "NOT IN", "ANY", "ALL", "row IN"])
        kind = self.pick([INT, TEXT, INT, DAY])
        if "EXISTS" in form:
            return f"{form} ({self.inner(scope).correlated(scope, '1', depth)})"
        operand = self.expression(scope, kind, depth - 1)
        if form == "row IN":
            other = self.expression(scope, INT, depth - 1)
            query = self.alone().select([kind, INT], depth - 1)
            return f"(({operand}, {other}) {self.pick(['IN', 'NOT IN'])} ({query}))"
        query = (
            self.inner(scope).correlated(scope, f"{{{kind}}}", depth)
            if self.chance(50)
            else self.alone().query(depth - 1, [kind])
        )
        if form in ("ANY", "ALL"):
            return f"({operand} {self.pick(['=', '<', '>=', '<>'])} {form} ({query}))"
        return f"({operand} {form} ({query}))"

    def correlated(self, scope: list[Column], item: str, depth: int) -> str:
        """A query that compares a column of a relation with one of the enclosing query.

        The item is of this query alone: an aggregate of outer columns would be one of the enclosing query.
        """
        source, columns = self.named(depth)
        kind = self.pick([INT, TEXT, INT])
        here = canonical(self.column(columns, kind) or self.pick(LITERALS[kind]), kind)
        there = canonical(self.column(scope, kind) or self.pick(LITERALS[kind]), kind)
        more = f" AND {self.predicate(columns, 0)}" if self.chance(40) else ""
        shown = self.alone().filled(item, columns, depth - 1)
        return f"SELECT {shown} FROM {source} WHERE {here} {self.pick(['=', '=', '=', '<', '<>'])} {there}{more}"

    def scalar_subquery(self, scope: list[Column], kind: str, depth: int) -> str:
        """One row at most: an aggregate, or the first of an order."""
        aggregate = self.pick(AGGREGATES[kind])
        if self.chance(60):
            return f"({self.inner(scope).correlated(scope, aggregate, depth)})"
        if self.chance(50):
            source, columns = self.named(depth)
            return f"(SELECT {self.alone().filled(aggregate, columns, 0)} FROM {source})"
        return f"(SELECT c0 FROM ({self.alone().select([kind], depth - 1)}) ORDER BY c0 DESC NULLS LAST LIMIT 1)"

    # FROM.

    def named(self, depth: int, columns: list[str] | None = None) -> tuple[str, list[Column]]:
        """A relation, or a query in brackets, with an alias."""
        alias = self.alias()
        if depth > 0 and self.chance(25):
            kinds = self.kinds()
            query = self.alone().query(depth - 1, kinds)
            return f"({query}) AS {alias}", [Column(f"{alias}.{c.sql}", c.kind) for c in as_columns(kinds)]
        relation = self.pick(self.relations)
        return f"{relation} AS {alias}", [Column(f"{alias}.{c.sql}", c.kind) for c in relation.columns]

    def kinds(self) -> list[str]:
        return [self.pick([INT, TEXT, *KINDS]) for _ in range(self.draw(st.integers(1, 4)))]

    def source(self, depth: int) -> tuple[str, list[Column]]:
        """What stands after FROM, and the columns that it offers."""
        form = self.pick(["named", "named", "join", "join", "joins", "using", "unnest", "lateral", "asof", "values"])
        if depth <= 0 or form == "named":
            return self.named(depth)
        return getattr(self, f"{form}_source")(depth)  # type: ignore[no-any-return]

    def join_source(self, depth: int) -> tuple[str, list[Column]]:
        return self.joined(*self.named(depth - 1), depth)

    def joins_source(self, depth: int) -> tuple[str, list[Column]]:
        return self.joined(*self.joined(*self.named(depth - 1), depth), 0)

    def joined(self, left: str, left_columns: list[Column], depth: int) -> tuple[str, list[Column]]:
        right, right_columns = self.named(depth - 1)
        kind = self.pick(["JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN", "SEMI JOIN", "ANTI JOIN", "CROSS JOIN", ","])
        both = [*left_columns, *right_columns]
        if kind in ("CROSS JOIN", ","):
            return f"{left}{'' if kind == ',' else ' '}{kind} {right}", both
        condition = self.join_condition(left_columns, right_columns)
        shown = left_columns if kind in ("SEMI JOIN", "ANTI JOIN") else both
        return f"{left} {kind} {right} ON {condition}", shown

    def join_condition(self, left: list[Column], right: list[Column]) -> str:
        kind = self.pick([INT, TEXT, INT, REAL, DAY, STRUCT, LIST])
        a, b = self.leaf(left, kind), self.leaf(right, kind)
        operator = self.pick(["=", "=", "=", "=", "<", "IS NOT DISTINCT FROM"])
        condition = f"{a} {operator} {b}"
        if kind == TEXT and self.chance(20):
            condition = f"py_up({a}) = {b} || '!'"
        if self.chance(30):
            condition += f" AND {self.predicate([*left, *right], 0)}"
        return condition

    def using_source(self, depth: int) -> tuple[str, list[Column]]:
        """USING or NATURAL, of tables: their columns of one name have one type."""
        tables = [relation for relation in self.relations if relation.name.startswith("t")]
        a, b = self.pick(tables), self.pick(tables)
        x, y = self.alias(), self.alias()
        common = [column.sql for column in a.columns if column.sql in {other.sql for other in b.columns}]
        kind = self.pick(["JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN", "SEMI JOIN", "ANTI JOIN"])
        natural = self.chance(30)
        used = common if natural else self.pick([["id"], ["k"], ["id", "k"]])
        how = f"NATURAL {kind} {b} AS {y}" if natural else f"{kind} {b} AS {y} USING ({', '.join(used)})"
        shown = [Column(column.sql, column.kind) for column in a.columns if column.sql in used and column.kind != REAL]
        shown += [Column(f"{x}.{column.sql}", column.kind) for column in a.columns if column.sql not in used]
        if kind not in ("SEMI JOIN", "ANTI JOIN"):
            shown += [Column(f"{y}.{column.sql}", column.kind) for column in b.columns if column.sql not in used]
        return f"{a} AS {x} {how}", shown

    def unnest_source(self, depth: int) -> tuple[str, list[Column]]:
        source, columns = self.named(depth - 1)
        alias = self.alias("u")
        unnested = self.pick([self.expression(columns, LIST, 1), f"py_ones(({self.leaf(columns, INT)})::BIGINT)"])
        return f"{source}, unnest({unnested}) AS {alias}(e)", [*columns, Column(f"{alias}.e", INT)]

    def lateral_source(self, depth: int) -> tuple[str, list[Column]]:
        source, columns = self.named(depth - 1)
        inner = self.inner(columns)
        kind = self.pick([INT, TEXT])
        aggregate = self.pick(AGGREGATES[kind])
        item = aggregate if self.chance(50) else f"{{{kind}}}"
        query = inner.correlated(columns, item, depth - 1).replace(" FROM ", " AS c0 FROM ", 1)
        if " AS c0 FROM " not in query or query.count("SELECT") > 1:
            query = f"SELECT {self.expression(columns, kind, 1)} AS c0"
        alias = self.alias()
        join = self.pick([", LATERAL ({}) AS {}", " LEFT JOIN LATERAL ({}) AS {} ON true"])
        return source + join.format(query, alias), [*columns, Column(f"{alias}.c0", kind)]

    def asof_source(self, depth: int) -> tuple[str, list[Column]]:
        """The right side has one row for each key and moment, else there were several right answers."""
        left, left_columns = self.named(depth - 1)
        right, right_columns = self.named(depth - 1)
        kind, moment = self.pick([INT, TEXT]), self.pick([INT, DAY])
        at, of = self.column(left_columns, moment), self.column(right_columns, moment)
        if at is None or of is None:
            return left, left_columns
        alias = self.alias()
        key = self.leaf(right_columns, kind)
        keyed = self.chance(70)
        unique = (
            f"SELECT {key if keyed else f'max({key})'} AS c0, {of} AS c1, count(*) AS c2, "
            f"min({self.leaf(right_columns, TEXT)}) AS c3 FROM {right} GROUP BY ALL"
        )
        shown = [Column(f"{alias}.c{i}", each) for i, each in enumerate([kind, moment, INT, TEXT])]
        equal = f"{self.leaf(left_columns, kind)} = {alias}.c0 AND " if keyed else ""
        order = f"{at} {self.pick(['>=', '>', '<'])} {alias}.c1"
        join = self.pick(["ASOF JOIN", "ASOF LEFT JOIN"])
        return f"{left} {join} ({unique}) AS {alias} ON {equal}{order}", [*left_columns, *shown]

    def values_source(self, depth: int) -> tuple[str, list[Column]]:
        alias = self.alias()
        lines = ["(1, 'a')", "(2, 'b')", "(1, NULL)", "(NULL, 'a')"]
        chosen = ", ".join(lines[: self.draw(st.integers(1, 4))])
        columns = [Column(f"{alias}.x", INT), Column(f"{alias}.y", TEXT)]
        left, left_columns = self.named(depth - 1)
        return f"{left}, (VALUES {chosen}) AS {alias}(x, y)", [*left_columns, *columns]

    # Queries: each gives columns c0, c1, … of the kinds that are asked for, with canonical doubles.

    def query(self, depth: int, kinds: list[str]) -> str:
        forms = [
            "select",
            "select",
            "grouped",
            "windowed",
            "distinct",
            "set_operation",
            "limited",
            "with_cte",
            "grouping_sets",
        ]
        form = self.pick(forms) if depth > 0 else self.pick(["select", "grouped"])
        return getattr(self, form)(kinds, depth)  # type: ignore[no-any-return]

    def items(self, scope: list[Column], kinds: list[str], depth: int) -> str:
        made = [f"{self.expression(scope, kind, min(depth, 2))} AS c{i}" for i, kind in enumerate(kinds)]
        return ", ".join(made)

    def where(self, scope: list[Column], depth: int) -> str:
        return f" WHERE {self.predicate(scope, min(depth, 2))}" if self.chance(50) else ""

    def select(self, kinds: list[str], depth: int) -> str:
        source, scope = self.source(depth)
        return f"SELECT {self.items(scope, kinds, depth)} FROM {source}{self.where(scope, depth)}{self.sorted(scope)}"

    def sorted(self, scope: list[Column]) -> str:
        """By what need not be shown. It decides nothing, as there is no LIMIT."""
        shown = [column for column in scope if column.kind not in (LIST, STRUCT)]
        return f" ORDER BY {self.pick(shown).sql}" if shown and self.chance(15) else ""

    def grouped(self, kinds: list[str], depth: int) -> str:
        source, scope = self.source(depth)
        keys = [self.expression(scope, self.pick(KINDS), 1) for _ in range(self.draw(st.integers(0, 2)))]
        keys = [key for key in keys if any(column.sql in key for column in scope) and "SELECT" not in key]
        items = [self.aggregate(scope, kind, keys, depth) for kind in kinds]
        return (
            f"SELECT {', '.join(f'{item} AS c{i}' for i, item in enumerate(items))} FROM {source}"
            f"{self.where(scope, depth)}{' GROUP BY ' + ', '.join(keys) if keys else ''}{self.having(scope)}"
            f"{' ORDER BY count(*)' if self.chance(10) else ''}"
        )

    def grouping_sets(self, kinds: list[str], depth: int) -> str:
        source, scope = self.source(depth)
        columns = [column for column in scope if column.kind != REAL] or [Column("1", INT)]
        keys = [self.pick(columns).sql for _ in range(2)]
        shape = self.pick(["ROLLUP ({})", "CUBE ({})", "GROUPING SETS (({}), ())"]).format(", ".join(keys))
        items = [self.aggregate(scope, kind, [], depth) for kind in kinds]
        if kinds[0] == INT and keys[0] != "1":
            items[0] = f"grouping({keys[0]})"
        made = ", ".join(f"{item} AS c{i}" for i, item in enumerate(items))
        return f"SELECT {made} FROM {source} GROUP BY {shape}{self.having(scope)}"

    def aggregate(self, scope: list[Column], kind: str, keys: list[str], depth: int) -> str:
        """A key of that kind, an aggregate, or an expression over aggregates."""
        nested = 1 if depth > 1 else 0
        made = self.filled(self.pick(AGGREGATES[kind]), scope, nested)
        if self.chance(15) and made.endswith(")") and " - " not in made and "round(" not in made:
            made += f" FILTER (WHERE {self.predicate(scope, 0)})"
        over = {
            INT: ["py_twice(({})::BIGINT)", "({} + count(*))", "coalesce({}, 0)"],
            TEXT: ["py_up({})", "upper({})"],
            BOOL: ["NOT ({})"],
        }
        made = self.pick(over[kind]).format(made) if kind in over and self.chance(20) else made
        return canonical(self.pick([made, f"min({self.leaf(scope, kind)})"]) if not keys else made, kind)

    def having(self, scope: list[Column]) -> str:
        if not self.chance(30):
            return ""
        return " HAVING " + self.filled(
            self.pick(
                ["count(*) > 1", "sum({int}) > 0", "max({text}) <> 'a'", "bool_or({bool})", "count(DISTINCT {int}) = 1"]
            ),
            scope,
            0,
        )

    def order(self, scope: list[Column]) -> str:
        """By all columns, so that rows that tie are the same."""
        columns = self.draw(st.permutations([canonical(column.sql, column.kind) for column in scope]))
        ways = [self.pick(["", "", " DESC", " DESC NULLS LAST", " NULLS FIRST"]) for _ in columns]
        return ", ".join(f"{column}{way}" for column, way in zip(columns, ways, strict=True))

    def windowed(self, kinds: list[str], depth: int) -> str:
        source, scope = self.source(depth)
        items = []
        for i, kind in enumerate(kinds):
            window = kind in WINDOWS and self.chance(70)
            sql = self.window(scope, kind) if window else self.expression(scope, kind, 1)
            items.append(f"{sql} AS c{i}")
        qualify = f" QUALIFY {self.window(scope, INT)} <= 2" if self.chance(30) else ""
        return f"SELECT {', '.join(items)} FROM {source}{self.where(scope, depth)}{qualify}"

    def window(self, scope: list[Column], kind: str) -> str:
        function = self.filled(self.pick(WINDOWS[kind]), scope, 0)
        partition = f"PARTITION BY {self.leaf(scope, self.pick([INT, TEXT, BOOL, REAL]))} " if self.chance(65) else ""
        ranking = function.split("(")[0] in (
            "row_number",
            "rank",
            "dense_rank",
            "ntile",
            "percent_rank",
            "cume_dist",
            "lag",
            "lead",
        )
        frame = "" if ranking else self.pick(FRAMES)
        return canonical(f"{function} OVER ({partition}ORDER BY {self.order(scope)}{frame})", kind)

    def distinct(self, kinds: list[str], depth: int) -> str:
        if self.chance(60):
            return self.select(kinds, depth).replace("SELECT", "SELECT DISTINCT", 1)
        inner, order, shown = self.hiding(kinds)
        first = order.split(",")[0].split(" DESC")[0].split(" NULLS")[0]
        return f"SELECT DISTINCT ON ({first}) {shown} FROM ({self.select(inner, depth - 1)}) ORDER BY {order}"

    def hiding(self, kinds: list[str]) -> tuple[list[str], str, str]:
        """The kinds of a query's columns, the order by all of them, and the select list that shows these kinds only."""
        inner = [*kinds, *self.draw(st.lists(st.sampled_from([INT, TEXT]), max_size=1))]
        return inner, self.order(as_columns(inner)), ", ".join(f"c{i}" for i in range(len(kinds)))

    def set_operation(self, kinds: list[str], depth: int) -> str:
        operation = self.pick(SET_OPERATIONS)
        order = self.pick(["", "", "", " ORDER BY c0", " ORDER BY c0 IS NULL"])
        return f"({self.query(depth - 1, kinds)}) {operation} ({self.query(depth - 1, kinds)}){order}"

    def limited(self, kinds: list[str], depth: int) -> str:
        inner, order, shown = self.hiding(kinds)
        query = self.query(depth - 1, inner)
        limit = self.pick(["LIMIT 2", "LIMIT 1 OFFSET 1", "LIMIT 5", "OFFSET 3"])
        form = self.pick(["SELECT {} FROM ({}) ORDER BY {} {}", "SELECT * FROM (SELECT {} FROM ({}) ORDER BY {}) {}"])
        return form.format(shown, query, order, limit)

    def with_cte(self, kinds: list[str], depth: int) -> str:
        made = self.kinds()
        name = self.alias("w")
        query = self.alone().query(depth - 1, made)
        hint = self.pick(["", "", "MATERIALIZED ", "NOT MATERIALIZED "])
        cte = Relation(name, as_columns(made))
        body = Grammar(self.draw, [cte, cte, *self.relations], [], self.aliases)
        if self.chance(40):
            key = canonical("x.c0", made[0])
            items = body.items([Column(f"{a}.{c.sql}", c.kind) for a in "xy" for c in cte.columns], kinds, 1)
            main = f"SELECT {items} FROM {name} AS x JOIN {name} AS y ON {key} = {canonical('y.c0', made[0])}"
        else:
            main = body.query(depth - 1, kinds)
        main = f"SELECT * FROM ({main})" if main.startswith("WITH") else main
        return f"WITH {name} AS {hint}({query}) {main}"


def plain(grammar: Grammar) -> tuple[str, list[str]]:
    """A query of one relation that shows all its columns as they are, with more beside."""
    relation = grammar.pick(grammar.relations)
    alias = grammar.alias()
    scope = [Column(f"{alias}.{column.sql}", column.kind) for column in relation.columns]
    kinds = grammar.kinds()
    items = grammar.items(scope, kinds, 2)
    return f"SELECT {alias}.*, {items} FROM {relation} AS {alias}{grammar.where(scope, 2)}", kinds


@st.composite
def queries(draw: st.DrawFn, relations: list[Relation], depth: int) -> tuple[str, list[Column]]:
    """A query, and its columns."""
    grammar = Grammar(draw, relations)
    if grammar.chance(10):
        relation = grammar.pick(relations)
        names = {column.sql for column in relation.columns}
        if not names & {"c0", "c1", "c2", "c3"}:
            grammar.relations = [relation]
            sql, kinds = plain(grammar)
            return sql, [*relation.columns, *as_columns(kinds)]
    kinds = grammar.kinds()
    return grammar.query(depth, kinds), as_columns(kinds)
