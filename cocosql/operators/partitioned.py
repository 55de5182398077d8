"""Partitioned operators: those of which the rows with one key can be worked out from the input rows with that key.

    SELECT lang, median(size) FROM notes GROUP BY lang        key: lang

touched:  the keys of the input rows that are gone or new
gone:     the rows that have one of these keys
new:      the same query over the input rows with these keys
lineage:  a row came from the input rows with its key, unless the operator can tell more

A key is known by DuckDB's hash of it, which is the same for values that SQL takes as equal. Should two keys have the
same hash they are worked out together, and nothing is wrong. An operator without keys has one partition.
"""

from dataclasses import dataclass, field, replace
from typing import Self

from cocosql.expressions import column_of, conjunction, named, reference, sql_list
from cocosql.operators import SOURCE_ID, Input
from cocosql.sqltext import fingerprint


@dataclass(frozen=True, eq=False, kw_only=True)
class Partitioned:
    inputs: tuple[Input, ...]
    #: For each input, the expressions that are its key.
    keys: tuple[list[str], ...]
    #: What is made of its rows: columns by name, of rows under conditions.
    items: dict[str, str] = field(default_factory=dict)
    conditions: list[str] = field(default_factory=list)

    @property
    def kind(self) -> str:
        raise NotImplementedError

    @property
    def partition(self) -> str:
        """What is worked out anew, in words."""
        raise NotImplementedError

    @property
    def raw_names(self) -> list[str]:
        """The columns before `items` are made of them."""
        raise NotImplementedError

    def raw_sql(self, relations: list[str]) -> str:
        """Its rows with their ids, for relations that have the columns of its inputs."""
        raise NotImplementedError

    def raw_identity(self) -> list[str] | None:
        raise NotImplementedError

    @property
    def names(self) -> list[str]:
        return list(self.items) or self.raw_names

    @property
    def is_ambiguous(self) -> bool:
        """Whether SQL allows several answers, as of the order of a list: one stays until rows that it is of change."""
        return False

    @property
    def rule(self) -> str:
        rule = f"{self.partition} of changed rows, by {sql_list(self.keys[0])}, are worked out anew"
        if not self.keys[0]:
            rule = "all of it is worked out anew from the rows kept below"
        return f"{rule}; of several right answers one stays until its rows change" if self.is_ambiguous else rule

    def key_hash(self, number: int) -> str:
        """The key of an input's rows, as SQL."""
        return key_hash(self.keys[number])

    def finished(self, items: dict[str, str], conditions: list[str]) -> Self:
        """The operator with these made of its rows."""
        return replace(self, items=items, conditions=conditions)

    def rows_sql(self, relations: list[str], names: list[str]) -> str:
        """Its rows under these names, with their ids."""
        items = self.items or {name: reference(name) for name in self.raw_names}
        shown = {name: item for name, item in zip(names, items.values(), strict=True)}
        where = f" WHERE {conjunction(self.conditions)}" if self.conditions else ""
        return f"SELECT {column_list(named(shown))}{SOURCE_ID} FROM ({self.raw_sql(relations)}){where}"

    def origins(self, number: int, relations: list[str], names: list[str]) -> str:
        """The rows of an input that a row ``coco_here`` of it, with columns of these names, came from: ``coco_origin``,
        their ids."""
        key = f"{self.key_hash(number)} = coco_here.{SOURCE_ID}"
        return f"SELECT {SOURCE_ID} AS coco_origin FROM ({relations[number]}) WHERE {key}"

    def looks_like(self, names: list[str]) -> str:
        """Whether what becomes of raw columns is a row ``coco_here`` of it, under these names."""
        items = self.items.values() or map(reference, self.raw_names)
        made = f"coco_fingerprint({sql_list(items) or '1'})"
        return f"{conjunction(self.conditions)} AND {made} = {fingerprint(names, 'coco_here')}"

    def identity(self) -> list[str] | None:
        raw = self.raw_identity()
        if raw is None or not self.items:
            return raw
        shown = {column_of(item): name for name, item in reversed(self.items.items())}
        return [shown[name] for name in raw] if all(name in shown for name in raw) else None


def key_hash(key: list[str]) -> str:
    return f"hash({sql_list(key)})" if key else "0::UBIGINT"


def column_list(columns: str) -> str:
    """The beginning of a select list, of columns as SQL; there may be none."""
    return f"{columns}, " if columns else ""
