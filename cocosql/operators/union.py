"""Union: the rows of several inputs together. What changes in one of them changes in the union.

    SELECT id FROM a UNION ALL SELECT id FROM b

gone:  <rows gone of a> UNION ALL <rows gone of b>
new:   <rows new of a> UNION ALL <rows new of b>

State: none of its own.
"""

from dataclasses import dataclass

from cocosql.operators import Input


@dataclass(frozen=True, eq=False)
class Union:
    inputs: tuple[Input, ...]
    names: list[str]
    kind: str = "union all"
    rule: str = "changes of its inputs are passed on"

    def rows_sql(self, relations: list[str]) -> str:
        """Its rows, for relations of the rows of its inputs."""
        return " UNION ALL ".join(f"({given.over(rows)})" for given, rows in zip(self.inputs, relations, strict=True))

    def identity(self) -> list[str] | None:
        return None
