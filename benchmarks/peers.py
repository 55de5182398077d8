"""CocoSQL against CocoIndex, Pixeltable, DuckDB alone and a bare Python loop: the same documents, function, changes.

Documents of 1 KB, the hex sha256 of each, and five steps: build, nothing changed, 1 % changed, the function edited,
1 % deleted. Each system runs in processes of its own, with a Python of its own, in a new folder for each round. After
each step all its results are checked; where they are not right, the table says "wrong" instead of a time.
See README.md for what exactly is measured.

    python benchmarks/peers.py --setup DIR      # makes virtual environments for the peers in DIR, once, and measures
    python benchmarks/peers.py --only cocosql,loop,duckdb --rows 10000
"""

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from systems import SYSTEMS
from systems.processes import adopt_orphans, end_all

#: The number of documents that the aims are for.
AIMED_ROWS = 100_000
HERE = Path(__file__).parent
STEPS = {"build": "build", "no_op": "no-op", "update": "1 % changed", "code_change": "code", "delete": "1 % deleted"}
#: The peers: what to install in the environment of which systems.
PEERS = {"cocoindex": "cocoindex==1.0.26", "pixeltable": "pixeltable==0.7.*"}
PYTHON_OF = {"cocoindex": "cocoindex", "cocoindex_one": "cocoindex", "pixeltable": "pixeltable"}
#: No telemetry, and no other use of the network: what tries meets a closed port.
QUIET = {
    "COCOINDEX_DISABLE_USAGE_TRACKING": "1",
    "DO_NOT_TRACK": "1",
    **{name: "http://127.0.0.1:9" for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY")},
    # An edited function must not meet bytecode of before.
    "PYTHONDONTWRITEBYTECODE": "1",
}


@dataclass
class Outcome:
    """What the rounds of one system have shown."""

    rounds: list[dict[str, Any]] = field(default_factory=list)
    error: str = ""

    def _all(self, part: str, name: str) -> list[dict[str, Any]]:
        return [found[part][name] for found in self.rounds if name in found[part]]

    def wrong(self, part: str, name: str) -> str:
        return next((seen["wrong"] for seen in self._all(part, name) if seen["wrong"]), "")

    def seconds(self, part: str, name: str) -> float | None:
        """The median; nothing where a result was wrong or there is none."""
        seen = self._all(part, name)
        return statistics.median(each["seconds"] for each in seen) if seen and not self.wrong(part, name) else None

    def calls(self, part: str, name: str) -> str:
        return " or ".join(f"{calls:,}" for calls in sorted({seen["calls"] for seen in self._all(part, name)}))

    def peak(self, names: tuple[str, ...] = tuple(STEPS)) -> float | None:
        """Of the steps, in MB."""
        peaks: list[float] = [
            max((step["peak"] for name, step in each["steps"].items() if name in names), default=0)
            for each in self.rounds
        ]
        return statistics.median(peaks) / 1e6 if peaks and 0 not in peaks else None

    def number(self, name: str) -> float | None:
        numbers = [each[name] for each in self.rounds if name in each]
        return statistics.median(numbers) / 1e6 if numbers else None

    def hits_a_second(self, name: str) -> float | None:
        seconds = self.seconds("memo", name)
        return self._all("memo", name)[0]["hits"] / seconds if seconds else None


def phase(python: str, system: str, name: str, rows: int, folder: Path, limit: float) -> dict[str, Any]:
    """One process of a system; its report has an `error` if it did not come to its end."""
    report = folder / "report.json"
    report.unlink(missing_ok=True)
    command = [python, "-m", "systems.worker", system, name, str(rows)]
    variables = {**os.environ, **QUIET, "PYTHONPATH": str(HERE)}
    with (folder / "log.txt").open("a") as log:
        try:
            ended = subprocess.run(
                command, cwd=folder, env=variables, stdout=log, stderr=log, timeout=limit, check=False
            ).returncode
        except (OSError, subprocess.TimeoutExpired) as error:
            return {"error": str(error)}
        finally:
            end_all()  # such as the server of a process that was killed
    if not report.exists():
        return {"error": f"{name} ended with status {ended}"}
    return dict(json.loads(report.read_text()))


def one_round(python: str, system: str, given: argparse.Namespace) -> dict[str, Any]:
    folder = Path(tempfile.mkdtemp(prefix=f"{system}-", dir=given.folder))
    found: dict[str, Any] = {"steps": {}, "memo": {}, "error": ""}
    for name in ("prepare", "first", "second"):
        report = phase(python, system, name, given.rows, folder, given.limit)
        for part in ("steps", "memo"):
            found[part] |= report.pop(part, {})
        found |= report
        if found["error"]:
            found["error"] += f"\n{last_lines(folder / 'log.txt')}"
            break
    if given.keep:
        print(f"{system}: {folder}", file=sys.stderr)
    else:
        shutil.rmtree(folder, ignore_errors=True)
    return found


def last_lines(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-15:]) if log.exists() else ""


