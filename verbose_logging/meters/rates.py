"""The step times that count for rates and forecasts: recent ones, without the first two."""

from __future__ import annotations

import statistics
from collections import deque

from verbose_logging.facts import Fact, StepEnd, TrainBegin
from verbose_logging.meters.ledger import Ledger

_WINDOW = 100
_ENOUGH = 5  # steps after which the first ones can be done without
_WARM_UP = 2  # compilation, allocator growth and cold caches sit in the first two
_OUTLIER = 5.0  # times the median; a pause, not a pace


class StepTimes:
    """The last hundred step times of this session.

    Args:
        ledger: Splits the time; observed before this.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._times: deque[float] = deque(maxlen=_WINDOW)
        self._seen = 0

    def observe(self, fact: Fact) -> None:
        """Takes in a fact."""
        if isinstance(fact, TrainBegin):
            self._times.clear()
            self._seen = 0
        elif isinstance(fact, StepEnd) and self._ledger.step_time_seconds is not None:
            self._times.append(self._ledger.step_time_seconds)
            self._seen += 1
            if self._seen == _ENOUGH:
                for _ in range(_WARM_UP):
                    self._times.popleft()

    @property
    def rate(self) -> float | None:
        """Steps per second, `None` before the first step."""
        total = sum(self._times)
        return len(self._times) / total if total > 0 else None

    @property
    def robust(self) -> float | None:
        """The pace in seconds per step: the mean, with pauses cut to five times the median.

        A median alone forecasts too little where step times are skewed; a mean alone jumps at every pause.
        """
        if not self._times:
            return None
        ceiling = _OUTLIER * statistics.median(self._times)
        return sum(min(step_time, ceiling) for step_time in self._times) / len(self._times)
