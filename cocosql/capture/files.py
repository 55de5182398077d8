"""Files as the parts of a source: those whose tokens are the same are neither opened nor parsed again.

Files know no transactions, so the order makes every race err towards reading again. Files are listed before they are
read: one that is written in between has an old token stored, and is read again next time. What changed is read once,
and kept until the transaction ends, so that all that looks at its rows sees the same.
"""

import hashlib
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import duckdb

from cocosql._native import Session
from cocosql.capture import SourceMoved
from cocosql.capture.parts import Part, Parts, Present, Stored, column_list
from cocosql.listing import Listing, list_files, token_now
from cocosql.operators.source import Source
from cocosql.planner.file_calls import FileCall
from cocosql.planner.file_types import store
from cocosql.sqltext import ident, literal, qualified

#: The column of a file's name, where the query has none. It cannot be the virtual one, by which DuckDB skips no file.
_FILENAME = "coco_file"


@dataclass
class FileParts:
    source: Source
    columns: list[str]
    unit: str = "files"
    _listing: Listing = field(default_factory=lambda: Listing([], {}))
    #: By part id.
    _paths: dict[int, str] = field(default_factory=dict)

    @property
    def call(self) -> FileCall:
        assert self.source.files is not None
        return self.source.files

    def observe(self, session: Session) -> None:
        pass

    def present(self, session: Session, stored: Stored) -> Present:
        self._listing = list_files(session, self.call.files)
        known = {part.place: part for part in stored.parts}
        following = max((part.part_id for part in stored.parts), default=-1) + 1
        parts, same = [], set()
        for path, settled in self._listing.tokens.items():
            part = known.get(path)
            token = self._stored_token(settled)
            if part is None or part.token != token:
                part = Part(part.part_id if part else following, path, token)
                following += part.part_id == following
            elif token:
                same.add(part.part_id)
            parts.append(part)
        self._paths = {part.part_id: part.place for part in parts}
        return Present(parts, frozenset(same), lasting=frozenset(part.part_id for part in parts if part.token))

    def _stored_token(self, token: str) -> str:
        """What is stored of a file: nothing if it may change unseen, or what else its rows depend on may."""
        return f"{self.source.schema} {token}" if token and self.source.schema is not None else ""

    def check(self, parts: Collection[int]) -> None:
        """Make sure that files which were taken for what they had been still are.

        Raises:
            SourceMoved: if one was written meanwhile.
        """
        for part_id in parts:
            path = self._paths[part_id]
            if token_now(path) != self._listing.tokens[path]:
                raise SourceMoved(f"{path} changed while it was read: try again")

    def rows(self, session: Session, wanted: Collection[int]) -> str:
        if not wanted:
            types = self.source.types
            columns = "".join(f", NULL::{types[name]} AS {ident(name)}" for name in self.columns)
            return f"SELECT NULL::BIGINT AS coco_part{columns} WHERE false"
        paths = [self._paths[part_id] for part_id in wanted]
        table = qualified("temp", "main", f"coco_files_{_name(self.source.sql)}")
        session.execute(
            f"CREATE OR REPLACE TEMP TABLE {table} AS "
            "SELECT unnest($1::BIGINT[]) AS coco_part, unnest($2::VARCHAR[]) AS coco_path",
            [list(wanted), paths],
        )
        filename = self.call.filename or _FILENAME
        relation = self.source.sql if self.call.filename else self.call.with_filename(_FILENAME)
        condition = ""
        if len(wanted) < len(self._paths):
            relation, condition = self._some(session, relation, filename, set(paths))
        columns = "".join(f", {self._column(name)} AS {ident(name)}" for name in self.columns)
        return (
            f"SELECT coco_part{columns} FROM {relation} AS coco_rows "
            f"JOIN {table} ON coco_path = coco_rows.{ident(filename)}{condition}"
        )

    def _column(self, name: str) -> str:
        return _FILENAME if name == "filename" and name in self.source.hidden else ident(name)

    def _some(self, session: Session, relation: str, filename: str, paths: set[str]) -> tuple[str, str]:
        """A relation, and a condition, by which DuckDB reads only some of the files.

        Names and types must be those of all files. So DuckDB is asked for all, and told to skip some by their names.
        Readers of one row a file cannot skip; but for them files have nothing to do with each other.
        """
        variable = f"coco_files_{_name(self.source.sql)}"
        value = f"getvariable({literal(variable)})"
        if self.call.is_plain:
            # As structs, which are taken as they are: a path may look like a pattern.
            _set(session, variable, "{'filename': path}", [path for path in self._listing.paths if path in paths])
            return self.call.over(value), ""
        _set(session, variable, "path", sorted(paths))
        return relation, f" WHERE list_contains({value}, coco_rows.{ident(filename)})"

    def all_rows(self, session: Session) -> str:
        return self.source.sql

    def remember(self, session: Session, key: str, generation: int) -> None:
        store(session, self.call)


