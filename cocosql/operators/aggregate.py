"""Aggregate: groups of rows. Groups with a row that is gone or new are worked out anew.

    SELECT lang, count(*) AS n, sum(len(body)) AS size FROM notes GROUP BY lang HAVING count(*) > 1

below:    SELECT lang, len(body) AS a1 FROM notes                     (a map, whose rows are kept)
touched:  the languages of the rows below that are gone or new
new:      SELECT lang, count(*), sum(a1) FROM <rows below with these languages> GROUP BY lang      … HAVING

State: the rows of the groups. A query that groups nothing has one group, which is there even without rows below.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from cocosql.expressions import named, sql_list
from cocosql.operators.operator import SOURCE_ID
from cocosql.operators.partitioned import Partitioned, column_list, key_hash

#: Aggregates whose result depends on the order of rows, or on which of equal rows comes first.
_ORDERED = {
    *("list", "array_agg", "string_agg", "group_concat", "listagg", "first", "last", "any_value", "arbitrary"),
    *("arg_min", "arg_max", "min_by", "max_by", "argmin", "argmax", "mode", "approx_top_k", "reservoir_quantile"),
}


@dataclass(frozen=True, eq=False, kw_only=True)
class Aggregate(Partitioned):
    #: Keys and aggregates, by name.
    groups: dict[str, str]
    aggregates: dict[str, str]
    is_ambiguous: bool = False

    kind = "aggregate"
    partition = "the groups"

    @property
    def raw_names(self) -> list[str]:
        return [*self.groups, *self.aggregates]

    def raw_sql(self, relations: list[str]) -> str:
        columns = {**self.groups, **self.aggregates}
        keys = list(self.groups.values())
        grouping = f" GROUP BY {sql_list(keys)}" if keys else ""
        key = key_hash(keys) if keys else "(0 * count(*))::UBIGINT"  # an aggregate, so that the query gives one row
        return f"SELECT {column_list(named(columns))}{key} AS {SOURCE_ID} FROM ({relations[0]}){grouping}"

    def raw_identity(self) -> list[str] | None:
        return list(self.groups)


def has_several_answers(aggregates: Iterable[dict[str, Any]]) -> bool:
    """Whether SQL allows several results of one of these aggregates of the algebra."""
    return any(one["name"] in _ORDERED and not one["order"] for one in aggregates)
