"""Files as sources: what changed is read, the rest is neither opened nor parsed, and the view equals its query."""

import gc
import json
import os
import random
import re
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import pytest
from helpers import Calls, Con, assert_replayed, assert_view_equals_query, one, rows, run_script
from speeds import seeds, slow

import cocosql
from cocosql import listing
from cocosql.capture.files import FileParts
from cocosql.refresh.view_refresh import ViewRefresh
from cocosql.sqltext import literal


@pytest.fixture(autouse=True)
def _settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files that were just written are taken as settled: the clock of this file system is fine enough for tests."""
    monkeypatch.setattr(listing, "_SETTLED_NS", 0)


@pytest.fixture
def calls(con: Con) -> Calls:
    """The calls of ``up``, a function of text."""
    noted = Calls()

    @cocosql.udf(version="1")
    def up(text: str) -> str:
        noted.note(text)
        return text.upper()

    @cocosql.udf(version="1")
    def pieces(text: str) -> list[str]:
        noted.note(text)
        return text.split()

    cocosql.register(con, up, pieces)
    return noted


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    folder = tmp_path / "docs"
    folder.mkdir()
    return folder


def refresh(con: Con, view: str = "v") -> tuple[int, int, int, int]:
    """Version; rows inserted, updated, deleted."""
    ((_, *counts, _, _, _),) = rows(con, f"REFRESH INCREMENTAL VIEW {view}")
    version, inserted, updated, deleted = counts
    return version, inserted, updated, deleted


def opened(con: Con, folder: Path, work: Callable[[], Any]) -> set[str]:
    """The files of a folder that DuckDB opens meanwhile, by path within it."""
    con.execute("CALL enable_logging('FileSystem')")
    con.execute("CALL truncate_duckdb_logs()")
    work()
    con.execute("CALL disable_logging()")
    found = rows(con, "SELECT message FROM duckdb_logs WHERE type = 'FileSystem'")
    paths = [match[1] for (message,) in found if (match := re.search(r'"path":"(.*)","op":"OPEN"', message))]
    return {str(Path(path).relative_to(folder)) for path in paths if Path(path).is_relative_to(folder)}


def steps(con: Con, view: str = "v") -> list[tuple[int, int]]:
    """Parts read and skipped in the last run, by look at the sources."""
    return rows(
        con,
        f"SELECT parts_read, parts_skipped FROM coco.run_steps WHERE view_name = '{view}' AND parts_read IS NOT NULL "
        "AND run_id = (SELECT max(run_id) FROM coco.run_steps) ORDER BY step",
    )


def write_text(path: Path, text: str) -> None:
    path.write_text(text)


def write_parquet(path: Path, text: str) -> None:
    duckdb.sql(f"SELECT {literal(text)} AS a, 1 AS b").write_parquet(str(path))


def write_csv(path: Path, text: str) -> None:
    path.write_text(f"a,b\n{text},1\n")


def write_json(path: Path, text: str) -> None:
    path.write_text(json.dumps({"a": text, "b": 1}) + "\n")


_TEXT, _PARQUET, _CSV, _JSON = (
    (write_text, "md"),
    (write_parquet, "parquet"),
    (write_csv, "csv"),
    (write_json, "json"),
)
#: How to write a file; the call; the text in a row; how many files tell the types of all.
READERS: dict[str, tuple[tuple[Any, str], str, str, int]] = {
    "read_text": (_TEXT, "read_text({})", "content", 0),
    "read_blob": (_TEXT, "read_blob({})", "decode(content)", 0),
    "read_parquet": (_PARQUET, "read_parquet({})", "a", 1),
    "parquet_scan": (_PARQUET, "parquet_scan({})", "a", 1),
    "parquet by name": (_PARQUET, "{}", "a", 1),
    "read_csv": (_CSV, "read_csv({}, files_to_sniff = 1)", "a", 1),
    "read_csv_auto": (_CSV, "read_csv_auto({}, header := true, files_to_sniff := 1)", "a", 1),
    "csv by name": (_CSV, "{}", "a", 10),
    "read_json": (_JSON, "read_json({}, maximum_sample_files = 1)", "a", 1),
    "read_json_auto": (_JSON, "read_json_auto({}, maximum_sample_files = 1)", "a", 1),
    "json by name": (_JSON, "{}", "a", 32),
    "read_ndjson": (_JSON, "read_ndjson({}, maximum_sample_files = 1)", "a", 1),
    "read_ndjson_auto": (_JSON, "read_ndjson_auto({}, maximum_sample_files = 1)", "a", 1),
    "read_json_objects": (_JSON, "read_json_objects({})", "json ->> 'a'", 0),
    "read_ndjson_objects": (_JSON, "read_ndjson_objects({})", "json ->> 'a'", 0),
}


@pytest.mark.every(3)
@pytest.mark.parametrize("reader", READERS)
def test_the_life_of_files(con: Con, docs: Path, calls: Calls, reader: str) -> None:
    (write, suffix), call, text, samples = READERS[reader]
    for number in range(4):
        write(docs / f"{number}.{suffix}", f"text {number}")
    source = call.format(literal(f"{docs}/*.{suffix}"))
    query = f"SELECT {text} AS was, {{}}({text}) AS up FROM {source} AS f WHERE {text} <> 'left out'"
    con.execute(f"CREATE INCREMENTAL VIEW v WITH (mode = 'incremental') AS {query.format('up')}")
    sampled = {f"{number}.{suffix}" for number in range(samples)}

    def after(change: Callable[[], Any], called: list[str], version: int, changed: set[str]) -> None:
        """A refresh after a change reads, and calls, no more than that."""
        calls.clear()
        change()
        read = opened(con, docs, lambda: refresh(con))
        assert read >= changed
        assert read <= changed | (sampled if changed else set())
        assert sorted(calls) == sorted(map(repr, called))
        assert one(con, "SELECT version FROM coco_views() WHERE name = 'v'") == version
        assert_view_equals_query(con, "v", query.format("upper"))
        assert opened(con, docs, lambda: refresh(con)) == set()

    def new(name: str) -> Path:
        return docs / f"{name}.{suffix}"

    assert_view_equals_query(con, "v", query.format("upper"))
    after(lambda: None, [], 1, set())
    after(lambda: write(new("4"), "added"), ["added"], 2, {f"4.{suffix}"})
    after(lambda: write(new("3"), "changed"), ["changed"], 3, {f"3.{suffix}"})
    after(lambda: os.utime(new("3"), (1, 1)), [], 3, {f"3.{suffix}"})
    after(lambda: new("4").rename(new("5")), [], 3, {f"5.{suffix}"})
    after(lambda: write(new("3"), "left out"), [], 4, {f"3.{suffix}"})


def test_removed_files(con: Con, docs: Path, calls: Calls) -> None:
    for name in ("a", "b", "c"):
        write_text(docs / f"{name}.md", f"text of {name}")
    query = f"SELECT parse_filename(filename) AS name, {{}}(content) AS up FROM read_text('{docs}/*.md')"
    con.execute(f"CREATE INCREMENTAL VIEW v AS {query.format('up')}")
    calls.clear()
    (docs / "b.md").unlink()
    assert opened(con, docs, lambda: refresh(con)) == set()
    assert_view_equals_query(con, "v", query.format("upper"))
    (docs / "a.md").rename(docs / "z.md")
    assert opened(con, docs, lambda: refresh(con)) == {"z.md"}
    assert_view_equals_query(con, "v", query.format("upper"))
    assert not calls
    assert_replayed(con, "v", "v")
    assert steps(con) == [(1, 1)]


def test_a_file_is_known_by_its_name(con: Con, docs: Path, calls: Calls) -> None:
    """So a row of text is updated, not deleted and inserted, and lineage says which file."""
    write_text(docs / "a.md", "one")
    write_text(docs / "b.md", "two")
    con.execute(f"CREATE INCREMENTAL VIEW v AS SELECT filename, up(content) AS up FROM read_text('{docs}/*.md')")
    con.execute(
        f"CREATE INCREMENTAL VIEW w AS SELECT c FROM read_text('{docs}/*.md') AS f, unnest(pieces(f.content)) AS u(c)"
    )
    write_text(docs / "a.md", "three")
    assert refresh(con) == (2, 0, 1, 0)
    refresh(con, "w")
    for view in ("v", "w"):
        found = rows(
            con,
            "SELECT source, source_key, source_row ->> 'content', source_state, len(functions) "
            f"FROM coco_lineage('{view}') ORDER BY ALL",
        )
        source = f"read_text('{docs}/*.md')"
        assert found == [
            (source, json.dumps({"filename": f"{docs}/a.md"}, separators=(",", ":")), "three", "current", 1),
            (source, json.dumps({"filename": f"{docs}/b.md"}, separators=(",", ":")), "two", "current", 1),
        ]
    write_text(docs / "a.md", "four")
    (docs / "b.md").unlink()
    found = rows(con, "SELECT source_row ->> 'content', source_state FROM coco_lineage('v') ORDER BY ALL")
    assert found == [("four", "changed"), (None, "gone")]


def test_lineage_of_rows_without_a_key(con: Con, docs: Path, calls: Calls) -> None:
    (docs / "a.csv").write_text("a,b\nx,1\nx,1\ny,2\n")
    con.execute(f"CREATE INCREMENTAL VIEW v AS SELECT up(a) AS up, b FROM '{docs}/*.csv'")
    found = rows(
        con,
        "SELECT source, source_key ->> 'copies', source_row, source_state FROM coco_lineage('v') ORDER BY ALL",
    )
    source = f"read_csv_auto('{docs}/*.csv')"
    assert found == [
        (source, "1", '{"a":"y","b":2}', "current"),
        (source, "2", '{"a":"x","b":1}', "current"),
        (source, "2", '{"a":"x","b":1}', "current"),
    ]


def test_explain(con: Con, docs: Path, calls: Calls) -> None:
    write_text(docs / "a.md", "one")
    con.execute(f"CREATE INCREMENTAL VIEW v AS SELECT up(content) AS up FROM read_text('{docs}/*.md')")
    con.execute(
        "CREATE INCREMENTAL VIEW w WITH (mode = 'recompute') AS "
        f"SELECT DISTINCT up(content) AS up FROM read_text('{docs}/*.md')"
    )
    shown = [row[1] for row in rows(con, "EXPLAIN INCREMENTAL VIEW v")]
    assert shown[1].startswith("files that changed are read and the fingerprints of their rows compared.")
    shown = [row[1] for row in rows(con, "EXPLAIN INCREMENTAL VIEW w")]
    assert shown[1].startswith("files that changed are read, their fingerprints added up and compared")
    write_text(docs / "b.md", "two")
    source = f"read_text('{docs}/*.md')"
    assert [row[1:6] for row in rows(con, "EXPLAIN REFRESH INCREMENTAL VIEW v")] == [
        ("source", source, 1, None, None),
        ("function", "up", None, 1, 0),
    ]
    assert one(con, "SELECT status FROM coco_views() WHERE name = 'v'") == "stale"
    assert one(con, "SELECT status_reason FROM coco_views() WHERE name = 'v'") == f"{source} changed"
    assert calls == {"'one'": 1}


def test_same_size_and_time_but_other_content(con: Con, docs: Path, calls: Calls) -> None:
    file = docs / "a.md"
    file.write_text("one")
    os.utime(file, (1_000_000, 1_000_000))
    con.execute(f"CREATE INCREMENTAL VIEW v AS SELECT up(content) AS up FROM read_text('{docs}/*.md')")
    file.write_text("two")
    os.utime(file, (1_000_000, 1_000_000))
    refresh(con)
    assert rows(con, "FROM v") == [("TWO",)]
    other = docs / "other"
    other.write_text("six")
    os.utime(other, (1_000_000, 1_000_000))
    other.replace(file)
    refresh(con)
    assert rows(con, "FROM v") == [("SIX",)]


class _Coarse:
    """What a file system says whose clock ticks once in 2 seconds."""

    def __init__(self, found: os.stat_result) -> None:
        self.st_mode, self.st_size, self.st_ino = found.st_mode, found.st_size, found.st_ino
        self.st_mtime_ns = self.st_ctime_ns = self.tick(found.st_ctime_ns)

    @staticmethod
    def tick(time_ns: int) -> int:
        return time_ns // 2_000_000_000 * 2_000_000_000


@pytest.mark.slow
def test_written_twice_within_a_tick(con: Con, docs: Path, calls: Calls, monkeypatch: pytest.MonkeyPatch) -> None:
    stat = os.stat
    monkeypatch.undo()
    coarse = SimpleNamespace(stat=lambda path: _Coarse(stat(path)))
    monkeypatch.setattr(listing, "os", coarse)
    file = docs / "a.md"
    con.execute(f"CREATE INCREMENTAL VIEW v AS SELECT up(content) AS up FROM read_text('{docs}/*.md')")
    while True:
        file.write_text("one")
        before = coarse.stat(file)
        refresh(con)
        file.write_text("two")
        if vars(coarse.stat(file)) == vars(before):
            break
    refresh(con)
    assert rows(con, "FROM v") == [("TWO",)]
    assert steps(con)[-1] == (1, 0)
    refresh(con)
    assert steps(con) == [(1, 0)]
    time.sleep(5.1)
    refresh(con)
    calls.clear()
    refresh(con)
    assert steps(con) == [(0, 1)]
    assert not calls


@pytest.mark.parametrize("function", ["up", "upper"])
def test_a_file_that_changes_while_the_view_is_made(
    con: Con, docs: Path, calls: Calls, monkeypatch: pytest.MonkeyPatch, function: str
) -> None:
    """After it was listed, and at each time before or after it is read."""
    numbers = iter(range(100))
    read = FileParts.rows

    def rows_meanwhile(self: FileParts, *arguments: Any) -> str:
        write_text(docs / "a.md", f"before {next(numbers)}")
        return read(self, *arguments)

    write_text(docs / "a.md", "as listed")
    monkeypatch.setattr(FileParts, "rows", rows_meanwhile)
    con.execute(f"CREATE INCREMENTAL VIEW v AS SELECT {function}(content) AS up FROM read_text('{docs}/*.md')")
    refresh(con)
    monkeypatch.setattr(FileParts, "rows", read)
    refresh(con)
    assert_view_equals_query(con, "v", f"SELECT upper(content) AS up FROM read_text('{docs}/*.md')")


@pytest.mark.parametrize("reader", ["read_text", "read_csv"])
def test_files_that_change_while_functions_are_called(con: Con, docs: Path, reader: str) -> None:
    """A function that is called for a file writes others: the refresh looks again before it writes."""
    (write, suffix), call, text, _ = READERS[reader]
    numbers = iter(range(1000))

    @cocosql.udf(version="1")
    def busy(text: str) -> str:
        number = next(numbers)
        if number < 20:
            write(docs / f"{number % 3}.{suffix}", f"text {number}")
            (docs / f"{(number + 1) % 3}.{suffix}").unlink(missing_ok=True)
        return text.upper()

    cocosql.register(con, busy)
    write(docs / f"keeps.{suffix}", "there is always one")
    write(docs / f"0.{suffix}", "text")
    query = f"SELECT {{}}({text}) AS up FROM {call.format(literal(f'{docs}/*.{suffix}'))}"
    con.execute(f"CREATE INCREMENTAL VIEW v AS {query.format('busy')}")
    for _ in range(30):
        refresh(con)
    assert_view_equals_query(con, "v", query.format("upper"))


def test_files_that_did_not_change_but_do_while_they_are_read(
    con: Con, docs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All files are read anew; one is written after it was found to be the same, and written back later."""
    for name in ("a", "b"):
        write_csv(docs / f"{name}.csv", name)
    query = f"SELECT upper(a) AS up FROM read_csv('{docs}/*.csv')"
    con.execute(f"CREATE INCREMENTAL VIEW v AS {query}")
    read, wanted_once = FileParts.rows, []

    def rows_meanwhile(self: FileParts, session: Any, wanted: Any) -> str:
        wanted_once.append(len(wanted))
        if len(wanted_once) == 1:
            write_csv(docs / "b.csv", "meanwhile")
        return read(self, session, wanted)

    monkeypatch.setattr(FileParts, "rows", rows_meanwhile)
    con.execute("REFRESH INCREMENTAL VIEW v FULL")
    assert_view_equals_query(con, "v", query)
    write_csv(docs / "b.csv", "b")
    refresh(con)
    assert_view_equals_query(con, "v", query)


