"""What the three systems inside DuckDB share: the source table, its changes, and the results."""

from collections.abc import Iterable
from itertools import islice

import duckdb
import pyarrow as pa

from systems.task import DELETED_SQL, Doc, Result, System, docs


def table(rows: Iterable[Doc]) -> pa.Table:
    return pa.Table.from_pylist([{"id": number, "body": body} for number, body in rows])


class DuckDBDocs(System):
    con: duckdb.DuckDBPyConnection

    @property
    def path(self) -> str:
        return str(self.folder / "bench.db")

    def fill(self) -> None:
        with duckdb.connect(self.path) as con:
            con.execute("CREATE TABLE docs (id BIGINT PRIMARY KEY, body VARCHAR)")
            source = docs(self.rows)
            while some := list(islice(source, 10_000)):
                part = table(some)  # noqa: F841  DuckDB finds it by name
                con.execute("INSERT INTO docs FROM part")

    def open(self) -> None:
        self.con = duckdb.connect(self.path)

    def write_changes(self, changed: list[Doc]) -> None:
        new = table(changed)  # noqa: F841  DuckDB finds it by name
        self.con.execute("UPDATE docs SET body = new.body FROM new WHERE docs.id = new.id")

    def delete_docs(self) -> None:
        self.con.execute(f"DELETE FROM docs WHERE {DELETED_SQL}")

    def results(self) -> Iterable[Result]:
        found = self.con.execute("SELECT id, digest FROM digests")
        while some := found.fetchmany(10_000):
            yield from some

    def checkpoint(self) -> None:
        self.con.execute("CHECKPOINT")

    def close(self) -> None:
        self.con.close()


class Recomputed(DuckDBDocs):
    """A system that knows one thing to do: all again."""

    def recompute(self) -> None:
        raise NotImplementedError

    def build(self) -> None:
        self.recompute()

    def no_op(self) -> None:
        self.recompute()

    def update(self, changed: list[Doc]) -> None:
        self.write_changes(changed)
        self.recompute()

    def code_change(self) -> None:
        self.recompute()

    def delete(self) -> None:
        self.delete_docs()
        self.recompute()
