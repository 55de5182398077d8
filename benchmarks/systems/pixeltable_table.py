"""Pixeltable: a computed column. Changes of rows reach it at once; code needs `recompute_columns`."""

from collections.abc import Iterable
from itertools import islice
from pathlib import Path
from typing import ClassVar

import pixeltable as pxt
from user_code import digest

from systems.task import Doc, Result, System, docs


class PixeltableTable(System):
    header: ClassVar[str] = "import pixeltable as pxt"
    decorator: ClassVar[str] = "@pxt.udf"

    def fill(self) -> None:
        table = pxt.create_table("docs", {"id": pxt.Int, "body": pxt.String}, primary_key="id")
        source = docs(self.rows)
        while some := list(islice(source, 10_000)):
            table.insert([{"id": number, "body": body} for number, body in some])

    def open(self) -> None:
        self.table = pxt.get_table("docs")

    def build(self) -> None:
        self.table.add_computed_column(digest=digest(self.table.body))

    def no_op(self) -> None:
        """Nothing is ever left to do."""

    def update(self, changed: list[Doc]) -> None:
        self.table.batch_update([{"id": number, "body": body} for number, body in changed])

    def code_change(self) -> None:
        self.table.recompute_columns("digest")

    def delete(self) -> None:
        self.table.delete(where=self.table.id % 100 == 1)

    def results(self) -> Iterable[Result]:
        for row in self.table.select(self.table.id, self.table.digest).collect():
            yield row["id"], row["digest"]

    def daemons(self) -> list[int]:
        lines = (Path(self.folder) / "pixeltable" / "pgdata" / "postmaster.pid").read_text().splitlines()
        return [int(lines[0])]


SYSTEM = PixeltableTable
