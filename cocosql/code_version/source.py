"""From a code object to the `def` it was compiled from, if the source at hand is still that of the code.

A file may have been edited after it was imported. What runs is the code object; so the source counts only if compiling
it gives the same code.
"""

import ast
import dataclasses
import functools
import inspect
import linecache
import textwrap
import types
from collections.abc import Iterator

from cocosql.code_version.normal_form import Definition, same_code
from cocosql.code_version.syntax import parsed


@dataclasses.dataclass(frozen=True)
class _File:
    """A parsed source: its functions by name and first line, and the code objects of the same."""

    lines: list[str]
    definitions: dict[tuple[str, int], Definition]
    codes: dict[str, list[types.CodeType]]


def definition(code: types.CodeType) -> Definition | None:
    """The `def` of a code object; None for a lambda, and where the source is missing or differs."""
    found = _find(code)
    return found[0] if found else None


def text(code: types.CodeType) -> str | None:
    """The source of a code object, with its decorators; of a lambda, the lines that it stands in."""
    found = _find(code)
    if found is not None:
        node, file = found
        return textwrap.dedent("".join(file.lines[_first_line(node) - 1 : node.end_lineno]))
    file_of_lambda = _file(code) if code.co_name == "<lambda>" else None
    if file_of_lambda is None or not _same(code, file_of_lambda):
        return None
    return textwrap.dedent(inspect.getsource(code))


def _find(code: types.CodeType) -> tuple[Definition, _File] | None:
    file = _file(code)
    if file is None:
        return None
    # The function may have moved: lines above it do not change it.
    candidates = sorted(_same(code, file), key=lambda other: abs(other.co_firstlineno - code.co_firstlineno))
    for other in candidates:
        node = file.definitions.get((other.co_name, other.co_firstlineno))
        if node is not None:
            return node, file
    return None


def _file(code: types.CodeType) -> _File | None:
    linecache.checkcache(code.co_filename)
    lines = linecache.getlines(code.co_filename)
    return _parse("".join(lines), code.co_filename) if lines else None


def _same(code: types.CodeType, file: _File) -> list[types.CodeType]:
    return [other for other in file.codes.get(code.co_qualname, []) if same_code(code, other)]


@functools.lru_cache(maxsize=64)
def _parse(source: str, filename: str) -> _File | None:
    try:
        tree = parsed(source)
        # The flag allows `await` between functions, as in a notebook's cell.
        module = compile(source, filename, "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
    except (SyntaxError, ValueError):
        return None
    definitions = {
        (node.name, _first_line(node)): node
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    codes: dict[str, list[types.CodeType]] = {}
    for code in _nested(module):
        codes.setdefault(code.co_qualname, []).append(code)
    return _File(source.splitlines(keepends=True), definitions, codes)


def _first_line(node: Definition) -> int:
    return min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])


def _nested(code: types.CodeType) -> Iterator[types.CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield constant
            yield from _nested(constant)
