"""Run the examples of README.md and docs/*.md, and compare what they print with what the page shows.

    python docs/run_examples.py            # fails where a page is wrong
    python docs/run_examples.py --write    # corrects the pages

All ```python and ```sql blocks of a page run in order, on one connection named `con`. A ```text block right after one
shows what that block prints: SQL prints the result of its last statement. Blocks of other kinds are not run.
"""

import contextlib
import difflib
import io
import os
import re
import sys
import tempfile
from pathlib import Path
from typing import Any

import duckdb

import cocosql

ROOT = Path(__file__).resolve().parent.parent
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def run_page(page: Path) -> str:
    """Run a page's examples; returns the page with what they print now."""
    names: dict[str, Any] = {"__name__": "example", "con": cocosql.connect()}
    text = page.read_text()
    done, position, printed = "", 0, ""
    for block in BLOCK.finditer(text):
        kind, body = block.groups()
        between = text[position : block.start()]
        if kind == "text" and position and not between.strip():
            body = printed.strip("\n") + "\n"
        done += f"{between}```{kind}\n{body}```"
        position = block.end()
        if kind in ("python", "sql"):
            line = text.count("\n", 0, block.start()) + 2
            printed = run_python(page, line, body, names) if kind == "python" else run_sql(names["con"], body)
    return done + text[position:]


def run_python(page: Path, line: int, body: str, names: dict[str, Any]) -> str:
    """Run a block as lines of a file, so that functions have a source and tracebacks a place."""
    example = Path(tempfile.gettempdir()) / f"{page.stem}_{line}.py"
    example.write_text(body)
    printed = io.StringIO()
    try:
        with contextlib.redirect_stdout(printed):
            exec(compile(body, str(example), "exec"), names)
    finally:
        example.unlink()
    return printed.getvalue()


def run_sql(con: duckdb.DuckDBPyConnection, body: str) -> str:
    """Run the statements; an error is what they print."""
    result = None
    try:
        for statement in con.extract_statements(body):
            result = con.sql(statement.query)
    except duckdb.Error as error:
        return str(error)
    return "\n".join(row.rstrip() for row in str(result).splitlines()) if result is not None else ""


def main() -> int:
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        for page in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))):
            shown, actual = page.read_text(), run_page(page)
            if shown == actual:
                continue
            if "--write" in sys.argv:
                page.write_text(actual)
                continue
            wrong += 1
            names = (f"{page.name} shows", f"{page.name} gives")
            sys.stdout.writelines(difflib.unified_diff(shown.splitlines(True), actual.splitlines(True), *names))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
