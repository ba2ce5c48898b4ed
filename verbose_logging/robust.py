"""Robust statistics of a series: what a few wild values cannot move. Pure arithmetic."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from itertools import combinations, pairwise
from operator import mul
from typing import NamedTuple

_MAD_TO_SIGMA = 1.4826  # of a normal distribution


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
    slopes = _slopes(points)
    if not slopes:
        return None
    slope = statistics.median(slopes)
    return slope, sum(1 for other in slopes if other * slope > 0) / len(slopes)


def _slopes(points: Sequence[tuple[float, float]]) -> list[float]:
    return [(y1 - y0) / (x1 - x0) for (x0, y0), (x1, y1) in combinations(points, 2) if x1 != x0]


def scatter(values: Iterable[float]) -> float:
    """Returns the standard deviation as the median absolute deviation tells it.

    Up to half of the values may be arbitrarily wrong. The factor makes it the standard deviation of normal noise.

    Example:
        >>> round(scatter([1.0, 2.0, 3.0, 4.0, 1000.0]), 4)
        1.4826
    """
    known = list(values)
    centre = statistics.median(known)
    return _MAD_TO_SIGMA * statistics.median(abs(value - centre) for value in known)


def noise(values: Iterable[float]) -> float:
    """Returns the standard deviation of the noise on a series that may rise or fall, deaf to outliers.

    From the differences of neighbours, which have hardly any of the trend and twice the variance. Example: a straight
    line has no noise, and its plain deviation is that of its slope.

    Example:
        >>> noise([5.0, 4.0, 3.0, 2.0]), round(noise([1.0, 1.4, 1.0, 1.4, 1.0]), 3)
        (0.0, 0.419)
    """
    differences = [after - before for before, after in pairwise(values)]
    return scatter(differences) / 2**0.5 if differences else 0.0


def alternation(values: Sequence[float]) -> float:
    """Returns the lag-1 autocorrelation around the median: about 0 for noise, near -1 for values that take turns.

    Example:
        >>> alternation([1.0, -1.0, 1.0, -1.0, 1.0, -1.0])
        -0.8333333333333334
    """
    centre = statistics.median(values)
    deviations = [value - centre for value in values]
    total = sum(map(mul, deviations, deviations))
    return sum(map(mul, deviations, deviations[1:])) / total if total else 0.0


class Fit(NamedTuple):
    """A robust straight line through points.

    Args:
        change: How much the line rises from the first x to the last.
        error: Standard error of `change`, from the deviation of the points around the line, outliers included.
    """

    change: float
    error: float


def fit_line(points: Sequence[tuple[float, float]]) -> Fit | None:
    """Returns the Theil-Sen line through the points, with the error of its change as for independent noise.

    Args:
        points: (x, y) pairs in the order of x.

    Returns:
        `None` where no two x differ.

    Example:
        >>> fit_line([(0.0, 1.0), (1.0, 2.0), (2.0, 3.0)])
        Fit(change=2.0, error=0.0)
    """
    slopes = _slopes(points)
    if not slopes:
        return None
    slope = statistics.median(slopes)
    centre = statistics.fmean(x for x, _ in points)
    spread = sum((x - centre) ** 2 for x, _ in points) ** 0.5
    residuals = [y - slope * x for x, y in points]
    level = statistics.median(residuals)
    deviation = (sum((residual - level) ** 2 for residual in residuals) / max(1, len(points) - 2)) ** 0.5
    span = points[-1][0] - points[0][0]
    return Fit(slope * span, deviation / spread * span)
