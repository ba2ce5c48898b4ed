"""Counters that only grow, as rates per second, and what the probes of such counters share."""

from __future__ import annotations

import math
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any

_SHORTEST_SPAN_SECONDS = 0.1


class Rates:
    """Gives the growth per second of each counter since the last look.

    A name has no rate at its first look, nor after its counter went back (a device was taken away, a counter wrapped).
    Looks less than a tenth of a second after the last give no rates and do not count: single packets are no rate.

    Args:
        clock: Returns monotonic seconds.

    Example:
        >>> times = iter([10.0, 12.0])
        >>> rates = Rates(lambda: next(times))
        >>> rates.since_last({"read_mb_per_second": 100.0}), rates.since_last({"read_mb_per_second": 106.0})
        ({}, {'read_mb_per_second': 3.0})
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._at = -math.inf
        self._last: Mapping[str, float] = {}

    def since_last(self, counters: Mapping[str, float]) -> dict[str, float]:
        """Returns the rates that are known, by the counters' names."""
        now = self._clock()
        elapsed_seconds, last = now - self._at, self._last
        if elapsed_seconds < _SHORTEST_SPAN_SECONDS:
            return {}
        self._at, self._last = now, counters
        return {
            name: (count - last[name]) / elapsed_seconds
            for name, count in counters.items()
            if name in last and count >= last[name]
        }


class RateProbe(ABC):
    """Reads the rates of some of the machine's counters since the last reading: over five seconds, not of a moment.

    Args:
        psutil: The psutil module, or one like it.
        clock: Returns monotonic seconds.
    """

    interval_seconds = 5.0
    answers_at_once = True

    def __init__(self, psutil: Any, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._psutil = psutil
        self._rates = Rates(clock)

    def read(self) -> Mapping[str, Any]:
        """Returns the rates by name; nothing at first, nor where there is nothing that counts."""
        counters = self._counters()
        return self._rates.since_last(counters) if counters else {}

    @abstractmethod
    def _counters(self) -> dict[str, float]:
        """Returns the counters by the names of their rates, none where nothing counts."""
