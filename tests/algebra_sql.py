"""SQL from the nodes of Session.algebra, one subquery each: an oracle that shares nothing with the planner."""

import re
from typing import Any

Node = dict[str, Any]

JOINS = {"inner": "JOIN", "left": "LEFT JOIN", "right": "RIGHT JOIN", "full": "FULL JOIN", "single": "LEFT JOIN"}


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def bound(expression: str, alias: str = "") -> str:
    """An expression with its columns as SQL writes them."""
    return re.sub("\x01(.*?)\x02", lambda found: alias + quoted(found[1]), expression, flags=re.DOTALL)


def names(node: Node) -> list[str]:
    return [quoted(name) for name, _ in node["columns"]]


def listed(items: list[str]) -> str:
    return ", ".join(items) if items else "1 AS nothing"


def table(node: Node, _: list[Node]) -> str:
    path = ".".join(quoted(node[part]) for part in ("database", "schema", "name"))
    return f"SELECT {renamed([quoted(c) for c in node['source_columns']], node)} FROM {path}"


def call(node: Node, _: list[Node]) -> str:
    return f"SELECT {renamed([quoted(c) for c in node['source_columns']], node)} FROM {node['sql']}"


def values(node: Node, _: list[Node]) -> str:
    return f"SELECT * FROM ({node['sql']}) AS v({', '.join(names(node))})"


def renamed(expressions: list[str], node: Node) -> str:
    last = names(node)[len(node["columns"]) - len(expressions) :]
    return listed([f"{expression} AS {name}" for expression, name in zip(expressions, last, strict=True)])


def filtered(node: Node, _: list[Node]) -> str:
    conditions = " AND ".join(f"({bound(condition)})" for condition in node["conditions"]) or "true"
    return f"SELECT * FROM n{node['inputs'][0]} WHERE {conditions}"


def project(node: Node, _: list[Node]) -> str:
    return f"SELECT {renamed([bound(e) for e in node['expressions']], node)} FROM n{node['inputs'][0]}"


def unnest(node: Node, _: list[Node]) -> str:
    calls = [f"unnest({bound(e)})" for e in node["expressions"]]
    return f"SELECT *, {renamed(calls, node)} FROM n{node['inputs'][0]}"


def condition(node: Node) -> str:
    compared = [f"({bound(left)} {operator} {bound(right)})" for left, operator, right in node["conditions"]]
    return " AND ".join(compared + [f"({bound(predicate)})" for predicate in node["predicates"]]) or "true"


def join(node: Node, _: list[Node]) -> str:
    left, right = (f"n{number}" for number in node["inputs"])
    on = condition(node)
    match node["type"]:
        case "semi":
            return f"SELECT * FROM {left} WHERE EXISTS (SELECT 1 FROM {right} WHERE {on})"
        case "anti":
            return f"SELECT * FROM {left} WHERE NOT EXISTS (SELECT 1 FROM {right} WHERE {on})"
        case "mark":
            found = f"SELECT CASE WHEN bool_or({on}) THEN true WHEN bool_or(({on}) IS NULL) THEN NULL ELSE false END"
            return f"SELECT *, ({found} FROM {right}) AS {names(node)[-1]} FROM {left}"
    asof = "ASOF " if node["asof"] else ""
    return f"SELECT {', '.join(names(node))} FROM {left} {asof}{JOINS[node['type']]} {right} ON {on}"


def aggregate(node: Node, _: list[Node]) -> str:
    groups = [f"g{number}" for number in range(len(node["groups"]))]
    staged = "".join(f", {bound(e)} AS {group}" for group, e in zip(groups, node["groups"], strict=True))
    calls = [bound(call["sql"]) for call in node["aggregates"]]
    groupings = [f"GROUPING({', '.join(groups[i] for i in numbers)})" for numbers in node["grouping_functions"]]
    sets = ", ".join(f"({', '.join(groups[i] for i in numbers)})" for numbers in node["grouping_sets"])
    by = f" GROUP BY GROUPING SETS ({sets})" if groups or len(node["grouping_sets"]) > 1 else ""
    result = renamed(groups + calls + groupings, node)
    return f"SELECT {result} FROM (SELECT *{staged} FROM n{node['inputs'][0]}){by}"


def window(node: Node, _: list[Node]) -> str:
    return f"SELECT *, {renamed([bound(call['sql']) for call in node['windows']], node)} FROM n{node['inputs'][0]}"


def ordered(node: Node) -> str:
    return f" ORDER BY {', '.join(map(bound, node['order']))}" if node["order"] else ""


def distinct(node: Node, _: list[Node]) -> str:
    on = f" ON ({', '.join(map(bound, node['on']))})" if node["on"] else ""
    return f"SELECT DISTINCT{on} * FROM n{node['inputs'][0]}{ordered(node)}"


def set_operation(node: Node, _: list[Node]) -> str:
    operator = f" {node['kind'].upper()}{' ALL' if node['all'] else ''} "
    rows = operator.join(f"(SELECT * FROM n{number})" for number in node["inputs"])
    return f"SELECT * FROM ({rows}) AS s({', '.join(names(node))})"


def order(node: Node, _: list[Node]) -> str:
    return f"SELECT * FROM n{node['inputs'][0]}{ordered(node)}"


def limit(node: Node, nodes: list[Node]) -> str:
    source = nodes[node["inputs"][0]]
    rows = order(source, nodes) if source["kind"] == "order" else f"SELECT * FROM n{node['inputs'][0]}"
    count = "" if node["limit"] is None else f" LIMIT ({node['limit']}){' %' if node['percent'] else ''}"
    return rows + count + ("" if node["offset"] is None else f" OFFSET ({node['offset']})")


WRITERS = {
    "table": table,
    "call": call,
    "values": values,
    "filter": filtered,
    "project": project,
    "unnest": unnest,
    "join": join,
    "aggregate": aggregate,
    "window": window,
    "distinct": distinct,
    "union": set_operation,
    "except": set_operation,
    "intersect": set_operation,
    "order": order,
    "limit": limit,
}


def to_sql(nodes: list[Node]) -> str:
    """A query that computes what the last node stands for."""
    parts = [f"n{number} AS ({WRITERS[node['kind']](node, nodes)})" for number, node in enumerate(nodes)]
    return f"WITH {', '.join(parts)} SELECT * FROM n{len(nodes) - 1}"
