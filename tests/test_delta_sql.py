"""What a small refresh does in each kind of operator. Each file of tests/data/deltas has a view and a change of its sources,
and shows the queries that take the change through the operators that it is named after: where the log has old and new
values, and where only the ids of the rows that changed are known."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from fixture_files import DATA, assert_shows
from helpers import Con, assert_view_equals_query
from readable_sql import readable

import cocosql
import cocosql.statements
from cocosql._native import Session
from cocosql.operators.step import Step
from cocosql.refresh.flow_run import FlowRun

FILES = sorted((DATA / "deltas").glob("*.sql"))

SETUP = """
CREATE TABLE notes (id INTEGER PRIMARY KEY, lang VARCHAR, author INTEGER, words INTEGER);
INSERT INTO notes SELECT i, ['en', 'de', 'mi'][i % 3 + 1], i % 7, i * 37 % 11 FROM range(60) AS r (i);
CREATE TABLE authors (author_id INTEGER PRIMARY KEY, name VARCHAR, country VARCHAR);
INSERT INTO authors SELECT i, 'author ' || i, ['NZ', 'DE'][i % 2 + 1] FROM range(6) AS r (i);
"""


@cocosql.udf(version="1")
def label(text: str) -> str:
    return f"<{text}>"


@dataclass
class Notes:
    #: What was done, by heading; a heading for each operator.
    texts: dict[str, list[str]] = field(default_factory=dict)
    #: Whether it is written down.
    is_on: bool = False

    def add(self, what: str, *queries: str) -> None:
        if self.is_on:
            self.texts[list(self.texts)[-1]] += [f"-- {what}", *(f"{readable(query)};" for query in queries), ""]


class Recorder:
    """A session that writes down what it is told to do with rows."""

    def __init__(self, session: Session, notes: Notes) -> None:
        self.__dict__.update(session=session, notes=notes)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.session, name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self.session, name, value)

    def for_views(self) -> "Recorder":
        return Recorder(self.session.for_views(), self.notes)

    def execute(self, sql: str, *parameters: Any) -> Any:
        self.notes.add("execute", sql)
        return self.session.execute(sql, *parameters)

    def collect(self, name: str, sql: str) -> int:
        self.notes.add(f"collect as {name}", sql)
        return self.session.collect(name, sql)

    def harvest(self, sql: str) -> Any:
        self.notes.add("harvest: the calls that are needed", sql)
        return self.session.harvest(sql)

    def find_rows(
        self, name: str, database: str, table: str, columns: list[str], among: list[tuple[str, str]], *how: Any
    ) -> int | None:
        self.notes.add(f"find in {table}, as {name}: rows with {one_of(among)}", *(ids for _, ids in among))
        return self.session.find_rows(name, database, table, columns, among, *how)

    def append_rows(self, database: str, table: str, rows: str, values: dict[str, int]) -> int:
        fixed = "".join(f", {name} = {value}" for name, value in values.items())
        self.notes.add(f"append to {table}{fixed}", rows)
        return self.session.append_rows(database, table, rows, values)

    def delete_rows(self, database: str, table: str, row_ids: str) -> int:
        self.notes.add(f"delete from {table}", row_ids)
        return self.session.delete_rows(database, table, row_ids)

    def difference(self, past: str, fresh: str, **by: Any) -> Any:
        parts = ("gone", "came", "moved") if by["content"] else ("gone", "came")
        key = f", by key {', '.join(by['key'])}" if by["key"] else ""
        names = ", ".join(f"{by['prefix']}{part}" for part in parts)
        self.notes.add(f"difference{key}, as {names}: rows that there are, and rows that are to be", past, fresh)
        return self.session.difference(past, fresh, **by)


def one_of(among: Sequence[tuple[str, str]]) -> str:
    return " or ".join(f"{column} one of" for column, _ in among)


@pytest.fixture
def refreshed(con: Con, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], dict[str, str]]:
    """Runs a refresh, and tells what it did, by operator."""
    notes = Notes()
    run, flow_run, prepare = cocosql.statements.run, FlowRun.run, FlowRun._prepare

    def with_recorder(session: Session, *given: Any) -> Any:
        return run(Recorder(session, notes), *given)  # type: ignore[arg-type]

    def operators(self: FlowRun, *given: Any) -> Any:
        notes.texts, notes.is_on = {"sources": []}, True
        found = flow_run(self, *given)
        assert found
        _, rows, touched = found
        which = f" with {one_of(touched.among)}" if touched.among else ""
        notes.add(f"replace the rows of the view{which}", *(ids for _, ids in touched.among))
        notes.add("by", rows)
        notes.is_on = False
        return found

    def next_operator(self: FlowRun, step: Step, *given: Any) -> None:
        notes.texts[f"{step.number}. {self.flow.operators[step.number - 1].kind}"] = []
        prepare(self, step, *given)

    monkeypatch.setattr(cocosql.statements, "run", with_recorder)
    monkeypatch.setattr(FlowRun, "run", operators)
    monkeypatch.setattr(FlowRun, "_prepare", next_operator)

    def refresh(statement: str) -> dict[str, str]:
        notes.texts = {}
        con.execute(statement)
        return {heading: stable("\n".join(lines)).strip() for heading, lines in notes.texts.items() if lines}

    return refresh


def stable(text: str) -> str:
    """The text without numbers and hashes that depend on what else there is."""
    text = re.sub(r"\b(kept|failed|source|touched|joined|results|apart|nulls)_\d+_(\d+)", r"\1_\2", text)
    text = re.sub(r"\b(rows|history)_\d+", r"\1", text)
    text = re.sub(r"memo_label_\w+", "memo_label", text)
    text = re.sub(r"-?\b\d{10,}\b", "…", text)
    snapshots = list(dict.fromkeys(re.findall(r"snapshot_\d+", text)))
    return re.sub(r"snapshot_\d+", lambda found: f"snapshot_{'abc'[snapshots.index(found[0])]}", text)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_fixture(con: Con, path: Path, refreshed: Callable[[str], dict[str, str]]) -> None:
    cocosql.register(con, label)
    script = path.read_text().partition("\n\n-- ")[0].strip()
    view, change = script.split(";\n", 1)
    done = []
    for capture in ("log", "diff"):
        con.execute(SETUP)
        con.execute(view.replace("VIEW v", f"VIEW v WITH (mode = 'incremental', capture = '{capture}')"))
        con.execute("REFRESH INCREMENTAL VIEW v")
        con.execute(change)
        done.append(refreshed("REFRESH INCREMENTAL VIEW v"))
        assert_view_equals_query(con, "v", view.partition(" AS\n")[2])
        con.execute("DROP INCREMENTAL VIEW v; DROP TABLE notes; DROP TABLE authors")
    by_log, by_ids = done
    parts = [script]
    for heading, text in by_log.items():
        kind = heading.partition(". ")[2].replace(" ", "_")
        if not path.stem.startswith(kind):
            continue
        if text == by_ids[heading]:
            parts.append(f"-- {heading}\n\n{text}")
        else:
            parts += [f"-- {heading}, of old and new values\n\n{text}", f"-- {heading}, of ids\n\n{by_ids[heading]}"]
    assert_shows(path, "\n\n".join(parts) + "\n")
