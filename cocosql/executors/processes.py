"""Calls in worker processes: a function that crashes takes its process with it, and nothing else."""

import os
import pickle
import signal
import subprocess
import sys
import threading
import time
import weakref
from contextlib import suppress
from multiprocessing.connection import Pipe
from typing import Any

import cloudpickle

from cocosql.executors import worker
from cocosql.executors.attempts import Reply, ReplyLost, WorkerDied
from cocosql.executors.pacing import LONG_SECONDS
from cocosql.executors.target import Target


class InProcess:
    """In a worker process; as many as calls run at once, which stay for the next calls."""

    def __init__(self, target: Target, timeout: float | None) -> None:
        self._target = target
        self._timeout = timeout
        self._lock = threading.Lock()
        self._idle: list[_Worker] = []
        weakref.finalize(self, _end, self._idle)

    def call(self, arguments: Any, cancelled: threading.Event) -> Reply:
        found = self._take()
        reply = found.call(arguments, self._timeout, cancelled)
        if found.is_alive:
            with self._lock:
                self._idle.append(found)
        return reply

    def _take(self) -> "_Worker":
        while True:
            with self._lock:
                if not self._idle:
                    break
                found = self._idle.pop()
            if found.is_alive:
                return found
            found.end()  # it has died since its last call
        return _Worker(self._target)


class _Worker:
    def __init__(self, target: Target) -> None:
        try:
            payload = cloudpickle.dumps((target.by_row, target.callable))
        except Exception as error:
            raise TypeError(f"the function cannot be sent to another process: {error}") from error
        self._owner = os.getpid()
        #: Whether it has loaded the function.
        self._is_ready = False
        self._connection, theirs = Pipe()
        lifeline, self._lifeline = os.pipe()
        try:
            # Neither a fork, which would copy locks that other threads hold, nor one that imports the user's script
            # again; and no Ctrl-C but from us.
            self._process = subprocess.Popen(
                [sys.executable, "-uP", worker.__file__, *map(str, (theirs.fileno(), lifeline, os.getpid()))],
                pass_fds=[theirs.fileno(), lifeline],
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        finally:
            theirs.close()
            os.close(lifeline)
        self._send((sys.path, payload))

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    def call(self, arguments: Any, timeout: float | None, cancelled: threading.Event) -> Reply:
        start = time.monotonic()
        try:
            if not self._is_ready:
                self._answer(None, cancelled)
                self._is_ready, start = True, time.monotonic()
            self._connection.send_bytes(pickle.dumps(arguments, pickle.HIGHEST_PROTOCOL))
            answer = self._answer(timeout, cancelled)
        except TimeoutError as late:
            self.end()
            return Reply((), late, time.monotonic() - start)
        except (EOFError, OSError):
            return Reply((), WorkerDied(self._last_words()), time.monotonic() - start)
        try:
            results, seconds, error, text = pickle.loads(answer)
        except Exception as failure:
            problem = ReplyLost(f"its result cannot be read from its process: {failure!r}")
            return Reply((), problem, time.monotonic() - start)
        return Reply(results, _loaded(error, text) if error else None, seconds, text)

    def _answer(self, timeout: float | None, cancelled: threading.Event) -> bytes:
        """Wait for what the worker sends.

        Raises:
            TimeoutError: if it takes longer than `timeout` seconds, or the call is cancelled.
        """
        start = time.monotonic()
        while not self._connection.poll(LONG_SECONDS):
            spent = time.monotonic() - start
            if cancelled.is_set() or (timeout is not None and spent > timeout):
                raise TimeoutError(f"it took longer than {timeout or spent:g} seconds")
        return self._connection.recv_bytes()

    def end(self) -> None:
        if self._owner != os.getpid():  # a fork: the worker is its parent's
            return
        self._process.kill()
        self._process.wait()
        self._close()

    def _send(self, message: Any) -> None:
        with suppress(OSError):  # it has died: the first call says so
            self._connection.send(message)

    def _last_words(self) -> str:
        code = self._process.wait()
        self._close()
        if code >= 0:
            return f"the process in which it ran ended with exit code {code}"
        name = signal.Signals(-code).name
        hint = ", as the system does when memory runs out" if name == "SIGKILL" else ""
        return f"the process in which it ran was ended by {name}{hint}"

    def _close(self) -> None:
        self._connection.close()
        os.close(self._lifeline)


def _end(idle: list[_Worker]) -> None:
    for found in idle:
        found.end()


def _loaded(error: bytes, text: str) -> BaseException:
    try:
        loaded = pickle.loads(error)
        return loaded if isinstance(loaded, BaseException) else RuntimeError(text)
    except Exception:
        return RuntimeError(text)
