"""What becomes of a query: each file of tests/data/flows makes tables and a view `v`, and shows the operators of `v`."""

import re
import textwrap
from pathlib import Path

import pytest
from fixture_files import DATA, assert_shows
from helpers import Con, rows

import cocosql

FILES = sorted((DATA / "flows").glob("*.sql"))
_WIDTH = 112


@cocosql.udf(version="1")
def label(text: str) -> str:
    return f"<{text}>"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_fixture(con: Con, path: Path) -> None:
    cocosql.register(con, label)
    text = path.read_text()
    script = re.split(r"^-- 1\. ", text, maxsplit=1, flags=re.MULTILINE)[0].rstrip()
    con.execute(script)
    assert_shows(path, f"{script}\n\n{operators(con)}\n")


def operators(con: Con) -> str:
    found = rows(con, "SELECT operator_id, kind, inputs, rule, sql FROM coco_operators('v') ORDER BY operator_id")
    return "\n".join(described(*row) for row in found)


def described(operator_id: int, kind: str, inputs: list[int], rule: str, sql: str) -> str:
    of = f" of {', '.join(map(str, inputs))}" if inputs else ""
    lines = textwrap.wrap(stable(sql), _WIDTH, break_long_words=False, break_on_hyphens=False)
    return "\n".join([f"-- {operator_id}. {kind}{of}: {rule}", *(f"--    {line}" for line in lines)])


def stable(sql: str) -> str:
    """The SQL with the name of a table that is called after a code version made the same each time."""
    return re.sub(r"memo_label_\w+", "memo_label_…", sql)


@pytest.mark.parametrize(
    "kind",
    [
        *(
            "scan",
            "values",
            "map",
            "join",
            "accumulate",
            "aggregate",
            "distinct",
            "window",
            "left join",
            "full join",
            "semi join",
        ),
        *("anti join", "asof inner join", "union all", "except", "intersect all", "top", "recompute"),
    ],
)
def test_every_kind_has_a_file(kind: str) -> None:
    assert any(re.search(rf"^-- \d+\. {kind}( of |:)", path.read_text(), re.MULTILINE) for path in FILES)
