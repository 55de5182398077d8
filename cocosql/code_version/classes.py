"""What makes up a class of the user, and an instance of it."""

import collections
import dataclasses
import enum
import functools
import inspect
import types
from collections.abc import Iterable, Iterator
from typing import Any

Functions = list[types.FunctionType]

#: Attributes that Python and libraries derive from the rest of a class.
_DERIVED = set(
    [
        "__dict__",
        "__weakref__",
        "__module__",
        "__doc__",
        "__qualname__",
        "__name__",
        "__firstlineno__",
        "__static_attributes__",
        "__slots__",
        "__annotations__",
        "__annotate__",
        "__annotate_func__",
        "__annotations_cache__",
        "__abstractmethods__",
        "_abc_impl",
        "__parameters__",
        "__orig_bases__",
        "__match_args__",
        "__dataclass_fields__",
        "__dataclass_params__",
        "__attrs_attrs__",
        "__attrs_props__",
        "__attrs_own_setattr__",
        "__signature__",
        "__class_vars__",
        "__private_attributes__",
        "model_fields",
        "__classcell__",
        "__classdictcell__",
        "__type_params__",
        "__non_callable_proto_members__",
        "__protocol_attrs__",
        "__required_keys__",
        "__optional_keys__",
        "__total__",
        "_fields",
        "_field_defaults",
        "__new_member__",
    ]
)
#: Those that every version of Python has: a new Python must not make new versions of code.
_DATACLASS_OPTIONS = ("init", "repr", "eq", "order", "unsafe_hash", "frozen")
_FIELDS = ("__dataclass_fields__", "__attrs_attrs__", "__pydantic_fields__")


_FIELD_OF_NAMEDTUPLE = type(vars(collections.namedtuple("_Example", "field"))["field"])


def has_declared_fields(cls: type) -> bool:
    """Whether instances are data by declaration: of a dataclass, attrs or pydantic."""
    return any(hasattr(cls, name) for name in _FIELDS)


def fields(cls: type) -> Iterator[tuple[str, Any]]:
    """The fields of a dataclass and the like, the members of an enum, in order."""
    own = vars(cls)
    if issubclass(cls, enum.Enum):
        yield from ((name, member._value_) for name, member in cls.__members__.items())
    elif "__dataclass_fields__" in own:
        yield "", [getattr(own.get("__dataclass_params__"), name, None) for name in _DATACLASS_OPTIONS]
        yield from ((field.name, _dataclass_field(field)) for field in own["__dataclass_fields__"].values())
    elif "__attrs_attrs__" in own:
        yield from ((field.name, _attrs_field(field)) for field in own["__attrs_attrs__"])
    elif "__pydantic_fields__" in own:
        yield "__doc__", cls.__doc__
        yield from ((name, _pydantic_field(field)) for name, field in own["__pydantic_fields__"].items())
    elif "_fields" in own and issubclass(cls, tuple):
        yield from ((name, own.get("_field_defaults", {}).get(name, "no default")) for name in own["_fields"])
    elif hasattr(cls, "__total__"):
        yield from inspect.get_annotations(cls).items()


def _dataclass_field(field: "dataclasses.Field[Any]") -> list[Any]:
    values = [field.type, field.default, field.default_factory, field.init, field.repr, field.hash, field.compare]
    values += [field.kw_only, dict(field.metadata)]
    return [
        "MISSING" if value is dataclasses.MISSING or repr(value).startswith("<dataclasses.") else value
        for value in values
    ]


def _attrs_field(field: Any) -> list[Any]:
    default = getattr(field.default, "factory", field.default)
    return [field.type, default, field.converter, field.init, field.eq, field.order, field.kw_only, field.alias]


def _pydantic_field(field: Any) -> list[Any]:
    return [*([name, value] for name, value in field.__repr_args__()), field.default_factory]


def members(cls: type) -> list[tuple[str, Any]]:
    """Methods and attributes by name, without those that follow from the rest."""
    skipped = _DERIVED
    if issubclass(cls, enum.Enum):
        skipped = skipped | set(cls.__members__) | {"__new__", "__reduce_ex__", "_generate_next_value_"}
    return [
        (name, member)
        for name, member in sorted(vars(cls).items())
        if name not in skipped
        and not name.startswith(("__pydantic_", "__attrs"))
        and not (issubclass(cls, enum.Enum) and name.startswith("_") and name.endswith("_") and not callable(member))
        and not _is_generated(member)
    ]


def _is_generated(member: Any) -> bool:
    """Whether a dataclass, attrs or namedtuple made it from the fields; slots have no state of their own."""
    if isinstance(member, types.MemberDescriptorType | types.GetSetDescriptorType | _FIELD_OF_NAMEDTUPLE):
        return True
    found = functions_of(inspect.unwrap(member) if isinstance(member, types.FunctionType) else member)
    return any(
        function.__code__.co_filename == "<string>"
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
    return found
