"""CocoSQL: an incremental view. It notices the edited function by itself."""

from collections.abc import Callable, Iterator

import duckdb

import cocosql
from systems.duckdb_file import DuckDBFile

CREATE = "CREATE INCREMENTAL VIEW digests AS SELECT id, digest(body) AS digest FROM docs"
REFRESH = "REFRESH INCREMENTAL VIEW digests"


class Measured(DuckDBFile):
    def connect(self) -> duckdb.DuckDBPyConnection:
        return cocosql.connect(str(self.folder / "docs.db"))

    def open(self) -> None:
        super().open()
        cocosql.register(self.con, self.function)

    def run(self, statement: str) -> None:
        self.con.execute(statement).fetchall()

    def build(self) -> None:
        self.run(CREATE)

    def no_op(self) -> None:
        self.run(REFRESH)

    def update(self) -> None:
        self.change_documents()
        self.run(REFRESH)

    def code_change(self) -> None:
        self.run(REFRESH)

    def delete(self) -> None:
        self.delete_documents()
        self.run(REFRESH)

    def memo_steps(self) -> Iterator[tuple[str, Callable[[], object]]]:
        yield "`REFRESH … FULL`", lambda: self.run(f"{REFRESH} FULL")
        self.run("DROP INCREMENTAL VIEW digests")
        yield "`CREATE` of the dropped view", lambda: self.run(CREATE)
        greatest: list[str] = []
        query = "SELECT max(digest(body)) FROM docs"
        yield f"`{query}`", lambda: greatest.extend(self.con.execute(query).fetchone() or ())
        if greatest != [max(digest for _, digest in self.results())]:
            raise ValueError(f"{query} answered {greatest}")

    def versions(self) -> list[str]:
        return ["cocosql", "duckdb"]
