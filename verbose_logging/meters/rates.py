"""The steps that count for rates: recent ones, without the first two."""

from __future__ import annotations

from collections import deque

from verbose_logging.facts import Fact, StepEnd, TrainBegin
from verbose_logging.meters.ledger import Ledger
from verbose_logging.meters.step_counts import StepCounts

_WINDOW = 100
_ENOUGH = 5  # steps after which the first ones can be done without
_WARM_UP = 2  # compilation, allocator growth and cold caches sit in the first two


class RecentSteps:
    """The last hundred steps of this session: how long each took, and what it held.

    Args:
        ledger: Splits the time; observed before this.
        counts: What the step holds; observed before this.
    """

    def __init__(self, ledger: Ledger, counts: StepCounts) -> None:
        self._ledger = ledger
        self._counts = counts
        self._steps: deque[tuple[float, dict[str, int | None]]] = deque(maxlen=_WINDOW)
        self._seen = 0

    def observe(self, fact: Fact) -> None:
        """Takes in a fact."""
        if isinstance(fact, TrainBegin):
            self._steps.clear()
            self._seen = 0
        elif isinstance(fact, StepEnd) and self._ledger.step_time_seconds is not None:
            self._steps.append((self._ledger.step_time_seconds, self._counts.values))
            self._seen += 1
            if self._seen == _ENOUGH:
                for _ in range(_WARM_UP):
                    self._steps.popleft()

    @property
    def rate(self) -> float | None:
        """Steps per second, `None` before the first step."""
        seconds = self._seconds
        return len(self._steps) / seconds if seconds > 0 else None

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
