"""Steps, samples and tokens per second, over the steps that count."""

from __future__ import annotations

from collections import deque
from typing import Any

from verbose_logging.facts import Fact, StepEnd, TrainBegin
from verbose_logging.hearing import hears
from verbose_logging.meters.ledger import Ledger
from verbose_logging.meters.recent import Recent
from verbose_logging.meters.step_counts import COUNTED, StepCounts


class RecentSteps:
    """The last hundred steps of this session: how long each took, and what it held.

    Args:
        ledger: Splits the time; observed before this.
        counts: What the step holds; observed before this.
    """

    def __init__(self, ledger: Ledger, counts: StepCounts) -> None:
        self._ledger = ledger
        self._counts = counts
        self._seconds = Recent[float]()
        self._total_seconds = 0.0
        self._held = {name: Recent[int | None]() for name in COUNTED}

    @hears(TrainBegin, StepEnd)
    def observe(self, fact: Fact) -> None:
        """Takes in a fact."""
        if isinstance(fact, TrainBegin):
            self._seconds.clear()
            self._total_seconds = 0.0
            for series in self._held.values():
                series.clear()
        elif isinstance(fact, StepEnd) and (seconds := self._ledger.step_time_seconds) is not None:
            self._seconds.add(seconds)
            self._total_seconds = sum(self._seconds.rows)
            values = self._counts.values
            for name, series in self._held.items():
                series.add(values.get(name))

    @property
    def rate(self) -> float | None:
        """Steps per second, `None` before the first step."""
        return len(self._seconds.rows) / self._total_seconds if self._total_seconds else None

    def per_second(self, name: str) -> float | None:
        """Returns so many of a step's counts per second, `None` where one of the steps does not know it."""
        counts: deque[Any] = self._held[name].rows
        return None if not self._total_seconds or None in counts else float(sum(counts) / self._total_seconds)
