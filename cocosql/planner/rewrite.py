"""Rewriting the algebra into fewer kinds of relations, and into smaller ones.

`REWRITES` is the list; each takes the algebra of a query and gives one with the same rows.
"""

import itertools
import re
from collections.abc import Callable, Iterator
from dataclasses import replace

from cocosql.expressions import column_of, columns_in, reference, substitute
from cocosql.planner.algebra import Relation, filtered, identity, inlined, project, transform, walk

#: Whether an expression may call a Python function.
Calls = Callable[[str], bool]

_NULL_SAFE = "IS NOT DISTINCT FROM"
#: Comparisons that are never NULL: EXISTS compares so, and IN does not.
_EXACT = (_NULL_SAFE, "IS DISTINCT FROM")


def rewrite(root: Relation, calls: Calls) -> Relation:
    names = (f"coco_x{number}" for number in itertools.count(1))
    for step in REWRITES:
        root = step(root, calls, names)
    return root


# --- filters ----------------------------------------------------------------------------------------------------------


def push_filters(root: Relation, calls: Calls, _: Iterator[str]) -> Relation:
    """Filter as early as possible: what does not get through need not be kept. Python functions are called late."""
    users: dict[int, int] = {}
    for relation in walk(root):
        for below in relation.inputs:
            users[id(below)] = users.get(id(below), 0) + 1
    return _Pushing(calls, users).push(root, [])


class _Pushing:
    def __init__(self, calls: Calls, users: dict[int, int]) -> None:
        self._calls = calls
        self._users = users
        self._made: dict[int, Relation] = {}

    def push(self, relation: Relation, conditions: list[str]) -> Relation:
        """The relation under these conditions."""
        if self._users.get(id(relation), 0) > 1:
            if id(relation) not in self._made:
                self._made[id(relation)] = self._into(relation, [])
            return filtered(self._made[id(relation)], conditions)
        return self._into(relation, conditions)

    def _into(self, relation: Relation, conditions: list[str]) -> Relation:
        if relation.kind == "filter":
            return self.push(relation.inputs[0], [*relation["conditions"], *conditions])
        early: list[list[str]] = [[] for _ in relation.inputs]
        late = []
        for condition in conditions:
            places = {} if self._calls(condition) else self._below(relation, condition)
            for number, below in places.items():
                early[number].append(below)
            if not places:
                late.append(condition)
        inputs = tuple(self.push(below, those) for below, those in zip(relation.inputs, early, strict=True))
        return filtered(replace(relation, inputs=inputs), late)

    def _below(self, relation: Relation, condition: str) -> dict[int, str]:
        """What the condition is on each input of the relation that it can be applied to instead."""
        read = columns_in([condition])
        match relation.kind:
            case "project":
                below = inlined(condition, relation)
                return {} if self._calls(below) else {0: below}
            case "order":
                return {0: condition}
            case "unnest":
                return {0: condition} if read <= set(relation.inputs[0].names) else {}
            case "join":
                sides = [n for n, below in enumerate(relation.inputs) if read and read <= set(below.names)]
                return {side: condition for side in sides if side in _filtered_sides(relation)}
            case "aggregate" if relation["grouping_sets"] == [list(range(len(relation["groups"])))]:
                groups = dict(zip(relation.names, relation["groups"], strict=False))
                below = substitute(condition, groups)
                return {0: below} if read and read <= groups.keys() and not self._calls(below) else {}
            case "window":
                shared = [
                    {column_of(part) for part in window["partitions"] if column_of(part)}
                    for window in relation["windows"]
                ]
                return {0: condition} if read and all(read <= names for names in shared) else {}
            case "distinct":
                on = {column_of(part) for part in relation["on"]}
                return {0: condition} if not relation["on"] or (read and read <= on) else {}
            case "union" | "except" | "intersect":
                return {
                    number: substitute(condition, dict(zip(relation.names, map(reference, below.names), strict=True)))
                    for number, below in enumerate(relation.inputs)
                }
            case _:
                return {}