def set_up(folder: Path, systems: list[str]) -> dict[str, str]:
    """Environments for the peers, made where they are missing. A peer that cannot be installed is left out."""
    pythons = {}
    for peer, requirement in PEERS.items():
        if peer not in map(PYTHON_OF.get, systems):
            continue
        python = folder.resolve() / peer / "bin" / "python"
        for command in (
            [sys.executable, "-m", "venv", str(folder / peer)],
            [str(python), "-m", "pip", "install", "-q", requirement],
        ):
            print("$", *command, file=sys.stderr)
            if ended := subprocess.run(command, check=False, stdout=sys.stderr).returncode:
                print(f"{peer}: not installed, pip ended with status {ended}", file=sys.stderr)
                break
        else:
            pythons[peer] = str(python)
    return pythons


def measure(given: argparse.Namespace, pythons: dict[str, str]) -> dict[str, Outcome]:
    """All systems take turns, so that a slow minute hits all of them."""
    outcomes = {system: Outcome() for system in SYSTEMS if system in given.only}
    for number in range(max(given.repeat, given.repeat_peers)):
        for system, outcome in outcomes.items():
            peer = PYTHON_OF.get(system)
            if peer and peer not in pythons:
                outcome.error = f"not measured: no Python for it; give --{peer} PYTHON or --setup DIR"
            if outcome.error or number >= (given.repeat_peers if peer else given.repeat):
                continue
            print(f"round {number + 1}: {system}", file=sys.stderr)
            found = one_round(pythons[peer] if peer else given.cocosql, system, given)
            outcome.error = found["error"]
            outcome.rounds.append(found)
    return outcomes


def cell(outcome: Outcome, step: str) -> str:
    if outcome.wrong("steps", step):
        return "wrong"
    seconds = outcome.seconds("steps", step)
    return "-" if seconds is None else f"{seconds:.3f} ({outcome.calls('steps', step)})"


def number(value: float | None, digits: int = 0) -> str:
    return "-" if value is None else f"{value:,.{digits}f}"


def table(head: list[str], rows: list[list[str]]) -> str:
    """In Markdown, with all columns but the first to the right."""
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    lines = [head, rule, *rows]
    return "\n".join(
        "| " + " | ".join([line[0].ljust(widths[0]), *map(str.rjust, line[1:], widths[1:])]) + " |" for line in lines
    )


def times(outcomes: dict[str, Outcome], rows: int) -> str:
    lines = []
    for system, outcome in outcomes.items():
        build = outcome.seconds("steps", "build")
        lines.append(
            [
                SYSTEMS[system],
                *(cell(outcome, step) for step in STEPS),
                number(rows / build if build else None),
                number(outcome.peak(("build",))),
                number(outcome.peak()),
                number(outcome.number("disk_before")),
                number(outcome.number("disk")),
            ]
        )
    head = ["seconds (calls)", *STEPS.values(), "built rows/s"]
    return table([*head, "peak MB, build", "peak MB, all", "disk MB before", "disk MB built"], lines)


