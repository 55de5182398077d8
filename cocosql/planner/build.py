"""From the algebra of a query to its flow: each relation becomes a block, or an operator with a block above it."""

import itertools
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from cocosql.expressions import (
    column_of,
    columns_in,
    finder,
    ordered_by,
    reference,
    replace_whole,
    substitute,
)
from cocosql.operators.accumulate import Accumulate
from cocosql.operators.aggregate import Aggregate, has_several_answers
from cocosql.operators.call_sites import Callee
from cocosql.operators.distinct import Distinct
from cocosql.operators.join import Join, equality_keys
from cocosql.operators.operator import Input, Materialized, Operator
from cocosql.operators.partitioned import Partitioned
from cocosql.operators.scan import Scan
from cocosql.operators.set_operation import SetOperation
from cocosql.operators.source import Source
from cocosql.operators.top import Top
from cocosql.operators.union import Union
from cocosql.operators.values import Values
from cocosql.operators.window import Window
from cocosql.planner.algebra import NotIncremental, Relation, needed, walk
from cocosql.planner.block import Block, MapMaker, SameMeaning, Unnest
from cocosql.planner.flow import Flow, linear_maps
from cocosql.planner.rewrites import rewrite
from cocosql.planner.rewrites.context import Context
from cocosql.planner.totals import Totals, Wanted, is_exact

#: Finds the source that a relation of the algebra reads: a table, or a call of a table function.
FindSource = Callable[[Relation], Source]


def plan_flow(relations: list[Relation], callees: dict[str, Callee], source_of: FindSource, same: SameMeaning) -> Flow:
    """The flow of a query. `relations` is its algebra: each relation stands after its inputs, the last gives the rows.

    Raises:
        NotIncremental: if there is none.
    """
    for relation in relations:
        if relation.kind == "opaque":
            raise NotIncremental(f"{relation['reason']} has no incremental rule")
        if relation.kind != "union" and relation.parts.get("by_meaning"):  # UNION is DISTINCT of UNION ALL
            kind = relation.kind.upper()
            raise NotIncremental(f"{kind} by text with a collation, or by VARIANT, has no incremental rule")
    calls = finder(callees)
    builder = _Builder(rewrite(relations[-1], Context(calls)), callees, calls, source_of, same)
    top = builder.top()
    operators = _ordered(top)
    return Flow(operators, top, linear_maps(operators, callees))


def _ordered(top: Operator) -> list[Operator]:
    """The operators, each after its inputs; scans first, in the order in which the query reads them."""
    found: dict[int, Operator] = {}

    def visit(operator: Operator) -> None:
        if id(operator) not in found:
            for given in operator.inputs:
                visit(given.operator)
            found[id(operator)] = operator

    visit(top)
    return sorted(found.values(), key=lambda operator: operator.source is None)


