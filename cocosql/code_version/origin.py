"""Whose code something is: the user's own, which counts by content, or the library's, which counts by name."""

import functools
import importlib.util
import os
import sys
import sysconfig
import types
from pathlib import Path
from typing import Any

_LIBRARIES = {"site-packages", "dist-packages"}
_NOT_THE_USERS = tuple(
    os.path.realpath(folder) + os.sep
    for folder in (sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib"), Path(__file__).parents[1])
)


@functools.lru_cache(maxsize=4096)
def is_own_file(path: str) -> bool:
    """Whether a file is the user's: outside the standard library, installed packages and CocoSQL."""
    return not _LIBRARIES.intersection(Path(path).parts) and not os.path.realpath(path).startswith(_NOT_THE_USERS)


def is_own_module(module: types.ModuleType) -> bool:
    return _is_own(vars(module))


def is_own_function(function: types.FunctionType) -> bool:
    """By the module whose globals it reads: `functools.wraps` copies `__module__` from what is wrapped."""
    return _is_own(function.__globals__)


def is_own_class(cls: type) -> bool:
    module = sys.modules.get(cls.__module__)
    return _is_own(vars(module)) if module is not None else _is_own({"__name__": cls.__module__})


def _is_own(namespace: dict[str, Any]) -> bool:
    name, file = namespace.get("__name__"), namespace.get("__file__")
    root = str(name).partition(".")[0]
    if root == "cocosql":
        return False
    if isinstance(file, str):
        return is_own_file(file)
    folders = namespace.get("__path__")
    if folders is not None:
        return any(is_own_file(folder) for folder in folders)
    return name == "__main__" or root not in sys.stdlib_module_names


def qualified_name(value: Any) -> str:
    """`module.name` of a class or function; for anything else, of its class."""
    name = getattr(value, "__qualname__", None) or getattr(value, "__name__", None)
    if not isinstance(name, str):
        return qualified_name(type(value))
    module = getattr(value, "__module__", None)
    return f"{module}.{name}" if isinstance(module, str) and module != "builtins" else name


def absolute_module_name(namespace: dict[str, Any], level: int, name: str) -> str:
    """The module that an import statement means in a module's code."""
    if not level:
        return name
    module = str(namespace.get("__name__", ""))
    package = namespace.get("__package__") or (module if "__path__" in namespace else module.rpartition(".")[0])
    try:
        return importlib.util.resolve_name("." * level + name, package)
    except ImportError:
        return "." * level + name


def find_file(module: str) -> str | None:
    """The source file of a module that is not loaded, without running its packages; None if it has none."""
    folders: Any = None
    spec = None
    parts = module.split(".")
    for number in range(1, len(parts) + 1):
        try:
            spec = _find_spec(".".join(parts[:number]), folders)
        except (ImportError, ValueError, AttributeError):
            return None
        if spec is None:
            return None
        folders = spec.submodule_search_locations
    return spec.origin if spec is not None and spec.has_location else None


def _find_spec(name: str, folders: Any) -> Any:
    if folders is None:
        return importlib.util.find_spec(name) if "." not in name else None
    for finder in sys.meta_path:
        spec = finder.find_spec(name, folders) if hasattr(finder, "find_spec") else None
        if spec is not None:
            return spec
    return None
