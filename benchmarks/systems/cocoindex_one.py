"""CocoIndex with one component for all documents, and the function itself memoized: less bookkeeping a document, but
the documents stand or fall together. Its no-op is answered from the component's results of the functions alone.
"""

from typing import Any

import cocoindex as coco

from systems import cocoindex


class Measured(cocoindex.Measured):
    decorator = "@coco.fn(memo=True)\n"

    def make_app(self) -> Any:
        async def update() -> None:
            table = await cocoindex.target_table()
            await coco.mount(process, table)

        @coco.fn
        async def process(table: Any) -> None:
            for number, document in self.rows_of_source():
                table.declare_row(row=cocoindex.Digest(number, self.function(document.body)))

        return coco.App(coco.AppConfig("digests", self.environment), update)