class _Builder:
    def __init__(
        self,
        root: Relation,
        callees: dict[str, Callee],
        calls: Callable[[str], bool],
        source_of: FindSource,
        same: SameMeaning,
    ) -> None:
        self._root = root
        self._calls = calls
        self._source_of = source_of
        self._needed = needed(root)
        self._paths = _paths(root)
        self._made: dict[int, Block] = {}
        self._scans: dict[str, Scan] = {}
        self._maps = MapMaker(callees, same)
        self._names = (f"coco_y{number}" for number in itertools.count(1))

    def top(self) -> Materialized:
        root = self._root
        block = self.block(root).with_items({name: reference(name) for name in root.names})
        operator = self._finishable(block)
        top = _finished(operator, block) if operator else self._maps.make(block)
        for scan in self._scans.values():
            wanted = set(scan.names)
            scan.names[:] = [name for name in scan.source.types if name in wanted]
        return top

    def block(self, relation: Relation) -> Block:
        """The relation as a block of the columns that are needed of it."""
        if id(relation) not in self._made:
            block: Block = getattr(self, f"_{relation.kind}")(relation)
            wanted = self._needed[id(relation)]
            items = {name: item for name, item in block.items.items() if name in wanted}
            self._made[id(relation)] = replace(block, items=items)
        return self._made[id(relation)]

    # --- relations that become blocks -----------------------------------------------------------------------------

    def _table(self, relation: Relation) -> Block:
        source = self._source_of(relation)
        scan = self._scans.setdefault(source.sql.lower(), Scan(source))
        wanted = self._needed[id(relation)]
        columns: dict[str, str] = {}
        for name, there in zip(relation.names, relation["source_columns"], strict=True):
            if name not in wanted:
                continue
            if there not in source.types:
                raise NotIncremental(f"the column {there} of {source}, which is not stored, has no incremental rule")
            columns[name] = there
            if there not in scan.names:
                scan.names.append(there)
        return _reading(scan, columns)

    _call = _table

    def _values(self, relation: Relation) -> Block:
        return _reading(Values(relation["sql"], relation.names), {name: name for name in relation.names})

    def _filter(self, relation: Relation) -> Block:
        return self.block(relation.inputs[0]).filtered(relation["conditions"])

    def _project(self, relation: Relation) -> Block:
        wanted = self._needed[id(relation)]
        pairs = zip(relation.names, relation["expressions"], strict=True)
        return self.block(relation.inputs[0]).with_items({name: item for name, item in pairs if name in wanted})

    def _unnest(self, relation: Relation) -> Block:
        below = self.block(relation.inputs[0])
        new = relation.names[len(relation.inputs[0].names) :]
        lists = {name: below.over(item) for name, item in zip(new, relation["expressions"], strict=True)}
        items = {**below.items, **{name: reference(name) for name in new}}
        return replace(below, items=items, unnests=[*below.unnests, Unnest(lists)])

    def _join(self, relation: Relation) -> Block:
        left, right = (self.block(below) for below in relation.inputs)
        conditions = relation["conditions"]
        left, ours = self._hoisted(left, [one for one, _, _ in conditions])
        right, theirs = self._hoisted(right, [other for _, _, other in conditions])
        compared = [(ours.get(one, one), operator, theirs.get(other, other)) for one, operator, other in conditions]
        if relation["type"] == "inner" and not relation["asof"]:
            return self._inner_join(left, right, compared, relation["predicates"])
        return self._keyed_join(relation, left, right, compared)

    def _inner_join(
        self, left: Block, right: Block, compared: list[tuple[str, str, str]], predicates: list[str]
    ) -> Block:
        left, right = self._joinable(left), self._joinable(right)
        right = self._told_apart(right, {name for given in left.inputs for name in given.columns})
        both = Block(
            (*left.inputs, *right.inputs), {**left.items, **right.items}, [*left.conditions, *right.conditions]
        )
        return both.filtered([*(f"({one} {operator} {other})" for one, operator, other in compared), *predicates])

    def _told_apart(self, block: Block, taken: set[str]) -> Block:
        """The block with new names for columns of its inputs that the other side of a join has, too: a CTE may be read
        twice."""
        names = {name: next(self._names) for given in block.inputs for name in given.columns if name in taken}
        if not names:
            return block
        inputs = [
            Input(given.operator, {names.get(here, here): there for here, there in given.columns.items()})
            for given in block.inputs
        ]
        meant = {name: reference(new) for name, new in names.items()}
        return replace(
            block,
            inputs=tuple(inputs),
            items={name: substitute(item, meant) for name, item in block.items.items()},
            conditions=[substitute(condition, meant) for condition in block.conditions],
        )

    def _joinable(self, block: Block) -> Block:
        """The block as one that can be joined: if it calls functions or unnests lists, a map does that first."""
        texts = [*block.items.values(), *block.conditions]
        if not block.unnests and not any(map(self._calls, texts)):
            return block
        return _reading(*self._input(block))

    def _union(self, relation: Relation) -> Block:
        inputs = []
        wanted = [number for number, name in enumerate(relation.names) if name in self._needed[id(relation)]]
        if not relation["all"]:
            wanted = list(range(len(relation.names)))
        for below in relation.inputs:
            there = [below.names[number] for number in wanted]
            operator, columns = self._input(self.block(below).with_items({name: reference(name) for name in there}))
            shown = {relation.names[number]: columns[name] for number, name in zip(wanted, there, strict=True)}
            inputs.append(Input(operator, shown))
        names = [relation.names[number] for number in wanted]
        union = Union(tuple(inputs), names)
        if relation["all"]:
            return _reading(union, {name: name for name in names})
        distinct = Distinct(
            inputs=(Input(union, {name: name for name in names}),),
            keys=([reference(name) for name in names],),
            columns=names,
            on=[],
            order=[],
        )
        return self._above(relation, distinct)

    # --- relations that become operators --------------------------------------------------------------------------

    def _keyed_join(self, relation: Relation, left: Block, right: Block, compared: list[tuple[str, str, str]]) -> Block:
        kind = relation["type"]
        if any(map(self._calls, relation["predicates"])):
            raise NotIncremental(f"a Python function in the condition of a {kind} join has no incremental rule")
        wanted = self._needed[id(relation)]
        inputs = self._inputs(left, right)
        shown = [[name for name in given.columns if name in wanted] for given in inputs]
        if kind == "mark":
            shown[1] = relation.names[-1:]
        elif kind in ("semi", "anti"):
            shown[1] = []
        join = Join(
            inputs=inputs,
            keys=equality_keys(kind, compared),
            type=kind,
            is_asof=relation["asof"],
            left=shown[0],
            right=shown[1],
            compared=compared,
            predicates=relation["predicates"],
            may_be_null=not any(_reads_scans(side) for side in (left, right)),
        )
        return self._above(relation, join)

    def _aggregate(self, relation: Relation) -> Block:
        below, wanted = self.block(relation.inputs[0]), self._needed[id(relation)]
        groups = dict(zip(relation.names, relation["groups"], strict=False))
        results = zip(relation.names[len(groups) :], relation["aggregates"], strict=True)
        aggregates = {name: aggregate for name, aggregate in results if name in wanted}
        parts = [part for aggregate in aggregates.values() for part in _arguments(aggregate)]
        wide = [part for part in parts if self._calls(part) or len(columns_in([part])) > 1]
        below, hoisted = self._hoisted(below, [*groups.values(), *wide], always=True)
        called = {name: replace_whole(aggregate["sql"], hoisted) for name, aggregate in aggregates.items()}
        self._check_calls(called.values(), "an argument of an aggregate that cannot be told apart")
        keys = {name: hoisted.get(group, group) for name, group in groups.items()}
        accumulated = self._accumulated(relation, below, keys, aggregates, hoisted)
        if accumulated:
            return accumulated
        operator = Aggregate(
            inputs=self._inputs(below),
            keys=(list(keys.values()),),
            groups=keys,
            aggregates=called,
            is_ambiguous=has_several_answers(aggregates.values()),
        )
        return self._above(relation, operator)

    def _accumulated(
        self,
        relation: Relation,
        below: Block,
        keys: dict[str, str],
        aggregates: dict[str, dict[str, Any]],
        hoisted: dict[str, str],
    ) -> Block | None:
        """The groups by what their rows add up to; None if that does not tell all aggregates, or the values of keys."""
        if not all(is_exact(kind) for _, kind in relation.columns[: len(keys)]):
            return None
        wanted = {name: _wanted(aggregate, hoisted) for name, aggregate in aggregates.items()}
        totals = Totals(next(self._names), {name: one for name, one in wanted.items() if one})
        made = totals.aggregates()
        if made is None or len(made) < len(aggregates):
            return None
        operator = Accumulate(
            inputs=self._inputs(below), keys=(list(keys.values()),), groups=keys, totals=totals.totals
        )
        return self._above(relation, operator).with_items({**{name: reference(name) for name in keys}, **made})

    def _window(self, relation: Relation) -> Block:
        below, wanted = self.block(relation.inputs[0]), self._needed[id(relation)]
        added = relation.names[len(relation.inputs[0].names) :]
        windows = {name: one for name, one in zip(added, relation["windows"], strict=True) if name in wanted}
        if not windows:
            return below
        partitions = next(iter(windows.values()))["partitions"]
        below, hoisted = self._hoisted(below, partitions)
        called = {name: replace_whole(window["sql"], hoisted) for name, window in windows.items()}
        self._check_calls(called.values(), "an argument of a window function")
        inputs = self._inputs(below)
        columns = [name for name in inputs[0].columns if name in wanted]
        keys = ([hoisted.get(part, part) for part in partitions],)
        return self._above(relation, Window(inputs=inputs, keys=keys, columns=columns, windows=called))

    def _distinct(self, relation: Relation) -> Block:
        below, on, order = self.block(relation.inputs[0]), relation["on"], relation["order"]
        shown = {name: part for part in on if (name := column_of(part))}
        if on and len(shown) == len(on) and self._needed[id(relation)] <= shown.keys():
            below, on, order = below.with_items(shown), [], []  # it is DISTINCT of these
        if not on and below.identity() is not None:
            return below  # its rows are distinct already
        below, hoisted = self._hoisted(below, on)
        order = [replace_whole(part, hoisted) for part in order]
        self._check_calls(order, "an expression of ORDER BY")
        inputs = self._inputs(below)
        columns = list(inputs[0].columns)
        on = [hoisted.get(part, part) for part in on]
        keys = (on or [reference(name) for name in columns],)
        return self._above(relation, Distinct(inputs=inputs, keys=keys, columns=columns, on=on, order=order))

    def _except(self, relation: Relation) -> Block:
        return self._set_operation(relation)

    def _intersect(self, relation: Relation) -> Block:
        return self._set_operation(relation)

    def _set_operation(self, relation: Relation) -> Block:
        inputs = []
        for below in relation.inputs:
            operator, columns = self._input(self.block(below))
            pairs = zip(relation.names, below.names, strict=True)
            inputs.append(Input(operator, {name: columns[there] for name, there in pairs}))
        operator_ = SetOperation(
            inputs=tuple(inputs),
            keys=tuple([reference(name) for name in relation.names] for _ in inputs),
            columns=relation.names,
            operation=f"{relation.kind.upper()}{' ALL' if relation['all'] else ''}",
        )
        return self._above(relation, operator_)

    def _limit(self, relation: Relation) -> Block:
        (rows,), order = relation.inputs, relation["order"]
        block, hoisted = self._hoisted(self.block(rows), [ordered_by(part) for part in order if self._calls(part)])
        block_order = [replace_whole(part, hoisted) for part in order]
        inputs = self._inputs(block)
        operator = Top(
            inputs=inputs,
            keys=([],),
            columns=[name for name in inputs[0].columns if name in self._needed[id(relation)]],
            order=block_order,
            limit=relation["limit"],
            offset=relation["offset"],
            is_percent=relation["percent"],
        )
        return self._above(relation, operator)

    # --- blocks that become operators -----------------------------------------------------------------------------

    def _inputs(self, *blocks: Block) -> tuple[Input, ...]:
        return tuple(Input(*self._input(block)) for block in blocks)

    def _input(self, block: Block) -> tuple[Operator, dict[str, str]]:
        """An operator that gives the block's rows, and its columns by the block's names."""
        if len(block.inputs) == 1:
            (given,) = block.inputs
            if given.operator.inputs and block.is_plain:
                return given.operator, {name: given.columns[_column(item)] for name, item in block.items.items()}
            operator = self._finishable(block)
            if operator:
                return _finished(operator, block), {name: name for name in block.items}
        return self._maps.make(block), {name: name for name in block.items}

    def _finishable(self, block: Block) -> Partitioned | None:
        """The operator below the block, if the operator itself can do what the block does to its rows: nobody else
        reads them."""
        operator = block.inputs[0].operator
        if len(block.inputs) > 1 or block.is_shared or block.unnests or not isinstance(operator, Partitioned):
            return None
        if isinstance(operator, Accumulate):
            return None  # its rows are totals, to which changes are added
        texts = [*block.items.values(), *block.conditions]
        return None if operator.items or any(map(self._calls, texts)) else operator

    def _above(self, relation: Relation, operator: Partitioned) -> Block:
        names = {name: name for name in operator.raw_names}
        return replace(_reading(operator, names), is_shared=self._paths[id(relation)] > 1)

    def _hoisted(self, block: Block, expressions: list[str], *, always: bool = False) -> tuple[Block, dict[str, str]]:
        """The block with further columns for expressions that call functions (`always`: for all that are more than a
        column), and by expression the column that has it."""
        found: dict[str, str] = {}
        for expression in expressions:
            if column_of(expression) is None and (always or self._calls(expression)) and columns_in([expression]):
                found.setdefault(expression, next(self._names))
            elif column_of(expression) is not None and self._calls(block.over(expression)):
                continue  # its column has the call
        items = {name: block.over(expression) for expression, name in found.items()}
        return replace(block, items={**block.items, **items}), {e: reference(name) for e, name in found.items()}

    def _check_calls(self, expressions: Any, place: str) -> None:
        if any(map(self._calls, expressions)):
            raise NotIncremental(f"a Python function in {place} has no incremental rule")


