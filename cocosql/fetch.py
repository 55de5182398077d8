"""Reading some rows of a large table: one by one where they are few, else by a join that reads whole columns."""

from dataclasses import dataclass

from cocosql._native import Session
from cocosql.catalog.names import Name
from cocosql.collected import collected
from cocosql.sqltext import ident, idents, literal, qualified

#: What it costs to fetch one value by row id, as a multiple of scanning one. To fetch a text, the compressed block is
#: decoded up to it.
_FETCHED_FIXED, _FETCHED_OTHER = 400, 10_000
#: Types whose values all have one size.
FIXED_SIZE = {
    *("BOOLEAN", "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT"),
    *("UHUGEINT", "FLOAT", "DOUBLE", "DECIMAL", "DATE", "TIME", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE", "UUID"),
}
#: A table with fewer rows is scanned at once, if its rows are small.
SMALL = 50_000
#: So few rows are fetched in less time than it takes to plan a statement that scans.
_FEW = 100


def rows_at(session: Session, table: Name, row_ids: str, columns: list[str], wanted: int) -> str:
    """A query for the rows with these row ids (a query, with one column): the columns, and ``coco_rowid``.

    `wanted` is about how many there are. Row ids hold within a transaction in which checkpoints are held back.
    """
    stored = session.stored_rows(*table.parts)
    if stored < SMALL or wanted > _most_worth_fetching(_costs(session, table, columns), stored):
        return f"{_scan(table, columns)} WHERE rowid IN ({row_ids})"
    return f"FROM coco_fetch(({row_ids}), {_arguments(table)}, [{', '.join(map(literal, columns))}])"


def row_ids_under(table: Name, keys: str) -> str:
    """A query for the row ids that the index of the primary key has under these keys (a query).

    Some may be missing, and some may be of rows that the transaction does not see.
    """
    return f"FROM coco_seek(({keys}), {_arguments(table)})"


def _most_worth_fetching(costs: list[int], stored: int) -> int:
    """Up to how many rows it is cheaper to fetch them one by one than to scan a table that stores so many."""
    return stored * max(len(costs), 1) // max(sum(costs), 1)


def _costs(session: Session, table: Name, columns: list[str]) -> list[int]:
    """What a value of each column costs that is fetched."""
    types = {name.lower(): kind for name, kind in session.columns(*table.parts)}
    return [_FETCHED_FIXED if types[name.lower()].split("(")[0] in FIXED_SIZE else _FETCHED_OTHER for name in columns]


@dataclass(frozen=True)
class Condition:
    """A condition on the rows of a table."""

    sql: str
    #: If not empty, the same as pairs of a column and a query: the column has one of the ids ``coco_source_id`` of the
    #: query.
    among: tuple[tuple[str, str], ...] = ()

    @property
    def is_of_all(self) -> bool:
        return self.sql == "true"

    def __str__(self) -> str:
        return self.sql


def among(pairs: list[tuple[str, str]]) -> Condition:
    """The rows that have in one of these columns one of the ids, ``coco_source_id``, of a query."""
    if not pairs:
        return Condition("false")
    parts = [f"{ident(column)} IN (SELECT coco_source_id FROM ({ids}))" for column, ids in pairs]
    return Condition(f"({' OR '.join(parts)})", tuple(pairs))


ALL = Condition("true")


def rows_where(session: Session, table: Name, condition: Condition, columns: list[str], found: str) -> str:
    """A query for the rows of a table of the engine's for which a condition holds: the columns, and ``coco_rowid``.

    They, or their row ids, may be collected under the name `found`: the condition is on few columns, and the others are
    read for few rows.
    """
    if condition.is_of_all:
        return _scan(table, columns)
    if condition.among and find(session, table, condition, columns, found):
        return f"FROM {collected(found)}"
    if session.stored_rows(*table.parts) < SMALL:
        return f"{_scan(table, columns)} WHERE {condition}"
    count = session.collect(found, f"{_scan(table, [])} WHERE {condition}")
    return rows_at(session, table, f"SELECT coco_rowid FROM {collected(found)}", columns, count)


def find(session: Session, table: Name, condition: Condition, columns: list[str], found: str) -> bool:
    """Collect the rows of a table of the engine's that have some ids, without a query: the columns, and ``coco_rowid``.

    False if a query finds them as soon.
    """
    stored = session.stored_rows(*table.parts)
    costs = _costs(session, table, columns)
    is_large = stored >= SMALL or _FETCHED_OTHER in costs
    most = max(_most_worth_fetching(costs, stored), _FEW) if is_large else SMALL
    pairs = list(condition.among)
    return session.find_rows(found, table.database, table.name, columns, pairs, most, is_large) is not None


def _scan(table: Name, columns: list[str]) -> str:
    shown = f"{idents(columns)}, " if columns else ""
    return f"SELECT {shown}rowid AS coco_rowid FROM {_sql(table)}"


def _arguments(table: Name) -> str:
    return ", ".join(map(literal, table.parts))


def _sql(table: Name) -> str:
    return qualified(table.database, table.schema, table.name)
