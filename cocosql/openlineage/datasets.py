"""What datasets are called, by OpenLineage's rules: a namespace for the place, and a name that is unique in it."""

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from sqlglot import exp

from cocosql.catalog.names import Name
from cocosql.planner.file_calls import file_call
from cocosql.sqltext import ident, qualified
from cocosql.sqltree import try_parse


@dataclass(frozen=True)
class Dataset:
    namespace: str
    name: str
    #: Where it is.
    uri: str
    #: TABLE, VIEW or FILE, if it is known.
    kind: str | None
    #: A relation as SQL, to ask for its columns; None if that would ask other machines.
    relation: str | None


@dataclass(frozen=True)
class Places:
    """Where things are: databases, and the tables and views in them."""

    #: The database whose runs are told of.
    database: str
    #: Another namespace for it than its own.
    namespace: str | None
    #: The files of attached databases, by name.
    files: dict[str, str | None]
    #: TABLE or VIEW, by database, schema and name.
    kinds: dict[tuple[str, str, str], str]

    def of(self, database: str) -> str:
        """The namespace of a database."""
        if self.namespace is not None and database == self.database:
            return self.namespace
        return self.uri(database)

    def uri(self, database: str) -> str:
        file = self.files.get(database)
        return f"duckdb://{Path(file).resolve()}" if file else f"duckdb://{database}"

    def table(self, schema: str, name: str, database: str | None = None) -> Dataset:
        place = database or self.database
        kind = self.kinds.get((place, schema, name))
        return Dataset(self.of(place), table_name(schema, name), self.uri(place), kind, qualified(place, schema, name))

    def read(self, source: str) -> list[Dataset]:
        """The datasets that a source of a view is, which is written as SQL; none if it is a function of no file."""
        table = _table(source)
        call = file_call(table) if table is not None else None
        if call is not None:
            relation = call.sql if call.is_local else None
            return [_file(pattern, relation) for pattern in call.patterns or []]
        if table is None or not isinstance(table.this, exp.Identifier):
            return []
        return [self.table(table.db or "main", table.name, table.catalog or None)]


def label(source: str) -> str:
    """What coco_column_lineage calls a source that is written as SQL."""
    table = _table(source)
    if table is None or not isinstance(table.this, exp.Identifier) or file_call(table) is not None:
        return source
    return str(Name(table.catalog, table.db or "main", table.name))


def _table(source: str) -> exp.Table | None:
    table: exp.Table | None = try_parse(source, exp.Table)
    return table


def table_name(schema: str, name: str) -> str:
    return f"{_plain(schema)}.{_plain(name)}"


def _plain(name: str) -> str:
    return name if re.fullmatch(r"\w+", name) else ident(name)


def _file(pattern: str, relation: str | None) -> Dataset:
    parts = urlsplit(pattern)
    if len(parts.scheme) < 2 or parts.scheme == "file":  # a letter is a drive
        path = parts.path if parts.scheme == "file" else pattern
        return Dataset("file", path, f"file://{path}", "FILE", relation)
    place = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
    path = parts.path.lstrip("/") or "/"
    return Dataset(place, path, f"{place}/{path}", "FILE", relation)