def _filtered_sides(join: Relation) -> tuple[int, ...]:
    """The sides of a join whose rows can be filtered before it."""
    match join["type"]:
        case "inner" if not join["asof"]:
            return 0, 1
        case "right" if not join["asof"]:
            return (1,)
        case "right" | "full":
            return ()
        case _:
            return (0,)  # for ASOF, too: a row on the right is the nearest among all of them


# --- orders -----------------------------------------------------------------------------------------------------------


def orders_to_limits(root: Relation, _: Calls, __: Iterator[str]) -> Relation:
    """An order decides which rows a LIMIT above it takes, and nothing else: columns that are only sorted by go."""

    def rule(relation: Relation) -> Relation:
        return _ordered_limit(relation) if relation.kind == "limit" else relation

    def rest(relation: Relation) -> Relation:
        return relation.inputs[0] if relation.kind == "order" else relation

    return transform(transform(root, rule), rest)


def _ordered_limit(limit: Relation) -> Relation:
    """LIMIT with the order of its rows, below the projections of them: these may not show what is sorted by."""
    projections = []
    (rows,) = limit.inputs
    while rows.kind == "project":
        projections.append(rows)
        (rows,) = rows.inputs
    order = _order_of(rows)
    if not order:
        return replace(limit, parts={**limit.parts, "order": []})
    result = replace(limit, inputs=(rows,), columns=rows.columns, parts={**limit.parts, "order": order})
    for projection in reversed(projections):
        result = replace(projection, inputs=(result,))
    return result


def _order_of(relation: Relation) -> list[str]:
    """How its rows are sorted: filters and LIMIT leave them so."""
    match relation.kind:
        case "order":
            return [*relation["order"], *_order_of(relation.inputs[0])]
        case "filter":
            return _order_of(relation.inputs[0])
        case "limit":
            return list(relation["order"])
        case _:
            return []


# --- IN and EXISTS ----------------------------------------------------------------------------------------------------


def marks_to_joins(root: Relation, _: Calls, names: Iterator[str]) -> Relation:
    """``x IN (…)`` and EXISTS: semi and anti joins where they are conditions, else left joins to what there is."""

    def rule(relation: Relation) -> Relation:
        if relation.kind == "filter" and relation.inputs[0].kind == "join" and relation.inputs[0]["type"] == "mark":
            return _mark_filter(relation, relation.inputs[0], names)
        return relation

    def rest(relation: Relation) -> Relation:
        if relation.kind == "join" and relation["type"] == "mark":
            return _mark(relation, names)
        return relation

    return transform(transform(root, rule), rest)


def _mark_filter(relation: Relation, join: Relation, names: Iterator[str]) -> Relation:
    """A filter over a mark join, as a semi or anti join if it asks for nothing but the mark."""
    mark = join.names[-1]
    conditions = list(relation["conditions"])
    for condition in conditions:
        kind = _asks_for(condition, mark)
        if kind == "anti" and any(operator not in _EXACT for _, operator, _ in join["conditions"]):
            continue  # NOT IN depends on NULLs
        if kind and sum(mark in columns_in([other]) for other in conditions) == 1:
            conditions.remove(condition)
            joined = Relation("join", join.inputs, join.inputs[0].columns, {**join.parts, "type": kind})
            # The mark stays a column of what is above.
            shown = {**identity(joined), mark: "true" if kind == "semi" else "false"}
            return project(filtered(joined, conditions), shown, dict(relation.columns))
    return relation


def _asks_for(condition: str, mark: str) -> str | None:
    bare = re.sub(r"[()\s]", "", condition)
    if bare == reference(mark):
        return "semi"
    return "anti" if bare.upper() == f"NOT{reference(mark)}".upper() else None


