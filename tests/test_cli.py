"""The command line."""

from pathlib import Path

import pytest

import cocosql
from cocosql.cli import main


@pytest.fixture
def database(path: Path) -> Path:
    con = cocosql.connect(path)

    @cocosql.udf(version="1")
    def shout(text: str) -> str:
        return text.upper()

    cocosql.register(con, shout)
    con.execute("SELECT shout(x) FROM (VALUES ('a'), ('b')) AS t(x)").fetchall()
    con.close()
    return path


def test_gc(database: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["gc", str(database)]) == 0
    assert "shout" in capsys.readouterr().out
    assert main(["gc", str(database), "--retain", "0 days"]) == 0
    row = next(line for line in capsys.readouterr().out.splitlines() if "shout" in line)
    assert [word for word in row.split() if word.isdigit()][-2:] == ["2", "0"]


def test_gc_of_what_is_no_database(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["gc", str(tmp_path / "none.db")]) == 1
    assert "there is no file" in capsys.readouterr().err
    (tmp_path / "text.db").write_text("no database")
    assert main(["gc", str(tmp_path / "text.db")]) == 1
    assert "cocosql:" in capsys.readouterr().err


def test_gc_with_a_bad_interval(database: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["gc", str(database), "--retain", "long"]) == 1
    assert "INTERVAL" in capsys.readouterr().err.upper()


def test_the_demo_finds_its_own_passage(
    path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also in a README with sections of its own that are called like what was added, as changelogs have them."""
    changelog = "\n\n".join(f"# Added\n\nThing {number} is new." for number in range(30))
    monkeypatch.setattr("cocosql.cli.demo._texts", lambda: {"changelog": changelog, "other": "# Other\n\nText."})
    assert main(["demo", "--path", str(path)]) == 0
    assert 'A new last passage.\'\n  source  docs {"name":"changelog"}, current' in capsys.readouterr().out
