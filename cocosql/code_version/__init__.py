"""What a function's results depend on besides its arguments, as one fingerprint.

Comments, docstrings, annotations, decorators and formatting do not count.
"""

import ast
import hashlib
import inspect
import textwrap
import types
from collections.abc import Callable
from typing import Any


def code_version(
    function: Callable[..., Any], sql_types: list[str], version: str | None = None, depends_on: Any = ()
) -> str:
    """The fingerprint of a function's own code and its SQL types; `version`, if given, stands for the code."""
    code = f"version {version}" if version is not None else _code(function)
    return hashlib.sha256("\0".join([*sql_types, code]).encode()).hexdigest()[:32]


def source_text(function: Callable[..., Any]) -> str | None:
    """The function's source, or None where Python does not know it (a REPL, a C function)."""
    try:
        return textwrap.dedent(inspect.getsource(function))
    except (OSError, TypeError):
        return None


def _code(function: Callable[..., Any]) -> str:
    tree = _definition(function)
    if tree is not None:
        return ast.dump(tree, annotate_fields=False)
    compiled = getattr(function, "__code__", None) or getattr(type(function).__call__, "__code__", None)
    if compiled is not None:
        return _bytecode(compiled)
    return f"{getattr(function, '__module__', '')}.{getattr(function, '__qualname__', repr(function))}"


def _definition(function: Callable[..., Any]) -> ast.AST | None:
    """The `def` without what does not change its results; None where there is no source or it is a lambda."""
    source = source_text(function)
    try:
        body = ast.parse(source).body if source else []
    except SyntaxError:
        return None
    if len(body) != 1 or not isinstance(body[0], ast.FunctionDef | ast.AsyncFunctionDef):
        return None
    definition = body[0]
    definition.name = ""
    definition.decorator_list = []
    bare: ast.AST = _Bare().visit(definition)
    return bare


class _Bare(ast.NodeTransformer):
    """Takes docstrings and annotations away."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        return self._function(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        return self._function(node)

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.annotation = None
        return node

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> ast.AST:
        node.returns = None
        if ast.get_docstring(node, clean=False) is not None:
            node.body = node.body[1:] or [ast.Pass()]
        return self.generic_visit(node)


def _bytecode(code: types.CodeType) -> str:
    constants = [_bytecode(const) if isinstance(const, types.CodeType) else repr(const) for const in code.co_consts]
    return repr((code.co_code, constants, code.co_names, code.co_argcount))
