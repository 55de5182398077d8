"""Arrow arrays between functions and the engine; cpp/values/arrow.cpp calls this."""

import reprlib
from collections.abc import Callable, Iterator
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from cocosql.sqltext import ident

#: By target, the kinds of Arrow types that are cast to it (a cast may still find a value that does not fit).
_CASTS: dict[str, set[str]] = {"float": {"int"}, "decimal": {"int"}}
_WHOLE_NUMBERS_AS_TEXT = {"HUGEINT", "UHUGEINT", "BIGNUM"}
_KINDS: dict[str, list[Callable[[Any], bool]]] = {
    "null": [pa.types.is_null],
    "bool": [pa.types.is_boolean],
    "int": [pa.types.is_integer],
    "float": [pa.types.is_floating],
    "decimal": [pa.types.is_decimal],
    "text": [pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view],
    "binary": [
        pa.types.is_binary,
        pa.types.is_large_binary,
        pa.types.is_fixed_size_binary,
        pa.types.is_binary_view,
    ],
    "date": [pa.types.is_date],
    "time": [pa.types.is_time],
    "duration": [pa.types.is_duration],
    "interval": [pa.types.is_interval],
    "timestamp with a time zone": [lambda kind: pa.types.is_timestamp(kind) and kind.tz is not None],
    "timestamp": [pa.types.is_timestamp],
    "list": [
        pa.types.is_list,
        pa.types.is_large_list,
        pa.types.is_fixed_size_list,
    ],
    "map": [pa.types.is_map],
    "struct": [pa.types.is_struct],
    "union": [pa.types.is_union],
}

_SQL_TYPES = {
    pa.bool_(): "BOOLEAN",
    pa.int8(): "TINYINT",
    pa.int16(): "SMALLINT",
    pa.int32(): "INTEGER",
    pa.int64(): "BIGINT",
    pa.uint8(): "UTINYINT",
    pa.uint16(): "USMALLINT",
    pa.uint32(): "UINTEGER",
    pa.uint64(): "UBIGINT",
    pa.float16(): "FLOAT",
    pa.float32(): "FLOAT",
    pa.float64(): "DOUBLE",
    pa.time64("ns"): "TIME_NS",
    pa.timestamp("s"): "TIMESTAMP_S",
    pa.timestamp("ms"): "TIMESTAMP_MS",
    pa.timestamp("us"): "TIMESTAMP",
    pa.timestamp("ns"): "TIMESTAMP_NS",
    pa.timestamp("ns", "UTC"): "TIMESTAMPTZ_NS",
    pa.uuid(): "UUID",
    pa.json_(): "JSON",
}
_SQL_TYPES_OF_KINDS = {
    "text": "VARCHAR",
    "binary": "BLOB",
    "date": "DATE",
    "time": "TIME",
    "interval": "INTERVAL",
    "timestamp with a time zone": "TIMESTAMPTZ",
}


def sql_type(kind: Any) -> str:
    """The SQL type of a pyarrow.DataType.

    Raises:
        TypeError: if there is none.
    """
    if pa.types.is_dictionary(kind):
        return sql_type(kind.value_type)
    if kind in _SQL_TYPES or _kind(kind) in _SQL_TYPES_OF_KINDS:
        return _SQL_TYPES.get(kind) or _SQL_TYPES_OF_KINDS[_kind(kind)]
    if _kind(kind) == "decimal" and kind.precision <= 38 and kind.scale >= 0:
        return f"DECIMAL({kind.precision},{kind.scale})"
    if _kind(kind) == "list":
        size = kind.list_size if pa.types.is_fixed_size_list(kind) else ""
        return f"{sql_type(kind.value_type)}[{size}]"
    if _kind(kind) == "map":
        return f"MAP({sql_type(kind.key_type)}, {sql_type(kind.item_type)})"
    if _kind(kind) == "struct" and kind.num_fields:
        parts = [f"{ident(name)} {sql_type(field)}" for name, field in _fields(kind).items()]
        return f"STRUCT({', '.join(parts)})"
    raise TypeError(f"the Arrow type {kind} means no SQL type; write it as in cocosql.Arrow['TYPE']")


#: Classes of arrays that can have one type only.
_CLASSES = {
    type(pa.nulls(0, kind)): kind
    for kind in [
        *(pa.bool_(), pa.int8(), pa.int16(), pa.int32(), pa.int64(), pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64()),
        *(pa.float16(), pa.float32(), pa.float64(), pa.date32(), pa.date64(), pa.month_day_nano_interval()),
        *(pa.string(), pa.large_string(), pa.string_view(), pa.binary(), pa.large_binary(), pa.binary_view()),
        *(pa.uuid(), pa.json_()),
    ]
}


