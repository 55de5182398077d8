"""SQL types of Python annotations."""

import dataclasses
import datetime as dt
import decimal
import enum
import sys
import types
import typing
import uuid
from collections.abc import Callable
from typing import Annotated, Any, NamedTuple


class Interval(NamedTuple):
    """An INTERVAL as DuckDB keeps it: one month and thirty days differ, so a timedelta cannot stand for it."""

    months: int = 0
    days: int = 0
    microseconds: int = 0


class Sql(str):
    """The SQL type of an annotation: ``Annotated[int, Sql("UTINYINT")]``."""

    __slots__ = ()


class Vector:
    """``Vector[384]``: a FLOAT[384]. The function gives a list, tuple or numpy array of that many floats."""

    def __class_getitem__(cls, size: int) -> Any:
        if not isinstance(size, int) or size < 1:
            raise TypeError(f"Vector takes the number of its elements, as in Vector[384], not {size!r}")
        return Annotated[list[float], Sql(f"FLOAT[{size}]")]


class Arrow:
    """``Arrow[str]``: a pyarrow.Array of a column's values, for functions that take and give whole columns.

    The element is an annotation or an SQL type (``Arrow["DECIMAL(18,2)"]``); with ``Arrow[str | None]`` the function
    gets NULLs.
    """

    def __class_getitem__(cls, element: Any) -> Any:
        import pyarrow as pa  # noqa: PLC0415 - only for functions that use it

        column = Annotated[pa.Array, Sql(element if isinstance(element, str) else sql_type(element))]
        return typing.Optional[column] if optional_part(element) is not None else column  # noqa: UP045


#: A JSON text.
Json = Annotated[str, Sql("JSON")]

_SCALARS: dict[Any, str] = {
    bool: "BOOLEAN",
    int: "BIGINT",
    float: "DOUBLE",
    str: "VARCHAR",
    bytes: "BLOB",
    dt.date: "DATE",
    dt.time: "TIME",
    dt.datetime: "TIMESTAMP",
    dt.timedelta: "INTERVAL",
    Interval: "INTERVAL",
    decimal.Decimal: "DECIMAL(18,3)",
    uuid.UUID: "UUID",
}


def optional_part(annotation: Any) -> Any:
    """The T of ``T | None``; None if the annotation is not optional."""
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        parts = [part for part in typing.get_args(annotation) if part is not types.NoneType]
        if len(parts) == 1 and len(typing.get_args(annotation)) == 2:
            return parts[0]
    return None


def is_arrow(annotation: Any) -> bool:
    """Whether it means a pyarrow array of a column's values.

    ``Arrow[str]``, ``Annotated[pa.Array, pa.string()]``, ``pa.StringArray``; also ``pa.Array``, which lacks a type.
    """
    annotation = optional_part(annotation) or annotation
    if typing.get_origin(annotation) is Annotated:
        annotation = annotation.__origin__
    pyarrow: Any = sys.modules.get("pyarrow")
    return isinstance(annotation, type) and bool(pyarrow) and issubclass(annotation, pyarrow.Array)


def sql_type(annotation: Any) -> str:
    """The SQL type that an annotation means.

    >>> sql_type(list[int])
    'BIGINT[]'
    >>> sql_type(Vector[3])
    'FLOAT[3]'
    >>> sql_type(Arrow[str])
    'VARCHAR'

    Raises:
        TypeError: if it means none.
    """
    optional = optional_part(annotation)
    if optional is not None:
        return sql_type(optional)
    if typing.get_origin(annotation) is Annotated:
        return _annotated_type(annotation)
    if is_arrow(annotation):
        return str(_arrow().sql_type_of_class(annotation))
    if annotation in _SCALARS:
        return _SCALARS[annotation]
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is list and len(arguments) == 1:
        return f"{sql_type(arguments[0])}[]"
    if origin is dict and len(arguments) == 2:
        return f"MAP({sql_type(arguments[0])}, {sql_type(arguments[1])})"
    if isinstance(annotation, type):
        return _class_type(annotation)
    raise TypeError(f"{annotation!r} means no SQL type; write it with Annotated[…, cocosql.types.Sql('TYPE')]")


def _annotated_type(annotation: Any) -> str:
    for part in annotation.__metadata__:
        if isinstance(part, Sql):
            return str(part)
    pyarrow: Any = sys.modules.get("pyarrow")
    for part in annotation.__metadata__:
        if pyarrow and isinstance(part, pyarrow.DataType):
            return str(_arrow().sql_type(part))
    return sql_type(annotation.__origin__)


def _arrow() -> Any:
    from cocosql import arrow  # noqa: PLC0415 - only where PyArrow is used

    return arrow


def _class_type(cls: type) -> str:
    if issubclass(cls, enum.Enum):
        values = ", ".join(_literal(str(member.value)) for member in cls)
        return f"ENUM({values})"
    fields = struct_fields(cls)
    if not fields:
        raise TypeError(f"{cls.__name__} means no SQL type; use a dataclass, an Enum or one of {_names()}")
    try:
        parts = [f"{_identifier(name)} {sql_type(field)}" for name, field in fields.items()]
    except RecursionError:
        raise TypeError(f"{cls.__name__} contains itself, which no SQL type can") from None
    return f"STRUCT({', '.join(parts)})"


