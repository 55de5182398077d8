"""Aggregate: groups of rows, of which those are worked out anew that a row came to or went from.

    SELECT lang, count(*) AS n, sum(len(body)) AS size FROM notes GROUP BY lang HAVING count(*) > 1

    below:  SELECT lang AS coco_k1, len(body) AS coco_a1 FROM notes      (a map, whose rows are arranged by group)
    gone:   the groups of the arranged rows whose source row is gone or changed, and of those that are new
    new:    SELECT coco_k1 AS lang, count(*) AS n, sum(coco_a1) AS size FROM <the arranged rows of these groups>
            GROUP BY coco_k1, coco_group HAVING count(*) > 1

State: the arranged rows, each with its source id, its group, and what keys and arguments are; the rows of the view.
"""

from collections.abc import Callable
from dataclasses import dataclass

from sqlglot import exp

from cocosql.planner.call_sites import Callee, calls_in
from cocosql.planner.operators.map import SOURCE_ID, Map, NotMap, expand_names, plain_select, plan_map
from cocosql.planner.sources import EXACT, Source
from cocosql.sqltext import fingerprint, idents, render

KIND = "aggregate"
RULE = "the groups of changed rows are worked out anew"
GROUP = "coco_group"

_CLAUSES = {"expressions", "from_", "joins", "where", "group", "having", "order", "kind", "hint"}
#: Key types of which a group has one fingerprint, and their kin: DECIMAL(5, 2), ENUM('a', 'b'), TIMESTAMP_S.
_KEYS = (*EXACT, "DECIMAL", "ENUM")


@dataclass(frozen=True)
class Aggregate:
    below: Map
    #: What the rows below have: the keys, and what the aggregates take.
    keys: list[str]
    arguments: list[str]
    items: list[exp.Expr]
    having: exp.Expr | None
    #: The types of the columns below.
    types: list[str]

    @property
    def arranged_columns(self) -> list[str]:
        return [*self.keys, *self.arguments]

    @property
    def group(self) -> str:
        """The group of a row, as SQL: the fingerprint of its keys. Without keys there is one."""
        return fingerprint(self.keys)

    def rows_sql(self, arranged: str, column_names: list[str]) -> str:
        """The view's rows for a relation of arranged rows, each with its group as source id."""
        group, grouping = GROUP, f" GROUP BY {idents([*self.keys, GROUP])}"
        if not self.keys:  # there is a row even if there are none below
            group, grouping = self.group, ""
        having = f" HAVING {render(self.having)}" if self.having is not None else ""
        items = ", ".join(map(render, self.items))
        query = f"SELECT {items}, {group} FROM ({arranged}) AS arranged{grouping}{having}"
        return f"SELECT * FROM ({query}) AS coco_rows ({idents([*column_names, SOURCE_ID])})"

    def key(self, column_names: list[str]) -> list[str]:
        """The columns that show the keys; empty if not all are shown."""
        shown: dict[str, str] = {}
        for item, name in zip(self.items, column_names, strict=True):
            bare = item.this if isinstance(item, exp.Alias) else item
            if isinstance(bare, exp.Column):
                shown.setdefault(bare.name, name)
        return [shown[key] for key in self.keys] if all(key in shown for key in self.keys) else []


def plan_aggregate(
    tree: exp.Query,
    sources: list[Source],
    callees: dict[str, Callee],
    aggregates: set[str],
    describe: Callable[[exp.Query], list[tuple[str, str]]],
) -> Aggregate:
    """The aggregate that a query is. `describe` tells names and types of a query's columns.

    Raises:
        NotMap: if it is none, or what is below is no map.
    """
    select = plain_select(tree, _CLAUSES)
    expand_names(select, sources)
    columns = _Below(aggregates, callees)
    for key in _keys(select, aggregates):
        columns.add_key(key)
    items = [columns.over(item) for item in select.expressions]
    having = columns.over(select.args["having"].this) if select.args.get("having") else None
    below = select.copy()
    for clause in ("group", "having", "order"):
        below.set(clause, None)
    below.set("expressions", columns.select_list())
    planned = plan_map(below, sources, callees, aggregates)
    types = [kind for _, kind in describe(below)]
    _check_types(types[: len(columns.keys)])
    return Aggregate(planned, list(columns.keys.values()), columns.argument_names(), items, having, types)


def _check_types(keys: list[str]) -> None:
    """Refuse keys whose groups have no one fingerprint."""
    for kind in keys:
        if not kind.startswith(_KEYS) or kind.endswith("]"):
            raise NotMap(f"GROUP BY a {kind}, whose equal values can be told apart, has no incremental rule yet")


