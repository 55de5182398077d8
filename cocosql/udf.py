"""Python functions that SQL can call."""

import dataclasses
import inspect
import itertools
import typing
from collections.abc import Callable
from typing import Any, overload

import duckdb

from cocosql import types
from cocosql.code_version import code_version, source_text


@dataclasses.dataclass(frozen=True)
class Function:
    """A Python function with what SQL has to know of it. Calling it calls the Python function."""

    function: Callable[..., Any]
    name: str
    parameter_names: list[str]
    parameter_types: list[str]
    #: By parameter, whether the function wants to see NULLs (its annotation is Optional).
    takes_null: list[bool]
    result_type: str
    #: 0 for a function of one row; else the most rows that it takes at once, as lists.
    batch_size: int
    code_version: str
    source: str | None
    #: The function behind conversions of its arguments to what the annotations say.
    callable: Callable[..., Any]
    #: Whether it stands for a function that a database knows and this process has not registered.
    is_stand_in: bool = False

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.function(*args, **kwargs)

    @property
    def signature(self) -> str:
        pairs = zip(self.parameter_names, self.parameter_types, strict=True)
        return f"{self.name}({', '.join(f'{name} {kind}' for name, kind in pairs)}) -> {self.result_type}"


DEFAULT_BATCH_SIZE = 1024


@overload
def udf(function: Callable[..., Any], /) -> Function: ...


@overload
def udf(
    *,
    name: str | None = None,
    batch: bool = False,
    batch_size: int | None = None,
    returns: str | None = None,
    version: str | None = None,
) -> Callable[[Callable[..., Any]], Function]: ...


def udf(
    function: Callable[..., Any] | None = None,
    /,
    *,
    name: str | None = None,
    batch: bool = False,
    batch_size: int | None = None,
    returns: str | None = None,
    version: str | None = None,
) -> Function | Callable[[Callable[..., Any]], Function]:
    """Describe a Python function to SQL; its annotations give the SQL types.

    Args:
        function: the function, where the decorator stands without parentheses.
        name: its name in SQL; the function's own by default.
        batch: whether it takes and returns lists, one element a row.
        batch_size: the most rows it takes at once; makes it a batch function.
        returns: the SQL type of its result, where no annotation says it.
        version: stands for its code: results are recomputed when this changes, and only then.

    Raises:
        TypeError: if the signature does not say the SQL types.

    >>> @udf
    ... def shout(text: str) -> str:
    ...     return text.upper() + "!"
    >>> shout.signature
    'shout(text VARCHAR) -> VARCHAR'
    """

    def decorate(function: Callable[..., Any]) -> Function:
        size = batch_size or (DEFAULT_BATCH_SIZE if batch else 0)
        return _describe(function, name, size, returns, version)

    if batch_size is not None and batch_size < 1:
        raise ValueError(f"batch_size is at least 1, not {batch_size}")
    return decorate if function is None else decorate(function)


def as_function(function: Function | Callable[..., Any]) -> Function:
    """The function with its description; one that is not decorated is described by its annotations."""
    return function if isinstance(function, Function) else udf(function)


def stand_in(
    name: str,
    code_version: str,
    parameter_types: list[str],
    takes_null: list[bool],
    result_type: str,
    source: str | None,
) -> Function:
    """A function known only by its record: calling it says that it is missing."""

    def missing(*_: Any) -> Any:
        raise duckdb.InvalidInputException(
            f"function {name} is not registered here, and must be called: cocosql.register(con, {name})"
        )

    names = [f"parameter_{number}" for number in range(1, len(parameter_types) + 1)]
    return Function(
        missing, name, names, parameter_types, takes_null, result_type, 0, code_version, source, missing, True
    )


def _describe(
    function: Callable[..., Any], name: str | None, batch_size: int, returns: str | None, version: str | None
) -> Function:
    hints = typing.get_type_hints(function, include_extras=True)
    parameters = _parameters(function, hints)
    elements = [_element(function, annotation) for annotation in parameters.values()] if batch_size else None
    annotations = elements or list(parameters.values())
    parameter_types = [types.sql_type(annotation) for annotation in annotations]
    result_type = returns or types.sql_type(_result(function, hints, bool(batch_size)))
    sql_name = name or function.__name__
    if not sql_name.isidentifier():
        raise TypeError(f"a function needs a name that SQL can call: cocosql.udf(name='…'), not {sql_name!r}")
    return Function(
        function=function,
        name=sql_name,
        parameter_names=list(parameters),
        parameter_types=parameter_types,
        takes_null=[types.optional_part(annotation) is not None for annotation in annotations],
        result_type=result_type,
        batch_size=batch_size,
        code_version=code_version(function, [*parameter_types, result_type], version),
        source=source_text(function),
        callable=_converting(function, annotations, bool(batch_size)),
    )


def _parameters(function: Callable[..., Any], hints: dict[str, Any]) -> dict[str, Any]:
    """Names and annotations of the parameters."""
    found = {}
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD, parameter.KEYWORD_ONLY):
            if parameter.default is parameter.empty and parameter.kind is parameter.KEYWORD_ONLY:
                raise _wrong_signature(function, f"parameter {parameter.name} cannot be given by position")
            if parameter.kind is not parameter.KEYWORD_ONLY:
                raise _wrong_signature(function, f"SQL cannot call it with *{parameter.name}")
            continue
        if parameter.name not in hints:
            raise _wrong_signature(function, f"parameter {parameter.name} has no annotation")
        found[parameter.name] = hints[parameter.name]
    return found


def _result(function: Callable[..., Any], hints: dict[str, Any], batch: bool) -> Any:
    if "return" not in hints:
        raise _wrong_signature(function, "the result has no annotation")
    return _element(function, hints["return"]) if batch else hints["return"]


def _element(function: Callable[..., Any], annotation: Any) -> Any:
    if typing.get_origin(annotation) is not list:
        raise _wrong_signature(
            function, "a batch function takes and returns lists", "def f(texts: list[str]) -> list[int]"
        )
    return typing.get_args(annotation)[0]


def _wrong_signature(
    function: Callable[..., Any], problem: str, right: str = "def f(text: str, n: int) -> list[float]"
) -> TypeError:
    name = getattr(function, "__name__", repr(function))
    return TypeError(f"{name}: {problem}. SQL needs to know the types, as in: {right}")


def _converting(function: Callable[..., Any], annotations: list[Any], batch: bool) -> Callable[..., Any]:
    converters = [
        types.element_converter(annotation) if batch else types.converter(annotation) for annotation in annotations
    ]
    if not any(converters):
        return function

    def call(*arguments: Any) -> Any:
        return function(
            *(convert(value) if convert else value for convert, value in zip(converters, arguments, strict=True))
        )

    return call


# What C++ knows by number: a Python object held by a database would outlive the interpreter.
_numbers = itertools.count(1)
_remembered: dict[int, Function] = {}


def remember(function: Function) -> int:
    number = next(_numbers)
    _remembered[number] = function
    return number


def describe(number: int) -> Function:
    return _remembered[number]


def recall(number: int) -> Callable[..., Any]:
    return _remembered[number].callable


def forget(number: int) -> None:
    _remembered.pop(number, None)
