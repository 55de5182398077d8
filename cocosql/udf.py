"""Python functions that SQL can call."""

import dataclasses
import functools
import inspect
import itertools
import typing
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, NoReturn, overload

import duckdb

from cocosql import types
from cocosql.executors import RenewableExecutor
from cocosql.executors.options import Options, RetryOn
from cocosql.executors.target import Target
from cocosql.wording import nearest

#: How many rows a batch function takes at once, and how many calls of an async function run at once, if nobody says.
DEFAULT_BATCH_SIZE = 1024
DEFAULT_ARROW_BATCH_SIZE = 8192
DEFAULT_ASYNC_CONCURRENCY = 32

DependsOn = Sequence[Any] | Mapping[str, Any]


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
    #: How it takes its arguments: "row", a value a parameter; "list", a list; "arrow", a pyarrow.Array.
    form: str
    #: Whether results are memoized.
    memo: bool
    #: Whether a call that fails fails the query ("raise"), or gives NULL ("null").
    on_error: str
    executor: RenewableExecutor
    #: The user's classes that arguments are made into.
    parameter_classes: list[type]
    version: str | None
    depends_on: DependsOn
    #: The fingerprint of its code, as it was when it was registered; empty before.
    code_version: str = ""
    source: str | None = None
    #: Whether it stands for a function that a database knows and this process has not registered.
    is_stand_in: bool = False

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.function(*args, **kwargs)

    @property
    def signature(self) -> str:
        pairs = zip(self.parameter_names, self.parameter_types, strict=True)
        return f"{self.name}({', '.join(f'{name} {kind}' for name, kind in pairs)}) -> {self.result_type}"

    def as_it_is_now(self) -> "Function":
        """The same with the version of its present code, and of all that this depends on.

        Raises:
            TypeError: if it depends on what has no fingerprint.
        """
        from cocosql.code_version import code_version, source_text  # noqa: PLC0415 (`import cocosql` is to be quick)

        if self.is_stand_in:
            return self
        kinds = [*self.parameter_types, self.result_type]
        kinds += [self.form] if self.form != "row" else []
        kinds += [f"NULL for {number}" for number, takes in enumerate(self.takes_null) if takes]
        if self.version is None:
            # What an argument is made into is part of what the function does with it.
            kinds += [code_version(cls, []) for cls in self.parameter_classes]
        present = code_version(self.function, kinds, self.version, self.depends_on)
        if present == self.code_version:
            return self
        if self.code_version:
            self.executor.renew()
        return dataclasses.replace(self, code_version=present, source=source_text(self.function))


@overload
def udf(function: Callable[..., Any], /) -> Function: ...


@overload
def udf(
    *,
    name: str | None = None,
    returns: str | None = None,
    batch: bool = False,
    batch_size: int | None = None,
    max_concurrency: int | None = None,
    max_retries: int = 0,
    backoff: float | Callable[[int], float] = 1.0,
    retry_on: RetryOn = Exception,
    timeout: float | None = None,
    rate_limit: str | float | None = None,
    on_error: Literal["raise", "null"] = "raise",
    memo: bool = True,
    version: str | None = None,
    depends_on: DependsOn = (),
    executor: Literal["thread", "process"] = "thread",
) -> Callable[[Callable[..., Any]], Function]: ...


