"""``cocosql graph``: the graph of a database's views, as text for documents or as a drawing."""

from pathlib import Path

import cocosql
from cocosql.pictures.opened import opened

FORMATS = ("mermaid", "svg")


def run(path: Path, view: str | None, form: str) -> None:
    """Print the graph.

    Raises:
        FileNotFoundError: if there is no such file.
        duckdb.Error: if it is no database, another process holds it, or it has no such view.
        ImportError: if the drawing needs a package that is not there.
    """
    with opened(path) as con:
        picture = cocosql.graph(con, view)
    print(picture.mermaid() if form == "mermaid" else picture.svg(), end="")
