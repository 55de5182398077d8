"""Things that are neither plain data nor functions, classes or instances of the user: how each counts."""

import ast
import contextvars
import enum
import functools
import logging
import os
import sys
import threading
import types
import typing
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from cocosql.code_version import classes, declared, origin
from cocosql.code_version.syntax import parsed

if TYPE_CHECKING:
    from cocosql.code_version.walk import Walk

_BUILTINS = (
    types.BuiltinFunctionType,
    types.WrapperDescriptorType,
    types.MethodWrapperType,
    types.MethodDescriptorType,
    types.ClassMethodDescriptorType,
    types.GetSetDescriptorType,
    types.MemberDescriptorType,
)
#: Things that hold no input of a function, or hold it per thread or task; they count by type.
_BY_TYPE: tuple[type, ...] = (
    *(type(made) for made in (threading.Lock(), threading.RLock(), os.environ)),
    *(threading.Condition, threading.Semaphore, threading.Event, threading.Barrier, threading.local),
    contextvars.ContextVar,
)


def _enum_member(walk: "Walk", value: Any) -> bool:
    if isinstance(value, enum.Enum):
        walk.class_(type(value))
        walk.write("enum", str(value.name))
        walk.part(".value", value._value_)
    return isinstance(value, enum.Enum)


def _module(walk: "Walk", value: Any) -> bool:
    if isinstance(value, types.ModuleType):
        library = walk.home.library_of_module(value)
        if library is not None:
            walk.named(value.__name__, library)
        else:
            walk.write("module", value.__name__)
            walk.write("source", declared.module_digest(value))
    return isinstance(value, types.ModuleType)


def _bound_method(walk: "Walk", value: Any) -> bool:
    if isinstance(value, types.MethodType):
        walk.value(value.__func__)
        walk.at(f"the object `{type(value.__self__).__name__}`", value.__self__)
    return isinstance(value, types.MethodType)


def _builtin(walk: "Walk", value: Any) -> bool:
    if not isinstance(value, _BUILTINS):
        return False
    owner = getattr(value, "__self__", None)
    defined_in = getattr(value, "__module__", None) or getattr(value, "__objclass__", type(owner)).__module__
    library = walk.home.library_of_name(defined_in)
    if library is not None:
        walk.named(origin.qualified_name(value), library)
    else:
        walk.write("compiled", origin.qualified_name(value))
        walk.source_of(defined_in)
    if owner is not None and not isinstance(owner, types.ModuleType):
        walk.part("", owner)
    return True


def _partial(walk: "Walk", value: Any) -> bool:
    if not isinstance(value, functools.partial | functools.partialmethod):
        return False
    walk.write("partial", str(len(value.args)))
    walk.passes_by_name(value.keywords)
    walk.value(value.func)
    for part in (*value.args, dict(value.keywords)):
        walk.part("", part)
    return True


def _descriptor(walk: "Walk", value: Any) -> bool:
    if not isinstance(value, staticmethod | classmethod | property) and not classes.is_cached_property(value):
        return False
    walk.write(type(value).__name__)
    names = ("fget", "fset", "fdel") if isinstance(value, property) else ("__func__", "func")
    for name in names:
        if hasattr(value, name):
            walk.write(name)
            walk.value(getattr(value, name))
    return True


def _function_of_cocosql(walk: "Walk", value: Any) -> bool:
    """Another function of SQL counts by its version if the user gave it one, else by its code."""
    if type(value).__module__ != "cocosql.udf" or not hasattr(value, "function"):
        return False
    version = getattr(value, "version", None)
    walk.write("udf", str(version))
    if version is None:
        walk.value(value.function)
    return True


def _by_type(walk: "Walk", value: Any) -> bool:
    counts = isinstance(value, _BY_TYPE) or type(value) is object
    if counts:
        walk.by_type("type", value)
    return counts


