"""``cocosql openlineage``: what is sent, where to, and where to go on."""

import importlib
import json
import pkgutil
import re
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import attr
import duckdb
import pytest
from helpers import Con, one, rows
from openlineage.client import event_v2, generated
from openlineage.client.serde import Serde

import cocosql
import cocosql.openlineage
from cocosql.cli import main

Event = dict[str, Any]


@cocosql.udf(version="1")
def shout(text: str) -> str:
    if text == "boom":
        raise ValueError(f"no {text}")
    return text.upper()


def filled(path: Path | str) -> Con:
    """A database with two views, refreshed: the second time because of the first, the third time in vain."""
    con = cocosql.connect(path, functions=(shout,))
    con.execute("CREATE TABLE notes (id INTEGER PRIMARY KEY, lang VARCHAR, body VARCHAR)")
    con.execute("INSERT INTO notes VALUES (1, 'en', 'tea'), (2, 'de', 'eis')")
    con.execute("CREATE INCREMENTAL VIEW loud AS SELECT id, shout(body) AS s FROM notes WHERE lang <> 'fr'")
    con.execute("CREATE INCREMENTAL VIEW lengths AS SELECT length(s) AS n, max(s) AS m FROM loud GROUP BY length(s)")
    return con


@pytest.fixture
def database(path: Path) -> Path:
    filled(path).close()
    return path


def sent(path: Path, to: Path | str, *more: str) -> int:
    return main(["openlineage", str(path), "--to", str(to), *more])


def events(path: Path) -> list[Event]:
    return [json.loads(line) for line in path.read_text().splitlines()]


# --- what an event is -------------------------------------------------------------------------------------------------


FACETS = {
    kind._get_schema(): kind
    for module in pkgutil.iter_modules(generated.__path__)
    for kind in vars(importlib.import_module(f"openlineage.client.generated.{module.name}")).values()
    if attr.has(kind) and hasattr(kind, "_get_schema")
}


def parsed(event: Event) -> event_v2.RunEvent:
    """The event as the package's classes, which have the standard's names, types and what is required."""

    def facets(given: Event) -> Event:
        return {name: made(FACETS[facet["_schemaURL"]], facet) for name, facet in given.items()}

    def made(kind: type, values: Event) -> Any:
        known = {name.lstrip("_"): value for name, value in values.items() if name not in ("_schemaURL", "schemaURL")}
        for name in ("facets", "inputFacets", "outputFacets"):
            if name in known:
                known[name] = facets(known[name])
        return kind(**known)

    return event_v2.RunEvent(
        eventType=event_v2.RunState(event["eventType"]),
        eventTime=event["eventTime"],
        producer=event["producer"],
        run=made(event_v2.Run, event["run"]),
        job=made(event_v2.Job, event["job"]),
        inputs=[made(event_v2.InputDataset, one) for one in event["inputs"]],
        outputs=[made(event_v2.OutputDataset, one) for one in event["outputs"]],
    )


def test_events_are_those_of_the_standard(database: Path, tmp_path: Path) -> None:
    assert sent(database, tmp_path / "e.jsonl") == 0
    found = events(tmp_path / "e.jsonl")
    assert len(found) == 4
    for event in found:
        assert Serde.to_dict(parsed(event)) == event
        assert event["schemaURL"].endswith("#/$defs/RunEvent")
        assert event["producer"] == f"pkg:pypi/cocosql@{cocosql.__version__}"
    assert not any("null" in json.dumps(event) for event in found)


def test_start_and_end(database: Path, tmp_path: Path) -> None:
    sent(database, tmp_path / "e.jsonl")
    found = events(tmp_path / "e.jsonl")
    place = f"duckdb://{database}"
    assert [(event["eventType"], event["job"]["name"]) for event in found] == [
        ("START", "main.loud"),
        ("COMPLETE", "main.loud"),
        ("START", "main.lengths"),
        ("COMPLETE", "main.lengths"),
    ]
    assert {event["job"]["namespace"] for event in found} == {place}
    start, end = found[2:]
    assert start["run"]["runId"] == end["run"]["runId"] != found[0]["run"]["runId"]
    assert [(one["namespace"], one["name"]) for one in start["inputs"]] == [(place, "main.loud")]
    assert [(one["namespace"], one["name"]) for one in end["outputs"]] == [(place, "main.lengths")]
    con = cocosql.connect(database)
    times = rows(con, "SELECT started_at, finished_at FROM coco_runs('lengths')")
    con.close()
    assert [(start["eventTime"], end["eventTime"])] == [tuple(moment.isoformat() for moment in row) for row in times]


