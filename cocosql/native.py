"""Loads the native library: one file that is both a DuckDB extension and the Python module cocosql._native."""

import ctypes
import importlib.machinery
import importlib.util
import os
import sys
from pathlib import Path

import _duckdb
import duckdb

from cocosql.files import find

#: The one version of DuckDB whose C++ symbols the library was built against.
DUCKDB_VERSION = "2.0.0"


def library() -> Path:
    return find("cocosql.duckdb_extension")


def load() -> None:
    """Make DuckDB's symbols resolvable for the library and import it as cocosql._native.

    Raises:
        ImportError: if another version of DuckDB is installed.
    """
    if "cocosql._native" in sys.modules:
        return
    if duckdb.__version__ != DUCKDB_VERSION:
        raise ImportError(
            f"cocosql is built for duckdb {DUCKDB_VERSION}, but duckdb {duckdb.__version__} is installed: "
            f"pip install duckdb=={DUCKDB_VERSION}"
        )
    ctypes.CDLL(_duckdb.__file__, os.RTLD_NOW | os.RTLD_GLOBAL | os.RTLD_NOLOAD)
    loader = importlib.machinery.ExtensionFileLoader("cocosql._native", str(library()))
    spec = importlib.util.spec_from_loader("cocosql._native", loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["cocosql._native"] = module
    loader.exec_module(module)
