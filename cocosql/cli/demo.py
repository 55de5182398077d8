"""``cocosql demo``: real text that is on every machine, two views, six changes, and what each made CocoSQL redo."""

import math
import re
import shlex
import time
import zlib
from dataclasses import dataclass
from importlib.metadata import distributions
from pathlib import Path
from pydoc_data import topics

import duckdb
from rich import box
from rich.console import Console
from rich.table import Table

import cocosql
from cocosql import udf
from cocosql.sqltext import literal

DEFAULT_PATH = Path("cocosql-demo.db")

#: Documents and characters of text: enough to be worth an index, little enough for ten seconds.
MOST_DOCUMENTS = 150
FEWEST_DOCUMENTS = 60
MOST_CHARACTERS = 40_000

PASSAGES = """\
CREATE INCREMENTAL VIEW passages AS
SELECT d.name, p.ordinal, p.heading, p.text,
       count_words(p.text) AS words, embed(p.text) AS vector
FROM docs AS d, unnest(split_passages(d.body)) AS u(p)"""

DOCUMENTS = """\
CREATE INCREMENTAL VIEW documents WITH (key = 'name') AS
SELECT name, count(*) AS passages, sum(words) AS words FROM passages GROUP BY name"""

REFRESH = "REFRESH ALL INCREMENTAL VIEWS"

_TOPIC = "python: "
_HEADING = "Added by the demo"
_ADDED = f"\n\n# {_HEADING}\n\nA new last passage."
_OWN_WORDS = "# Introduction\n\nWhat follows was copied.\n\n"


class DemoError(Exception):
    """The demo cannot run; the message says what to do."""


@dataclass
class Passage:
    ordinal: int
    heading: str
    text: str


@udf
def split_passages(body: str) -> list[Passage]:
    """Paragraphs, joined up to some 600 characters, each under the last heading before it."""
    passages: list[Passage] = []
    heading = ""
    for paragraph in re.split(r"\n\s*\n", body):
        text = paragraph.strip()
        if not text:
            continue
        found = re.match(r"#+ +(.+)|(.+)\n[=\-~*]{3,}$", text)
        if found:
            heading = (found[1] or found[2]).strip()
        last = passages[-1] if passages else None
        if last and last.heading == heading and len(last.text) + len(text) < 600:
            last.text += "\n\n" + text
        else:
            passages.append(Passage(len(passages) + 1, heading, text))
    return passages


@udf
def count_words(text: str) -> int:
    """Words are what stands between blanks."""
    return len(text.split())


@udf(name="count_words")
def count_words_better(text: str) -> int:
    """The same function after an edit: only what has a letter is a word."""
    return len(re.findall(r"\w*[^\W\d_]\w*", text))


@udf(batch_size=64, returns="FLOAT[64]")
def embed(texts: list[str]) -> list[list[float]]:
    """A small vector: counts of hashed words and of their first letters, of length 1. Stands for a model."""
    vectors = []
    for text in texts:
        vector = [0.0] * 64
        for word in re.findall(r"[a-z]+", text.lower()):
            vector[zlib.crc32(word.encode()) % 64] += 1.0
            vector[zlib.crc32(word[:4].encode()) % 64] += 0.5
        length = math.sqrt(sum(x * x for x in vector)) or 1.0
        vectors.append([x / length for x in vector])
    return vectors


#: What the file's views call: `cocosql.connect("cocosql-demo.db", functions=FUNCTIONS)`.
FUNCTIONS = (split_passages, count_words, embed)


@dataclass(frozen=True)
class Written:
    inserted: int = 0
    updated: int = 0
    deleted: int = 0

    def __str__(self) -> str:
        parts = [f"{sign}{count}" for sign, count in zip("+~-", vars(self).values(), strict=True) if count]
        return " ".join(parts) or "0"


@dataclass(frozen=True)
class Step:
    title: str
    calls: int
    hits: int
    #: Calls that working out everything afresh makes: one for each row and function.
    full: int
    passages: Written
    documents: Written
    seconds: float