@dataclass
class ReadOnce:
    """Parts of a source that knows no transactions: what is read of them is kept in a temporary table."""

    source: Source
    columns: list[str]
    parts: Parts
    _all: set[int] = field(default_factory=set)
    _same: frozenset[int] = frozenset()
    _kept: set[int] | None = None

    @property
    def unit(self) -> str:
        return self.parts.unit

    @property
    def table(self) -> str:
        return qualified("temp", "main", f"coco_read_{_name(self.source.sql, *self.columns)}")

    def observe(self, session: Session) -> None:
        self.parts.observe(session)

    def present(self, session: Session, stored: Stored) -> Present:
        present = self.parts.present(session, stored)
        self._all, self._same, self._kept = {part.part_id for part in present.parts}, present.same, None
        return present

    def rows(self, session: Session, wanted: Collection[int]) -> str:
        self._keep(session, wanted)
        rows = f"SELECT coco_part{column_list(self.columns)} FROM {self.table}"
        if self._all <= set(wanted):
            return rows
        return f"{rows} WHERE coco_part IN ({', '.join(map(str, sorted(wanted))) or 'NULL'})"

    def _keep(self, session: Session, wanted: Collection[int]) -> None:
        """Read the parts that have not been read yet."""
        if self._kept is None:
            types = self.source.types
            columns = "".join(f", {ident(name)} {types[name]}" for name in self.columns)
            session.execute(f"CREATE OR REPLACE TEMP TABLE {self.table} (coco_part BIGINT{columns})")
            self._kept = set()
        missing = set(wanted) - self._kept
        if not missing:
            return
        session.execute(f"INSERT INTO {self.table} {self.parts.rows(session, missing)}")
        if isinstance(self.parts, FileParts):
            self.parts.check(missing & self._same)
        self._kept |= missing

    def all_rows(self, session: Session) -> str:
        return f"({self.rows(session, self._all)})"

    def remember(self, session: Session, key: str, generation: int) -> None:
        self.parts.remember(session, key, generation)


def _set(session: Session, variable: str, value: str, paths: list[str]) -> None:
    """Set a variable of the session to a list of paths, each as a value."""
    query = f"SELECT list({value}) FROM (SELECT unnest($1::VARCHAR[]) AS path)"
    session.execute(f"SET VARIABLE {ident(variable)} = ({query})", [paths])


def _name(*parts: str) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


@contextmanager
def explained() -> Iterator[None]:
    """Says what to type where a file is not text."""
    try:
        yield
    except duckdb.InvalidInputException as error:
        if "as valid UTF-8" not in str(error):
            raise
        raise duckdb.InvalidInputException(
            f"{error}\nSELECT filename, decode(content, 'replace') FROM read_blob(…) makes text of all files; "
            "try(decode(content)) is NULL for such a file, and a Python function can take the bytes"
        ) from None
