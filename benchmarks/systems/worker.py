"""Runs some steps of one system and says what they took. Started by peers.py, in the system's own Python."""

import argparse
import importlib
import json
import sys
import time
from pathlib import Path

from systems import calls
from systems.task import STEPS, System, changed_docs, fingerprint


def bytes_on_disk(folder: Path) -> int:
    """Blocks that are allocated: files may have holes."""
    return sum(path.stat().st_blocks * 512 for path in folder.rglob("*") if path.is_file())


def peak_memory() -> int:
    """Of this process, in bytes."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return 0


def run_step(system: System, step: str) -> dict[str, object]:
    arguments = [changed_docs(system.rows)] if step == "update" else []
    before = calls.total()
    started = time.perf_counter()
    getattr(system, step)(*arguments)
    seconds = time.perf_counter() - started
    made = calls.total() - before
    return {"seconds": seconds, "calls": made, "memory": peak_memory(), "results": fingerprint(system.results())}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("system")
    parser.add_argument("phase", choices=["fill", *STEPS])
    parser.add_argument("folder", type=Path)
    parser.add_argument("rows", type=int)
    given = parser.parse_args()

    data = given.folder / "data"
    sys.path.insert(0, str(given.folder))  # where the user's module is
    system: System = importlib.import_module(f"systems.{given.system}").SYSTEM(data, given.rows)
    done: dict[str, object] = {}
    if given.phase == "fill":
        system.fill()
    else:
        system.open()
    (given.folder / "daemons.json").write_text(json.dumps(system.daemons()))
    for step in STEPS.get(given.phase, ()):
        if not hasattr(system, step):
            continue
        done[step] = run_step(system, step)
        if step == "build":
            system.checkpoint()
            done["disk"] = bytes_on_disk(data)
    if given.phase != "fill":
        system.close()
    done["memory"] = peak_memory()
    (given.folder / f"{given.phase}.json").write_text(json.dumps(done))


if __name__ == "__main__":
    main()
