"""Recompute: the rows of any query, worked out afresh and compared with those that the view has.

SELECT lang, count(*) FROM notes GROUP BY lang

rows:  SELECT lang, count(*) FROM notes GROUP BY lang
delta: the rows that the view has and the query does not, and those that the query has and the view does not
"""

from dataclasses import dataclass

KIND = "recompute"
RULE = "recompute and compare"


@dataclass(frozen=True)
class Recompute:
    #: The query as DuckDB is to run it.
    sql: str
    #: Why no operator with a rule of its own fits.
    reason: str

    def rows_sql(self) -> str:
        return self.sql
