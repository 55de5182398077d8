"""Calling a function, here or in a process of its own.

A worker process runs this file as a script, so it imports nothing but the standard library: what the function needs
comes with the function. Requests and replies are pickled; a worker ends with the process that started it.
"""

import os
import pickle
import select
import sys
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Any

#: What a call may fail with. Ctrl-C is meant for the statement, and ends it.
FAILURES = (Exception, SystemExit)

#: After so many seconds the rest of the rows is left for later: what is done can be kept meanwhile.
_LONG_SECONDS = 0.1


def call_rows(
    function: Callable[..., Any], rows: Sequence[tuple[Any, ...]]
) -> tuple[Sequence[Any], BaseException | None]:
    """Call a function of one row for one row after the other, until one fails or they take long.

    Returns: the results so far, and the error.
    """
    results: list[Any] = []
    end = time.perf_counter() + _LONG_SECONDS
    try:
        for row in rows:
            results.append(function(*row))
            if time.perf_counter() > end:
                break
    except FAILURES as error:
        return results, error
    return results, None


def call_batch(function: Callable[..., Any], columns: Sequence[Any]) -> tuple[Sequence[Any], BaseException | None]:
    """Call a batch function: its results, or none and the error."""
    try:
        return as_sequence(function(*columns)), None
    except FAILURES as error:
        return (), error


def as_sequence(results: Any) -> Sequence[Any]:
    """The results of a batch.

    Raises:
        TypeError: if they are no sequence, or an array without dimensions.
    """
    if _is_stream(results):
        results = _arrow_array(results)
    elif isinstance(results, (str, bytes, dict, set, frozenset)) or not hasattr(results, "__iter__"):
        raise TypeError(f"a batch function returns a list, or an array if it takes arrays, not {results!r:.80}")
    sequence: Sequence[Any] = results if hasattr(results, "__len__") else list(results)
    len(sequence)
    return sequence


def _is_stream(results: Any) -> bool:
    """Whether it has Arrow's PyCapsule interface and no elements."""
    is_arrow = hasattr(results, "__arrow_c_stream__") or hasattr(results, "__arrow_c_array__")
    return is_arrow and not (hasattr(results, "__iter__") and hasattr(results, "__len__"))


def _arrow_array(results: Any) -> Any:
    import pyarrow as pa  # noqa: PLC0415 - only for functions that use it

    return pa.chunked_array(results) if hasattr(results, "__arrow_c_stream__") else pa.array(results)


def user_traceback(error: BaseException, ours: str) -> str:
    """The traceback of an error without the frames at its top that are in our own files."""
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_code.co_filename.startswith(ours):
        trace = trace.tb_next
    return "".join(traceback.format_exception(type(error), error, trace)).strip()


def _serve(connection: Connection) -> None:
    """Say that the function is loaded, and answer requests: (results, seconds, pickled error, its traceback)."""
    sys.path[:], payload = connection.recv()
    unloadable: Exception | None = None
    by_row, function = True, None
    try:
        by_row, function = pickle.loads(payload)
    except Exception as failure:
        unloadable = failure
    connection.send_bytes(b"ready")  # what it imports may take long, and is no part of a call
    while True:
        request = connection.recv_bytes()
        start = time.perf_counter()
        results: Sequence[Any] = ()
        error: BaseException | None = unloadable
        if function is not None:
            try:
                results, error = (call_rows if by_row else call_batch)(function, pickle.loads(request))
            except Exception as failure:  # the arguments cannot be loaded here
                error = failure
        connection.send_bytes(_reply(results, time.perf_counter() - start, error, by_row))


def _reply(results: Sequence[Any], seconds: float, error: BaseException | None, by_row: bool) -> bytes:
    """What is sent back; a result that cannot be sent is a failure."""
    try:
        return _pickled((results, seconds, *_portable(error)))
    except Exception as failure:
        reason = _summary(failure)
    good = []
    for result in results if by_row else ():
        try:
            _pickled(result)
        except Exception as failure:
            reason = _summary(failure)
            break
        good.append(result)
    problem = TypeError(f"its result cannot be sent from its process: {reason}")
    return _pickled((good, seconds, *_portable(problem)))


def _portable(error: BaseException | None) -> tuple[bytes | None, str | None]:
    if error is None:
        return None, None
    text = user_traceback(error, __file__)
    try:
        pickled = _pickled(error)
        pickle.loads(pickled)
    except Exception:
        pickled = pickle.dumps(RuntimeError(_summary(error)))
    return pickled, text


def _summary(error: BaseException) -> str:
    return "".join(traceback.format_exception_only(error)).strip()


def _pickled(value: Any) -> bytes:
    try:
        return pickle.dumps(value, pickle.HIGHEST_PROTOCOL)
    except Exception:
        import cloudpickle  # noqa: PLC0415

        pickled: bytes = cloudpickle.dumps(value)
        return pickled


def _end_with_parent(lifeline: int, parent: int) -> None:
    """End when the parent does. A fork of it may hold the lifeline, too; so look at who the parent is."""
    while not select.select([lifeline], [], [], 1.0)[0] and os.getppid() == parent:
        pass
    os._exit(1)


if __name__ == "__main__":
    threading.Thread(target=_end_with_parent, args=[*map(int, sys.argv[2:])], daemon=True).start()
    with suppress(EOFError, ConnectionError):  # nobody wants more
        _serve(Connection(int(sys.argv[1])))
