"""Append DuckDB's extension metadata to a shared library: append_footer.py LIBRARY DUCKDB_VERSION EXTENSION_VERSION.

The footer is 512 bytes: eight NUL-padded fields of 32 bytes (last first), then 256 bytes for a signature.
"""

import sys
from pathlib import Path

import duckdb


def footer(duckdb_version: str, extension_version: str) -> bytes:
    platform = duckdb.execute("PRAGMA platform").fetchall()[0][0]
    fields = ["4", platform, duckdb_version, extension_version, "CPP", "", "", ""]
    return b"".join(field.encode().ljust(32, b"\0") for field in reversed(fields)) + bytes(256)


if __name__ == "__main__":
    library, *versions = sys.argv[1:]
    with Path(library).open("ab") as file:
        file.write(footer(*versions))
