"""A sink in memory, a clock set by hand, a scripted probe."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from verbose_logging.entries import Entry, entry_type


class ManualClock:
    """A clock that moves only when told to.

    Args:
        monotonic: First monotonic time, in seconds.
        wall: First wall-clock time, in seconds since the epoch.

    Example:
        >>> clock = ManualClock()
        >>> clock.advance(2.5)
        >>> clock.monotonic()
        2.5
    """

    def __init__(self, monotonic: float = 0.0, wall: float = 1_700_000_000.0) -> None:
        self._monotonic = monotonic
        self._wall = wall

    def advance(self, seconds: float) -> None:
        """Moves both clocks on."""
        self._monotonic += seconds
        self._wall += seconds

    def monotonic(self) -> float:
        """Returns the monotonic time, in seconds."""
        return self._monotonic

    def wall(self) -> float:
        """Returns the wall-clock time, in seconds since the epoch."""
        return self._wall

    def utc_offset_seconds(self) -> float:
        """Returns 0.0: the fake machine stands in Greenwich."""
        return 0.0


class MemorySink:
    """A sink that keeps what it is given.

    Example:
        >>> sink = MemorySink()
        >>> sink.write([])
        >>> sink.entries
        []
    """

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.flushes = 0
        self.closed = False

    def write(self, entries: Sequence[Entry]) -> None:
        """Keeps the entries, in order."""
        self.entries.extend(entries)

    def flush(self) -> None:
        """Counts the call."""
        self.flushes += 1

    def close(self) -> None:
        """Notes that the sink is closed."""
        self.closed = True

    def of_type(self, name: str) -> list[Any]:
        """Returns the entries of that type, in order."""
        return [entry for entry in self.entries if entry_type(entry) == name]


class StubProbe:
    """A probe that answers from a script: a mapping is returned, an exception is raised, the last one repeats.

    Args:
        readings: The answers, in order.
        name: The probe's name.
        interval_seconds: The probe's interval.

    Example:
        >>> probe = StubProbe([{"usage_percent": 10.0}, OSError("gone")])
        >>> probe.read()
        {'usage_percent': 10.0}
    """

    def __init__(
        self,
        readings: Iterable[Mapping[str, Any] | Exception],
        *,
        name: str = "stub",
        interval_seconds: float = 1.0,
    ) -> None:
        self.name = name
        self.interval_seconds = interval_seconds
        self.reads = 0
        self._readings = list(readings)

    def read(self) -> Mapping[str, Any]:
        """Returns or raises the next answer of the script."""
        answer = self._readings[min(self.reads, len(self._readings) - 1)]
        self.reads += 1
        if isinstance(answer, Exception):
            raise answer
        return answer
