"""What makes up a class of the user, and an instance of it."""

import abc
import ast
import collections
import dataclasses
import enum
import functools
import inspect
import types
from collections.abc import Iterable, Iterator
from typing import Any

from cocosql.code_version.syntax import parsed

Functions = list[types.FunctionType]

#: What Python and libraries make of the rest of a class, what only names and describes it, and caches. All else in a
#: class's `__dict__` counts.
_DERIVED = frozenset(
    [
        *("__dict__", "__weakref__", "__module__", "__doc__", "__qualname__", "__name__", "__firstlineno__"),
        *("__static_attributes__", "__classcell__", "__classdictcell__", "__signature__"),
        *("__annotations__", "__annotate__", "__annotate_func__", "__annotations_cache__"),  # See `annotations`.
        *("__abstractmethods__", "__parameters__", "__type_params__"),
        *("__non_callable_proto_members__", "__protocol_attrs__"),
        *("__dataclass_fields__", "__dataclass_params__", "__attrs_attrs__", "__attrs_props__"),  # See `fields`.
        *("__attrs_own_setattr__", "__attrs_base_of_slotted__"),
    ]
)
#: What an enum derives from its members.
_DERIVED_IN_ENUMS = frozenset(
    [
        *("__new__", "__reduce_ex__", "_generate_next_value_", "_value_repr_", "_use_args_", "_member_type_"),
        *("_member_map_", "_member_names_", "_value2member_map_", "_unhashable_values_", "_hashable_values_"),
        *("_unhashable_values_map_", "_all_bits_", "_flag_mask_", "_singles_mask_", "_inverted_", "_sort_order_"),
    ]
)
_OF_MEMBERS_OF_ENUMS = ("_value_", "_name_", "__objclass__", "_sort_order_", "_inverted_")
#: What pydantic derives, besides names that begin with `__pydantic_`.
_DERIVED_IN_MODELS = frozenset(["__class_vars__", "__private_attributes__", "model_fields", "__fields__"])
#: Methods that `dataclasses` writes as text.
_WRITTEN = frozenset(
    [
        *("__init__", "__repr__", "__eq__", "__lt__", "__le__", "__gt__", "__ge__"),
        *("__hash__", "__setattr__", "__delattr__", "__replace__"),
    ]
)
#: Those that every version of Python has: a new Python must not make new versions of code.
_DATACLASS_OPTIONS = ("init", "repr", "eq", "order", "unsafe_hash", "frozen")
_FIELDS = ("__dataclass_fields__", "__attrs_attrs__", "__pydantic_fields__")
_OF_ATTRS = (
    *("validator", "repr", "eq", "eq_key", "order", "order_key", "hash", "init", "metadata", "type"),
    *("converter", "kw_only", "on_setattr", "alias"),
)


_FIELD_OF_NAMEDTUPLE = type(vars(collections.namedtuple("_Example", "field"))["field"])


def has_declared_fields(cls: type) -> bool:
    """Whether instances are data by declaration: of a dataclass, attrs or pydantic."""
    return any(hasattr(cls, name) for name in _FIELDS)


def fields(cls: type) -> Iterator[tuple[str, Any]]:
    """The fields of a dataclass and the like, the members of an enum, in order."""
    own = vars(cls)
    if issubclass(cls, enum.Enum):
        yield from ((name, [member._value_, _of_member(member)]) for name, member in cls.__members__.items())
    if "__dataclass_fields__" in own:
        yield "options", [getattr(own.get("__dataclass_params__"), name, None) for name in _DATACLASS_OPTIONS]
        yield from ((field.name, _dataclass_field(field)) for field in own["__dataclass_fields__"].values())
    if "__attrs_attrs__" in own:
        yield from ((field.name, _attrs_field(field)) for field in own["__attrs_attrs__"])
    if "__pydantic_fields__" in own:
        yield "__doc__", cls.__doc__
        yield "config", own.get("__pydantic_config__")
        yield from ((name, _public_slots(field)) for name, field in own["__pydantic_fields__"].items())
        yield from ((name, _public_slots(field)) for name, field in (own.get("__private_attributes__") or {}).items())
        yield from _pydantic_decorators(own.get("__pydantic_decorators__"))


def _of_member(member: enum.Enum) -> dict[str, Any]:
    return {name: value for name, value in sorted(vars(member).items()) if name not in _OF_MEMBERS_OF_ENUMS}


def defaults(cls: type) -> Iterator[tuple[str, Any]]:
    """The default values of fields, and what makes them."""
    own = vars(cls)
    for field in own.get("__dataclass_fields__", {}).values() if "__pydantic_fields__" not in own else ():
        yield from ((field.name, value) for value in (field.default, field.default_factory) if not _is_missing(value))
    for field in own.get("__attrs_attrs__", ()):
        yield field.name, getattr(field.default, "factory", field.default)
    for name, field in {**own.get("__pydantic_fields__", {}), **(own.get("__private_attributes__") or {})}.items():
        values = (getattr(field, "default", None), getattr(field, "default_factory", None))
        yield from ((name, value) for value in values if not _is_missing(value))


