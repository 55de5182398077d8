"""Where things stand in cpp/.

The folders build on each other in one order, which docs/architecture.md says. What touches DuckDB's private layouts is in
cpp/duckdb/, as docs/porting.md says.
"""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
CPP = ROOT / "cpp"
PORT_LAYER = CPP / "duckdb"

# What extensions of DuckDB normally use. Headers that these include come with them.
PUBLIC = re.compile(
    r"duckdb/(catalog|common|function|main|parser|planner)/|duckdb/execution/expression_executor(_state)?\.hpp"
)
PRIVATE = re.compile(r"duckdb/parser/(peg/|parser_extension)|duckdb/planner/.*(sql_export|verification)")
# C++ that depends on a version, or names a private member of a class.
VERSIONED = re.compile(r"COCOSQL_DUCKDB_NUMBER|template struct \w+<&")


def folder(path: Path) -> str:
    """The folder of cpp/ that a file is in; "" for the files of cpp/ itself, which are above all."""
    parts = path.relative_to(CPP).parts
    return parts[0] if len(parts) > 1 else ""


def includes() -> dict[tuple[str, str], list[str]]:
    """Which folder includes which other, and where. DuckDB's own headers are not among the files of cpp/."""
    found: dict[tuple[str, str], list[str]] = {}
    for path in sorted([*CPP.rglob("*.cpp"), *CPP.rglob("*.hpp")]):
        for name in re.findall(r'^#include "([^"]+)"', path.read_text(), re.MULTILINE):
            if (CPP / name).exists() and folder(CPP / name) != folder(path):
                where = f"{path.relative_to(ROOT)} includes {name}"
                found.setdefault((folder(path), folder(CPP / name)), []).append(where)
    return found


def circle(edges: dict[tuple[str, str], list[str]]) -> list[str]:
    """Folders that include each other, directly or by way of others; empty if there are none."""
    left = {name for edge in edges for name in edge}
    while True:
        uppers = {upper for upper, lower in edges if upper in left and lower in left}
        lowers = {lower for upper, lower in edges if upper in left and lower in left}
        if left == uppers & lowers:
            return sorted(left)
        left = uppers & lowers


def test_no_folders_include_each_other() -> None:
    found = includes()
    assert len(found) > 20, "the includes are not read any more"
    assert circle(found) == []


def test_a_circle_is_found() -> None:
    assert circle({("a", "b"): [], ("b", "c"): []}) == []
    assert circle({("a", "b"): [], ("b", "c"): [], ("c", "b"): [], ("c", "d"): []}) == ["b", "c"]


def test_folders_include_those_above_them_in_the_table() -> None:
    order = re.findall(r"^\| `cpp/(\w+)/` \|", (ROOT / "docs" / "architecture.md").read_text(), re.MULTILINE)
    assert sorted(order) == sorted({folder(path) for path in CPP.rglob("*.cpp")} - {""})
    place = {name: number for number, name in enumerate(order)} | {"": len(order)}
    wrong = [where for (upper, lower), places in includes().items() if place[upper] < place[lower] for where in places]
    assert wrong == []


def included(text: str) -> list[str]:
    return re.findall(r'^\s*#\s*include\s*["<]([^">]+)[">]', text, re.MULTILINE)


def is_duckdbs(header: str) -> bool:
    """All of DuckDB's headers are in folders of duckdb/; ours are in none."""
    return header.startswith("duckdb/") and header.count("/") > 1


def is_private(header: str) -> bool:
    return is_duckdbs(header) and (PUBLIC.match(header) is None or PRIVATE.match(header) is not None)


def files(folder: Path, *suffixes: str) -> list[Path]:
    found = sorted(path for path in folder.rglob("*") if path.suffix in suffixes)
    assert found
    return found


@pytest.mark.parametrize(
    ("header", "private"),
    [
        ("duckdb/storage/data_table.hpp", True),
        ("duckdb/transaction/meta_transaction.hpp", True),
        ("duckdb/execution/index/art/art.hpp", True),
        ("duckdb/execution/executor.hpp", True),
        ("duckdb/parallel/thread_context.hpp", True),
        ("duckdb/parser/peg/matcher_token.hpp", True),
        ("duckdb/parser/parser_extension.hpp", True),
        ("duckdb/planner/sql_export/logical_plan_sql_exporter_internal.hpp", True),
        ("duckdb/planner/bound_expression_sql_exporter.hpp", True),
        ("duckdb/execution/expression_executor.hpp", False),
        ("duckdb/parser/parser.hpp", False),
        ("duckdb/planner/operator/logical_get.hpp", False),
        ("duckdb/stored_table.hpp", False),
        ("session/session.hpp", False),
    ],
)
def test_what_is_private(header: str, private: bool) -> None:
    assert is_private(header) == private
    assert included(f'//! A file.\n#include "{header}"\n') == [header]


def test_only_the_port_layer_includes_private_headers() -> None:
    found = {
        str(path.relative_to(ROOT)): private
        for path in files(CPP, ".cpp", ".hpp")
        if (private := [header for header in included(path.read_text()) if is_private(header)])
        and not (path.parent == PORT_LAYER and path.suffix == ".cpp")
    }
    assert found == {}, "give what it needs a name in cpp/duckdb/, and include the private header in a .cpp there"


def test_only_the_port_layer_tells_versions_apart() -> None:
    found = [
        str(path.relative_to(ROOT))
        for path in files(CPP, ".cpp", ".hpp")
        if path.parent != PORT_LAYER and VERSIONED.search(path.read_text())
    ]
    assert found == []


def test_the_port_layer_has_no_folders() -> None:
    assert [path.name for path in PORT_LAYER.iterdir() if path.is_dir()] == [], "one may have the name of DuckDB's"


def test_the_port_layer_is_documented() -> None:
    documented = (ROOT / "docs" / "porting.md").read_text()
    for path in files(PORT_LAYER, ".hpp"):
        assert f"| `{path.stem}` |" in documented
