"""Whose code something is: the user's own, which counts by content, or a library's, which counts by name and version.

The user's own are files outside the standard library and installed packages, and the distribution that the function
itself is installed from.
"""

import dataclasses
import functools
import hashlib
import importlib.metadata
import importlib.util
import os
import re
import sys
import sysconfig
import types
from collections.abc import Iterable
from pathlib import Path
from typing import Any

_LIBRARY_FOLDERS = {"site-packages", "dist-packages"}
#: Of decorators around a function.
_LONGEST_CHAIN = 100
_METADATA = (".dist-info", ".egg-info")


@dataclasses.dataclass(frozen=True)
class Library:
    name: str
    #: None for what counts by its name only.
    version: str | None = None


#: The language: what is in it has no module of its own.
_LANGUAGE = Library("builtins")
_PYTHON = Library("python", f"{sys.version_info.major}.{sys.version_info.minor}")
_COCOSQL = Library("cocosql")
_STANDARD = tuple(os.path.realpath(sysconfig.get_path(name)) + os.sep for name in ("stdlib", "platstdlib"))
_OF_COCOSQL = os.path.realpath(Path(__file__).parents[1]) + os.sep


@functools.lru_cache(maxsize=4096)
def library_of_file(path: str) -> Library | None:
    """The library that a file belongs to; None for a file that no distribution has installed."""
    real = os.path.realpath(path)
    if real.startswith(_OF_COCOSQL):
        return _COCOSQL
    folder = next((folder for folder in Path(path).parents if _has_libraries(folder)), None)
    if folder is not None:
        found = _distribution(folder, Path(path).relative_to(folder).as_posix())
        return _library(found) if found is not None else None
    return _PYTHON if real.startswith(_STANDARD) else None


def _has_libraries(folder: Path) -> bool:
    """Whether packages are installed in a folder, also with `pip install --target`."""
    if folder.name in _LIBRARY_FOLDERS or folder.suffix == ".egg":
        return True
    return str(folder) in sys.path and any(folder.glob("*.dist-info"))


def _distribution(folder: Path, file: str) -> Path | None:
    """The metadata of the distribution that installed a file; that of the same name is asked first."""
    top = file.partition("/")[0]
    likely = normal_name(top.partition(".")[0])
    every = [each for each in folder.iterdir() if each.suffix in _METADATA]
    every.sort(key=lambda each: (normal_name(each.name.partition("-")[0]) != likely, each.name))
    return next((each for each in every if top in _tops(each) and _installed(each, file)), None)


@functools.lru_cache(maxsize=4096)
def _tops(metadata: Path) -> frozenset[str]:
    """The files and folders that a distribution has beside its metadata."""
    files = _text(metadata, "RECORD").splitlines()
    if files:
        return frozenset(line.partition(",")[0].partition("/")[0] for line in files)
    modules = _text(metadata, "top_level.txt").split() or [metadata.name.partition("-")[0]]
    return frozenset(name for module in modules for name in (module, f"{module}.py", normal_name(module)))


def _installed(metadata: Path, file: str) -> bool:
    record = _text(metadata, "RECORD")
    return not record or record.startswith(f"{file},") or f"\n{file}," in record


def _text(metadata: Path, name: str) -> str:
    try:
        return (metadata / name).read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return ""