def sql_type_of_class(array: type[pa.Array]) -> str:
    """The SQL type of a class of arrays.

    Raises:
        TypeError: if the class does not fix its type.
    """
    if array not in _CLASSES:
        raise TypeError(f"pyarrow.{array.__name__} does not say the type of its elements, as cocosql.Arrow[str] does")
    return sql_type(_CLASSES[array])


def import_columns(array: int, schema: int) -> list[pa.Array]:
    """The columns of a struct array at these addresses (Arrow's C data interface), which is moved from there."""
    batch: Any = pa.RecordBatch._import_from_c(array, schema)
    return list(batch.columns)


def export_result(result: Any, sql_type: str, schema: int, size: int, target: int) -> None:
    """Write what an Arrow function returned to the address ``target``, as a struct array of one column.

    Args:
        result: what the function returned.
        sql_type: the declared SQL type, for messages.
        schema: the address of the schema that the struct array has to have.
        size: how many rows there have to be.
        target: the address.

    Raises:
        duckdb.InvalidInputException: if the result is no array of that size, or does not fit the type.
    """
    wanted: Any = pa.schema(pa.Schema._import_from_c(schema)).field(0).type
    array = as_array(result, size)
    try:
        array.validate(full=True)
    except pa.ArrowException as error:
        raise _misfit(f"the function returned an array that is not valid: {error}") from None
    conformed: Any = _conform(_compact(_plain(array)), wanted, sql_type)
    batch: Any = pa.RecordBatch.from_arrays([conformed], names=["column0"])
    batch._export_to_c(target)


def as_array(result: Any, size: int) -> Any:
    """What an Arrow function returned for so many rows, as one array.

    Raises:
        duckdb.InvalidInputException: if it is no array of that size.
    """
    array = _array(result)
    if len(array) != size:
        raise _misfit(f"the function returned {len(array)} values for {size} rows")
    return array


def _array(result: Any) -> Any:
    if isinstance(result, pa.Array):
        return result
    try:
        if isinstance(result, pa.ChunkedArray):
            return _joined(result)
        if hasattr(result, "__arrow_c_stream__"):
            return _joined(pa.chunked_array(result))
        if hasattr(result, "__arrow_c_array__"):
            return pa.array(result)
    except pa.ArrowException as error:
        raise _misfit(f"the function returned a {_name(result)} that is no array: {error}") from None
    raise _misfit(f"an Arrow function returns a pyarrow.Array, not {_name(result)}: {reprlib.repr(result)}")


def _joined(chunks: Any) -> Any:
    array = chunks.combine_chunks()
    return array if isinstance(array, pa.Array) else pa.concat_arrays(array.chunks)


def _plain(array: Any) -> Any:
    """Extension arrays as what they are stored as, UUIDs as texts, runs as single values."""
    if array.type == pa.uuid():
        return pa.array([None if value is None else str(value) for value in array.to_pylist()], pa.string())
    if isinstance(array.type, pa.BaseExtensionType):
        return _plain(array.storage)
    return pc.run_end_decode(array) if pa.types.is_run_end_encoded(array.type) else array


def _compact(array: Any) -> Any:
    """The array, or a copy without offsets: within slices of nested arrays, DuckDB reads the validity of other rows."""
    if not _children(array) or not _has_offset(array):
        return array
    sink = pa.BufferOutputStream()
    batch: Any = pa.RecordBatch.from_arrays([array], names=["column0"])
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
    return pa.ipc.open_stream(sink.getvalue()).read_next_batch().column(0)


def _has_offset(array: Any) -> bool:
    return array.offset != 0 or any(_has_offset(child) for child in _children(array))


def _children(array: Any) -> list[Any]:
    kind = _kind(array.type)
    if isinstance(array, pa.ExtensionArray):
        return [array.storage]
    if isinstance(array, pa.DictionaryArray):
        return [array.indices, array.dictionary]
    if kind == "map":
        return [array.keys, array.items]
    if kind == "list":
        return [array.values]
    return [array.field(i) for i in range(array.type.num_fields)] if kind in {"struct", "union"} else []


