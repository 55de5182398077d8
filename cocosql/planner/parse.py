"""Parsing: sqlglot's tree of a query, if it means what DuckDB reads."""

import re

import duckdb
import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from cocosql._native import Session
from cocosql.sqltext import CocoDuckDB, render


def parse(session: Session, sql: str) -> exp.Query | None:
    """The tree of a query; None if sqlglot cannot read it, or would write it with another meaning."""
    try:
        tree = sqlglot.parse_one(sql, dialect=CocoDuckDB)
    except (SqlglotError, RecursionError):
        return None
    if not isinstance(tree, exp.Query):
        return None
    return tree if same_meaning(session, render(tree), sql) else None


def same_meaning(session: Session, one: str, other: str) -> bool:
    """Whether DuckDB parses the same query from both."""
    if one == other:
        return True
    try:
        return _bare(session.canonical(one)) == _bare(session.canonical(other))
    except duckdb.Error:
        return False


def _bare(canonical: str) -> str:
    """The text without what makes no difference: case of type names, blanks, quotes around an interval's number."""
    return re.sub(r"cast\('(\d+)' as double\)", r"cast(\1 as double)", " ".join(canonical.lower().split()))
