"""An arrangement: what an operator must remember of its input, as a capture tells only the ids of rows gone.

It has a row for each row below: its source id, its group, and the columns that the operator needs; nothing else.
"""

from dataclasses import dataclass

from cocosql._native import Session
from cocosql.catalog.views import View
from cocosql.planner.operators.aggregate import GROUP, Aggregate, layout
from cocosql.sqltext import columns_sql, ident, idents, qualified


@dataclass(frozen=True)
class Arrangement:
    view: View
    operator: Aggregate
    source_id_type: str

    @property
    def _layout(self) -> list[tuple[str, str]]:
        return layout(self.operator, self.source_id_type)

    @property
    def _touched(self) -> str:
        return qualified("temp", "main", f"coco_groups_{self.view.view_id}")

    def fits(self, session: Session) -> bool:
        """Whether the table has the columns that the operator needs."""
        return session.describe(f"FROM {self.view.arranged}") == self._layout

    def fill(self, session: Session, rows: str) -> None:
        """Arrange all rows."""
        session.execute(f"CREATE OR REPLACE TABLE {self.view.arranged} ({columns_sql(self._layout)})")
        session.execute(f"INSERT INTO {self.view.arranged} {self._arranged(rows)}")

    def update(self, session: Session, rows: str, touched: str) -> None:
        """Replace the rows for which the condition `touched` holds by these, and find the groups that this touches."""
        name = f"coco_arriving_{self.view.view_id}"
        arriving = qualified("temp", "main", name)
        session.execute(f"CREATE OR REPLACE TEMP TABLE {ident(name)} AS {self._arranged(rows)}")
        session.execute(
            f"CREATE OR REPLACE TEMP TABLE {ident(f'coco_groups_{self.view.view_id}')} AS "
            f"SELECT {GROUP} FROM {self.view.arranged} WHERE {touched} UNION SELECT {GROUP} FROM {arriving}"
        )
        session.execute(f"DELETE FROM {self.view.arranged} WHERE {touched}")
        session.execute(f"INSERT INTO {self.view.arranged} FROM {arriving}")

    def _arranged(self, rows: str) -> str:
        names = [name for name, _ in self._layout if name != GROUP]
        return f"SELECT {self.operator.group} AS {GROUP}, {idents(names)} FROM ({rows})"

    def all_groups(self) -> str:
        """A query for all arranged rows."""
        return f"FROM {self.view.arranged}"

    def touched_groups(self) -> str:
        """A query for the arranged rows of the groups that the last update touched."""
        return f"FROM {self.view.arranged} WHERE {GROUP} IN ({self.touched_ids()})"

    def touched_ids(self) -> str:
        return f"SELECT {GROUP} FROM {self._touched}"
