"""The algebra of a query as SQL to be read: one SELECT for what one SELECT can do, in the order in which SQL does it.

A relation whose clause comes before one that is there already becomes another SELECT around it. So a condition stands
where the algebra has it: in the subquery of a table, or above the join.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from cocosql.expressions import reference, substitute
from cocosql.planner.algebra import Relation, identity, walk

#: Clauses, in the order in which SQL evaluates them.
FROM, WHERE, GROUP, HAVING, WINDOW, SELECT, DISTINCT, ORDER, LIMIT = range(9)

_WIDTH = 100
_CALL_IN_PARENTHESES = re.compile(r"(?<!\w)\((\w+\([^()]*\))\)")
_JOINS = {"inner": "JOIN", "single": "LEFT JOIN"}


@dataclass(frozen=True)
class Query:
    #: Columns by name, as expressions over the FROM clause.
    items: dict[str, str]
    source: str
    #: The last clause that it has.
    clause: int = FROM
    where: list[str] = field(default_factory=list)
    group: list[str] = field(default_factory=list)
    having: list[str] = field(default_factory=list)
    distinct: str = ""
    order: list[str] = field(default_factory=list)
    limit: str = ""

    def over(self, expression: str) -> str:
        return _CALL_IN_PARENTHESES.sub(r"\1", substitute(expression, self.items))

    def text(self) -> str:
        """The query, on one line if it fits."""
        clauses = [
            ("SELECT ", self.distinct + self._shown()),
            ("FROM ", self.source),
            ("WHERE ", " AND ".join(map(bare, self.where))),
            ("GROUP BY ", ", ".join(map(bare, self.group))),
            ("HAVING ", " AND ".join(map(bare, self.having))),
            ("ORDER BY ", ", ".join(map(bare, self.order))),
            ("", self.limit),
        ]
        lines = [f"{word}{rest}".replace(" \n", "\n") for word, rest in clauses if rest]
        one_line = " ".join(lines)
        return one_line if len(one_line) <= _WIDTH and "\n" not in one_line else "\n".join(lines)

    def _shown(self) -> str:
        shown = [
            bare(item) if item == reference(name) else f"{bare(item)} AS {name}" for name, item in self.items.items()
        ]
        one_line = ", ".join(shown) or "1"
        if len(one_line) <= _WIDTH or "\n" in one_line:
            return one_line
        return "\n  " + ",\n  ".join(item.replace(" WHEN ", "\n    WHEN ") for item in shown)


def bare(expression: str) -> str:
    """An expression with its columns, without the marks around them and needless parentheses."""
    text = re.sub("\x01(.*?)\x02", r"\1", expression)
    return text[1:-1] if _is_enclosed(text) else text


def _is_enclosed(text: str) -> bool:
    depth = 0
    for place, character in enumerate(text):
        depth += (character == "(") - (character == ")")
        if depth == 0:
            return place == len(text) - 1 and text.startswith("(")
    return False


def enclosed(text: str) -> str:
    if "\n" not in text:
        return f"({text})"
    indented = "\n".join(f"  {line}" for line in text.splitlines())
    return f"(\n{indented}\n)"


class Writer:
    def __init__(self, root: Relation, names: list[str]) -> None:
        readers = [id(below) for relation in walk(root) for below in relation.inputs]
        self._shared = {one for one in readers if readers.count(one) > 1}
        self._names: dict[int, str] = {}
        self._ctes: list[str] = []
        query = self.query(root)
        ctes = "WITH " + ",\n".join(self._ctes) + "\n" if self._ctes else ""
        self.text = ctes + replace(query, items=dict(zip(names, query.items.values(), strict=True))).text()

    def query(self, relation: Relation) -> Query:
        if id(relation) not in self._shared or relation.kind == "table":
            return self._written(relation)
        if id(relation) not in self._names:
            text = self._written(relation).text()
            self._names[id(relation)] = f"shared_{len(self._names) + 1}"
            self._ctes.append(f"{self._names[id(relation)]} AS {enclosed(text)}")
        return Query(identity(relation), self._names[id(relation)])

    def _written(self, relation: Relation) -> Query:
        write: Callable[[Relation], Query] = getattr(self, f"_{relation.kind}", self._set_operation)
        return write(relation)

    def below(self, relation: Relation, clause: int) -> Query:
        """The only input of a relation that adds this clause."""
        (given,) = relation.inputs
        query = self.query(given)
        return query if query.clause < clause else self.nested(given, query)

    def nested(self, relation: Relation, query: Query) -> Query:
        return Query(identity(relation), self.item(query))

    @staticmethod
    def item(query: Query) -> str:
        """A query as an item of a FROM clause."""
        return query.source if query.clause == FROM else enclosed(query.text())

    def _table(self, relation: Relation) -> Query:
        columns = dict(zip(relation.names, map(reference, relation["source_columns"]), strict=True))
        return Query(columns, relation["name"], FROM if columns == identity(relation) else SELECT)

    def _values(self, relation: Relation) -> Query:
        return Query(identity(relation), f"({relation['sql']}) AS given({', '.join(relation.names)})")

    def _filter(self, relation: Relation) -> Query:
        query = self.below(relation, WINDOW)
        conditions = list(map(query.over, relation["conditions"]))
        if query.clause >= GROUP:
            return replace(query, clause=HAVING, having=[*query.having, *conditions])
        return replace(query, clause=WHERE, where=[*query.where, *conditions])

    def _project(self, relation: Relation) -> Query:
        query = self.below(relation, DISTINCT)
        items = dict(zip(relation.names, map(query.over, relation["expressions"]), strict=True))
        return replace(query, clause=SELECT, items=items)

    def _unnest(self, relation: Relation) -> Query:
        query = self.below(relation, WHERE)
        new = relation.names[len(relation.inputs[0].names) :]
        lists = (f"unnest({bare(item)}) AS {name}" for name, item in zip(new, relation["expressions"], strict=True))
        return Query(identity(relation), f"{self.item(query)}, LATERAL (SELECT {', '.join(lists)})")

    def _aggregate(self, relation: Relation) -> Query:
        query = self.below(relation, GROUP)
        groups, sets = [query.over(group) for group in relation["groups"]], relation["grouping_sets"]
        by = list(groups)
        if len(sets) > 1 or (sets and len(sets[0]) < len(groups)):
            by = [f"GROUPING SETS ({', '.join(enclosed(', '.join(groups[n] for n in one)) for one in sets)})"]
        calls = [query.over(call["sql"]) for call in relation["aggregates"]]
        grouping = [f"GROUPING({', '.join(groups[n] for n in numbers)})" for numbers in relation["grouping_functions"]]
        items = dict(zip(relation.names, [*groups, *calls, *grouping], strict=True))
        return replace(query, clause=GROUP, items=items, group=by)

    def _window(self, relation: Relation) -> Query:
        query = self.below(relation, WINDOW)
        calls = (query.over(window["sql"]) for window in relation["windows"])
        new = relation.names[len(relation.inputs[0].names) :]
        return replace(query, clause=WINDOW, items={**query.items, **dict(zip(new, calls, strict=True))})

    def _distinct(self, relation: Relation) -> Query:
        query = self.below(relation, DISTINCT)
        on = f"ON ({', '.join(bare(query.over(part)) for part in relation['on'])}) " if relation["on"] else ""
        return replace(
            query, clause=DISTINCT, distinct=f"DISTINCT {on}", order=list(map(query.over, relation["order"]))
        )

    def _order(self, relation: Relation) -> Query:
        query = self.below(relation, ORDER)
        return replace(query, clause=ORDER, order=list(map(query.over, relation["order"])))

    def _limit(self, relation: Relation) -> Query:
        order = relation.parts.get("order", [])
        query = self.below(relation, ORDER if order else LIMIT)
        parts = [("LIMIT", relation["limit"]), ("OFFSET", relation["offset"])]
        limit = " ".join(f"{word} {part}" for word, part in parts if part is not None)
        return replace(query, clause=LIMIT, order=[*map(query.over, order)] or query.order, limit=limit)

    def _join(self, relation: Relation) -> Query:
        left, right = map(self.query, relation.inputs)
        on = [f"{one} {operator} {other}" for one, operator, other in relation["conditions"]]
        on += relation["predicates"]
        if relation["type"] == "mark":
            return self._mark(relation, left, right, on)
        theirs = self.item(right) if right.clause == FROM and "JOIN" not in right.source else enclosed(right.text())
        word = ("ASOF " if relation["asof"] else "") + _JOINS.get(relation["type"], f"{relation['type'].upper()} JOIN")
        condition = " AND ".join(map(bare, on))
        source = f"{self.item(left)}\n{word} {theirs} ON {condition or 'true'}"
        return Query(identity(relation), source)

    def _mark(self, relation: Relation, left: Query, right: Query, on: list[str]) -> Query:
        ((one, operator, other),) = relation["conditions"][-1:] or [("", "", "")]
        if operator == "=":
            rows = replace(right if right.clause < SELECT else self.nested(relation.inputs[1], right), clause=SELECT)
            correlated = [f"{a} {compared} {b}" for a, compared, b in relation["conditions"][:-1]]
            rows = replace(rows, items={"compared": rows.over(other)}, where=[*rows.where, *correlated])
            mark = f"{one} IN {enclosed(rows.text())}"
        else:
            condition = " AND ".join(map(bare, on)) or "true"
            mark = f"EXISTS {enclosed(f'FROM {self.item(right)} WHERE {condition}')}"
        items = {**identity(relation.inputs[0]), relation.names[-1]: mark}
        return Query(items, self.item(left), SELECT)

    def _set_operation(self, relation: Relation) -> Query:
        branches = []
        for below in relation.inputs:
            query = self.query(below)
            named = dict(zip(relation.names, query.items.values(), strict=True))
            branches.append(enclosed(replace(query, items=named, clause=max(query.clause, SELECT)).text()))
        word = f"{relation.kind.upper()}{' ALL' if relation['all'] else ''}"
        return Query(identity(relation), enclosed(f"\n{word}\n".join(branches)))


def readable(root: Relation, names: list[str]) -> str:
    """A query that gives the rows of the relation, under these names."""
    return Writer(root, names).text
