"""Follows what a function depends on, and writes it into one digest.

Functions and classes of the user count by their code, data by value, everything of libraries by name. What has no
fingerprint is a problem; all problems are collected, so that the user sees them at once.
"""

import dataclasses
import functools
import hashlib
import sys
import types
import weakref
from collections.abc import Callable, Iterable
from typing import Any

from cocosql.code_version import classes, declared, origin, special, values
from cocosql.code_version.dependencies import ITEM, Analysis, analyze
from cocosql.code_version.state import State

#: Attributes of a function or instance that say nothing about what it does.
_BOOKKEEPING = {"__doc__", "__module__", "__name__", "__qualname__", "__annotations__", "__type_params__"}
_MISSING = object()
#: Up to this length, data is copied rather than hashed apart.
_SHORT = 4096


@dataclasses.dataclass
class Walk:
    """One pass. Things in `state` do not count."""

    state: State
    home: origin.Home
    #: Names of libraries that the user declared something else for.
    declared: frozenset[str] = frozenset()
    problems: list[str] = dataclasses.field(default_factory=list)
    #: The user's functions and classes, as they are met.
    code: list[types.FunctionType | type] = dataclasses.field(default_factory=list)
    #: New pins, by home, module and attributes (see `_Pin`).
    pins: dict[tuple[Any, ...], "_Pin"] = dataclasses.field(default_factory=dict)
    #: Sets and imports that are being digested further up, by id or name: they may contain themselves.
    busy: frozenset[Any] = frozenset()
    #: What of libraries the code reaches into.
    libraries: set[origin.Library] = dataclasses.field(default_factory=set)

    def __post_init__(self) -> None:
        self._hash = hashlib.sha256()
        self._numbers: dict[int, int] = {}
        #: Objects whose ids are in use above.
        self._kept: list[Any] = []
        self._analyses: list[Analysis] = []
        self._partial_keywords: set[str] = set()
        #: How deep in a library's wrapper: what that holds for itself is the library's business.
        self._foreign = 0
        #: Whether in the definition of a class, or in what decorators left with a function: things of libraries there
        #: count by their attributes.
        self._described = False
        self._reader = ""
        self._place = ""

    # What is written

    def write(self, kind: str, *data: values.Bytes | str) -> None:
        parts = [part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part for part in data]
        size = sum(map(len, parts))
        head = f"{kind} {size} ".encode()
        if size < _SHORT:
            self._hash.update(b"".join([head, *parts]))
            return
        for part in (head, *parts):
            self._hash.update(part)

    def finish(self) -> bytes:
        """The digest, when all is followed."""
        self._write_parameters()
        if self.libraries:
            self.write("libraries", origin.names(self.libraries, self.declared))
        return self._hash.digest()

    def _write_parameters(self) -> None:
        """A parameter's name counts where some call may pass it by name."""
        keywords = {word for analysis in self._analyses for word in analysis.keywords} | self._partial_keywords
        stars = any(analysis.has_double_star for analysis in self._analyses)
        for number, analysis in enumerate(self._analyses):
            names = [name if name in keywords or (stars and number) else "" for name in analysis.parameters]
            if any(names):
                self.write("parameters", "\0".join(names))

    def named(self, name: str, library: origin.Library) -> None:
        """A thing of a library counts by its name, and the library by its version."""
        self.write("named", name)
        self.libraries.add(library)

    def by_type(self, kind: str, value: Any, name: str | None = None) -> None:
        """A thing that counts by its type only."""
        self.write(kind, name if name is not None else origin.qualified_name(type(value)))
        self._library_of_type(type(value))

    def _library_of_type(self, cls: type) -> None:
        library = self.home.library_of_class(cls)
        if library is not None:
            self.libraries.add(library)

    def problem(self, value: Any) -> None:
        name = origin.qualified_name(type(value))
        self.by_type("type", value)
        if not self._foreign and not self._described:
            self.problems.append(f"{self._reader} reads {self._place}, a {name}")

    def source_of(self, module: str) -> None:
        """Compiled code of the user counts by its file."""
        self.write("source", declared.module_digest(sys.modules[module]))

    def part(self, suffix: str, value: Any) -> None:
        """A part of what is at hand: an element, an attribute."""
        outer = self._place
        # Places end with a backtick: "the global `model`".
        self._place = f"{outer[:-1]}{suffix}`" if suffix and outer.endswith("`") else outer
        self.value(value)
        self._place = outer

    def at(self, place: str, value: Any, reader: str | None = None) -> None:
        """A thing with a name of its own: a global, a default, an attribute of a class."""
        outer = self._place, self._reader
        self._place, self._reader = place, reader if reader is not None else self._reader
        self.value(value)
        self._place, self._reader = outer

    def met(self, value: Any) -> bool:
        """Whether a thing was met before; then its number is written."""
        number = self._numbers.get(id(value))
        if number is not None:
            self.write("again", str(number))
            return True
        self._numbers[id(value)] = len(self._numbers)
        self._kept.append(value)
        return False

    # Values

    def value(self, value: Any) -> None:
        if (id(value), ITEM) in self.state and not isinstance(value, type | types.FunctionType):
            self._composite(value)
            return
        data = values.plain(value)
        if data is not None:
            self.write(type(value).__name__, *data)
            if type(value).__module__ != "builtins":
                self._library_of_type(type(value))
        elif isinstance(value, types.FunctionType):
            self.function(value)
        elif isinstance(value, type):
            self.class_(value)
        elif type(value) in (list, tuple, dict) or not any(write(self, value) for write in special.KINDS):
            self._composite(value)

    def _composite(self, value: Any) -> None:
        if isinstance(value, set | frozenset | weakref.WeakSet):
            self._set(value)
            return
        if (id(value), ITEM) in self.state and not self.is_own_class(type(value)):
            self.by_type("state", value)
            return
        inside = values.parts(value)
        cls = type(value)
        is_own = self.is_own_class(cls)
        is_described = self._described and bool(classes.attributes(value))
        if inside is None and not (is_own or is_described or classes.has_declared_fields(cls)):
            self.problem(value)
            return
        is_shared = not isinstance(value, tuple | str | int | float | bytes)
        if is_shared and self.met(value):
            return
        if is_own or cls.__module__ != "builtins":
            self.class_(cls)
        self.write(cls.__name__)
        for suffix, part in () if (id(value), ITEM) in self.state else inside or ():
            if not (suffix.startswith(".") and (id(value), suffix[1:]) in self.state):
                self.part(suffix, part)
        if is_own or inside is None:
            self._instance_attributes(value)
        self.write("end")

    def _set(self, value: set[Any] | frozenset[Any] | weakref.WeakSet[Any]) -> None:
        """Sets have no order: their elements count by digests of their own, sorted."""
        if type(value) not in (set, frozenset):
            self.class_(type(value))
        if (id(value), ITEM) in self.state:
            return
        self.write(type(value).__name__, str(len(value)))
        if id(value) in self.busy:
            return
        digests = [self._apart(functools.partial(_write_value, element), id(value)) for element in list(value)]
        self.write("elements", b"".join(sorted(digests)))

    def _apart(self, write: Callable[["Walk"], None], busy: Any) -> bytes:
        """The digest of something as if it were met first."""
        inner = Walk(self.state, self.home, self.declared, busy=self.busy | {busy})
        inner._reader, inner._place = self._reader, self._place
        inner._foreign, inner._described = self._foreign, self._described
        write(inner)
        digest = inner.finish()
        self._kept.append(inner)
        self.problems += inner.problems
        self.code += inner.code
        self.pins |= inner.pins
        return digest

    def _instance_attributes(self, value: Any) -> None:
        """An instance's attributes, without those that methods set as they go."""
        cls = type(value)
        found = sorted(classes.attributes(value).items())
        for name, part in found:
            lazy = any(classes.is_cached_property(vars(base).get(name)) for base in cls.__mro__)
            if lazy or name in _BOOKKEEPING or (id(value), name) in self.state:
                continue
            self.write("attribute", name)
            self.part(f".{name}", part)

    # Functions

    def function(self, function: types.FunctionType) -> None:
        library = self.home.library_of_function(function)
        own = library is None
        if library is None:
            self.write("function")
        else:
            self.named(_code_name(function), library)
        if not own and not function.__closure__ and not hasattr(function, "__wrapped__"):
            return
        if self.met(function):
            return
        outer = self._foreign, self._reader, self._place, self._described
        self._foreign = 0 if own else self._foreign + 1
        if own:
            self._reader, self._described = function.__qualname__.rpartition("<locals>.")[2], False
            self._own_function(function)
        else:
            self._closure(function, function.__code__.co_freevars)
        self._extras(function, own)
        self._foreign, self._reader, self._place, self._described = outer

    def _own_function(self, function: types.FunctionType) -> None:
        self.code.append(function)
        analysis = analyze(function.__code__)
        self._analyses.append(analysis)
        self.write("code", analysis.form.digest)
        self._closure(function, analysis.form.closure)
        self._defaults(function)
        for path in analysis.reads:
            if path[0] == "global":
                self._global(function, path[1:])
            else:
                self._import(function.__globals__, path[1], path[2:])

    def _closure(self, function: types.FunctionType, names: tuple[str, ...]) -> None:
        cells = dict(zip(function.__code__.co_freevars, function.__closure__ or (), strict=True))
        for name in names:
            cell = cells[name]
            self._kept.append(cell)
            if (id(cell), "") in self.state:
                continue
            try:
                content = cell.cell_contents
            except ValueError:
                self.write("empty")
                continue
            self.at(f"the closure value `{name}`", content)

    def _defaults(self, function: types.FunctionType) -> None:
        code = function.__code__
        positional = code.co_varnames[: code.co_argcount]
        defaults = function.__defaults__ or ()
        pairs = [*zip(positional[len(positional) - len(defaults) :], defaults, strict=True)]
        keyword_only = code.co_varnames[code.co_argcount : code.co_argcount + code.co_kwonlyargcount]
        given = function.__kwdefaults__ or {}
        pairs += [(name, given[name]) for name in keyword_only if name in given]
        self.write("defaults", f"{len(defaults)} {[name in given for name in keyword_only]}")
        for name, default in pairs:
            self.at(f"the default of `{name}`", default)

    def _extras(self, function: types.FunctionType, own: bool) -> None:
        wrapped = vars(function).get("__wrapped__", _MISSING)
        if wrapped is not _MISSING:
            self.at("the wrapped function", wrapped)
        self._described = True
        for name, part in sorted(vars(function).items()) if own else ():
            if name not in ("__wrapped__", "__signature__") and (id(function), name) not in self.state:
                self.write("attribute", name)
                self.at(f"the attribute `{function.__name__}.{name}`", part)

    # Globals

    def _global(self, function: types.FunctionType, path: tuple[str, ...]) -> None:
        namespace = function.__globals__
        name, *attributes = path
        if name not in namespace or (id(namespace), name) in self.state:
            return
        value = namespace[name]
        if value is function:
            # Recursion: the name says it all.
            self._function_attribute(value, attributes)
            return
        self.write("global", ".".join(path))
        self._attribute_path(value, name, attributes)

    def _attribute_path(self, value: Any, name: str, attributes: list[str]) -> None:
        """What a dotted path means: through modules of the user to the thing itself."""
        names = [name]
        while isinstance(value, types.ModuleType) and attributes:
            library = self.home.library_of_module(value)
            if library is not None and not origin.is_namespace_package(value):
                self.named(".".join([value.__name__, *attributes]), library)
                return
            name, *attributes = attributes
            names.append(name)
            if (id(vars(value)), name) in self.state:
                return
            value = _member(value, name)
            if value is _MISSING:
                self.write("missing", name)
                return
        self.at(f"the global `{'.'.join(names)}`", value)
        self._function_attribute(value, attributes)

    def _function_attribute(self, value: Any, attributes: list[str]) -> None:
        """`f.limit`: an attribute that the user gave to a function, or its docstring."""
        name = attributes[0] if attributes else ""
        if name == "__doc__" and isinstance(value, type) and self.is_own_class(value):
            self.write("doc", value.__doc__ or "")
        if not isinstance(value, types.FunctionType) or self.home.library_of_function(value):
            return
        if name in vars(value) and (id(value), name) not in self.state:
            self.at(f"the attribute `{value.__name__}.{name}`", vars(value)[name])
        elif name == "__doc__":
            self.write("doc", value.__doc__ or "")

    # Imports inside functions

    def _import(self, namespace: dict[str, Any], what: str, attributes: tuple[str, ...]) -> None:
        """A module that a function imports: its file as long as it is not loaded, then what is used of it.

        The version must not change because the first call loads the module; so once loaded it still counts by the file
        it was loaded from, until what is loaded changes.
        """
        level, _, name = what.partition(" ")
        module_name = origin.absolute_module_name(namespace, int(level), name)
        while attributes and _is_module(module_name, attributes[0]):
            module_name, attributes = f"{module_name}.{attributes[0]}", attributes[1:]
        key = (module_name, *attributes)
        self.write("import", ".".join(key))
        if key in self.busy:
            return
        module = sys.modules.get(module_name)
        if module is None:
            self._unloaded(module_name, key)
            return
        library = self.home.library_of_module(module)
        if library is not None and not origin.is_namespace_package(module):
            self.libraries.add(library)
            return
        pin = _pins.get((self.home, *key))
        loaded = self._apart(functools.partial(_write_used, module, attributes), key)
        if pin is not None and pin.loaded in (None, loaded):
            self.pins[(self.home, *key)] = _Pin(pin.file, loaded)
            self.write("file", pin.file)
        else:
            self.write("loaded", loaded)

    def _unloaded(self, module_name: str, key: tuple[str, ...]) -> None:
        files, libraries = special.files_of_import(self.home, module_name, key[-1] if len(key) > 1 else "")
        if files:
            names = origin.names(libraries, self.declared).encode()
            digest = hashlib.sha256(b"".join([*map(declared.source_digest, files), names])).digest()
            self.pins[(self.home, *key)] = _Pin(digest, None)
            self.write("file", digest)
        else:
            self.libraries |= libraries

    def used_of_module(self, module: types.ModuleType, attributes: tuple[str, ...]) -> None:
        if attributes:
            self._attribute_path(module, module.__name__, list(attributes))
        else:
            self.value(module)

    def passes_by_name(self, names: Iterable[str]) -> None:
        """Note that a call passes arguments by these names."""
        self._partial_keywords.update(names)

    # Classes

    def is_own_class(self, cls: type) -> bool:
        return self.home.library_of_class(cls) is None

    def class_(self, cls: type) -> None:
        library = self.home.library_of_class(cls)
        if library is not None:
            self.named(origin.qualified_name(cls), library)
            return
        self.write("class", cls.__name__)
        if self.met(cls):
            return
        self.code.append(cls)
        if origin.is_compiled(cls.__module__):
            self.source_of(cls.__module__)
        outer = self._reader, self._place, self._described
        self._reader, self._described = cls.__qualname__.rpartition("<locals>.")[2], False
        for base in (*cls.__bases__, type(cls)):
            self.class_(base)
        self._described = True
        for name, part in classes.fields(cls):
            self.write("field", name)
            self.at(f"the field `{name}`", part)
        for name, part in classes.annotations(cls).items():
            self.write("annotation", name)
            self._annotation(cls, part)
        self._described = False
        for name, part in classes.defaults(cls):
            self.write("default", name)
            self.at(f"the default of the field `{name}`", part)
        for name, part in classes.members(cls):
            if (id(cls), name) not in self.state:
                self.write("member", name)
                self._member(cls, name, part)
        self._reader, self._place, self._described = outer

    def _annotation(self, cls: type, annotation: Any) -> None:
        """An annotation that is a text also counts by what its names mean in the module of its class."""
        self.at(f"an annotation of `{cls.__qualname__}`", annotation)
        if isinstance(annotation, str):
            namespace = vars(sys.modules.get(cls.__module__, types))
            for name in classes.names_in(annotation):
                if isinstance(namespace.get(name), type):
                    self.class_(namespace[name])

    def _member(self, cls: type, name: str, member: Any) -> None:
        self.at(f"the class attribute `{cls.__qualname__}.{name}`", member)


