"""Which aggregates follow from counts and sums that are exact, and how."""

from dataclasses import dataclass, field

from cocosql.expressions import reference
from cocosql.operators.accumulate import Total
from cocosql.operators.source import EXACT, INTEGERS
from cocosql.sqltext import literal

#: Integers whose sums fit in a HUGEINT, however many rows a table may have.
_ADDED = INTEGERS - {"HUGEINT"}


@dataclass(frozen=True)
class Wanted:
    """An aggregate of rows: the function, what it takes (None: the rows themselves), and the type of that."""

    function: str
    argument: str | None = None
    type: str = ""
    is_filtered: bool = False


@dataclass
class Totals:
    """The totals that aggregates follow from, by name, and each aggregate as an expression over them."""

    #: How the names of totals begin.
    prefix: str
    wanted: dict[str, Wanted]
    totals: dict[str, Total] = field(init=False)

    def __post_init__(self) -> None:
        self.totals = {f"{self.prefix}_rows": Total("count(*)", "BIGINT")}

    def aggregates(self) -> dict[str, str] | None:
        """The aggregates by name; None if there is one that does not follow from totals."""
        found = {name: self._of(wanted) for name, wanted in self.wanted.items()}
        made = {name: expression for name, expression in found.items() if expression is not None}
        return made if len(made) == len(found) else None

    def _of(self, wanted: Wanted) -> str | None:
        if wanted.argument is None:
            return self._named(Total("count(*)", "BIGINT")) if wanted.function == "count" else None
        if wanted.function == "count":
            return self._count(wanted.argument)
        if wanted.type not in _ADDED and not _is_decimal(wanted.type):
            return None
        match wanted.function:
            case "sum":
                return self._sum(wanted.argument, wanted.type)
            case "avg":
                return self._average(wanted.argument, wanted.type, is_filtered=wanted.is_filtered)
        return None

    def _count(self, argument: str) -> str:
        return self._named(Total(f"count({argument})", "BIGINT"))

    def _value(self, argument: str, kind: str) -> str:
        """The sum as an integer: that of a DECIMAL without its decimal point."""
        added = f"(sum({argument}) EXPORT_STATE)" if _is_decimal(kind) else f"sum({argument})"
        return self._named(Total(f"{added}::HUGEINT", "HUGEINT"))

    def _sum(self, argument: str, kind: str) -> str:
        value = self._value(argument, kind)
        if _is_decimal(kind):
            value = f"finalize(to_aggregate_state({value}, 'sum', [{literal(kind)}]))"
        return f"CASE WHEN {self._count(argument)} > 0 THEN {value} END"

    def _average(self, argument: str, kind: str, *, is_filtered: bool) -> str:
        """As DuckDB works it out, to the last digit: of decimals, AVG beside SUM or COUNT is their quotient."""
        beside = {other.function for other in self.wanted.values() if other.argument in (argument, None)}
        if _is_decimal(kind) and beside > {"avg"} and not is_filtered:
            return f"{self._sum(argument, kind)}::DOUBLE / {self._count(argument)}"
        state = f"{{'count': {self._count(argument)}::UBIGINT, 'value': {self._value(argument, kind)}}}"
        return f"finalize(to_aggregate_state({state}, 'avg', [{literal(kind)}]))"

    def _named(self, total: Total) -> str:
        found = next((name for name, other in self.totals.items() if other == total), None)
        if found is None:
            kind = "count" if total.type == "BIGINT" else "sum"
            found = f"{self.prefix}_{kind}_{len(self.totals)}"
            self.totals[found] = total
        return reference(found)


def is_exact(kind: str) -> bool:
    """Whether equal values of a type cannot be told apart: that of a group does not depend on which rows it has."""
    return kind in EXACT or _is_decimal(kind)


def _is_decimal(kind: str) -> bool:
    return kind.startswith("DECIMAL(")