def test_facets(database: Path, tmp_path: Path) -> None:
    sent(database, tmp_path / "e.jsonl")
    _, end, *_ = events(tmp_path / "e.jsonl")

    def facet(given: Event) -> Event:
        return {name: value for name, value in given.items() if not name.startswith("_")}

    run, job, output = end["run"]["facets"], end["job"]["facets"], end["outputs"][0]
    assert facet(run["processing_engine"]) == {
        "name": "DuckDB",
        "version": duckdb.__version__,
        "openlineageAdapterVersion": cocosql.__version__,
    }
    ((tag,),) = facet(run["tags"]).values()
    assert (tag["key"], tag["source"]) == ("code version of shout", "cocosql")
    assert facet(job["sql"]) == {
        "query": 'SELECT id, shout(body) AS s FROM "main"."notes" WHERE lang <> \'fr\'',
        "dialect": "duckdb",
    }
    assert facet(job["jobType"]) == {"processingType": "BATCH", "integration": "COCOSQL", "jobType": "REFRESH"}
    assert [(one["name"], one["type"]) for one in output["facets"]["schema"]["fields"]] == [
        ("id", "INTEGER"),
        ("s", "VARCHAR"),
    ]
    assert facet(output["facets"]["datasetType"]) == {"datasetType": "VIEW", "subType": "MATERIALIZED"}
    assert facet(output["facets"]["version"]) == {"datasetVersion": "1"}
    assert facet(output["facets"]["dataSource"]) == {"name": f"duckdb://{database}", "uri": f"duckdb://{database}"}
    assert facet(output["outputFacets"]["outputStatistics"]) == {"rowCount": 2}
    (notes,) = end["inputs"]
    assert [one["name"] for one in notes["facets"]["schema"]["fields"]] == ["id", "lang", "body"]
    assert facet(notes["facets"]["datasetType"]) == {"datasetType": "TABLE"}


def lineage(event: Event) -> tuple[dict[str, list[tuple[str, ...]]], list[tuple[str, ...]]]:
    """Of each field: dataset, field, type, subtype, description; and those of all fields."""
    facet = event["outputs"][0]["facets"]["columnLineage"]

    def shown(given: list[Event]) -> list[tuple[str, ...]]:
        return [
            (one["name"], one["field"], *(how[part] for part in ("type", "subtype", "description")))
            for one in given
            for how in one["transformations"]
        ]

    return {name: shown(field["inputFields"]) for name, field in facet["fields"].items()}, shown(facet["dataset"])


def test_column_lineage(database: Path, tmp_path: Path) -> None:
    sent(database, tmp_path / "e.jsonl")
    _, loud, _, lengths = events(tmp_path / "e.jsonl")
    assert lineage(loud) == (
        {
            "id": [("main.notes", "id", "DIRECT", "IDENTITY", "notes.id")],
            "s": [("main.notes", "body", "DIRECT", "TRANSFORMATION", "shout(notes.body)")],
        },
        [("main.notes", "lang", "INDIRECT", "FILTER", "notes.lang <> 'fr'")],
    )
    assert lineage(lengths) == (
        {
            "n": [("main.loud", "s", "DIRECT", "TRANSFORMATION", "length(loud.s)")],
            "m": [("main.loud", "s", "DIRECT", "AGGREGATION", "max(loud.s)")],
        },
        [("main.loud", "s", "INDIRECT", "GROUP_BY", "length(loud.s)")],
    )


def test_sending_again_gives_the_same(database: Path, tmp_path: Path) -> None:
    sent(database, tmp_path / "a.jsonl")
    sent(database, tmp_path / "b.jsonl")
    assert (tmp_path / "a.jsonl").read_text() == (tmp_path / "b.jsonl").read_text()
    sent(database, tmp_path / "a.jsonl")
    assert events(tmp_path / "a.jsonl") == 2 * events(tmp_path / "b.jsonl")


