"""One document edited: a chain of two views over documents, their chunks, and an aggregate on top. Milliseconds.

    python benchmarks/documents.py [--documents 5000] [--rounds 10]

Each document has 20 chunks of 100 characters. A view calls three functions (a chunker, one that gives a vector, one
that gives a label), and a second one counts its rows by label. An edit appends a chunk. What is timed is REFRESH of the
second view, which refreshes the first: for `capture = 'log'` and `'diff'`, in a file, the median of the rounds.
"""

import argparse
import statistics
import tempfile
import time
from pathlib import Path

import duckdb
from rich import box
from rich.console import Console
from rich.table import Table

import cocosql

CHUNKS, LENGTH = 20, 100
#: Rounds before those that count: indexes and plans are made.
WARM = 5


@cocosql.udf
def chunks(body: str) -> list[str]:
    return [body[start : start + LENGTH] for start in range(0, len(body), LENGTH)]


@cocosql.udf
def embed(text: str) -> list[float]:
    return [float(ord(letter)) for letter in text[:8]]


@cocosql.udf
def label(text: str) -> str:
    return text[:1]


def prepared(path: Path, documents: int, capture: str) -> duckdb.DuckDBPyConnection:
    con = cocosql.connect(path)
    cocosql.register(con, chunks, embed, label)
    con.execute("CREATE TABLE docs (id INTEGER PRIMARY KEY, title VARCHAR, body VARCHAR)")
    con.execute(f"""
        INSERT INTO docs
        SELECT i, 'doc ' || i, string_agg(rpad(md5((i * {CHUNKS} + j)::VARCHAR), {LENGTH}, 'x'), '' ORDER BY j)
        FROM range({documents}) r (i), range({CHUNKS}) s (j) GROUP BY i
    """)
    con.execute(f"""
        CREATE INCREMENTAL VIEW parts WITH (capture = '{capture}') AS
        SELECT id, title, c.text, embed(c.text) AS vector, label(c.text) AS label
        FROM docs, unnest(chunks(body)) AS c (text)
    """)
    con.execute(f"""
        CREATE INCREMENTAL VIEW labels WITH (capture = '{capture}') AS
        SELECT label, count(*) AS n FROM parts GROUP BY label
    """)
    con.execute("CHECKPOINT")
    return con


def refreshes(con: duckdb.DuckDBPyConnection, documents: int, rounds: int) -> tuple[list[float], list[float]]:
    """Wall and CPU time of each, in milliseconds."""
    wall, cpu = [], []
    for number in range(rounds):
        edit = [f"edit {number}", LENGTH, number * 37 % documents]
        con.execute("UPDATE docs SET body = body || rpad($1, $2, 'y') WHERE id = $3", edit)
        started, used = time.perf_counter(), time.process_time()
        con.execute("REFRESH INCREMENTAL VIEW labels")
        wall.append(1000 * (time.perf_counter() - started))
        cpu.append(1000 * (time.process_time() - used))
    return wall, cpu


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, default=5_000)
    parser.add_argument("--rounds", type=int, default=10)
    given = parser.parse_args()
    table = Table("capture", "wall, ms", "CPU, ms", box=box.MARKDOWN)
    for capture in ("log", "diff"):
        with tempfile.TemporaryDirectory() as folder:
            con = prepared(Path(folder) / "documents.db", given.documents, capture)
            wall, cpu = refreshes(con, given.documents, given.rounds + WARM)
            counted = con.execute("SELECT sum(n) FROM labels").fetchall()
            assert counted == con.execute("SELECT sum(len(chunks(body))) FROM docs").fetchall()
            con.close()
        medians = (statistics.median(times[WARM:]) for times in (wall, cpu))
        table.add_row(capture, *(f"{median:.1f}" for median in medians))
    Console(width=120).print(f"{given.documents:,} documents of {CHUNKS} chunks, one edited", table, sep="\n")


if __name__ == "__main__":
    main()
