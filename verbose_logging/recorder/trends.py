"""Which way a reading goes, and when it will hit its limit."""

from __future__ import annotations

from collections import deque
from typing import Any

from verbose_logging.robust import robust_slope

_WINDOW = 10
_RECENT = 5
_AGREEMENT = 0.7  # share of point pairs that must go one way before we call it a way
_CHANGE = 0.005  # of the value, over the window; less than that is stable


class Trend:
    """The last ten readings of one series.

    Example:
        >>> trend = Trend()
        >>> for second in range(10):
        ...     trend.add(float(second), 50.0 + second, limit=100.0)
        >>> trend.report()["trend_direction"], trend.report()["slope_per_minute"]
        ('increasing', 60.0)
    """

    def __init__(self) -> None:
        self._points: deque[tuple[float, float]] = deque(maxlen=_WINDOW)
        self._limit: float | None = None
        self._report: dict[str, Any] | None = None

    def add(self, at: float, value: float, limit: float | None) -> None:
        """Takes in a reading.

        Args:
            at: Monotonic seconds.
            value: The reading.
            limit: The value at which the run is in trouble, where there is one.
        """
        self._points.append((at, value))
        self._limit = limit
        self._report = None

    def report(self) -> dict[str, Any]:
        """Returns the series' figures; slope in the reading's unit per minute. Built once per reading."""
        if self._report is None:
            self._report = self._build()
        return self._report

    def _build(self) -> dict[str, Any]:
        values = [value for _, value in self._points]
        recent = values[-_RECENT:]
        report: dict[str, Any] = {
            "current": values[-1],
            "avg_last_5": sum(recent) / len(recent),
            "max_last_10": max(values),
            "min_last_10": min(values),
            "trend_direction": "stable",
        }
        fit = robust_slope(self._points) if len(values) >= _RECENT else None
        if fit is None:
            return report
        slope, agreement = fit
        report["slope_per_minute"] = 60 * slope
        span = self._points[-1][0] - self._points[0][0]
        if agreement >= _AGREEMENT and abs(slope * span) > _CHANGE * abs(values[-1]):
            report["trend_direction"] = "increasing" if slope > 0 else "decreasing"
            if slope > 0 and self._limit is not None:
                report["minutes_to_limit"] = max(0.0, (self._limit - values[-1]) / (60 * slope))
        return report
