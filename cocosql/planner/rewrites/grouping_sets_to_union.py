"""Grouping sets, ROLLUP and CUBE become a union of aggregates, one for each set.

    SELECT lang, count(*) AS n FROM notes GROUP BY ROLLUP (lang)

becomes

    SELECT lang_1 AS lang, count_star AS n
    FROM (
      (SELECT CAST(NULL AS VARCHAR) AS lang_1, count(*) AS count_star FROM notes)
      UNION ALL
      (SELECT lang AS lang_1, count(*) AS count_star FROM notes GROUP BY lang)
    )
"""

from collections.abc import Iterator

from cocosql.expressions import reference
from cocosql.planner.algebra import Relation, project, transform
from cocosql.planner.rewrites.context import Context


def grouping_sets_to_union(root: Relation, context: Context) -> Relation:
    """Make one aggregate of each grouping set."""

    def rule(relation: Relation) -> Relation:
        if relation.kind != "aggregate":
            return relation
        sets = relation["grouping_sets"] or [[]]
        everything = list(range(len(relation["groups"])))
        if len(sets) == 1 and sorted(sets[0]) == everything and not relation["grouping_functions"]:
            return relation
        branches = [_one_set(relation, sorted(one), context.names) for one in sets]
        if len(branches) == 1:
            shown = map(reference, branches[0].names)
            return project(branches[0], dict(zip(relation.names, shown, strict=True)), dict(relation.columns))
        return Relation("union", tuple(branches), relation.columns, {"all": True})

    return transform(root, rule)


def _one_set(relation: Relation, wanted: list[int], names: Iterator[str]) -> Relation:
    """The rows of one grouping set: `wanted` are the numbers of the groups that are in it; the others are NULL."""
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
        shown[name] = item
    return project(below, {next(names): item for item in shown.values()}, types)


def _null(kind: str) -> str:
    """NULL of a type: CAST takes none with a collation."""
    plain, collate, collation = kind.partition(" COLLATE ")
    return f"CAST(NULL AS {plain}){collate}{collation}"


def _grouping(relation: Relation, number: int, wanted: list[int]) -> int:
    """The value of GROUPING(…) in one set: a bit for each argument, the last the lowest: 1 if it is not in the set."""
    function = relation["grouping_functions"][number - len(relation["groups"]) - len(relation["aggregates"])]
    bits = 0
    for group in function:
        bits = bits * 2 + (group not in wanted)
    return bits
