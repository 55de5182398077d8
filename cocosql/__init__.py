"""CocoSQL: incremental views with Python functions, inside DuckDB."""

from cocosql import native

native.load()

from cocosql.connect import connect, load, register  # noqa: E402
from cocosql.gc import gc  # noqa: E402
from cocosql.graph import graph  # noqa: E402
from cocosql.progress_bar import progress  # noqa: E402
from cocosql.types import Arrow, Interval, Json, Vector  # noqa: E402
from cocosql.udf import Function, udf  # noqa: E402

__version__ = "0.1.0"
__all__ = [
    "Arrow",
    "Function",
    "Interval",
    "Json",
    "Vector",
    "__version__",
    "connect",
    "gc",
    "graph",
    "load",
    "progress",
    "register",
    "udf",
]