def run(path: Path | None) -> None:
    """Run the demo in a new file."""
    started = time.monotonic()
    path = _new_file(path)
    console = Console(highlight=False, soft_wrap=True)
    if not console.is_terminal:
        console = Console(highlight=False, soft_wrap=True, width=100)
    texts = _texts()
    console.print(f"[bold]CocoSQL {cocosql.__version__}[/]: an index of {_contents(texts)}.\n")
    for statement in (PASSAGES, DOCUMENTS):
        console.print(f"[cyan]{statement};[/]")
    console.print(
        f"\nsplit_passages, count_words and embed are Python functions. After each change below:\n[cyan]{REFRESH};[/]\n"
    )
    con = cocosql.connect(path, functions=FUNCTIONS)
    try:
        _load(con, texts)
        steps, edited = _steps(con)
        console.print(_table(steps))
        console.print(
            "\ncalls: made to Python. hits: results that were known. full: calls to redo all, one a row and function.\n"
            "passages, documents: rows written (+ inserted, ~ updated, - deleted). seconds: of the whole statement.\n"
        )
        _print_lineage(console, con, edited)
    finally:
        con.close()
    _print_next(console, path, time.monotonic() - started)


def _new_file(path: Path | None) -> Path:
    if path is None:
        numbered = (DEFAULT_PATH.with_stem(f"{DEFAULT_PATH.stem}-{number}") for number in range(2, 1000))
        return next(option for option in (DEFAULT_PATH, *numbered) if not option.exists())
    if path.exists():
        raise DemoError(f"{path} exists already, and the demo makes a new file: choose another --path, or delete it")
    if not path.absolute().parent.is_dir():
        raise DemoError(f"there is no folder {path.absolute().parent}: make it first, or choose another --path")
    return path


def _texts() -> dict[str, str]:
    """READMEs of installed packages; where they are few, Python's help topics too."""
    texts: dict[str, str] = {}
    for distribution in sorted(distributions(), key=lambda found: found.name or ""):
        description = distribution.metadata.json.get("description")
        if isinstance(description, str) and len(description) > 400:
            texts.setdefault(distribution.name, description[:MOST_CHARACTERS])
    chosen = dict(list(texts.items())[:MOST_DOCUMENTS])
    for topic, text in topics.topics.items():
        if len(chosen) < FEWEST_DOCUMENTS and len(text) > 400:
            chosen.setdefault(_TOPIC + topic, text[:MOST_CHARACTERS])
    return chosen


def _contents(texts: dict[str, str]) -> str:
    """What the texts are, in words."""
    helps = sum(name.startswith(_TOPIC) for name in texts)
    readmes = f"{len(texts) - helps} READMEs of installed packages"
    size = sum(map(len, texts.values())) // 1000
    return f"{readmes}{f' and {helps} help topics of Python' if helps else ''}, {size} KB of text"


def _load(con: duckdb.DuckDBPyConnection, texts: dict[str, str]) -> None:
    con.execute("CREATE TABLE docs (name VARCHAR PRIMARY KEY, body VARCHAR)")
    con.execute("INSERT INTO docs SELECT unnest($1), unnest($2)", [list(texts), list(texts.values())])


def _steps(con: duckdb.DuckDBPyConnection) -> tuple[list[Step], str]:
    """Make the changes one by one; returns what each cost, and the name of the edited document.

    The document that is added has most of its text in common with another; so it costs few calls.
    """
    steps = [_step(con, "build both views", [PASSAGES, DOCUMENTS])]
    (edited,), (deleted,) = con.execute(
        "SELECT name FROM documents ORDER BY starts_with(name, $1), passages DESC, name LIMIT 2", [_TOPIC]
    ).fetchall()
    steps.append(_step(con, "change nothing", [REFRESH]))
    con.execute("UPDATE docs SET body = body || $1 WHERE name = $2", [_ADDED, edited])
    steps.append(_step(con, f"edit {edited}", [REFRESH]))
    con.execute("INSERT INTO docs SELECT 'my notes', $1 || body FROM docs WHERE name = $2", [_OWN_WORDS, deleted])
    steps.append(_step(con, "add my notes", [REFRESH]))
    con.execute("DELETE FROM docs WHERE name = $1", [deleted])
    steps.append(_step(con, f"delete {deleted}", [REFRESH]))
    cocosql.register(con, count_words_better)
    steps.append(_step(con, "change count_words", [REFRESH]))
    cocosql.register(con, count_words)
    steps.append(_step(con, "change it back", [REFRESH]))
    return steps, edited


