"""Counts, exactly and without making anyone wait, the facts that found no room."""

from __future__ import annotations

import itertools
import threading

from verbose_logging.facts import FactsDropped


class DropTally:
    """Counts dropped facts: any thread adds, one thread takes.

    `next` on an `itertools.count` is atomic, where `+= 1` loses counts between threads and in signal handlers. Its
    value can only be had by counting on, so the tally also knows how often it has looked.

    Example:
        >>> tally = DropTally()
        >>> tally.add(2.0)
        >>> tally.add(3.5)
        >>> tally.take(9.0)
        FactsDropped(at=9.0, count=2, first_at=2.0, last_at=3.5)
        >>> tally.take(9.5) is None, tally.total()
        (True, 2)
    """

    def __init__(self) -> None:
        self._count = itertools.count()
        self._looks = 0
        self._look_lock = threading.RLock()
        self._taken = 0
        self._first_at: float | None = None
        self._last_at = 0.0

    def add(self, at: float) -> None:
        """Counts one fact, observed at that monotonic time."""
        if self._first_at is None:
            self._first_at = at
        self._last_at = at
        next(self._count)

    def take(self, at: float) -> FactsDropped | None:
        """Returns what was dropped since the last call, as a fact of that time; `None` if nothing was."""
        count = self.total() - self._taken
        if not count:
            return None
        self._taken += count
        first_at, self._first_at = self._first_at, None
        last_at = self._last_at
        return FactsDropped(at, count, last_at if first_at is None else first_at, last_at)

    def total(self) -> int:
        """Returns how many facts were dropped so far."""
        with self._look_lock:
            total = next(self._count) - self._looks
            self._looks += 1
            return total
