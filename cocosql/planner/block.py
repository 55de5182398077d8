"""Blocks: neighbouring relations that need no state (filters, projections, unnest, inner joins, calls), as one SELECT.

A block becomes a map, or is done to the rows of the operator below it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from sqlglot import exp

from cocosql.expressions import column_of, columns_in, finder, sql, substitute
from cocosql.operators.call_sites import Callee, CallSites, calls_in
from cocosql.operators.map import Map, element_column
from cocosql.operators.operator import Input
from cocosql.planner.algebra import NotIncremental
from cocosql.planner.parse import read_expression
from cocosql.sqltree import render

#: Whether two SELECTs mean the same to DuckDB.
SameMeaning = Callable[[str, str], bool]


@dataclass(frozen=True)
class Unnest:
    #: Lists side by side, by the name of the column that their elements are.
    lists: dict[str, str]


@dataclass(frozen=True)
class Block:
    """``SELECT items FROM inputs, unnests WHERE conditions``"""

    inputs: tuple[Input, ...]
    items: dict[str, str]
    conditions: list[str] = field(default_factory=list)
    unnests: list[Unnest] = field(default_factory=list)
    #: Whether other blocks read the same operator.
    is_shared: bool = False

    def over(self, expression: str) -> str:
        """An expression over the block's columns, rewritten as one over the columns of its inputs."""
        return substitute(expression, self.items)

    def filtered(self, conditions: list[str]) -> "Block":
        return replace(self, conditions=[*self.conditions, *map(self.over, conditions)])

    def with_items(self, items: dict[str, str]) -> "Block":
        return replace(self, items={name: self.over(item) for name, item in items.items()})

    @property
    def is_plain(self) -> bool:
        """Whether it shows columns of one operator as they are."""
        return (
            len(self.inputs) == 1
            and not self.conditions
            and not self.unnests
            and all(column_of(item) is not None for item in self.items.values())
        )

    def identity(self) -> list[str] | None:
        """The columns that tell its rows apart: those that do so for each input, if all are shown; else None."""
        shown = {column_of(item): name for name, item in reversed(self.items.items())}
        found: list[str] = []
        for given in self.inputs:
            there = given.identity()
            if there is None or self.unnests or not all(name in shown for name in there):
                return None
            found += [shown[name] for name in there]
        return found


class MapMaker:
    """Makes maps of blocks: equal blocks become one map."""

    def __init__(self, callees: dict[str, Callee], same: SameMeaning) -> None:
        self._callees = callees
        self._calls = finder(callees)
        self._same = same
        self._maps: dict[str, Map] = {}

    def make(self, block: Block) -> Map:
        """The block as a map."""
        unnested = {name for unnest in block.unnests for name in unnest.lists}
        early = [c for c in block.conditions if not self._calls(c) and not columns_in([c]) & unnested]
        late = sorted((c for c in block.conditions if c not in early), key=self._calls)
        parsed = self._parsed([*block.items.values(), *late, *(e for u in block.unnests for e in u.lists.values())])
        sites = CallSites(self._callees)
        # DuckDB may evaluate a select list before the filter below it: so each call is guarded by all conditions.
        passed = [exp.paren(exp.Var(this=sql(condition))) for condition in early]
        guard = _all(passed)
        unnests = [
            sites.rewrite(_unnest_sql(unnest, parsed, number), guard, number)
            for number, unnest in enumerate(block.unnests)
        ]
        where = _rewritten(late, parsed, sites, passed)
        guard = _all([*passed, *([where] if where is not None else [])])
        items = [sites.rewrite(parsed[item].copy(), guard) for item in block.items.values()]
        made = Map(
            block.inputs,
            [sql(c) for c in early],
            unnests,
            where,
            items,
            list(block.items),
            sites.sites,
            block.identity(),
        )
        inputs = [(id(given.operator), given.columns) for given in made.inputs]
        content = repr([inputs, made.joined, *map(render, [*unnests, *items, *([where] if where else [])]), made.names])
        return self._maps.setdefault(content, made)

    def _parsed(self, expressions: list[str]) -> dict[str, exp.Expr]:
        """Trees of the expressions with calls; others stay text.

        Raises:
            NotIncremental: if sqlglot would write one with another meaning.
        """
        found: dict[str, exp.Expr] = {}
        for expression in expressions:
            text = sql(expression)
            if not self._calls(text):
                found[expression] = exp.Var(this=text)
                continue
            tree = read_expression(text)
            if tree is None or not self._same(f"SELECT {render(tree)}", f"SELECT {text}"):
                raise NotIncremental(f"{text}, of which the planner cannot read the calls,")
            found[expression] = tree if calls_in(tree, self._callees) else exp.Var(this=text)
        return found


def _unnest_sql(unnest: Unnest, parsed: dict[str, exp.Expr], number: int) -> exp.Expr:
    """An item of a FROM clause: the elements of lists, side by side, with their position."""
    given = {f"coco_list_{i}": parsed[item].copy() for i, item in enumerate(unnest.lists.values())}
    columns = {name: exp.column(name, quoted=True) for name in given}
    lengths = [exp.Anonymous(this="len", expressions=[column.copy()]) for column in columns.values()]
    longest = exp.Anonymous(this="greatest", expressions=lengths) if len(lengths) > 1 else lengths[0]
    end = exp.Add(this=longest, expression=exp.Literal.number(1))
    positions = exp.Anonymous(this="range", expressions=[exp.Literal.number(1), end])
    shown = [*zip(unnest.lists, columns.values(), strict=True), (element_column(number), positions)]
    elements = [exp.alias_(exp.Anonymous(this="unnest", expressions=[item]), name, quoted=True) for name, item in shown]
    lists = exp.Select(expressions=[exp.alias_(item, name, quoted=True) for name, item in given.items()])
    alias = exp.TableAlias(this=exp.to_identifier(f"coco_unnest_{number + 1}"))
    return exp.Select(expressions=elements).from_(lists.subquery("coco_lists")).subquery(alias)


def _rewritten(
    late: list[str], parsed: dict[str, exp.Expr], sites: CallSites, passed: Sequence[exp.Expr]
) -> exp.Expr | None:
    """The conditions as one, with look-ups in place of calls. A row that fails a condition needs no calls of later
    ones."""
    done: list[exp.Expr] = []
    for condition in late:
        done.append(exp.paren(sites.rewrite(parsed[condition].copy(), _all([*passed, *done]))))
    return exp.and_(*done) if done else None


def _all(conditions: Sequence[exp.Expr]) -> exp.Expr:
    return exp.and_(*(condition.copy() for condition in conditions)) if conditions else exp.true()
