"""What code changes itself of the things that it reads: its state, which is no part of its version.

Code is followed from the function on, with the objects that are there now: an attribute is state if code that may run
binds that attribute of that object. What cannot be told is not state, so it counts.
"""

import builtins
import collections
import functools
import inspect
import operator
import sys
import types
from collections.abc import Iterable, Iterator, MutableMapping, MutableSequence, MutableSet
from typing import Any

from cocosql.code_version import classes, origin
from cocosql.code_version.dependencies import ENTERED, ITEM, SUPER, Analysis, Call, Change, Path, analyze

#: What code changes itself: the namespace, object or cell that holds it (by id), and its name there; `ITEM` for what
#: a container holds.
State = frozenset[tuple[int, str]]

_CONTAINERS = (MutableMapping, MutableSequence, MutableSet, collections.deque)
_ELEMENTS = (list, tuple, set, frozenset, dict, collections.deque, types.MappingProxyType)
_DATA = (str, bytes, int, float, complex, type(None))
#: Of a large container, or of many things that an argument may be, these many are looked at.
_MANY = 1000
_MISSING = object()
#: Methods that run because a thing is made, or by a step that is followed by itself.
_NOT_BY_USE = frozenset(
    [
        *("__init__", "__new__", "__post_init__", "__attrs_post_init__", "__init_subclass__", "__class_getitem__"),
        *("__set_name__", "__setstate__", "__del__", "__setattr__", "__delattr__", "__setitem__", "__delitem__"),
        *("__getattr__", "__getattribute__", "__getitem__", "__set__", "__delete__"),
    ]
)
_ITERATING = ("__getitem__", "__iter__", "__next__", "__aiter__", "__anext__")
_ENTERING = ("__enter__", "__aenter__", "__exit__", "__aexit__")
#: Methods that run by a step that is followed, or where a library has the thing.
_BY_LIBRARIES = frozenset(
    ["__call__", "__enter__", "__exit__", "__aenter__", "__aexit__", "__iter__", "__next__", "__aiter__", "__anext__"]
)
_MAKERS = ("__init__", "__new__", "__post_init__", "__attrs_post_init__")
_IN_PLACE = frozenset(name for name in dir(operator) if f"__{name.removeprefix('__i')}" in dir(operator))
#: Builtins that run no method of what they are given, or one that is followed.
_SEEING = (setattr, delattr, getattr, hasattr, isinstance, type, id, super)
#: Builtins that give back what they were given, or its elements.
_PASSING = (iter, next, reversed, sorted, enumerate, zip, map, filter, min, max, list, tuple, set, dict)


class _New:
    """An object that the code makes: what the code binds on it is nobody else's."""

    def __init__(self, cls: type) -> None:
        self.cls = cls


class _Super:
    """An object, seen by the methods of classes above its own."""

    def __init__(self, owner: Any) -> None:
        self.owner = owner


_NOBODYS = (*_DATA, _Super)


def find_state(function: Any, home: origin.Home) -> tuple[State, list[Any]]:
    """The state of a function's code, and what must be kept as long as that is used."""
    finder = _Finder(home)
    finder.use(function)
    if not isinstance(function, types.FunctionType):
        for called in finder.behind(_in_class(type(function), "__call__")):
            finder.bind_first(called, function)
    finder.follow()
    return frozenset(finder.state), finder.kept


