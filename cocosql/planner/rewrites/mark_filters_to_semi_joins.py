"""IN and EXISTS as conditions become semi joins, NOT EXISTS becomes an anti join.

    SELECT id FROM notes WHERE author IN (SELECT author_id FROM authors WHERE country = 'NZ')

becomes

    SELECT id
    FROM notes
    SEMI JOIN (SELECT author_id AS author_id_1 FROM authors WHERE country = 'NZ') ON author = author_id_1

The algebra has a mark join and a filter for it: the mark is a column that says whether there is a match. NOT IN is no
anti join: it is NULL where a NULL could be a match.
"""

import re

from cocosql.expressions import columns_in, reference
from cocosql.planner.algebra import Relation, filtered, identity, project, transform
from cocosql.planner.rewrites.context import Context

#: Comparisons that are never NULL: EXISTS compares so, and IN does not.
_NEVER_NULL = ("IS NOT DISTINCT FROM", "IS DISTINCT FROM")


def mark_filters_to_semi_joins(root: Relation, _: Context) -> Relation:
    """Make a semi or anti join of each filter over a mark join that has the mark, or NOT the mark, as a condition."""

    def rule(relation: Relation) -> Relation:
        is_of_mark = relation.kind == "filter" and relation.inputs[0].parts.get("type") == "mark"
        return _joined(relation, relation.inputs[0]) if is_of_mark else relation

    return transform(root, rule)


def _joined(relation: Relation, join: Relation) -> Relation:
    mark = join.names[-1]
    conditions = list(relation["conditions"])
    for condition in conditions:
        kind = _join_type(condition, mark)
        if kind == "anti" and any(operator not in _NEVER_NULL for _, operator, _ in join["conditions"]):
            continue  # NOT IN depends on NULLs
        if kind and sum(mark in columns_in([other]) for other in conditions) == 1:
            conditions.remove(condition)
            joined = Relation("join", join.inputs, join.inputs[0].columns, {**join.parts, "type": kind})
            # Relations above still have the mark as a column.
            shown = {**identity(joined), mark: "true" if kind == "semi" else "false"}
            return project(filtered(joined, conditions), shown, dict(relation.columns))
    return relation


def _join_type(condition: str, mark: str) -> str | None:
    """The join that gives the rows for which the condition holds; None if it is more than the mark, or NOT the mark."""
    bare = re.sub(r"[()\s]", "", condition)
    if bare == reference(mark):
        return "semi"
    return "anti" if bare.upper() == f"NOT{reference(mark)}".upper() else None
