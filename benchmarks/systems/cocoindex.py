"""CocoIndex: documents from a SQLite table, one component for each, digests into another SQLite table.

The function is decorated as its documentation asks, so that the memo of the components notices the edit.
"""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import cocoindex as coco
from cocoindex.connectors import sqlite

from systems.base import System

TARGET = coco.ContextKey[sqlite.ManagedConnection]("target")


@dataclass
class Document:
    id: int
    body: str


@dataclass
class Digest:
    id: int
    digest: str


class Measured(System):
    header = "import cocoindex as coco\n"
    decorator = "@coco.fn\n"

    def prepare(self) -> None:
        with sqlite3.connect("docs.db") as con:
            con.execute("CREATE TABLE docs (id INTEGER PRIMARY KEY, body TEXT)")
            con.executemany("INSERT INTO docs VALUES (?, ?)", self.documents())
        con.close()

    def open(self) -> None:
        self.docs = sqlite3.connect("docs.db", check_same_thread=False)  # CocoIndex reads it in its own thread
        self.target = sqlite.connect(self.folder / "digests.db", load_vec=False)
        provided = coco.ContextProvider()
        provided.provide(TARGET, self.target)
        settings = coco.Settings(db_path=self.folder / "cocoindex.db")
        self.environment = coco.Environment(settings, context_provider=provided)
        self.app = self.make_app()

    def make_app(self) -> Any:
        function = self.function

        @coco.fn(memo=True)
        async def process(document: Document, table: Any) -> None:
            table.declare_row(row=Digest(document.id, function(document.body)))

        async def update() -> None:
            table = await target_table()
            await coco.mount_each(process, self.rows_of_source(), table)

        return coco.App(coco.AppConfig("digests", self.environment), update)

    def rows_of_source(self) -> Iterator[tuple[int, Document]]:
        for number, text in self.docs.execute("SELECT id, body FROM docs"):
            yield number, Document(number, text)

    def build(self) -> None:
        self.app.update_blocking()

    def no_op(self) -> None:
        self.app.update_blocking()

    def update(self) -> None:
        with self.docs:
            self.docs.execute("UPDATE docs SET body = 'new ' || body WHERE id % 100 = 0")
        self.app.update_blocking()

    def code_change(self) -> None:
        self.app.update_blocking()

    def delete(self) -> None:
        with self.docs:
            self.docs.execute("DELETE FROM docs WHERE id % 100 = 1")
        self.app.update_blocking()

    def results(self) -> Iterator[tuple[int, str]]:
        with sqlite3.connect("digests.db") as con:
            yield from con.execute("SELECT id, digest FROM digests")
        con.close()

    def close(self) -> None:
        self.environment.close()
        self.target.close()
        self.docs.close()

    def versions(self) -> list[str]:
        return ["cocoindex"]


async def target_table() -> Any:
    schema = await sqlite.TableSchema.from_class(Digest, primary_key=["id"])
    return await sqlite.mount_table_target(TARGET, "digests", schema)
