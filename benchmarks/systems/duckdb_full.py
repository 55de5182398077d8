"""DuckDB alone: CREATE TABLE AS with the function registered by `create_function`."""

from user_code import digest

from systems.duckdb_docs import Recomputed


class DuckDBFull(Recomputed):
    def open(self) -> None:
        super().open()
        self.con.create_function("digest", digest, ["VARCHAR"], "VARCHAR")

    def recompute(self) -> None:
        self.con.execute("CREATE OR REPLACE TABLE digests AS SELECT id, digest(body) AS digest FROM docs")


SYSTEM = DuckDBFull
