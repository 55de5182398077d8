"""The native module: cpp/module.cpp."""

from collections.abc import Sequence
from typing import Any

DUCKDB_VERSION: str

def warn_of_leaks(warn: bool) -> None:
    """Whether objects that still exist when Python ends are reported on stderr."""

class Batch:
    """Argument tuples on their way to a function."""

    @property
    def size(self) -> int: ...
    @property
    def arguments(self) -> Any:
        """For a function of one row a list of tuples; else a tuple with a list for each parameter."""

    def part(self, begin: int, end: int) -> Batch:
        """The tuples from `begin` up to `end`."""

class Calls:
    """The calls that a function is needed for. Only the thread that made it may use it."""

    @property
    def in_background(self) -> bool:
        """Whether no Ctrl-C reaches the thread that makes them."""

    @property
    def total(self) -> int:
        """How many argument tuples there are."""

    @property
    def done(self) -> int:
        """How many have come back, those that failed included."""
    #: Spent in the function, over all threads.
    seconds: float

    def take(self, rows: int) -> Batch | None:
        """The next argument tuples, as many as that if there are; None if there are none."""

    def keep(self, batch: Batch, results: Sequence[Any]) -> None:
        """Take the results of a batch, one for each tuple. One that does not fit the function's type is a failure."""

    def fail(self, batch: Batch, error: str, attempts: int) -> None:
        """Say that the calls for a batch failed."""

    def pause(self, now: bool = ...) -> None:
        """Commit results that have waited long enough (`now`: all), and raise if the calls are to stop."""

    def flush(self) -> None:
        """Commit all results."""

    def take_failures(self) -> list[tuple[int, str, str, int]]:
        """The failures since the last look: input fingerprint, input, error, attempts."""

class Difference:
    """How many rows are gone, came, and only came from other rows; and how many of those that came replace one."""

    @property
    def gone(self) -> int: ...
    @property
    def came(self) -> int: ...
    @property
    def moved(self) -> int: ...
    @property
    def updated(self) -> int: ...

class Harvest:
    """Argument tuples that a query found, of which some are memoized and some are not."""

    @property
    def hits(self) -> int: ...
    @property
    def misses(self) -> int: ...
    def source_ids(self, fingerprints: list[str]) -> dict[str, str]:
        """By fingerprint, both as text: the id of a source row that needs the call, where that is known."""

class RowGroups:
    """The row groups of a table at a moment, each with signals that tell whether it holds the same rows at another."""

    @staticmethod
    def remembered(checkpoint: int, tokens: list[str]) -> RowGroups:
        """What is stored of an earlier moment; an empty token is of a row group that was not known."""

    def confirm(self, before: RowGroups) -> None:
        """Take as known what was the same before the present transaction's snapshot began."""

    def forget(self, indexes: list[int]) -> None:
        """Take these row groups as not known."""

    def same(self, earlier: RowGroups) -> list[int]:
        """For each row group the index of the earlier one that is known to hold the same rows; -1 if none is."""

    @property
    def ranges(self) -> list[tuple[int, int]]:
        """First row id, and the one after the last."""

    @property
    def tokens(self) -> list[str]:
        """What each row group is known by to other processes; empty if it is not."""

    @property
    def checkpoint(self) -> int | None:
        """How many checkpoints the file has been through; None if it is none, or one goes on."""

class CheckpointHold:
    """Holds back checkpoints, which may move rows to other row ids."""

    def release(self) -> None: ...

class Database:
    """A database that is attached."""

    @property
    def name(self) -> str: ...
    @property
    def number(self) -> int:
        """No other database of the instance has it, before or after."""

    @property
    def is_read_only(self) -> bool: ...
    @property
    def is_native(self) -> bool:
        """Whether it is DuckDB's own, and not one that another system keeps."""

    @property
    def has_migrations(self) -> bool:
        """Whether it has the record of the engine's migrations."""

