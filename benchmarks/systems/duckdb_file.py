"""The documents in a DuckDB file: what the loop, DuckDB and CocoSQL have in common."""

from collections.abc import Iterator

import duckdb

from systems.base import System


class DuckDBFile(System):
    con: duckdb.DuckDBPyConnection

    def connect(self) -> duckdb.DuckDBPyConnection:
        return duckdb.connect(str(self.folder / "docs.db"))

    def prepare(self) -> None:
        with self.connect() as con:
            con.execute("CREATE TABLE docs (id BIGINT PRIMARY KEY, body VARCHAR)")
            con.execute("INSERT INTO docs SELECT i, repeat(md5(i::VARCHAR), 32) FROM range($1) AS t(i)", [self.rows])

    def open(self) -> None:
        self.con = self.connect()

    def change_documents(self) -> None:
        self.con.execute("UPDATE docs SET body = 'new ' || body WHERE id % 100 = 0")

    def delete_documents(self) -> None:
        self.con.execute("DELETE FROM docs WHERE id % 100 = 1")

    def results(self) -> Iterator[tuple[int, str]]:
        found = self.con.execute("SELECT id, digest FROM digests")
        while rows := found.fetchmany(5000):
            yield from rows

    def close(self) -> None:
        self.con.close()


class Recomputed(DuckDBFile):
    """A system that knows one way: all again."""

    def build(self) -> None:
        raise NotImplementedError

    def no_op(self) -> None:
        self.build()

    def update(self) -> None:
        self.change_documents()
        self.build()

    def code_change(self) -> None:
        self.build()

    def delete(self) -> None:
        self.delete_documents()
        self.build()
