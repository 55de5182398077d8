"""Scan: the rows of a source. Change capture tells which are gone or changed, and which are new.

    FROM notes

gone:  the ids of the rows that a snapshot has and the source has not, or has with other content
new:   SELECT id AS coco_source_id, body FROM notes WHERE <in a row group that changed, and not as in the snapshot>

State: the snapshot, which views of the same columns share.
"""

from dataclasses import dataclass, field

from cocosql.operators import Input
from cocosql.operators.source import Source
from cocosql.sqltext import idents

KIND = "scan"


@dataclass(frozen=True, eq=False)
class Scan:
    source: Source
    #: The columns that are read.
    names: list[str] = field(default_factory=list)
    inputs: tuple[Input, ...] = ()
    kind: str = KIND
    rule: str = "change capture"

    def identity(self) -> list[str] | None:
        return self.source.key or None


@dataclass(frozen=True, eq=False)
class Constant:
    """Rows that are written in the query."""

    #: A query for them.
    sql: str
    names: list[str]
    inputs: tuple[Input, ...] = ()
    kind: str = "values"
    rule: str = "written in the query, and never changed"

    def rows_sql(self) -> str:
        """Its rows; they need no ids, as none of them goes."""
        names = f" ({idents(self.names)})" if self.names else ""
        return f"SELECT 0::BIGINT AS coco_source_id, * FROM ({self.sql}) AS coco_values{names}"

    def identity(self) -> list[str] | None:
        return None
