"""Counts, exactly and without making anyone wait, the facts that could not be kept."""

from __future__ import annotations

import itertools
import threading

from verbose_logging.facts import Fact, FactsDropped, StepEnd


class Count:
    """A number that any thread and any signal handler may raise.

    `next` on an `itertools.count` is atomic, where `+= 1` loses counts. Its value can only be had by counting on, so
    this also knows how often it was looked at.

    Example:
        >>> count = Count()
        >>> count.add()
        >>> count.total(), count.total()
        (1, 1)
    """

    def __init__(self) -> None:
        self._count = itertools.count()
        self._looks = 0
        self._look_lock = threading.RLock()

    def add(self) -> None:
        """Counts one."""
        next(self._count)

    def total(self) -> int:
        """Returns how many were counted so far."""
        with self._look_lock:
            total = next(self._count) - self._looks
            self._looks += 1
            return total


class DropTally:
    """Counts dropped facts, and the steps among them: any thread adds, one thread takes.

    Example:
        >>> tally = DropTally()
        >>> tally.add(StepEnd(2.0, 7, log_follows=True))
        >>> tally.add(StepEnd(3.5, 8, log_follows=True))
        >>> tally.take(9.0)
        FactsDropped(at=9.0, count=2, first_at=2.0, last_at=3.5, steps=2)
        >>> tally.take(9.5) is None, tally.total()
        (True, 2)
    """

    def __init__(self) -> None:
        self._facts, self._facts_taken = Count(), 0
        self._steps, self._steps_taken = Count(), 0
        self._first_at: float | None = None
        self._last_at = 0.0

    def add(self, fact: Fact) -> None:
        """Counts a fact."""
        if self._first_at is None:
            self._first_at = fact.at
        self._last_at = fact.at
        if isinstance(fact, StepEnd):  # before the fact itself, so that who takes in between tells it early, not never
            self._steps.add()
        self._facts.add()

    def take(self, at: float) -> FactsDropped | None:
        """Returns what was dropped since the last call, as a fact of that time; `None` if nothing was."""
        count = self._facts.total() - self._facts_taken
        if not count:
            return None
        steps = self._steps.total() - self._steps_taken
        self._facts_taken += count
        self._steps_taken += steps
        first_at, self._first_at = self._first_at, None
        last_at = self._last_at
        return FactsDropped(at, count, last_at if first_at is None else first_at, last_at, steps)

    def total(self) -> int:
        """Returns how many facts were dropped so far."""
        return self._facts.total()