class _Finder:
    def __init__(self, home: origin.Home) -> None:
        self.home = home
        self.state: set[tuple[int, str]] = set()
        self.kept: list[Any] = []
        self.functions: dict[int, types.FunctionType] = {}
        self.waiting: dict[int, types.FunctionType] = {}
        #: What arguments may be, by function and name.
        self.bound: dict[tuple[int, str], dict[int, Any]] = {}
        self.used: set[int] = set()
        #: One object for each method of an object, and for each thing that is made.
        self.single: dict[tuple[Any, ...], Any] = {}
        self.resolving: set[tuple[int, Path]] = set()
        #: What paths mean, until something more is known of arguments.
        self.resolved: dict[tuple[int, Path], list[Any]] = {}
        self.bindings = 0

    def follow(self) -> None:
        while self.waiting:
            function = self.waiting.pop(next(iter(self.waiting)))
            analysis = analyze(function.__code__)
            for path in analysis.loads:
                for value in self.resolve(function, analysis, path):
                    self.use(value)
            for call in analysis.calls:
                self.results(function, analysis, call)
            for change in analysis.changes:
                self.note(function, analysis, change)

    # Code that may run

    def use(self, value: Any, depth: int = 0) -> None:
        """Code has a thing in hand: it may call it, and use it with operators."""
        if isinstance(value, _DATA) or (id(value) in self.used):
            return
        self.used.add(id(value))
        self.kept.append(value)
        if isinstance(value, types.FunctionType):
            for function in self.behind(value):
                self.reach(function)
        elif isinstance(value, _ELEMENTS):
            for element in _elements(value) if depth < 3 else ():
                if not self.is_own(element) or isinstance(element, type | types.FunctionType):
                    self.use(element, depth + 1)
        elif isinstance(value, types.MethodType):
            self.bind_first(value.__func__, value.__self__)
        elif isinstance(value, type):
            self.make(value)
        elif self.is_own(value):
            self.use_operators(value, _NOT_BY_USE | _IN_PLACE | _BY_LIBRARIES)
        else:
            for function in self.behind(value):
                self.reach(function)

    def use_operators(self, value: Any, without: frozenset[str] = frozenset()) -> None:
        for name, function in self.methods(_class(value)):
            if name.startswith("__") and name.endswith("__") and name not in without:
                self.bind_first(function, value)

    def reach(self, function: types.FunctionType) -> None:
        if id(function) not in self.functions:
            self.functions[id(function)] = self.waiting[id(function)] = function

    def behind(self, value: Any, depth: int = 0) -> Iterator[types.FunctionType]:
        """The user's functions in a function, or in what a library or a decorator wrapped around it."""
        if depth > 20:
            return
        inner: Any = None
        if isinstance(value, types.FunctionType):
            inner = value.__dict__.get("__wrapped__")
            if self.home.library_of_function(value) is None:
                yield value
            elif inner is None:
                for cell in value.__closure__ or ():
                    yield from self.behind(_content(cell), depth + 1)
        elif isinstance(value, functools.partial | functools.partialmethod):
            inner = value.func
        elif isinstance(value, staticmethod | classmethod):
            inner = value.__func__
        elif classes.is_cached_property(value):
            inner = getattr(value, "func", None)
        elif type(value).__module__ == "cocosql.udf":
            inner = getattr(value, "function", None)
        elif callable(value) and not isinstance(value, type | types.ModuleType):
            inner = origin.inspected(value, "__wrapped__")
        if inner is not None:
            yield from self.behind(inner, depth + 1)

    def make(self, cls: type) -> _New | None:
        """An instance of a class of the user, made by its constructor."""
        if not self.is_own_class(cls):
            return None
        made: _New = self.one(("new", cls), lambda: _New(cls))
        if ("made", cls) in self.single:
            return made
        self.single["made", cls] = cls
        for name, function in self.methods(cls):
            if name in _MAKERS:
                self.bind_first(function, cls if name == "__new__" else made)
        for name, function in self.methods(type(cls)):
            if name == "__call__":
                self.bind_first(function, cls)
        if classes.has_declared_fields(cls) and not hasattr(cls, "__dataclass_fields__"):
            for _, function in self.methods(cls):  # Validators and the like, which the library calls.
                self.reach(function)
        return made

    def methods(self, cls: type) -> list[tuple[str, types.FunctionType]]:
        """The methods of a class in code of the user, with those that it inherits."""
        known: list[tuple[str, types.FunctionType]] = self.one(
            ("methods", cls),
            lambda: [
                (name, function)
                for base in cls.__mro__
                if self.is_own_class(base)
                for name, member in vars(base).items()
                if not isinstance(member, property)
                for function in self.behind(member)
            ],
        )
        return known

    def one(self, key: tuple[Any, ...], make: Any) -> Any:
        if key not in self.single:
            self.single[key] = make()
        return self.single[key]

    # What arguments may be

    def bind_first(self, function: Any, value: Any) -> None:
        for own in self.behind(function):
            self.reach(own)
            if own.__code__.co_argcount:
                self.bind(own, own.__code__.co_varnames[0], value)

    def bind(self, function: types.FunctionType, name: str, value: Any) -> None:
        known = self.bound.setdefault((id(function), name), {})
        if isinstance(value, _DATA) or id(value) in known or len(known) >= _MANY:
            return
        known[id(value)] = value
        self.bindings += 1
        self.resolved.clear()
        self.kept.append(value)
        self.functions[id(function)] = self.waiting[id(function)] = function

    def bind_call(
        self, function: types.FunctionType, caller: tuple[types.FunctionType, Analysis], call: Call, first: list[Any]
    ) -> None:
        self.reach(function)
        code = function.__code__
        names = code.co_varnames[: code.co_argcount]
        given = [(name, [value]) for name, value in zip(names, first, strict=False)]
        positional = [self.resolve(*caller, path) for path in call.arguments]
        given += zip(names[len(first) :], positional, strict=False)
        every = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
        given += [(name, self.resolve(*caller, path)) for name, path in call.keywords if name in every]
        for name, values in given:
            for value in values:
                self.bind(function, name, value)

    # Paths

    def resolve(self, function: types.FunctionType, analysis: Analysis, path: Path | None) -> list[Any]:
        """The things that a path may mean now."""
        if path is None or path[0] == "const":
            return []
        key = (id(function), path)
        known = self.resolved.get(key)
        if known is not None or key in self.resolving:
            return known or []
        before = self.bindings
        self.resolving.add(key)
        found = list(self.root(function, analysis, path))
        for step in path[2:]:
            found = _different(each for value in found for each in self.step(value, step))
        self.resolving.discard(key)
        if not self.resolving and before == self.bindings:
            self.resolved[key] = found
        return found

    def root(self, function: types.FunctionType, analysis: Analysis, path: Path) -> Iterable[Any]:
        kind, name = path[:2]
        if kind == "global":
            value = function.__globals__.get(name, getattr(builtins, name, _MISSING))
            return [] if value is _MISSING else [value]
        if kind == "free":
            cell = self.cell(function, name)
            value = _content(cell) if cell is not None else _MISSING
            return [] if value is _MISSING else [value]
        if kind == "argument":
            known = self.bound.get((id(function), name), {})
            return [*known.values(), *_default(function, name)]
        if kind == "local":
            return [each for one in analysis.bindings[name] for each in self.resolve(function, analysis, one)]
        if kind == "import":
            module = _imported(function, name)
            return [] if module is None else [module]
        return self.results(function, analysis, analysis.calls[int(name[1:-1])])

    def cell(self, function: types.FunctionType, name: str) -> types.CellType | None:
        names = function.__code__.co_freevars
        return (function.__closure__ or ())[names.index(name)] if name in names else None

    def step(self, value: Any, step: str) -> Iterable[Any]:
        if step == SUPER:
            return [self.one(("super", id(value)), lambda: _Super(value))]
        if step not in (ITEM, ENTERED):
            return self.attribute(value, step)
        if isinstance(value, _ELEMENTS):
            return _elements(value) if step == ITEM else []
        if not self.is_own(value):
            return []
        found = [
            result
            for name in (_ITERATING if step == ITEM else _ENTERING)
            for function in self.behind(_in_class(_class(value), name))
            for result in self.method_results(function, value)
        ]
        return found or [value]

    def attribute(self, value: Any, name: str) -> Iterable[Any]:
        """What an attribute may be; nothing of the user is run for it."""
        if isinstance(value, types.ModuleType):
            found = vars(value).get(name, sys.modules.get(f"{value.__name__}.{name}", _MISSING))
            return [] if found is _MISSING else [found]
        if name == "__class__":
            return [_class(value)]
        if isinstance(value, _Super):
            bases = _class(value.owner).__mro__[1:]
            return [each for base in bases for each in self.of_class(value.owner, vars(base).get(name, _MISSING))]
        if isinstance(value, type):
            return self.of_type(value, name) if self.is_own_class(value) else [getattr(value, name, None)]
        if isinstance(value, _CONTAINERS) and not self.is_own(value):
            return [getattr(value, name, None)]
        if isinstance(value, types.FunctionType | types.SimpleNamespace):
            return [vars(value)[name]] if name in vars(value) else []
        return self.of_instance(value, name) if self.is_own(value) else []

    def of_type(self, cls: type, name: str) -> Iterable[Any]:
        found = _in_class(cls, name)
        if found is _MISSING:
            return self.of_class(cls, _in_class(type(cls), name))
        if isinstance(found, classmethod):
            return self.bound_methods(found, cls)
        return [found.__func__ if isinstance(found, staticmethod) else found]

    def of_instance(self, value: Any, name: str) -> Iterable[Any]:
        for function in self.behind(_in_class(_class(value), "__getattribute__")):
            self.bind_first(function, value)
        in_class = _in_class(_class(value), name)
        held = _held(value, name)
        if held is not _MISSING and not isinstance(in_class, property):
            return [held]
        if in_class is not _MISSING:
            return self.of_class(value, in_class)
        getters = self.behind(_in_class(_class(value), "__getattr__"))
        return [result for function in getters for result in self.method_results(function, value)]

    def of_class(self, owner: Any, member: Any) -> Iterable[Any]:
        """What an instance has of an attribute of its class."""
        if member is _MISSING:
            return []
        if isinstance(member, property) or classes.is_cached_property(member):
            getter = member.fget if isinstance(member, property) else getattr(member, "func", None)
            return [result for function in self.behind(getter) for result in self.method_results(function, owner)]
        if isinstance(member, staticmethod):
            return [member.__func__]
        if isinstance(member, classmethod):
            return self.bound_methods(member, _class(owner))
        if self.is_own(member) and _in_class(type(member), "__get__") is not _MISSING:
            for function in self.behind(_in_class(type(member), "__get__")):
                self.bind_first(function, member)
        return self.bound_methods(member, owner) or [member]

    def bound_methods(self, member: Any, owner: Any) -> list[Any]:
        if not callable(member) and not isinstance(member, classmethod):
            return []
        if isinstance(member, type):
            return []
        return [
            self.one((id(function), id(owner)), functools.partial(types.MethodType, function, owner))
            for function in self.behind(member)
        ]

    # Calls

    def results(self, function: types.FunctionType, analysis: Analysis, call: Call) -> list[Any]:
        """What a call may give back; its arguments are bound to those of what it calls."""
        found: list[Any] = []
        for called in self.resolve(function, analysis, call.function):
            is_partial = isinstance(called, functools.partial)
            first = [*called.args] if is_partial else []
            found += self.result(called.func if is_partial else called, first, (function, analysis), call)
        return _different(found)

    def result(
        self, called: Any, first: list[Any], caller: tuple[types.FunctionType, Analysis], call: Call
    ) -> Iterable[Any]:
        if isinstance(called, types.MethodType):
            called, first = called.__func__, [called.__self__, *first]
        if isinstance(called, type) and self.is_own_class(called):
            return self.instances(called, caller, call)
        if self.is_own(called) and not isinstance(called, type | types.FunctionType):
            first, called = [called, *first], _in_class(_class(called), "__call__")
        own = [*self.behind(called)]
        if own:
            for function in own:
                self.bind_call(function, caller, call, first)
            return [result for function in own for result in self.returned(function)]
        return self.of_builtin(called, caller, call)

    def instances(self, cls: type, caller: tuple[types.FunctionType, Analysis], call: Call) -> list[Any]:
        made = self.make(cls)
        for function in self.behind(_in_class(cls, "__init__")):
            self.bind_call(function, caller, call, [made])
        kept = [each for function in self.behind(_in_class(cls, "__new__")) for each in self.returned(function)]
        return [made, *kept]

    def of_builtin(self, called: Any, caller: tuple[types.FunctionType, Analysis], call: Call) -> Iterable[Any]:
        arguments = [self.resolve(*caller, path) for path in call.arguments]
        if called is type and len(arguments) == 1:
            return [_class(value) for value in arguments[0]]
        for value in (each for values in arguments for each in values if self.is_own(each)):
            if called not in _SEEING and not isinstance(value, type | types.FunctionType):
                self.use_operators(value, _NOT_BY_USE | _IN_PLACE)
        names = [path[1] for path in call.arguments[1:2] if path is not None and path[0] == "const" and len(path) == 2]
        if called in (setattr, delattr, object.__setattr__, object.__delattr__):
            for value in arguments[0] if names else ():
                self.note_name(value, names[0])
        elif called is getattr:
            return [each for value in arguments[0] for name in names for each in self.attribute(value, name)]
        elif any(called is each for each in _PASSING):
            return [each for values in arguments for value in values for each in self.passed(value)]
        owner = getattr(called, "__self__", None)
        return self.passed(owner) if isinstance(owner, _ELEMENTS) else []

    def passed(self, value: Any) -> Iterable[Any]:
        """A thing of the user's, or the elements of a container: what holds them is made anew."""
        return self.step(value, ITEM) if isinstance(value, _ELEMENTS) else [value]

    def method_results(self, function: types.FunctionType, owner: Any) -> list[Any]:
        self.bind_first(function, owner)
        return self.returned(function)

    def returned(self, function: types.FunctionType) -> list[Any]:
        analysis = analyze(function.__code__)
        return [value for path in analysis.returns for value in self.resolve(function, analysis, path)]

    # Changes

    def note(self, function: types.FunctionType, analysis: Analysis, change: Change) -> None:
        path = change.path
        if change.kind == "name" and len(path) == 2:
            owner = function.__globals__ if path[0] == "global" else self.cell(function, path[1])
            if owner is not None:
                self.kept.append(owner)
                self.state.add((id(owner), path[1] if path[0] == "global" else ""))
        elif change.kind == "name":
            for value in self.resolve(function, analysis, path[:-1]):
                self.note_name(value, path[-1])
        else:
            self.note_items(self.resolve(function, analysis, path), change.kind)
            base = self.container(function, analysis, path)
            if base != path and not self.resolve_own(function, analysis, path):
                self.note_items(self.resolve(function, analysis, base), "method")

    def resolve_own(self, function: types.FunctionType, analysis: Analysis, path: Path) -> list[Any]:
        return [value for value in self.resolve(function, analysis, path) if self.is_own(value)]

    def container(self, function: types.FunctionType, analysis: Analysis, path: Path) -> Path:
        """What holds an item, an item of an item, or what a method of it gives: to fill these fills it."""
        while True:
            if path[-1] == ITEM:
                path = path[:-1]
                continue
            called = analysis.calls[int(path[1][1:-1])].function if path[0] == "call" and len(path) == 2 else None
            if called is None or len(called) < 3:
                return path
            if not any(isinstance(value, _CONTAINERS) for value in self.resolve(function, analysis, called[:-1])):
                return path
            path = called[:-1]

    def note_name(self, owner: Any, name: str) -> None:
        """An attribute is bound: by a setter, or in the object itself."""
        if isinstance(owner, types.ModuleType):
            owner = vars(owner)
        elif isinstance(owner, _Super):
            owner = owner.owner
        cls = _class(owner)
        for special in ("__setattr__", "__delattr__"):
            for function in self.behind(_in_class(cls, special)):
                self.bind_first(function, owner)
        member = _in_class(cls, name)
        if isinstance(member, property):
            for function in (*self.behind(member.fset), *self.behind(member.fdel)):
                self.bind_first(function, owner)
        elif self.is_own(member) and _in_class(type(member), "__set__") is not _MISSING:
            for function in self.behind(_in_class(type(member), "__set__")):
                self.bind_first(function, member)
        elif not isinstance(owner, _New):
            self.kept.append(owner)
            self.state.add((id(owner), name))

    def note_items(self, values: Iterable[Any], kind: str) -> None:
        for value in values:
            owner = value.owner if isinstance(value, _Super) else value
            if isinstance(owner, (_New, *_DATA)):
                continue
            names = {"item": ("__setitem__", "__delitem__"), "operator": _IN_PLACE}.get(kind, ())
            own = [each for name in names for each in self.behind(_in_class(_class(owner), name))]
            for function in own:
                self.bind_first(function, owner)
            if isinstance(owner, _CONTAINERS) or (kind != "method" and not own and not self.is_own(owner)):
                self.kept.append(owner)
                self.state.add((id(owner), ITEM))

    # Whose

    def is_own_class(self, cls: type) -> bool:
        return self.home.library_of_class(cls) is None

    def is_own(self, value: Any) -> bool:
        return not isinstance(value, _NOBODYS) and self.is_own_class(_class(value))


