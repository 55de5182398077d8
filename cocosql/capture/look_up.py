"""Looking up the rows of a table that have some keys: at little more than the cost of their number where possible."""

from cocosql._native import Session
from cocosql.capture.parts import column_list
from cocosql.collected import collected
from cocosql.fetch import SMALL, rows_at
from cocosql.planner.sources import Source
from cocosql.sqltext import ident, idents


def find(session: Session, source: Source, columns: list[str], wanted: str, prefix: str, since: int) -> str:
    """A relation of the columns, and ``coco_rowid``, of the rows with a key of `wanted`.

    Keys that are ``coco_gone`` are not looked for. Rows that were inserted have row ids from `since` on, most likely:
    those are looked at first. What is collected on the way has names with the prefix.
    """
    assert source.name is not None
    key, stored = idents(source.key), session.stored_rows(source.name.database, source.name.schema, source.name.name)
    shown = f"SELECT rowid AS coco_rowid{column_list(columns)} FROM {source.sql}"
    missing = f"SELECT {key} FROM {wanted} WHERE NOT coco_gone"
    if stored < SMALL:
        return f"(FROM ({shown}) SEMI JOIN ({missing}) AS missing USING ({key}))"
    late, rest = f"{prefix}late", f"{prefix}rest"
    if stored > since:
        inserted = f"({shown} WHERE rowid >= {since}) AS late"
        session.collect(late, f"FROM {inserted} SEMI JOIN ({missing}) AS missing USING ({key})")
        missing = f"{missing} EXCEPT SELECT {key} FROM {collected(late)}"
    many = session.collect(rest, missing)
    row_ids = _row_ids(session, source, f"FROM {collected(rest)}")
    fetched = rows_at(session, source.name, row_ids, columns, many)
    if stored <= since:
        return f"({fetched})"
    return f"(FROM {collected(late)} UNION ALL BY NAME {fetched})" if many else collected(late)


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
