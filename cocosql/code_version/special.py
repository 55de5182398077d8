"""Things that are neither plain data nor functions, classes or instances of the user: how each counts."""

import ast
import collections
import contextvars
import enum
import functools
import logging
import os
import sys
import threading
import types
import typing
import weakref
from collections.abc import Callable, MutableMapping, MutableSequence, MutableSet
from typing import TYPE_CHECKING, Any

from cocosql.code_version import classes, declared, origin

if TYPE_CHECKING:
    from cocosql.code_version.walk import Walk

#: Types whose methods `append`, `update` and so on fill them.
CONTAINERS = (MutableMapping, MutableSequence, MutableSet, collections.deque)

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
    *(contextvars.ContextVar, weakref.ref, weakref.WeakKeyDictionary, weakref.WeakValueDictionary, weakref.WeakSet),
)


def _enum_member(walk: "Walk", value: Any) -> bool:
    if isinstance(value, enum.Enum):
        walk.class_(type(value))
        walk.write("enum", str(value.name))
        walk.part(".value", value._value_)
    return isinstance(value, enum.Enum)


def _module(walk: "Walk", value: Any) -> bool:
    if isinstance(value, types.ModuleType):
        walk.write("module", value.__name__)
        if origin.is_own_module(value):
            walk.write("source", declared.module_digest(value))
    return isinstance(value, types.ModuleType)


def _bound_method(walk: "Walk", value: Any) -> bool:
    if isinstance(value, types.MethodType):
        name = getattr(value.__func__, "__name__", "")
        walk.uses(name)
        walk.value(value.__func__)
        walk.at(f"the object `{type(value.__self__).__name__}`", value.__self__)
    return isinstance(value, types.MethodType)


def _builtin(walk: "Walk", value: Any) -> bool:
    if not isinstance(value, _BUILTINS):
        return False
    walk.write("named", origin.qualified_name(value))
    owner = getattr(value, "__self__", None)
    module = sys.modules.get(getattr(value, "__module__", None) or "")
    if module is not None and origin.is_own_module(module):
        walk.write("source", declared.module_digest(module))
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
        walk.write("type", origin.qualified_name(type(value)))
    return counts


def _logger(walk: "Walk", value: Any) -> bool:
    if isinstance(value, logging.Logger | logging.LoggerAdapter):
        walk.write("logger", str(value.name))
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
        walk.write("typing", repr(value))
    return named


def _named_by_library(walk: "Walk", value: Any) -> bool:
    """A thing that a library's module has under its own name, as numpy has `exp`."""
    name = _attribute(value, "__qualname__") or _attribute(value, "__name__")
    if not isinstance(name, str):
        return False
    for module_name in (_attribute(value, "__module__"), type(value).__module__):
        for known in (module_name, str(module_name).partition(".")[0]):
            module = sys.modules.get(known) if isinstance(known, str) else None
            if module is not None and vars(module).get(name) is value and not origin.is_own_module(module):
                walk.write("named", f"{known}.{name}")
                return True
    return False


def _wrapper(walk: "Walk", value: Any) -> bool:
    """A callable object of a library around a function of the user: `functools.lru_cache`, `jax.jit`."""
    wrapped = _attribute(value, "__wrapped__")
    if not callable(wrapped) or not callable(value) or origin.is_own_class(type(value)):
        return False
    walk.write("wrapper", origin.qualified_name(type(value)))
    walk.value(wrapped)
    return True


def _attribute(value: Any, name: str) -> Any:
    """An attribute of any object; those that compute it may fail in any way."""
    try:
        return getattr(value, name, None)
    except Exception:
        return None


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
    _named_by_library,
    _wrapper,
]


#: Modules that were looked for and belong to a library: looking takes long.
_of_libraries: set[str] = set()


def files_of_import(module: str, name: str) -> list[str]:
    """The user's files that importing a module (or a name from it) would load, found without running them."""
    if module in _of_libraries:
        return []
    found: dict[str, None] = {}
    first = origin.find_file(module)
    if first is not None and not origin.is_own_file(first):
        _of_libraries.add(module)
        return []
    waiting = [module, *([f"{module}.{name}"] if name else [])]
    while waiting:
        each = waiting.pop()
        file = origin.find_file(each)
        if file is not None and file not in found and origin.is_own_file(file):
            found[file] = None
            waiting += _imports(file, each, declared.source_digest(file))
    return sorted(found)


@functools.lru_cache(maxsize=1024)
def _imports(file: str, module: str, digest: bytes) -> list[str]:
    """The modules that a file's code imports; its digest says which code that is."""
    try:
        with open(file, encoding="utf-8") as source:  # noqa: PTH123
            tree = ast.parse(source.read())
    except (OSError, SyntaxError, ValueError):
        return []
    namespace = {"__name__": module, **({"__path__": []} if file.endswith("__init__.py") else {})}
    names: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = origin.absolute_module_name(namespace, node.level, node.module or "")
            names += [base, *(f"{base}.{alias.name}" for alias in node.names)]
    return [name for name in names if name.partition(".")[0] not in sys.stdlib_module_names]
