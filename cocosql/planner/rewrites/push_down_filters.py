"""Push down filters: rows that do not get through need not be joined, grouped or kept.

    SELECT id, name FROM notes JOIN authors ON author = author_id WHERE lang = 'en' AND words > author_id

becomes

    SELECT id, name
    FROM (SELECT author, lang, words, id FROM notes WHERE lang = 'en')
    JOIN authors ON author = author_id
    WHERE words > author_id

A condition that calls a Python function stays where it is: the function is called for rows that meet all others.
"""

from collections.abc import Callable
from dataclasses import replace

from cocosql.expressions import column_of, columns_in, reference, substitute
from cocosql.planner.algebra import Relation, filtered, inlined, walk
from cocosql.planner.rewrites.context import Context


def push_down_filters(root: Relation, context: Context) -> Relation:
    """Apply each condition as far below as it means the same."""
    readers: dict[int, int] = {}
    for relation in walk(root):
        for below in relation.inputs:
            readers[id(below)] = readers.get(id(below), 0) + 1
    return _PushDown(context.calls, readers).push(root, [])


class _PushDown:
    def __init__(self, calls: Callable[[str], bool], readers: dict[int, int]) -> None:
        self._calls = calls
        #: By id of a relation, how many others read it.
        self._readers = readers
        #: Relations that several read, rewritten once.
        self._shared: dict[int, Relation] = {}

    def push(self, relation: Relation, conditions: list[str]) -> Relation:
        """The relation under these conditions. One that several read is filtered above it, by each for itself."""
        if self._readers.get(id(relation), 0) > 1:
            if id(relation) not in self._shared:
                self._shared[id(relation)] = self._into(relation, [])
            return filtered(self._shared[id(relation)], conditions)
        return self._into(relation, conditions)

    def _into(self, relation: Relation, conditions: list[str]) -> Relation:
        if relation.kind == "filter":
            return self.push(relation.inputs[0], [*relation["conditions"], *conditions])
        pushed: list[list[str]] = [[] for _ in relation.inputs]
        staying = []
        for condition in conditions:
            places = {} if self._calls(condition) else self._below(relation, condition)
            for number, below in places.items():
                pushed[number].append(below)
            if not places:
                staying.append(condition)
        inputs = tuple(self.push(below, theirs) for below, theirs in zip(relation.inputs, pushed, strict=True))
        return filtered(replace(relation, inputs=inputs), staying)

    def _below(self, relation: Relation, condition: str) -> dict[int, str]:
        """By number of an input, the condition on that input that does as well; none if it must stay above."""
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
