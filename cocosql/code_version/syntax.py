"""Python's syntax trees, made by one thread at a time.

CPython 3.11 counts the depth of a tree once for all threads: where two make trees at once, one may get a SystemError
("AST constructor recursion depth mismatch").
"""

import ast
import threading
from contextlib import suppress

_one_at_a_time = threading.Lock()
#: How often it is tried: a thread that is not ours may make a tree at the same time.
_ATTEMPTS = 10


def parsed(source: str, mode: str = "exec") -> ast.AST:
    """The tree of a file; with mode "eval", of an expression.

    Raises:
        SyntaxError, ValueError: if it is not Python.
    """
    for _ in range(_ATTEMPTS):
        with suppress(SystemError), _one_at_a_time:
            return ast.parse(source, mode=mode)
    return ast.parse(source, mode=mode)