def struct_fields(cls: type) -> dict[str, Any]:
    """Names and annotations of a dataclass, NamedTuple, TypedDict, Pydantic model or attrs class; else empty."""
    if _is_pydantic(cls):
        return {name: _pydantic_annotation(field) for name, field in _members(cls, "model_fields").items()}
    if dataclasses.is_dataclass(cls):
        names = [field.name for field in dataclasses.fields(cls)]
    elif typing.is_typeddict(cls):
        names = list(cls.__annotations__)
    elif hasattr(cls, "__attrs_attrs__"):
        names = [field.name for field in _members(cls, "__attrs_attrs__")]
    else:
        names = list(getattr(cls, "_fields", []))
    hints = typing.get_type_hints(cls, include_extras=True) if names else {}
    return {name: _bare(hints[name]) for name in names if name in hints}


def _is_pydantic(cls: type) -> bool:
    pydantic: Any = sys.modules.get("pydantic")
    return bool(pydantic) and issubclass(cls, pydantic.BaseModel)


def _pydantic_annotation(field: Any) -> Any:
    """The annotation as it was written: Pydantic keeps what stood in Annotated apart."""
    annotation = field.annotation
    for part in field.metadata:
        annotation = Annotated[annotation, part]
    return annotation


def _bare(annotation: Any) -> Any:
    """Without what a TypedDict says of whether the key is needed."""
    if typing.get_origin(annotation) in (typing.Required, typing.NotRequired):
        return typing.get_args(annotation)[0]
    return annotation


def _members(cls: type, name: str) -> Any:
    return getattr(cls, name)


def _keywords(cls: type, fields: dict[str, Any]) -> dict[str, str]:
    """By field, the keyword of the constructor that takes it; not there: fields that it does not take."""
    if _is_pydantic(cls):
        return {name: _pydantic_keyword(name, field) for name, field in _members(cls, "model_fields").items()}
    if dataclasses.is_dataclass(cls):
        return {field.name: field.name for field in dataclasses.fields(cls) if field.init}
    if hasattr(cls, "__attrs_attrs__"):
        return {field.name: field.alias for field in _members(cls, "__attrs_attrs__") if field.init}
    return {name: name for name in fields}


def _pydantic_keyword(name: str, field: Any) -> str:
    return next((alias for alias in (field.validation_alias, field.alias) if isinstance(alias, str)), name)


def classes_in(annotation: Any) -> list[type]:
    """The structs and enums that an annotation names, at any depth of its type arguments."""
    if isinstance(annotation, type) and typing.get_origin(annotation) is None:
        return [annotation] if issubclass(annotation, enum.Enum) or struct_fields(annotation) else []
    return [cls for argument in typing.get_args(annotation) for cls in classes_in(argument)]


def converter(annotation: Any) -> Callable[[Any], Any] | None:
    """How a value from SQL becomes what a parameter's annotation says; None if it is that already."""
    annotation = optional_part(annotation) or annotation
    if typing.get_origin(annotation) is Annotated:
        return converter(annotation.__origin__)
    if typing.get_origin(annotation) is list:
        return element_converter(*typing.get_args(annotation))
    if typing.get_origin(annotation) is dict:
        return _dict_converter(*typing.get_args(annotation))
    if not isinstance(annotation, type):
        return None
    if issubclass(annotation, enum.Enum):
        members = {str(member.value): member for member in annotation}
        return lambda value: None if value is None else members[str(value)]
    fields = struct_fields(annotation)
    if not fields or annotation is Interval:
        return None
    return _struct_converter(annotation, fields)


def element_converter(element: Any) -> Callable[[Any], Any] | None:
    """The same for a list of such values."""
    convert_element = converter(element)
    if convert_element is None:
        return None
    return lambda values: None if values is None else [convert_element(value) for value in values]


def _dict_converter(key: Any, value: Any) -> Callable[[Any], Any] | None:
    convert_key, convert_value = converter(key), converter(value)
    if convert_key is None and convert_value is None:
        return None

    def convert(pairs: dict[Any, Any] | None) -> Any:
        if pairs is None:
            return None
        return {
            convert_key(name) if convert_key else name: convert_value(item) if convert_value else item
            for name, item in pairs.items()
        }

    return convert


def _struct_converter(cls: type, fields: dict[str, Any]) -> Callable[[Any], Any] | None:
    converters = {name: found for name, field in fields.items() if (found := converter(field))}
    if typing.is_typeddict(cls) and not converters:
        return None
    keywords = _keywords(cls, fields)

    def convert(value: dict[str, Any] | None) -> Any:
        if value is None:
            return None
        for name, convert_field in converters.items():
            value[name] = convert_field(value[name])
        return cls(**{keyword: value[name] for name, keyword in keywords.items()})

    return convert


def _identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _names() -> str:
    return ", ".join(cls.__name__ for cls in _SCALARS)