def udf(
    function: Callable[..., Any] | None = None,
    /,
    *,
    name: str | None = None,
    returns: str | None = None,
    batch: bool = False,
    batch_size: int | None = None,
    max_concurrency: int | None = None,
    max_retries: int = 0,
    backoff: float | Callable[[int], float] = 1.0,
    retry_on: RetryOn = Exception,
    timeout: float | None = None,
    rate_limit: str | float | None = None,
    on_error: Literal["raise", "null"] = "raise",
    memo: bool = True,
    version: str | None = None,
    depends_on: DependsOn = (),
    executor: Literal["thread", "process"] = "thread",
    **unknown: Any,
) -> Function | Callable[[Callable[..., Any]], Function]:
    """Describe a Python function to SQL; its annotations give the SQL types.

    Args:
        function: the function, where the decorator stands without parentheses.
        name: its name in SQL; the function's own by default.
        returns: the SQL type of its result, where no annotation says it.
        batch: whether it takes and returns lists, one element a row.
        batch_size: the most rows it takes at once (default 1024); makes it a batch function.
        max_concurrency: how many calls may run at once, over all threads and queries. Default 1; 32 if async.
        max_retries: how often a call that failed is made again.
        backoff: seconds before the first retry, twice as many before each next, up to 60; or a function that gives
            the seconds for the retry's number (1, 2, …).
        retry_on: the errors worth a retry: a class, a tuple of classes, or a function of the error. Default: all.
        timeout: seconds that one call may take.
        rate_limit: calls that may begin: a number per second, or a text such as "100/min".
        on_error: what a call that fails for good does: "raise" (the view's on_error decides), or "null": its result is
            NULL, and the next refresh tries again.
        memo: whether results are kept. Without, it is called for each row that changed.
        version: stands for its code: results are recomputed when this changes, and only then.
        depends_on: what else its results depend on: names of installed packages, modules, `pathlib.Path`s of files
            (their content), functions, any value; or a mapping of such.
        executor: where calls are made: "thread", or "process", which survives a function that crashes.

    Raises:
        TypeError: if the signature does not say the SQL types, there is no such option, or options contradict one
            another.
        ValueError: if an option has no such value.

    >>> @udf
    ... def shout(text: str) -> str:
    ...     return text.upper() + "!"
    >>> shout.signature
    'shout(text VARCHAR) -> VARCHAR'
    """
    if unknown:
        raise _unknown_option(next(iter(unknown)))
    if batch_size is not None and (not isinstance(batch_size, int) or batch_size < 1):
        raise ValueError(f"batch_size is a whole number, at least 1, not {batch_size!r}")
    if not isinstance(memo, bool):
        raise ValueError(f"memo is True or False, not {memo!r}")
    if version is not None and not isinstance(version, str):
        raise ValueError(f"version is a text, not {version!r}")
    if isinstance(depends_on, str):
        raise ValueError(f"depends_on is a list, as in [{depends_on!r}]")
    if on_error not in ("raise", "null"):
        raise ValueError(f"on_error is 'raise' or 'null', not {on_error!r}")

    def decorate(function: Callable[..., Any]) -> Function:
        is_async = _is_async(function)
        if is_async and executor == "process":
            raise TypeError(f"{_name(function)}: an async function runs in an event loop, not with executor='process'")
        signature = _Signature(function, batch or batch_size is not None, returns)
        by_row = signature.form == "row"
        target = Target(signature.converting(), by_row, batch_size or _BATCH_SIZES[signature.form], is_async)
        options = Options(
            max_concurrency=_concurrency(is_async) if max_concurrency is None else max_concurrency,
            max_retries=max_retries,
            backoff=backoff,
            retry_on=retry_on,
            timeout=timeout,
            rate_limit=rate_limit,
            executor=executor,
        )
        return Function(
            function=function,
            name=_sql_name(name or _name(function)),
            parameter_names=signature.names,
            parameter_types=signature.parameter_types,
            takes_null=signature.takes_null,
            result_type=signature.result_type,
            form=signature.form,
            memo=memo,
            on_error=on_error,
            executor=RenewableExecutor(target, options),
            parameter_classes=signature.parameter_classes(),
            version=version,
            depends_on=depends_on,
        )

    return decorate if function is None else decorate(function)


def _unknown_option(name: str) -> TypeError:
    options = [
        option.name for option in inspect.signature(udf).parameters.values() if option.kind is option.KEYWORD_ONLY
    ]
    meant = nearest(name, options)
    hint = f"did you mean {meant}?" if meant else f"there are {', '.join(options)}"
    return TypeError(f"cocosql.udf has no option {name!r}: {hint}")


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

    def missing(*_: Any) -> NoReturn:
        raise duckdb.InvalidInputException(
            f"function {name} is not registered here, and must be called: cocosql.register(con, {name})"
        )

    return Function(
        function=missing,
        name=name,
        parameter_names=[f"parameter_{number}" for number in range(1, len(parameter_types) + 1)],
        parameter_types=parameter_types,
        takes_null=takes_null,
        result_type=result_type,
        form="row",
        memo=True,
        on_error="raise",
        executor=RenewableExecutor(Target(missing, True, 1), Options(1)),
        parameter_classes=[],
        version=None,
        depends_on=(),
        code_version=code_version,
        source=source,
        is_stand_in=True,
    )