def test_namespace(database: Path, tmp_path: Path) -> None:
    sent(database, tmp_path / "a.jsonl", "--namespace", "prod")
    sent(database, tmp_path / "b.jsonl")
    moved = database.rename(tmp_path / "moved.db")
    sent(moved, tmp_path / "c.jsonl", "--namespace", "prod")
    a, b, c = (events(tmp_path / f"{name}.jsonl") for name in "abc")
    assert {event["job"]["namespace"] for event in a} == {"prod"}
    assert {one["namespace"] for event in a for one in [*event["inputs"], *event["outputs"]]} == {"prod"}
    ids = [{event["run"]["runId"] for event in some} for some in (a, b, c)]
    assert ids[0] == ids[2]
    assert not ids[0] & ids[1]


# --- runs -------------------------------------------------------------------------------------------------------------


def test_since(database: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sent(database, tmp_path / "all.jsonl")
    ids = [event["run"]["runId"] for event in events(tmp_path / "all.jsonl")]
    last = re.search(r"2 runs were sent\. The last one is (\d+): go on with --since \1\n", capsys.readouterr().out)
    assert last is not None
    con = cocosql.connect(database, functions=(shout,))
    (first,) = rows(con, "SELECT min(run_id) FROM coco_runs()")[0]
    con.execute("INSERT INTO notes VALUES (3, 'en', 'x')")
    con.execute("REFRESH INCREMENTAL VIEW loud")
    con.close()
    assert sent(database, tmp_path / "more.jsonl", "--since", last[1]) == 0
    more = events(tmp_path / "more.jsonl")
    assert [(event["eventType"], event["job"]["name"]) for event in more] == [
        ("START", "main.loud"),
        ("COMPLETE", "main.loud"),
    ]
    assert more[1]["outputs"][0]["facets"]["version"]["datasetVersion"] == "2"
    assert more[1]["outputs"][0]["outputFacets"]["outputStatistics"]["rowCount"] == 1
    assert not {event["run"]["runId"] for event in more} & set(ids)
    sent(database, tmp_path / "second.jsonl", "--since", str(first))
    assert [event["run"]["runId"] for event in events(tmp_path / "second.jsonl")][:2] == ids[2:]
    capsys.readouterr()
    assert sent(database, tmp_path / "none.jsonl", "--since", "1000") == 0
    assert capsys.readouterr().out == "There are no runs after 1000.\n"
    assert not (tmp_path / "none.jsonl").exists()


def test_no_runs(path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    duckdb.connect(path).close()
    assert sent(path, tmp_path / "e.jsonl") == 0
    assert capsys.readouterr().out == "There are no runs.\n"


def test_a_run_that_failed(path: Path, tmp_path: Path) -> None:
    con = filled(path)
    con.execute("INSERT INTO notes VALUES (4, 'en', 'boom')")
    with pytest.raises(duckdb.Error, match="no boom"):
        con.execute("REFRESH INCREMENTAL VIEW loud")
    con.execute("CREATE INCREMENTAL VIEW whole AS SELECT body::INTEGER AS i FROM notes WITH NO DATA")
    with pytest.raises(duckdb.Error):
        con.execute("REFRESH INCREMENTAL VIEW whole")
    con.close()
    sent(path, tmp_path / "e.jsonl")
    *_, start, end, _, cast = events(tmp_path / "e.jsonl")
    assert (start["eventType"], end["eventType"], cast["eventType"]) == ("START", "FAIL", "FAIL")
    error = end["run"]["facets"]["errorMessage"]
    assert error["message"] == "function shout failed: ValueError: no boom"
    assert error["programmingLanguage"] == "PYTHON"
    assert error["stackTrace"].startswith("Traceback (most recent call last):")
    assert '"lang"' not in json.dumps(error), "the row stays here"
    assert "version" not in end["outputs"][0]["facets"]
    assert "outputStatistics" not in end["outputs"][0]["outputFacets"]
    assert Serde.to_dict(parsed(end)) == end
    assert cast["run"]["facets"]["errorMessage"]["programmingLanguage"] == "SQL"
    assert "stackTrace" not in cast["run"]["facets"]["errorMessage"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "function deaf failed: ValueError: what? (2 calls failed)"),
        ({"memo": False}, "function deaf failed: ValueError: what?"),
        ({"timeout": 0.05}, "function deaf failed: coco_errors() says why"),
    ],
)
def test_errors_without_the_arguments(path: Path, tmp_path: Path, options: dict[str, Any], message: str) -> None:
    @cocosql.udf(version="1", **options)
    def deaf(text: str) -> str:
        if "timeout" in options:
            threading.Event().wait(1)
        raise ValueError("what?")

    con = filled(path)
    cocosql.register(con, deaf)
    con.execute("CREATE INCREMENTAL VIEW v AS SELECT deaf('arg-' || body) AS d FROM notes WITH NO DATA")
    with pytest.raises(duckdb.Error):
        con.execute("REFRESH INCREMENTAL VIEW v")
    con.close()
    sent(path, tmp_path / "e.jsonl")
    *_, end = events(tmp_path / "e.jsonl")
    assert end["eventType"] == "FAIL"
    assert end["run"]["facets"]["errorMessage"]["message"] == message
    assert "arg-tea" not in json.dumps(end)
    assert "calls failed:" not in json.dumps(end)


