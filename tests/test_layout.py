"""The folders of cpp/ build on each other in one order, which docs/architecture.md says."""

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
CPP = ROOT / "cpp"


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
