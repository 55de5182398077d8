"""SQL for people: on several lines, and without what a refresh puts into it: look-ups of results, ids of rows."""

from collections.abc import Callable
from typing import cast

from sqlglot import exp

from cocosql.operators.map import CALL, ELEMENT
from cocosql.operators.operator import SOURCE_ID
from cocosql.sqltree import CocoDuckDB, try_parse

#: Beginnings of the names of lineage columns, which no expression of the user's query reads.
_OWN = (SOURCE_ID, ELEMENT, CALL)
_KNOWN, _MEMO = "coco_fingerprint_", "coco_memo_"
#: The parts of a SELECT other than its select list and FROM clause.
_PARTS = ("where", "group", "having", "qualify", "order", "limit", "offset", "distinct", "joins", "laterals")


def readable(sql: str) -> str:
    """The query as it may be read; as it is, if it cannot be parsed.

    >>> print(readable('SELECT CASE WHEN coco_fingerprint_1 IS NOT NULL THEN coco_result_1 WHEN TRUE THEN f(x) END'))
    SELECT
      f(x)
    """
    tree = try_parse(sql)
    if tree is None:
        return sql
    for step in (_call, _without_own, _without_layer, _without_parentheses):
        tree = _everywhere(tree, step)
    return str(tree.sql(dialect=CocoDuckDB, pretty=True, normalize_functions=False, max_text_width=100))


def _everywhere(tree: exp.Expr, step: Callable[[exp.Expr], exp.Expr | None]) -> exp.Expr:
    """The tree after a step, also within what the step has put there."""
    while (changed := cast(exp.Expr, tree.transform(step))) != tree:
        tree = changed
    return tree


def _call(node: exp.Expr) -> exp.Expr | None:
    """A look-up of a call's result, as the call."""
    if isinstance(node, exp.Join) and node.alias_or_name.startswith(_MEMO):
        return None
    if not isinstance(node, exp.Case) or node.this or len(node.args["ifs"]) != 2:
        return node
    known, called = node.args["ifs"]
    if not any(column.name.startswith(_KNOWN) for column in known.this.find_all(exp.Column)):
        return node
    call = called.args["true"]
    is_certain = isinstance(called.this.unnest(), exp.Boolean)
    return cast(exp.Expr, call if is_certain else exp.Case(ifs=[exp.If(this=called.this, true=call)]))


def _without_own(node: exp.Expr) -> exp.Expr:
    """A SELECT without the columns that only the engine reads; with the names that are given behind it."""
    if isinstance(node, exp.Subquery) and node.alias == "coco_rows" and isinstance(node.this, exp.Select):
        names = [column.name for column in node.args["alias"].columns]
        items = [_named(item, name) for item, name in zip(node.this.expressions, names, strict=True)]
        node.this.set("expressions", items)
        node.set("alias", None)
    if isinstance(node, exp.Select):
        shown = [_unnamed(item) for item in node.expressions if not item.alias_or_name.startswith(_OWN)]
        node.set("expressions", shown or node.expressions)
    return node


def _named(item: exp.Expr, name: str) -> exp.Expr:
    return item if item.alias_or_name == name else exp.alias_(item.unnest(), name, quoted=True)


def _unnamed(item: exp.Expr) -> exp.Expr:
    """A column without a name that it has anyway."""
    is_same = isinstance(item, exp.Alias) and isinstance(item.this, exp.Column) and item.this.name == item.alias
    return item.this if is_same else item


def _without_layer(node: exp.Expr) -> exp.Expr:
    """What ``SELECT * FROM (…)`` is of."""
    if isinstance(node, exp.Select) and node.is_star and not any(node.args.get(part) for part in _PARTS):
        inner = node.args["from_"].this
        if isinstance(inner, exp.Subquery) and len(node.expressions) == 1 and isinstance(inner.this, exp.Select):
            return _without_layer(inner.this)
    if isinstance(node, exp.Subquery) and isinstance(node.this, exp.Select):
        select = node.this
        if select.is_star and len(select.expressions) == 1 and not any(select.args.get(part) for part in _PARTS):
            table = select.args["from_"].this
            if isinstance(table, exp.Table) and not table.alias:
                return exp.alias_(table, node.alias, table=True) if node.alias else table
    return node


def _without_parentheses(node: exp.Expr) -> exp.Expr:
    """What stands in parentheses that change nothing."""
    if isinstance(node, exp.Paren):
        inner = node.unnest()
        is_whole = isinstance(node.parent, (exp.Select, exp.Where, exp.Alias, exp.If, exp.Paren, exp.Having))
        if is_whole or isinstance(inner, (exp.Column, exp.Func, exp.Literal, exp.Boolean)):
            return inner
        return exp.paren(inner, copy=False)
    return node
