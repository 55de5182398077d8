"""A function's own code, without what does not change its results.

Comments, formatting, docstrings and annotations are left out; local names are replaced by numbers. Names that others
can see (globals, attributes, arguments by keyword) stay. In doubt a name stays: to compute again costs time, a stale
result is wrong.
"""

import ast
import dataclasses
import hashlib
import types
from collections.abc import Iterable, Iterator
from typing import Any

from cocosql.code_version.syntax import parsed

Definition = ast.FunctionDef | ast.AsyncFunctionDef
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
#: Through these, code can see the names of its local variables.
_SEES_NAMES = {"locals", "vars", "eval", "exec", "dir", "_getframe", "currentframe", "getcallargs"}
_LEFT_OUT = {"ctx", "type_comment", "kind", "annotation", "returns", "type_params"}
_HAS_DOCSTRING = 0x4000000  # co_flags, from Python 3.13 on


@dataclasses.dataclass(frozen=True)
class NormalForm:
    digest: bytes
    #: The names of closure values, in the order in which the code uses them first.
    closure: tuple[str, ...]


def of_definition(definition: Definition, closure: Iterable[str]) -> NormalForm:
    """The normal form of a `def`, whatever its name and decorators; `closure` are names of functions around it."""
    writer = _Writer(definition, closure)
    writer.function(definition, name="")
    digest = hashlib.sha256("\0".join(writer.out).encode("utf-8", "surrogatepass")).digest()
    used = sorted(writer.outside.numbers.items(), key=lambda item: item[1])
    unused = sorted(set(closure) - writer.outside.numbers.keys())
    return NormalForm(digest, (*(name for name, _ in used), *unused))


def of_module(source: str) -> bytes:
    """The digest of a whole file's code; of its text if it is not Python."""
    try:
        tree = parsed(source)
    except (SyntaxError, ValueError):
        return hashlib.sha256(source.encode("utf-8", "surrogatepass")).digest()
    return hashlib.sha256(ast.dump(tree, annotate_fields=False).encode("utf-8", "surrogatepass")).digest()


def of_bytecode(code: types.CodeType) -> NormalForm:
    """The normal form where there is no source: the instructions, with their constants and names."""
    return NormalForm(hashlib.sha256(_bytecode(code).encode("utf-8", "surrogatepass")).digest(), code.co_freevars)


def same_code(one: types.CodeType, other: types.CodeType) -> bool:
    """Whether two code objects do the same, wherever they stand and whatever their local names."""
    return one.co_code == other.co_code and _bytecode(one) == _bytecode(other)


def _bytecode(code: types.CodeType) -> str:
    constants = [_constant(constant) for constant in code.co_consts]
    if _has_docstring(code):
        constants[0] = _constant(None)
    counts = (code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, code.co_flags & ~_HAS_DOCSTRING)
    table = getattr(code, "co_exceptiontable", b"")
    return repr((counts, code.co_code, code.co_names, len(code.co_cellvars), len(code.co_freevars), table, constants))


def _has_docstring(code: types.CodeType) -> bool:
    if code.co_flags & _HAS_DOCSTRING:
        return True
    is_def = bool(code.co_flags & 0x02) and not code.co_name.startswith("<")  # CO_NEWLOCALS: no class body
    return is_def and bool(code.co_consts) and isinstance(code.co_consts[0], str)


def _constant(value: Any) -> str:
    if isinstance(value, types.CodeType):
        return _bytecode(value)
    if isinstance(value, tuple):
        return f"({','.join(map(_constant, value))})"
    if isinstance(value, frozenset):
        return f"{{{','.join(sorted(map(_constant, value)))}}}"
    return f"{type(value).__name__} {value!r}"


class _Scope:
    """The names that a function, comprehension or class binds, and the numbers that stand for them."""

    def __init__(self, bound: set[str], outer: set[str] = frozenset(), is_class: bool = False) -> None:  # type: ignore[assignment]
        #: Names that are bound here; those declared global or nonlocal are not.
        self.bound = bound - outer
        self.is_class = is_class
        self.globals: set[str] = set()
        self.numbers: dict[str, int] = {}


def _scope(nodes: Iterable[ast.AST], arguments: Iterable[str] = (), is_class: bool = False) -> _Scope:
    bound, declared, global_names = set(arguments), set[str](), set[str]()
    for node in _own_nodes(nodes):
        if isinstance(node, ast.Global | ast.Nonlocal):
            declared.update(node.names)
            if isinstance(node, ast.Global):
                global_names.update(node.names)
        else:
            bound.update(_bound_by(node))
    scope = _Scope(bound, declared, is_class)
    scope.globals = global_names
    return scope


