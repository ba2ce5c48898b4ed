"""A sink on a thread of its own: what hangs or raises there costs its own entries, counted."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence

import pytest

from verbose_logging.entries import Entry, UserEntry
from verbose_logging.sinks.fan_out import FanOut
from verbose_logging.sinks.lane import Lane
from verbose_logging.testing import MemorySink


def some(count: int) -> list[Entry]:
    """Returns so many entries."""
    return [UserEntry({"type": "note", "seq": number + 1}) for number in range(count)]


def no_problem(part: str, error: Exception) -> None:
    """Hears nothing."""


class Hanging(MemorySink):
    """Hangs in its first write until it is released."""

    def __init__(self) -> None:
        super().__init__()
        self.release = threading.Event()
        self.reached = threading.Event()

    def write(self, entries: Sequence[Entry]) -> None:
        """Hangs, then keeps."""
        self.reached.set()
        self.release.wait(30)
        super().write(entries)


@pytest.fixture
def hanging() -> Iterator[Hanging]:
    """A sink that hangs, released in the end."""
    sink = Hanging()
    yield sink
    sink.release.set()


def test_everything_arrives_in_order() -> None:
    """After a flush the sink has all that was given; after a close it is closed."""
    sink = MemorySink()
    lane = Lane("memory", sink, no_problem)
    for entry in some(100):
        lane.write([entry])
    lane.flush()
    assert some(100) == sink.entries

    lane.close()
    assert sink.closed
    assert {} == lane.report()


def test_a_hung_sink_is_never_waited_for(hanging: Hanging) -> None:
    """Writing stays fast; what finds the lane full is dropped, and counted to the entry."""
    lane = Lane("hanging", hanging, no_problem, most_entries=10)
    lane.write(some(4))
    assert hanging.reached.wait(5)
    began = time.monotonic()
    for _ in range(10):
        lane.write(some(3))

    assert time.monotonic() - began < 0.5
    assert {"undelivered_entries": 34 - 10} == lane.report()


def test_a_hung_sink_is_waited_for_once(hanging: Hanging) -> None:
    """The first flush waits a second; the next ones, which come every second, do not."""
    lane = Lane("hanging", hanging, no_problem)
    lane.write(some(1))
    lane.flush()
    began = time.monotonic()
    lane.flush()

    assert time.monotonic() - began < 0.5


def test_a_sink_that_recovers_gets_what_waits(hanging: Hanging) -> None:
    """Once it answers again, everything that had room arrives."""
    lane = Lane("hanging", hanging, no_problem)
    lane.write(some(5))
    lane.flush()
    hanging.release.set()
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


def test_one_hung_sink_costs_the_others_nothing(hanging: Hanging) -> None:
    """Beside a hung lane the next sink has everything, and the account names the hung one."""
    beside = MemorySink()
    fan_out = FanOut({"hung": Lane("hung", hanging, no_problem, most_entries=3), "memory": beside}, no_problem)
    for entry in some(5):
        fan_out.write([entry])

    assert some(5) == beside.entries
    assert {"hung": {"undelivered_entries": 2}} == fan_out.failures()


BLOCKED_CONSOLE = """
import sys, tempfile, threading, os
from tqdm import tqdm
from verbose_logging import facts
from verbose_logging.session import Session
from verbose_logging.settings import Settings
from verbose_logging.testing import FactScript

folder = tempfile.mkdtemp()
settings = Settings.from_options(log_file=os.path.join(folder, "log.jsonl"), console="steps", probes=[])
session = Session(settings, rank=0, world_size=1)
session.open()
script = FactScript(total_steps=3000, steps_per_epoch=3000).begin().epoch_begin()
for _ in range(3000):
    script.step(loss=1.0)
for fact in tqdm(script.facts, mininterval=0):
    session.put(fact)
session.begin(script.facts[0])
session.end(3000, 1.0)
lines = open(os.path.join(folder, "log.jsonl")).read().count('"training_step_complete"')
print(lines, file=sys.stderr)
os._exit(0)
"""


def test_a_stdout_that_nobody_reads_holds_nobody_up() -> None:
    """3,000 step lines into a pipe that is never read: the bar goes on, the log is whole, the process ends."""
    process = subprocess.Popen(
        [sys.executable, "-c", BLOCKED_CONSOLE], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    told = process.stderr.read()
    process.wait(30)

    assert "3000" == told.splitlines()[-1]
