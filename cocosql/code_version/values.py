"""Plain data as bytes, the same in every process, and containers as their parts."""

import collections
import datetime as dt
import decimal
import hashlib
import os
import pathlib
import re
import struct
import sys
import types
import uuid
import weakref
from collections.abc import Callable, Iterable
from typing import Any

#: A part of a value: how to get to it (`[0]`, `.name`), and the part.
Part = tuple[str, Any]
Bytes = bytes | memoryview


def plain(value: Any) -> list[Bytes] | None:
    """The bytes that stand for a value without parts, or None if it is none. The type is written by the caller."""
    write = _PLAIN.get(type(value))
    if write is not None:
        return [write(value)]
    if isinstance(value, pathlib.PurePath):
        return [os.fsencode(value)]
    for module, writer in (("numpy", _numpy), ("pyarrow", _pyarrow)):
        if module in sys.modules and type(value).__module__.partition(".")[0] == module:
            return writer(value, sys.modules[module])
    return None


def _double(value: float) -> bytes:
    return struct.pack("<d", value)


def _text(value: str) -> bytes:
    return value.encode("utf-8", "surrogatepass")


_PLAIN: dict[type, Callable[[Any], bytes]] = {
    type(None): lambda _: b"",
    type(...): lambda _: b"",
    type(NotImplemented): lambda _: b"",
    bool: lambda value: b"1" if value else b"0",
    int: lambda value: f"{value:x}".encode(),
    float: _double,
    complex: lambda value: _double(value.real) + _double(value.imag),
    str: _text,
    bytes: lambda value: value,
    bytearray: bytes,
    range: lambda value: repr(value).encode(),
    decimal.Decimal: lambda value: str(value).encode(),
    uuid.UUID: lambda value: value.bytes,
    dt.date: lambda value: value.isoformat().encode(),
    dt.timedelta: lambda value: f"{value.days} {value.seconds} {value.microseconds}".encode(),
}


def _numpy(value: Any, numpy: types.ModuleType) -> list[Bytes] | None:
    kind = type(value)
    if kind in (numpy.ndarray, numpy.memmap, numpy.recarray):
        return None if value.dtype.hasobject else [_layout(value), _elements_of(value, numpy)]
    if isinstance(value, numpy.generic) and not value.dtype.hasobject:
        return [_dtype(value.dtype), value.tobytes()]
    return [_dtype(value)] if isinstance(value, numpy.dtype) else None


def _elements_of(array: Any, numpy: types.ModuleType) -> Bytes:
    """The bytes of an array's elements, where they are if they lie in order: a model may have many."""
    if array.dtype.itemsize == 0:
        return b""
    elements: memoryview = numpy.ascontiguousarray(array).reshape(-1).view(numpy.uint8).data
    return elements


def _dtype(dtype: Any) -> bytes:
    return f"{dtype!r} {dtype.metadata} ".encode("utf-8", "surrogatepass")


def _layout(array: Any) -> bytes:
    """What an array's elements are, and how they lie in memory: code may see that, too."""
    return _dtype(array.dtype) + f"{array.shape} {array.strides} {array.flags.writeable} ".encode()


def _pyarrow(value: Any, arrow: types.ModuleType) -> list[Bytes] | None:
    if isinstance(value, arrow.DataType | arrow.Field | arrow.Schema):
        text = value.to_string(show_schema_metadata=True) if isinstance(value, arrow.Schema) else str(value)
        return [f"{text} {getattr(value, 'metadata', None)}".encode()]
    if isinstance(value, arrow.Table | arrow.RecordBatch):
        columns = [part for column in value.columns for part in _arrow_column(column, arrow)]
        return [*(_pyarrow(value.schema, arrow) or []), *columns]
    if isinstance(value, arrow.Array | arrow.ChunkedArray):
        return _arrow_column(value, arrow)
    return [f"{value.type} {value.as_py()!r}".encode()] if isinstance(value, arrow.Scalar) else None


def _arrow_column(column: Any, arrow: types.ModuleType) -> list[Bytes]:
    """Its values, whatever its chunks and whatever lies under its NULLs."""
    numbers = arrow.types.is_integer(column.type) or arrow.types.is_floating(column.type)
    if numbers and not column.null_count:
        content = column.to_numpy() if isinstance(column, arrow.ChunkedArray) else column.to_numpy(zero_copy_only=False)
        data: Bytes = _elements_of(content, sys.modules["numpy"])
    else:
        digest = hashlib.sha256()
        for item in column:
            digest.update(f"{item.as_py()!r}\0".encode("utf-8", "surrogatepass"))
        data = digest.digest()
    return [f"{column.type} {len(column)} ".encode(), data]


def parts(value: Any) -> Iterable[Part] | None:
    """The parts of a container of Python or of a value of the standard library; None for anything else.

    A subclass of a container has the same parts. Sets are not here: they have no order.
    """
    for kind, take in _PARTS:
        if isinstance(value, kind):
            return take(value)
    root = type(value).__module__.partition(".")[0]
    if root == "numpy" and type(value).__name__ == "ndarray":  # One of objects, or plain() had taken it.
        return [("", _layout(value)), *_elements(value.ravel().tolist())]
    return _reduced(value) if root in _REDUCED else None


def _elements(value: Iterable[Any]) -> list[Part]:
    return [(f"[{number}]", element) for number, element in enumerate(value)]


def _items(value: Any) -> list[Part]:
    found: list[Part] = []
    for key, element in list(value.items()):
        found += [("", key), (f"[{key!r}]" if isinstance(key, str | int) else "[…]", element)]
    return found


_PARTS: list[tuple[type | tuple[type, ...], Callable[[Any], list[Part]]]] = [
    ((list, tuple), _elements),
    (collections.defaultdict, lambda value: [(".default_factory", value.default_factory), *_items(value)]),
    ((dict, types.MappingProxyType), _items),
    (collections.deque, lambda value: [("", value.maxlen), *_elements(value)]),
    (collections.ChainMap, lambda value: _elements(value.maps)),
    (slice, lambda value: [("", value.start), ("", value.stop), ("", value.step)]),
    (re.Pattern, lambda value: [("", value.pattern), ("", value.flags)]),
    (types.SimpleNamespace, lambda value: [(f".{name}", part) for name, part in sorted(vars(value).items())]),
    (str, lambda value: [("", str.__str__(value))]),
    (bytes, lambda value: [("", b"".join([value]))]),
    (int, lambda value: [("", int.__int__(value))]),
    (float, lambda value: [("", float.__float__(value))]),
    (weakref.ref, lambda value: [("()", value())]),
    ((weakref.WeakValueDictionary, weakref.WeakKeyDictionary), _items),
    (BaseException, lambda value: _elements(value.args)),
]

#: Modules of the standard library whose values pickle writes by what they hold.
_REDUCED = frozenset(
    [
        "datetime",
        "decimal",
        "fractions",
        "ipaddress",
        "zoneinfo",
        "string",
        "operator",
        "_operator",
        "array",
        "textwrap",
        "collections",
    ]
)


def _reduced(value: Any) -> list[Part] | None:
    try:
        reduced = value.__reduce_ex__(4)
    except TypeError:
        return None
    if isinstance(reduced, str):
        return [("", reduced)]
    found = [part if number < 3 or part is None else list(part) for number, part in enumerate(reduced)]
    return [("", part) for part in found]