def _own_nodes(nodes: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """The nodes that run in the scope of `nodes`, without those of scopes inside."""
    for node in nodes:
        yield node
        if isinstance(node, _FUNCTIONS):
            yield from _own_nodes([*node.decorator_list, *_defaults(node.args)])
        elif isinstance(node, ast.Lambda):
            yield from _own_nodes(_defaults(node.args))
        elif isinstance(node, ast.ClassDef):
            yield from _own_nodes([*node.decorator_list, *node.bases, *node.keywords])
        elif isinstance(node, _COMPREHENSIONS):
            yield from _own_nodes([node.generators[0].iter])
            yield from _walruses(node)
        else:
            yield from _own_nodes(ast.iter_child_nodes(node))


def _walruses(comprehension: ast.AST) -> Iterator[ast.AST]:
    """The names that `:=` binds inside a comprehension: they belong to the function around it."""
    for node in ast.iter_child_nodes(comprehension):
        if isinstance(node, ast.NamedExpr):
            yield node.target
        if not isinstance(node, ast.Lambda):
            yield from _walruses(node)


def _bound_by(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Name):
        return [] if isinstance(node.ctx, ast.Load) else [node.id]
    if isinstance(node, ast.Import | ast.ImportFrom):
        return [alias.asname or alias.name.partition(".")[0] for alias in node.names]
    if isinstance(node, (*_FUNCTIONS, ast.ClassDef, ast.ExceptHandler, ast.MatchAs, ast.MatchStar)):
        return [node.name] if node.name else []
    return [node.rest] if isinstance(node, ast.MatchMapping) and node.rest else []


def _defaults(arguments: ast.arguments) -> list[ast.expr]:
    return [default for default in [*arguments.defaults, *arguments.kw_defaults] if default is not None]


def _arguments(arguments: ast.arguments) -> list[ast.arg]:
    several = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    return [*several, *(argument for argument in (arguments.vararg, arguments.kwarg) if argument is not None)]


class _Writer(ast.NodeVisitor):
    """Writes a tree as a list of words, with local names as numbers."""

    def __init__(self, definition: Definition, closure: Iterable[str]) -> None:
        self.out: list[str] = []
        self.outside = _Scope(set(closure))
        self.scopes = [self.outside]
        self.count = 0
        words = {getattr(node, "id", getattr(node, "attr", "")) for node in ast.walk(definition)}
        self.keeps_names = bool(words & _SEES_NAMES)
        self.keeps_docstrings = "__doc__" in words

    def name(self, name: str) -> str:
        scope = self._scope_of(name)
        if scope is None or scope.is_class or self.keeps_names or name.startswith("__"):
            # A closure value keeps its place in the order of values.
            if scope is self.outside:
                self._number(scope, name)
            return name
        return f"#{self._number(scope, name)}"

    def _number(self, scope: _Scope, name: str) -> int:
        if name not in scope.numbers:
            scope.numbers[name] = self.count = self.count + 1
        return scope.numbers[name]

    def _scope_of(self, name: str) -> _Scope | None:
        for depth, scope in enumerate(reversed(self.scopes)):
            if name in scope.globals:
                return None
            if name in scope.bound and (depth == 0 or not scope.is_class):
                return scope
        return None

    def visit(self, node: ast.AST) -> None:
        if isinstance(node, _FUNCTIONS):
            self._definition(node)
        elif isinstance(node, _COMPREHENSIONS):
            self._comprehension(node)
        else:
            super().visit(node)

    def generic_visit(self, node: ast.AST) -> None:
        self._fields(type(node).__name__, ((name, getattr(node, name, None)) for name in node._fields))

    def _fields(self, kind: str, fields: Iterable[tuple[str, Any]]) -> None:
        self.out.append(f"({kind}")
        for name, value in fields:
            if name not in _LEFT_OUT and value is not None and value != []:
                self.out.append(name)
                self._value(value)
        self.out.append(")")

    def _value(self, value: Any) -> None:
        if isinstance(value, ast.AST):
            self.visit(value)
        elif isinstance(value, list):
            self.out.append("[")
            for element in value:
                self._value(element)
            self.out.append("]")
        else:
            self.out.append(f"{type(value).__name__} {value!r}")

    def function(self, node: Definition, name: str) -> None:
        scope = _scope(node.body, [argument.arg for argument in _arguments(node.args)])
        self.out.append(f"({type(node).__name__} {name}")
        self._signature(node.args, scope)
        self._body(node.body, scope)
        self.out.append(")")

    def _signature(self, arguments: ast.arguments, scope: _Scope) -> None:
        """Kinds and defaults of the arguments; defaults belong to the scope around the function."""
        counts = (len(arguments.posonlyargs), len(arguments.args), len(arguments.kwonlyargs))
        self.out.append(f"{counts} {arguments.vararg is not None} {arguments.kwarg is not None}")
        if len(self.scopes) > 1:  # Defaults of the outermost function count by value.
            self._value(arguments.defaults)
            self._value(arguments.kw_defaults)
        self.scopes.append(scope)
        self.out.extend(self.name(argument.arg) for argument in _arguments(arguments))
        self.scopes.pop()

    def _body(self, body: list[ast.stmt], scope: _Scope) -> None:
        self.scopes.append(scope)
        self._value(body if self.keeps_docstrings else _without_docstring(body))
        self.scopes.pop()

    def _definition(self, node: Definition) -> None:
        self._value(node.decorator_list)
        self.function(node, self.name(node.name))

    def visit_Lambda(self, node: ast.Lambda) -> None:
        scope = _scope([node.body], [argument.arg for argument in _arguments(node.args)])
        self.out.append("(Lambda")
        self._signature(node.args, scope)
        self.scopes.append(scope)
        self.visit(node.body)
        self.scopes.pop()
        self.out.append(")")

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self.out.append(f"(ClassDef {self.name(node.name)}")
        self._value([*node.decorator_list, *node.bases, *node.keywords])
        self._body(node.body, _scope(node.body, is_class=True))
        self.out.append(")")

    def _comprehension(self, node: Any) -> None:
        """The first iterable belongs to the scope around; walruses bind there, too."""
        first, *rest = node.generators
        inner = [node.elt] if hasattr(node, "elt") else [node.key, node.value]
        scope = _Scope({name.id for generator in node.generators for name in _targets(generator.target)})
        self.out.append(f"({type(node).__name__}")
        self.visit(first.iter)
        self.scopes.append(scope)
        self._value([first.target, *first.ifs])
        for generator in rest:
            self._value([generator.iter, generator.target, *generator.ifs])
        self.out.append(str([generator.is_async for generator in node.generators]))
        self._value(inner)
        self.scopes.pop()
        self.out.append(")")

    def visit_Name(self, node: ast.Name) -> None:
        self.out.append(f"{type(node.ctx).__name__} {self.name(node.id)}")

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        """Some versions of Python keep empty texts between the values."""
        empty = [isinstance(part, ast.Constant) and part.value == "" for part in node.values]
        parts = [part for part, is_empty in zip(node.values, empty, strict=True) if not is_empty]
        self._fields("JoinedStr", [("values", parts)])

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if self.scopes[-1].is_class:
            self.out.append("field")
            self.visit(node.target)
            self.visit(node.annotation)
            self._value([node.value] if node.value is not None else [])
        elif node.value is not None:
            self._fields("Assign", [("targets", [node.target]), ("value", node.value)])

    def visit_Global(self, node: ast.Global) -> None:
        self.out.append(f"Global {sorted(node.names)}")

    def visit_Nonlocal(self, node: ast.Nonlocal) -> None:
        self.out.append(f"Nonlocal {[self.name(name) for name in node.names]}")

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            bound = self.name(alias.asname or alias.name.partition(".")[0])
            whole = alias.asname is not None and "." in alias.name
            self.out.append(f"Import {alias.name} {whole} {bound}")

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        names = [f"{alias.name} {self.name(alias.asname or alias.name)}" for alias in node.names]
        self.out.append(f"ImportFrom {node.level} {node.module} {names}")

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        self._named("ExceptHandler", node.name, [("type", node.type), ("body", node.body)])

    def visit_MatchAs(self, node: ast.MatchAs) -> None:
        self._named("MatchAs", node.name, [("pattern", node.pattern)])

    def visit_MatchStar(self, node: ast.MatchStar) -> None:
        self._named("MatchStar", node.name, [])

    def visit_MatchMapping(self, node: ast.MatchMapping) -> None:
        self._named("MatchMapping", node.rest, [("keys", node.keys), ("patterns", node.patterns)])

    def _named(self, kind: str, name: str | None, fields: list[tuple[str, Any]]) -> None:
        self._fields(f"{kind} {self.name(name) if name else ''}", fields)


def _targets(target: ast.AST) -> list[ast.Name]:
    return [node for node in ast.walk(target) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)]


def _without_docstring(body: list[ast.stmt]) -> list[ast.stmt]:
    first = body[0] if body else None
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
        return body[1:] or [ast.Pass()]
    return body
