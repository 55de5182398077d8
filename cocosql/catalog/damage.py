"""The schema coco of a file is checked when it is opened: the file may be damaged, or a stranger's.

Its tables must be as the migrations make them. What their rows say is checked where they are read.
"""

import re
from functools import cache
from pathlib import Path

import duckdb

from cocosql._native import Session
from cocosql.catalog import tables
from cocosql.files import find

#: Words, quoted names and texts, and signs of a type as SQL.
_TOKENS = re.compile(r"""\s*("(?:[^"]|"")*"|'(?:[^']|'')*'|\w+|-(?=[0-9])|[(),\[\].:<>])""")
#: Without one of these no query can begin in a type.
_QUERY_WORDS = {"SELECT", "FROM", "VALUES", "TABLE", "PIVOT", "UNPIVOT", "DESCRIBE", "SHOW", "SUMMARIZE", "EXECUTE"}


def damaged(database: str, what: str, why: str) -> duckdb.InvalidInputException:
    return duckdb.InvalidInputException(
        f"{what} of database {database} is damaged, or not CocoSQL's: {why}. Restore the file from a copy"
    )


def check_plain(session: Session, database: str) -> None:
    """Refuse a schema coco in which something is run as it is read.

    Raises:
        duckdb.InvalidInputException: names what is.
    """
    for name in session.strange_relations(database, tables.SCHEMA):
        raise damaged(database, f"coco.{name}", "it is a view, or has columns that are worked out as they are read")


def check_tables(session: Session, database: str, scripts: tuple[Path, ...], *, are_all: bool) -> None:
    """Refuse a schema coco whose tables are not as these migrations make them. Of all, that is known without a trial.

    Raises:
        duckdb.InvalidInputException: names the table that is not.
    """
    for name, sql in (present() if are_all else made_by(scripts)).items():
        found = session.relation(database, tables.SCHEMA, name)
        if found is None:
            raise damaged(database, f"coco.{name}", "there is no such table")
        if found.sql.lower() != sql.lower():  # a setting may have folded the names
            raise damaged(database, f"coco.{name}", "it has other columns")


@cache
def present() -> dict[str, str]:
    """The tables that all migrations make: by name, the statement that would make each at once."""
    statements = find("sql/records.sql").read_text().splitlines()
    return {sql.partition("(")[0].split(".")[-1].strip('"'): sql for sql in statements if not sql.startswith("--")}


@cache
def made_by(scripts: tuple[Path, ...]) -> dict[str, str]:
    """The tables that migrations make, by trial, which takes longer than all else that opening a database needs."""
    with duckdb.connect(config={"threads": 1}) as con:
        for script in scripts:
            con.execute(script.read_text())
        made = con.execute("SELECT table_name, sql FROM duckdb_tables() WHERE schema_name = $1", [tables.SCHEMA])
        return dict(made.fetchall())


def is_type(text: str | None) -> bool:
    """Whether a text is a type as SQL, and cannot be more."""
    text = text or ""
    depth = end = 0
    for token in _TOKENS.finditer(text):
        sign = token[1]
        depth += (sign in "([") - (sign in ")]")
        is_apart = token.start() != end or sign.upper() in _QUERY_WORDS or (sign == "," and depth == 0)
        if is_apart or depth < 0:
            return False
        end = token.end()
    return text != "" and depth == 0 and end == len(text)
