"""What a callback costs: on the training thread at each step, and in all, side by side with other trackers.

The real `CallbackHandler` fires the five events of a step with torch work between them.

* Together, in one process, subjects take turns in short blocks, so that a noisy machine disturbs all of them alike.
  What counts is what each adds over an empty callback, as a ratio to a reference that builds a dictionary of 25 fields
  and appends it to a deque once a step.
* Alone, each in a process of its own: the CPU time of all threads and children, how long begin and end take, bytes.
* Pressed: ours at 2,000 steps a second, and back to back without any work.

`--quick` runs a tenth of it; `--json FILE` keeps the figures.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import statistics
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from rich.table import Table

from benchmarks.alone import alone
from benchmarks.handled_run import HandledRun
from benchmarks.subjects import EMPTY, REFERENCE, SUBJECTS, installed
from benchmarks.tables import show

STEPS_PER_BLOCK = 50
_WORK_SIZE = 128
_KEPT = 0.9  # of the steps, the fastest: what the trimmed mean is over
_ALONE_STEPS_PER_SECOND = 200
_PRESSED_STEPS_PER_SECOND = 2_000
_COMPARED = (EMPTY, "high", "trackio")
_ROUNDS = 3
_STATISTICS: dict[str, Callable[[Sequence[float]], float]] = {
    "p50": statistics.median,
    "trimmed": lambda seconds: statistics.fmean(sorted(seconds)[: int(_KEPT * len(seconds))]),
    "p99": lambda seconds: statistics.quantiles(seconds, n=100)[98],
}


def together(names: Sequence[str], *, blocks: int) -> dict[str, dict[str, float]]:
    """Returns what each subject adds to a step over the empty one, in microseconds, by statistic.

    Args:
        names: Keys of `SUBJECTS`, the empty one among them.
        blocks: How many blocks of 50 steps each subject has.
    """
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as place, silence():
        folder = Path(place)
        runs = {
            name: HandledRun(callback, folder / "out", steps=blocks * STEPS_PER_BLOCK, work_size=_WORK_SIZE)
            for name, callback in installed(names, folder).items()
        }
        for run in runs.values():
            run.begin()
        for _ in range(blocks):
            for run in runs.values():
                for _ in range(STEPS_PER_BLOCK):
                    run.step()
        for run in runs.values():
            run.end()
    taken = {
        name: {statistic: 1e6 * of(run.step_seconds) for statistic, of in _STATISTICS.items()}
        for name, run in runs.items()
    }
    nothing = taken.pop(EMPTY)
    return {name: {each: row[each] - nothing[each] for each in row} for name, row in taken.items()}


@contextlib.contextmanager
def silence() -> Any:
    """Sends what subjects print nowhere."""
    with Path(os.devnull).open("w") as nowhere, contextlib.redirect_stdout(nowhere):
        yield


def measure(*, quick: bool) -> dict[str, Any]:
    """Returns all figures, by part and subject."""
    steps, blocks = (400, 8) if quick else (2_000, 40)
    pressed = {"paced": (2_000, 200) if quick else (40_000, _PRESSED_STEPS_PER_SECOND)}
    pressed |= {f"{count:,} steps back to back": (count, 0) for count in ((10_000,) if quick else (100_000, 200_000))}
    return {
        "together": together(list(SUBJECTS), blocks=blocks),
        "alone": {name: row for name, row in _all_alone(steps, rounds=1 if quick else _ROUNDS).items() if row},
        "pressed": {
            title: alone("high", steps=count, steps_per_second=pace) for title, (count, pace) in pressed.items()
        },
    }


def _all_alone(steps: int, *, rounds: int) -> dict[str, dict[str, Any]]:
    """Returns each subject's figures; those that the ratio is made of run in turns, and the middle CPU time counts."""
    run = partial(alone, steps=steps, steps_per_second=_ALONE_STEPS_PER_SECOND)
    found = {name: [run(name)] for name in SUBJECTS}
    for _ in range(rounds - 1):
        for name in _COMPARED:
            found[name].append(run(name))
    return {
        name: rows[0] and rows[0] | {"cpu_us_per_step": statistics.median(row["cpu_us_per_step"] for row in rows)}
        for name, rows in found.items()
    }


def _together_table(found: dict[str, dict[str, float]]) -> Table:
    base = found[REFERENCE]
    table = Table("callback", "added p50", "trimmed mean", "p99", f"p50 to {REFERENCE}", "trimmed mean to it")
    table.title = "Added to a step on the training thread, over an empty callback"
    for name, row in found.items():
        table.add_row(
            name,
            *(f"{row[each]:.2f} us" for each in _STATISTICS),
            f"{row['p50'] / base['p50']:.2f}x",
            f"{row['trimmed'] / base['trimmed']:.2f}x",
        )
    return table


def _alone_table(found: dict[str, dict[str, Any]]) -> Table:
    base = found[EMPTY]["cpu_us_per_step"]
    table = Table("callback", "CPU a step", "to trackio", "begin", "end", "bytes a step")
    table.title = f"All threads and children of a process, over an empty callback, {_ALONE_STEPS_PER_SECOND} steps/s"
    tracker = found.get("trackio") or {}
    for name, row in found.items():
        if name == EMPTY:
            continue
        added = row["cpu_us_per_step"] - base
        ratio = f"{added / (tracker['cpu_us_per_step'] - base):.2f}x" if tracker else "-"
        begin, end = f"{row['begin_ms']:.0f} ms", f"{row['end_ms']:.0f} ms"
        size = ", ".join(f"{file} {count:.0f}" for file, count in row["bytes_per_step"].items())
        table.add_row(name, f"{added:.0f} us", ratio, begin, end, size or f"{row['all_bytes_per_step']:.0f}")
    return table


def _pressed_table(found: dict[str, dict[str, Any]]) -> Table:
    table = Table("high", "CPU a step", "facts dropped", "steps unaccounted for", "end", "memory grown")
    table.title = f"Pressed: paced at {_PRESSED_STEPS_PER_SECOND:,} steps/s, and back to back without any work"
    for title, row in found.items():
        if row:
            cpu, end = f"{row['cpu_us_per_step']:.0f} us", f"{row['end_ms']:.0f} ms"
            account = f"{row['dropped']:,}", f"{row['unaccounted_steps']:,}"
            table.add_row(title, cpu, *account, end, f"{row['grown_mb']:.0f} MB")
    return table


def main() -> None:
    """Prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    found = measure(quick=options.quick)
    show(_together_table(found["together"]), _alone_table(found["alone"]), _pressed_table(found["pressed"]))
    if options.json:
        options.json.write_text(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
