"""Put the order of rows into the LIMIT that depends on it, and drop every other: rows of a view have no order.

    SELECT id FROM (SELECT id, words FROM notes ORDER BY words) LIMIT 3

becomes

    SELECT id_1 AS id
    FROM (SELECT id AS id_1, words AS words_1 FROM notes ORDER BY words ASC NULLS LAST LIMIT 3)
"""

from dataclasses import replace

from cocosql.planner.algebra import Relation, transform
from cocosql.planner.rewrites.context import Context


def order_into_limit(root: Relation, _: Context) -> Relation:
    """Give each LIMIT the order of its rows, and drop all orders."""

    def limited(relation: Relation) -> Relation:
        return _ordered_limit(relation) if relation.kind == "limit" else relation

    def unordered(relation: Relation) -> Relation:
        return relation.inputs[0] if relation.kind == "order" else relation

    return transform(transform(root, limited), unordered)


def _ordered_limit(limit: Relation) -> Relation:
    """The LIMIT with the order of its rows, put below their projections, which may not show what they are sorted by."""
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
    """What its rows are sorted by; filters and LIMIT leave them sorted."""
    match relation.kind:
        case "order":
            return [*relation["order"], *_order_of(relation.inputs[0])]
        case "filter":
            return _order_of(relation.inputs[0])
        case "limit":
            return list(relation["order"])
        case _:
            return []