def test_paths_that_look_like_patterns(con: Con, tmp_path: Path, calls: Calls) -> None:
    docs = tmp_path / 'it\'s [a] "folder" * ? ünï'
    docs.mkdir()
    pattern = str(docs).replace("[", "[[]").replace("*", "[*]").replace("?", "[?]")
    names = ["a[1].md", "a1.md", "star*.md", "what?.md", "it's.md", 'say "x".md', "ünï 日本 🦆.md", " .md", "{b}.md"]
    for name in names:
        write_text(docs / name, f"text of {name}")
    query = f"SELECT filename, {{}}(content) AS up FROM read_text({literal(f'{pattern}/*.md')})"
    con.execute(f"CREATE INCREMENTAL VIEW v AS {query.format('up')}")
    assert one(con, "SELECT count(*) FROM v") == len(names)
    for name in names:
        write_text(docs / name, f"another text of {name}")
        calls.clear()
        assert opened(con, docs, lambda: refresh(con)) == {name}
        assert sorted(calls) == [repr(f"another text of {name}")]
        assert_view_equals_query(con, "v", query.format("upper"))


def test_relative_paths_are_those_of_the_time_of_creation(
    con: Con, tmp_path: Path, calls: Calls, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = tmp_path / "he[r]e", tmp_path / "there"
    for folder in (here, there):
        (folder / "docs").mkdir(parents=True)
        write_text(folder / "docs" / "a.md", f"text in {folder.name}")
        write_csv(folder / "b.csv", folder.name)
    monkeypatch.chdir(here)
    con.execute("CREATE INCREMENTAL VIEW v AS SELECT filename, up(content) AS up FROM read_text('docs/*.md')")
    con.execute("CREATE INCREMENTAL VIEW l AS SELECT content FROM read_text(['docs/a.md', './docs/none.md'])")
    con.execute("CREATE INCREMENTAL VIEW w AS SELECT b.a, up(a) AS up FROM 'b.csv'")
    con.execute("CREATE INCREMENTAL VIEW n AS SELECT count(*) AS n, max(a) AS a FROM 'b.csv'")
    monkeypatch.chdir(there)
    write_text(here / "docs" / "a.md", "another text")
    write_csv(here / "b.csv", "another")
    rows(con, "REFRESH ALL INCREMENTAL VIEWS")
    assert rows(con, "FROM v") == [(f"{here}/docs/a.md", "ANOTHER TEXT")]
    assert rows(con, "FROM l") == [("another text",)]
    assert rows(con, "FROM w") == [("another", "ANOTHER")]
    assert rows(con, "FROM n") == [(1, "another")]


def test_a_search_path_for_files(con: Con, tmp_path: Path, calls: Calls, monkeypatch: pytest.MonkeyPatch) -> None:
    """With DuckDB's own setting for relative paths those stay relative, and the setting is kept with the view."""
    write_text(tmp_path / "a.md", "text")
    monkeypatch.chdir("/")
    con.execute(f"SET file_search_path = '{tmp_path}'")
    con.execute("CREATE INCREMENTAL VIEW v AS SELECT up(content) AS up FROM read_text('*.md')")
    con.execute("RESET file_search_path")
    write_text(tmp_path / "a.md", "another")
    refresh(con)
    assert rows(con, "FROM v") == [("ANOTHER",)]


def test_lists_and_files_that_are_named_twice(con: Con, docs: Path, calls: Calls) -> None:
    for name in ("a", "b", "c"):
        write_text(docs / f"{name}.md", f"text of {name}")
        write_csv(docs / f"{name}.csv", name)
    lists = {
        "apart": f"['{docs}/a.*d', '{docs}/[bc].md']",
        "twice": f"['{docs}/a.md', '{docs}/*.md', '{docs}/*.md']",
        "none": f"['{docs}/none*.md', '{docs}/a.md']",
    }
    queries = {}
    for name, files in lists.items():
        queries[name] = f"SELECT filename, {{}}(content) AS up FROM read_text({files})"
    queries["csv"] = f"SELECT filename, {{}}(a) AS up FROM read_csv(['{docs}/a.csv', '{docs}/*.csv'])"
    for name, query in queries.items():
        con.execute(f'CREATE INCREMENTAL VIEW "{name}" AS {query.format("up")}')
        assert_view_equals_query(con, f'"{name}"', query.format("upper"))
    for change in (
        lambda: write_text(docs / "a.md", "changed"),
        lambda: write_csv(docs / "a.csv", "changed"),
        lambda: write_text(docs / "c.md", "changed"),
        (docs / "b.md").unlink,
        (docs / "b.csv").unlink,
        lambda: write_text(docs / "none.md", "no longer none"),
    ):
        change()
        for name, query in queries.items():
            refresh(con, f'"{name}"')
            assert_view_equals_query(con, f'"{name}"', query.format("upper"))
            assert_replayed(con, f'"{name}"', name)


def test_an_empty_folder(con: Con, docs: Path, calls: Calls) -> None:
    """As DuckDB has it: no text is no rows; but no file of data is an error, and the view keeps what it has."""
    write_text(docs / "a.md", "text")
    write_csv(docs / "a.csv", "text")
    con.execute(f"CREATE INCREMENTAL VIEW v AS SELECT up(content) AS up FROM read_text('{docs}/*.md')")
    con.execute(f"CREATE INCREMENTAL VIEW w AS SELECT up(a) AS up FROM '{docs}/*.csv'")
    con.execute(f"CREATE INCREMENTAL VIEW n AS SELECT count(*) AS n FROM '{docs}/*.csv'")
    shutil.rmtree(docs)
    assert refresh(con) == (2, 0, 0, 1)
    assert rows(con, "FROM v") == []
    for view, kept in (("w", "TEXT"), ("n", 1)):
        with pytest.raises(duckdb.IOException, match=r"No files found that match.*\n.*view keeps its rows"):
            refresh(con, view)
        assert rows(con, f"FROM {view}") == [(kept,)]
        assert one(con, f"SELECT status FROM coco_views() WHERE name = '{view}'") == "broken"
    docs.mkdir()
    write_text(docs / "b.md", "new text")
    write_csv(docs / "b.csv", "new text")
    for view in ("v", "w"):
        refresh(con, view)
        assert rows(con, f"FROM {view}") == [("NEW TEXT",)]
        assert one(con, f"SELECT status FROM coco_views() WHERE name = '{view}'") == "fresh"


def test_a_folder_that_moves(con: Con, docs: Path, calls: Calls) -> None:
    for number in range(3):
        (docs / f"{number}").mkdir()
        write_text(docs / f"{number}" / "a.md", f"text {number}")
        write_json(docs / f"{number}" / "a.json", f"text {number}")
    queries = {
        "v": f"SELECT {{}}(content) AS up FROM read_text('{docs}/**/*.md')",
        "w": f"SELECT {{}}(a) AS up FROM '{docs}/**/*.json'",
    }
    for view, query in queries.items():
        con.execute(f"CREATE INCREMENTAL VIEW {view} AS {query.format('up')}")
    calls.clear()
    (docs / "1").rename(docs / "9")
    for view, query in queries.items():
        assert refresh(con, view)[0] == 1
        assert_view_equals_query(con, view, query.format("upper"))
    (docs / "9").rename(docs.parent / "elsewhere")
    for view, query in queries.items():
        assert refresh(con, view) == (2, 0, 0, 1)
        assert_view_equals_query(con, view, query.format("upper"))
    assert not calls


@pytest.mark.parametrize(
    ("reader", "broken"),
    [
        ("read_text", b"\xff\xfe not UTF-8 \xc3"),
        ("read_parquet", b"this is no Parquet"),
        ("read_csv", b"a,b\nx,1,2,3\ny,1\n"),
        ("read_json", b'{"a": '),
    ],
)
def test_a_file_that_cannot_be_parsed(con: Con, docs: Path, calls: Calls, reader: str, broken: bytes) -> None:
    (write, suffix), call, text, _ = READERS[reader]
    for name in ("a", "b", "c"):
        write(docs / f"{name}.{suffix}", f"text of {name}")
    query = f"SELECT {{}}({text}) AS up FROM {call.format(literal(f'{docs}/*.{suffix}'))}"
    con.execute(f"CREATE INCREMENTAL VIEW v AS {query.format('up')}")
    con.execute(f"CREATE INCREMENTAL VIEW n AS SELECT count({text}) AS n FROM ({query.format('upper')}) AS t({text})")
    (docs / f"b.{suffix}").write_bytes(broken)
    for _ in range(2):
        for view in ("v", "n"):
            with pytest.raises(duckdb.Error, match=f"b.{suffix}"):
                refresh(con, view)
    assert one(con, "SELECT count(*) FROM v") == 3
    assert rows(con, "FROM n") == [(3,)]
    assert one(con, "SELECT status FROM coco_views() WHERE name = 'v'") == "broken"
    write(docs / f"b.{suffix}", "mended")
    calls.clear()
    refresh(con)
    assert sorted(calls) == ["'mended'"]
    assert_view_equals_query(con, "v", query.format("upper"))


def test_a_file_that_is_not_text(con: Con, docs: Path) -> None:
    (docs / "a.txt").write_text("text")
    pattern = literal(f"{docs}/*.txt")
    con.execute(f"CREATE INCREMENTAL VIEW v AS SELECT filename, content FROM read_text({pattern})")
    (docs / "b.txt").write_bytes(b"\xff")
    for statement in ("REFRESH INCREMENTAL VIEW v", f"CREATE INCREMENTAL VIEW w AS FROM read_text({pattern})"):
        with pytest.raises(duckdb.Error, match=r"b\.txt.*(?s:.*)decode\(content, 'replace'\) FROM read_blob"):
            con.execute(statement)
    query = f"SELECT filename, decode(content, 'replace') AS content FROM read_blob({pattern})"
    con.execute(f"CREATE INCREMENTAL VIEW b AS {query}")
    assert_view_equals_query(con, "b", query)


def test_columns_of_files_change(con: Con, docs: Path, calls: Calls) -> None:
    def write(name: str, query: str) -> None:
        duckdb.sql(query).write_parquet(str(docs / f"{name}.parquet"))

    write("b", "SELECT 1 AS a, 'x' AS t")
    write("c", "SELECT NULL::INTEGER AS a, 'y' AS t")
    queries = {
        "plain": f"SELECT a, {{}}(t) AS up FROM '{docs}/*.parquet'",
        "star": f"SELECT * FROM '{docs}/*.parquet'",
        "whole": f"SELECT *, {{}}(t) AS up FROM read_parquet('{docs}/*.parquet', union_by_name = true)",
        "text": f"SELECT typeof(a) AS kind, a::VARCHAR AS a FROM read_parquet('{docs}/*.parquet', union_by_name = true)",
        "sum": f"SELECT t, sum(a) AS a FROM read_parquet('{docs}/*.parquet', union_by_name = true) GROUP BY t",
    }
    for view, query in queries.items():
        con.execute(f"CREATE INCREMENTAL VIEW {view} AS {query.format('up')}")
    calls.clear()
    for change in (
        "SELECT 3.5::DOUBLE AS a, 'z' AS t, 7 AS more",
        "SELECT 'three' AS a, 'z' AS t",
        "SELECT 3::BIGINT AS a, 'z' AS t, [1] AS more",
    ):
        for name in ("d", "a"):
            write(name, change)
            for view, query in queries.items():
                try:
                    one(con, f"SELECT count(*) FROM ({query.format('upper')})")
                    rows(con, query.format("upper"))
                except duckdb.Error:
                    with pytest.raises(duckdb.Error):
                        refresh(con, view)
                else:
                    refresh(con, view)
                    assert_view_equals_query(con, view, query.format("upper"))
            (docs / f"{name}.parquet").unlink()
    for view, query in queries.items():
        refresh(con, view)
        assert_view_equals_query(con, view, query.format("upper"))
    assert sorted(calls) == ["'z'"]


@pytest.mark.slow
def test_types_that_are_found_out_from_the_first_files(con: Con, docs: Path, calls: Calls) -> None:
    """A file among those that DuckDB samples changes what it reads from all the others."""
    for number in range(12):
        (docs / f"{number:02}.csv").write_text(f"a,b\n0{number},x\n")
        (docs / f"{number:02}.json").write_text(f'{{"a": {number}}}\n')
    queries = {
        "csv": f"SELECT a, typeof(a) AS kind FROM '{docs}/*.csv'",
        "two": f"SELECT a, typeof(a) AS kind FROM read_csv('{docs}/*.csv', files_to_sniff = 2)",
        "all": f"SELECT a, typeof(a) AS kind FROM read_csv('{docs}/*.csv', files_to_sniff = -1)",
        "given": f"SELECT a FROM read_csv('{docs}/*.csv', columns = {{'a': 'DOUBLE', 'b': 'VARCHAR'}})",
        "json": f"SELECT a, typeof(a) AS kind FROM '{docs}/*.json'",
    }
    for view, query in queries.items():
        con.execute(f'CREATE INCREMENTAL VIEW "{view}" AS {query}')
    for number, value in ((11, "7"), (3, "1.5"), (0, "1e3"), (1, "2026-01-01"), (5, "text"), (0, "10"), (11, "0.25")):
        (docs / f"{number:02}.csv").write_text(f"a,b\n{value},x\n")
        (docs / f"{number:02}.json").write_text(json.dumps({"a": value}))
        for view, query in queries.items():
            try:
                rows(con, query)
            except duckdb.Error:
                with pytest.raises(duckdb.Error):
                    refresh(con, f'"{view}"')
            else:
                refresh(con, f'"{view}"')
                assert_view_equals_query(con, f'"{view}"', query)


def test_another_dialect(con: Con, docs: Path) -> None:
    """The first file says what parts fields; the others are read so, too."""
    for name in ("a", "b", "c"):
        (docs / f"{name}.csv").write_text(f"a|b;c\n1|2;{name}\n3|4;{name}\n")
    query = f"SELECT * FROM read_csv('{docs}/*.csv', files_to_sniff = 1)"
    con.execute(f"CREATE INCREMENTAL VIEW v AS {query}")
    con.execute(f"CREATE INCREMENTAL VIEW n AS SELECT count(*) AS n, max(columns(*)) FROM ({query})")
    for text in ("a;b\n1;x\n2;y\n", "a|b\n1;x|3\n2;y|4\n"):
        (docs / "a.csv").write_text(text)
        for view in ("v", "n"):
            try:
                expected = rows(con, query)
            except duckdb.Error:
                with pytest.raises(duckdb.Error):
                    refresh(con, view)
                continue
            refresh(con, view)
            if view == "v":
                assert sorted(rows(con, "FROM v")) == sorted(expected)


@pytest.mark.slow
def test_virtual_columns_and_partitions(con: Con, docs: Path, calls: Calls) -> None:
    def write(year: str, name: str, values: int) -> None:
        folder = docs / f"year={year}"
        folder.mkdir(exist_ok=True)
        query = f"SELECT i AS a, 't' || i AS t FROM range({values}) AS r(i)"
        duckdb.sql(query).write_parquet(str(folder / f"{name}.parquet"))

    for year in ("2024", "2025"):
        write(year, "a", 3)
    files = f"'{docs}/*/*.parquet'"
    queries = {
        "partitioned": f"SELECT *, {{}}(t) AS up FROM {files}",
        "not partitioned": f"SELECT *, {{}}(t) AS up FROM read_parquet({files}, hive_partitioning = false)",
        "filename": f"SELECT filename, {{}}(t) AS up FROM {files}",
        "filename and star": f"SELECT filename, *, {{}}(t) AS up FROM {files} AS f WHERE f.year > 2000",
        "own filename": f"SELECT *, {{}}(t) AS up FROM read_parquet({files}, filename = true)",
        "named filename": f"SELECT src, a, {{}}(t) AS up FROM read_parquet({files}, filename = 'src')",
        "no filename": f"SELECT *, {{}}(t) AS up FROM read_parquet({files}, filename = false)",
        "row number": f"SELECT file_row_number, {{}}(t) AS up FROM {files}",
        "own row number": f"SELECT *, {{}}(t) AS up FROM read_parquet({files}, file_row_number = true)",
        "index": f"SELECT file_index, {{}}(t) AS up FROM {files}",
        "by file": f"SELECT filename, file_index, count(*) AS n FROM {files} GROUP BY ALL",
    }
    for view, query in queries.items():
        con.execute(f'CREATE INCREMENTAL VIEW "{view}" AS {query.format("up")}')
    calls.clear()
    for change in (
        lambda: write("2025", "a", 2),
        lambda: write("2025", "0", 1),
        lambda: (docs / "year=2025" / "0.parquet").rename(docs / "year=2024" / "z.parquet"),
        lambda: write("2023", "a", 1),
        lambda: write("soon", "a", 1),
        lambda: shutil.rmtree(docs / "year=soon"),
    ):
        change()
        for view, query in queries.items():
            if view == "filename and star" and (docs / "year=soon").exists():
                continue  # a year that is no number
            refresh(con, f'"{view}"')
            assert_view_equals_query(con, f'"{view}"', query.format("upper"))
    assert not calls


@pytest.mark.parametrize(
    "query",
    [
        "SELECT filename, * FROM {}",
        "SELECT f.*, f.filename AS name FROM {} AS f",
        "SELECT * EXCLUDE (b) REPLACE (upper(a) AS a), filename FROM {}",
        "SELECT *, f.filename AS name FROM (SELECT 1 AS filename) AS o, {} AS f",
        "SELECT count(*) AS n, filename FROM {} GROUP BY filename",
        "SELECT * FROM (SELECT filename, year FROM {})",
        "FROM {} WHERE filename LIKE '%2%'",
    ],
)
def test_partitions_skip_files(con: Con, docs: Path, query: str) -> None:
    for year in range(2020, 2026):
        (docs / f"year={year}").mkdir()
        write_parquet(docs / f"year={year}" / "a.parquet", f"text {year}")
    query = query.format(f"'{docs}/*/*.parquet'")
    con.execute(f"CREATE INCREMENTAL VIEW v AS {query}")
    write_parquet(docs / "year=2023" / "a.parquet", "changed")
    read = opened(con, docs, lambda: refresh(con))
    assert read == {"year=2020/a.parquet", "year=2023/a.parquet"}
    assert_view_equals_query(con, "v", query)


@pytest.mark.parametrize("mode", ["auto", "recompute"])
def test_groups_of_rows(con: Con, docs: Path, mode: str) -> None:
    for number in range(5):
        write_parquet(docs / f"{number}.parquet", f"text {number}")
    query = f"SELECT a, count(*) AS n FROM '{docs}/*.parquet' GROUP BY a"
    con.execute(f"CREATE INCREMENTAL VIEW v WITH (mode = '{mode}') AS {query}")
    assert opened(con, docs, lambda: refresh(con)) == set()
    assert steps(con) == [(0, 5)]
    write_parquet(docs / "3.parquet", "text 3")
    assert opened(con, docs, lambda: refresh(con)) == {"0.parquet", "3.parquet"}
    assert steps(con) == [(1, 4)]
    assert refresh(con)[0] == 1
    (docs / "3.parquet").rename(docs / "9.parquet")
    assert refresh(con)[0] == 1
    write_parquet(docs / "4.parquet", "text 3")
    (docs / "0.parquet").unlink()
    assert refresh(con)[0] == 2
    assert_view_equals_query(con, "v", query)


def test_files_and_tables_together(con: Con, docs: Path, calls: Calls) -> None:
    write_text(docs / "a.md", "one")
    write_json(docs / "a.json", "one")
    con.execute("CREATE TABLE t AS SELECT 'one' AS a, 1 AS n")
    query = (
        f"WITH j AS (FROM '{docs}/*.json') SELECT d.filename, t.n, j.b FROM read_text('{docs}/*.md') AS d "
        "JOIN t ON t.a = d.content LEFT JOIN j ON j.a = t.a"
    )
    con.execute(f"CREATE INCREMENTAL VIEW v AS {query}")
    for change in (
        lambda: write_text(docs / "b.md", "one"),
        lambda: con.execute("UPDATE t SET n = 2"),
        lambda: write_json(docs / "b.json", "one"),
        (docs / "a.md").unlink,
    ):
        change()
        refresh(con)
        assert_view_equals_query(con, "v", query)


def test_views_share_what_is_known_of_files(con: Con, docs: Path, calls: Calls) -> None:
    for number in range(3):
        write_csv(docs / f"{number}.csv", f"text {number}")
    files = f"read_csv('{docs}/*.csv', files_to_sniff = 1)"
    queries = {
        "v": f"SELECT {{}}(a) AS up FROM {files}",
        "w": f"SELECT {{}}(a) AS up, 'w' AS w FROM {files}",
        "x": f"SELECT {{}}(a) AS up, b FROM {files}",
    }
    for view, query in queries.items():
        con.execute(f"CREATE INCREMENTAL VIEW {view} AS {query.format('up')}")
    assert one(con, "SELECT count(*) FROM coco.snapshots") == 2
    for number in (2, 1, 2):
        write_csv(docs / f"{number}.csv", f"changed {number}")
        refresh(con, "v")
    (docs / "0.csv").unlink()
    refresh(con, "v")
    for view, query in queries.items():
        refresh(con, view)
        assert_view_equals_query(con, view, query.format("upper"))
        assert_replayed(con, view, view)


def test_only_what_differs_is_stored_of_many_files(con: Con, docs: Path) -> None:
    for number in range(50):
        write_text(docs / f"{number}.md", f"text {number}")
    con.execute(f"CREATE INCREMENTAL VIEW v AS SELECT content FROM read_text('{docs}/*.md')")
    stored = "SELECT rowid, place FROM coco.parts ORDER BY ALL"
    before = rows(con, stored)
    write_text(docs / "7.md", "changed")
    (docs / "8.md").unlink()
    write_text(docs / "50.md", "new")
    refresh(con)
    after = rows(con, stored)
    assert {place for _, place in set(after) - set(before)} == {f"{docs}/7.md", f"{docs}/50.md"}
    assert {place for _, place in set(before) - set(after)} == {f"{docs}/7.md", f"{docs}/8.md"}


@pytest.mark.parametrize("reader", ["read_text", *map(slow, ["read_parquet", "read_csv", "json by name"])])
def test_another_process_knows_the_files(tmp_path: Path, docs: Path, reader: str) -> None:
    (write, suffix), call, text, samples = READERS[reader]
    for name in ("a", "b"):
        write(docs / f"{name}.{suffix}", f"text {name}")
    script = """
        import sys, cocosql
        from cocosql import listing
        listing._SETTLED_NS = 0
        con = cocosql.connect(sys.argv[1])
        con.execute("SET enable_progress_bar = false")
        con.execute("CALL enable_logging('FileSystem')")
        con.execute(sys.argv[3])
        con.execute("REFRESH INCREMENTAL VIEW v")
        con.execute("SELECT status FROM coco_views()").fetchall()
        con.execute("CALL disable_logging()")
        opened = "SELECT DISTINCT message FROM duckdb_logs WHERE contains(message, $1) AND contains(message, 'OPEN')"
        print(len(con.execute(opened, [sys.argv[2]]).fetchall()), con.execute("FROM v ORDER BY ALL").fetchall())
    """
    files = literal(f"{docs}/*.{suffix}")
    create = f"CREATE INCREMENTAL VIEW IF NOT EXISTS v AS SELECT {text} AS t FROM {call.format(files)} AS f"

    def opens() -> str:
        return run_script(script, tmp_path / "t.db", docs, create).strip()

    assert opens() == "2 [('text a',), ('text b',)]"
    assert opens() == "0 [('text a',), ('text b',)]"
    write(docs / f"b.{suffix}", "text c")
    assert opens() == f"{min(samples, 1) + 1} [('text a',), ('text c',)]"
    assert opens() == "0 [('text a',), ('text c',)]"


def test_files_that_cannot_be_listed(con: Con, docs: Path, calls: Calls) -> None:
    """Their names are not written as they are: all are read each time, but functions are called for what changed."""
    for name in ("a", "b"):
        write_text(docs / f"{name}.md", name)
    query = f"SELECT {{}}(content) AS up FROM read_text('{docs}' || '/*.md') AS f"
    con.execute(f"CREATE INCREMENTAL VIEW v AS {query.format('up')}")
    calls.clear()
    write_text(docs / "b.md", "changed")
    refresh(con)
    assert sorted(calls) == ["'changed'"]
    assert_view_equals_query(con, "v", query.format("upper"))
    assert rows(con, "EXPLAIN INCREMENTAL VIEW v")[1][1].startswith("full diff")


def test_a_pipe_is_no_file_that_is_known(con: Con, docs: Path, calls: Calls) -> None:
    pipe = docs / "pipe"
    os.mkfifo(pipe)

    def feed(text: str) -> None:
        pipe.write_text(text)

    def fed(text: str, work: Callable[[], Any]) -> None:
        thread = threading.Thread(target=feed, args=(text,))
        thread.start()
        work()
        thread.join(60)
        assert not thread.is_alive()

    create = f"CREATE INCREMENTAL VIEW v AS SELECT content FROM read_text('{pipe}')"
    fed("one", lambda: con.execute(create))
    fed("two", lambda: refresh(con))
    assert rows(con, "FROM v") == [("two",)]


def test_settings_that_change_types(con: Con, docs: Path) -> None:
    duckdb.sql("SELECT 'x'::BLOB AS a").write_parquet(str(docs / "a.parquet"))
    query = f"SELECT a, typeof(a) AS kind FROM '{docs}/*.parquet'"
    con.execute(f"CREATE INCREMENTAL VIEW v AS {query}")
    con.execute("SET binary_as_string = true")
    refresh(con)
    assert one(con, "SELECT kind FROM v") == "BLOB"
    con.execute(f"CREATE OR REPLACE INCREMENTAL VIEW v AS {query}")
    assert_view_equals_query(con, "v", query)
    assert one(con, "SELECT kind FROM v") == "VARCHAR"


def test_names_in_queries(con: Con, docs: Path, calls: Calls) -> None:
    """By which name a query may know files."""
    write_text(docs / "a.md", "one two")
    write_csv(docs / "b.c.csv", "one")
    queries = [
        f"SELECT read_text.content, {{}}(read_text.content) AS up FROM read_text('{docs}/*.md')",
        f"SELECT f.content, {{}}(f.content) AS up FROM read_text('{docs}/*.md') AS f",
        f"SELECT b.a, {{}}(b.a) AS up FROM '{docs}/b.c.csv'",
        f"SELECT f.* FROM '{docs}/b.c.csv' AS f",
        f"SELECT * EXCLUDE (last_modified) FROM read_blob('{docs}/*.md')",
        f"FROM read_text('{docs}/*.md')",
        f"FROM READ_TEXT('{docs}/*.md') SELECT {{}}(content)",
        f"SELECT g.x, g.y FROM '{docs}/*.csv' AS g(x, y)",
        f"SELECT c FROM read_text('{docs}/*.md') AS f, unnest(string_split(f.content, ' ')) AS u(c)",
    ]
    for number, query in enumerate(queries):
        con.execute(f"CREATE INCREMENTAL VIEW v{number} (a) AS {query.format('up')}")
    write_text(docs / "a.md", "three")
    write_csv(docs / "b.c.csv", "two")
    for number, query in enumerate(queries):
        refresh(con, f"v{number}")
        found = sorted(rows(con, f"FROM v{number}"), key=repr)
        assert found == sorted(rows(con, query.format("upper")), key=repr)


@pytest.fixture(params=["read_text", "read_parquet", "read_csv", "json by name", "csv by name"])
def reader(request: pytest.FixtureRequest) -> Iterator[str]:
    return request.param


@pytest.mark.every(4)
@pytest.mark.parametrize(
    "reader",
    ["read_text", slow("read_parquet"), slow("read_csv"), slow("json by name"), "csv by name"],
    indirect=True,
)
@pytest.mark.parametrize("seed", seeds(1, 2))
def test_whatever_happens_to_files(con: Con, docs: Path, calls: Calls, reader: str, seed: int) -> None:
    """Random changes of files, in folders, between refreshes of views that are behind by more or less."""
    dice = random.Random(seed)
    (write, suffix), call, text, _ = READERS[reader]
    pattern = literal(f"{docs}/**/*.{suffix}")
    write(docs / f"always.{suffix}", "always")
    queries = {
        "rows_of": f"SELECT {{}}({text}) AS up FROM {call.format(pattern)} AS f WHERE {text} <> 'text c'",
        "named": f"SELECT f.filename, {{}}({text}) AS up FROM {call.format(pattern)} AS f",
        "same": f"SELECT {text} AS t, 1 AS one FROM {call.format(pattern)} AS f WHERE {text} <> 'text d'",
        "counted": f"SELECT {text} AS t, count(*) AS n FROM {call.format(pattern)} AS f GROUP BY t",
        "once": f"SELECT DISTINCT {text} AS t FROM {call.format(pattern)} AS f",
    }
    for view, query in queries.items():
        con.execute(f"CREATE INCREMENTAL VIEW {view} AS {query.format('up')}")
    for _ in range(12):
        for _ in range(dice.randrange(4)):
            folder = docs / dice.choice(["", "x", "y"])
            folder.mkdir(exist_ok=True)
            file = folder / f"{dice.randrange(4)}.{suffix}"
            match dice.randrange(5):
                case 0 | 1:
                    write(file, f"text {dice.choice('abcdef')}")
                case 2:
                    file.unlink(missing_ok=True)
                case 3:
                    if file.exists():
                        file.rename(docs / f"{dice.randrange(4)}.{suffix}")
                case 4:
                    if file.exists():
                        file.touch()
        for view in dice.sample(list(queries), dice.randrange(1, 6)):
            refresh(con, view)
            assert_view_equals_query(con, view, queries[view].format("upper"))
    for view in queries:
        assert_replayed(con, view, view)


def test_a_refresh_leaves_nothing_behind(con: Con, docs: Path) -> None:
    """What holds a connection would keep DuckDB from opening the file again, until Python collects its garbage."""
    (docs / "a.csv").write_text("id;text\n1;one\n")
    gc.collect()
    gc.disable()
    try:
        con.execute(
            f"CREATE INCREMENTAL VIEW v AS SELECT id, r FROM read_csv('{docs}/*.csv', delim = ';'), range(2) AS g(r)"
        )
        con.execute("REFRESH INCREMENTAL VIEW v")
        assert [one for one in gc.get_objects() if isinstance(one, ViewRefresh)] == []
    finally:
        gc.enable()
