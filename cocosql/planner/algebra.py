"""The algebra of a query: what DuckDB's binder makes of it, as relations of a few kinds.

Names, stars, macros, views, CTEs and correlated subqueries are resolved in it. Column names are unique over all of it.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from cocosql._native import Session
from cocosql.expressions import column_of, columns_in, reference, substitute


class NotIncremental(Exception):
    """A query has no incremental rule; the message says why."""


@dataclass(frozen=True, eq=False)
class Relation:
    """A node of the algebra. One that is used twice is one object."""

    kind: str
    inputs: tuple["Relation", ...]
    #: Names and types.
    columns: list[tuple[str, str]]
    #: What else a relation of its kind has, by name: docs/algebra.md.
    parts: dict[str, Any] = field(default_factory=dict)

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self.columns]

    def __getitem__(self, part: str) -> Any:
        return self.parts[part]


def algebra(session: Session, sql: str, path: list[tuple[str, str]]) -> list[Relation]:
    """The algebra of a query: its relations, each after its inputs. The last one gives the rows of the query.

    Its names are looked for on the path; those in the expressions of relations are DuckDB's own.

    Raises:
        duckdb.Error: if the query does not hold.
    """
    made: list[Relation] = []
    for node in session.algebra(sql, path):
        inputs = tuple(made[number] for number in node["inputs"])
        parts = {name: part for name, part in node.items() if name not in ("kind", "inputs", "columns")}
        made.append(Relation(node["kind"], inputs, node["columns"], parts))
    return made


def described(relations: list[Relation]) -> list[list[Any]]:
    """What the relations do, with all column types, for a fingerprint: it changes when the query means something else.
    It names no database."""
    numbers = {id(relation): number for number, relation in enumerate(relations)}
    return [
        [relation.kind, [numbers[id(below)] for below in relation.inputs], relation.columns, list(_texts(relation))]
        for relation in relations
    ]


def _texts(relation: Relation) -> Iterator[str | None]:
    yield from relation["expressions"] if relation.kind == "opaque" else expressions(relation)


def walk(root: Relation) -> list[Relation]:
    """All relations, each after its inputs."""
    found: dict[int, Relation] = {}

    def visit(relation: Relation) -> None:
        if id(relation) not in found:
            for below in relation.inputs:
                visit(below)
            found[id(relation)] = relation

    visit(root)
    return list(found.values())


def transform(root: Relation, rule: Callable[[Relation], Relation]) -> Relation:
    """The relations with a rule applied to each, inputs first."""
    made: dict[int, Relation] = {}
    for relation in walk(root):
        inputs = tuple(made[id(below)] for below in relation.inputs)
        same = all(new is old for new, old in zip(inputs, relation.inputs, strict=True))
        made[id(relation)] = rule(relation if same else replace(relation, inputs=inputs))
    return made[id(root)]


def project(below: Relation, items: dict[str, str], types: dict[str, str]) -> Relation:
    """These expressions over a relation, by name."""
    columns = [(name, types.get(name, "")) for name in items]
    return Relation("project", (below,), columns, {"expressions": list(items.values())})


def filtered(below: Relation, conditions: list[str]) -> Relation:
    return Relation("filter", (below,), below.columns, {"conditions": conditions}) if conditions else below


def expressions(relation: Relation) -> Iterator[str]:
    """All expressions of a relation over its inputs."""
    match relation.kind:
        case "filter":
            yield from relation["conditions"]
        case "project" | "unnest":
            yield from relation["expressions"]
        case "join":
            for left, _, right in relation["conditions"]:
                yield left
                yield right
            yield from relation["predicates"]
        case "aggregate":
            yield from relation["groups"]
            for aggregate in relation["aggregates"]:
                yield aggregate["sql"]
        case "window":
            for window in relation["windows"]:
                yield window["sql"]
                yield from window["partitions"]
        case "distinct":
            yield from relation["on"]
            yield from relation["order"]
        case "order":
            yield from relation["order"]
        case "limit":
            yield from (part for part in (relation["limit"], relation["offset"]) if part)
            yield from relation.parts.get("order", [])


def needed(root: Relation) -> dict[int, set[str]]:
    """By id of a relation, the columns of it that are used."""
    found: dict[int, set[str]] = {id(relation): set() for relation in walk(root)}
    found[id(root)] = set(root.names)
    for relation in reversed(walk(root)):
        for below in relation.inputs:
            found[id(below)] |= _needed_below(relation, below, found[id(relation)])
    return found


def _needed_below(relation: Relation, below: Relation, wanted: set[str]) -> set[str]:
    names = set(below.names)
    match relation.kind:
        case "project":
            pairs = zip(relation.names, relation["expressions"], strict=True)
            return columns_in(expression for name, expression in pairs if name in wanted)
        case "union" if relation["all"]:
            positions = [number for number, name in enumerate(relation.names) if name in wanted]
            return {below.names[number] for number in positions}
        case "union" | "except" | "intersect":
            return names
        case "distinct" if not relation["on"]:
            return names
        case "window":
            windows = zip(relation["windows"], relation.names[len(below.names) :], strict=True)
            used = [one for window, name in windows if name in wanted for one in [window["sql"], *window["partitions"]]]
            return (wanted | columns_in(used)) & names
        case "aggregate":
            first = len(relation["groups"])
            aggregates = zip(relation["aggregates"], relation.names[first:], strict=False)
            used = [*relation["groups"], *(aggregate["sql"] for aggregate, name in aggregates if name in wanted)]
            return columns_in(used) & names
        case _:
            return (wanted | columns_in(expressions(relation))) & names


def inlined(expression: str, relation: Relation) -> str:
    """An expression over a projection, rewritten as one over the relation below."""
    return substitute(expression, dict(zip(relation.names, relation["expressions"], strict=True)))


def is_column(expression: str) -> bool:
    return column_of(expression) is not None


def identity(relation: Relation) -> dict[str, str]:
    """The items that show all columns of a relation as they are."""
    return {name: reference(name) for name in relation.names}
