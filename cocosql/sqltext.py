"""SQL as text: names are quoted and literals written by sqlglot, never by hand."""

from collections.abc import Iterable

import sqlglot
from sqlglot import exp
from sqlglot.dialects.duckdb import DuckDB


class CocoDuckDB(DuckDB):
    """DuckDB's SQL with function calls kept under the names that the user wrote."""

    class Parser(DuckDB.Parser):
        # sqlglot would translate known functions to its own; DuckDB is the only dialect here, so none needs it.
        FUNCTIONS = {}  # noqa: RUF012


def render(expression: exp.Expression) -> str:
    return expression.sql(dialect=CocoDuckDB, normalize_functions=False)


def ident(name: str) -> str:
    """A quoted name."""
    return render(exp.to_identifier(name, quoted=True))


def idents(names: Iterable[str], table: str | None = None) -> str:
    """Quoted names, separated by commas."""
    prefix = f"{ident(table)}." if table else ""
    return ", ".join(prefix + ident(name) for name in names)


def qualified(*parts: str) -> str:
    """A quoted name of several parts."""
    return ".".join(ident(part) for part in parts)


def split_name(text: str) -> list[str]:
    """The parts of a name written as SQL: ``main."my view"``."""
    table = sqlglot.parse_one(text, into=exp.Table, dialect=CocoDuckDB)
    return [part.name for part in table.parts]


def literal(text: str) -> str:
    return render(exp.Literal.string(text))


def fingerprint(names: Iterable[str], table: str | None = None) -> str:
    """The fingerprint of some columns, or of no column at all."""
    return f"coco_fingerprint({idents(names, table) or '1'})"