def normal_name(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


@functools.lru_cache(maxsize=1024)
def _library(metadata: Path) -> Library:
    """What stands for a distribution: its version; if it was not built for an index, also what its files are."""
    found = importlib.metadata.Distribution.at(metadata)
    record = (found.read_text("RECORD") or "") if found.read_text("direct_url.json") else ""
    # Files of scripts and of metadata have paths of this machine in them.
    files = [line for line in record.splitlines() if ",sha256=" in line and not _is_of_installer(line)]
    content = f" {hashlib.sha256(''.join(sorted(files)).encode()).hexdigest()}" if files else ""
    return Library(normal_name(found.metadata["Name"]), f"{found.version}{content}")


def _is_of_installer(line: str) -> bool:
    return line.startswith("..") or ".dist-info/" in line


@dataclasses.dataclass(frozen=True)
class Home:
    """Where the function comes from whose code version is made: None for the user's own files."""

    distribution: Library | None = None
    #: What was found, by the name of the module; a home is used for one code version only.
    _known: dict[str, Library | None] = dataclasses.field(default_factory=dict, compare=False, repr=False)

    def library_of_file(self, path: str) -> Library | None:
        """The library that a file belongs to; None if it is the user's."""
        found = library_of_file(path)
        return None if found == self.distribution else found

    def library(self, namespace: dict[str, Any]) -> Library | None:
        """The library that a module belongs to, given by what is in it; None if it is the user's."""
        found = _library_of(namespace)
        return None if found == self.distribution else found

    def library_of_module(self, module: types.ModuleType) -> Library | None:
        return self.library(vars(module))

    def library_of_function(self, function: types.FunctionType) -> Library | None:
        """By the module whose globals it reads: `functools.wraps` copies `__module__` from what is wrapped."""
        return self.library(function.__globals__)

    def library_of_class(self, cls: type) -> Library | None:
        return self.library_of_name(cls.__module__)

    def library_of_name(self, module: Any) -> Library | None:
        if not isinstance(module, str):
            return None
        try:
            return self._known[module]
        except KeyError:
            loaded = sys.modules.get(module)
            found = self.library(vars(loaded) if loaded is not None else {"__name__": module})
            self._known[module] = found
            return found


def home(function: Any) -> Home:
    """The home of a function, below its decorators, or of a class or the class of an instance."""
    for _ in range(_LONGEST_CHAIN):
        inner = _inner(function)
        if inner is function:
            break
        function = inner
    if isinstance(function, types.FunctionType):
        found = _library_of(function.__globals__)
    else:
        named = function if isinstance(inspected(function, "__module__"), str) else type(function)
        found = Home().library_of_name(inspected(named, "__module__"))
    return Home() if found in (_PYTHON, _LANGUAGE, _COCOSQL) else Home(found)


def _inner(function: Any) -> Any:
    if isinstance(function, functools.partial):
        return function.func
    if isinstance(function, types.MethodType):
        return function.__func__
    if isinstance(function, types.FunctionType):
        return function.__dict__.get("__wrapped__", function)
    wrapped = inspected(function, "__wrapped__")
    return wrapped if callable(wrapped) else function


def inspected(value: Any, name: str) -> Any:
    """An attribute of any object; those that compute it may fail in any way."""
    try:
        return getattr(value, name, None)
    except Exception:
        return None


def _library_of(namespace: dict[str, Any]) -> Library | None:
    name, file = namespace.get("__name__"), namespace.get("__file__")
    root = str(name).partition(".")[0]
    if root == "cocosql":
        return _COCOSQL
    if isinstance(file, str):
        return library_of_file(file)
    if name == "builtins":
        return _LANGUAGE
    return _PYTHON if root in sys.stdlib_module_names else None


def is_namespace_package(module: types.ModuleType) -> bool:
    """Whether a module is only a folder, in which several distributions may have modules."""
    return hasattr(module, "__path__") and getattr(module, "__file__", None) is None


def is_compiled(module: str) -> bool:
    """Whether the code of a module that is loaded is not Python's."""
    file = getattr(sys.modules.get(module), "__file__", None)
    return isinstance(file, str) and not file.endswith((".py", ".pyc", ".pyw", ".ipynb"))


def names(libraries: Iterable[Library], declared: frozenset[str]) -> str:
    """Libraries with their versions, as one text; those that are declared stand for themselves elsewhere."""
    counted = {f"{each.name} {each.version}" for each in libraries if each.version and each.name not in declared}
    return "\0".join(sorted(counted))


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
