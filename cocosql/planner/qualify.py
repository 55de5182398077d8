"""Qualifying: what the names of a query mean, written into it once and for all.

A table of the view's own database is written ``schema.table``, so that a file works under any alias; a table of another
database is written ``database.schema.table``.
"""

from collections.abc import Iterator
from functools import lru_cache

import duckdb
from sqlglot import exp

from cocosql._native import Session
from cocosql.catalog.names import Caller, Name, candidates, relation
from cocosql.sqltree import render, try_parse


def qualify(session: Session, tree: exp.Query, caller: Caller, view: Name) -> None:
    """Write the names of tables and views as stored, with the caller's search path.

    Raises:
        duckdb.CatalogException: if a table does not exist.
        duckdb.InvalidInputException: if it cannot be a source, or a macro is temporary.
    """
    _check_no_temporary_macro(tree, caller)
    for table in tables(tree):
        parts = [part.name for part in table.parts]
        name = _resolve(session, parts, caller, view)
        if name is None:
            continue
        table.set("this", exp.to_identifier(name.name, quoted=True))
        table.set("db", exp.to_identifier(name.schema, quoted=True))
        own = name.database.lower() == view.database.lower()
        table.set("catalog", None if own else exp.to_identifier(name.database, quoted=True))


def fill_database(tree: exp.Query, database: str) -> None:
    """Write the view's own database, under its present alias, where a stored query leaves it out."""
    for table in tables(tree):
        if table.args.get("db") and not table.args.get("catalog"):
            table.set("catalog", exp.to_identifier(database, quoted=True))


@lru_cache(maxsize=1024)
def without_database(sql: str, database: str) -> str:
    """The name of a source as stored: without the view's own database."""
    table = try_parse(sql, exp.Table)
    if table is None:
        return sql
    if table.catalog.lower() == database.lower():
        table.set("catalog", None)
    return render(table)


def rename(tree: exp.Query, old: Name, new: Name) -> None:
    """Write a table's new name, and let the query know it by the old one where it has no other."""
    for table in tables(tree):
        if (table.db.lower(), table.name.lower()) != (old.schema.lower(), old.name.lower()) or table.catalog:
            continue
        if not table.alias:
            table.set("alias", exp.TableAlias(this=exp.to_identifier(table.name, quoted=True)))
        table.set("this", exp.to_identifier(new.name, quoted=True))


def tables(tree: exp.Query) -> Iterator[exp.Table]:
    """The tables and views that a query names; not its CTEs, nor table functions."""
    for table in list(tree.find_all(exp.Table)):
        if isinstance(table.this, exp.Identifier) and not _is_cte(table):
            yield table


def _is_cte(table: exp.Table) -> bool:
    """Whether the name is of a CTE that is in scope there; ``recurring.r`` is of a recursive one, USING KEY."""
    is_recurring = table.db.lower() == "recurring" and not table.args.get("catalog")
    if table.args.get("db") and not is_recurring:
        return False
    node: exp.Expr | None = table
    while node is not None:
        with_ = node.args.get("with_")
        if with_ and any(
            cte.alias.lower() == table.name.lower() and (with_.args.get("recursive") or not _inside(table, cte))
            for cte in with_.expressions
        ):
            return True
        node = node.parent
    return False


def _inside(node: exp.Expr, ancestor: exp.Expr) -> bool:
    current: exp.Expr | None = node
    while current is not None and current is not ancestor:
        current = current.parent
    return current is ancestor


def _check_no_temporary_macro(tree: exp.Query, caller: Caller) -> None:
    temporary = set(map(str.lower, caller.temporary_macros))
    for call in tree.find_all(exp.Anonymous):
        of_rows = any(isinstance(argument, exp.Star) for argument in call.expressions)
        name = "count_star" if of_rows else call.name.lower()  # DuckDB's name for count(*)
        if name in temporary and not isinstance(call.parent, exp.Dot):
            raise duckdb.InvalidInputException(
                f"{name} is a temporary macro: it ends with the connection and cannot be part of an incremental "
                "view. Create it without TEMP, or DROP it"
            )


def _resolve(session: Session, parts: list[str], caller: Caller, view: Name) -> Name | None:
    """What the name means; None if it is no catalog entry but something that DuckDB reads all the same (a file)."""
    temporary = parts[0].lower() == "temp" if len(parts) > 1 else parts[0].lower() in map(str.lower, caller.temporary)
    if temporary:
        raise duckdb.InvalidInputException(
            f"{parts[-1]} is a temporary table or a registered DataFrame: it ends with the connection and cannot be a "
            f"source of an incremental view. Store it: CREATE TABLE … AS FROM {parts[-1]}"
        )
    for name in candidates(session, parts, caller):
        if name.database == "temp":
            continue
        found = relation(session, name)
        if found:
            return Name(found.database, found.schema, found.name)
        if name.key() == view.key():
            raise duckdb.CatalogException(f"view {view} cannot read itself")
    text = render(exp.Table(**dict(zip(("this", "db", "catalog"), map(_quoted, reversed(parts)), strict=False))))
    try:
        session.describe(f"FROM {text}")
    except duckdb.CatalogException as error:
        raise duckdb.CatalogException(
            f"{error}\nIf {text} is a DataFrame or another variable of Python, store it first: "
            f"CREATE TABLE … AS FROM {text}"
        ) from None
    return None


def _quoted(name: str) -> exp.Identifier:
    return exp.to_identifier(name, quoted=True)
