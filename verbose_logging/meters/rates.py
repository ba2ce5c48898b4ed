"""Steps, samples and tokens per second, over the steps that count."""

from __future__ import annotations

from verbose_logging.facts import Fact, StepEnd, TrainBegin
from verbose_logging.meters.ledger import Ledger
from verbose_logging.meters.recent import Recent
from verbose_logging.meters.step_counts import StepCounts


class RecentSteps:
    """The last hundred steps of this session: how long each took, and what it held.

    Args:
        ledger: Splits the time; observed before this.
        counts: What the step holds; observed before this.
    """

    def __init__(self, ledger: Ledger, counts: StepCounts) -> None:
        self._ledger = ledger
        self._counts = counts
        self._steps = Recent[tuple[float, dict[str, int | None]]]()

    def observe(self, fact: Fact) -> None:
        """Takes in a fact."""
        if isinstance(fact, TrainBegin):
            self._steps.clear()
        elif isinstance(fact, StepEnd) and self._ledger.step_time_seconds is not None:
            self._steps.add((self._ledger.step_time_seconds, self._counts.values))

    @property
    def rate(self) -> float | None:
        """Steps per second, `None` before the first step."""
        seconds = self._seconds
        return sum(1 for _ in self._steps) / seconds if seconds > 0 else None

    def per_second(self, name: str) -> float | None:
        """Returns so many of a step's counts per second, `None` where one of the steps does not know it."""
        counts = [held.get(name) for _, held in self._steps]
        seconds = self._seconds
        if not counts or seconds <= 0 or None in counts:
            return None
        return sum(count for count in counts if count is not None) / seconds

    @property
    def _seconds(self) -> float:
        return sum(step_time for step_time, _ in self._steps)
