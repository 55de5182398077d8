"""Pixeltable: a table with the documents, and a computed column.

It pushes changes, so that nothing is to do when nothing changed. It does not notice an edited function: old values stay
until `recompute_columns`, the documented way, is called.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

os.environ["PIXELTABLE_HOME"] = str(Path.cwd() / "home")

import pixeltable as pxt
from pixeltable.env import Env

from systems.base import System


class Measured(System):
    header = "import pixeltable as pxt\n"
    decorator = "@pxt.udf\n"

    def prepare(self) -> None:
        try:
            docs: Any = pxt.create_table("docs", {"id": pxt.Required[pxt.Int], "body": pxt.String}, primary_key="id")
            docs.insert([{"id": number, "body": text} for number, text in self.documents()])
        finally:
            self.close()

    def open(self) -> None:
        self.docs: Any = pxt.get_table("docs")
        self.docs.count()  # starts the server

    def build(self) -> None:
        self.docs.add_computed_column(digest=self.function(self.docs.body))

    def no_op(self) -> None:
        pass

    def update(self) -> None:
        self.docs.update({"body": "new " + self.docs.body}, where=self.docs.id % 100 == 0)

    def code_change(self) -> None:
        self.docs.recompute_columns("digest")

    def delete(self) -> None:
        self.docs.delete(where=self.docs.id % 100 == 1)

    def results(self) -> Iterator[tuple[int, str]]:
        for row in self.docs.select(self.docs.id, self.docs.digest).collect():
            yield row["id"], row["digest"]

    def close(self) -> None:
        """Stops the Postgres server, which Pixeltable leaves running."""
        server = Env.get()._db_server
        if server is not None:
            server.cleanup_mode = "stop"
            server.cleanup()

    def versions(self) -> list[str]:
        return ["pixeltable"]
