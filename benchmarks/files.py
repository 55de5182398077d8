"""A view over very many small files: what a refresh costs beside DuckDB's listing of them.

python benchmarks/files.py [how many files]
"""

import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import cocosql

_PER_FOLDER = 1000


@cocosql.udf(version="1")
def shout(text: str) -> str:
    return text.upper()


def seconds(work: Callable[[], object]) -> float:
    started = time.monotonic()
    work()
    return time.monotonic() - started


def make(folder: Path, count: int) -> None:
    for number in range(count):
        if number % _PER_FOLDER == 0:
            (folder / f"{number // _PER_FOLDER:04}").mkdir()
        path(folder, number).write_text(f"This is the text of file {number}.\n" * 5)


def path(folder: Path, number: int) -> Path:
    return folder / f"{number // _PER_FOLDER:04}" / f"{number:07}.md"


def measure(folder: Path, count: int, *, kind: str, query: str) -> None:
    con = cocosql.connect(folder.with_name(f"{kind}.db"))
    cocosql.register(con, shout)
    pattern = f"{folder}/**/*.md"

    def refresh() -> None:
        con.execute("REFRESH INCREMENTAL VIEW v").fetchall()

    def listed() -> None:
        con.execute("SELECT count(*) FROM glob($1)", [pattern]).fetchall()

    def read() -> None:
        con.execute("SELECT count(*), sum(octet_length(content)) FROM read_blob($1)", [pattern]).fetchall()

    build = seconds(lambda: con.execute(f"CREATE INCREMENTAL VIEW v AS {query.format(pattern=pattern)}"))
    refresh()
    nothing = [(seconds(listed), seconds(refresh)) for _ in range(5)]
    for number in range(0, count, count // 10):
        path(folder, number).write_text(f"This is another text of file {number}, as of {time.time_ns()}.\n")
    changed = seconds(refresh)
    listing, refreshing = sorted(nothing, key=lambda pair: pair[1] / pair[0])[len(nothing) // 2]
    print(f"{kind}, {count} files")
    print(f"  list them (glob)                {listing:7.2f} s")
    print(f"  read them (read_blob)           {seconds(read):7.2f} s")
    print(f"  build the view                  {build:7.2f} s")
    print(f"  refresh, nothing changed        {refreshing:7.2f} s = {refreshing / listing:.1f} x the listing")
    print(f"  refresh, 10 files changed       {changed:7.2f} s")
    con.close()


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR")) as temporary:
        folder = Path(temporary) / "files"
        folder.mkdir()
        make(folder, count)
        time.sleep(4)  # files just written are read again, as they may be written within the same tick of the clock
        measure(folder, count, kind="map", query="SELECT filename, shout(content) AS text FROM read_text('{pattern}')")
        time.sleep(4)
        measure(
            folder,
            count,
            kind="recompute",
            query="SELECT DISTINCT length(content) AS size FROM read_text('{pattern}')",
        )


if __name__ == "__main__":
    main()
