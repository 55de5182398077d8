"""One database file and two versions of DuckDB: what one wrote, the other reads, refreshes and upgrades.

The other version is installed into a folder of its own, and must have a native file: COCOSQL_DUCKDB_VERSIONS=all.
COCOSQL_REQUIRE_COMPONENTS=1 makes tests fail that lack it.
"""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import duckdb
import pytest
from helpers import lacks, run_script
from packaging.requirements import Requirement

from cocosql import native
from cocosql.files import find

ROOT = Path(__file__).parent.parent
OTHERS = [version for version in native.supported() if version != duckdb.__version__]

# What both versions run: functions that note their calls, and a view of each kind.
SCRIPT = """
import json, sys
import cocosql, duckdb

calls = []

@cocosql.udf(version="1")
def shout(text: str) -> str:
    calls.append(text)
    return text.upper()

con = cocosql.connect(sys.argv[1], functions=(shout,))
QUERIES = {
    "mapped": "SELECT id, shout(w) AS s, year(d) AS y FROM t",
    "grouped": "SELECT w, count(*) AS n, sum(x) AS x, max(strftime(d, '%Y-%m')) AS m FROM t GROUP BY w",
    "joined": "SELECT t.id, u.name, date_trunc('month', t.d) AS d FROM t JOIN u ON u.w = t.w",
    "logged": "SELECT id, x + 1 AS x FROM t",
    "nested": "SELECT [w, NULL, w] AS l, {'d': d} AS s, [id % 3, 1]::INTEGER[2] AS a, count(*) AS n FROM t GROUP BY ALL",
    "bits": "SELECT (id % 3)::INTEGER::BIT AS b, count(*) AS n FROM t GROUP BY b",
    "above": "SELECT s, count(*) AS n FROM mapped GROUP BY s",
    "again": "SELECT w, row_number() OVER (ORDER BY w, id) AS r FROM t",
}
OPTIONS = {"logged": "WITH (capture = 'log')", "again": "WITH (mode = 'recompute')"}

def create():
    con.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, w VARCHAR, x DECIMAL(9, 2), d DATE)")
    con.execute("INSERT INTO t SELECT i, 'w' || i % 7, i / 4, DATE '2024-01-01' + i::INTEGER FROM range(300000) r(i)")
    con.execute("CREATE TABLE u AS SELECT 'w' || i AS w, 'name ' || i AS name FROM range(5) r(i)")
    for name, query in QUERIES.items():
        con.execute(f"CREATE INCREMENTAL VIEW {name} {OPTIONS.get(name, '')} AS {query}")

def change(number):
    con.execute(f"INSERT INTO t VALUES (1000000 + {number}, 'new {number}', {number}, '2025-02-03')")
    con.execute(f"UPDATE t SET w = 'w1', x = x + 1 WHERE id IN ({number}, 250000 + {number})")
    con.execute(f"DELETE FROM t WHERE id = 1000 + {number}")

def refresh():
    con.execute("REFRESH ALL INCREMENTAL VIEWS").fetchall()

def state():
    wrong = []
    for name, query in QUERIES.items():
        query = query.replace("shout(w)", "upper(w)")
        difference = f"(FROM {name} EXCEPT ALL ({query})) UNION ALL (({query}) EXCEPT ALL FROM {name})"
        if con.execute(difference).fetchall():
            wrong.append(name)
    ids = con.execute("SELECT row_id, row.id FROM coco_lineage('joined') WHERE row.id IN (3, 250005) ORDER BY ALL").fetchall()
    memo = con.execute("SELECT count(*) FROM coco_memo('shout')").fetchone()[0]
    status = con.execute("SELECT DISTINCT status FROM coco_views()").fetchall()
    return {"duckdb": duckdb.__version__, "calls": sorted(calls), "wrong": wrong, "ids": ids, "memo": memo,
            "status": status}

for step in sys.argv[2:]:
    eval(step)
print(json.dumps(state()))
con.close()
"""


