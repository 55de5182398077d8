"""CocoIndex: one memoized component per row, as its documentation does it, from SQLite to SQLite."""

import sqlite3
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import cocoindex as coco
from cocoindex.connectors import sqlite
from user_code import digest

from systems.task import DELETED_SQL, Doc, Result, System, docs

RESULTS = coco.ContextKey[sqlite.ManagedConnection]("results")


@dataclass(frozen=True)
class Digest:
    id: int
    digest: str


def read(source: Path) -> Iterator[tuple[int, Doc]]:
    with sqlite3.connect(source) as con:
        for number, body in con.execute("SELECT id, body FROM docs"):
            yield number, (number, body)


@coco.fn(memo=True)
async def index_row(row: Doc, table: sqlite.TableTarget[Digest]) -> None:
    table.declare_row(row=Digest(row[0], digest(row[1])))


@coco.fn
async def index_docs(source: Path) -> None:
    schema = await sqlite.TableSchema.from_class(Digest, primary_key=["id"])
    table = await sqlite.mount_table_target(RESULTS, "digests", schema)
    await coco.mount_each(index_row, read(source), table)


class CocoIndexApp(System):
    header: ClassVar[str] = "import cocoindex as coco"
    decorator: ClassVar[str] = "@coco.fn"

    @property
    def source(self) -> Path:
        return self.folder / "docs.sqlite"

    @property
    def target(self) -> Path:
        return self.folder / "digests.sqlite"

    def write(self, statement: str, rows: Iterable[tuple[object, ...]] = ((),)) -> None:
        with sqlite3.connect(self.source) as con:
            con.executemany(statement, rows)

    def fill(self) -> None:
        self.write("CREATE TABLE docs (id INTEGER PRIMARY KEY, body TEXT)")
        self.write("INSERT INTO docs VALUES (?, ?)", docs(self.rows))

    def open(self) -> None:
        target = self.target

        @coco.lifespan
        async def lifespan(builder: coco.EnvironmentBuilder) -> AsyncIterator[None]:
            builder.provide_with(RESULTS, sqlite.managed_connection(target))
            yield

        self.app = coco.App(coco.AppConfig(name="digests"), index_docs, source=self.source)
        coco.start_blocking()

    def build(self) -> None:
        self.app.update_blocking()

    def no_op(self) -> None:
        self.app.update_blocking()

    def update(self, changed: list[Doc]) -> None:
        self.write("UPDATE docs SET body = ?2 WHERE id = ?1", changed)
        self.app.update_blocking()

    def code_change(self) -> None:
        self.app.update_blocking()

    def delete(self) -> None:
        self.write(f"DELETE FROM docs WHERE {DELETED_SQL}")
        self.app.update_blocking()

    def results(self) -> Iterable[Result]:
        with sqlite3.connect(self.target) as con:
            yield from con.execute("SELECT id, digest FROM digests")

    def close(self) -> None:
        coco.stop_blocking()


SYSTEM = CocoIndexApp
