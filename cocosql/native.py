"""Loads the native library: one file that is both a DuckDB extension and the Python module cocosql._native.

DuckDB's classes differ from version to version, so there is a file for each version of DuckDB.
"""

import ctypes
import importlib.machinery
import importlib.util
import os
import sys
from pathlib import Path

import duckdb

from cocosql.files import find


def supported() -> list[str]:
    """The versions of DuckDB that CocoSQL can be built for, the newest first."""
    return find("duckdb_versions.txt").read_text().split()


def library() -> Path:
    """The native file for the DuckDB that is installed.

    Raises:
        ImportError: if there is none; says what to install.
    """
    installed, versions = duckdb.__version__, supported()
    if installed not in versions:
        raise ImportError(
            f"cocosql works with duckdb {' and '.join(versions)}, but duckdb {installed} is installed: "
            f"pip install duckdb=={versions[0]}"
        )
    built = {version: path for version in versions if (path := _file(version))}
    if installed in built:
        return built[installed]
    if not built:
        raise ImportError("cocosql is not installed whole: it has no native file. Install it with `pip install .`")
    raise ImportError(
        f"this cocosql was built for duckdb {' and '.join(built)}, but duckdb {installed} is installed: "
        f"pip install duckdb=={next(iter(built))}, or build cocosql for all: COCOSQL_DUCKDB_VERSIONS=all pip install ."
    )


def load() -> None:
    """Make DuckDB's symbols resolvable for the library and import it as cocosql._native.

    Raises:
        ImportError: if there is no native file for the DuckDB that is installed.
    """
    if "cocosql._native" in sys.modules:
        return
    path = library()
    # Not imported above: only a version that is supported has it for sure.
    symbols = importlib.import_module("_duckdb").__file__
    ctypes.CDLL(symbols, os.RTLD_NOW | os.RTLD_GLOBAL | os.RTLD_NOLOAD)
    loader = importlib.machinery.ExtensionFileLoader("cocosql._native", str(path))
    spec = importlib.util.spec_from_loader("cocosql._native", loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["cocosql._native"] = module
    try:
        loader.exec_module(module)
    except BaseException:
        del sys.modules["cocosql._native"]
        raise


def _file(version: str) -> Path | None:
    try:
        return find(f"extensions/v{version}/cocosql.duckdb_extension")
    except FileNotFoundError:
        return None
