"""Reading some rows of a large table: one by one where they are few, else by a join that reads whole columns."""

from cocosql._native import Session
from cocosql.catalog.names import Name
from cocosql.sqltext import idents, literal, qualified

#: A row that is fetched costs as much as so many that are scanned.
_SCANNED_PER_FETCHED = 64


def rows_at(session: Session, table: Name, row_ids: str, columns: list[str], wanted: int) -> str:
    """A query for the rows with these row ids (a query, with one column): the columns, and ``coco_rowid``.

    `wanted` is about how many there are. Row ids hold within a transaction in which checkpoints are held back.
    """
    name = qualified(table.database, table.schema, table.name)
    ((present,),) = session.execute(f"SELECT count(*) FROM {name}")
    if wanted * _SCANNED_PER_FETCHED > present:
        return f"SELECT {idents(columns)}, rowid AS coco_rowid FROM {name} WHERE rowid IN ({row_ids})"
    where = ", ".join(map(literal, (table.database, table.schema, table.name)))
    return f"FROM coco_fetch(({row_ids}), {where}, [{', '.join(map(literal, columns))}])"
