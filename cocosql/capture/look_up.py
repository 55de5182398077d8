"""Looking up the rows of a table that have some keys: at little more than the cost of their number where possible."""

from cocosql import temporary
from cocosql._native import Session
from cocosql.capture.parts import column_list
from cocosql.fetch import SMALL, rows_at
from cocosql.planner.sources import Source
from cocosql.sqltext import ident, idents

#: The temporary table of keys that have not been found yet.
_REST = "coco_keys_not_found"


def find(session: Session, source: Source, columns: list[str], wanted: str, found: str, since: int) -> None:
    """Make the temporary table `found` of the columns, and ``coco_rowid``, of the rows with a key of `wanted`.

    Keys that are ``coco_gone`` are not looked for. Rows that were inserted have row ids from `since` on, most likely:
    those are looked at first.
    """
    assert source.name is not None
    key, stored = idents(source.key), session.stored_rows(source.name.database, source.name.schema, source.name.name)
    shown = f"SELECT rowid AS coco_rowid{column_list(columns)} FROM {source.sql}"
    missing = f"SELECT {key} FROM {wanted} WHERE NOT coco_gone"
    if stored < SMALL:
        temporary.make(session, found, f"{shown} SEMI JOIN ({missing}) AS missing USING ({key})")
        return
    late = f"({shown} WHERE rowid >= {since}) AS late"
    temporary.make(session, found, f"FROM {late} SEMI JOIN ({missing}) AS missing USING ({key})")
    many = temporary.make(session, _REST, f"{missing} EXCEPT SELECT {key} FROM {found}")
    if many:
        row_ids = _row_ids(session, source, f"FROM {_REST}")
        session.execute(f"INSERT INTO {found} BY NAME {rows_at(session, source.name, row_ids, columns, many)}")


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