def _step(con: duckdb.DuckDBPyConnection, title: str, statements: list[str]) -> Step:
    """Run the statements; what they did is in coco_runs."""
    before = _number(con, "SELECT coalesce(max(run_id), 0) FROM coco_runs()")
    started = time.monotonic()
    for statement in statements:
        con.execute(statement).fetchall()
    seconds = time.monotonic() - started
    runs = con.execute(
        "SELECT view, inserted, updated, deleted, calls, hits FROM coco_runs() WHERE run_id > $1", [before]
    ).fetchall()
    written = {view: Written(*counts) for view, *counts, _, _ in runs if any(counts)}
    full = _number(con, "SELECT (SELECT count(*) FROM docs) + 2 * (SELECT count(*) FROM passages)")
    return Step(
        title,
        sum(run[4] for run in runs),
        sum(run[5] for run in runs),
        full,
        written.get("passages", Written()),
        written.get("documents", Written()),
        seconds,
    )


def _number(con: duckdb.DuckDBPyConnection, query: str) -> int:
    ((number,),) = con.execute(query).fetchall()
    return int(number)


def _table(steps: list[Step]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style="bold")
    table.add_column("change", no_wrap=True, max_width=26)
    for name in ("calls", "hits", "full"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("passages", no_wrap=True)
    table.add_column("documents", no_wrap=True)
    table.add_column("seconds", justify="right", no_wrap=True)
    for step in steps:
        table.add_row(
            step.title,
            *(f"{number:,}" for number in (step.calls, step.hits, step.full)),
            *(str(step.passages), str(step.documents)),
            f"{step.seconds:.2f}",
        )
    return table


def _print_lineage(console: Console, con: duckdb.DuckDBPyConnection, name: str) -> None:
    """Show where the passage that the demo added comes from."""
    query = f"SELECT * FROM coco_lineage('passages') WHERE row.heading = {literal(_HEADING)}"
    ((text, source, key, state),) = con.execute(
        "SELECT row.text, source, source_key, source_state FROM coco_lineage('passages') "
        "WHERE row.heading = $1 AND row.name = $2",
        [_HEADING, name],
    ).fetchall()
    calls = con.execute(
        "SELECT f.name, f.code_version[:8], f.input_fingerprint, f.run_id, strftime(f.computed_at, '%H:%M:%S') "
        "FROM coco_lineage('passages'), unnest(functions) AS u(f) WHERE row.heading = $1 AND row.name = $2",
        [_HEADING, name],
    ).fetchall()
    console.print(f"Where a row comes from: [cyan]{query};[/]")
    console.print(f"  row     {text!r}", markup=False)
    console.print(f"  source  {source} {key}, {state}", markup=False)
    for function, code, fingerprint, run_id, at in calls:
        console.print(f"  call    {function}, code {code}, input {fingerprint}, run {run_id} at {at}", markup=False)


def _print_next(console: Console, path: Path, seconds: float) -> None:
    console.print(f"\nDone in {seconds:.1f} s. The file is [bold]{path}[/]; any DuckDB 2.0 reads it. Go on in Python:")
    console.print(
        f"  import cocosql; from cocosql.cli.demo import FUNCTIONS\n"
        f"  con = cocosql.connect({str(path)!r}, functions=FUNCTIONS)\n"
        f"  con.sql(\"UPDATE docs SET body = 'Short.' WHERE name = 'my notes'\")\n"
        f'  print(con.sql("{REFRESH}"))\n'
        f'  print(con.sql("FROM coco_runs()"))\n'
        f"Or look at it: cocosql show {shlex.quote(str(path))}",
        markup=False,
    )
