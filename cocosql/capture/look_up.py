"""Looking up the rows of a table that have some keys: at little more than the cost of their number where possible."""

from cocosql._native import Session
from cocosql.capture.parts import column_list
from cocosql.collected import collected
from cocosql.fetch import SMALL, row_ids_under, rows_at
from cocosql.operators.source import Source
from cocosql.sqltext import ident, idents

#: What it costs to follow the index to a key, in rows of which the key is scanned.
_SOUGHT = 100


def find(session: Session, source: Source, columns: list[str], wanted: str, many: int, prefix: str, since: int) -> str:
    """A relation of the columns, and ``coco_rowid``, of the rows with a key of `wanted`.

    Keys that are ``coco_gone`` are not looked for; there are at most `many` others. Rows that were inserted have row
    ids from `since` on, most likely: those are looked at first; then the index of the primary key is followed, if it
    pays; then the table is searched.
    What is collected on the way has names with the prefix.
    """
    assert source.name is not None
    key, stored = idents(source.key), session.stored_rows(source.name.database, source.name.schema, source.name.name)
    shown = f"SELECT rowid AS coco_rowid{column_list(columns)} FROM {source.sql}"
    missing = f"SELECT {key} FROM {wanted} WHERE NOT coco_gone"
    if stored < SMALL:
        return f"(FROM ({shown}) SEMI JOIN ({missing}) AS missing USING ({key}))"
    found, rest = [], missing
    if stored > since:
        inserted = f"({shown} WHERE rowid >= {since}) AS late"
        session.collect(f"{prefix}late", f"FROM {inserted} SEMI JOIN ({missing}) AS missing USING ({key})")
        found.append(f"{prefix}late")
        many, rest = _rest(session, source, missing, found, prefix)
    if many and many * _SOUGHT < stored:
        row_ids = row_ids_under(source.name, rest)
        found.append(f"{prefix}sought")
        if session.collect(f"{prefix}sought", rows_at(session, source.name, row_ids, columns, many)) < many:
            many, rest = _rest(session, source, missing, found, prefix)
        else:
            many = 0
    parts = [f"FROM {collected(name)}" for name in found]
    if many or not parts:
        parts.append(rows_at(session, source.name, _row_ids(session, source, rest), columns, many))
    return f"({' UNION ALL BY NAME '.join(parts)})"


def _rest(session: Session, source: Source, missing: str, found: list[str], prefix: str) -> tuple[int, str]:
    """How many keys have not been found yet, and a query for them."""
    key, name = idents(source.key), f"{prefix}rest"
    excluded = "".join(f" EXCEPT SELECT {key} FROM {collected(part)}" for part in found)
    return session.collect(name, f"{missing}{excluded}"), f"FROM {collected(name)}"


def _row_ids(session: Session, source: Source, keys: str) -> str:
    """A query for the row ids of the rows with these keys: by the column that tells most first.

    DuckDB passes by rows that a semi join cannot find where it is by one column.
    """
    if len(source.key) == 1:
        rows = source.sql
    else:
        distinct = ", ".join(f"count(DISTINCT {ident(name)})" for name in source.key)
        (counts,) = session.execute(f"SELECT {distinct} FROM ({keys})")
        first = ident(source.key[max(range(len(counts)), key=lambda number: counts[number])])
        rows = (
            f"(SELECT rowid, {idents(source.key)} FROM {source.sql} "
            f"SEMI JOIN (SELECT DISTINCT {first} FROM ({keys})) AS those USING ({first}))"
        )
    return f"SELECT rowid FROM {rows} SEMI JOIN ({keys}) AS wanted USING ({idents(source.key)})"