def _conform(array: Any, wanted: Any, sql_type: str) -> Any:
    """The array as one of the wanted type; nothing may be lost but precision of floats."""
    if array.type == wanted:
        return array
    if sql_type in _WHOLE_NUMBERS_AS_TEXT and _kind(array.type) in {"int", "decimal", "null"}:
        array = _cast(array, pa.decimal256(76, 0), sql_type) if _kind(array.type) == "decimal" else array
    else:
        _check_type(array.type, wanted, sql_type)
    return _cast(array, wanted, sql_type)


def _cast(array: Any, wanted: Any, sql_type: str) -> Any:
    try:
        return _exact(array, wanted)
    except pa.ArrowException as error:
        raise _misfit(f"expected {sql_type}, got {array.type}{_first_misfit(array, wanted)} ({error})") from None


def _exact(array: Any, wanted: Any) -> Any:
    if pa.types.is_decimal(wanted) and pa.types.is_integer(array.type):
        array = array.cast(pa.decimal256(76, wanted.scale))  # pyarrow wants room for any integer
    cast = _with_nulls_inside(array).cast(wanted)
    if _infinities(array) != _infinities(cast):
        raise pa.ArrowInvalid("out of range")
    return cast


def _with_nulls_inside(array: Any) -> Any:
    """Where a struct is NULL its fields are, too: what they have there otherwise may be of another length."""
    if not pa.types.is_struct(array.type) or not array.null_count:
        return array
    fields = [_with_nulls_inside(field) for field in array.flatten()]
    return pa.StructArray.from_arrays(fields, fields=list(array.type), mask=array.is_null())


def _first_misfit(array: Any, wanted: Any) -> str:
    while len(array) > 1:
        middle = len(array) // 2
        try:
            _exact(array[:middle], wanted)
            array = array[middle:]
        except pa.ArrowException:
            array = array[:middle]
    return f": {_shown(array[0])}" if len(array) else ""


def _shown(value: Any) -> str:
    try:
        return reprlib.repr(value.as_py())
    except (ValueError, OverflowError):
        return "a value that Python does not have"


def _infinities(array: Any) -> int:
    return sum(pc.sum(pc.is_inf(leaf)).as_py() or 0 for leaf in _leaves(array) if pa.types.is_floating(leaf.type))


def _leaves(array: Any) -> Iterator[Any]:
    kind = _kind(array.type)
    if kind == "map":
        yield from _leaves(array.keys)
        yield from _leaves(array.items)
    elif kind == "list":
        yield from _leaves(array.flatten())
    elif kind == "struct":
        for child in array.flatten():
            yield from _leaves(child)
    else:
        yield array


def _check_type(given: Any, wanted: Any, sql_type: str, place: str = "") -> None:
    """Casts of pyarrow that change what a value means, or leave parts of it out, are refused."""
    kind, wanted_kind = _kind(given), _kind(wanted)
    if kind == "null" or given == wanted:
        return
    if kind != wanted_kind and kind not in _CASTS.get(wanted_kind, set()):
        where = f" in {place}" if place else ""
        raise _misfit(f"expected {sql_type}, got {given}{where}, which is no {wanted_kind}")
    if kind == "list":
        _check_type(given.value_type, wanted.value_type, sql_type, f"{place}[]")
    elif kind == "map":
        _check_type(given.key_type, wanted.key_type, sql_type, f"{place}.key")
        _check_type(given.item_type, wanted.item_type, sql_type, f"{place}.value")
    elif kind == "struct":
        _check_fields(given, wanted, sql_type, place)
    elif kind == "union":
        raise _misfit(f"expected {sql_type}, as {wanted}, got {given}")


def _check_fields(given: Any, wanted: Any, sql_type: str, place: str) -> None:
    given_fields, wanted_fields = _fields(given), _fields(wanted)
    if len(given_fields) != given.num_fields or given_fields.keys() != wanted_fields.keys():
        raise _misfit(f"expected {sql_type} with the fields {', '.join(wanted_fields)}, got {given}")
    for name, field in given_fields.items():
        _check_type(field, wanted_fields[name], sql_type, f"{place}.{name}")


def _fields(struct: Any) -> dict[str, Any]:
    return {struct.field(i).name: struct.field(i).type for i in range(struct.num_fields)}


def _kind(kind: Any) -> str:
    if isinstance(kind, pa.BaseExtensionType):
        return _kind(kind.storage_type)
    if pa.types.is_dictionary(kind):
        return _kind(kind.value_type)
    return next((name for name, tests in _KINDS.items() if any(test(kind) for test in tests)), str(kind))


def _name(result: Any) -> str:
    return type(result).__qualname__


def _misfit(message: str) -> duckdb.InvalidInputException:
    return duckdb.InvalidInputException(message)
