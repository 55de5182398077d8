"""Parsing: sqlglot's tree of a query, if it means what DuckDB reads."""

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
    _spell_out_comma_joins(tree)
    return tree if _means(session, tree, sql) else None


def _means(session: Session, tree: exp.Query, sql: str) -> bool:
    try:
        return session.canonical(render(tree)) == session.canonical(sql)
    except duckdb.Error:
        return False


def _spell_out_comma_joins(tree: exp.Query) -> None:
    """``FROM a, b`` is a cross join; sqlglot would write a comma before UNNEST as JOIN … ON TRUE."""
    for join in tree.find_all(exp.Join):
        if not any(join.args.get(part) for part in ("kind", "side", "method", "on", "using")):
            join.set("kind", "CROSS")