def _logger(walk: "Walk", value: Any) -> bool:
    if isinstance(value, logging.Logger | logging.LoggerAdapter):
        walk.by_type("logger", value, str(value.name))
    return isinstance(value, logging.Logger | logging.LoggerAdapter)


def _annotation(walk: "Walk", value: Any) -> bool:
    inside = typing.get_origin(value)
    if inside is not None:
        walk.write("generic")
        walk.value(inside)
        for part in typing.get_args(value):
            walk.part("", list(part) if isinstance(part, list) else part)
        return True
    named = type(value).__module__ in ("typing", "typing_extensions")
    if named:
        walk.by_type("typing", value, repr(value))
    return named


def _named_by_module(walk: "Walk", value: Any) -> bool:
    """A thing that a library's module has under its own name, as numpy has `exp`; or a compiled module of the user."""
    name = origin.inspected(value, "__qualname__") or origin.inspected(value, "__name__")
    if not isinstance(name, str):
        return False
    for module_name in (origin.inspected(value, "__module__"), type(value).__module__):
        for known in (module_name, str(module_name).partition(".")[0]):
            module = sys.modules.get(known) if isinstance(known, str) else None
            if module is None or vars(module).get(name) is not value:
                continue
            library = walk.home.library_of_module(module)
            if library is not None:
                walk.named(f"{known}.{name}", library)
                return True
            if origin.is_compiled(known):
                walk.write("compiled", f"{known}.{name}")
                walk.source_of(known)
                return True
    return False


def _wrapper(walk: "Walk", value: Any) -> bool:
    """A callable object of a library around a function of the user: `functools.lru_cache`, `jax.jit`."""
    wrapped = origin.inspected(value, "__wrapped__")
    if not callable(wrapped) or not callable(value) or walk.is_own_class(type(value)):
        return False
    walk.by_type("wrapper", value)
    walk.value(wrapped)
    return True


KINDS: list[Callable[["Walk", Any], bool]] = [
    _enum_member,
    _module,
    _bound_method,
    _builtin,
    _partial,
    _descriptor,
    _function_of_cocosql,
    _by_type,
    _logger,
    _annotation,
    _named_by_module,
    _wrapper,
]


#: Modules that were looked for and belong to a library: looking takes long.
_of_libraries: dict[tuple[origin.Home, str], origin.Library] = {}


def files_of_import(home: origin.Home, module: str, name: str) -> tuple[list[str], set[origin.Library]]:
    """What importing a module (or a name from it) would load, found without running it: the user's files, libraries."""
    files: dict[str, None] = {}
    libraries: set[origin.Library] = set()
    seen: set[str] = set()
    waiting = [*([f"{module}.{name}"] if name else []), module]
    while waiting:
        each = waiting.pop()
        if each in seen:
            continue
        seen.add(each)
        known = _of_libraries.get((home, each)) or _of_libraries.get((home, each.rpartition(".")[0]))
        is_standard = each.partition(".")[0] in sys.stdlib_module_names
        file = None if known or is_standard else origin.find_file(each)
        library = known or (home.library_of_name(each) if file is None else home.library_of_file(file))
        if library is not None:
            _of_libraries[home, each] = library
            libraries.add(library)
        elif file is not None and file not in files:
            files[file] = None
            waiting += _imports(file, each, declared.source_digest(file))
    return sorted(files), libraries


@functools.lru_cache(maxsize=1024)
def _imports(file: str, module: str, digest: bytes) -> list[str]:
    """The modules that a file's code imports; its digest says which code that is."""
    try:
        with open(file, encoding="utf-8") as source:  # noqa: PTH123
            tree = parsed(source.read())
    except (OSError, SyntaxError, ValueError):
        return []
    namespace = {"__name__": module, **({"__path__": []} if file.endswith("__init__.py") else {})}
    names: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = origin.absolute_module_name(namespace, node.level, node.module or "")
            names += [*(f"{base}.{alias.name}" for alias in node.names), base]
    return names