class _Signature:
    """What a function's annotations say."""

    def __init__(self, function: Callable[..., Any], batch: bool, returns: str | None) -> None:
        self._function = function
        hints = typing.get_type_hints(_annotated(function), include_extras=True)
        parameters = self._parameters(hints)
        self.form = self._form(list(parameters.values()), batch)
        if batch and not parameters:
            raise self._wrong("a batch function has a parameter", _RIGHT_BATCH)
        self.names = list(parameters)
        self._annotations = [self._element(kind) for kind in parameters.values()]
        self.parameter_types = [types.sql_type(annotation) for annotation in self._annotations]
        self.takes_null = [types.optional_part(annotation) is not None for annotation in self._annotations]
        self.result_type = returns or types.sql_type(self._result(hints))

    def parameter_classes(self) -> list[type]:
        return [cls for annotation in self._annotations for cls in types.classes_in(annotation)]

    def converting(self) -> Callable[..., Any]:
        """The function behind conversions of its arguments to what the annotations say."""
        function = self._function
        if self.form == "arrow":
            return function
        find = types.converter if self.form == "row" else types.element_converter
        converters = [find(annotation) for annotation in self._annotations]
        if not any(converters):
            return function

        def call(*arguments: Any) -> Any:
            return function(
                *(convert(value) if convert else value for convert, value in zip(converters, arguments, strict=True))
            )

        return call

    def _parameters(self, hints: dict[str, Any]) -> dict[str, Any]:
        """Names and annotations of the parameters."""
        found = {}
        for parameter in inspect.signature(self._function).parameters.values():
            if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
                raise self._wrong(f"SQL cannot call it with *{parameter.name}")
            if parameter.kind is parameter.KEYWORD_ONLY:
                if parameter.default is parameter.empty:
                    raise self._wrong(f"parameter {parameter.name} cannot be given by position")
                continue
            if parameter.name not in hints:
                raise self._wrong(f"parameter {parameter.name} has no annotation")
            found[parameter.name] = hints[parameter.name]
        return found

    def _result(self, hints: dict[str, Any]) -> Any:
        if "return" not in hints:
            raise self._wrong("the result has no annotation")
        return self._element(hints["return"])

    def _form(self, annotations: list[Any], batch: bool) -> str:
        arrays = [types.is_arrow(annotation) for annotation in annotations]
        if any(arrays) and not all(arrays):
            raise self._wrong("all its parameters are arrays, or none is", _RIGHT_ARROW)
        if any(arrays):
            return "arrow"
        return "list" if batch else "row"

    def _element(self, annotation: Any) -> Any:
        """What the annotation of a parameter or of the result says of one row."""
        if self.form == "row":
            return annotation
        if self.form == "arrow":
            if not types.is_arrow(annotation):
                raise self._wrong("a function of arrays returns an array", _RIGHT_ARROW)
            try:
                types.sql_type(annotation)
            except TypeError as error:
                raise self._wrong(str(error), _RIGHT_ARROW) from None
            return annotation
        if typing.get_origin(annotation) is not list:
            raise self._wrong("a batch function takes and returns lists", _RIGHT_BATCH)
        return typing.get_args(annotation)[0]

    def _wrong(self, problem: str, right: str = "def f(text: str, n: int) -> list[float]") -> TypeError:
        return TypeError(f"{_name(self._function)}: {problem}. SQL needs to know the types, as in: {right}")


_RIGHT_BATCH = "def f(texts: list[str]) -> list[int]"
_RIGHT_ARROW = "def f(texts: Arrow[str]) -> Arrow[int]"
_BATCH_SIZES = {"row": 1, "list": DEFAULT_BATCH_SIZE, "arrow": DEFAULT_ARROW_BATCH_SIZE}


def _annotated(function: Callable[..., Any]) -> Callable[..., Any]:
    """What carries the annotations: the function, or the __call__ of an object."""
    while isinstance(function, (functools.partial, functools.partialmethod)):
        function = function.func
    if inspect.isroutine(function) or isinstance(function, type) or hasattr(function, "__wrapped__"):
        return function
    return type(function).__call__


def _is_async(function: Callable[..., Any]) -> bool:
    return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(getattr(function, "__call__", None))  # noqa: B004


def _concurrency(is_async: bool) -> int:
    return DEFAULT_ASYNC_CONCURRENCY if is_async else 1


def _name(function: Callable[..., Any]) -> str:
    return str(getattr(function, "__name__", None) or type(_annotated(function)).__name__)


def _sql_name(name: str) -> str:
    if not name.isidentifier():
        raise TypeError(f"a function needs a name that SQL can call: cocosql.udf(name='…'), not {name!r}")
    return name


# What C++ knows by number: a Python object held by a database would outlive the interpreter.
_numbers = itertools.count(1)
_remembered: dict[int, Function] = {}
#: By number, the same function with later code.
_successors: dict[int, Function] = {}


def remember(function: Function) -> int:
    number = next(_numbers)
    _remembered[number] = function
    return number


def describe(number: int) -> Function:
    """The function of a number.

    Raises:
        duckdb.InvalidInputException: if there is none.
    """
    if number not in _remembered:
        raise duckdb.InvalidInputException(f"no function has the number {number}: cocosql.register(con, function)")
    return _remembered[number]


def present_version(number: int) -> str:
    """The code version of a function as it is now.

    Raises:
        duckdb.InvalidInputException: if it depends on what has no fingerprint, or is not there.
    """
    return _present(number).code_version


def remember_present(number: int) -> int:
    """The number of a function as it is now."""
    return remember(_present(number))


def _present(number: int) -> Function:
    function = _successors.get(number) or _remembered[number]
    try:
        current = function.as_it_is_now()
    except (TypeError, OSError) as error:
        raise duckdb.InvalidInputException(f"function {function.name}: {error}") from None
    if current is not function:
        _successors[number] = current
    return current


def forget(number: int) -> None:
    _remembered.pop(number, None)
    _successors.pop(number, None)
