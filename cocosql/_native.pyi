"""The native module: cpp/module.cpp."""

from typing import Any

DUCKDB_VERSION: str

class Harvest:
    """Argument tuples that a query found, of which some are memoized and some are not."""

    @property
    def hits(self) -> int: ...
    @property
    def misses(self) -> int: ...

class Session:
    """A connection of the engine's own, on which it works while the caller's connection waits for its statement."""

    def execute(self, sql: str, parameters: list[Any] = ...) -> list[tuple[Any, ...]]:
        """Run one statement and return its rows. Raises a class of the duckdb module; Ctrl-C stops it."""

    def script(self, sql: str) -> None:
        """Run several statements, one after the other."""

    def describe(self, sql: str) -> list[tuple[str, str]]:
        """Names and SQL types of a query's columns; runs nothing."""

    def canonical(self, sql: str) -> str:
        """The text of a query as DuckDB parses it; equal texts mean the same."""

    def functions(self) -> dict[str, int]:
        """The registered functions: name to number in cocosql.udf."""

    def begin_run(self, run_id: int) -> None:
        """From now on the function calls of this session belong to this run."""

    def calls(self) -> dict[str, tuple[int, float]]:
        """Argument tuples evaluated, and seconds spent in Python, by function, since the run began."""

    def harvest(self, sql: str) -> Harvest:
        """Run a query with the columns hit, fingerprint, argument, …; the result outlives the transaction."""

    def call(self, function: str, harvest: Harvest, memo: str) -> list[tuple[str, str, str]]:
        """Call a function for the misses, and commit the results to a memo table as they come.

        Returns the failures: (fingerprint, arguments, error). Stops at the batch that fails.
        """

    def check_interrupt(self) -> None:
        """Raise if the caller's statement was interrupted, or Ctrl-C was pressed."""

    def instance(self) -> int:
        """A number that stands for the database instance."""

    def sibling(self) -> Session:
        """Another session for the same caller."""
