"""Steps, samples and tokens per second, over the steps that count."""

from __future__ import annotations

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
        self._begin()

    def _begin(self) -> None:
        self._seconds = Recent[float]()
        self._total_seconds = 0.0
        self._held = {name: _Held() for name in COUNTED}

    @hears(TrainBegin, StepEnd)
    def observe(self, fact: Fact) -> None:
        """Takes in a fact."""
        if isinstance(fact, TrainBegin):
            self._begin()
        elif isinstance(fact, StepEnd) and (seconds := self._ledger.step_time_seconds) is not None:
            self._seconds.add(seconds)
            self._total_seconds = sum(self._seconds.rows)
            values = self._counts.values
            for name, held in self._held.items():
                held.add(values.get(name))

    @property
    def rate(self) -> float | None:
        """Steps per second, `None` before the first step."""
        return len(self._seconds.rows) / self._total_seconds if self._total_seconds else None

    def per_second(self, name: str) -> float | None:
        """Returns so many of a step's counts per second, `None` where one of the steps does not know it."""
        total = self._held[name].total
        return None if total is None or not self._total_seconds else total / self._total_seconds


class _Held:
    """One count of each recent step; their sum is kept up to date, which whole numbers allow without an error."""

    def __init__(self) -> None:
        self._counts = Recent[int | None]()
        self._known = 0
        self._unknown = 0

    def add(self, count: int | None) -> None:
        """Takes in a step's count, `None` where it is not known."""
        for former in self._counts.add(count):
            if former is None:
                self._unknown -= 1
            else:
                self._known -= former
        if count is None:
            self._unknown += 1
        else:
            self._known += count

    @property
    def total(self) -> int | None:
        """The sum over the steps that count, `None` where one of them is not known."""
        return None if self._unknown else self._known
