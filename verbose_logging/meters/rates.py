"""The step times that count for rates: recent ones, without the first two."""

from __future__ import annotations

from collections import deque

from verbose_logging.facts import Fact, StepEnd, TrainBegin
from verbose_logging.meters.ledger import Ledger

_WINDOW = 100
_ENOUGH = 5  # steps after which the first ones can be done without
_WARM_UP = 2  # compilation, allocator growth and cold caches sit in the first two


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