def layout(operator: Aggregate, source_id_type: str) -> list[tuple[str, str]]:
    """Names and types of the columns of the arranged rows."""
    columns = zip(operator.arranged_columns, operator.types, strict=True)
    return [(GROUP, "UHUGEINT"), (SOURCE_ID, source_id_type), *((name, kind) for name, kind in columns)]


class _Below:
    """The columns of the rows below: keys, and what aggregates take of each row."""

    def __init__(self, aggregates: set[str], callees: dict[str, Callee]) -> None:
        #: Names by what the columns are, as text.
        self.keys: dict[str, str] = {}
        self.arguments: dict[str, str] = {}
        self._expressions: dict[str, exp.Expr] = {}
        self._aggregates = aggregates
        self._callees = callees

    def add_key(self, key: exp.Expr) -> None:
        self._add(self.keys, "coco_k", key)

    def argument_names(self) -> list[str]:
        return list(self.arguments.values()) or ["coco_a0"]

    def select_list(self) -> list[exp.Expr]:
        columns = [*self.keys.values(), *self.arguments.values()]
        expressions = [exp.alias_(self._expressions[name].copy(), name, quoted=True) for name in columns]
        return expressions if self.arguments else [*expressions, exp.alias_(exp.true(), "coco_a0", quoted=True)]

    def over(self, part: exp.Expr) -> exp.Expr:
        """A part of the query over these columns.

        Raises:
            NotMap: if it names others, or calls a Python function of what is aggregated.
        """
        holder = exp.Paren(this=part.copy())
        for call in calls_in(holder, self._aggregates):
            if len(calls_in(call, self._aggregates)) > 1:
                raise NotMap("an aggregate of an aggregate has no incremental rule yet")
            for argument in _arguments(call):
                argument.replace(exp.column(self._add(self.arguments, "coco_a", argument), quoted=True))
        for node in list(holder.walk()):
            name = self.keys.get(_text(node)) if node is not holder else None
            if name:
                node.replace(exp.column(name, quoted=True))
        self._check(holder)
        over: exp.Expr = holder.this
        return over

    def _check(self, part: exp.Expr) -> None:
        known = {*self.keys.values(), *self.arguments.values()}
        for column in part.find_all(exp.Column):
            if column.name not in known:
                raise NotMap(f"column {column.name}, neither grouped nor aggregated, has no incremental rule yet")
        if calls_in(part, self._callees):
            raise NotMap("a Python function of an aggregate's result has no incremental rule yet")

    def _add(self, names: dict[str, str], prefix: str, expression: exp.Expr) -> str:
        name = names.setdefault(_text(expression), f"{prefix}{len(names) + 1}")
        self._expressions.setdefault(name, expression.copy())
        return name


def _text(expression: exp.Expr) -> str:
    """What an expression is, however its names are written."""
    copy = expression.copy()
    for identifier in copy.find_all(exp.Identifier):
        identifier.set("this", identifier.name.lower())
        identifier.set("quoted", True)
    return render(copy.unnest())


def _keys(select: exp.Select, aggregates: set[str]) -> list[exp.Expr]:
    """What the query groups by, as expressions over its source."""
    group = select.args.get("group")
    if group is None:
        return []
    if any(value for name, value in group.args.items() if name not in ("expressions", "all")):
        raise NotMap("GROUPING SETS, ROLLUP and CUBE have no incremental rule yet")
    items = [item.unalias() for item in select.expressions]
    if group.args.get("all"):
        return [item for item in items if not calls_in(item, aggregates) and item.find(exp.Column)]
    keys = [_key(key, items) for key in group.expressions]
    if any(calls_in(key, aggregates) or not key.find(exp.Column) for key in keys):
        raise NotMap("GROUP BY what is no expression of columns has no incremental rule yet")
    return keys


def _key(key: exp.Expr, items: list[exp.Expr]) -> exp.Expr:
    """A key, which may be the number of an item."""
    return items[int(key.name) - 1] if isinstance(key, exp.Literal) and not key.is_string else key


def _arguments(call: exp.Anonymous) -> list[exp.Expr]:
    """What an aggregate takes of each row: its arguments, what it orders by, and the condition of its FILTER."""
    found = [leaf for argument in call.expressions for leaf in _leaves(argument)]
    if isinstance(call.parent, exp.Filter):
        found.append(call.parent.expression.this)
    return [leaf for leaf in found if leaf.find(exp.Column) or leaf.find(exp.Anonymous)]


def _leaves(argument: exp.Expr) -> list[exp.Expr]:
    match argument:
        case exp.Star():
            return []
        case exp.Order():
            first = [argument.this] if argument.this is not None else []
            return [leaf for part in [*first, *argument.expressions] for leaf in _leaves(part)]
        case exp.Distinct():
            return [leaf for part in argument.expressions for leaf in _leaves(part)]
        case exp.Ordered():
            return _leaves(argument.this)
        case _:
            return [argument]
