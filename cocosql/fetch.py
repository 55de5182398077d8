"""Reading some rows of a large table: one by one where they are few, else by a join that reads whole columns."""

from dataclasses import astuple

from cocosql._native import Session
from cocosql.catalog.names import Name
from cocosql.collected import collected
from cocosql.sqltext import idents, literal, qualified

#: What a value costs that is fetched, in terms of one that is scanned: compressed text is decoded up to its place.
_FETCHED_FIXED, _FETCHED_OTHER = 400, 10_000
_FIXED = {
    *("BOOLEAN", "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT"),
    *("UHUGEINT", "FLOAT", "DOUBLE", "DECIMAL", "DATE", "TIME", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE", "UUID"),
}
#: A table with fewer rows is scanned at once.
SMALL = 50_000


def rows_at(session: Session, table: Name, row_ids: str, columns: list[str], wanted: int) -> str:
    """A query for the rows with these row ids (a query, with one column): the columns, and ``coco_rowid``.

    `wanted` is about how many there are. Row ids hold within a transaction in which checkpoints are held back.
    """
    stored = session.stored_rows(table.database, table.schema, table.name)
    if stored < SMALL or not _is_worth_fetching(session, table, columns, wanted, stored):
        return f"{_scan(table, columns)} WHERE rowid IN ({row_ids})"
    return f"FROM coco_fetch(({row_ids}), {_arguments(table)}, [{', '.join(map(literal, columns))}])"


def row_ids_under(table: Name, keys: str) -> str:
    """A query for the row ids that the index of the primary key has under these keys (a query).

    Some may be missing, and some may be of rows that the transaction does not see.
    """
    return f"FROM coco_seek(({keys}), {_arguments(table)})"


def _is_worth_fetching(session: Session, table: Name, columns: list[str], wanted: int, stored: int) -> bool:
    types = session.describe(f"SELECT {idents(columns)} FROM {_sql(table)}") if columns else []
    costs = [_FETCHED_FIXED if kind.split("(")[0] in _FIXED else _FETCHED_OTHER for _, kind in types]
    return wanted * sum(costs) < stored * max(len(costs), 1)


def rows_where(session: Session, table: Name, condition: str, columns: list[str], found: str) -> str:
    """A query for the rows for which a condition holds: the columns, and ``coco_rowid``.

    Their row ids may be collected under the name `found`: the condition is on few columns, and the others are read for
    few rows.
    """
    if condition == "true":
        return _scan(table, columns)
    if session.stored_rows(table.database, table.schema, table.name) < SMALL:
        return f"{_scan(table, columns)} WHERE {condition}"
    count = session.collect(found, f"{_scan(table, [])} WHERE {condition}")
    return rows_at(session, table, f"SELECT coco_rowid FROM {collected(found)}", columns, count)


def _scan(table: Name, columns: list[str]) -> str:
    shown = f"{idents(columns)}, " if columns else ""
    return f"SELECT {shown}rowid AS coco_rowid FROM {_sql(table)}"


def _arguments(table: Name) -> str:
    return ", ".join(map(literal, astuple(table)))


def _sql(table: Name) -> str:
    return qualified(table.database, table.schema, table.name)
