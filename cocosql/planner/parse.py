"""Parsing: sqlglot's tree of a query, if it means what DuckDB reads, and of an expression."""

import itertools
import re

import duckdb
import sqlglot
from sqlglot import exp
from sqlglot.errors import TokenError

from cocosql._native import Session
from cocosql.sqltree import CocoDuckDB, render, try_parse


def parse(session: Session, sql: str) -> exp.Query | None:
    """The tree of a query; None if sqlglot cannot read it, or would write it with another meaning."""
    tree = try_parse(sql)
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
    """The text without differences that mean nothing: case of type names, blanks, quotes around an interval's
    number."""
    return re.sub(r"cast\('(\d+)' as double\)", r"cast(\1 as double)", " ".join(canonical.lower().split()))


def read_expression(sql: str) -> exp.Expr | None:
    """The tree of an expression that DuckDB wrote; None if sqlglot cannot read it. It may mean something else."""
    try:
        tree = try_parse(f"SELECT {_with_bare_lambdas(sql)}")
    except TokenError:
        return None
    if not isinstance(tree, exp.Select) or [part for part, given in tree.args.items() if given] != ["expressions"]:
        return None
    expression: exp.Expr = tree.expressions[0]
    return None if len(tree.expressions) > 1 or isinstance(expression, exp.Alias) else expression


def _with_bare_lambdas(text: str) -> str:
    """The SQL without the parentheses that DuckDB writes around a lambda, and sqlglot does not read."""
    tokens = sqlglot.tokenize(text, dialect=CocoDuckDB)
    dropped: list[int] = []
    opened: list[bool] = []
    for token, following in itertools.pairwise([*tokens, *tokens[-1:]]):
        if token.text == "(":
            opened.append(following.text.lower() == "lambda")
        if token.text in ("(", ")") and opened and (opened[-1] if token.text == "(" else opened.pop()):
            dropped.append(token.start)
    return "".join(character for place, character in enumerate(text) if place not in dropped)
