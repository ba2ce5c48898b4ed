"""What it costs to read a log of a million steps, beside decoding its lines and doing nothing else.

Each way of reading runs in a process of its own, so that its memory can be told.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import msgspec
from rich.console import Console
from rich.table import Table

from verbose_logging.entries import TrainingStart, TrainingStepComplete, encode_entry

STEPS = 1_000_000
_COMMON = {"timestamp": "2026-01-02T03:04:05.000000+00:00", "level": "INFO", "run_id": "757417e2b4e3", "rank": 0}
_CHUNK = 10_000
_REPEATS = 3  # the least of them is told: other work on the machine only adds


class Cost(NamedTuple):
    """What a way of reading costs.

    Args:
        cpu_seconds: Of the process, without starting Python and loading the package.
        peak_mb: Its largest resident size.
    """

    cpu_seconds: float
    peak_mb: float


def write_log(path: Path, steps: int) -> None:
    """Writes a log of steps as the level "medium" has them, between its readings of the machine."""
    draw = random.Random(0)  # noqa: S311 - numbers to fill lines with
    with path.open("wb") as file:
        start = TrainingStart(**_COMMON, message="", seq=1, step=0, epoch=1, attempt=1, total_steps=steps)
        file.write(encode_entry(start) + b"\n")
        for first in range(1, steps + 1, _CHUNK):
            numbers = range(first, min(first + _CHUNK, steps + 1))
            file.writelines(encode_entry(_step(number, draw)) + b"\n" for number in numbers)


def _step(number: int, draw: random.Random) -> TrainingStepComplete:
    names = ("avg_step_time_seconds", "eta_minutes", "steps_per_second", "tokens_per_second")
    return TrainingStepComplete(
        **_COMMON,
        message=f"✅ Step {number} completed",
        seq=number + 1,
        step=number,
        epoch=1,
        timing={"step_time_seconds": draw.random(), **{name: draw.random() for name in names}},
        metrics={"loss": draw.random(), "learning_rate": draw.random(), "grad_norm": draw.random()},
        progress={"current_step": number, "progress_percent": draw.random()},
    )


def bare_structs(path: Path) -> None:
    """Decodes every step into the struct that the reader uses, and lets it go."""
    from verbose_logging.reading.files.step_lines import StepLine  # noqa: PLC0415 - counts for this process only

    decode = msgspec.json.Decoder(StepLine).decode
    with path.open("rb") as file:
        for line in file:
            if line.startswith(b'{"type":"training_step_complete"'):
                decode(line)


def plain_json(path: Path) -> None:
    """Does the same with the standard library."""
    with path.open("rb") as file:
        for line in file:
            json.loads(line)


def loaded(path: Path) -> None:
    """Loads the run: its table of steps and its summary."""
    from verbose_logging import load_run  # noqa: PLC0415

    run = load_run(path)
    if len(run.steps["loss"]) != run.summary["steps_done"]:
        raise AssertionError("steps are missing")


def shown(path: Path) -> None:
    """Does what `verbose-logging show` does."""
    from verbose_logging.cli import main as command_line  # noqa: PLC0415

    command_line(["show", str(path)])


WAYS: dict[str, Callable[[Path], None]] = {
    "msgspec Struct loop": bare_structs,
    "json.loads loop": plain_json,
    "load_run: steps and summary": loaded,
    "verbose-logging show": shown,
}


def cost_of(way: str, path: Path) -> Cost:
    """Returns what a way of reading costs, measured in a process of its own."""
    code = (
        "import resource, sys, time, verbose_logging.cli, verbose_logging.reading.runs.load\n"
        "from pathlib import Path; from benchmarks.reading import WAYS\n"
        "read, began = WAYS[sys.argv[1]], time.process_time()\n"
        "read(Path(sys.argv[2]))\n"
        "print(time.process_time() - began, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)\n"
    )
    command = [sys.executable, "-c", code, way, str(path)]
    run = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 - our own code
    cpu_seconds, peak_mb = map(float, run.stdout.splitlines()[-1].split())
    return Cost(cpu_seconds, peak_mb)


def costs(steps: int = STEPS) -> tuple[dict[str, Cost], float]:
    """Returns what each way costs on the same log, and the mean length of its lines in bytes."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "log.jsonl"
        write_log(path, steps)
        found = {way: min(cost_of(way, path) for _ in range(_REPEATS)) for way in WAYS}
        return found, path.stat().st_size / (steps + 1)


def main() -> None:
    """Prints the table."""
    found, line_bytes = costs()
    bare, plain = found["msgspec Struct loop"], found["json.loads loop"]
    table = Table(title=f"Reading {STEPS:,} steps, {line_bytes:.0f} bytes a line")
    for title in ("", "CPU s", "us a step", "x Struct loop", "x json.loads", "peak MB"):
        table.add_column(title, justify="left" if not title else "right")
    for way, cost in found.items():
        ratios = (cost.cpu_seconds / bare.cpu_seconds, cost.cpu_seconds / plain.cpu_seconds)
        numbers = (cost.cpu_seconds, 1e6 * cost.cpu_seconds / STEPS, *ratios)
        table.add_row(way, *(f"{number:.2f}" for number in numbers), f"{cost.peak_mb:.0f}")
    Console().print(table)


if __name__ == "__main__":
    main()
