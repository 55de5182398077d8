"""The graph of a database: its sources, operators, functions and views, and what goes from one to another."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import duckdb

from cocosql.catalog.names import Name
from cocosql.catalog.tables import CALLS, INPUTS, VIEWS, own
from cocosql.cursor import cursor_of
from cocosql.operators.call_sites import calls_in
from cocosql.pictures.readable import readable
from cocosql.secrets import hidden, redacted, redacted_code
from cocosql.sqltext import literal, qualified
from cocosql.sqltree import name_parts, try_parse


@dataclass(frozen=True)
class Node:
    id: str
    #: source, operator, function or view.
    kind: str
    name: str
    #: More of it, in a few words.
    detail: str = ""
    #: Of a view: fresh, stale, …
    status: str = ""
    #: The view that it is part of, by id.
    view: str | None = None
    #: What else is known of it.
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Graph:
    nodes: list[Node]
    #: From and to, by id; each once.
    edges: list[tuple[str, str]]

    def inputs(self, view: Node) -> list[Node]:
        """The sources, functions and views that a view reads or calls."""
        parts = {node.id for node in self.nodes if node.view == view.id}
        given = {start for start, end in self.edges if end in parts} - parts
        return [node for node in self.nodes if node.id in given]

    def above(self, node_id: str) -> "Graph":
        """What a node is made of, and itself."""
        reached, todo = {node_id}, [node_id]
        while todo:
            here = todo.pop()
            new = {start for start, end in self.edges if end == here} - reached
            reached |= new
            todo += new
        return Graph(
            [node for node in self.nodes if node.id in reached],
            [(start, end) for start, end in self.edges if start in reached and end in reached],
        )


def read(con: duckdb.DuckDBPyConnection) -> Graph:
    """The graph of the incremental views of all attached databases."""
    with cursor_of(con) as (cursor, database):
        return _Reader(cursor, database).graph()


def node_id(kind: str, *names: str) -> str:
    """The id of a node: plain characters only, whatever the names are; case does not count."""
    return ":".join([kind, *map(quote, names)]).lower()


def view_id(database: str, schema: str, name: str) -> str:
    return node_id("view", database, schema, name)


def records(con: duckdb.DuckDBPyConnection, query: str) -> list[dict[str, Any]]:
    """The rows of a query, by the names of its columns."""
    result = con.execute(query)
    names = [name for name, *_ in result.description]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


class _Reader:
    def __init__(self, con: duckdb.DuckDBPyConnection, database: str) -> None:
        self._con = con
        self._database = database
        self._views = {
            view_id(view["database"], view["schema"], view["name"]): view
            for view in records(con, "FROM coco_views() ORDER BY database, schema, name")
        }
        self._functions = records(con, "FROM coco_functions() ORDER BY name, registered_at DESC, code_version")
        self._nodes: dict[str, Node] = {}
        self._edges: dict[tuple[str, str], None] = {}

    def graph(self) -> Graph:
        for key, view in self._views.items():
            self._add_view(key, view)
        return Graph(list(self._nodes.values()), list(self._edges))

    def _add(self, node: Node) -> str:
        return self._nodes.setdefault(node.id, node).id

    def _add_view(self, key: str, view: dict[str, Any]) -> None:
        record = self._record(view)
        operators = records(self._con, f"FROM coco_operators({literal(record['sql'])}) ORDER BY operator_id")
        ids, sources, calls = {}, {}, record["calls"]
        unseen = dict(calls)
        for operator in operators:
            number = operator["operator_id"]
            ids[number] = f"{key}/{number}"
            if operator["kind"] == "scan":
                source = record["inputs"].get(number, operator["sql"])
                ids[number] = sources[_named(source)] = self._add_source(view, operator, source)
                continue
            self._add(_operator(ids[number], key, operator))
            self._edges |= {(ids[below], ids[number]): None for below in operator["inputs"]}
            for name in _called(operator["sql"], calls):
                self._edges[self._add_function(view, name), ids[number]] = None
                unseen.pop(name, None)
        top = ids[max(ids)]
        self._edges |= {(self._add_function(view, name), top): None for name in unseen}
        shown = self._shown(view["database"], view["schema"], view["name"])
        self._add(_view(key, shown, view, {**record, "sources": sources}))
        self._edges[top, key] = None

    def _record(self, view: dict[str, Any]) -> dict[str, Any]:
        """What is stored of a view: its table, columns, sources by number, and code versions by function."""
        database = view["database"]
        stored = self._con.execute(
            "SELECT view_id, state_table, column_names, column_types, key_columns "
            f"FROM {own(VIEWS, database)} WHERE schema_name = $1 AND view_name = $2",
            [view["schema"], view["name"]],
        )
        ((number, table, names, types, key),) = stored.fetchall()
        inputs = self._of_view("SELECT input_id, source", database, INPUTS, number)
        calls = self._of_view("SELECT DISTINCT lower(function), code_version", database, CALLS, number)
        return {
            "sql": qualified(database, view["schema"], view["name"]),
            "table": own(table, database),
            "columns": list(zip(names, types, strict=True)),
            "key": key,
            "inputs": dict(inputs),
            "calls": dict(sorted(calls)),
        }

    def _of_view(self, select: str, database: str, table: str, number: int) -> list[tuple[Any, ...]]:
        query = f"{select} FROM {own(table, database)} WHERE view_id = $1"
        return self._con.execute(query, [number]).fetchall()

    def _add_source(self, view: dict[str, Any], scan: dict[str, Any], source: str) -> str:
        parts = name_parts(source)
        if parts is None or len(parts) not in (2, 3):
            shown = redacted(source)
            key = node_id("source", view["database"], shown)
            return self._add(Node(key, "source", shown, facts=_scanned(scan, shown)))
        database, schema, name = parts if len(parts) == 3 else (view["database"], *parts)
        key = view_id(database, schema, name)
        if key in self._views:
            return key
        shown = self._shown(database, schema, name)
        key = node_id("source", database, schema, name)
        return self._add(Node(key, "source", shown, facts=_scanned(scan, shown)))

    def _add_function(self, view: dict[str, Any], name: str) -> str:
        known = [one for one in self._functions if one["database"] == view["database"] and one["name"].lower() == name]
        used = self._used(view["database"], name)
        # The time of registration does not tell which version is in use: code goes back, too.
        known.sort(key=lambda one: (one["code_version"] not in used, not one["current"]))
        versions = [
            {**one, "source": redacted_code(one["source"] or ""), "in_use": one["code_version"] in used}
            for one in known
        ]
        latest = known[0] if known else {"name": name, "signature": ""}
        facts = {"signature": latest["signature"], "versions": versions}
        count = f"{len(known)} code versions" if len(known) > 1 else ""
        key = node_id("function", view["database"], name)
        return self._add(Node(key, "function", latest["name"], count, facts=facts))

    def _used(self, database: str, function: str) -> set[str]:
        """The code versions that the rows of some view were made with."""
        calls = own(CALLS, database)
        found = self._con.execute(f"SELECT code_version FROM {calls} WHERE lower(function) = $1", [function])
        return {code_version for (code_version,) in found.fetchall()}

    def _shown(self, database: str, schema: str, name: str) -> str:
        parts = [database] if database != self._database else []
        return ".".join([*parts, *([schema] if schema != "main" or parts else []), name])


def _named(source: str) -> str:
    """A source by the name that system tables give it."""
    parts = name_parts(source)
    if parts is None or len(parts) not in (2, 3):
        return source
    *_, schema, name = parts
    return str(Name("", schema, name))


def _operator(key: str, view: str, operator: dict[str, Any]) -> Node:
    facts = {"rule": redacted(operator["rule"]), "sql": redacted(readable(operator["sql"]))}
    facts |= {"rows": operator["row_count"], "bytes": operator["bytes"], "table": operator["state_table"]}
    return Node(key, "operator", operator["kind"], view=view, facts=facts)


def _scanned(scan: dict[str, Any], source: str) -> dict[str, Any]:
    return {"source": source, "rule": redacted(scan["rule"]), "rows": scan["row_count"], "bytes": scan["bytes"]}


def _view(key: str, name: str, view: dict[str, Any], record: dict[str, Any]) -> Node:
    facts = {
        "reason": redacted(view["status_reason"] or ""),
        "version": view["version"],
        "rows": view["row_count"],
        "incremental": view["incremental"],
        "refreshed": view["last_refreshed"],
        "options": hidden(view["options"]),
        "query": redacted(readable(view["query"])),
        "database": view["database"],
        "run_name": str(Name(view["database"], view["schema"], view["name"])),
        **record,
    }
    count = view["row_count"]
    return Node(key, "view", name, f"{count:,} row{'' if count == 1 else 's'}", view["status"], key, facts)


def _called(sql: str, names: Iterable[str]) -> Iterator[str]:
    """The functions among these that an operator calls."""
    tree = try_parse(sql)
    if tree is not None:
        yield from sorted({call.name.lower() for call in calls_in(tree, names)})
