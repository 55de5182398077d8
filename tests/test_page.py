"""The page in a real browser: headless Chromium, from file://, without a network."""

import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import helpers
import pytest

import cocosql
from cocosql.cli import main
from cocosql.pictures.data import page_data
from cocosql.pictures.html import page
from cocosql.pictures.live import Live
from cocosql.pictures.server import Server

pytestmark = pytest.mark.component("playwright", "chromium")

Page = Any
INJECTION = "</script><script>window.hacked = 1</script><img src=x onerror='window.hacked = 1'>${window.hacked = 1}"


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        yield launched
        launched.close()


@pytest.fixture(scope="module")
def written(show_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("page") / "page.html"
    assert main(["show", str(show_file), "--no-open", "--output", str(target)]) == 0
    return target


@pytest.fixture
def opened(browser: Any, written: Path) -> Iterator[Page]:
    yield from open_page(browser, written.as_uri())


def open_page(browser: Any, address: str, **options: Any) -> Iterator[Page]:
    """A page that must not say anything wrong, nor ask the network for anything but itself."""
    context = browser.new_context(viewport={"width": 1300, "height": 800}, **options)
    context.set_default_timeout(60_000)
    shown = context.new_page()
    wrong: list[str] = []
    shown.on("pageerror", lambda error: wrong.append(str(error)))
    shown.on("console", lambda message: wrong.append(message.text))
    shown.on(
        "request",
        lambda request: (
            None if request.url.startswith((address.partition("?")[0], "data:")) else wrong.append(request.url)
        ),
    )
    shown.goto(address)
    yield shown
    assert wrong == []
    assert not set(shown.locator("body").inner_text().split()) & {"null", "undefined", "NaN", "[object"}
    context.close()


def node(name: str) -> str:
    return f'.node[data-id="view:my:main:{name}"]'


def field(shown: Page, name: str) -> str:
    """What the panel says of a name."""
    return str(shown.locator(f"#panel dt:text-is('{name}') + dd").inner_text())


def write(path: Path, con: duckdb.DuckDBPyConnection) -> str:
    path.write_text(page(page_data(con, "test")), encoding="utf-8")
    return path.as_uri()


def test_click_a_node(opened: Page) -> None:
    opened.click(node("authored"))
    assert opened.locator("#panel h2").inner_text() == "authored"
    assert "JOIN" in opened.locator("#panel pre").inner_text()
    assert opened.locator("#panel tbody tr").count() >= 4  # its last runs
    assert opened.locator("#rows .row").count() > 5
    opened.click('.node[data-id="function:my:count_words"]')
    assert opened.locator("#panel details").count() == 2
    assert "isalpha" in opened.locator("#panel details[open] pre").inner_text()
    assert opened.locator("#rows").is_hidden()
    opened.click(".node.operator >> nth=0")
    assert "changed rows" in opened.locator("#panel p:not(.kind)").first.inner_text()
    opened.go_back()
    opened.locator("#panel h2:text-is('count_words')").wait_for()
    assert opened.locator("#panel h2").inner_text() == "count_words"


def test_follow_a_row_back_and_forward(opened: Page, show_file: Path) -> None:
    opened.click(node("authored"))
    opened.click("#rows .row >> nth=0")
    path = field(opened, "path")
    back = opened.locator("#panel .tree").first
    assert [one.inner_text() for one in back.locator(".where").all()].count("documents") == 1
    back.locator("button", has_text="documents").click()
    assert opened.locator("#panel .kind").inner_text().lower() == "row of source"
    assert field(opened, "path") == path
    forward = {one.inner_text() for one in opened.locator("#panel .tree .where").all()}
    con = cocosql.connect(show_file, read_only=True)
    reached = helpers.rows(con, f"SELECT DISTINCT view FROM coco_impact('documents', '{path}') WHERE kind = 'row'")
    con.close()
    assert forward == {view for (view,) in reached}
    opened.locator("#panel .tree button:not(.more)", has_text="teams").first.click()
    assert opened.locator("#panel h2").inner_text() == "teams"
    assert opened.locator("#rows .row.chosen").count() == 1
    listed, left = opened.locator("#panel .tree > li"), opened.locator("#panel .tree > li > .more")
    count = listed.count() - 1 + int(left.inner_text().split()[0])
    left.click()
    assert listed.count() == count == int(field(opened, "passages"))


def test_tabs(opened: Page) -> None:
    opened.click("#tab-errors")
    assert "the model refused a text" in opened.locator("#view-errors").inner_text()
    opened.click("#tab-functions")
    assert opened.locator("#view-functions tbody tr").count() == 4
    opened.click("#tab-runs")
    opened.locator("#view-runs tbody tr").last.click()
    assert opened.locator("#panel h2").inner_text() == "1 of passages"
    assert "write what differs" in opened.locator("#panel").inner_text()


def test_keyboard(opened: Page) -> None:
    opened.keyboard.press("/")
    opened.keyboard.type("longest")
    assert opened.locator(".node:not(.dim)").count() == 1
    opened.keyboard.press("Enter")
    assert opened.locator("#panel h2").inner_text() == "longest"
    assert opened.evaluate("document.activeElement.dataset.id") == "view:my:main:longest"
    opened.keyboard.press("ArrowLeft")
    assert "window" in opened.evaluate("document.activeElement.textContent")
    opened.keyboard.press("Enter")
    assert opened.locator("#panel h2").inner_text() == "window"
    opened.keyboard.press("Escape")
    assert opened.locator("#panel").is_hidden()
    assert "window" in opened.evaluate("document.activeElement.textContent")
    opened.keyboard.press("ArrowRight")
    opened.keyboard.press("Enter")
    opened.focus(".grid")
    opened.keyboard.press("ArrowDown")
    opened.keyboard.press("Enter")
    assert opened.locator("#panel .kind").inner_text().lower() == "row of"
    assert opened.locator(".row.chosen").get_attribute("aria-rowindex") == "2"
    opened.focus("#tab-graph")
    opened.keyboard.press("ArrowRight")
    assert opened.evaluate("document.activeElement.id") == "tab-runs"
    assert opened.locator("#view-runs").is_visible()


#: The least contrast of any text with what is behind it (WCAG), over all texts in sight.
CONTRAST = """() => {
    const light = ([r, g, b]) => [r, g, b].map((c) => (c /= 255) <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
        .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
    const parse = (text) => text.match(/[\\d.]+/g).map(Number);
    const behind = (one) => {
        for (; one; one = one.parentElement) {
            const colour = parse(getComputedStyle(one).backgroundColor);
            if (colour.length === 3 || colour[3] > 0) return colour;
        }
        return [255, 255, 255];
    };
    const found = [];
    for (const one of document.querySelectorAll("body *")) {
        if (one.closest("svg") || !one.checkVisibility()) continue;
        if (![...one.childNodes].some((child) => child.nodeType === 3 && child.data.trim())) continue;
        const [a, b] = [light(parse(getComputedStyle(one).color)), light(behind(one))];
        found.push([(Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), one.outerHTML.slice(0, 80)]);
    }
    return found.sort((a, b) => a[0] - b[0])[0];
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_contrast_in_light_and_dark(browser: Any, written: Path, scheme: str) -> None:
    for shown in open_page(browser, written.as_uri(), color_scheme=scheme):
        colour = shown.evaluate("getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number)")
        assert (sum(colour) > 600) == (scheme == "light")
        for place in (node("passages"), "#rows .row", "#tab-runs", "#tab-errors", "#tab-functions"):
            shown.click(place)
            least, where = shown.evaluate(CONTRAST)
            assert least >= 4.5, where


def test_data_is_never_markup(browser: Any, con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    quoted, name = INJECTION.replace("'", "''"), INJECTION.replace('"', '""')

    @cocosql.udf(version="1")
    def refuse(text: str) -> str:
        raise ValueError(INJECTION)

    cocosql.register(con, refuse)
    con.execute(f'CREATE TABLE "{name}" ("{name}" VARCHAR)')
    con.execute(f"INSERT INTO \"{name}\" VALUES ('{quoted}')")
    con.execute(
        f'CREATE INCREMENTAL VIEW "{name} v" WITH (on_error = \'keep\') AS SELECT *, refuse("{name}") AS y FROM "{name}"'
    )
    con.execute(f'CREATE INCREMENTAL VIEW "{name} w" AS FROM "{name}"')
    for shown in open_page(browser, write(tmp_path / "p.html", con)):
        for number in range(shown.locator(".node").count()):
            shown.locator(".node").nth(number).click()
            if shown.locator("#rows .row").count():
                shown.locator("#rows .row").first.click()
                assert INJECTION in shown.locator("#panel dd").first.inner_text()
        for tab in ("runs", "errors", "functions"):
            shown.click(f"#tab-{tab}")
        shown.click("#tab-errors")
        assert "onerror" in shown.locator("#view-errors").inner_text()
        assert shown.evaluate("window.hacked") is None
        assert shown.locator("img").count() == 0


def test_the_policy_stops_what_would_be_put_in(browser: Any, written: Path) -> None:
    shown = browser.new_page()
    shown.goto(written.as_uri())
    stopped = shown.evaluate(
        """async () => {
            const stopped = [];
            document.addEventListener("securitypolicyviolation", (event) => stopped.push(event.effectiveDirective));
            const script = document.createElement("script");
            script.textContent = "window.hacked = 1";
            document.body.append(script);
            await fetch("https://example.com/").catch(() => null);
            await new Promise((done) => setTimeout(done, 100));
            return stopped;
        }"""
    )
    assert shown.evaluate("window.hacked") is None
    assert stopped == ["script-src-elem", "connect-src"]
    shown.close()


def test_10_000_rows_are_few_elements(browser: Any, con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    con.execute("CREATE TABLE t AS SELECT i, 'row ' || i AS text FROM range(10000) AS r (i)")
    con.execute("CREATE INCREMENTAL VIEW v AS FROM t")
    for shown in open_page(browser, write(tmp_path / "p.html", con)):
        shown.click(".node.view")
        assert shown.locator(".grid").get_attribute("aria-rowcount") == "10000"
        seen, most = shown.evaluate(
            """async () => {
                const grid = document.querySelector(".grid");
                let most = 0;
                for (let top = 0; top <= grid.scrollHeight; top += 20000) {
                    grid.scrollTop = top;
                    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
                    most = Math.max(most, document.querySelectorAll("*").length);
                }
                return [document.querySelector(".row:last-child").getAttribute("aria-rowindex"), most];
            }"""
        )
        assert seen == "10000"
        assert most < 500
        shown.focus(".grid")
        shown.keyboard.press("End")
        shown.keyboard.press("Enter")
        last = shown.locator(".row.chosen [role=gridcell]").last.inner_text()
        assert field(shown, "text") == last
        shown.fill("#search", "row 1234")
        assert shown.locator(".grid").get_attribute("aria-rowcount") == "1"


def test_an_empty_database(browser: Any, con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    for shown in open_page(browser, write(tmp_path / "p.html", con)):
        assert "no incremental view" in shown.locator("#graph").inner_text()


def test_a_live_page_shows_what_is_new(browser: Any, tmp_path: Path) -> None:
    path = tmp_path / "live.db"
    con = cocosql.connect(path)
    con.execute("CREATE TABLE t AS SELECT 1 AS x")
    con.execute("CREATE INCREMENTAL VIEW v AS FROM t")
    con.close()
    with Server(Live(path)) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        for shown in open_page(browser, server.url):
            shown.click(".node.view")
            helpers.run_script(
                "import cocosql, sys\ncon = cocosql.connect(sys.argv[1])\ncon.execute('INSERT INTO t VALUES (2)')\n"
                "con.execute('REFRESH INCREMENTAL VIEW v')\ncon.close()",
                path,
            )
            shown.locator("#rows .bar p", has_text="2 rows").wait_for()
            assert "live" in shown.locator("#made").inner_text()
        server.shutdown()
        thread.join()
