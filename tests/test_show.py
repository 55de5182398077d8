"""The graph of a database, as model, Mermaid, drawing and data of a page; what of it is hidden; the server of a live page."""

import http.client
import json
import re
import threading
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import duckdb
import helpers
import pytest

import cocosql
from cocosql.cli import main
from cocosql.cli.show import _way_to
from cocosql.pictures import data as page_data_module
from cocosql.pictures import drawing
from cocosql.pictures.data import page_data
from cocosql.pictures.html import in_script, page
from cocosql.pictures.live import Live
from cocosql.pictures.readable import readable
from cocosql.pictures.server import Server
from cocosql.secrets import hidden, is_secret, redacted, redacted_code

VIEWS = ("passages", "authored", "teams", "longest", "security")
NASTY = "\x1b</script><script>alert(1)</script>'\"&`\\N #quot;"


@pytest.fixture(scope="module")
def shown(show_file: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    con = cocosql.connect(show_file, read_only=True)
    yield con
    con.close()


@pytest.fixture(scope="module")
def data(shown: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    return page_data(shown, "my.db")


def named(picture: cocosql.pictures.Picture) -> set[tuple[str, str]]:
    """The edges between what has a name of its own; operators are passed through."""
    nodes = {node.id: node for node in picture.graph.nodes}
    following: dict[str, list[str]] = {}
    for start, end in picture.graph.edges:
        following.setdefault(start, []).append(end)

    def ends(key: str) -> Iterator[str]:
        for end in following.get(key, []):
            if nodes[end].kind == "operator":
                yield from ends(end)
            else:
                yield nodes[end].name

    return {(node.name, end) for node in nodes.values() if node.kind != "operator" for end in ends(node.id)}


def test_graph(shown: duckdb.DuckDBPyConnection) -> None:
    assert named(cocosql.graph(shown)) == {
        ("documents", "passages"),
        ("split_passages", "passages"),
        ("count_words", "passages"),
        ("embed", "passages"),
        ("passages", "authored"),
        ("authors", "authored"),
        ("classify", "authored"),
        ("authored", "teams"),
        ("authored", "longest"),
        ("passages", "security"),
        ("classify", "security"),
    }
    kinds = {node.name: node.kind for node in cocosql.graph(shown).graph.nodes}
    assert {kinds[name] for name in ("documents", "authors")} == {"source"}
    assert kinds["embed"] == "function"
    assert {kinds[name] for name in ("join", "window", "map")} == {"operator"}


def test_graph_of_a_view_is_what_it_is_made_of(shown: duckdb.DuckDBPyConnection) -> None:
    for name in ("authored", "my.main.authored", '"AUTHORED"'):
        names = {node.name for node in cocosql.graph(shown, name).graph.nodes if node.kind != "operator"}
        assert names == {
            *("authored", "passages", "documents", "authors"),
            *("split_passages", "count_words", "embed", "classify"),
        }
    with pytest.raises(duckdb.CatalogException, match="incremental view none does not exist"):
        cocosql.graph(shown, "none")


def test_operators_say_what_coco_operators_says(shown: duckdb.DuckDBPyConnection) -> None:
    nodes = [node for node in cocosql.graph(shown).graph.nodes if node.kind == "operator"]
    for view in VIEWS:
        rules = helpers.rows(
            shown, f"SELECT kind, rule FROM coco_operators('{view}') WHERE kind <> 'scan' ORDER BY ALL"
        )
        of_view = sorted(
            (node.name, node.facts["rule"]) for node in nodes if node.view and node.view.endswith(f":{view}")
        )
        assert of_view == rules


def test_graph_of_files_other_databases_and_views_without_data(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("a")
    con.execute("ATTACH ':memory:' AS other")
    con.execute("CREATE TABLE other.main.t AS SELECT 1 AS x")
    con.execute(f"CREATE INCREMENTAL VIEW files AS SELECT content FROM read_text('{tmp_path}/*.txt')")
    con.execute("CREATE SCHEMA s")
    con.execute("CREATE INCREMENTAL VIEW s.far AS SELECT x FROM other.t")
    con.execute("CREATE INCREMENTAL VIEW later AS SELECT content FROM files WITH NO DATA")
    con.execute(
        "CREATE INCREMENTAL VIEW recursive AS WITH RECURSIVE r AS (SELECT 1 AS n UNION SELECT n + 1 FROM r, s.far WHERE n < 3) FROM r"
    )
    assert named(cocosql.graph(con)) == {
        (f"read_text('{tmp_path}/*.txt')", "files"),
        ("other.main.t", "s.far"),
        ("files", "later"),
        ("s.far", "recursive"),
    }
    assert cocosql.graph(con).svg()


def test_an_empty_database_has_a_picture(con: duckdb.DuckDBPyConnection) -> None:
    assert cocosql.graph(con).mermaid().startswith("flowchart LR\n")
    ET.fromstring(cocosql.graph(con).svg())
    assert page_data(con, "empty")["nodes"] == []


def test_a_function_that_is_called_inline_is_in_the_graph(con: duckdb.DuckDBPyConnection) -> None:
    @cocosql.udf(version="1", memo=False)
    def double(x: int) -> int:
        return 2 * x

    cocosql.register(con, double)
    con.execute("CREATE TABLE t AS SELECT [1, 2] AS xs")
    con.execute("CREATE INCREMENTAL VIEW v AS SELECT list_transform(xs, lambda x: double(x)) AS ys FROM t")
    assert ("double", "v") in named(cocosql.graph(con))


def test_mermaid(shown: duckdb.DuckDBPyConnection) -> None:
    text = cocosql.graph(shown, "passages").mermaid()
    (source,) = re.findall(r'(n\d+)\[\("documents"\)\]', text)
    (operator,) = re.findall(r'(n\d+)\(\["map"\]\)', text)
    (view,) = re.findall(r'(n\d+)\["passages"\]', text)
    (embed,) = re.findall(r'(n\d+)\{\{"embed"\}\}', text)
    for edge in (f"{source} --> {operator}", f"{operator} --> {view}", f"{embed} -.-> {operator}"):
        assert f"    {edge}\n" in text


def test_names_are_escaped_in_mermaid_and_svg(con: duckdb.DuckDBPyConnection) -> None:
    name = '"' + NASTY.replace('"', '""') + '"'
    con.execute(f"CREATE TABLE {name} (x INTEGER)")
    con.execute("CREATE INCREMENTAL VIEW v AS FROM " + name)
    picture = cocosql.graph(con)
    (label,) = re.findall(r'\[\("(.*)"\)\]', picture.mermaid())
    assert re.fullmatch(r"(#\d+;|[\w .,-])*", label)
    assert re.sub(r"#(\d+);", lambda found: chr(int(found[1])), label) == NASTY
    tags = {element.tag.partition("}")[2] for element in ET.fromstring(picture.svg()).iter()}
    assert tags == {"svg", "style", "g", "rect", "path", "polygon", "text", "title", "circle"}
    assert "<script" not in picture._repr_html_().lower()


def test_without_graphviz_it_says_what_to_install(
    shown: duckdb.DuckDBPyConnection,
    monkeypatch: pytest.MonkeyPatch,
    show_file: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pygraphviz", None)
    html = cocosql.graph(shown)._repr_html_()
    assert "pip install" in html and "flowchart LR" in html
    with pytest.raises(ImportError, match=re.escape(drawing.HINT)):
        cocosql.graph(shown).svg()
    assert main(["graph", str(show_file), "passages"]) == 0
    assert capsys.readouterr().out == cocosql.graph(shown, "passages").mermaid()


def test_edges_of_rows_are_the_lineage(shown: duckdb.DuckDBPyConnection, data: dict[str, Any]) -> None:
    """Going back from the rows of a view, step by step, reaches the rows of sources that coco_lineage names."""
    steps: dict[tuple[str, str], set[tuple[str, str]]] = {}
    for view, lineage in data["lineage"].items():
        for row, made in lineage["rows"].items():
            steps[view, row] = {tuple(lineage["origins"][origin][:2]) for origin, _ in made}

    def sources(node: str, key: str) -> set[tuple[str, str]]:
        if node.startswith("source:"):
            return {(node.rpartition(":")[2], key)}
        return set().union(*(sources(*step) for step in steps[node, key]))

    for view in VIEWS:
        truth: dict[str, set[tuple[str, str]]] = {}
        for row, source, key in helpers.rows(
            shown, f"SELECT row_id::VARCHAR, source, source_key FROM coco_lineage('{view}')"
        ):
            truth.setdefault(row, set()).add((source, key))
        shown_rows = [row for row, *_ in data["views"][f"view:my:main:{view}"]["rows"]]
        assert set(shown_rows) == set(truth)
        assert {row: sources(f"view:my:main:{view}", row) for row in shown_rows} == truth


def test_rows_are_those_of_the_view(shown: duckdb.DuckDBPyConnection, data: dict[str, Any]) -> None:
    for view in ("passages", "teams"):
        given = data["views"][f"view:my:main:{view}"]
        columns = ", ".join(f"{name}::VARCHAR" for name, _ in given["columns"])
        assert sorted(map(tuple, (row[1:] for row in given["rows"]))) == sorted(
            helpers.rows(shown, f"SELECT {columns} FROM {view}")
        )


def test_a_page_says_what_was_cut(con: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_data_module, "MOST_ROWS", 3)
    monkeypatch.setattr(page_data_module, "MOST_CHARACTERS", 5)
    monkeypatch.setattr(page_data_module, "MOST_ORIGINS_OF_A_ROW", 2)
    monkeypatch.setattr(page_data_module, "MOST_RUNS", 1)
    con.execute("CREATE TABLE t AS SELECT i, 'abcdefgh' AS text FROM range(10) AS r (i)")
    con.execute("CREATE INCREMENTAL VIEW v AS FROM t")
    con.execute("CREATE INCREMENTAL VIEW w AS SELECT count(*) AS n FROM v")
    given = page_data(con, "cut")
    view, of_all = given["views"].values()
    assert (len(view["rows"]), view["total"], view["rows"][0][2]) == (3, 10, "abcde…")
    lineage, of_one = given["lineage"].values()
    assert set(lineage["rows"]) == {row[0] for row in view["rows"]}
    assert [len(made) for made in of_one["rows"].values()] == [2]
    assert of_one["totals"] == {of_all["rows"][0][0]: 10}
    assert (len(given["runs"]), given["run_count"]) == (1, 2)


def test_lineage_that_takes_too_long_is_left_out(
    con: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page_data_module, "MOST_SECONDS", 0.0)
    con.execute("CREATE TABLE t AS FROM range(300000)")
    con.execute("CREATE INCREMENTAL VIEW v AS SELECT count(*) FROM t")
    (lineage,) = page_data(con, "slow")["lineage"].values()
    assert lineage == {"error": "Too much for this page: SELECT * FROM coco_lineage('v') has it."}


def test_a_view_that_cannot_be_traced_says_so(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("CREATE TABLE t AS SELECT 1 AS x")
    con.execute("CREATE INCREMENTAL VIEW v WITH (mode = 'recompute') AS FROM t")
    (lineage,) = page_data(con, "recomputed")["lineage"].values()
    assert "keeps no state" in lineage["error"]


def test_runs_errors_and_versions(data: dict[str, Any]) -> None:
    assert {error["function"] for error in data["errors"]} == {"embed"}
    assert all(error["node"] == "view:my:main:passages" for error in data["errors"])
    (count_words,) = [node for node in data["nodes"] if node["name"] == "count_words"]
    assert len({version["code_version"] for version in count_words["versions"]}) == 2
    assert "isalpha" in count_words["versions"][0]["source"]
    assert {run["node"] for run in data["runs"]} == {f"view:my:main:{view}" for view in VIEWS}
    first = min(data["runs"], key=lambda run: run["run_id"])
    assert [step["what"] for step in first["steps"]][-1] == "write what differs"


def test_lineage_of_one_step(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("CREATE TABLE t AS FROM range(4) AS r (x)")
    con.execute("CREATE INCREMENTAL VIEW a AS SELECT x FROM t WHERE x > 0")
    con.execute("CREATE INCREMENTAL VIEW b AS SELECT x % 2 AS odd, count(*) AS n FROM a GROUP BY ALL")
    found = helpers.rows(con, "SELECT DISTINCT source FROM coco_lineage('b', 'direct')")
    assert found == [("a",)]
    keys = "SELECT row.odd, (source_key->>'row_id')::BIGINT FROM coco_lineage('b', 'direct')"
    assert sorted(helpers.rows(con, keys)) == sorted(
        helpers.rows(con, "SELECT row.x % 2, row_id FROM coco_lineage('a')")
    )
    with pytest.raises(duckdb.InvalidInputException, match="takes 'direct' after the view, not 'far'"):
        con.execute("FROM coco_lineage('b', 'far')")


def test_readable_sql_means_the_same(con: duckdb.DuckDBPyConnection) -> None:
    """What is left of a map's SQL without look-ups gives the columns that the map gives."""

    @cocosql.udf(version="1")
    def words(text: str) -> list[str]:
        return text.split()

    cocosql.register(con, words)
    con.execute("CREATE TABLE t AS SELECT * FROM (VALUES (1, 'a b'), (2, NULL), (3, 'c')) AS v (i, text)")
    con.execute("CREATE INCREMENTAL VIEW v AS SELECT i + 1 AS j, w FROM t, unnest(words(text)) AS u(w) WHERE i < 3")
    (sql,) = [node.facts["sql"] for node in cocosql.graph(con).graph.nodes if node.kind == "operator"]
    assert "memo" not in sql and "fingerprint" not in sql
    helpers.assert_same(con, f"WITH operator_1 AS (FROM t) SELECT * FROM ({sql}) AS r(j, w)", "SELECT * FROM v")


def test_readable_keeps_what_it_cannot_parse() -> None:
    assert readable("SELECT FROM WHERE (") == "SELECT FROM WHERE ("


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("https://me:hunter2@example.com/a?b=1", "hunter2"),
        ("https://hunter2@example.com", "hunter2"),
        ("postgres://u:hunter2/x@y@host/db", "hunter2"),
        ("host=db password=hunter2 user=me", "hunter2"),
        ("password='hunter2 and more'", "hunter2"),
        ("ATTACH 'x' (SECRET := 'hunter2')", "hunter2"),
        ('{"apiKey": "hunter2"}', "hunter2"),
        ("{'client_secret': 'hunter2'}", "hunter2"),
        ("Authorization: Bearer hunter2hunter2", "hunter2"),
        ("curl -H 'Bearer hunter2hunter2'", "hunter2"),
        ("s3://b/k?X-Amz-Signature=hunter2&x=1", "hunter2"),
        ("OPENAI_API_KEY=hunter2", "hunter2"),
        ("AccountKey=hunter2==;EndpointSuffix=x", "hunter2"),
    ],
)
def test_secrets_in_text(text: str, secret: str) -> None:
    assert secret not in redacted(text)
    assert redacted(redacted(text)) == redacted(text)


@pytest.mark.parametrize(
    "text",
    [
        "SELECT key, max_tokens FROM t WHERE tokens = 3",
        "https://example.com/p@th and a@b.c",
        "the primary key: path",
        "signal = 4, design=5, secretary=Bob",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert redacted(text) == text


def test_secrets_in_options_and_code() -> None:
    options = {"key": "path", "password": "a", "Api-Key": "b", "url": "https://u:c@h", "connector": "postgres"}
    assert hidden(options) == {
        "key": "path",
        "password": "***",
        "Api-Key": "***",
        "url": "https://***@h",
        "connector": "postgres",
    }
    assert [name for name in ("key", "keys", "path", "max_tokens", "author") if is_secret(name)] == []
    code = "def ask(token: str, secret=None):\n    return call(token=token, api_key='hunter2')"
    assert redacted_code(code) == code.replace("hunter2", "***")


def test_no_secret_reaches_errors_and_pages(con: duckdb.DuckDBPyConnection) -> None:
    url = "https://me:hunter2@example.com"

    @cocosql.udf(version="1")
    def ask(text: str) -> str:
        raise ConnectionError(f"cannot reach {url}/{text}")

    cocosql.register(con, ask)
    con.execute("CREATE TABLE t AS SELECT 'a' AS x")
    con.execute("CREATE INCREMENTAL VIEW kept WITH (on_error = 'keep') AS SELECT ask(x) AS y FROM t")
    con.execute(f"CREATE INCREMENTAL VIEW named AS SELECT x, '{url}' AS at FROM t WHERE x <> '{url}'")
    with pytest.raises(duckdb.Error) as raised:
        con.execute("CREATE INCREMENTAL VIEW failing AS SELECT ask(x) AS y FROM t")
    assert "hunter2" not in str(raised.value)
    assert "***@example.com" in str(raised.value)
    for table in ("coco_errors()", "(SELECT error FROM coco_runs())"):
        assert "hunter2" not in str(helpers.rows(con, f"FROM {table}"))
    found = page_data(con, "secret")
    for view in found["views"].values():
        view["rows"] = []  # rows are what the user has asked for
    assert "hunter2" not in page(found)


def test_data_cannot_leave_its_script_element() -> None:
    text = in_script({"a": NASTY + "\u2028<!--"})
    assert not set("<>&\u2028") & set(text)
    assert json.loads(text) == {"a": NASTY + "\u2028<!--"}


def test_page_allows_nothing_but_itself(data: dict[str, Any]) -> None:
    html = page({**data, "title": NASTY})
    policy = unescape(re.findall(r'Content-Security-Policy" content="([^"]*)"', html)[0])
    rules = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    assert rules["default-src"] == "'none'"
    assert set(rules) == {"default-src", "img-src", "style-src", "script-src", "base-uri", "form-action"}
    assert "unsafe" not in policy and "*" not in policy
    assert html.lower().count("<script") == 2
    assert not re.findall(r"(?:src|href)=\"(?!data:,)", html)


# --- the server


class Client:
    def __init__(self, server: Server) -> None:
        self.server = server

    def get(self, path: str = "/", *, token: str | None = None, **headers: str) -> tuple[int, str, dict[str, str]]:
        """The answer to a request; headers with a name of None are left out."""
        connection = http.client.HTTPConnection("127.0.0.1", self.server.server_port, timeout=120)
        sent = {
            "Host": f"127.0.0.1:{self.server.server_port}",
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        given = self.server.token if token is None else token
        connection.putrequest("GET", f"{path}{'&' if '?' in path else '?'}token={given}", skip_host=True)
        for name, value in sent.items():
            connection.putheader(name, value)
        connection.endheaders()
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        return answer.status, text, dict(answer.getheaders())


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("served") / "live.db"
    con = cocosql.connect(path)
    con.execute("CREATE TABLE t AS SELECT 1 AS x")
    con.execute("CREATE INCREMENTAL VIEW v AS FROM t")
    con.close()
    return path


@pytest.fixture(scope="module")
def client(served: Path) -> Iterator[Client]:
    with Server(Live(served)) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield Client(server)
        server.shutdown()
        thread.join()


def test_server_answers_who_has_the_token(client: Client) -> None:
    status, text, headers = client.get()
    assert (status, "connect-src" in text) == (200, True)
    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert not any(name.startswith("Access-Control") for name in headers)
    port = client.server.server_port
    assert (
        client.get(Host=f"localhost:{port}", Origin=f"http://localhost:{port}", Sec_Fetch_Site="same-origin")[0] == 200
    )
    assert client.get("/other")[0] == 404


@pytest.mark.every(2)
@pytest.mark.parametrize("path", ["/", "/data?since=", "/other"])
@pytest.mark.parametrize(
    "wrong",
    [
        {"token": ""},
        {"token": "x" * 43},
        {"token": "%C3%A4"},
        {"Host": "evil.example"},
        {"Host": "evil.example:{port}"},
        {"Host": "127.0.0.1"},
        {"Host": "127.0.0.1:{port}.evil.example"},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Origin": "https://127.0.0.1:{port}"},
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site", "Sec_Fetch_Mode": "cors"},
        {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "navigate", "token": ""},
    ],
    ids=str,
)
def test_server_refuses(client: Client, path: str, wrong: dict[str, str]) -> None:
    port = str(client.server.server_port)
    status, text, _ = client.get(path, **{name: value.replace("{port}", port) for name, value in wrong.items()})
    assert status == 403
    assert client.server.token not in text and "view" not in text


@pytest.mark.parametrize("path", ["http://[::1", "//[", "http://[x]:y/", "/%ff%fe?since=%ff", "*"])
def test_server_answers_addresses_that_are_none(client: Client, capfd: pytest.CaptureFixture[str], path: str) -> None:
    assert client.get(path)[0] in (400, 404)
    assert capfd.readouterr().err == ""


def test_server_listens_on_loopback_only(client: Client) -> None:
    assert client.server.server_address[0] == "127.0.0.1"
    assert len(client.server.token) >= 40


def test_live_state_follows_the_file_and_lets_others_write(served: Path) -> None:
    live = Live(served)
    before, problem = live.now()
    assert problem is None
    writer = helpers.start(
        """
        import sys
        import cocosql

        con = cocosql.connect(sys.argv[1])
        con.execute("INSERT INTO t VALUES (2)")
        con.execute("REFRESH INCREMENTAL VIEW v")
        con.execute("CHECKPOINT")
        print("written", flush=True)
        sys.stdin.readline()
        con.close()
        """,
        str(served),
        stdin=-1,
    )
    assert writer.stdout and writer.stdout.readline() == "written\n"
    during, problem = live.now()
    assert (during, problem) == (before, "in use by another process")
    _, err = writer.communicate("\n", timeout=120)
    assert (writer.returncode, err) == (0, "")
    after, problem = live.now()
    assert problem is None
    assert [view["total"] for view in after["views"].values()] == [2]
    assert after["state"] != before["state"]
    assert live.now()[0] is after  # not read again


# --- the commands


def test_the_browser_is_not_started_with_the_token(client: Client, tmp_path: Path) -> None:
    address = _way_to(client.server.url, tmp_path)
    assert client.server.token not in address
    assert f"url={client.server.url}" in unescape(Path(address.removeprefix("file://")).read_text())


def test_show_writes_a_page(show_file: Path, tmp_path: Path, shown: object, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "page.html"
    assert main(["show", str(show_file), "--no-open", "--output", str(target)]) == 0
    assert "<title>my.db · CocoSQL</title>" in target.read_text(encoding="utf-8")
    assert str(target) in capsys.readouterr().out


def test_show_of_what_is_no_database(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", str(tmp_path / "none.db"), "--no-open"]) == 1
    assert "there is no file" in capsys.readouterr().err
    assert main(["graph", str(tmp_path / "none.db")]) == 1
    (tmp_path / "text.db").write_text("no database")
    assert main(["show", str(tmp_path / "text.db"), "--no-open"]) == 1


def test_show_of_a_file_in_use(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "used.db"
    writer = helpers.start(
        "import sys, duckdb\ncon = duckdb.connect(sys.argv[1])\nprint('open', flush=True)\nsys.stdin.readline()",
        str(path),
        stdin=-1,
    )
    assert writer.stdout and writer.stdout.readline() == "open\n"
    assert main(["show", str(path), "--no-open"]) == 1
    writer.communicate("\n", timeout=120)
    assert "in use by another process" in capsys.readouterr().err


def test_graph_command(show_file: Path, shown: duckdb.DuckDBPyConnection, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["graph", str(show_file), "teams", "--format", "svg"]) == 0
    assert capsys.readouterr().out == cocosql.graph(shown, "teams").svg()
    assert main(["graph", str(show_file), "nothing"]) == 1
    assert "does not exist" in capsys.readouterr().err


# --- what is said in words --------------------------------------------------------------------------------------------


def test_the_version_in_use_comes_first(con: duckdb.DuckDBPyConnection) -> None:
    """Not the one that was registered last: code goes back, too."""

    def register(sign: str) -> None:
        def shout(text: str) -> str:
            return text + sign

        cocosql.register(con, cocosql.udf(version=sign)(shout))

    con.execute("CREATE TABLE t AS SELECT 'a' AS s")
    register("!")
    con.execute("CREATE INCREMENTAL VIEW v AS SELECT shout(s) AS loud FROM t")
    for sign in ("?", "!"):
        register(sign)
        con.execute("REFRESH INCREMENTAL VIEW v")
    (function,) = [node for node in page_data(con, "x")["nodes"] if node["kind"] == "function"]
    ((used,),) = helpers.rows(con, "SELECT DISTINCT code_version FROM coco_functions() WHERE current")
    assert [(one["code_version"] == used, one["in_use"]) for one in function["versions"]] == [
        (True, True),
        (False, False),
    ]


def test_a_long_name_keeps_its_end() -> None:
    cut = drawing._cut("read_csv('/a/very/long/path/to/somewhere/sales.csv')")
    assert len(cut) == drawing._MOST_CHARACTERS
    assert cut.startswith("read_csv('/") and cut.endswith("/sales.csv')") and "…" in cut
    assert drawing._cut("short.csv") == "short.csv"


def test_a_graph_in_words(con: duckdb.DuckDBPyConnection) -> None:
    assert str(cocosql.graph(con)) == "no incremental views"

    @cocosql.udf(version="1")
    def shout(text: str) -> str:
        return text + "!"

    cocosql.register(con, shout)
    con.execute("CREATE TABLE t AS SELECT 'a' AS s")
    con.execute("CREATE INCREMENTAL VIEW v AS SELECT shout(s) AS loud FROM t")
    con.execute("CREATE INCREMENTAL VIEW w AS SELECT count(*) AS n FROM v")
    assert str(cocosql.graph(con)).splitlines() == [
        "v (fresh, 1 row): reads t, calls shout",
        "w (fresh, 1 row): reads v",
    ]
    assert repr(cocosql.graph(con)) == str(cocosql.graph(con))
