"""How a source row gets an id: from its primary key, or, without one, from its fingerprint. Equal rows then share
one."""

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

from cocosql.capture.parts import column_list
from cocosql.operators.source import Source
from cocosql.sqltext import fingerprint, ident, idents, literal, struct


class Identity(Protocol):
    """A snapshot has rows of ``coco_part, coco_source_id, coco_fingerprint, coco_key``. Relations of source rows have
    ``coco_part`` and the columns that the view reads."""

    @property
    def name(self) -> str:
        """A name for the identity scheme, with its columns and types. A snapshot taken under another scheme is
        discarded."""

    @property
    def id_sql(self) -> str: ...

    @property
    def id_type(self) -> str: ...

    @property
    def keeps_columns(self) -> bool:
        """Whether `compare` gives the columns of changed rows too, so that these need not be read again."""

    def present(self, rows: str, *, with_columns: bool) -> str:
        """The rows of a snapshot for a relation of source rows."""

    def compare(self, present: str, known: str) -> str:
        """Where rows as `present` has them differ from rows of the snapshot: as they are now, with no fingerprint if
        they are gone."""

    def changed_ids(self, changed: str) -> str:
        """The ids of the rows that changed, of what `compare` found; others only moved to another part."""

    def changed_rows(self, changed: str, columns: list[str]) -> str:
        """The source rows that changed and are there, of what `compare` found."""

    def those_in(self, changed: str) -> str:
        """The condition for the rows of the snapshot that are in what `compare` found."""

    def total(self, snapshot: str) -> str:
        """Id, fingerprint and key of the rows of a snapshot, over all parts."""

    def shown_key(self, stored: str, past: str) -> str:
        """The key as JSON, of a stored row and that of the snapshot."""

    def keys(self, ids: str) -> str:
        """Id and key as JSON, as `shown_key` has it, of the rows with the ids that a query gives."""

    def present_json(self) -> str:
        """Id and fingerprint of the source's rows as in the snapshot, and the whole row as JSON."""

    def located(self) -> str:
        """Id of the rows of a table, and where one with it is: ``coco_rowid``."""

    def content(self, located: str, row: str) -> str:
        """The fingerprint as in the snapshot, of what was located and the row there."""


def identity_of(source: Source, columns: list[str]) -> Identity:
    return Keyed(source, columns) if source.key else Bag(source, columns)


@dataclass(frozen=True)
class Keyed:
    """The id is the key if that is one integer, else the key's fingerprint; then the snapshot keeps the key."""

    source: Source
    columns: list[str]
    keeps_columns: bool = True

    @cached_property
    def name(self) -> str:
        return f"{self.source.typed_key}: {self.source.typed(self.columns)}"

    @property
    def id_sql(self) -> str:
        return ident(self.source.key[0]) if self.source.has_integer_key else fingerprint(self.source.key)

    @property
    def id_type(self) -> str:
        if not self.source.has_integer_key:
            return "UHUGEINT"
        return self.source.types[self.source.key[0]]

    @property
    def digest(self) -> str:
        return f"coco_digest({idents(self.columns) or '1'})"

    def present(self, rows: str, *, with_columns: bool) -> str:
        key = "NULL::JSON" if self.source.has_integer_key else f"to_json({struct(self.source.key)})"
        columns = column_list(self.columns) if with_columns else ""
        return (
            f"SELECT coco_part, {self.id_sql} AS coco_source_id, {self.digest} AS coco_fingerprint, {key} AS coco_key"
            f"{columns} FROM ({rows})"
        )

    def compare(self, present: str, known: str) -> str:
        return (
            "SELECT coalesce(present.coco_source_id, past.coco_source_id) AS coco_source_id, "
            "present.* EXCLUDE (coco_source_id), "
            "present.coco_fingerprint IS NOT DISTINCT FROM past.coco_fingerprint AS coco_moved, "
            "past.coco_fingerprint IS NULL AS coco_is_new "
            f"FROM {present} AS present FULL OUTER JOIN {known} AS past USING (coco_source_id) "
            "WHERE present.coco_fingerprint IS DISTINCT FROM past.coco_fingerprint "
            "OR present.coco_part IS DISTINCT FROM past.coco_part"
        )

    def changed_ids(self, changed: str) -> str:
        return f"SELECT coco_source_id FROM {changed} WHERE NOT coco_moved"

    def changed_rows(self, changed: str, columns: list[str]) -> str:
        return (
            f"SELECT coco_source_id{column_list(columns)} FROM {changed} "
            "WHERE NOT coco_moved AND coco_fingerprint IS NOT NULL"
        )

    def those_in(self, changed: str) -> str:
        return f"WHERE coco_source_id IN (SELECT coco_source_id FROM {changed})"

    def total(self, snapshot: str) -> str:
        return f"SELECT coco_source_id, coco_fingerprint, coco_key FROM {snapshot}"

    def shown_key(self, stored: str, past: str) -> str:
        if self.source.has_integer_key:
            return f"to_json({{{literal(self.source.key[0])}: {stored}.coco_source_id}})"
        return f"coalesce({past}.coco_key, to_json({{'fingerprint': {stored}.coco_source_id::UUID}}))"

    def keys(self, ids: str) -> str:
        if self.source.has_integer_key:
            key = f"to_json({{{literal(self.source.key[0])}: coco_source_id}})"
            return f"SELECT coco_source_id, {key} AS coco_key FROM ({ids})"
        key = f"to_json({struct(self.source.key)})"
        rows = f"SELECT {self.id_sql} AS coco_source_id, {key} AS coco_key FROM {self.source.sql}"
        return f"FROM ({rows}) SEMI JOIN ({ids}) USING (coco_source_id)"

    def present_json(self) -> str:
        return (
            f"SELECT {self.id_sql} AS coco_source_id, {self.digest} AS coco_fingerprint, "
            f"to_json({struct(self.source.column_names)}) AS row FROM {self.source.sql}"
        )

    def located(self) -> str:
        return f"SELECT {self.id_sql} AS coco_source_id, rowid AS coco_rowid FROM {self.source.sql}"

    def content(self, located: str, row: str) -> str:
        return f"coco_digest({idents(self.columns, row) or '1'})"


