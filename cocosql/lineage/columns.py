"""Column lineage: from the columns of a view down the algebra of its query, and of the views below, to source columns.

Two things are followed: which columns a column's values are made from, or depend on; and which columns decide what rows
there are. An operator that makes one value of many rows (an aggregate, a window, a subquery for a value) turns the
second into the first: the value depends on whatever decides which rows are in it.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from cocosql._native import Session
from cocosql.catalog import migrations, views
from cocosql.catalog.graph import Graph
from cocosql.catalog.names import Name
from cocosql.catalog.views import View
from cocosql.expressions import column_of, columns_in, ordered_by, reference, sql, substitute
from cocosql.lineage.uses import (
    AGGREGATION,
    DIRECT,
    FILTER,
    GROUP_BY,
    IDENTITY,
    JOIN,
    SORT,
    TRANSFORMATION,
    combined,
    uses,
)
from cocosql.operators.source import Source
from cocosql.planner.algebra import Relation
from cocosql.planner.plan import plan
from cocosql.planner.sources import source_of, upstream_source
from cocosql.refresh.looking import looking
from cocosql.sqltext import ident

#: What the rows of a source decide of which no column is read.
ROWS = "rows"

#: Longer expressions are not put into others.
_LONGEST = 600

#: A function, and the version of its code.
Function = tuple[str, str]


@dataclass(frozen=True)
class Origin:
    """A column of a source, and what it is for."""

    #: The source as SQL.
    source: str
    #: None for the rows of the source as such, as `count(*)` takes them.
    column: str | None
    kind: str
    functions: tuple[Function, ...]
    #: Where it is read.
    expression: str

    @property
    def is_direct(self) -> bool:
        return self.kind in DIRECT


@dataclass(frozen=True)
class Column:
    #: SQL over the columns of sources.
    expression: str
    origins: tuple[Origin, ...] = ()


@dataclass(frozen=True)
class ColumnLineage:
    """The lineage of a view's columns."""

    columns: dict[str, Column]
    #: What decides which rows there are.
    rows: tuple[Origin, ...]
    #: The sources whose rows they are made of.
    rows_of: tuple[str, ...]
    #: All sources that are reached, by their SQL.
    sources: dict[str, Source]


@dataclass(frozen=True)
class _Rows:
    """The rows of a relation."""

    columns: dict[str, Column]
    #: What decides which rows there are.
    decided_by: tuple[Origin, ...] = ()
    #: The sources whose rows they are made of.
    sources: tuple[str, ...] = ()

    def only_if(self, origins: Iterable[Origin]) -> "_Rows":
        return replace(self, decided_by=_once([*self.decided_by, *origins]))


class Tracer:
    """Traces columns, each view once: through the views that are read, or only as far as those."""

    def __init__(self, session: Session, *, through_views: bool = True) -> None:
        self._session, self._through_views = session, through_views
        self._views = {name: views.all_views(session, name) for name in migrations.databases(session)}
        self._traced: dict[tuple[str, int], ColumnLineage] = {}

    def of(self, view: View) -> ColumnLineage:
        """The lineage of the columns of a view, as its query is at present.

        Raises:
            duckdb.Error: if the query does not hold any more.
        """
        key = (view.name.database, view.view_id)
        if key not in self._traced:
            self._traced[key] = self._trace(view)
        return self._traced[key]

    def _trace(self, view: View) -> ColumnLineage:
        session, others = looking(self._session.sibling(), view), self._views[view.name.database]
        made = plan(session, view, others)
        current = {call.function.lower(): call.code_version for call in view.calls}
        functions = {
            name: (callee.function.name, current.get(name, callee.function.code_version))
            for name, callee in made.callees.items()
        }
        sources: dict[str, Source] = {}

        def read(relation: Relation) -> _Rows:
            names = dict(zip(relation.names, relation["source_columns"], strict=True))
            upstream = self._view_of(relation)
            if upstream is not None and self._through_views:
                return self._through(upstream, names, sources)
            source = upstream_source(upstream) if upstream else source_of(session, relation, others, made.files)
            assert source is not None
            sources.setdefault(source.sql, source)
            return _Rows({name: _column_of(source, there) for name, there in names.items()}, sources=(source.sql,))

        rows = _Walk(read, functions).rows(made.algebra)
        names = made.algebra[-1].names
        columns = {shown: rows.columns[name] for shown, name in zip(made.column_names, names, strict=True)}
        lineage = _finished(columns, rows)
        unread = {source: Source(source, None, [], [], [], None) for source in rows.sources if source not in sources}
        return replace(lineage, sources={**sources, **unread})

    def _view_of(self, relation: Relation) -> View | None:
        """The incremental view whose table of rows a relation is."""
        if relation.kind != "table":
            return None
        name = Name(relation["database"], relation["schema"], relation["name"])
        return self._views.get(name.database, Graph()).of_rows(name)

    def _through(self, view: View, names: dict[str, str], sources: dict[str, Source]) -> _Rows:
        """The rows of a view that is read, with columns of the view's under other names."""
        lineage, itself = self.of(view), upstream_source(view)
        sources.update({name: source for name, source in lineage.sources.items() if name not in sources})
        known = {name.lower(): column for name, column in lineage.columns.items()}
        if not all(there.lower() in known for there in names.values()):
            sources[itself.sql] = itself  # a column is gone by now, and what it was made of is not known any more
        columns = {name: known.get(there.lower()) or _column_of(itself, there) for name, there in names.items()}
        return _Rows(columns, lineage.rows, lineage.rows_of)


