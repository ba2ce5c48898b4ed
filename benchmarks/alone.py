"""One subject in a process of its own: `python -m benchmarks.alone NAME STEPS STEPS_PER_SECOND`.

Prints one line of JSON: the CPU time of the whole process and of its children, begin and end times, bytes and memory.
0 steps per second means back to back, without any work between the events.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import psutil

_TOLD = (b'{"type":"training_step_complete"', b'{"type":"entries_dropped"')
_PASS_SECONDS = 0.005  # steps of a faster pace run in groups, since a sleep is never shorter than this costs


def alone(name: str, *, steps: int, steps_per_second: float) -> dict[str, Any]:
    """Returns what `measure` finds out in a fresh process; nothing where the subject's library is missing."""
    command = [sys.executable, "-m", "benchmarks.alone", name, str(steps), str(steps_per_second)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)  # noqa: S603 - ourselves
    lines = done.stdout.strip().splitlines()
    if done.returncode or not lines:
        print(f"{name}: {done.stderr.strip().splitlines()[-1:]}", file=sys.stderr)
        return {}
    found: dict[str, Any] = json.loads(lines[-1])
    return found


def measure(name: str, *, steps: int, steps_per_second: float) -> dict[str, Any]:
    """Returns what a subject costs in this process."""
    from benchmarks.handled_run import HandledRun  # noqa: PLC0415 - torch and transformers load here, unmeasured
    from benchmarks.subjects import installed  # noqa: PLC0415

    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as place:
        folder = Path(place)
        found = installed([name], folder)
        if not found:
            return {}
        run = HandledRun(found[name], folder / "out", steps=steps, work_size=64 if steps_per_second else 0)
        with contextlib.redirect_stdout(open(os.devnull, "w")):  # noqa: PTH123 - ends with the process
            begin_seconds = run.begin()
            time.sleep(1.5)  # what happens once at the start is no cost of a step
            before = _cpu_seconds()
            memory = _memory_mb()
            _pace(run, steps, steps_per_second)
            end_seconds = run.end()
            getattr(found[name], "close", lambda: None)()  # ours writes what is left, and what was dropped
        cpu_seconds = _cpu_seconds() - before
        return {
            "cpu_us_per_step": 1e6 * cpu_seconds / steps,
            "begin_ms": 1e3 * begin_seconds,
            "end_ms": 1e3 * end_seconds,
            "bytes_per_step": {file.name: file.stat().st_size / steps for file in sorted(folder.rglob("*.jsonl"))},
            "all_bytes_per_step": sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / steps,
            "grown_mb": _memory_mb() - memory,
            **_account(folder, steps),
        }


def _pace(run: Any, steps: int, steps_per_second: float) -> None:
    began = time.perf_counter()
    for step in range(1, steps + 1):
        run.step()
        if steps_per_second:
            ahead = began + step / steps_per_second - time.perf_counter()
            if ahead > _PASS_SECONDS:
                time.sleep(ahead)


def _cpu_seconds() -> float:
    """Returns the CPU time of this process, all threads, and of the children that live."""
    seconds = time.process_time()
    for child in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):
            times = child.cpu_times()
            seconds += times.user + times.system
    return seconds


def _memory_mb() -> float:
    return psutil.Process().memory_info().rss / 2**20


def _account(folder: Path, steps: int) -> dict[str, int]:
    """Returns how many facts our log says were dropped, and how many steps it neither has nor says were dropped."""
    log = next(folder.rglob("log.jsonl"), None)
    if log is None:
        return {}
    with log.open("rb") as file:
        lines = [json.loads(line) for line in file if line.startswith(_TOLD)]
    gaps = [line for line in lines if line["type"] == "entries_dropped"]
    told = len(lines) - len(gaps) + sum(gap["steps"] for gap in gaps)
    return {"dropped": sum(gap["count"] for gap in gaps), "unaccounted_steps": steps - told}


if __name__ == "__main__":
    subject, count, pace = sys.argv[1:]
    print(json.dumps(measure(subject, steps=int(count), steps_per_second=float(pace))), flush=True)
    os._exit(0)  # what a tracker does at exit is not asked for
