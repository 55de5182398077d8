"""What a view of embeddings costs: 100,000 FLOAT[384] from functions that give NumPy arrays, Arrow arrays or lists.

The functions work out almost nothing: each row is one of 8,191 random vectors, multiplied by a number. For each, in a
new database file:

* floor: fetch the texts, call the function in a Python loop over batches of the same size, insert all results with one
  statement that scans an Arrow table, CHECKPOINT. Nothing else.
* build: CREATE INCREMENTAL VIEW, CHECKPOINT.
* the file then, without the texts, beside the vectors' own bytes.

CHECKPOINT is part of both, for it is most of the work, and DuckDB leaves it to the next statement that writes: the
floor has none, and a build has several.

Times are CPU seconds of the process, all threads (`--wall`: by the clock), medians of several rounds.

    python benchmarks/vectors.py [--rows 100000] [--rounds 3] [--batch 1024] [--only numpy,arrow] [--folder DIR]
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
from rich import box
from rich.console import Console
from rich.table import Table

import cocosql
from cocosql import Arrow, Vector

SIZE = 384
_Lists = Arrow["FLOAT[]"]
_SOME = np.random.default_rng(1).standard_normal((8191, SIZE), np.float32)


def vectors(texts: Any) -> np.ndarray:
    numbers = np.fromiter(map(int, texts), np.int64, len(texts))
    return _SOME[numbers % len(_SOME)] * (1 + numbers[:, None].astype(np.float32) / 1_000_003)


def matrix(texts: list[str]) -> list[Vector[384]]:
    return vectors(texts)  # type: ignore[return-value]  # an array is a sequence of vectors


def rows(texts: list[str]) -> list[Vector[384]]:
    return list(vectors(texts))


def lists(texts: list[str]) -> list[Vector[384]]:
    return vectors(texts).tolist()


def fixed_size(texts: Arrow[str]) -> Arrow[Vector[384]]:
    return pa.FixedSizeListArray.from_arrays(pa.array(vectors(texts.to_pylist()).ravel()), SIZE)


def list_array(texts: Arrow[str]) -> _Lists:
    values = vectors(texts.to_pylist())
    offsets = np.arange(0, values.size + 1, SIZE, dtype=np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets), pa.array(values.ravel()))


#: By name: the function, the SQL type, and the most that a build may be of the floor.
KINDS: dict[str, tuple[Callable[..., Any], str, float | None]] = {
    "NumPy, 2-D": (matrix, f"FLOAT[{SIZE}]", 1.3),
    "NumPy, list of 1-D": (rows, f"FLOAT[{SIZE}]", 1.3),
    "Arrow, fixed size": (fixed_size, f"FLOAT[{SIZE}]", 1.2),
    "Arrow, list": (list_array, "FLOAT[]", 1.2),
    "lists": (lists, f"FLOAT[{SIZE}]", None),
}


class Clock:
    def __init__(self, wall: bool) -> None:
        self.now = time.perf_counter if wall else time.process_time

    def seconds(self, work: Callable[[], object]) -> float:
        started = self.now()
        work()
        return self.now() - started


def fill(con: duckdb.DuckDBPyConnection, count: int) -> None:
    con.execute("CREATE TABLE docs (id BIGINT PRIMARY KEY, body VARCHAR)")
    con.execute("INSERT INTO docs SELECT i, i::VARCHAR FROM range($1) AS t(i)", [count])
    con.execute("CHECKPOINT")


def arrow_of(results: list[Any]) -> Any:
    """All results of batches as one Arrow array, by the shortest way."""
    if isinstance(results[0], pa.Array):
        return pa.chunked_array(results)
    if isinstance(results[0], np.ndarray):
        chunks = [pa.FixedSizeListArray.from_arrays(pa.array(part.ravel()), SIZE) for part in results]
        return pa.chunked_array(chunks)
    if isinstance(results[0][0], np.ndarray):
        flat = [pa.array(np.concatenate(part)) for part in results]
        return pa.chunked_array([pa.FixedSizeListArray.from_arrays(part, SIZE) for part in flat])
    return pa.chunked_array([pa.array(part, pa.list_(pa.float32(), SIZE)) for part in results])


def floor(path: Path, kind: str, count: int, batch: int, clock: Clock) -> float:
    function, sql_type, _ = KINDS[kind]
    with duckdb.connect(str(path)) as con:
        fill(con, count)
        con.execute(f"CREATE TABLE passages (id BIGINT, vector {sql_type})")

        def work() -> None:
            if kind.startswith("Arrow"):
                table = con.sql("SELECT id, body FROM docs").to_arrow_table().combine_chunks()
                ids, bodies = table.column(0), table.column(1).combine_chunks()
            else:
                found = con.execute("SELECT id, body FROM docs").fetchall()
                ids, bodies = pa.array([row[0] for row in found]), [row[1] for row in found]
            results = [function(bodies[start : start + batch]) for start in range(0, count, batch)]
            made = pa.table({"id": ids, "vector": arrow_of(results)})  # noqa: F841  DuckDB finds it by name
            con.execute("INSERT INTO passages FROM made")
            con.execute("CHECKPOINT")

        return clock.seconds(work)


def build(path: Path, kind: str, count: int, batch: int, clock: Clock) -> tuple[float, float]:
    """The seconds that it takes, and the bytes of the file for each byte of a vector."""
    embed = cocosql.udf(name="embed", batch_size=batch)(KINDS[kind][0])
    with cocosql.connect(path, functions=(embed,)) as con:
        fill(con, count)
        before = path.stat().st_size
        query = "CREATE INCREMENTAL VIEW passages AS SELECT id, embed(body) AS vector FROM docs"
        taken = clock.seconds(lambda: (con.execute(query).fetchall(), con.execute("CHECKPOINT")))
        ((found, bad),) = con.execute(
            "SELECT count(vector), count(*) FILTER (len(vector) <> $1) FROM passages", [SIZE]
        ).fetchall()
        if (found, bad) != (count, 0):
            raise SystemExit(f"{kind}: {found} vectors for {count} rows, {bad} of another length")
        return taken, (path.stat().st_size - before) / (count * SIZE * 4)


def measure(kinds: list[str], given: argparse.Namespace) -> dict[str, tuple[float, float, float, float]]:
    """By kind: floor, build, their ratio, bytes; medians. What is compared follows each other."""
    clock, found = Clock(given.wall), {}
    for kind in kinds:
        runs = []
        for _ in range(given.rounds):
            with tempfile.TemporaryDirectory(dir=given.folder) as folder:
                least = floor(Path(folder) / "floor.db", kind, given.rows, given.batch, clock)
                taken, size = build(Path(folder) / "build.db", kind, given.rows, given.batch, clock)
                runs.append((least, taken, taken / least, size))
        found[kind] = tuple(map(statistics.median, zip(*runs, strict=True)))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--batch", type=int, default=1024)
    parser.add_argument("--only", default="", help="kinds, by how their names begin, as in numpy,lists")
    parser.add_argument("--wall", action="store_true", help="measure by the clock, not CPU time")
    parser.add_argument("--folder", help="where to make the database files (default: the temporary folder)")
    given = parser.parse_args()
    wanted = tuple(given.only.lower().split(","))
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for column in ("a function gives", "floor, s", "build, s", "build / floor", "aim", "file / vectors"):
        table.add_column(column, justify="left" if column == "a function gives" else "right", no_wrap=True)
    for kind, (least, taken, ratio, size) in measure([k for k in KINDS if k.lower().startswith(wanted)], given).items():
        aim = KINDS[kind][2]
        table.add_row(kind, f"{least:.3f}", f"{taken:.3f}", f"{ratio:.2f}", f"{aim or ''}", f"{size:.2f}")
    console = Console(highlight=False, width=100)
    console.print(f"{given.rows:,} vectors of {SIZE}, batches of {given.batch}, medians of {given.rounds}\n")
    console.print(table)


if __name__ == "__main__":
    main()