def _mark(join: Relation, names: Iterator[str]) -> Relation:
    """A mark: true where there is a match; else NULL where a NULL could be one; else false."""
    compared = [condition for condition in join["conditions"] if condition[1] != _NULL_SAFE]
    if len(compared) > 1 or any(operator != "=" for _, operator, _ in compared) or join["predicates"]:
        return join
    left, right = join.inputs
    mark = join.names[-1]
    keys = [(one, other) for one, operator, other in join["conditions"] if operator == _NULL_SAFE]
    hit = next(names)
    wanted = {next(names): other for _, other in keys}
    conditions = [(one, _NULL_SAFE, reference(name)) for (one, _), name in zip(keys, wanted, strict=True)]
    if not compared:
        present = _distinct(project(right, wanted, {}))
        joined = _left_join(left, project(present, {**identity(present), hit: "true"}, {}), conditions)
        return project(joined, {**identity(left), mark: f"({reference(hit)} IS NOT NULL)"}, dict(join.columns))
    ((value, _, other),) = compared
    name = next(names)
    present = _distinct(filtered(project(right, {**wanted, name: other}, {}), [f"({reference(name)} IS NOT NULL)"]))
    present = project(present, {**identity(present), hit: "true"}, {})
    joined = _left_join(left, present, [*conditions, (value, "=", reference(name))])
    joined, some, nulls = _with_totals(joined, right, keys, other, names)
    null = "CAST(NULL AS BOOLEAN)"
    case = (
        f"CASE WHEN {reference(hit)} IS NOT NULL THEN true WHEN {some} IS NOT TRUE THEN false "
        f"WHEN ({value}) IS NULL OR {nulls} THEN {null} ELSE false END"
    )
    return project(joined, {**identity(left), mark: case}, dict(join.columns))


def _with_totals(
    joined: Relation, right: Relation, keys: list[tuple[str, str]], value: str, names: Iterator[str]
) -> tuple[Relation, str, str]:
    """With whether there are rows on the right at all, and whether one has NULL: for each of the keys."""
    groups = {next(names): other for _, other in keys}
    count, filled, some, nulls = (next(names) for _ in range(4))
    below = next(names)
    values = project(right, {**{f"{name}_": other for name, other in groups.items()}, below: value}, {})
    each = reference(below)
    calls = [_aggregate("count_star", [], "count(*)"), _aggregate("count", [each], f"count({each})")]
    totals = Relation(
        "aggregate",
        (values,),
        [(name, "") for name in [*groups, count, filled]],
        {
            "groups": [reference(f"{name}_") for name in groups],
            "aggregates": calls,
            "grouping_sets": [list(range(len(groups)))],
            "grouping_functions": [],
        },
    )
    shown = {name: reference(name) for name in groups}
    shown[some] = f"({reference(count)} > 0)"
    shown[nulls] = f"({reference(count)} > {reference(filled)})"
    totals = project(totals, shown, {})
    conditions = [(one, _NULL_SAFE, reference(name)) for (one, _), name in zip(keys, groups, strict=True)]
    joined = _left_join(joined, totals, conditions) if keys else _join("inner", joined, totals, [])
    return joined, reference(some), reference(nulls)


def _aggregate(name: str, arguments: list[str], sql: str) -> dict[str, object]:
    """A COUNT."""
    types = ["" for _ in arguments]  # COUNT is of any
    told: dict[str, object] = {"sql": sql, "name": name, "arguments": arguments, "types": types}
    return {**told, "distinct": False, "filter": None, "order": []}


def _distinct(below: Relation) -> Relation:
    return Relation("distinct", (below,), below.columns, {"on": [], "order": []})


def _left_join(left: Relation, right: Relation, conditions: list[tuple[str, str, str]]) -> Relation:
    return _join("left", left, right, conditions)


def _join(kind: str, left: Relation, right: Relation, conditions: list[tuple[str, str, str]]) -> Relation:
    parts = {"type": kind, "asof": False, "conditions": conditions, "predicates": []}
    return Relation("join", (left, right), [*left.columns, *right.columns], parts)