def test_a_run_that_was_killed(path: Path, tmp_path: Path) -> None:
    con = filled(path)
    con.execute(
        "UPDATE coco.runs SET status = 'running', finished_at = NULL, version = NULL WHERE view_name = 'lengths'"
    )
    con.close()
    assert sent(path, tmp_path / "e.jsonl") == 0
    *_, start, end = events(tmp_path / "e.jsonl")
    assert end["eventType"] == "ABORT"
    assert end["eventTime"] == start["eventTime"]


def test_a_run_that_goes_on_is_left_for_the_next_time(path: Path, tmp_path: Path) -> None:
    calls, go_on = threading.Event(), threading.Event()

    @cocosql.udf(version="1")
    def slow(text: str) -> str:
        calls.set()
        go_on.wait(120)
        return text

    con = filled(path)
    cocosql.register(con, slow)
    thread = threading.Thread(
        target=con.cursor().execute, args=["CREATE INCREMENTAL VIEW late AS SELECT slow(body) AS s FROM notes"]
    )
    thread.start()
    assert calls.wait(60)
    con.execute("CREATE INCREMENTAL VIEW later AS SELECT id FROM notes")
    result = cocosql.openlineage.send(con, str(tmp_path / "e.jsonl"))
    late = one(con, "SELECT run_id FROM coco_runs() WHERE view = 'late'")
    assert (result.runs, result.goes_on) == (2, late)
    go_on.set()
    thread.join()
    result = cocosql.openlineage.send(con, str(tmp_path / "e.jsonl"), since=result.last)
    assert (result.runs, result.goes_on) == (2, None)
    assert [event["job"]["name"] for event in events(tmp_path / "e.jsonl")[4:]] == 2 * ["main.late"] + 2 * [
        "main.later"
    ]
    con.close()


def test_views_that_changed_or_are_gone(path: Path, tmp_path: Path) -> None:
    con = filled(path)
    con.execute("DROP INCREMENTAL VIEW lengths")
    con.execute("CREATE OR REPLACE INCREMENTAL VIEW loud AS SELECT id FROM notes")
    con.close()
    sent(path, tmp_path / "e.jsonl")
    _, loud, _, lengths, _, replaced = events(tmp_path / "e.jsonl")
    for event, source in ((loud, "main.notes"), (lengths, "main.loud")):
        assert [given["name"] for given in event["inputs"]] == [source]
        facets = event["outputs"][0]["facets"]
        assert "columnLineage" not in facets, "it is not known of an earlier query"
        assert "schema" not in facets
        assert facets["version"]["datasetVersion"] == "1"
    assert lengths["outputs"][0]["name"] == lengths["job"]["name"] == "main.lengths"
    assert lineage(replaced)[0] == {"id": [("main.notes", "id", "DIRECT", "IDENTITY", "notes.id")]}


def test_a_view_whose_query_does_not_hold(path: Path, tmp_path: Path) -> None:
    con = filled(path)
    con.execute("DROP TABLE notes")
    con.close()
    assert sent(path, tmp_path / "e.jsonl") == 0
    _, loud, _, lengths = events(tmp_path / "e.jsonl")
    assert [given["name"] for given in loud["inputs"]] == ["main.notes"]
    assert "columnLineage" not in loud["outputs"][0]["facets"]
    assert lineage(lengths)


