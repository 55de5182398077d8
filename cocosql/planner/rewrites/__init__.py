"""Rewrites: from the algebra of a query to another with the same rows, which has fewer kinds of relations, and smaller
ones.

One rewrite, one file. tests/data/rewrites has queries before and after each.
"""

from cocosql.planner.algebra import Relation
from cocosql.planner.rewrites.context import Context
from cocosql.planner.rewrites.grouping_sets_to_union import grouping_sets_to_union
from cocosql.planner.rewrites.mark_filters_to_semi_joins import mark_filters_to_semi_joins
from cocosql.planner.rewrites.marks_to_left_joins import marks_to_left_joins
from cocosql.planner.rewrites.order_into_limit import order_into_limit
from cocosql.planner.rewrites.push_down_filters import push_down_filters
from cocosql.planner.rewrites.split_windows import split_windows

#: In this order.
REWRITES = (
    push_down_filters,
    order_into_limit,
    mark_filters_to_semi_joins,
    marks_to_left_joins,
    grouping_sets_to_union,
    split_windows,
)


def rewrite(root: Relation, context: Context) -> Relation:
    for step in REWRITES:
        root = step(root, context)
    return root
