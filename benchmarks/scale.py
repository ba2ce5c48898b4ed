"""A job of 1,024 ranks: how large its logs are, and how long it takes to find its stragglers.

Each rank's log is written by the real sink from the real recorder, fed with facts of 1,000 steps; three ranks are
slower than the rest, by 5, 20 and 100 %. Then all logs are read back, step times only, and the ranks whose median step
time stands out are named. Nothing here trains.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import msgspec
from rich.table import Table

from benchmarks.tables import show
from verbose_logging import facts
from verbose_logging.clock import SystemClock
from verbose_logging.guard import Guard
from verbose_logging.recorder import recorder_for
from verbose_logging.settings import Settings
from verbose_logging.sinks.fallback import Fallback
from verbose_logging.sinks.files.append_file import AppendFile
from verbose_logging.sinks.jsonl import JsonlSink

STEP_SECONDS = 0.25
_JITTER = 0.02
_STANDS_OUT = 0.03  # above the median rank
_STRAGGLERS = {0.12: 1.05, 0.48: 1.2, 0.81: 2.0}  # where in the job, and how much slower
_FACTS_PER_BATCH = 1000


class _Timing(msgspec.Struct):
    step_time_seconds: float | None = None


class _Line(msgspec.Struct):
    type: str
    timing: _Timing | None = None


def stragglers(ranks: int) -> dict[int, float]:
    """Returns the slow ranks and their factors."""
    return {int(place * ranks): factor for place, factor in _STRAGGLERS.items()}


def facts_of(rank: int, *, ranks: int, steps: int) -> Iterator[facts.Fact]:
    """Yields what one rank observes of a training."""
    noise = random.Random(rank)  # noqa: S311 - scatter, no secret
    factor = stragglers(ranks).get(rank, 1.0)
    at = 0.0
    yield facts.RunOpened(at, 1.7e9, 0.0, f"rank-{rank}", rank, ranks)
    yield facts.TrainBegin(at, 0, steps, 1, steps, steps, 1)
    yield facts.EpochBegin(at, 0.0)
    for step in range(1, steps + 1):
        seconds = STEP_SECONDS * factor * noise.gauss(1.0, _JITTER)
        yield facts.StepBegin(at + 0.02 * seconds)
        yield facts.MicroStep(at + 0.9 * seconds, 2.0 + 1 / step, 8, 8192, 8000, 7900, 8_000_000, None, {})
        yield facts.PreOptimizerStep(at + 0.9 * seconds, 1e-4, 1.0, 0.5)
        at += seconds
        yield facts.StepEnd(at, step, log_follows=False)
    yield facts.TrainEnd(at, steps, 1.0, None)


def write_log(path: Path, rank: int, *, ranks: int, steps: int) -> None:
    """Writes one rank's log as its own process would."""
    settings = Settings.from_options(verbosity_level="medium", all_ranks=True)
    clock = SystemClock()
    fallback = Fallback(path.parent, clock=clock)
    recorder = recorder_for(settings, Guard(fallback.problem))
    sink = JsonlSink(AppendFile(path, clock=clock, fallback=fallback), on_problem=fallback.problem)
    entries = []
    for fact in facts_of(rank, ranks=ranks, steps=steps):
        entries.extend(recorder.handle(fact))
        if len(entries) >= _FACTS_PER_BATCH:
            sink.write(entries)
            entries.clear()
    sink.write(entries)
    sink.close()


def median_step_seconds(path: Path) -> float:
    """Returns the median step time of a log."""
    decode = msgspec.json.Decoder(_Line).decode
    with path.open("rb") as lines:
        found = [decode(line).timing for line in lines if line.startswith(b'{"type":"training_step_complete"')]
    return statistics.median(
        timing.step_time_seconds for timing in found if timing and timing.step_time_seconds is not None
    )


def found_stragglers(folder: Path) -> list[int]:
    """Returns the ranks that are slower than the job, from the logs in a folder."""
    seconds = {int(path.stem.removeprefix("run.rank")): median_step_seconds(path) for path in folder.glob("*.jsonl")}
    usual = statistics.median(seconds.values())
    return sorted(rank for rank, own in seconds.items() if own > (1 + _STANDS_OUT) * usual)


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ranks", type=int, default=1024)
    parser.add_argument("--steps", type=int, default=1000)
    options = parser.parse_args()
    ranks, steps = options.ranks, options.steps
    with tempfile.TemporaryDirectory() as place, ProcessPoolExecutor(os.cpu_count()) as workers:
        folder = Path(place)
        began = time.perf_counter()
        paths = [folder / f"run.rank{rank:05d}.jsonl" for rank in range(ranks)]
        list(workers.map(partial(write_log, ranks=ranks, steps=steps), paths, range(ranks), chunksize=8))
        written = time.perf_counter()
        found = found_stragglers(folder)
        read = time.perf_counter()
        size = sum(path.stat().st_size for path in paths)
    planted = sorted(stragglers(ranks))
    each = ranks * steps
    table = Table("what", "figure")
    table.title = f"Scale: {ranks:,} ranks x {steps:,} steps at medium, {os.cpu_count()} processes for the work of all"
    rows = {
        "size of all logs": f"{size / 1e9:.2f} GB, {size / each:.0f} bytes a step and rank",
        "recording and writing": f"{written - began:.0f} s, {1e6 * (written - began) / each:.0f} us a step and rank",
        "reading all and naming stragglers": f"{read - written:.1f} s",
        "stragglers planted": str(planted),
        "stragglers found": f"{found} ({'all of them, and no other' if found == planted else 'WRONG'})",
    }
    for what, figure in rows.items():
        table.add_row(what, figure)
    show(table)


if __name__ == "__main__":
    main()
