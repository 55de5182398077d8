"""Expressions of the algebra: SQL in which a column of an input is written between two marks, so that it can be found
and replaced without reading the SQL."""

import re
from collections.abc import Callable, Iterable, Mapping

from cocosql.sqltext import ident

_REFERENCE = re.compile("\x01([^\x02]*)\x02")


def reference(name: str) -> str:
    """The expression that is a column."""
    return f"\x01{name}\x02"


def column_of(expression: str) -> str | None:
    """The column that the expression is; None if it is more."""
    found = _REFERENCE.fullmatch(expression)
    return found[1] if found else None


def columns_in(expressions: Iterable[str]) -> set[str]:
    """The columns that expressions read."""
    return {name for expression in expressions for name in _REFERENCE.findall(expression)}


def substitute(expression: str, meanings: Mapping[str, str]) -> str:
    """The expression with each column replaced by its meaning. A column without one stays."""

    def meaning(found: re.Match[str]) -> str:
        known = meanings.get(found[1])
        if known is None:
            return found[0]
        return known if column_of(known) else f"({known})"

    return _REFERENCE.sub(meaning, expression)


def sql(expression: str) -> str:
    """The expression as SQL over a relation that has its columns."""
    return _REFERENCE.sub(lambda found: ident(found[1]), expression)


def sql_list(expressions: Iterable[str]) -> str:
    return ", ".join(map(sql, expressions))


def conjunction(conditions: Iterable[str]) -> str:
    """All conditions as SQL; TRUE if there are none."""
    return " AND ".join(f"({sql(condition)})" for condition in conditions) or "true"


def named(items: Mapping[str, str]) -> str:
    """A select list, by the names that it gives."""
    return ", ".join(f"{sql(item)} AS {ident(name)}" for name, item in items.items())


def finder(functions: Iterable[str]) -> Callable[[str], bool]:
    """A test whether an expression may call one of these functions."""
    names = "|".join(map(re.escape, functions))
    pattern = re.compile(rf'(?<!\w)({names})"?\s*\(', re.IGNORECASE) if names else None
    return lambda expression: bool(pattern and pattern.search(expression))


def replace_whole(text: str, parts: Mapping[str, str]) -> str:
    """The text with each of these parts replaced, longer ones first. A part must be whole: `len(x)` is none of
    `strlen(x)`."""
    if not parts:
        return text
    pattern = "|".join(re.escape(part) for part in sorted(parts, key=len, reverse=True))
    return re.sub(rf"(?<![\w.])({pattern})", lambda found: parts[found[0]], text)


def ordered_by(order: str) -> str:
    """An item of ORDER BY without its direction and NULLS FIRST or LAST."""
    for direction in (" ASC", " DESC"):
        found = order.rfind(direction)
        if found > 0:
            return order[:found]
    return order
