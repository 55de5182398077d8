"""Rewrites of the algebra. Each file of tests/data/rewrites has queries, and what one rewrite makes of each; both give
the same rows."""

import importlib
import re
from collections import Counter
from collections.abc import Iterator

import pytest
from fixture_files import DATA, assert_shows
from helpers import Con, rows, take_session
from readable_algebra import readable

import cocosql
from cocosql._native import Session
from cocosql.expressions import finder
from cocosql.planner.algebra import algebra
from cocosql.planner.rewrites import REWRITES
from cocosql.planner.rewrites.context import Context

FOLDER = DATA / "rewrites"
NAMES = [rewrite.__name__ for rewrite in REWRITES]

SETUP = """
CREATE TABLE notes (id INTEGER PRIMARY KEY, lang VARCHAR, author INTEGER, words INTEGER);
INSERT INTO notes SELECT i, ['en', 'de', 'mi', NULL][i % 4 + 1], nullif(i % 7, 6), i * 37 % 11 FROM range(60) AS r (i);
CREATE TABLE authors (author_id INTEGER PRIMARY KEY, name VARCHAR, country VARCHAR, mentor INTEGER);
INSERT INTO authors SELECT i, 'author ' || i, ['NZ', 'DE', NULL][i % 3 + 1], nullif(i % 4, 3) FROM range(6) AS r (i);
"""


@cocosql.udf(version="1")
def label(text: str) -> str:
    return f"<{text}>"


@pytest.fixture(scope="module")
def filled() -> Iterator[tuple[Con, Session]]:
    con = cocosql.connect()
    con.execute(SETUP)
    cocosql.register(con, label)
    yield con, take_session(con)
    con.close()


def rewritten(con: Con, session: Session, name: str, query: str) -> str | None:
    """What the rewrite makes of a query; None if nothing."""
    (rewrite,) = (one for one in REWRITES if one.__name__ == name)
    names = [column for column, *_ in con.execute(f"DESCRIBE {query}").fetchall()]
    root = algebra(session, query, [])[-1]
    after = rewrite(root, Context(finder(["label"])))
    return None if after is root or readable(after, names) == readable(root, names) else readable(after, names)


def bag(con: Con, sql: str) -> Counter[str]:
    return Counter(map(repr, rows(con, sql)))


@pytest.mark.parametrize("name", NAMES)
def test_fixture(filled: tuple[Con, Session], name: str) -> None:
    con, session = filled
    path = FOLDER / f"{name}.sql"
    shown = []
    for case in re.split(r"\n\n(?=--)", path.read_text().strip()):
        given = re.split(r"\n-- (?:becomes|stays)$", case, maxsplit=1, flags=re.MULTILINE)[0].strip()
        query = re.sub(r"^--.*\n", "", given, flags=re.MULTILINE).rstrip(";")
        after = rewritten(con, session, name, query)
        shown.append(f"{given}\n-- becomes\n{after};" if after else f"{given}\n-- stays")
        assert after is None or bag(con, after) == bag(con, query)
        assert bag(con, query)
    assert_shows(path, "\n\n".join(shown) + "\n")


@pytest.mark.parametrize("name", NAMES)
def test_example_in_docstring(filled: tuple[Con, Session], name: str) -> None:
    text = importlib.import_module(f"cocosql.planner.rewrites.{name}").__doc__ or ""
    query, after = re.findall(r"\n\n((?:    .*\n)+)", f"{text}\n")
    found = rewritten(*filled, name, query)
    assert found is not None
    assert found.split() == after.split()


def test_every_rewrite_has_a_file() -> None:
    assert {path.stem for path in FOLDER.iterdir()} == set(NAMES)
