"""Runs some steps of one system in this process, and writes what it saw as JSON. peers.py starts it.

python -m systems.worker SYSTEM PHASE ROWS, in the system's folder. PHASE is prepare, first or second.
"""

import importlib
import importlib.metadata
import json
import sys
import time
import traceback
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

from systems.base import EDIT, FUNCTION, System, body, changed, deleted
from systems.processes import adopt_orphans, processes

STEPS = {"first": ("build", "no_op", "update"), "second": ("code_change", "delete")}


def restart_peaks() -> None:
    for pid in processes():
        try:
            Path(f"/proc/{pid}/clear_refs").write_text("5")
        except OSError:
            continue


def peak_bytes() -> int:
    """The sum of the processes' peaks since `restart_peaks`; memory that they share counts once."""
    own, shared = 0, 0
    for pid in processes():
        try:
            lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        except OSError:
            continue
        sizes = {
            name: int(rest.split()[0]) for name, _, rest in (line.partition(":") for line in lines) if "kB" in rest
        }
        own += sizes.get("VmHWM", 0) - sizes.get("RssShmem", 0)
        shared = max(shared, sizes.get("RssShmem", 0))
    return (own + shared) * 1024


def disk_bytes(folder: Path) -> int:
    """What is allocated: a file may be mostly holes."""
    return sum(path.lstat().st_blocks * 512 for path in folder.rglob("*") if path.is_file())


def mistake(system: System, done: set[str]) -> str:
    """What is wrong with the results after the steps `done`; nothing if they are right."""
    seen = bytearray(system.rows)
    prefix = b"2" if "code_change" in done else b""
    for number, digest in system.results():
        text = ("new " if "update" in done and changed(number) else "") + body(number)
        if not 0 <= number < system.rows or seen[number]:
            return f"row {number} is there twice, or no document's"
        if digest != sha256(prefix + text.encode()).hexdigest():
            return f"row {number} has the digest {digest}"
        seen[number] = 1
    for number in range(system.rows):
        if seen[number] == ("delete" in done and deleted(number)):
            return f"row {number} is {'there' if seen[number] else 'missing'}"
    return ""


def measure(system: System, work: Callable[[], object]) -> dict[str, Any]:
    assert system.module is not None
    vars(system.module)["calls"] = 0
    restart_peaks()
    started = time.perf_counter()
    work()
    seconds = time.perf_counter() - started
    return {"seconds": seconds, "calls": system.module.calls, "peak": peak_bytes()}


def version(distribution: str) -> str:
    return f"{distribution} {importlib.metadata.version(distribution)}"


def run(system: System, phase: str, report: dict[str, Any]) -> None:
    done = set(STEPS["first"]) if phase == "second" else set()
    if phase == "first":
        report["disk_before"] = disk_bytes(system.folder)
        report["versions"] = [version(name) for name in system.versions()]
    system.open()
    try:
        for step in STEPS[phase]:
            seen = report["steps"][step] = measure(system, getattr(system, step))
            if step == "build":
                report["disk"] = disk_bytes(system.folder)
            done.add(step)
            seen["wrong"] = mistake(system, done)
        if phase == "second":
            for name, work in system.memo_steps():
                seen = report["memo"][name] = measure(system, work)
                seen["hits"] = system.rows - sum(map(deleted, range(system.rows)))
                seen["wrong"] = f"{seen['calls']} calls" if seen["calls"] else mistake(system, done)
    finally:
        system.close()


def main() -> None:
    name, phase, rows = sys.argv[1], sys.argv[2], int(sys.argv[3])
    folder = Path.cwd()
    report: dict[str, Any] = {"steps": {}, "memo": {}, "error": ""}
    adopt_orphans()
    try:
        measured: type[System] = importlib.import_module(f"systems.{name}").Measured
        edit = EDIT if phase == "second" else ""
        text = FUNCTION.format(header=measured.header, decorator=measured.decorator, edit=edit)
        (folder / "digests.py").write_text(text)
        system = measured(folder, rows, importlib.import_module("digests"))
        if phase == "prepare":
            system.prepare()
        else:
            run(system, phase, report)
    except Exception as error:
        traceback.print_exc()
        report["error"] = f"{type(error).__name__}: {error}"
    (folder / "report.json").write_text(json.dumps(report))


if __name__ == "__main__":
    main()
