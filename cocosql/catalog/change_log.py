"""The log of changes of a view, and the one place where it is read: by views that read the view, and by system tables.

A row of the view carries its row id, the version that brought it, and whether as an update. When it goes it moves to
the history, with the version that removed it, and whether it was replaced. So the rows and the history together are the
log, and no row is stored twice. (cocosql/refresh/state.py makes both tables, the history when the first row goes;
cocosql/refresh/apply.py writes them.)
"""

from dataclasses import dataclass

from cocosql.catalog.tables import RUNS, if_table, own
from cocosql.catalog.views import View
from cocosql.sqltext import struct

#: What a row of the view has before its own columns; and one of the history, besides.
BORN = [("coco_row_id", "BIGINT"), ("coco_version", "BIGINT"), ("coco_updated", "BOOLEAN")]
GONE = [("coco_removed", "BIGINT"), ("coco_replaced", "BOOLEAN")]


def _names(columns: list[tuple[str, str]]) -> str:
    return ", ".join(name for name, _ in columns)


@dataclass(frozen=True)
class ChangeLog:
    """Queries of the log, each a text for whatever session. A version counts as the changes that made it."""

    view: View

    @property
    def rows(self) -> str:
        return own(self.view.state_table, self.view.name.database)

    @property
    def history(self) -> str:
        none = ", ".join(f"NULL::{kind} AS {name}" for name, kind in GONE)
        database, table = self.view.name.database, self.view.history_table
        return if_table(
            database, table, f"FROM {own(table, database)}", f"SELECT *, {none} FROM {self.rows} WHERE false"
        )

    def insertions(self, since: int, columns: str) -> str:
        """Of the rows that the view has, and did not have at a version, a select list of columns."""
        return f"SELECT {columns} FROM {self.rows} WHERE coco_version > {since}"

    def retractions(self, since: int, columns: str) -> str:
        """Of the rows that it had at a version, and has not any more."""
        return f"SELECT {columns} FROM {self.history} WHERE coco_removed > {since} AND coco_version <= {since}"

    def rows_at(self, version: int | None) -> str:
        """The rows at a version (None: now), with row ids and lineage; ``coco_past`` says which are gone since."""
        kept = ", ".join(name for name, _ in BORN[1:])
        present = f"SELECT * EXCLUDE ({kept}), false AS coco_past FROM {self.rows}"
        if version is None:
            return present
        past = f"SELECT * EXCLUDE ({kept}, {_names(GONE)}), true AS coco_past"
        return (
            f"{present} WHERE coco_version <= {version} UNION ALL BY NAME {past} FROM {self.history} "
            f"WHERE coco_version <= {version} AND coco_removed > {version}"
        )

    def appeared(self, condition: str = "true") -> str:
        """Each row that came: row_id, version, is_update, row (a STRUCT), is_present; of rows with a condition."""
        row = struct(self.view.column_names)
        columns = f"coco_row_id AS row_id, coco_version AS version, coco_updated AS is_update, {row} AS row"
        return (
            f"SELECT {columns}, true AS is_present FROM {self.rows} WHERE {condition} "
            f"UNION ALL SELECT {columns}, false FROM {self.history} WHERE {condition}"
        )

    def disappeared(self, condition: str = "true") -> str:
        """Each row that went: row_id, version, is_update (it was replaced), row."""
        row = struct(self.view.column_names)
        columns = f"coco_row_id AS row_id, coco_removed AS version, coco_replaced AS is_update, {row} AS row"
        return f"SELECT {columns} FROM {self.history} WHERE {condition}"

    def versions(self, condition: str = "true") -> str:
        """The versions that changed rows with a condition."""
        came, went = self.appeared(condition), self.disappeared(condition)
        return f"SELECT version FROM ({came}) UNION SELECT version FROM ({went})"

    def runs(self) -> str:
        """The refreshes of the view that went well."""
        return f"{own(RUNS, self.view.name.database)} WHERE view_id = {self.view.view_id} AND status = 'succeeded'"

    def made(self) -> str:
        """The versions, with the refresh that made each, and when: version, run_id, changed_at."""
        first = "min(run_id) AS run_id, min(finished_at) AS changed_at"
        return f"SELECT version, {first} FROM {self.runs()} GROUP BY version"
