"""Steps that take far longer than this run's usual step."""

from __future__ import annotations

from collections.abc import Iterable

from verbose_logging.entries import Entry, Severity, TrainingStepComplete
from verbose_logging.formatting import short_duration
from verbose_logging.protocols import Condition, FindingKind
from verbose_logging.windows import Window

_ENOUGH = 10


class SlowSteps:
    """A step took a multiple of the usual time, and either did so repeatedly or lost a second or more.

    Shared machines stutter: a single step of 30 ms instead of 10 ms says nothing about the run.

    Args:
        times_median: Limit as a multiple of the median of the last 50 steps.
        repeats: So many slow steps in a row count, however short.
        at_least_seconds: A single slow step counts if it loses so much time.
    """

    name = "slow_steps"
    kind: FindingKind = "performance_anomaly"
    severity: Severity = "WARNING"

    def __init__(self, *, times_median: float = 3.0, repeats: int = 3, at_least_seconds: float = 1.0) -> None:
        self._times_median = times_median
        self._repeats = repeats
        self._at_least_seconds = at_least_seconds
        self._usual = Window(50)
        self._in_a_row = 0

    def judge(self, entry: Entry) -> Iterable[Condition]:
        """Returns whether the step was slow, once ten steps have shown what is usual."""
        if not isinstance(entry, TrainingStepComplete):
            return
        step_time = entry.timing.get("step_time_seconds")
        if step_time is None:
            return
        median = self._usual.median
        self._usual.add(step_time)
        if median is None or len(self._usual) <= _ENOUGH:
            return
        slow = step_time > self._times_median * median
        self._in_a_row = self._in_a_row + 1 if slow else 0
        firing = slow and (self._in_a_row >= self._repeats or step_time - median >= self._at_least_seconds)
        yield Condition(
            firing=firing,
            verdict=f"Step {entry.step} took {short_duration(step_time)}, {step_time / median:.1f}x the usual "
            f"{short_duration(median)}"
            if median > 0
            else f"Step {entry.step} took {short_duration(step_time)}",
            evidence={
                "step_time_seconds": step_time,
                "median_step_time_seconds": median,
                "limit_seconds": self._times_median * median,
                "slow_steps_in_a_row": self._in_a_row,
                "phases": entry.timing.get("phases", {}),
            },
            suggestion="Compare timing.phases with those of the steps before: a long data_wait points at the data "
            "loader, a long forward_backward at the device or at longer samples.",
        )
