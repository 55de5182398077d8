"""SQL of the engine's, laid out to be read: each clause and each subquery that does not fit on a line gets its own lines.

The words stay what they are: the text is not parsed.
"""

import re
from collections.abc import Iterator

WIDTH = 112
_CLAUSE = re.compile(
    r"(?<!LEFT)(?<!SEMI)(?<!ANTI)(?<!CROSS)(?<!FULL)(?<!OUTER)(?<!DISTINCT) (?=(?:FROM|WHERE|GROUP BY|HAVING|ORDER BY|UNION ALL|EXCEPT|INTERSECT|LEFT|SEMI|ANTI|CROSS|FULL|JOIN)\b)|(?<=UNION ALL) (?!BY)|(?<=BY NAME) "
)
_AND = re.compile(r" (?=AND\b)")
_SUBQUERY = re.compile(r"\((?=\(*(?:SELECT|FROM)\b)")
_PLAIN_NAME = re.compile(r'"([a-z_][a-z0-9_]*)"')


def readable(sql: str) -> str:
    text = _PLAIN_NAME.sub(r"\1", " ".join(sql.split()))
    return "\n".join(_lines(text, WIDTH))


def _lines(text: str, width: int) -> list[str]:
    if len(text) <= width:
        return [text]
    depths = _depths(text)
    clauses = _split(text, depths, _CLAUSE)
    if len(clauses) > 1:
        return [line for clause in clauses for line in _lines(clause, width)]
    for found in _SUBQUERY.finditer(text):
        start = found.end()
        if depths[found.start()] == 0:
            end = next(place for place in range(start, len(text)) if depths[place] == 0 and text[place] == ")")
            below = [f"  {line}" for line in _lines(text[start:end], width - 2)]
            rest, *more = _lines(text[end + 1 :], width)
            return [text[:start], *below, f"){rest}", *more]
    conditions = _split(text, depths, _AND)
    if len(conditions) > 1:
        return [line for condition in conditions for line in _lines(condition, width)]
    return list(_filled(text, depths, width))


def _split(text: str, depths: list[int], pattern: re.Pattern[str]) -> list[str]:
    """The text before, between and after the spaces that the pattern finds outside of parentheses."""
    breaks = [found.start() for found in pattern.finditer(text) if depths[found.start()] == 0]
    parts = [text[start:end].strip() for start, end in zip([0, *breaks], [*breaks, len(text)], strict=True)]
    if parts[0] == "SELECT *" and parts[1:]:
        parts[:2] = [" ".join(parts[:2])]
    return parts


def _filled(text: str, depths: list[int], width: int) -> Iterator[str]:
    """Lines that end at a comma outside of parentheses, all but the first indented."""
    line, start = "", 0
    commas = [place + 1 for place, letter in enumerate(text) if letter == "," and depths[place] == 0]
    for end in [*commas, len(text)]:
        item = text[start:end]
        if line and len(line) + len(item) > width:
            yield line
            line, item = "  ", item.strip()
        line, start = line + item, end
    yield line


def _depths(text: str) -> list[int]:
    """For each character, how many parentheses, brackets and braces are open before it, or after it if it closes one."""
    found, depth, quoted = [], 0, False
    for letter in text:
        quoted ^= letter == "'"
        depth -= not quoted and letter in ")]}"
        found.append(depth + (1 if quoted else 0))
        depth += not quoted and letter in "([{"
    return found
