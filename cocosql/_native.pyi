"""The native module: cpp/module.cpp."""

from typing import Any, TypedDict

DUCKDB_VERSION: str

class WarmOutcome(TypedDict):
    hits: int
    calls: int
    #: (fingerprint, arguments, error) of each call that failed
    failures: list[tuple[str, str, str]]

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

    def table_names(self, sql: str) -> list[str]:
        """The qualified names, as SQL, of the tables and views that a query names."""

    def functions(self) -> dict[str, int]:
        """The registered functions: name to number in cocosql.udf."""

    def begin_run(self, run_id: int) -> None:
        """From now on the function calls of this session belong to this run."""

    def calls(self) -> dict[str, tuple[int, float]]:
        """Argument tuples evaluated, and seconds spent in Python, by function, since the run began."""

    def warm(self, function: str, harvest: str, memo: str) -> WarmOutcome:
        """Call a function for what a harvest query found: columns hit, fingerprint, argument, …"""

    def sibling(self) -> Session:
        """Another session for the same caller."""
