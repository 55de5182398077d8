"""What an expression makes of the columns that it reads: their values, a condition, an order.

The kinds are those of OpenLineage's column lineage. A direct one says that values are made from the column's values;
the others, that these decide something.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from sqlglot import exp
from sqlglot.optimizer.simplify import simplify_parens
from sqlglot.tokens import Tokenizer

from cocosql.expressions import column_of, columns_in, finder, sql
from cocosql.planner.parse import read_expression
from cocosql.sqltree import CocoDuckDB, render

IDENTITY, TRANSFORMATION, AGGREGATION = "identity", "transformation", "aggregation"
#: From the closest to the value to the farthest.
DIRECT = [IDENTITY, TRANSFORMATION, AGGREGATION]
CONDITIONAL, WINDOW, FILTER, JOIN, GROUP_BY, SORT = "conditional", "window", "filter", "join", "group by", "sort"

#: Longer expressions are cut off.
_LONGEST = 2000


@dataclass(frozen=True)
class Use:
    """A column that an expression reads, for what, and the functions (lower case) that its value goes through."""

    column: str
    kind: str
    functions: tuple[str, ...] = ()


def uses(expression: str, functions: Iterable[str], kind: str | None = None) -> list[Use]:
    """The uses of columns in an expression of the algebra. `kind` is what the whole expression is for.

    `functions` are the names, in lower case, of those that count.
    """
    column = column_of(expression)
    if column is not None:
        return [Use(column, kind or IDENTITY)]
    names = columns_in([expression])
    tree = read_expression(sql(expression))
    if tree is None:
        called = tuple(name for name in functions if finder([name])(expression))
        return [Use(name, kind or TRANSFORMATION, called) for name in sorted(names)]
    found = _uses(tree, _Place(kind or TRANSFORMATION), set(functions))
    return list(dict.fromkeys(use for use in found if use.column in names))


def combined(outer: str, inner: str) -> str:
    """What a column is for that is used for `inner` in what is used for `outer`."""
    if outer not in DIRECT or inner not in DIRECT:
        return inner if outer in DIRECT else outer
    return max(outer, inner, key=DIRECT.index)


@dataclass(frozen=True)
class _Place:
    """Where part of an expression stands: what it is for, and the functions around it, the innermost first."""

    kind: str
    functions: tuple[str, ...] = ()

    def as_(self, kind: str) -> "_Place":
        return _Place(kind if self.kind in DIRECT else self.kind, self.functions)


def _uses(node: exp.Expr, place: _Place, functions: set[str]) -> Iterator[Use]:
    if isinstance(node, exp.Column):
        yield Use(node.parts[0].name, place.kind, place.functions)
        return
    if isinstance(node, exp.Anonymous) and node.name.lower() in functions:
        around = (node.name.lower(), *place.functions)
        place = _Place(place.kind, tuple(dict.fromkeys(around)))
    kinds = {id(part): kind for part, kind in _decides(node)}
    for child in node.iter_expressions():
        kind = kinds.get(id(child))
        yield from _uses(child, place.as_(kind) if kind else place, functions)


def _decides(node: exp.Expr) -> Iterator[tuple[exp.Expr, str]]:
    """The parts of a node that decide, and for what."""
    match node:
        case exp.Case() if node.this is not None:
            yield node.this, CONDITIONAL
        case exp.If():
            yield node.this, CONDITIONAL
        case exp.Anonymous() if node.name.lower() == "if" and node.expressions:
            yield node.expressions[0], CONDITIONAL
        case exp.Filter():
            yield node.expression, FILTER
        case exp.Order():
            yield from ((part, SORT) for part in node.expressions)
        case exp.Window():
            yield from ((part, WINDOW) for part in node.iter_expressions() if part is not node.this)


def readable(text: str) -> str:
    """SQL that was put together, as people write it: with no more parentheses, quotes and casts than it needs."""
    tree = read_expression(text) if len(text) <= 4 * _LONGEST else None
    if tree is not None:
        whole = exp.Select(expressions=[tree.copy()])
        for cast in list(whole.find_all(exp.Cast)):
            cast.replace(_without_cast(cast))
        for paren in list(whole.find_all(exp.Paren)):
            paren.replace(simplify_parens(paren, CocoDuckDB))
        for name in whole.find_all(exp.Identifier):
            name.set("this", name.name.replace("coco_lambda_", "x"))
            name.set("quoted", not _is_plain(name.name))
        text = render(whole.expressions[0])
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _without_cast(cast: exp.Cast) -> exp.Expr:
    """What is cast, if it is an operation or a literal that has the type anyway: DuckDB writes it there."""
    operand: exp.Expr = cast.this
    inner = operand.unnest()
    if isinstance(inner, exp.DPipe) or (isinstance(inner, exp.Anonymous) and inner.name.lower() in _WRITTEN_WITH_CAST):
        return operand
    return inner if isinstance(inner, exp.Literal) and cast.to.this in _OF_LITERALS[inner.is_string] else cast


#: Functions whose type depends on their arguments; so does that of ||.
_WRITTEN_WITH_CAST = {
    *("array_extract", "concat", "greatest", "lag", "lead", "least", "list_aggregate", "list_apply", "list_concat"),
    *("list_distinct", "list_extract", "list_filter", "list_transform", "list_value", "round", "row", "struct_extract"),
    *("struct_insert", "struct_pack"),
}
#: The types of literals of numbers, and of text.
_OF_LITERALS = {False: {exp.DType.INT, exp.DType.DECIMAL}, True: {exp.DType.VARCHAR, exp.DType.TEXT}}


@lru_cache(maxsize=4096)
def _is_plain(name: str) -> bool:
    return bool(exp.SAFE_IDENTIFIER_RE.match(name)) and name.upper() not in Tokenizer.KEYWORDS
