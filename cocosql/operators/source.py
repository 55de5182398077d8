"""A source: a relation that a query reads, and how a row of it is known again."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from cocosql.catalog.names import Name
from cocosql.catalog.views import View
from cocosql.sqltext import columns_sql

if TYPE_CHECKING:
    from cocosql.planner.file_calls import FileCall

#: Types whose values can be the id of a row as they are; keys of other types are fingerprinted.
INTEGERS = {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT"}

#: Types whose values, if equal to SQL, are indistinguishable: equal values have one fingerprint.
EXACT = {
    *(*INTEGERS, "UHUGEINT", "BOOLEAN", "VARCHAR", "BLOB", "UUID"),
    *("DATE", "TIME", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE"),
}

#: The name of DuckDB's pseudo-column that says where a row is stored.
ROW_ID = "rowid"


@dataclass(frozen=True)
class Source:
    #: As SQL, under the present alias of its database.
    sql: str
    #: None for what is no table or view (a table function, a file).
    name: Name | None
    column_names: list[str]
    column_types: list[str]
    #: The primary key, or empty.
    key: list[str]
    #: The incremental view that it is, if it is one of the same database.
    upstream: View | None
    is_table: bool = False
    #: Whether it is a table with columns that are worked out from others.
    has_generated: bool = False
    #: The call that reads files, if it is one; see `FileTypes.schema`.
    files: "FileCall | None" = None
    schema: str | None = None
    #: Columns that ``*`` leaves out and the query names, and their types.
    hidden: dict[str, str] = field(default_factory=dict)

    @cached_property
    def types(self) -> dict[str, str]:
        """The types of all columns that a query may read."""
        return {**dict(zip(self.column_names, self.column_types, strict=True)), **self.hidden}

    def typed(self, columns: Iterable[str]) -> str:
        """Columns with their types."""
        return columns_sql((name, self.types[name]) for name in columns)

    @cached_property
    def typed_key(self) -> str:
        """The columns of the key with their types."""
        return self.typed(self.key)

    def __str__(self) -> str:
        return str(self.name or self.sql)

    @property
    def has_row_ids(self) -> bool:
        """Whether rows are found by ``rowid``: a column of that name hides it."""
        return self.is_table and ROW_ID not in map(str.lower, self.column_names)

    @property
    def has_integer_key(self) -> bool:
        return len(self.key) == 1 and self.types[self.key[0]] in INTEGERS
