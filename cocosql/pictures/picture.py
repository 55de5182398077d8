"""The graph as an object that notebooks show."""

from dataclasses import dataclass
from html import escape

import duckdb

from cocosql.pictures import drawing
from cocosql.pictures.mermaid import mermaid
from cocosql.pictures.model import Graph, Node, read, view_id
from cocosql.sqltree import name_parts


@dataclass(frozen=True, repr=False)
class Picture:
    """A graph of views. Notebooks show it, as text where they cannot; `mermaid()` and `svg()` are for documents."""

    graph: Graph

    def __repr__(self) -> str:
        """A line for each view: what it reads, and what it calls."""
        views = [node for node in self.graph.nodes if node.kind == "view"]
        return "\n".join(map(self._line, views)) or "no incremental views"

    def _line(self, view: Node) -> str:
        above = [node for node in self.graph.inputs(view) if node.kind != "function"]
        called = [node.name for node in self.graph.inputs(view) if node.kind == "function"]
        reads = ", ".join(node.name for node in above) or "nothing"
        calls = f", calls {', '.join(called)}" if called else ""
        return f"{view.name} ({view.status}, {view.detail}): reads {reads}{calls}"

    def mermaid(self) -> str:
        """The graph as Mermaid text."""
        return mermaid(self.graph)

    def svg(self) -> str:
        """The graph as an SVG document.

        Raises:
            ImportError: if Graphviz is not there: ``pip install "pygraphviz>=2"``.
        """
        return drawing.svg(self.graph, drawing.style())

    def _repr_html_(self) -> str:
        try:
            return self.svg()
        except ImportError as error:
            return f"<p>{escape(str(error))}</p><pre>{escape(self.mermaid())}</pre>"


def picture(con: duckdb.DuckDBPyConnection, view: str | None) -> Picture:
    """What `cocosql.graph` gives."""
    found = read(con)
    return Picture(found if view is None else found.above(_find(con, found, view)))


def _find(con: duckdb.DuckDBPyConnection, found: Graph, view: str) -> str:
    """The id of the view that a name means."""
    parts = name_parts(view) or [view]
    ((database, schema),) = con.execute(
        "SELECT system.main.current_database(), system.main.current_schema()"
    ).fetchall()
    before = [[database, schema], [database, "main"], [database], []]
    options = [*([*one, *parts] for one in before), [parts[0], "main", *parts[1:]]]
    for key in [view_id(*option) for option in options if len(option) == 3]:
        if any(node.id == key for node in found.nodes):
            return key
    raise duckdb.CatalogException(
        f"incremental view {view} does not exist (SHOW INCREMENTAL VIEWS lists those that do)"
    )
