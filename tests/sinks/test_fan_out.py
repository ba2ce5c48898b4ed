from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from verbose_logging.entries import Entry, UserEntry
from verbose_logging.sinks.fan_out import FanOut
from verbose_logging.testing import MemorySink


class BrokenSink(MemorySink):
    """A sink that fails for so many writes, and at each flush and close."""

    def __init__(self, failures: int) -> None:
        """Counts its writes."""
        super().__init__()
        self.writes = 0
        self._failures = failures

    def write(self, entries: Sequence[Entry]) -> None:
        """Raises, or keeps the entries."""
        self.writes += 1
        if self.writes <= self._failures:
            raise ConnectionError(f"write {self.writes}")
        super().write(entries)

    def close(self) -> None:
        """Notes the close, and raises."""
        super().close()
        raise ConnectionError("close")


def note(seq: int) -> Entry:
    """Returns an entry."""
    return UserEntry({"type": "note", "seq": seq})


def ignore(what: str, error: Exception) -> None:
    """Does nothing with a problem."""


def test_every_sink_gets_every_entry() -> None:
    """Sinks get the same batches, flushes and the close."""
    sinks = {"a": MemorySink(), "b": MemorySink()}
    fan_out = FanOut(sinks, ignore)
    fan_out.write([note(1), note(2)])
    fan_out.flush()
    fan_out.close()
    for sink in sinks.values():
        assert [note(1), note(2)] == sink.entries
        assert (1, True) == (sink.flushes, sink.closed)
    assert {} == fan_out.failures()


class Meeting(MemorySink):
    """A sink that writes only together with others, as one that waits for the disk may."""

    def __init__(self, barrier: threading.Barrier) -> None:
        """Knows whom to wait for."""
        super().__init__()
        self._barrier = barrier

    def write(self, entries: Sequence[Entry]) -> None:
        """Waits for the others, then keeps the entries."""
        self._barrier.wait(30)
        super().write(entries)


def test_an_end_is_written_to_all_sinks_at_once(end_entry: Callable[[int], Entry]) -> None:
    """Three files that wait for the disk take as long as the slowest; when `write` returns, each has it."""
    barrier = threading.Barrier(3)
    sinks = {name: Meeting(barrier) for name in ("one", "two", "three")}
    fan_out = FanOut(sinks, ignore)
    fan_out.write([end_entry(1)])

    assert [[end_entry(1)]] * 3 == [sink.entries for sink in sinks.values()]
    assert {} == fan_out.failures()


def test_failing_sink_harms_no_other() -> None:
    """The neighbour of a broken sink gets everything, and both are closed."""
    broken, healthy = BrokenSink(100), MemorySink()
    fan_out = FanOut({"broken": broken, "healthy": healthy}, ignore)
    for seq in range(1, 6):
        fan_out.write([note(seq)])
    fan_out.close()
    assert [note(seq) for seq in range(1, 6)] == healthy.entries
    assert broken.closed
    assert healthy.closed


def test_sink_that_fails_three_times_is_switched_off_and_counted() -> None:
    """Three failures are paid for, told at the first and the last, and all its entries count as undelivered."""
    problems: list[str] = []
    broken = BrokenSink(100)
    fan_out = FanOut({"broken": broken}, lambda what, error: problems.append(f"{what}: {error}"))
    for seq in range(1, 6):
        fan_out.write([note(seq), note(seq)])
    assert broken.writes == 3
    assert ["sink broken: write 1", "sink broken: write 3"] == problems
    assert {
        "broken": {
            "failures": 3,
            "error": "ConnectionError: write 3",
            "switched_off": True,
            "undelivered_entries": 10,
        }
    } == fan_out.failures()


def test_sink_that_recovers_goes_on() -> None:
    """Two failures in a row lose their own entries and nothing more."""
    broken = BrokenSink(2)
    fan_out = FanOut({"broken": broken}, ignore)
    for seq in range(1, 5):
        fan_out.write([note(seq)])
    assert [note(3), note(4)] == broken.entries
    assert fan_out.failures()["broken"]["undelivered_entries"] == 2
    assert fan_out.failures()["broken"]["switched_off"] is False


def test_error_carries_its_traceback() -> None:
    """Whoever is told can say where it happened."""
    told: list[Exception] = []
    FanOut({"broken": BrokenSink(1)}, lambda _what, error: told.append(error)).write([note(1)])
    assert told[0].__traceback__ is not None


class RescuingSink(MemorySink):
    """A sink that can save what waits in it."""

    def rescue(self, entries: Sequence[Entry]) -> None:
        """Keeps these entries instead of its own."""
        self.entries[:] = entries


def test_rescue_reaches_the_sinks_that_can() -> None:
    """Sinks that can save what waits do, with what else there is, and the others are left alone."""
    able, unable = RescuingSink(), MemorySink()
    fan_out = FanOut({"unable": unable, "able": able}, ignore)
    fan_out.write([note(1)])
    fan_out.rescue([note(2)])
    assert ([note(2)], [note(1)]) == (able.entries, unable.entries)