class Relation:
    """A table or view, as the catalog spells its name."""

    @property
    def database(self) -> str: ...
    @property
    def schema(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def is_view(self) -> bool: ...
    @property
    def key(self) -> list[str]:
        """The columns of a table's primary key, or empty."""

    @property
    def has_generated(self) -> bool:
        """Whether it has columns that are worked out from others."""

    @property
    def sql(self) -> str:
        """The statement that would make it."""

class Client:
    """A connection of a user's that a thread works for. It does not keep the connection open."""

    def session(self, stop: StopEvent) -> Session:
        """A session on its instance, for work that stops at the event, or when the connection is closed."""

class StopEvent:
    """Stops the work that threads do in the background."""

    def set(self) -> None: ...
    def is_set(self) -> bool: ...

class Session:
    """A connection of the engine's own, on which it works for a statement that waits, or in a thread of its own."""

    def execute(self, sql: str, parameters: list[Any] = ...) -> list[tuple[Any, ...]]:
        """Run one statement and return its rows. Raises a class of the duckdb module; Ctrl-C stops it."""

    def script(self, sql: str) -> None:
        """Run several statements, one after the other."""

    def begin(self) -> None:
        """BEGIN TRANSACTION, neither parsed nor planned."""

    def commit(self) -> None:
        """COMMIT, neither parsed nor planned. Raises if a statement of the transaction failed."""

    #: What it was prepared as last, see cocosql/refresh/prepared.py; empty once settings or names are others.
    prepared_as: str

    def use_names(self, database: str, path: list[tuple[str, str]] = ...) -> None:
        """The default database, and where names are looked for that are none of DuckDB's."""

    def describe(self, sql: str, path: list[tuple[str, str]] | None = ...) -> list[tuple[str, str]]:
        """Names and SQL types of a query's columns; runs nothing. One that a user wrote has a path for its names."""

    def is_collated(self, sql: str) -> bool:
        """Whether a column of a query has text that is compared by a collation."""

    def canonical(self, sql: str) -> str:
        """The text of a query as DuckDB parses it; equal texts mean the same."""

    def algebra(self, sql: str, path: list[tuple[str, str]] = ...) -> list[dict[str, Any]]:
        """The nodes of a query's bound plan, inputs before those that use them: docs/algebra.md.

        The names in the query are looked for on the path.
        """

    def configure(self, settings: list[tuple[str, str]]) -> None:
        """Set settings for this session only: a plain SET sets most of them for the whole database instance.

        Raises duckdb.InvalidInputException if one does not take its value.
        """

    def only_look(self) -> None:
        """From now on the session reads no files and calls no functions: what asks for it is an error."""

    @property
    def only_looks(self) -> bool: ...
    def ask(self, what: str) -> None:
        """Remember for the database instance that someone has asked for something, rather than looked."""

    def is_asked(self, what: str) -> bool: ...
    def databases(self) -> list[Database]:
        """The attached databases, the oldest first."""

    def relation(self, database: str, schema: str, name: str) -> Relation | None:
        """The table or view of this name; case does not count."""

    def catalog_state(self, database: str) -> int | None:
        """The number of the state of a catalog that this transaction sees; None if it is not DuckDB's own."""

    def user_objects(self, database: str) -> int:
        """A number that stands for the user's objects that this transaction sees in a database: all but the engine's
        own. Another object, another number."""

    def strange_relations(self, database: str, schema: str) -> list[str]:
        """The views of a schema, and the tables of which columns are worked out as they are read, by name."""

    def relation_names(self, database: str, schema: str) -> list[str]:
        """The names of the tables and views of a schema."""

    def has_schema(self, database: str, schema: str) -> bool: ...
    def function_kinds(self, names: list[str]) -> set[tuple[str, str, str | None]]:
        """What SQL knows under these names: name, kind ('volatile' for what is not consistent), macro definition."""

    def rows(self, database: str, table: str, columns: list[str], number: int | None = None) -> list[tuple[Any, ...]]:
        """All rows of a table of the schema coco, without a query: for tables that are small and read often.

        With a number, those that have it in the first column.
        """

    def new_records(
        self, database: str, tables: list[tuple[str, list[str]]], known: list[bytes]
    ) -> tuple[list[tuple[int, bytes]], list[list[tuple[Any, ...]]]]:
        """What small tables of the schema coco say, as one transaction sees them, of what has a number.

        The number is the first column of each table. Returns the numbers, in their order, each with a fingerprint of
        all rows that have it; and, by table, the rows of those whose fingerprint is none of the known ones.
        """

    def columns(self, database: str, schema: str, table: str) -> list[tuple[str, str]]:
        """Names and SQL types of the columns of a table; none if there is no such table."""

    def stored_rows(self, database: str, schema: str, table: str) -> int:
        """How many rows a table stores, without a look at them: deleted ones count until a checkpoint drops them, and
        those count that this transaction has put in.

        0 if there is no such table of DuckDB's own.
        """

    def count_rows(self, database: str, table: str) -> int | None:
        """How many rows a table of the schema coco has for a transaction that has put none in; none of them is read.

        None if there is no such table.
        """

    def append_records(self, database: str, table: str, columns: list[str], records: list[list[Any]]) -> int:
        """Append rows to a table of the schema coco: values for these columns, NULL for the others."""

    def update_records(self, database: str, table: str, column: str, value: int, changes: dict[str, Any]) -> int:
        """Give the rows of a small table of the schema coco that have a value in a BIGINT column other values."""

    def delete_records(self, database: str, table: str, wanted: dict[str, list[int]]) -> int:
        """Delete the rows of a small table of the schema coco that have one of these values in each BIGINT column."""

    def log_is_over(self, database: str, log: str) -> bool:
        """Whether no transaction may append to a log table any more."""

    def log_state(self, database: str, log: str, activation: str) -> str:
        """What coco_log_state() says (cpp/capture/key_log.hpp), as this transaction sees it."""

    def count_entries(self, database: str, log: str) -> tuple[int, int, bool]:
        """Of a key log, how many entries this transaction sees, how many of them are of rows that DELETE did not take
        away, and whether one of them says that all rows must be looked at."""

    def earliest_transaction(self, database: str, log: str) -> int | None:
        """When the first of the transactions began that made the entries of a key log with values."""

    def transaction_began(self, database: str) -> int:
        """When this transaction began: a number that grows with each transaction and each commit."""

    def may_repeat_keys(self, database: str, log: str) -> bool:
        """Whether a key may have several entries in a key log with values, as this transaction sees it."""

    def log_writers(self, database: str, log: str) -> int:
        """How many statements and refreshes have begun to write to a log: while that is the same, nobody adds or takes
        entries but those who had begun."""

    def clear_entries(self, database: str, log: str) -> int:
        """Delete the entries of a key log that this transaction sees. Returns how many they were."""

    def next_id(self, database: str, sequence: str = "ids") -> int:
        """The next number of a sequence of the schema coco."""

    def passing_id(self, database: str, sequence: str) -> int:
        """The same; a crash takes it back as long as nobody has called `keep_ids` since.

        That it is taken is not written at once, which costs a commit.
        """

    def keep_ids(self, database: str, sequence: str) -> None:
        """Numbers that were taken so far stay taken, once the session's transaction is committed."""

    def delete_rows(self, database: str, table: str, row_ids: str) -> int:
        """Delete the rows of a table of the schema coco whose row ids a query gives, at the cost of their number."""

    def update_rows(self, database: str, table: str, rows: str) -> int:
        """Give rows of a table of the schema coco other values. Returns how many there are.

        `rows` is a query: row ids, then the values under the names of the columns.
        """

    def keep_unequal(self, past: str, fresh: str, columns: list[str], prefix: str) -> tuple[int, int]:
        """Collect the rows of two queries that have no equal in the other, by some columns.

        Their names are the prefix and ``past``, ``fresh``. It is quick where most rows are equal, in the same order.
        Returns how many there are of each.
        """

    def collect(self, name: str, sql: str) -> int:
        """Keep the rows of a query for the session: ``coco_collected(name)`` reads them. Returns how many there are."""

    def give(self, name: str, number: int) -> None:
        """From now on ``coco_given('name')`` is this number."""

    def lay_aside(self, name: str, key: str) -> None:
        """Lay aside the rows collected under a name: they stay when only names are forgotten."""

    def take_up(self, name: str, key: str) -> None:
        """From now on the name stands for the rows laid aside under the key."""

    def forget_names(self) -> None:
        """Forget all that was collected, but for what was laid aside."""

    def forget_collected(self) -> None:
        """Forget all that was collected, and what was laid aside."""

    def append_rows(self, database: str, table: str, rows: str, values: dict[str, int]) -> int:
        """Append the rows of a query to a table of the schema coco, by the names of columns.

        `values` are of BIGINT columns, the same for all rows. What the table has no column for is left out, and NULL in
        the columns that nothing is given for.
        """

    def find_rows(
        self,
        name: str,
        database: str,
        table: str,
        columns: list[str],
        among: list[tuple[str, str]],
        most: int,
        is_large: bool,
    ) -> int | None:
        """Collect rows of a table of the schema coco (cpp/rows/find.hpp): columns of theirs, and ``coco_rowid``.

        They have one of the ids that a query gives in a column of `among`. None if a query finds them as soon.
        """

    def difference(
        self,
        past: str,
        fresh: str,
        *,
        exact: list[str] | None,
        content: list[str] | None,
        key: list[str] | None,
        number: str,
        next: int,
        prefix: str,
    ) -> Difference:
        """Compare the rows of a query, as bags, with those that are to take their place (cpp/rows/difference.hpp).

        Rows that have equal columns `exact` stay; with equal `content` they are told where they come from now; with an
        equal `key` they are updates. `past` has ``coco_rowid`` and a BIGINT column `number`, by which rows are known,
        and in which rows that are new count up from `next`. The rows that are ``gone``, that ``came``, and that
        ``moved`` are collected under these names, each with the prefix.
        """

    def functions(self) -> dict[str, int]:
        """The registered functions: name to number in cocosql.udf."""

    def begin_run(self, run_id: int, holder: int) -> None:
        """From now on the function calls of this session belong to this run."""

    def recall(self, since: int) -> None:
        """From now on results of runs before `since` do not count for calls inside queries; 0: all count."""

    def refuse_calls(self, refuse: bool) -> None:
        """Whether queries of the run fail from now on where the memo lacks a result, rather than call the function."""

    def refused_call(self) -> bool:
        """Whether a query failed for that since calls were last refused."""

    def calls(self) -> dict[str, tuple[int, float]]:
        """Argument tuples evaluated, and seconds spent in Python, by function, since the run began."""

    def harvest(self, sql: str) -> Harvest:
        """Run a query with the columns hit, fingerprint, argument, …; the result outlives the transaction."""

    def harvested_calls(self, function: str, harvest: Harvest, memo: str, since: int) -> Calls:
        """The calls for the misses; their results are committed to a memo table as they come. They replace those of
        runs before `since`."""

    def add_calls(self, calls: Calls) -> None:
        """Count calls for the run."""

    def row_groups(self, database: str, schema: str, table: str, columns: list[str]) -> RowGroups | None:
        """The row groups of a table, as of the open transaction, with signals for these columns.

        None if it is no table of DuckDB's own storage.
        """

    def remember_row_groups(self, key: str, generation: int, row_groups: RowGroups) -> None:
        """Remember row groups, as objects, as long as the database instance lives; one generation per key."""

    def remembered_row_groups(self, key: str, generation: int) -> RowGroups | None: ...
    def hold_checkpoints(self, databases: list[str]) -> CheckpointHold:
        """Begin the transaction in these databases, and hold back their checkpoints until it is released."""

    def check_interrupt(self) -> None:
        """Raise if the work is to stop, or Ctrl-C was pressed."""

    def instance(self) -> int:
        """A number that stands for the database instance."""

    def sibling(self) -> Session:
        """Another session that does the same work."""

    def for_views(self) -> Session:
        """Another one, to be `prepared` before it is used: it may have settings, names and plans of one before it."""
