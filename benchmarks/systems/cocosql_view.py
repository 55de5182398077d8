"""CocoSQL: an incremental view. Code change: the function is registered anew and the view refreshed."""

from user_code import digest

import cocosql
from systems.duckdb_docs import DuckDBDocs
from systems.task import Doc

REFRESH = "REFRESH INCREMENTAL VIEW digests"


class CocoSQLView(DuckDBDocs):
    def open(self) -> None:
        self.con = cocosql.connect(self.path)
        cocosql.register(self.con, digest)

    def build(self) -> None:
        self.con.execute("CREATE INCREMENTAL VIEW digests AS SELECT id, digest(body) AS digest FROM docs").fetchall()

    def no_op(self) -> None:
        self.con.execute(REFRESH).fetchall()

    def from_memo(self) -> None:
        """All rows anew, with all results memoized."""
        self.con.execute(f"{REFRESH} FULL").fetchall()

    def update(self, changed: list[Doc]) -> None:
        self.write_changes(changed)
        self.con.execute(REFRESH).fetchall()

    def code_change(self) -> None:
        self.con.execute(REFRESH).fetchall()

    def delete(self) -> None:
        self.delete_docs()
        self.con.execute(REFRESH).fetchall()


SYSTEM = CocoSQLView
