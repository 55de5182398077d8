"""Python's syntax trees, made by one thread at a time.

CPython 3.11 counts the depth of a tree once for all threads: where two make trees at once, one may get a SystemError
("AST constructor recursion depth mismatch").
"""

import ast
import threading

import tenacity

_one_at_a_time = threading.Lock()


# Again, for a thread that is not ours may make a tree at the same time.
@tenacity.retry(retry=tenacity.retry_if_exception_type(SystemError), stop=tenacity.stop_after_attempt(10), reraise=True)
def parsed(source: str, mode: str = "exec") -> ast.AST:
    """The tree of a file; with mode "eval", of an expression.

    Raises:
        SyntaxError, ValueError: if it is not Python.
    """
    with _one_at_a_time:
        return ast.parse(source, mode=mode)
