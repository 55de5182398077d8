"""The tables of schema coco, in which CocoSQL keeps all that it knows: what each is called.

The records have fixed names. What views, operators and sources keep has numbered ones: ``ROWS.named(7)`` is
``rows_7``, and ``ROWS.numbers("rows_7")`` is ``(7,)``. ``own(name)`` is the table as SQL. docs/architecture.md says
what is in them; sql/migrations/ makes the records.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from cocosql._native import Session
from cocosql.catalog.names import Name
from cocosql.sqltext import literal, qualified

SCHEMA = "coco"

MIGRATIONS = "migrations"
VIEWS, INPUTS, OPERATORS, CALLS = "views", "inputs", "operators", "calls"
RUNS, RUN_CALLS, RUN_STEPS, ERRORS = "runs", "run_calls", "run_steps", "errors"
SNAPSHOTS, PARTS, FILE_TYPES = "snapshots", "parts", "file_types"
FUNCTIONS = "functions"


@dataclass(frozen=True)
class Numbered:
    """The tables of one kind, told apart by so many numbers (None: one or more)."""

    kind: str
    count: int | None = 1

    def named(self, *numbers: int) -> str:
        """The name of one of them."""
        return "_".join([self.kind, *map(str, numbers)])

    @lru_cache(maxsize=4096)  # noqa: B019 - the kinds are few, and stay
    def numbers(self, name: str) -> tuple[int, ...] | None:
        """The numbers in the name of one of them; None if it is the name of something else."""
        if not re.fullmatch(rf"{self.kind}(_[0-9]{{1,18}})+", name):
            return None
        found = tuple(map(int, name.removeprefix(self.kind).split("_")[1:]))
        return found if len(found) == (self.count or len(found)) and self.named(*found) == name else None


#: The rows that a view has, and those that are gone.
ROWS, HISTORY = Numbered("rows"), Numbered("history")
#: The rows of an operator that others read, by the number of the view's rows and the operator.
KEPT = Numbered("kept", 2)
#: Of views that an earlier version of CocoSQL filled: the same.
ARRANGED = Numbered("arranged", None)
#: The ids of source rows whose calls failed, by view and operator.
FAILED = Numbered("failed", 2)
#: By snapshot: the rows that were read of a source; those of them that changed; what key logs say has changed since.
SNAPSHOT, SNAPSHOT_LOG, PENDING = map(Numbered, ("snapshot", "snapshot_log", "pending"))
#: By key log: its entries, and those that one snapshot has read and another has not.
KEYS, UNREAD = map(Numbered, ("keys", "unread"))

OF_VIEWS = (ROWS, HISTORY, KEPT, ARRANGED, FAILED)
OF_SNAPSHOTS = (SNAPSHOT, SNAPSHOT_LOG, PENDING)
OF_LOGS = (KEYS, UNREAD)


def memo(function: str, code_version: str) -> str:
    """The name of the table that keeps the results of a function version."""
    return f"memo_{function.lower()}_{code_version[:16]}"


def own(table: str, database: str | None = None) -> str:
    """A table as SQL: of a database, or of the one whose names the session uses."""
    return qualified(*([] if database is None else [database]), SCHEMA, table)


def if_table(database: str, table: str, query: str, otherwise: str) -> str:
    """What one query gives as SQL, if that table is there; else what another gives, which has the same columns."""
    return f"coco_if_table({', '.join(map(literal, [database, table, query, otherwise]))})"


def named(database: str, table: str) -> Name:
    return Name(database, SCHEMA, table)


def exists(session: Session, database: str, table: str) -> bool:
    return session.relation(database, SCHEMA, table) is not None


def stored_rows(session: Session, database: str, table: str) -> int:
    """How many rows a table stores, without a look at them: deleted ones count until a checkpoint drops them."""
    return session.stored_rows(database, SCHEMA, table)


def present(session: Session, database: str, kinds: tuple[Numbered, ...]) -> list[tuple[str, int]]:
    """The tables that there are of some kinds, each with its first number."""
    names = session.relation_names(database, SCHEMA)
    found = [(name, kind.numbers(name)) for name in names for kind in kinds if name.startswith(kind.kind)]
    return [(name, numbers[0]) for name, numbers in found if numbers]
