"""A run's JSON file harms nobody: it is the owner's, follows no link, and stays small in memory."""

from __future__ import annotations

import os
import re
import stat
import time
from pathlib import Path
from typing import Any

import msgspec
import psutil

from tests.sinks.run_files import begun, document, entries_of, run_file, save, whole_run
from verbose_logging.sinks.run_file import RunFileSink
from verbose_logging.testing import ManualClock, record


def test_file_is_for_the_owner_alone(site: Any, folder: Path) -> None:
    """Losses and arguments are nobody else's business; no temporary file stays."""
    save(run_file(site, folder), entries_of(whole_run()))

    (path,) = folder.iterdir()
    assert 0o600 == stat.S_IMODE(path.stat().st_mode)


def test_link_is_not_followed(site: Any, folder: Path, tmp_path: Path) -> None:
    """A link where the file should be is passed over; its target stays as it is."""
    victim = tmp_path / "victim"
    victim.write_text("precious")
    folder.mkdir(parents=True)
    (folder / "run_20231114_221320.json").symlink_to(victim)
    save(run_file(site, folder), entries_of(whole_run()))

    assert "precious" == victim.read_text()
    assert (folder / "run_20231114_221320-2.json").is_file()


def test_folder_that_takes_nothing_costs_the_file_alone(site: Any, folder: Path) -> None:
    """Nothing raises, people are told once, and what could not be saved is saved when it can be."""
    folder.parent.mkdir()
    folder.write_text("a file where a folder should be")
    sink = run_file(site, folder)
    sink.write(entries_of(whole_run()))
    assert 1 == len(site.warnings)

    folder.unlink()
    sink.close()
    assert 4 == document(folder)["summary"]["final_iter"]


class RunningClock(ManualClock):
    """Time that a run would take, set by hand, and the time that saving really takes on top of it."""

    def monotonic(self) -> float:
        """Returns the sum of both, in seconds."""
        return super().monotonic() + time.perf_counter()


MILLION = 1_000_000


def memory_bytes() -> int:
    """Returns what this process holds now."""
    return int(psutil.Process().memory_info().rss)


def numbered(step: Any, number: int) -> Any:
    """Returns a step's entry as that of another step."""
    metrics = {"loss": number / 7, "learning_rate": 1 / number, "grad_norm": number / 11}
    return msgspec.structs.replace(step, step=number, metrics=metrics)


def last_iteration(folder: Path) -> int:
    """Returns the last step of the one document, read from its end alone."""
    (path,) = folder.glob("*.json")
    with path.open("rb") as file:
        file.seek(-4096, os.SEEK_END)
        (found,) = re.findall(rb'"final_iter": ?(\d+)', file.read())
    return int(found)


def test_long_run_stays_small_and_cheap(site: Any, folder: Path) -> None:
    """Of a million steps of 6 ms saving takes less than a percent, and the process grows by less than 150 MB."""
    clock = RunningClock()
    sink = RunFileSink(folder, run_name=None, every_steps=100, clock=clock, fallback=site.fallback)
    made = record(begun().step(loss=4.0).end().facts)
    types = ("training_start", "training_step_complete", "training_complete")
    start, step, end = (made.of_type(name)[0] for name in types)
    before = memory_bytes()
    sink.write([start])
    for first in range(1, MILLION, 2000):
        sink.write([numbered(step, number) for number in range(first, first + 2000)])
        clock.advance(2000 * 0.006)
    sink.write([end])
    sink.close()

    assert memory_bytes() - before < 150 << 20
    assert sink.saving_seconds < 0.01 * 0.006 * MILLION
    assert MILLION == last_iteration(folder)