def test_odd_names(path: Path, tmp_path: Path) -> None:
    con = cocosql.connect(path)
    con.execute('CREATE SCHEMA "a.b"; CREATE TABLE "a.b"."c ""d.e" ("x.y" INTEGER, "ü" VARCHAR)')
    con.execute('CREATE INCREMENTAL VIEW "a.b"."view.é" AS SELECT "x.y" AS "z""", "ü" FROM "a.b"."c ""d.e"')
    con.close()
    assert sent(path, tmp_path / "e.jsonl") == 0
    _, end = events(tmp_path / "e.jsonl")
    assert end["job"]["name"] == end["outputs"][0]["name"] == '"a.b"."view.é"'
    assert [given["name"] for given in end["inputs"]] == ['"a.b"."c ""d.e"']
    assert lineage(end)[0] == {
        'z"': [('"a.b"."c ""d.e"', "x.y", "DIRECT", "IDENTITY", '"c ""d.e"."x.y"')],
        "ü": [('"a.b"."c ""d.e"', "ü", "DIRECT", "IDENTITY", '"c ""d.e"."ü"')],
    }


def test_files_and_functions(path: Path, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id;text\n1;one\n")
    (tmp_path / "b.csv").write_text("id;text\n2;two\n")
    con = cocosql.connect(path)
    files = f"['{tmp_path}/a.csv', '{tmp_path}/b.csv']"
    con.execute(f"CREATE INCREMENTAL VIEW v AS SELECT id, r FROM read_csv({files}, delim = ';'), range(2) AS g(r)")
    cocosql.openlineage.send(con, str(tmp_path / "e.jsonl"))
    con.close()
    sent(path, tmp_path / "looked.jsonl")
    _, looked = events(tmp_path / "looked.jsonl")
    assert "columnLineage" not in looked["outputs"][0]["facets"], "who only looks at a file reads no other"
    _, end = events(tmp_path / "e.jsonl")
    assert [(one["namespace"], one["name"]) for one in end["inputs"]] == [
        ("file", f"{tmp_path}/a.csv"),
        ("file", f"{tmp_path}/b.csv"),
    ]
    assert end["inputs"][0]["facets"]["datasetType"]["datasetType"] == "FILE"
    assert [one["name"] for one in end["inputs"][0]["facets"]["schema"]["fields"]] == ["id", "text"]
    assert [(name, column) for name, column, *_ in lineage(end)[0]["id"]] == [
        (f"{tmp_path}/a.csv", "id"),
        (f"{tmp_path}/b.csv", "id"),
    ]


def test_another_database(path: Path, tmp_path: Path) -> None:
    con = cocosql.connect(path)
    con.execute(f"ATTACH '{tmp_path}/other.db' AS other")
    con.execute("CREATE TABLE other.base (k INTEGER)")
    con.execute("CREATE INCREMENTAL VIEW v AS SELECT k FROM other.base")
    cocosql.openlineage.send(con, str(tmp_path / "a.jsonl"), namespace="here")
    _, end = events(tmp_path / "a.jsonl")
    assert [(one["namespace"], one["name"]) for one in end["inputs"]] == [
        (f"duckdb://{tmp_path}/other.db", "main.base")
    ]
    assert end["outputs"][0]["namespace"] == "here"
    assert lineage(end)[0]["k"][0][:2] == ("main.base", "k")
    con.close()
    assert sent(path, tmp_path / "b.jsonl") == 0
    _, end = events(tmp_path / "b.jsonl")
    assert [(one["namespace"], one["name"]) for one in end["inputs"]] == [("duckdb://other", "main.base")]


def test_secrets_stay_here(path: Path, tmp_path: Path) -> None:
    con = cocosql.connect(path)
    con.execute("CREATE TABLE t (a VARCHAR)")
    con.execute(
        "CREATE INCREMENTAL VIEW v AS SELECT 'https://me:pw1@h/x?sig=pw2' || a AS u, 'password=pw3 host=h' AS p FROM t"
    )
    con.close()
    sent(path, tmp_path / "e.jsonl")
    text = (tmp_path / "e.jsonl").read_text()
    assert "https://***@h/x" in text
    assert not re.search(r"pw\d", text)


# --- where to ---------------------------------------------------------------------------------------------------------


class Server(ThreadingHTTPServer):
    """Takes events, and refuses those from a number on; says first so many times that it is busy."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.taken: list[Event] = []
        self.asked: list[tuple[str, str | None, str]] = []
        self.refuse_from, self.busy = sys.maxsize, 0
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked.append((self.path, self.headers["Authorization"], self.headers["Content-Type"]))
        status = 201
        if self.server.busy > 0:
            self.server.busy -= 1
            status = 503
        elif len(self.server.taken) >= self.server.refuse_from:
            status = 403
        else:
            self.server.taken.append(json.loads(body))
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.delenv("OPENLINEAGE_API_KEY", raising=False)
    with Server() as server:
        yield server
        server.shutdown()


def test_http(database: Path, tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    assert sent(database, f"{server.url}/api/v1/lineage") == 0
    sent(database, tmp_path / "e.jsonl")
    assert server.taken == events(tmp_path / "e.jsonl")
    assert set(server.asked) == {("/api/v1/lineage", None, "application/json")}
    server.asked.clear()
    monkeypatch.setenv("OPENLINEAGE_API_KEY", "key-123")
    assert sent(database, server.url) == 0
    assert set(server.asked) == {("/api/v1/lineage", "Bearer key-123", "application/json")}
    server.asked.clear()
    assert sent(database, f"{server.url}/other/path?x=1") == 0
    assert {path for path, *_ in server.asked} == {"/other/path?x=1"}
    assert "key-123" not in json.dumps(server.taken)


@pytest.mark.parametrize(("refuse_from", "whole"), [(0, 0), (1, 0), (2, 1), (3, 1)])
def test_a_server_that_refuses(
    database: Path, server: Server, capsys: pytest.CaptureFixture[str], refuse_from: int, whole: int
) -> None:
    server.refuse_from = refuse_from
    assert sent(database, server.url) == 1
    said = capsys.readouterr().err
    con = cocosql.connect(database, read_only=True)
    runs = [run for (run,) in rows(con, "SELECT run_id FROM coco_runs() ORDER BY run_id")]
    con.close()
    last = runs[whole - 1] if whole else 0
    assert f"run {runs[whole]} could not be sent: 403" in said
    assert ("No run was sent" if not whole else f"The last run sent is {last}") in said
    assert f"go on with --since {last}" in said
    server.refuse_from = sys.maxsize
    assert sent(database, server.url, "--since", str(last)) == 0
    ids = [(event["run"]["runId"], event["eventType"]) for event in server.taken]
    assert len(set(ids)) == 4, "nothing is lost"


def test_a_server_that_is_busy_is_asked_again(database: Path, server: Server) -> None:
    server.busy = 2
    assert sent(database, server.url) == 0
    assert len(server.taken) == 4
    assert len(server.asked) == 6


def test_bad_targets(database: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for target, shown in {
        "kafka://me:secret1@h/topic": "kafka://***@h/topic",
        "http://me:secret1@": "http://***@",
        "http://h:port/x": "http://h:port/x",
        "https://[h/x": "https://[h/x",
    }.items():
        assert sent(database, target) == 1
        said = capsys.readouterr().err
        assert f"events go to a file, or to an http or https address, and not to {shown}\n" in said
    assert sent(database, tmp_path / "none" / "e.jsonl") == 1
    assert "No such file or directory" in capsys.readouterr().err
    assert sent(tmp_path / "none.db", tmp_path / "e.jsonl") == 1
    assert "there is no file" in capsys.readouterr().err


def test_without_the_package(database: Path) -> None:
    code = """
        import sys
        sys.modules["openlineage"] = None
        import cocosql
        from cocosql.cli import main
        sys.exit(main(["openlineage", sys.argv[1], "--to", "e.jsonl"]))
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code), str(database)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr == (
        "cocosql: OpenLineage events need the package openlineage-python: pip install 'cocosql[openlineage]'\n"
    )


def test_nothing_is_imported_that_is_not_asked_for() -> None:
    code = "import sys, cocosql, cocosql.cli; cocosql.connect().close(); print('openlineage' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
