"""IN and EXISTS as values become left joins with the distinct rows that there are.

    SELECT id, EXISTS (FROM authors WHERE author_id = author) AS is_known FROM notes

becomes

    SELECT id, (coco_x1 IS NOT NULL) AS is_known
    FROM notes
    LEFT JOIN (
      SELECT coco_x2, true AS coco_x1
      FROM (SELECT DISTINCT author_id AS coco_x2 FROM authors WHERE author_id IS NOT NULL)
    ) ON author IS NOT DISTINCT FROM coco_x2

IN can be NULL: to know that, rows are counted, and those among them that are not NULL. A mark join with other
comparisons than one of equality, as ``> ANY``, stays: an operator does it.
"""

from collections.abc import Iterator

from cocosql.expressions import reference
from cocosql.planner.algebra import Relation, filtered, identity, project, transform
from cocosql.planner.rewrites.context import Context

_NULL_SAFE = "IS NOT DISTINCT FROM"


def marks_to_left_joins(root: Relation, context: Context) -> Relation:
    """Make left joins of each mark join that has at most one comparison, if that is of equality."""

    def rule(relation: Relation) -> Relation:
        is_mark = relation.kind == "join" and relation["type"] == "mark"
        return _mark(relation, context.names) if is_mark else relation

    return transform(root, rule)


def _mark(join: Relation, names: Iterator[str]) -> Relation:
    """The left rows with the mark: true where there is a match; else NULL where a NULL could be one; else false."""
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
    """The joined rows with two columns more, and these as expressions: whether the right side has rows with the same
    keys, and whether one of them has NULL as the value."""
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
