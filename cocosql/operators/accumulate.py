"""Accumulate: counts and sums of groups, to which rows that are new are added, and from which those gone are taken.

    SELECT lang, count(*) AS n, sum(size) AS total FROM notes GROUP BY lang

below:    SELECT lang, size FROM notes                                (a map, whose rows are kept)
touched:  SELECT lang, count(*), count(size), sum(size) FROM <rows new> GROUP BY lang
          UNION ALL SELECT lang, -count(*), -count(size), -sum(size) FROM <rows gone> GROUP BY lang
new:      SELECT lang, sum(rows), sum(count), sum(total) FROM (
              <the groups kept with these languages> UNION ALL <touched>
          ) GROUP BY lang HAVING sum(rows) > 0

State: the groups with their counts and sums. A map above makes SUM, COUNT and AVG of them. Only of integers and of
decimals, whose sums are exact: it is as if all rows were added up afresh, and the other rows of a group are not read.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from cocosql.collected import collected
from cocosql.expressions import named, sql, sql_list
from cocosql.operators.delta import Delta
from cocosql.operators.operator import SOURCE_ID
from cocosql.operators.partitioned import Partitioned, PartitionStep, column_list, key_hash
from cocosql.operators.step import Context
from cocosql.sqltext import ident, idents


@dataclass(frozen=True)
class Total:
    """What is added up: over rows, as SQL, and its type."""

    sql: str
    type: str


@dataclass(frozen=True, eq=False, kw_only=True)
class Accumulate(Partitioned):
    #: Keys, and totals, by name; the first of these is the number of rows.
    groups: dict[str, str]
    totals: dict[str, Total]

    kind = "accumulate"
    partition = "the groups"

    @property
    def rule(self) -> str:
        by = f", by {sql_list(self.keys[0])}" if self.keys[0] else ""
        return f"what changed is added to, or taken from, the counts and sums of its group{by}"

    def step(self, context: Context, number: int, inputs: Sequence[Delta]) -> "MergeStep":
        return MergeStep(context, number, inputs, self)

    @property
    def raw_names(self) -> list[str]:
        return [*self.groups, *self.totals]

    def raw_identity(self) -> list[str] | None:
        return list(self.groups)

    def raw_sql(self, relations: list[str]) -> str:
        return self._added_up(relations[0], "")

    def change_sql(self, gone: str, new: str) -> str:
        """By group, what a change adds to its totals: negative for rows that are gone."""
        return f"{self._added_up(new, '')} UNION ALL {self._added_up(gone, '-')}"

    def merged_sql(self, kept: str, change: str) -> str:
        """The groups that a change touches, with their totals after it."""
        rows, *_ = self.totals
        totals = ", ".join(f"{_merged(name, total)} AS {ident(name)}" for name, total in self.totals.items())
        keys = [ident(name) for name in self.groups]
        having = f" HAVING sum({ident(rows)}) > 0" if keys else ""
        return (
            f"SELECT {column_list(', '.join(keys))}{totals}, {SOURCE_ID} "
            f"FROM (SELECT {idents(self.raw_names)}, {SOURCE_ID} FROM {kept} UNION ALL FROM {change}) "
            f"GROUP BY {', '.join([*keys, SOURCE_ID])}{having}"
        )

    def _added_up(self, relation: str, sign: str) -> str:
        totals = ", ".join(
            f"{sign}coalesce({sql(total.sql)}, 0)::{total.type} AS {ident(name)}" for name, total in self.totals.items()
        )
        keys = list(self.groups.values())
        grouping = f" GROUP BY {sql_list(keys)}" if keys else ""
        return (
            f"SELECT {column_list(named(self.groups))}{totals}, {key_hash(keys)} AS {SOURCE_ID} "
            f"FROM ({relation}){grouping}"
        )


@dataclass
class MergeStep(PartitionStep):
    """Adds what is new to the totals kept, and takes what is gone from them."""

    operator: Accumulate

    @property
    def _is_whole(self) -> bool:
        return self.context.rebuild

    def prepare(self) -> None:
        if not self._is_whole:
            (given,), (delta,) = self.operator.inputs, self.inputs
            change = self.operator.change_sql(given.over(delta.gone), given.over(delta.new))
            self.context.session.collect(self._touched_keys, change)

    def rows_sql(self, names: list[str]) -> str:
        if self._is_whole:
            return super().rows_sql(names)
        kept = self.context.kept(self.operator, self.number)
        return self.operator.merged_sql(kept.old, collected(self._touched_keys))


def _merged(name: str, total: Total) -> str:
    """The sum of a total kept, of what is new, and of what is gone."""
    column = ident(name)
    if total.type != "HUGEINT":
        return f"sum({column})::{total.type}"
    # A sum may overflow before rows that are gone are taken from it; its halves do not.
    return f"sum({column} // 2) * 2 + sum({column} % 2)"
