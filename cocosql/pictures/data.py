"""What the page shows, as JSON: the graph, rows of views with their lineage, runs, failed calls."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import duckdb

from cocosql.catalog.tables import RUN_STEPS, own
from cocosql.cursor import cursor_of
from cocosql.pictures import drawing
from cocosql.pictures.model import Node, read, records
from cocosql.pictures.readable import readable
from cocosql.secrets import redacted
from cocosql.sqltext import ident, literal

#: What a page holds at most; it says so where something was left out.
MOST_ROWS = 10_000
MOST_CHARACTERS = 400
MOST_ORIGINS = 60_000
MOST_ORIGINS_OF_A_ROW = 200
#: What rows came from is looked for this long in each view.
MOST_SECONDS = 5.0
MOST_RUNS = 300
MOST_ERRORS = 1_000
#: Characters of all rows together.
_MOST_TEXT = 30_000_000

Record = dict[str, Any]


def page_data(con: duckdb.DuckDBPyConnection, title: str) -> Record:
    """All that a page shows of a database.

    Raises:
        ImportError: if Graphviz is not there.
    """
    graph = read(con)
    with cursor_of(con) as (cursor, _):
        views = [node for node in graph.nodes if node.kind == "view"]
        budget = _MOST_TEXT // max(len(views), 1)
        rows = {node.id: _rows(cursor, node, budget) for node in views}
        return {
            "title": title,
            "made": datetime.now().astimezone().isoformat(timespec="seconds"),
            "svg": drawing.svg(graph),
            "nodes": [_shown(node) for node in graph.nodes],
            "edges": graph.edges,
            "views": rows,
            "lineage": {node.id: _lineage(cursor, node, rows[node.id]["rows"]) for node in views},
            "runs": _runs(cursor, views),
            "run_count": _count(cursor, "coco_runs()"),
            "errors": _errors(cursor, views),
            "error_count": _count(cursor, "coco_errors()"),
        }


def _shown(node: Node) -> Record:
    """A node, without what only this program needs."""
    facts = {name: value for name, value in node.facts.items() if name not in ("inputs", "sources", "table", "columns")}
    return {"id": node.id, "kind": node.kind, "name": node.name, "status": node.status, "view": node.view, **facts}


def _rows(con: duckdb.DuckDBPyConnection, view: Node, budget: int) -> Record:
    """The first rows of a view, by their ids; values as text, long ones cut."""
    columns = view.facts["columns"]
    cells = [f"left(CAST({ident(name)} AS VARCHAR), {MOST_CHARACTERS + 1})" for name, _ in columns]
    rows = con.execute(
        f"SELECT {', '.join(['CAST(coco_row_id AS VARCHAR)', *cells])} FROM {view.facts['table']} "
        f"ORDER BY coco_row_id LIMIT {MOST_ROWS}"
    )
    found: list[list[str | None]] = []
    while budget > 0 and (row := rows.fetchone()):
        found.append([row[0], *map(_cut, row[1:])])
        budget -= sum(len(value or "") for value in found[-1])
    return {"columns": columns, "rows": found, "total": view.facts["rows"]}


def _cut(value: str | None) -> str | None:
    return value if value is None or len(value) <= MOST_CHARACTERS else f"{value[:MOST_CHARACTERS]}…"


def _lineage(con: duckdb.DuckDBPyConnection, view: Node, rows: list[list[str | None]]) -> Record:
    """For rows of a view, the rows of its sources and of the views that it reads that each came from."""
    if not rows:
        return {}
    query = (
        "SELECT CAST(row_id AS VARCHAR) AS row_id, source, CAST(source_key AS VARCHAR) AS key, source_state AS state, "
        "list_transform(functions, lambda f: [f.name, f.code_version, CAST(f.run_id AS VARCHAR)]) AS calls, "
        f"left(CAST(source_row AS VARCHAR), {4 * MOST_CHARACTERS}) AS content, "
        "count(*) OVER (PARTITION BY row_id) AS total "
        f"FROM coco_lineage({literal(view.facts['sql'])}, 'direct') WHERE row_id <= {rows[-1][0]} "
        f"QUALIFY row_number() OVER (PARTITION BY row_id ORDER BY source_key) <= {MOST_ORIGINS_OF_A_ROW} "
        f"ORDER BY ALL LIMIT {MOST_ORIGINS + 1}"
    )
    try:
        with _stopped_after(MOST_SECONDS, con):
            found = records(con, query)
    except duckdb.InterruptException:
        return {"error": f"Too much for this page: SELECT * FROM coco_lineage('{view.facts['run_name']}') has it."}
    except duckdb.Error as error:
        return {"error": redacted(str(error).partition("\n\nLINE")[0])}
    return {**_numbered(found[:MOST_ORIGINS], view.facts["sources"]), "is_cut": len(found) > MOST_ORIGINS}


@contextmanager
def _stopped_after(limit: float, con: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Interrupt a query that takes longer."""
    is_done = threading.Event()

    def interrupt() -> None:
        is_done.wait(limit)
        while not is_done.wait(0.05):  # again, as one that comes between two of its parts is not heard
            con.interrupt()

    watch = threading.Thread(target=interrupt, daemon=True)
    watch.start()
    try:
        yield
    finally:
        is_done.set()
        watch.join()