def _reads_scans(block: Block) -> bool:
    """Whether the rows are of tables, whose primary keys are never NULL."""
    return all(given.operator.source for given in block.inputs)


def _reading(operator: Operator, columns: dict[str, str]) -> Block:
    return Block((Input(operator, columns),), {name: reference(name) for name in columns})


def _finished(operator: Partitioned, block: Block) -> Partitioned:
    """The operator, doing itself what the block does to its rows."""
    there = {name: reference(column) for name, column in block.inputs[0].columns.items()}
    items = {name: substitute(item, there) for name, item in block.items.items()}
    return operator.finished(items, [substitute(condition, there) for condition in block.conditions])


def _column(item: str) -> str:
    name = column_of(item)
    assert name is not None
    return name


def _arguments(aggregate: dict[str, Any]) -> list[str]:
    """What an aggregate reads of each row."""
    parts = [*aggregate["arguments"], *(ordered_by(part) for part in aggregate["order"])]
    return [part for part in [*parts, aggregate["filter"]] if part]


def _wanted(aggregate: dict[str, Any], hoisted: dict[str, str]) -> Wanted | None:
    """What an aggregate is of; None if it is no sum over single rows: DISTINCT, ORDER BY, several arguments."""
    if aggregate["distinct"] or aggregate["order"] or len(aggregate["arguments"]) > 1:
        return None
    arguments = [replace_whole(argument, hoisted) for argument in aggregate["arguments"]]
    is_filtered = bool(aggregate["filter"])
    if is_filtered:
        condition = replace_whole(aggregate["filter"], hoisted)
        arguments = [f"CASE WHEN {condition} THEN {argument} END" for argument in arguments or ["1"]]
    function = aggregate["name"].removesuffix("_star")
    if not arguments:
        return Wanted(function)
    (argument,), types = arguments, aggregate["types"]
    return Wanted(function, argument, types[0] if types else "", is_filtered)


def _paths(root: Relation) -> dict[int, int]:
    """By id of a relation, on how many paths the root reads it."""
    found = {id(root): 1}
    for relation in reversed(walk(root)):
        for below in relation.inputs:
            found[id(below)] = found.get(id(below), 0) + found[id(relation)]
    return found