def _column_of(source: Source, name: str) -> Column:
    shown = f"{ident(source.name.name)}.{ident(name)}" if source.name else ident(name)
    return Column(shown, (Origin(source.sql, name, IDENTITY, (), shown),))


def _finished(columns: dict[str, Column], rows: _Rows) -> ColumnLineage:
    """Each thing said once: what decides on all rows is not repeated for each column."""
    of_rows = set(rows.decided_by)
    kept = {
        name: Column(column.expression, tuple(origin for origin in column.origins if origin not in of_rows))
        for name, column in columns.items()
    }
    named = {origin.source for column in kept.values() for origin in column.origins}
    named |= {origin.source for origin in rows.decided_by}
    unnamed = [Origin(source, None, ROWS, (), "*") for source in rows.sources if source not in named]
    return ColumnLineage(kept, (*rows.decided_by, *unnamed), rows.sources, {})


class _Walk:
    """Goes up the relations of one query."""

    def __init__(self, read: Callable[[Relation], _Rows], functions: dict[str, Function]) -> None:
        self._read = read
        self._functions = functions
        self._made: dict[int, _Rows] = {}
        #: What is known so far of recursive CTEs.
        self._recursions: dict[int, _Rows] = {}

    def rows(self, relations: list[Relation]) -> _Rows:
        """The rows of the last one."""
        while True:
            known = dict(self._recursions)
            for relation in relations:
                self._made[id(relation)] = getattr(self, f"_{relation.kind}")(relation)
            if self._recursions == known:
                return self._made[id(relations[-1])]

    # --- expressions ----------------------------------------------------------------------------------------------

    def _origins(self, expression: str, below: _Rows, kind: str | None = None) -> tuple[Origin, ...]:
        """What an expression reads."""
        found = []
        for use in uses(expression, self._functions, kind):
            through = tuple(self._functions[name] for name in use.functions)
            for origin in below.columns[use.column].origins:
                functions = tuple(dict.fromkeys([*origin.functions, *through]))
                text = origin.expression
                if origin.is_direct:
                    text = self._text(expression, below, {use.column: origin.expression})
                elif use.kind not in DIRECT:
                    text = self._text(expression, below)
                found.append(
                    replace(origin, kind=combined(use.kind, origin.kind), functions=functions, expression=text)
                )
        return _once(found)

    def _text(self, expression: str, below: _Rows, more: dict[str, str] | None = None) -> str:
        """An expression over the columns of sources."""
        texts = {name: column.expression for name, column in below.columns.items()} | (more or {})
        names = columns_in([expression])
        meanings = {name: text for name, text in texts.items() if name in names and 0 < len(text) <= _LONGEST}
        column = column_of(expression)
        return texts[column] if column in texts else sql(substitute(expression, meanings))

    def _column(self, expression: str, below: _Rows, kind: str | None = None) -> Column:
        return Column(self._text(expression, below), self._origins(expression, below, kind))

    def _of_many_rows(
        self, expression: str, below: _Rows, decided_by: Iterable[Origin], kind: str = AGGREGATION
    ) -> Column:
        """An expression that makes a value of many rows."""
        text, origins = self._text(expression, below), self._origins(expression, below, kind)
        rows = [Origin(source, None, AGGREGATION, (), text) for source in below.sources]
        counted = [] if any(origin.is_direct for origin in origins) else rows
        return Column(text, _once([*counted, *origins, *decided_by]))

    def _all(self, expressions: Iterable[str], below: _Rows, kind: str) -> list[Origin]:
        return [origin for expression in expressions for origin in self._origins(expression, below, kind)]

    def _below(self, relation: Relation) -> _Rows:
        """The rows of all inputs, side by side."""
        inputs = [self._made[id(given)] for given in relation.inputs]
        columns = {name: column for rows in inputs for name, column in rows.columns.items()}
        decided_by = _once(origin for rows in inputs for origin in rows.decided_by)
        return _Rows(columns, decided_by, tuple(dict.fromkeys(source for rows in inputs for source in rows.sources)))

    # --- relations ------------------------------------------------------------------------------------------------

    def _table(self, relation: Relation) -> _Rows:
        return self._read(relation)

    _call = _table

    def _values(self, relation: Relation) -> _Rows:
        return _Rows({name: Column("") for name in relation.names})

    def _filter(self, relation: Relation) -> _Rows:
        below = self._below(relation)
        return below.only_if(self._all(relation["conditions"], below, FILTER))

    def _project(self, relation: Relation) -> _Rows:
        below = self._below(relation)
        pairs = zip(relation.names, relation["expressions"], strict=True)
        return replace(below, columns={name: self._column(expression, below) for name, expression in pairs})

    def _unnest(self, relation: Relation) -> _Rows:
        below = self._below(relation)
        new = relation.names[len(relation.inputs[0].names) :]
        lists = [f"unnest({expression})" for expression in relation["expressions"]]
        columns = {name: self._column(item, below) for name, item in zip(new, lists, strict=True)}
        return replace(below, columns={**below.columns, **columns}).only_if(self._all(lists, below, JOIN))

    def _join(self, relation: Relation) -> _Rows:
        below = self._below(relation)
        left, right = (self._made[id(given)] for given in relation.inputs)
        conditions = [*(f"{one} {operator} {other}" for one, operator, other in relation["conditions"])]
        conditions += relation["predicates"]
        origins = self._all(conditions, below, JOIN)
        match relation["type"]:
            case "mark":
                rows = replace(below, sources=right.sources)
                mark = self._of_many_rows(_mark(relation, conditions), rows, right.decided_by, TRANSFORMATION)
                return replace(left, columns={**left.columns, relation.names[-1]: mark})
            case "semi" | "anti":
                return replace(left, decided_by=below.decided_by).only_if(origins)
            case kind if kind == "single" or (kind == "left" and _is_value_for_each(relation)):
                columns = {
                    name: _depending(column, [*right.decided_by, *origins]) for name, column in right.columns.items()
                }
                return replace(left, columns={**left.columns, **columns})
            case _:
                return below.only_if(origins)

    def _aggregate(self, relation: Relation) -> _Rows:
        below, groups = self._below(relation), relation["groups"]
        decided_by = _once([*below.decided_by, *self._all(groups, below, GROUP_BY)])
        columns = dict(zip(relation.names, (self._column(group, below) for group in groups), strict=False))
        results = relation.names[len(groups) :]
        for name, aggregate in zip(results, relation["aggregates"], strict=False):
            columns[name] = self._of_many_rows(aggregate["sql"], below, decided_by)
        for name, numbers in zip(results[len(relation["aggregates"]) :], relation["grouping_functions"], strict=True):
            # It is known from the grouping set alone.
            columns[name] = Column(self._text(f"grouping({', '.join(groups[number] for number in numbers)})", below))
        is_one_row = relation["grouping_sets"] == [[]]
        return replace(below, columns=columns, decided_by=() if is_one_row else decided_by)

    def _window(self, relation: Relation) -> _Rows:
        below = self._below(relation)
        new = relation.names[len(relation.inputs[0].names) :]
        windows = {
            name: self._of_many_rows(window["sql"], below, below.decided_by)
            for name, window in zip(new, relation["windows"], strict=True)
        }
        return replace(below, columns={**below.columns, **windows})

    def _distinct(self, relation: Relation) -> _Rows:
        below = self._below(relation)
        on = relation["on"] or [reference(name) for name in below.columns]
        return below.only_if([*self._all(on, below, GROUP_BY), *self._sorted(relation["order"], below)])

    def _order(self, relation: Relation) -> _Rows:
        below = self._below(relation)
        return below.only_if(self._sorted(relation["order"], below))

    def _sorted(self, order: list[str], below: _Rows) -> list[Origin]:
        return [origin for part in order for origin in self._origins(ordered_by(part), below, SORT)]

    def _limit(self, relation: Relation) -> _Rows:
        return self._below(relation)

    def _union(self, relation: Relation) -> _Rows:
        rows = self._side_by_side(relation)
        return rows if relation["all"] else rows.only_if(self._all(map(reference, relation.names), rows, GROUP_BY))

    def _except(self, relation: Relation) -> _Rows:
        """The values are those of the left; the right decides which."""
        both, left = self._side_by_side(relation), self._made[id(relation.inputs[0])]
        columns = dict(zip(relation.names, left.columns.values(), strict=True))
        return replace(both, columns=columns).only_if(self._all(map(reference, relation.names), both, FILTER))

    _intersect = _except

    def _side_by_side(self, relation: Relation) -> _Rows:
        """The rows of inputs one after the other."""
        below = self._below(relation)
        sides = [[below.columns[name] for name in given.names] for given in relation.inputs]
        columns = {name: _either(name, list(parts)) for name, *parts in zip(relation.names, *sides, strict=False)}
        return replace(below, columns=columns)

    def _opaque(self, relation: Relation) -> _Rows:
        """What the algebra has no words for: of its columns it says what they are made of."""
        number = relation.parts.get("recursion")
        if number is not None:
            return self._recursive(relation, number)
        below = self._below(relation)
        if "source" in relation.parts:
            return self._table_function(relation, below)
        columns = {}
        for name, expression in zip(relation.names, relation["expressions"], strict=True):
            if column_of(expression or "") is not None:
                columns[name] = self._column(expression, below)
            else:
                made = f"({', '.join(map(reference, below.columns))})" if expression is None else expression
                columns[name] = _depending(self._column(made, below), below.decided_by)
        return replace(below, columns=columns).only_if(self._all(relation["conditions"], below, FILTER))

    def _table_function(self, relation: Relation, below: _Rows) -> _Rows:
        """A table function that cannot be written as SQL, or takes columns."""
        name = relation["source"]
        if not relation.inputs:
            return _Rows({column: Column(ident(column)) for column in relation.names}, sources=(name,))
        call = f"{ident(name)}({', '.join(map(reference, below.columns))})"
        made = self._column(call, below, TRANSFORMATION)
        columns = {column: below.columns.get(column, made) for column in relation.names}
        return replace(below, columns=columns).only_if(self._origins(call, below, JOIN))

    def _recursive(self, relation: Relation, number: int) -> _Rows:
        """A recursive CTE, or within it the reference to what it has found: rounds of the walk fill it."""
        found = self._recursions.get(number, _Rows({}))
        if relation.inputs:
            sides = self._side_by_side(relation)
            known = [column.origins for column in found.columns.values()] or [()] * len(relation.names)
            columns = {
                name: Column(ident(name), _widened(old, column.origins))
                for (name, column), old in zip(sides.columns.items(), known, strict=True)
            }
            found = _Rows(columns, _widened(found.decided_by, sides.decided_by), sides.sources)
            self._recursions[number] = found
            found = found.only_if(self._all(relation["conditions"], self._below(relation), GROUP_BY))
        origins = [column.origins for column in found.columns.values()] or [()] * len(relation.names)
        columns = {name: Column(ident(name), given) for name, given in zip(relation.names, origins, strict=True)}
        return replace(found, columns=columns)