@dataclasses.dataclass(frozen=True)
class _Pin:
    """A module that was not loaded when its file was digested, and what it was when first seen loaded."""

    file: bytes
    loaded: bytes | None


_pins: dict[tuple[Any, ...], _Pin] = {}


def pin(pins: dict[tuple[Any, ...], _Pin]) -> None:
    """Remember what a finished walk found out about imports."""
    _pins.update(pins)


def _write_value(value: Any, walk: Walk) -> None:
    walk.value(value)


def _write_used(module: types.ModuleType, attributes: tuple[str, ...], walk: Walk) -> None:
    walk.used_of_module(module, attributes)


def _code_name(function: types.FunctionType) -> str:
    return f"{function.__globals__.get('__name__')}.{function.__code__.co_qualname}"


def _is_module(package: str, name: str) -> bool:
    """Whether a name of a package that is loaded means a module, which may be still to be loaded."""
    loaded = sys.modules.get(package)
    if loaded is None or not hasattr(loaded, "__path__"):
        return False
    found = vars(loaded).get(name, _MISSING)
    if found is _MISSING:
        return origin.find_file(f"{package}.{name}") is not None
    return found is sys.modules.get(f"{package}.{name}")


def _member(module: types.ModuleType, name: str) -> Any:
    """What a module has under a name, without running its `__getattr__`."""
    if name in vars(module):
        return vars(module)[name]
    return sys.modules.get(f"{module.__name__}.{name}", _MISSING)
