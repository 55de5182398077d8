"""Join: outer, semi, anti and ASOF joins, and scalar subqueries: rows with equal keys are joined anew.

    SELECT n.id, a.name FROM notes AS n LEFT JOIN authors AS a ON n.author = a.id

touched:  the authors of the rows that are gone or new on one of the sides
new:      SELECT id, name FROM <notes of these authors> LEFT JOIN <these authors> ON author = id_1
lineage:  a row came from those pairs of rows with its key that it is made of

State: the rows. A join with no equality has one partition. (An inner join is part of a map, and needs no keys.)
"""

from dataclasses import dataclass

from cocosql.expressions import conjunction, sql
from cocosql.operators.operator import SOURCE_ID
from cocosql.operators.partitioned import Partitioned
from cocosql.sqltext import ident

_WORDS = {"left": "LEFT", "right": "RIGHT", "full": "FULL", "semi": "SEMI", "anti": "ANTI", "inner": "INNER"}


@dataclass(frozen=True, eq=False, kw_only=True)
class Join(Partitioned):
    #: left, right, full, semi, anti, inner (ASOF only), mark, single
    type: str
    is_asof: bool
    left: list[str]
    right: list[str]
    #: Conditions as (left, operator, right), and over both sides.
    compared: list[tuple[str, str, str]]
    predicates: list[str]
    #: Whether the columns that tell the rows of an input apart may all be NULL, on both sides.
    may_be_null: bool

    partition = "the rows with the keys"

    @property
    def kind(self) -> str:
        return {"mark": "in join", "single": "scalar subquery"}.get(
            self.type, f"{'asof ' if self.is_asof else ''}{self.type} join"
        )

    @property
    def raw_names(self) -> list[str]:
        return [*self.left, *self.right]

    @property
    def _condition(self) -> str:
        compared = [f"({one} {operator} {other})" for one, operator, other in self.compared]
        return conjunction([*compared, *self.predicates])

    def raw_sql(self, relations: list[str]) -> str:
        left, right = (
            f"(SELECT *, {self.key_hash(number)} AS coco_key_{number} FROM ({rows}))"
            for number, rows in enumerate(relations)
        )
        match self.type:
            case "mark" | "single":
                values = [f"({self._subquery(name, right)}) AS {ident(name)}" for name in self.right]
                columns = [*map(ident, self.left), *values, f"coco_key_0 AS {SOURCE_ID}"]
                return f"SELECT {', '.join(columns)} FROM {left} AS coco_left"
            case "semi" | "anti":
                key, shown = "coco_key_0", self.left
            case "right":
                key, shown = "coco_key_1", self.raw_names
            case "full":
                key, shown = "coalesce(coco_key_0, coco_key_1)", self.raw_names
            case _:
                key, shown = "coco_key_0", self.raw_names
        columns = [*map(ident, shown), f"{key} AS {SOURCE_ID}"]
        words = f"{'ASOF ' if self.is_asof else ''}{_WORDS[self.type]} JOIN"
        return (
            f"SELECT {', '.join(columns)} FROM {left} AS coco_left {words} {right} AS coco_right ON {self._condition}"
        )

    def origins(self, number: int, relations: list[str], names: list[str]) -> str:
        left, right = (
            f"(SELECT * RENAME ({SOURCE_ID} AS coco_origin_{side}) FROM ({rows}) "
            f"WHERE {self.key_hash(side)} = coco_here.{SOURCE_ID})"
            for side, rows in enumerate(relations)
        )
        origin = f"coco_origin_{number}"
        found = f"SELECT {origin} AS coco_origin FROM ({self._pairs(left, right)})"
        return f"{found} WHERE {origin} IS NOT NULL AND {self.looks_like(names)}"

    def _pairs(self, left: str, right: str) -> str:
        """The pairs of rows that its rows are made of: the columns of both, and their ids."""
        ids, words, values = ["coco_origin_0", "coco_origin_1"], f"{_WORDS.get(self.type, 'LEFT')} JOIN", []
        condition = self._condition
        match self.type:
            case "mark" | "single":
                values = [f"({self._subquery(name, right)}) AS {ident(name)}" for name in self.right]
                # IN is NULL where a row may be equal.
                condition = f"({condition}) IS NOT FALSE" if self.type == "mark" else condition
            case "semi":
                words = "JOIN"
            case "anti":
                ids[1] = "NULL AS coco_origin_1"
        shown = self.left if self.type in ("mark", "single", "semi", "anti") else self.raw_names
        words = f"ASOF {words}" if self.is_asof else words
        columns = ", ".join([*map(ident, shown), *values, *ids])
        return f"SELECT {columns} FROM {left} AS coco_left {words} {right} AS coco_right ON {condition}"

    def _subquery(self, name: str, right: str) -> str:
        if self.type == "single":
            return f"SELECT {ident(name)} FROM {right} AS coco_right WHERE {self._condition}"
        exact = [condition for condition in self.compared if condition[1].endswith("DISTINCT FROM")]
        compared = [condition for condition in self.compared if condition not in exact]
        where = conjunction([*(f"({one} {operator} {other})" for one, operator, other in exact), *self.predicates])
        if not compared:
            return f"EXISTS (SELECT 1 FROM {right} AS coco_right WHERE {where})"
        rows = f"SELECT {', '.join(sql(other) for _, _, other in compared)} FROM {right} AS coco_right WHERE {where}"
        if len(compared) == 1:
            ((value, operator, _),) = compared
            return f"{sql(value)} {operator} ANY ({rows})"
        return f"({', '.join(sql(one) for one, _, _ in compared)}) IN ({rows})"

    def raw_identity(self) -> list[str] | None:
        if (self.type == "full" and self.may_be_null) or (self.is_asof and self.type in ("right", "full")):
            return None  # rows without a partner may look alike
        found: list[str] = []
        sides = self.inputs[:1] if self.type in ("semi", "anti", "mark", "single") or self.is_asof else self.inputs
        for given in sides:
            identity = given.identity()
            if identity is None or not set(identity) <= set(self.raw_names):
                return None
            found += identity
        return found


def equality_keys(kind: str, compared: list[tuple[str, str, str]]) -> tuple[list[str], list[str]]:
    """The keys of both sides of a join by which equal rows meet."""
    operators = ["IS NOT DISTINCT FROM"]
    if kind != "mark":  # IN is NULL where a row with NULL could be equal
        operators.append("=")
    equal = [(one, other) for one, operator, other in compared if operator in operators]
    return [one for one, _ in equal], [other for _, other in equal]