def _class(value: Any) -> type:
    return value.cls if isinstance(value, _New) else type(value)


def _content(cell: types.CellType) -> Any:
    try:
        return cell.cell_contents
    except ValueError:
        return _MISSING


def _elements(value: Any) -> list[Any]:
    """The elements of a container, keys and values of a dict, without plain data."""
    every = [*value.keys(), *value.values()] if isinstance(value, dict | types.MappingProxyType) else value
    return [element for _, element in zip(range(_MANY), list(every), strict=False) if not isinstance(element, _DATA)]


def _different(values: Iterable[Any]) -> list[Any]:
    return [*{id(value): value for value in values}.values()][:_MANY]


def _in_class(cls: type, name: str) -> Any:
    return next((vars(base)[name] for base in cls.__mro__ if name in vars(base)), _MISSING)


def _held(value: Any, name: str) -> Any:
    """What an instance itself has under a name, in its `__dict__` or a slot."""
    found = getattr(value, "__dict__", {}).get(name, _MISSING) if not isinstance(value, _New) else _MISSING
    slot = _in_class(_class(value), name)
    if found is _MISSING and isinstance(slot, types.MemberDescriptorType) and not isinstance(value, _New):
        return getattr(value, name, _MISSING)
    return found


def _default(function: types.FunctionType, name: str) -> list[Any]:
    parameter = inspect.signature(function).parameters.get(name) if _has_defaults(function) else None
    return [] if parameter is None or parameter.default is parameter.empty else [parameter.default]


def _has_defaults(function: types.FunctionType) -> bool:
    return bool(function.__defaults__ or function.__kwdefaults__)


def _imported(function: types.FunctionType, what: str) -> types.ModuleType | None:
    level, _, name = what.partition(" ")
    return sys.modules.get(origin.absolute_module_name(function.__globals__, int(level), name))
