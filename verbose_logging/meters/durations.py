"""How long something that recurs takes, and how long more of it will take."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right, insort
from collections import deque
from typing import NamedTuple

_WINDOW = 500
_RECENT = 5  # in a row beyond the tails below is chance once in 100,000 times
_TAIL = 0.1
_SWAY = 0.1  # as a share of the typical duration
_DOUBT = 0.5  # as a share of the typical duration


class Forecast(NamedTuple):
    """Time to come, with the variance of the estimate.

    Args:
        seconds: The expected time.
        variance: In seconds squared.
    """

    seconds: float
    variance: float


class _Known(NamedTuple):
    """How many durations are known, their mean, and the variance of one of them."""

    amount: int
    mean: float
    spread: float


class Durations:
    """The durations since the pace last changed for good, 505 at most.

    The pace has changed for good when five in a row lie beyond the 90th, or below the 10th, percentile of those before
    them; a pause does not do that. A pause still costs time, and pauses recur, so it counts, but only so far that it
    moves the typical duration by 10 %.

    Args:
        warm_up: How many of the first ones are left out...
        enough: ...once so many are known, at most five.

    Example:
        >>> steps = Durations(warm_up=2, enough=5)
        >>> for seconds in (30.0, 4.0, 1.0, 1.0, 1.0):
        ...     steps.add(seconds)
        >>> steps.typical_seconds
        1.0
    """

    def __init__(self, *, warm_up: int, enough: int) -> None:
        self._warm_up = warm_up
        self._enough = enough
        self._seen = 0
        self._recent: deque[float] = deque()
        self._settled: deque[float] = deque()
        self._ordered: list[float] = []  # the settled ones, ascending
        self._known: _Known | None = None

    def add(self, seconds: float) -> None:
        """Takes in a duration."""
        self._seen += 1
        self._known = None
        self._recent.append(seconds)
        if self._seen == self._enough:
            for _ in range(self._warm_up):
                self._recent.popleft()
        if len(self._recent) > _RECENT:
            self._settle(self._recent.popleft())
        if self._has_changed_for_good():
            self._settled.clear()
            self._ordered.clear()

    def _settle(self, seconds: float) -> None:
        self._settled.append(seconds)
        insort(self._ordered, seconds)
        if len(self._settled) > _WINDOW:
            del self._ordered[bisect_left(self._ordered, self._settled.popleft())]

    def _has_changed_for_good(self) -> bool:
        if not self._ordered:
            return False
        tail = int(_TAIL * len(self._ordered))
        low, high = self._ordered[tail], self._ordered[-1 - tail]
        if low <= self._recent[-1] <= high:  # most are, and one that is tells it
            return False
        return min(self._recent) > high or max(self._recent) < low

    @property
    def typical_seconds(self) -> float | None:
        """The mean, with long ones cut; `None` before the first."""
        known = self._summed_up()
        return None if known is None else known.mean

    def forecast(self, count: float) -> Forecast | None:
        """Returns the time that so many more will take, `None` before the first.

        The variance is that of `count` single durations and of the mean itself, which `count` multiplies. As if one
        more had been seen that was half as long again, the spread is never nil, and wide while few are known.
        """
        known = self._summed_up()
        if known is None:
            return None
        return Forecast(count * known.mean, known.spread * (count + count * count / known.amount))

    def _summed_up(self) -> _Known | None:
        """Returns what is known of all of them; found out once for each that came, and only where somebody asks."""
        if self._known is None and (self._ordered or self._recent):
            values = self._counted()
            count = len(values)
            mean = sum(values) / count
            self._known = _Known(count, mean, (math.dist(values, [mean] * count) ** 2 + (_DOUBT * mean) ** 2) / count)
        return self._known

    def _counted(self) -> list[float]:
        """Returns the durations, none so long that it alone moves the mean by more than a tenth of the median."""
        values = sorted((*self._ordered, *self._recent))  # nearly sorted, which is quick
        middle = (values[len(values) // 2] + values[~len(values) // 2]) / 2
        ceiling = middle * (1 + _SWAY * len(values))
        within = bisect_right(values, ceiling)
        return values[:within] + [ceiling] * (len(values) - within)
