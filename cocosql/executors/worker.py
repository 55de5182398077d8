"""Calling a function, here or in a process of its own.

A worker process runs this file as a script, so it imports nothing but the standard library: what the function needs
comes with the function. Requests and replies are pickled; a worker ends with the process that started it.
"""

import os
import pickle
import sys
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection
from typing import Any


def call_rows(function: Callable[..., Any], rows: Sequence[tuple[Any, ...]]) -> tuple[Sequence[Any], Exception | None]:
    """Call a function of one row for one row after the other, until one fails: the results so far, and the error."""
    results: list[Any] = []
    try:
        for row in rows:
            results.append(function(*row))
    except Exception as error:
        return results, error
    return results, None


def call_batch(function: Callable[..., Any], columns: Sequence[Any]) -> tuple[Sequence[Any], Exception | None]:
    """Call a batch function: its results, or none and the error."""
    try:
        return check_batch(function(*columns), len(columns[0])), None
    except Exception as error:
        return (), error


def check_batch(results: Any, size: int) -> Sequence[Any]:
    """The results of a batch, if there is one for each input.

    Raises:
        TypeError: if they are no sequence.
        ValueError: if their number is another.
    """
    if _is_stream(results):
        results = _arrow_array(results)
    elif isinstance(results, (str, bytes, dict)) or not hasattr(results, "__iter__"):
        raise TypeError(f"a batch function returns a list, or an array if it takes arrays, not {results!r:.80}")
    sequence: Sequence[Any] = results if hasattr(results, "__len__") else list(results)
    if len(sequence) != size:
        raise ValueError(f"it returned {len(sequence)} results for a batch of {size}")
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
    """Answer requests until there are no more: (results, seconds, pickled error, its traceback)."""
    sys.path[:], payload = connection.recv()
    call: Callable[..., tuple[Sequence[Any], Exception | None]] = call_rows
    function = None
    while True:
        try:
            arguments = pickle.loads(connection.recv_bytes())
        except EOFError:
            return
        start = time.perf_counter()
        error: BaseException | None
        try:
            if function is None:
                by_row, function = pickle.loads(payload)
                call = call_rows if by_row else call_batch
            results, error = call(function, arguments)
        except Exception as failure:  # the function cannot be loaded here
            results, error = (), failure
        seconds = time.perf_counter() - start
        connection.send_bytes(_pickled((results, seconds, *_portable(error))))


def _portable(error: BaseException | None) -> tuple[bytes | None, str | None]:
    if error is None:
        return None, None
    text = user_traceback(error, __file__)
    try:
        pickled = _pickled(error)
        pickle.loads(pickled)
    except Exception:
        pickled = pickle.dumps(RuntimeError(str(error)))
    return pickled, text


def _pickled(value: Any) -> bytes:
    try:
        return pickle.dumps(value, pickle.HIGHEST_PROTOCOL)
    except Exception:
        import cloudpickle  # noqa: PLC0415

        pickled: bytes = cloudpickle.dumps(value)
        return pickled


def _end_with_parent(lifeline: int) -> None:
    os.read(lifeline, 1)
    os._exit(1)


if __name__ == "__main__":
    threading.Thread(target=_end_with_parent, args=[int(sys.argv[2])], daemon=True).start()
    _serve(Connection(int(sys.argv[1])))
