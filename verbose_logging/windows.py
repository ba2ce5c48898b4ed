"""Rolling statistics: windows, a debiased moving average, blocks. Pure arithmetic, no clock."""

from __future__ import annotations

import math
import statistics
from bisect import bisect_left, insort
from collections import deque
from collections.abc import Callable, Collection, Sequence

from verbose_logging.robust import scatter

_ROUNDING = 1e-9  # more than what a sum of a few numbers may be off by, as a share


class Window:
    """The last `size` values of a series.

    Args:
        size: How many values are kept.

    Attributes:
        add: Appends a value; the oldest leaves when the window is full. (The deque's own method: a step adds to a dozen
            windows.)

    Example:
        >>> window = Window(3)
        >>> for value in (9.0, 1.0, 2.0, 3.0):
        ...     window.add(value)
        >>> window.mean, window.median, window.std
        (2.0, 2.0, 1.0)
    """

    def __init__(self, size: int) -> None:
        self.values: deque[float] = deque(maxlen=size)
        self.add: Callable[[float], None] = self.values.append

    def __len__(self) -> int:
        return len(self.values)

    @property
    def mean(self) -> float | None:
        """The arithmetic mean, `None` without a value."""
        return sum(self.values) / len(self.values) if self.values else None

    @property
    def median(self) -> float | None:
        """The median, `None` without a value."""
        return _middle(sorted(self.values))

    @property
    def std(self) -> float | None:
        """The sample standard deviation, `None` below two values."""
        return deviation(self.values)

    @property
    def scatter(self) -> float | None:
        """The standard deviation as the median deviation tells it, deaf to outliers; `None` without a value."""
        return scatter(self.values) if self.values else None


class MedianWindow:
    """The last `size` values of a series, sorted as they come, for whoever asks for their median at each step.

    Args:
        size: How many values are kept; none of them may be NaN, which has no place in an order.

    Example:
        >>> window = MedianWindow(3)
        >>> for value in (9.0, 1.0, 2.0, 3.0):
        ...     window.add(value)
        >>> window.median, list(window.values)
        (2.0, [1.0, 2.0, 3.0])
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self.values: deque[float] = deque(maxlen=size)
        self._sorted: list[float] = []

    def add(self, value: float) -> None:
        """Appends a value; the oldest leaves when the window is full."""
        if len(self._sorted) == self._size:
            del self._sorted[bisect_left(self._sorted, self.values[0])]
        self.values.append(value)
        insort(self._sorted, value)

    def __len__(self) -> int:
        return len(self._sorted)

    @property
    def median(self) -> float | None:
        """The median, `None` without a value."""
        return _middle(self._sorted)


def deviation(values: Collection[float]) -> float | None:
    """Returns the sample standard deviation, `None` below two values.

    `statistics.stdev`, exact to the last digit, takes a tenth of a second for an epoch's steps.

    Example:
        >>> deviation([1.0, 2.0, 3.0])
        1.0
    """
    count = len(values)
    if count < 2:  # noqa: PLR2004 - a deviation needs two
        return None
    return math.dist(values, [sum(values) / count] * count) / math.sqrt(count - 1)


def _middle(ordered: Sequence[float]) -> float | None:
    """Returns the median of values in ascending order, `None` without one."""
    middle, is_odd = divmod(len(ordered), 2)
    if is_odd:
        return ordered[middle]
    return (ordered[middle - 1] + ordered[middle]) / 2 if ordered else None


class ShareWindow:
    """A part and its whole over the last `size` steps, for whoever asks at each step whether its share is too high.

    The share over several steps lies above a limit only where that of one of them does. So while none does, nothing is
    added up; where one does, everything is added up anew, because running sums of fractions drift.

    Args:
        size: How many steps are kept.
        limit: The share in question, in [0, 1].

    Attributes:
        parts: The parts of the last steps.
        wholes: Their wholes.

    Example:
        >>> window = ShareWindow(2, limit=0.5)
        >>> window.add(1.0, 10.0), window.add(6.0, 10.0), window.sums
        (False, True, (7.0, 20.0))
    """

    def __init__(self, size: int, limit: float) -> None:
        self.parts: deque[float] = deque(maxlen=size)
        self.wholes: deque[float] = deque(maxlen=size)
        self._size = size
        self._limit = limit * (1 - _ROUNDING)
        self._steps_to_look = 0

    def add(self, part: float, whole: float) -> bool:
        """Takes in a step, and returns whether the share may be above the limit."""
        self.parts.append(part)
        self.wholes.append(whole)
        if part > self._limit * whole:
            self._steps_to_look = self._size
        elif self._steps_to_look:
            self._steps_to_look -= 1
        return self._steps_to_look > 0

    @property
    def is_full(self) -> bool:
        """Whether so many steps have been seen."""
        return len(self.parts) == self._size

    @property
    def sums(self) -> tuple[float, float]:
        """The sum of the parts and that of the wholes."""
        return sum(self.parts), sum(self.wholes)


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


class Blocks:
    """A long series in constant memory: the means of equally long blocks, which pair up when there are too many.

    Args:
        most: How many blocks are kept at most; even.

    Example:
        >>> blocks = Blocks(4)
        >>> for x in range(6):
        ...     _ = blocks.add(float(x), 10.0 * x)
        >>> blocks.size, blocks.points
        (2, [(0.5, 5.0), (2.5, 25.0), (4.5, 45.0)])
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self.clear()

    def clear(self) -> None:
        """Forgets everything."""
        self.size = 1
        self.points: list[tuple[float, float]] = []
        self._open: list[tuple[float, float]] = []

    def add(self, x: float, y: float) -> bool:
        """Takes in a point; returns whether a block is complete with it."""
        self._open.append((x, y))
        if len(self._open) < self.size:
            return False
        self.points.append(_mean(self._open))
        self._open = []
        if len(self.points) == self._most:
            self.points = [_mean(pair) for pair in zip(self.points[::2], self.points[1::2], strict=True)]
            self.size *= 2
        return True


def _mean(points: Sequence[tuple[float, float]]) -> tuple[float, float]:
    return statistics.fmean(x for x, _ in points), statistics.fmean(y for _, y in points)