def _numbered(found: list[Record], sources: dict[str, str]) -> Record:
    """Origins and calls, each said once, and by row the numbers of its own."""
    origins: dict[tuple[str, str, str], int] = {}
    contents: list[str | None] = []
    calls: dict[tuple[str | None, ...], int] = {}
    by_row: dict[str, list[tuple[int, list[int]]]] = {}
    totals = {one["row_id"]: one["total"] for one in found if one["total"] > MOST_ORIGINS_OF_A_ROW}
    for one in found:
        node = sources.get(one["source"]) or redacted(one["source"])
        key = str(json.loads(one["key"])["row_id"]) if node.startswith("view:") else one["key"]
        origin = origins.setdefault((node, key, one["state"]), len(origins))
        if origin == len(contents):
            contents.append(None if node.startswith("view:") else one["content"])
        made = [calls.setdefault(tuple(call), len(calls)) for call in one["calls"]]
        by_row.setdefault(one["row_id"], []).append((origin, made))
    listed = [[*origin, content] for origin, content in zip(origins, contents, strict=True)]
    return {"origins": listed, "calls": list(calls), "rows": by_row, "totals": totals}


def _runs(con: duckdb.DuckDBPyConnection, views: list[Node]) -> list[Record]:
    """The last runs, the newest first, each with its steps."""
    runs = records(con, f"FROM coco_runs() ORDER BY started_at DESC, run_id DESC LIMIT {MOST_RUNS}")
    steps: dict[tuple[str, int], list[Record]] = {}
    for database in {run["database"] for run in runs}:
        first = min(run["run_id"] for run in runs if run["database"] == database)
        table = own(RUN_STEPS, database)
        query = (
            f"SELECT run_id, view_name AS view, what, rows, seconds FROM {table} WHERE run_id >= {first} ORDER BY step"
        )
        for step in records(con, query):
            step["what"] = redacted(step["what"])
            steps.setdefault((database, step["run_id"]), []).append(step)
    names = _by_name(views)
    for run in runs:
        run["changed_sources"] = [redacted(source) for source in run["changed_sources"] or []]
        run["error"] = redacted(run["error"] or "")
        run["query"] = redacted(readable(run["query"])) if run["query"] else None
        run["node"] = names.get((run["database"], run["view"]))
        run["steps"] = steps.get((run["database"], run["run_id"]), [])
    return runs


def _errors(con: duckdb.DuckDBPyConnection, views: list[Node]) -> list[Record]:
    """The calls that failed in the last refresh of each view."""
    query = (
        f"SELECT * EXCLUDE (input_fingerprint) FROM coco_errors() ORDER BY failed_at DESC, input LIMIT {MOST_ERRORS}"
    )
    names, errors = _by_name(views), records(con, query)
    for error in errors:
        error["error"], error["input"] = redacted(error["error"]), _cut(error["input"])
        error["node"] = names.get((error["database"], error["view"]))
    return errors


def _count(con: duckdb.DuckDBPyConnection, table: str) -> int:
    ((count,),) = con.execute(f"SELECT count(*) FROM {table}").fetchall()
    return int(count)


def _by_name(views: list[Node]) -> dict[tuple[str, str], str]:
    """The ids of views, by the names that runs have."""
    return {(view.facts["database"], view.facts["run_name"]): view.id for view in views}