@pytest.fixture(scope="session", params=OTHERS)
def other(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with another version of DuckDB."""
    version = request.param
    try:
        find(f"extensions/v{version}/cocosql.duckdb_extension")
    except FileNotFoundError:
        lacks(f"a native file for duckdb {version}", "COCOSQL_DUCKDB_VERSIONS=all pip install .")
    folder = tmp_path_factory.mktemp(f"duckdb-{version}")
    install = ["install", "--quiet", "--no-deps", "--disable-pip-version-check", "--target", str(folder)]
    pip = [sys.executable, "-m", "pip", *install, f"duckdb=={version}"]
    done = subprocess.run(pip, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return folder


def ran(path: Path, *steps: str, by: tuple[Path, ...] = ()) -> dict[str, Any]:
    """What a process says that takes these steps, with the DuckDB that is installed or with another."""
    found: dict[str, Any] = json.loads(run_script(SCRIPT, path, *steps, packages=by))
    return found


@pytest.mark.slow
@pytest.mark.parametrize("first_is_other", [False, True], ids=["written by this", "written by the other"])
def test_one_file_and_two_versions(path: Path, other: Path, first_is_other: bool) -> None:
    turns: list[tuple[Path, ...]] = [(), (other,)]
    if first_is_other:
        turns.reverse()
    first = ran(path, "create()", by=turns[0])
    assert (first["wrong"], first["status"], len(first["calls"])) == ([], [["fresh"]], 7)
    seen = {first["duckdb"]}
    memo, kept = first["memo"], _row_ids(first)
    assert kept
    for number in range(1, 5):
        now = ran(path, f"change({number})", "refresh()", by=turns[number % 2])
        seen.add(now["duckdb"])
        memo += 1
        assert now["wrong"] == []
        assert now["status"] == [["fresh"]]
        assert now["calls"] == [f"new {number}"], "what the other version memoized is found"
        assert now["memo"] == memo
        assert _row_ids(now) == kept
    assert len(seen) == 2


def _row_ids(state: dict[str, Any]) -> list[int]:
    """The row ids that come from a source row that never changes."""
    return [row_id for row_id, source_id in state["ids"] if source_id == 250005]


@pytest.mark.slow
def test_hashes_and_fingerprints_are_the_same(other: Path) -> None:
    """Files have them: keys are found by their hash again, results by the fingerprint of the arguments."""
    script = """
        import json
        import cocosql
        con = cocosql.connect()
        con.execute("CREATE TABLE a AS SELECT *, [varchar, NULL] AS l, {'a': int_array, 'b': [double]} AS s, "
            "[int, bigint]::BIGINT[2] AS f, '0101'::BIT AS b, '[1, {}]'::JSON AS j FROM test_all_types()")
        made = {}
        for name, *_ in con.execute("DESCRIBE a").fetchall():
            for form in ('hash("{0}")', 'hash(1, "{0}")', 'coco_fingerprint("{0}")', 'coco_fingerprint(1, "{0}")'):
                for source in ("a", "(FROM a WHERE rowid > 0)", "(SELECT * FROM a ORDER BY rowid DESC)"):
                    query = f"SELECT list({form.format(name)}::VARCHAR ORDER BY rowid) FROM {source}"
                    try:
                        made[query] = con.execute(query.replace(" ORDER BY rowid)", ")")).fetchone()[0]
                    except Exception as error:
                        made[query] = type(error).__name__
        print(json.dumps(made))
    """
    mine, theirs = (json.loads(run_script(script, packages=packages)) for packages in ((), (other,)))
    common = mine.keys() & theirs.keys()
    assert len(common) > 400
    differ = {query for query in common if mine[query] != theirs[query]}
    # Views with such keys are made anew for another version.
    assert {query for query in differ if not re.search(r'list\(hash\((1, )?"(bit|b|time_tz)"\)', query)} == set()


@pytest.mark.slow
def test_an_old_file_is_upgraded_by_each(tmp_path: Path, other: Path) -> None:
    script = """
        import gzip, sys
        import cocosql
        open(sys.argv[2], "wb").write(gzip.open(sys.argv[1]).read())

        @cocosql.udf(version="1")
        def shout(text: str) -> str: return text.upper()

        con = cocosql.connect(sys.argv[2], functions=(shout,))
        con.execute("INSERT INTO t VALUES (3, 'a')")
        con.execute("REFRESH ALL INCREMENTAL VIEWS").fetchall()
        print(con.execute("FROM v ORDER BY id").fetchall(), con.execute("FROM n").fetchall())
    """
    old = Path(__file__).parent / "data" / "schema_1.db.gz"
    for number, packages in enumerate([(), (other,)]):
        out = run_script(script, old, tmp_path / f"{number}.db", packages=packages)
        assert out.strip() == "[(1, 'A'), (2, 'C'), (3, 'A')] [(3,)]"


def test_no_native_file_for_the_duckdb_that_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    built = native.supported()[-1]

    def only_one(name: str) -> Path:
        if name.startswith("extensions/") and f"/v{built}/" not in name:
            raise FileNotFoundError(name)
        return find(name) if name.endswith(".txt") else Path(__file__)

    monkeypatch.setattr(native, "find", only_one)
    monkeypatch.setattr(duckdb, "__version__", built)
    assert native.library() == Path(__file__)
    for version in native.supported()[:-1]:
        monkeypatch.setattr(duckdb, "__version__", version)
        said = f"built for duckdb {built}, but duckdb {version} is installed: pip install duckdb=={built}, or build"
        with pytest.raises(ImportError, match=f"{said}.*COCOSQL_DUCKDB_VERSIONS=all"):
            native.library()


def test_what_names_versions_names_these() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    asked = [*project["build-system"]["requires"], *project["project"]["dependencies"]]
    ranges = [one for one in asked if Requirement(one).name == "duckdb"]
    assert len(ranges) == 2
    major, minor, patch = map(int, native.supported()[0].split("."))
    for one in ranges:
        assert all(version in Requirement(one).specifier for version in native.supported())
        assert f"{major}.{minor}.{patch + 1}" not in Requirement(one).specifier
    assert (
        f"The package works with duckdb {' and '.join(native.supported())}." in (ROOT / "docs/reference.md").read_text()
    )
    assert f'"{ranges[0]}"' in (ROOT / "CONTRIBUTING.md").read_text()
