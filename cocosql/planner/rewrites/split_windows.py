"""Window functions over several partitions become one SELECT for each partition: an operator has one key.

    SELECT id, count(*) OVER (PARTITION BY lang) AS n, sum(words) OVER (PARTITION BY author) AS total FROM notes

becomes

    SELECT id, count AS n, sum(words) OVER (PARTITION BY author) AS total
    FROM (SELECT id, lang, words, author, count() OVER (PARTITION BY lang) AS count FROM notes)
"""

from cocosql.expressions import reference
from cocosql.planner.algebra import Relation, project, transform
from cocosql.planner.rewrites.context import Context


def split_windows(root: Relation, _: Context) -> Relation:
    """Make one relation of the window functions over each partition."""

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