@dataclass(frozen=True)
class Bag:
    """The id is the fingerprint of the columns that the view reads; the snapshot counts equal rows, part by part."""

    source: Source
    columns: list[str]
    id_type: str = "UHUGEINT"
    keeps_columns: bool = False

    @cached_property
    def name(self) -> str:
        return f"no key: {self.source.typed(self.columns)}"

    @property
    def id_sql(self) -> str:
        return fingerprint(self.columns)

    def present(self, rows: str, *, with_columns: bool) -> str:
        return (
            f"SELECT coco_part, {self.id_sql} AS coco_source_id, count(*)::UBIGINT AS coco_fingerprint, "
            f"NULL::JSON AS coco_key FROM ({rows}) GROUP BY ALL"
        )

    def compare(self, present: str, known: str) -> str:
        return (
            "SELECT coco_part, coco_source_id, present.coco_fingerprint, present.coco_key, "
            "coalesce(present.coco_fingerprint, 0)::HUGEINT - coalesce(past.coco_fingerprint, 0) AS coco_more "
            f"FROM {present} AS present FULL OUTER JOIN {known} AS past USING (coco_part, coco_source_id) "
            "WHERE present.coco_fingerprint IS DISTINCT FROM past.coco_fingerprint"
        )

    def changed_ids(self, changed: str) -> str:
        return f"SELECT coco_source_id FROM {changed} GROUP BY coco_source_id HAVING sum(coco_more) <> 0"

    def changed_rows(self, changed: str, columns: list[str]) -> str:
        raise NotImplementedError("rows without a key are read once it is known which of them changed")

    def those_in(self, changed: str) -> str:
        return f"WHERE (coco_part, coco_source_id) IN (SELECT (coco_part, coco_source_id) FROM {changed})"

    def total(self, snapshot: str) -> str:
        return (
            "SELECT coco_source_id, sum(coco_fingerprint)::UBIGINT AS coco_fingerprint, NULL::JSON AS coco_key "
            f"FROM {snapshot} GROUP BY coco_source_id"
        )

    def shown_key(self, stored: str, past: str) -> str:
        return f"to_json({{'fingerprint': {stored}.coco_source_id::UUID, 'copies': {past}.coco_fingerprint}})"

    def keys(self, ids: str) -> str:
        return f"SELECT coco_source_id, to_json({{'fingerprint': coco_source_id::UUID}}) AS coco_key FROM ({ids})"

    def present_json(self) -> str:
        return (
            f"SELECT {self.id_sql} AS coco_source_id, count(*)::UBIGINT AS coco_fingerprint, "
            f"any_value(to_json({struct(self.source.column_names)})) AS row FROM {self.source.sql} "
            "GROUP BY coco_source_id"
        )

    def located(self) -> str:
        return (
            f"SELECT {self.id_sql} AS coco_source_id, min(rowid) AS coco_rowid, count(*)::UBIGINT AS coco_copies "
            f"FROM {self.source.sql} GROUP BY coco_source_id"
        )

    def content(self, located: str, row: str) -> str:
        return f"{located}.coco_copies"
