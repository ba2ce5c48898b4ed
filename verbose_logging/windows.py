"""Rolling statistics: windows, a debiased moving average, a robust slope. Pure arithmetic, no clock."""

from __future__ import annotations

import statistics
from collections import deque
from collections.abc import Sequence
from itertools import combinations


class Window:
    """The last `size` values of a series.

    Args:
        size: How many values are kept.

    Example:
        >>> window = Window(3)
        >>> for value in (9.0, 1.0, 2.0, 3.0):
        ...     window.add(value)
        >>> window.mean, window.median, window.std
        (2.0, 2.0, 1.0)
    """

    def __init__(self, size: int) -> None:
        self.values: deque[float] = deque(maxlen=size)

    def add(self, value: float) -> None:
        """Appends a value; the oldest leaves when the window is full."""
        self.values.append(value)

    def __len__(self) -> int:
        return len(self.values)

    @property
    def mean(self) -> float | None:
        """The arithmetic mean, `None` without a value."""
        return sum(self.values) / len(self.values) if self.values else None

    @property
    def median(self) -> float | None:
        """The median, `None` without a value."""
        return statistics.median(self.values) if self.values else None

    @property
    def std(self) -> float | None:
        """The sample standard deviation, `None` below two values."""
        if len(self.values) < 2:  # noqa: PLR2004 - a deviation needs two
            return None
        mean = sum(self.values) / len(self.values)
        return float((sum((value - mean) ** 2 for value in self.values) / (len(self.values) - 1)) ** 0.5)


class DebiasedEma:
    """An exponential moving average that is not pulled towards its start value.

    A plain average started at 0 reads 0.1 x the first value; dividing by `1 - decay ** n` removes that pull
    (the bias correction of Adam, https://arxiv.org/abs/1412.6980, section 3).

    Args:
        decay: Weight of the past, in [0, 1).

    Example:
        >>> ema = DebiasedEma(0.9)
        >>> round(ema.add(10.0), 6), round(ema.add(20.0), 6)
        (10.0, 15.263158)
    """

    def __init__(self, decay: float) -> None:
        self._decay = decay
        self._biased = 0.0
        self._weight = 0.0

    def add(self, value: float) -> float:
        """Takes in a value and returns the average."""
        self._biased = self._decay * self._biased + (1 - self._decay) * value
        self._weight = self._decay * self._weight + (1 - self._decay)
        return self._biased / self._weight

    @property
    def value(self) -> float | None:
        """The average, `None` before the first value."""
        return self._biased / self._weight if self._weight else None


class RunningMean:
    """A weighted mean over everything added since the last reset.

    Example:
        >>> mean = RunningMean()
        >>> mean.add(2.0, weight=3.0)
        >>> mean.add(6.0)
        >>> mean.value
        3.0
    """

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forgets everything."""
        self._sum = 0.0
        self._weight = 0.0

    def add(self, value: float, weight: float = 1.0) -> None:
        """Adds a value that counts `weight` times."""
        self._sum += weight * value
        self._weight += weight

    @property
    def value(self) -> float | None:
        """The mean, `None` before the first value."""
        return self._sum / self._weight if self._weight else None


def robust_slope(points: Sequence[tuple[float, float]]) -> tuple[float, float] | None:
    """Returns the median slope of all pairs of points, and the share of pairs that agree with its sign.

    This is the Theil-Sen estimator: up to 29 % of the points may be arbitrarily wrong without moving it, where one
    outlier turns a least-squares line.

    Args:
        points: (x, y) pairs; pairs of equal x are left out.

    Returns:
        The slope in y per x and the agreement in [0, 1], or `None` where no two x differ.

    Example:
        >>> robust_slope([(0, 0), (1, 2), (2, 4), (3, 99), (4, 8)])
        (2.0, 0.9)
    """
    slopes = [(y1 - y0) / (x1 - x0) for (x0, y0), (x1, y1) in combinations(points, 2) if x1 != x0]
    if not slopes:
        return None
    slope = statistics.median(slopes)
    return slope, sum(1 for other in slopes if other * slope > 0) / len(slopes)