def _once(origins: Iterable[Origin]) -> tuple[Origin, ...]:
    return tuple(dict.fromkeys(origins))


def _depending(column: Column, more: Iterable[Origin]) -> Column:
    return replace(column, origins=_once([*column.origins, *more]))


def _either(name: str, columns: list[Column]) -> Column:
    """A column that is one or the other of several."""
    expressions = {column.expression for column in columns}
    shown = expressions.pop() if len(expressions) == 1 else ident(name)
    return Column(shown, _once(origin for column in columns for origin in column.origins))


def _widened(known: tuple[Origin, ...], found: tuple[Origin, ...]) -> tuple[Origin, ...]:
    """With the origins that are new but for their expressions: in a recursion these grow without end."""
    there = {replace(origin, expression="") for origin in known}
    return (*known, *(origin for origin in found if replace(origin, expression="") not in there))


def _mark(relation: Relation, conditions: list[str]) -> str:
    """What a mark join adds, as SQL says it."""
    if len(conditions) == 1 and relation["conditions"] and relation["conditions"][0][1] == "=":
        one, _, other = relation["conditions"][0]
        return f"{one} IN ({other})"
    return f"EXISTS ({' AND '.join(conditions) or 'SELECT 1'})"


def _is_value_for_each(join: Relation) -> bool:
    """Whether a left join finds one row at most for each on the left, as the groups of an aggregate are told apart."""
    equal = [other for _, operator, other in join["conditions"] if operator in ("=", "IS NOT DISTINCT FROM")]
    names = {column_of(other) for other in equal}
    below = join.inputs[1]
    while below.kind in ("project", "filter"):
        if below.kind == "project":
            names = {
                column_of(item) for name, item in zip(below.names, below["expressions"], strict=True) if name in names
            }
        below = below.inputs[0]
    if below.kind != "aggregate" or len(below["grouping_sets"]) != 1:
        return False
    return {below.names[number] for number in below["grouping_sets"][0]} <= names
