"""A sink on a thread of its own: what hangs or raises there costs its own entries, counted."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.pipeline.pipelines import HungSink
from verbose_logging.entries import Entry, UserEntry
from verbose_logging.sinks.fan_out import FanOut
from verbose_logging.sinks.lane import Lane
from verbose_logging.testing import MemorySink


def some(count: int) -> list[Entry]:
    """Returns so many entries."""
    return [UserEntry({"type": "note", "seq": number + 1}) for number in range(count)]


def no_problem(part: str, error: Exception) -> None:
    """Hears nothing."""


@pytest.fixture
def hanging() -> Iterator[HungSink]:
    """A sink that hangs, released in the end."""
    sink = HungSink()
    yield sink
    sink.released.set()


def test_everything_arrives_in_order() -> None:
    """After a flush the sink has all that was given; after a close it is closed."""
    sink = MemorySink()
    lane = Lane("memory", sink, no_problem)
    for entry in some(100):
        lane.write([entry])
    lane.flush()
    assert some(100) == sink.entries
    assert 1 == sink.flushes

    lane.close()
    assert sink.closed
    assert {} == lane.report()


def test_a_hung_sink_is_never_waited_for(hanging: HungSink) -> None:
    """Writing stays fast; what finds the lane full is dropped, and counted to the entry."""
    lane = Lane("hanging", hanging, no_problem, most_entries=10)
    lane.write(some(4))
    assert hanging.entered.wait(5)
    began = time.monotonic()
    for _ in range(10):
        lane.write(some(3))

    assert time.monotonic() - began < 0.5
    assert {"undelivered_entries": 34 - 10} == lane.report()


def test_a_hung_sink_is_waited_for_once(hanging: HungSink) -> None:
    """The first flush waits a second and tells of it; the next ones, which come every second, do neither."""
    told: list[str] = []
    lane = Lane("hanging", hanging, lambda part, error: told.append(f"{part}: {error}"))
    lane.write(some(2))
    lane.flush()
    began = time.monotonic()
    lane.flush()

    assert time.monotonic() - began < 0.5
    assert ["sink hanging: no answer for 1 s; its entries wait"] == told
    assert {"waiting_entries": 2} == lane.report()


def test_a_sink_that_loads_is_not_called_hung(hanging: HungSink) -> None:
    """One that may take its time is waited for no longer than any other, and told of when its time is over."""
    told: list[str] = []
    lane = Lane("late", hanging, lambda part, _error: told.append(part), patience_seconds=1.5)
    lane.write(some(2))
    lane.flush()
    assert [] == told
    assert {"waiting_entries": 2} == lane.report()

    threading.Event().wait(0.6)
    lane.flush()
    lane.flush()
    assert ["sink late"] == told


def test_a_hung_sink_is_left_behind(hanging: HungSink) -> None:
    """Closing waits two seconds and no more; what still waits then counts as not delivered."""
    lane = Lane("hanging", hanging, no_problem)
    lane.write(some(7))
    began = time.monotonic()
    lane.close()

    assert time.monotonic() - began < 5
    assert {"undelivered_entries": 7} == lane.report()


def test_a_sink_that_recovers_gets_what_waits(hanging: HungSink) -> None:
    """Once it answers again, everything that had room arrives."""
    lane = Lane("hanging", hanging, no_problem)
    lane.write(some(5))
    lane.flush()
    hanging.released.set()
    lane.close()

    assert some(5) == hanging.entries
    assert {} == lane.report()


class Raising(MemorySink):
    """Raises at every write."""

    def write(self, entries: Sequence[Entry]) -> None:  # noqa: ARG002 - a sink's method
        """Raises."""
        raise OSError("no route")


def test_a_sink_that_raises_is_told_counted_and_switched_off() -> None:
    """Three failures in a row are enough; each entry is counted."""
    told: list[str] = []
    lane = Lane("raising", Raising(), lambda part, _error: told.append(part))
    for _ in range(5):
        lane.write(some(2))
        lane.flush()
    lane.close()

    report = lane.report()
    assert (3, True, 10) == (report["failures"], report["switched_off"], report["undelivered_entries"])
    assert ["sink raising"] * 2 == told


class Unflushable(MemorySink):
    """Raises at every flush."""

    def flush(self) -> None:
        """Raises."""
        raise OSError("no route")


def test_a_flush_that_raises_is_told_and_reported() -> None:
    """The sink still gets its entries, and the account says that they may not have arrived."""
    told: list[str] = []
    lane = Lane("unflushable", Unflushable(), lambda part, _error: told.append(part))
    lane.write(some(2))
    lane.flush()

    assert {"failures": 1, "error": "OSError: no route", "switched_off": False} == lane.report()
    assert ["flushing sink unflushable"] == told


def test_one_hung_sink_costs_the_others_nothing(hanging: HungSink) -> None:
    """Beside a hung lane the next sink has everything, and the account names the hung one."""
    beside = MemorySink()
    fan_out = FanOut({"hung": Lane("hung", hanging, no_problem, most_entries=3), "memory": beside}, no_problem)
    for entry in some(5):
        fan_out.write([entry])

    assert some(5) == beside.entries
    assert {"hung": {"undelivered_entries": 2}} == fan_out.failures()


class Meeting(MemorySink):
    """Flushes and closes only together with others."""

    def __init__(self, barrier: threading.Barrier) -> None:
        super().__init__()
        self._barrier = barrier

    def flush(self) -> None:
        """Waits for the others."""
        self._barrier.wait(0.9)
        super().flush()

    def close(self) -> None:
        """Waits for the others."""
        self._barrier.wait(1.9)
        super().close()


def test_lanes_flush_and_close_all_at_once() -> None:
    """Three sinks that take their time make a flush and a close as long as one of them does, not as all three."""
    barrier = threading.Barrier(3)
    sinks = {name: Meeting(barrier) for name in ("one", "two", "three")}
    fan_out = FanOut({name: Lane(name, sink, no_problem) for name, sink in sinks.items()}, no_problem)
    fan_out.flush()
    fan_out.close()

    assert [(1, True)] * 3 == [(sink.flushes, sink.closed) for sink in sinks.values()]
    assert {} == fan_out.failures()


BLOCKED_CONSOLE = """
import logging, sys
from tqdm import tqdm
from verbose_logging.console.output import Output
from verbose_logging.sinks.console_log import log_to_console
from verbose_logging.sinks.lane import Lane
from verbose_logging.testing import MemorySink

class Lines(MemorySink):
    def write(self, entries):
        for number in entries:
            log_to_console(Output(rows=("step " * 20,), timestamp="2026-01-01T00:00:00.000000+00:00"))

lane = Lane("console", Lines(), lambda part, error: None)
lane.write(range(3000))
lane.flush()
for _ in tqdm(range(100), mininterval=0):
    logging.getLogger("verbose_logging").warning("from the training thread")
lane.close()
print(lane.report(), file=sys.stderr)
"""


@pytest.mark.parametrize("options", [[], ["-u"]], ids=["buffered", "unbuffered"])
def test_a_stdout_that_nobody_reads_holds_nobody_up(options: list[str], tmp_path: Path) -> None:
    """Behind a full pipe the bar and the warnings of the training thread go on, and the process ends by itself."""
    command = [sys.executable, *options, "-c", BLOCKED_CONSOLE]
    with (tmp_path / "stderr").open("wb") as stderr:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=stderr)
    try:
        assert 0 == process.wait(60)
    finally:
        process.kill()

    assert "{'undelivered_entries': 3000}" == (tmp_path / "stderr").read_text().splitlines()[-1]
