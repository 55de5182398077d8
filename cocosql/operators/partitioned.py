"""Partitioned operators: those of which the rows with one key can be worked out from the input rows with that key.

    SELECT lang, median(size) FROM notes GROUP BY lang        key: lang

touched:  the keys of the input rows that are gone or new
gone:     the rows that have one of these keys
new:      the same query over the input rows with these keys
lineage:  a row came from the input rows with its key, unless the operator can tell more

A key is known by DuckDB's hash of it, which is the same for values that SQL takes as equal. Should two keys have the
same hash they are worked out together, and nothing is wrong. An operator without keys has one partition.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Self

from cocosql.collected import collected
from cocosql.expressions import column_of, conjunction, named, reference, sql_list
from cocosql.fetch import ALL, Condition, among
from cocosql.operators.delta import Delta
from cocosql.operators.kept import Kept
from cocosql.operators.operator import SOURCE_ID, Input, Materialized, Operator
from cocosql.operators.step import Context, Step
from cocosql.operators.traced import CARRIED, Here
from cocosql.sqltext import fingerprint, idents

if TYPE_CHECKING:
    from cocosql.lineage.reached import Ids, Reached
    from cocosql.lineage.trace import Trace, Tracer


@dataclass(frozen=True, eq=False, kw_only=True)
class Partitioned(Materialized):
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
        """Whether SQL allows several answers, as for the order of a list. The one given stays until its input rows
        change."""
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
        """The operator with a projection and a filter that it does to its rows itself."""
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
        """A condition on raw rows: whether the operator makes of one the row ``coco_here``, whose columns have these
        names."""
        items = self.items.values() or map(reference, self.raw_names)
        made = f"coco_fingerprint({sql_list(items) or '1'})"
        return f"{conjunction(self.conditions)} AND {made} = {fingerprint(names, 'coco_here')}"

    def sql(self, relations: Sequence[str]) -> str:
        rows = [given.over(relation) for given, relation in zip(self.inputs, relations, strict=True)]
        return self.rows_sql(rows, self.names)

    @property
    def lineage_columns(self) -> list[str]:
        return [SOURCE_ID]  # the key

    def source_id_types(self, type_of: Callable[[Operator], str]) -> list[str]:
        return ["UBIGINT"]

    def step(self, context: Context, number: int, inputs: Sequence[Delta]) -> "PartitionStep":
        return PartitionStep(context, number, inputs, self)

    def identity(self) -> list[str] | None:
        raw = self.raw_identity()
        if raw is None or not self.items:
            return raw
        shown = {column_of(item): name for name, item in reversed(self.items.items())}
        return [shown[name] for name in raw] if all(name in shown for name in raw) else None

    # --- lineage --------------------------------------------------------------------------------------------------

    def reached(self, reached: "Reached") -> "Ids":
        numbers = range(len(self.inputs))
        return reached.either([reached.kept(self, SOURCE_ID, self.reached_keys(reached, one)) for one in numbers])

    def reached_keys(self, reached: "Reached", number: int) -> "Ids":
        """The keys of the rows of an input that may come from the row that is asked for."""
        given = self.inputs[number]
        ids = reached.ids(given.operator)
        if not ids:
            return ids
        rows = given.over(reached.rows(given.operator))
        return f"SELECT {self.key_hash(number)} AS {SOURCE_ID} FROM ({rows}) WHERE {SOURCE_ID} IN ({ids})"

    def trace(self, tracer: "Tracer", here: Here, names: list[str]) -> "Iterator[Trace]":
        relations = [given.over(tracer.rows(given.operator)) for given in self.inputs]
        for number, given in enumerate(self.inputs):
            keys = self.reached_keys(tracer.reached, number) if tracer.reached else None
            if keys == "":
                continue
            rows = here.sql if keys is None else f"SELECT * FROM ({here.sql}) WHERE {SOURCE_ID} IN ({keys})"
            below = (
                f"SELECT {idents(CARRIED)}, coco_origin AS {SOURCE_ID} FROM ({rows}) AS coco_here, "
                f"LATERAL ({self.origins(number, relations, names)}) AS coco_given"
            )
            yield from given.operator.trace_ids(tracer, here.to(below, is_unique=False))


@dataclass
class PartitionStep(Step):
    """Finds the keys of rows that changed, and works out the rows with these keys."""

    operator: Partitioned

    @property
    def _touched_keys(self) -> str:
        """The name of the collection of touched keys, ``coco_source_id``."""
        return f"touched_{self.context.tag(self.number)}"

    @property
    def _is_whole(self) -> bool:
        """Whether all rows are worked out anew."""
        return self.context.rebuild or not self.operator.keys[0]

    @property
    def _keys(self) -> str:
        return f"SELECT {SOURCE_ID} FROM {collected(self._touched_keys)}"

    def prepare(self) -> None:
        if self._is_whole:
            return
        touched = []
        for number, (given, delta) in enumerate(zip(self.operator.inputs, self.inputs, strict=True)):
            if not delta.is_empty:
                rows = given.over(f"({delta.gone}) UNION ALL ({delta.new})")
                touched.append(f"SELECT {self.operator.key_hash(number)} AS {SOURCE_ID} FROM ({rows})")
        self.context.session.collect(self._touched_keys, " UNION ".join(touched))

    def rows_sql(self, names: list[str]) -> str:
        relations = []
        for number, (given, delta) in enumerate(zip(self.operator.inputs, self.inputs, strict=True)):
            rows = given.values(delta.now)
            if not self._is_whole:
                rows = f"FROM ({rows}) WHERE {self.operator.key_hash(number)} IN ({self._keys})"
            relations.append(rows)
        return self.operator.rows_sql(relations, names)

    def touched(self) -> Condition:
        return ALL if self._is_whole else among([(SOURCE_ID, self._keys)])

    def keep(self, kept: Kept, rows: str) -> Delta:
        return kept.net(self.context.session, rows, self.touched())


def key_hash(key: list[str]) -> str:
    return f"hash({sql_list(key)})" if key else "0::UBIGINT"


def column_list(columns: str) -> str:
    """Columns as the beginning of a select list, with a comma; empty if there are none."""
    return f"{columns}, " if columns else ""
