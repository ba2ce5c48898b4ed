from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from verbose_logging.facts import ProbeFailed, ProbeRead
from verbose_logging.probes.reader import ProbeReader
from verbose_logging.testing import ManualClock, StubProbe


class _Stuck:
    """A probe that answers when it is released."""

    name = "stuck"
    interval_seconds = 1.0

    def __init__(self) -> None:
        self.asked = threading.Event()
        self.released = threading.Event()

    def read(self) -> Mapping[str, Any]:
        self.asked.set()
        assert self.released.wait(10)
        return {"x": 1.0}


class _Unspeakable(Exception):  # noqa: N818 - an error only in this test
    def __str__(self) -> str:
        raise ValueError


def test_a_reading_becomes_a_dated_fact() -> None:
    """The fact carries the clock's time, the probe's name and the reading."""
    reader = ProbeReader(StubProbe([{"x": 1.0}]), ManualClock(monotonic=7.0), interval_seconds=1.0)

    assert ProbeRead(7.0, "stub", {"x": 1.0}) == reader.read()


def test_a_probe_that_raises_becomes_a_failure() -> None:
    """The failure is type and text in one line, and the old reading is no longer the latest."""
    reader = ProbeReader(StubProbe([{"x": 1.0}, OSError("gone\n for good")]), ManualClock(), interval_seconds=1.0)
    reader.read()

    assert ProbeFailed(0.0, "stub", "OSError: gone for good") == reader.read()
    assert {} == reader.latest


def test_an_error_that_cannot_be_said_is_named() -> None:
    """An exception whose text raises is told by its type."""
    reader = ProbeReader(StubProbe([_Unspeakable()]), ManualClock(), interval_seconds=1.0)

    assert ProbeFailed(0.0, "stub", "_Unspeakable") == reader.read()


def test_an_empty_reading_is_no_fact() -> None:
    """Absent hardware has nothing to tell."""
    assert ProbeReader(StubProbe([{}]), ManualClock(), interval_seconds=1.0).read() is None


def test_a_probes_own_interval_counts_where_it_is_longer() -> None:
    """A dear probe is not read more often than it makes sense."""
    dear, cheap = StubProbe([{}], interval_seconds=10.0), StubProbe([{}], interval_seconds=0.1)

    assert [10.0, 2.0] == [
        ProbeReader(probe, ManualClock(), interval_seconds=2.0).interval_seconds for probe in (dear, cheap)
    ]


def test_a_stranger_is_not_trusted_to_answer_at_once() -> None:
    """A probe that does not say so may hang."""
    assert not ProbeReader(StubProbe([{}]), ManualClock(), interval_seconds=1.0).answers_at_once


def test_a_probe_that_owes_an_answer_is_not_asked_again() -> None:
    """While a reading hangs, another thread gets nothing at once, and after three intervals the probe is overdue."""
    probe, clock = _Stuck(), ManualClock()
    reader = ProbeReader(probe, clock, interval_seconds=1.0)
    thread = threading.Thread(target=reader.read)
    thread.start()
    assert probe.asked.wait(10)
    again = reader.read()
    clock.advance(2.9)
    early = reader.overdue()
    clock.advance(0.1)
    late = reader.overdue()
    probe.released.set()
    thread.join(10)

    assert (None, None, ProbeFailed(3.0, "stuck", "no answer for 3 s")) == (again, early, late)
    assert reader.overdue() is None
    assert {"x": 1.0} == reader.latest


@given(st.lists(st.floats(0.01, 30.0), max_size=50), st.sampled_from([0.5, 1.0, 10.0]))
def test_a_probe_is_read_once_in_every_interval_that_is_looked_at(pauses: list[float], interval: float) -> None:
    """However the wakes fall, each whole interval with a wake has exactly one reading."""
    clock = ManualClock(monotonic=0.3)
    probe = StubProbe([{}], interval_seconds=interval)
    reader = ProbeReader(probe, clock, interval_seconds=0.5)
    intervals = set()
    for pause in [0.0, *pauses]:
        clock.advance(pause)
        intervals.add(clock.monotonic() // interval)
        if reader.is_due():
            reader.read()

    assert len(intervals) == probe.reads
