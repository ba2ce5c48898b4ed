"""Memory that grows and grows, with the time that is left."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar

from verbose_logging.entries import TrainingStepComplete
from verbose_logging.formatting import byte_size, short_duration
from verbose_logging.protocols import Condition, FindingKind
from verbose_logging.robust import robust_slope
from verbose_logging.rules.base import NOT_FIRING, NOTHING, Verdicts
from verbose_logging.rules.parameters import NotNegative
from verbose_logging.rules.readings import FreshReadings, Reading, ReadingRule

_READINGS = 20
_ENOUGH = 10
_SECONDS = 15.0
_AGREEMENT = 0.9  # share of pairs of readings that must rise
_MB = 1e6


class MemoryLeak(ReadingRule):
    """This process's memory grows steadily, and at this pace it is full before the run ends.

    Growth that slows down, as that of caches and of an allocator does, is none.

    Args:
        at_least_mb_per_minute: Slower growth is not told, whatever the run's length.
    """

    name = "memory_leak"
    kind: ClassVar[FindingKind] = "resource_warning"

    def __init__(self, *, at_least_mb_per_minute: NotNegative = 10.0) -> None:
        self._at_least = at_least_mb_per_minute
        super().__init__()

    def begin(self) -> None:
        """Forgets the run before."""
        super().begin()
        self._points: deque[tuple[float, float]] = deque(maxlen=_READINGS)
        self._fresh = FreshReadings()
        self._remaining_minutes: float | None = None

    def at_step(self, entry: TrainingStepComplete) -> Verdicts:
        """Notes how long the run has to go on, and judges its readings."""
        self._remaining_minutes = entry.timing.get("eta_minutes")
        return super().at_step(entry)

    def at_reading(self, entry: Reading, usage: Mapping[str, Any]) -> Verdicts:
        """Returns whether memory runs full, where the entry carries a new reading."""
        held, available = usage.get("process", {}).get("memory_rss_mb"), usage.get("memory", {}).get("available_gb")
        if held is None or available is None or not self._fresh.is_new(usage):
            return NOTHING
        at = datetime.fromisoformat(usage["sampled_at"]).timestamp()
        self._points.append((at, held))
        rate = self._steady_rate()
        if rate is None:
            return NOT_FIRING
        seconds_left = 1000 * available / rate
        in_time = self._remaining_seconds is not None and seconds_left >= self._remaining_seconds
        return NOT_FIRING if in_time else (self._found(entry, held=held, rate=rate, seconds_left=seconds_left),)

    @property
    def _remaining_seconds(self) -> float | None:
        return None if self._remaining_minutes is None else 60 * self._remaining_minutes

    def _steady_rate(self) -> float | None:
        """Returns the growth in MB per second, `None` where it is no steady growth."""
        points = list(self._points)
        if len(points) < _ENOUGH or points[-1][0] - points[0][0] < _SECONDS:
            return None
        slope, agreement = robust_slope(points) or (0.0, 0.0)
        half = len(points) // 2
        early, late = robust_slope(points[: half + 1]), robust_slope(points[half:])
        if agreement < _AGREEMENT or 60 * slope < self._at_least or early is None or late is None:
            return None
        return slope if late[0] >= 0.5 * early[0] else None

    def _found(self, entry: Reading, *, held: float, rate: float, seconds_left: float) -> Condition:
        return Condition(
            firing=True,
            verdict=f"Memory leaks: this process grows by {byte_size(60 * rate * _MB)} a minute and memory is full in "
            f"{short_duration(seconds_left)}",
            evidence={
                "step": entry.step,
                "memory_rss_mb": held,
                "mb_per_minute": 60 * rate,
                "seconds_to_limit": seconds_left,
                "remaining_seconds": self._remaining_seconds,
            },
            suggestion="Something keeps what each step makes: a list of losses or outputs that still hold their graph "
            "(append loss.item(), not loss), a cache without a limit, or evaluation outputs that pile up "
            "(eval_accumulation_steps).",
        )