def _is_missing(value: Any) -> bool:
    return value is dataclasses.MISSING or type(value).__name__ == "PydanticUndefinedType"


def _dataclass_field(field: "dataclasses.Field[Any]") -> list[Any]:
    options = [field.init, field.repr, field.hash, field.compare, field.kw_only]
    return [field.type, getattr(field, "_field_type", None), dict(field.metadata), *map(str, options)]


def _attrs_field(field: Any) -> list[Any]:
    return [getattr(field, name, None) for name in _OF_ATTRS]


def _public_slots(value: Any) -> list[Any]:
    """What is said of a field, without its default."""
    names = [name for name in type(value).__slots__ if not name.startswith("_") and "default" not in name]
    found = [(name, getattr(value, name, None)) for name in names]
    return [part for part in found if part[1] is not None and part[1] != [] and not _is_missing(part[1])]


def _pydantic_decorators(decorators: Any) -> Iterator[tuple[str, Any]]:
    """What the decorators of validators and the like were given; their functions are members of the class."""
    for kind in dataclasses.fields(decorators) if dataclasses.is_dataclass(decorators) else ():
        found = getattr(decorators, kind.name)
        if isinstance(found, dict):
            yield from ((f"{kind.name} {name}", getattr(each, "info", None)) for name, each in found.items())


def annotations(cls: type) -> dict[str, Any]:
    """What stands behind the names in a class's body."""
    try:
        return dict(inspect.get_annotations(cls))
    except NameError:  # Python 3.14 looks names up only now.
        return {}


@functools.lru_cache(maxsize=1024)
def names_in(annotation: str) -> list[str]:
    """The names in an annotation that is a text."""
    try:
        tree = parsed(annotation, mode="eval")
    except SyntaxError:
        return []
    return sorted({node.id for node in ast.walk(tree) if isinstance(node, ast.Name)})


def members(cls: type) -> list[tuple[str, Any]]:
    """Methods and attributes by name, without those that follow from the rest."""
    own = vars(cls)
    skipped = _DERIVED
    if issubclass(cls, enum.Enum):
        skipped = skipped | cls.__members__.keys() | _DERIVED_IN_ENUMS
    if "__pydantic_decorators__" in own:
        skipped = skipped | _DERIVED_IN_MODELS
    return [
        (name, _GENERATED if _is_generated(cls, name, member) else member)
        for name, member in sorted(own.items())
        if name not in skipped
        and not (name.startswith("__pydantic_") and "__pydantic_decorators__" in own)
        and not isinstance(member, _MADE_BY_PYTHON)
    ]


#: Stands for a method that a library wrote from the fields: they count.
_GENERATED = "generated"
_MADE_BY_PYTHON = (
    types.MemberDescriptorType,
    types.GetSetDescriptorType,
    _FIELD_OF_NAMEDTUPLE,
    type(vars(abc.ABC)["_abc_impl"]),
)


def _is_generated(cls: type, name: str, member: Any) -> bool:
    """Whether a dataclass, attrs or namedtuple made a method from the fields."""
    found = functions_of(inspect.unwrap(member) if isinstance(member, types.FunctionType) else member)
    is_tuple = issubclass(cls, tuple) and "_fields" in vars(cls) and name == "__new__"
    is_written = is_tuple or ("__dataclass_fields__" in vars(cls) and name in _WRITTEN)
    return any(
        (function.__code__.co_filename == "<string>" and is_written)
        or function.__globals__.get("__name__") == "dataclasses"
        or function.__code__.co_filename.startswith("<attrs generated")
        for function in found
    )


def functions_of(member: Any) -> Functions:
    """The functions behind a method, static or class method, property or cached property."""
    behind: Iterable[Any] = (member,)
    if isinstance(member, staticmethod | classmethod):
        behind = (member.__func__,)
    elif isinstance(member, property):
        behind = (member.fget, member.fset, member.fdel)
    elif is_cached_property(member):
        behind = (getattr(member, "func", None),)
    elif not isinstance(member, types.FunctionType | type):
        behind = (getattr(member, "__dict__", {}).get("__wrapped__"),)
    return [each for each in behind if isinstance(each, types.FunctionType)]


def is_cached_property(member: Any) -> bool:
    return isinstance(member, functools.cached_property) or type(member).__name__ == "cached_property"


def attributes(value: Any) -> dict[str, Any]:
    """The attributes of an instance, in its `__dict__` and its slots."""
    found = dict(getattr(value, "__dict__", {}))
    for cls in type(value).__mro__:
        slots = vars(cls).get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            full = f"_{cls.__name__.lstrip('_')}{name}" if name.startswith("__") and not name.endswith("__") else name
            if full not in ("__dict__", "__weakref__") and hasattr(value, full):
                found[full] = getattr(value, full)
    # attrs makes a tuple of the set that its `in_` was given: its order differs from process to process.
    return {name: part for name, part in found.items() if f"_original_{name}" not in found}