# --- grouping sets ----------------------------------------------------------------------------------------------------


def grouping_sets_to_union(root: Relation, _: Calls, names: Iterator[str]) -> Relation:
    """GROUPING SETS, ROLLUP, CUBE: the union of one aggregate for each set."""

    def rule(relation: Relation) -> Relation:
        if relation.kind != "aggregate":
            return relation
        sets = relation["grouping_sets"] or [[]]
        everything = list(range(len(relation["groups"])))
        if len(sets) == 1 and sorted(sets[0]) == everything and not relation["grouping_functions"]:
            return relation
        branches = [_one_set(relation, sorted(one), names) for one in sets]
        if len(branches) == 1:
            shown = map(reference, branches[0].names)
            return project(branches[0], dict(zip(relation.names, shown, strict=True)), dict(relation.columns))
        return Relation("union", tuple(branches), relation.columns, {"all": True})

    return transform(root, rule)


def _one_set(relation: Relation, wanted: list[int], names: Iterator[str]) -> Relation:
    groups, aggregates = relation["groups"], relation["aggregates"]
    inner = {number: next(names) for number in wanted}
    results = [next(names) for _ in aggregates]
    types = dict(relation.columns)
    columns = [(inner[number], relation.columns[number][1]) for number in wanted]
    columns += [(name, relation.columns[len(groups) + number][1]) for number, name in enumerate(results)]
    parts = {
        "groups": [groups[number] for number in wanted],
        "aggregates": aggregates,
        "grouping_sets": [list(range(len(wanted)))],
        "grouping_functions": [],
    }
    below = Relation("aggregate", relation.inputs, columns, parts)
    shown: dict[str, str] = {}
    for number, (name, kind) in enumerate(relation.columns):
        if number < len(groups):
            item = reference(inner[number]) if number in inner else _null(kind)
        elif number < len(groups) + len(aggregates):
            item = reference(results[number - len(groups)])
        else:
            item = f"CAST({_grouping(relation, number, wanted)} AS {kind})"
        shown[f"{name}"] = item
    return project(below, {next(names): item for item in shown.values()}, types)


def _null(kind: str) -> str:
    """NULL of a type: CAST takes none with a collation."""
    plain, collate, collation = kind.partition(" COLLATE ")
    return f"CAST(NULL AS {plain}){collate}{collation}"


def _grouping(relation: Relation, number: int, wanted: list[int]) -> int:
    """GROUPING(…): a bit for each of its groups, set where the group is not in the set; the last is the lowest."""
    function = relation["grouping_functions"][number - len(relation["groups"]) - len(relation["aggregates"])]
    bits = 0
    for group in function:
        bits = bits * 2 + (group not in wanted)
    return bits


# --- windows ----------------------------------------------------------------------------------------------------------


def one_partition_each(root: Relation, _: Calls, __: Iterator[str]) -> Relation:
    """Window functions over several partitions: one relation for each partition."""

    def rule(relation: Relation) -> Relation:
        if relation.kind != "window":
            return relation
        (below,) = relation.inputs
        added = relation.columns[len(below.columns) :]
        by_partition: dict[tuple[str, ...], list[int]] = {}
        for number, window in enumerate(relation["windows"]):
            by_partition.setdefault(tuple(sorted(window["partitions"])), []).append(number)
        for numbers in by_partition.values():
            columns = [*below.columns, *(added[number] for number in numbers)]
            below = Relation("window", (below,), columns, {"windows": [relation["windows"][n] for n in numbers]})
        if below.names == relation.names:
            return below
        return project(below, {name: reference(name) for name in relation.names}, dict(relation.columns))

    return transform(root, rule)


REWRITES = (push_filters, orders_to_limits, marks_to_joins, grouping_sets_to_union, one_partition_each)