def ratios(outcomes: dict[str, Outcome]) -> Iterator[tuple[str, float | None, str, float]]:
    """Name, value, whether at least or at most, aim."""

    def of(system: str) -> Outcome:
        return outcomes.get(system, Outcome())

    def of_seconds(step: str, over: str, under: str) -> float | None:
        return ratio(of(over).seconds("steps", step), of(under).seconds("steps", step))

    for peer in ("cocoindex", "cocoindex_one"):
        yield f"build rate, CocoSQL / {SYSTEMS[peer]}", of_seconds("build", peer, "cocosql"), "≥", 50
    for peer in ("cocoindex", "cocoindex_one"):
        yield f"no-op, {SYSTEMS[peer]} / CocoSQL", of_seconds("no_op", peer, "cocosql"), "≥", 200
    yield "build, CocoSQL / bare loop", of_seconds("build", "cocosql", "loop"), "≤", 2
    yield "peak memory, CocoSQL / DuckDB, all recomputed", ratio(of("cocosql").peak(), of("duckdb").peak()), "≤", 1
    for name in dict.fromkeys(name for each in of("cocosql").rounds for name in each["memo"]):
        yield f"memo hits a second, {name}", of("cocosql").hits_a_second(name), "≥", 500_000


def ratio(over: float | None, under: float | None) -> float | None:
    return over / under if over and under else None


def verdicts(outcomes: dict[str, Outcome]) -> str:
    lines = []
    for name, value, sign, aim in ratios(outcomes):
        met = value is not None and (value >= aim if sign == "≥" else value <= aim)
        digits = 0 if aim >= 1000 else 2
        verdict = "-" if value is None else "yes" if met else "no"
        lines.append([name, number(value, digits), f"{sign} {aim:,}", verdict])
    return table(["within this run", "value", f"aim at {AIMED_ROWS:,} rows", "met?"], lines)


def troubles(outcomes: dict[str, Outcome]) -> Iterator[str]:
    for system, outcome in outcomes.items():
        if outcome.error:
            yield f"{SYSTEMS[system]}: {outcome.error}"
        for part in ("steps", "memo"):
            for name in dict.fromkeys(name for found in outcome.rounds for name in found[part]):
                if wrong := outcome.wrong(part, name):
                    yield f"{SYSTEMS[system]}, wrong after {name}: {wrong}"


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=AIMED_ROWS)
    parser.add_argument("--repeat", type=int, default=3, help="rounds of CocoSQL, DuckDB and the loop (default 3)")
    parser.add_argument("--repeat-peers", type=int, default=1, help="rounds of the slow peers (default 1)")
    parser.add_argument(
        "--only",
        type=lambda text: text.split(","),
        default=list(SYSTEMS),
        metavar="SYSTEM,…",
        help=f"some of {', '.join(SYSTEMS)}",
    )
    parser.add_argument(
        "--cocosql",
        default=sys.executable,
        metavar="PYTHON",
        help="the Python that has CocoSQL, also for DuckDB and the loop (default: this one)",
    )
    for peer, requirement in PEERS.items():
        parser.add_argument(f"--{peer}", metavar="PYTHON", help=f"the Python that has {requirement}")
    parser.add_argument("--setup", type=Path, metavar="DIR", help="make virtual environments of the peers here")
    parser.add_argument("--folder", type=Path, help="where to make the databases (default: the temporary folder)")
    parser.add_argument("--keep", action="store_true", help="leave the databases and logs, and say where")
    parser.add_argument("--limit", type=float, default=3600, help="seconds that a phase may take (default 3600)")
    given = parser.parse_args()
    if unknown := set(given.only) - set(SYSTEMS):
        parser.error(f"unknown: {', '.join(sorted(unknown))}; there are {', '.join(SYSTEMS)}")
    return given


def main() -> None:
    given = arguments()
    pythons = set_up(given.setup, given.only) if given.setup else {}
    pythons |= {peer: value for peer in PEERS if (value := getattr(given, peer))}
    adopt_orphans()
    load = os.getloadavg()[0]
    outcomes = measure(given, pythons)
    versions = dict.fromkeys(
        text for outcome in outcomes.values() for found in outcome.rounds for text in found.get("versions", [])
    )
    print(
        f"\n{given.rows:,} documents of 1 KB; medians of {given.repeat}, peers of {given.repeat_peers}; "
        f"{os.cpu_count()} CPUs, load {load:.1f} before and {os.getloadavg()[0]:.1f} after; "
        f"Python {platform.python_version()}, {', '.join(versions)}\n"
    )
    print(times(outcomes, given.rows), "\n")
    print(verdicts(outcomes))
    for trouble in troubles(outcomes):
        print(f"\n{trouble}")


if __name__ == "__main__":
    main()
