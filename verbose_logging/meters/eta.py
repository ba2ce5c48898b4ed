"""When the run will end."""

from __future__ import annotations

from collections.abc import Callable

from verbose_logging.facts import Fact, StepEnd, TrainBegin
from verbose_logging.meters.base import BaseMeter
from verbose_logging.meters.rates import StepTimes
from verbose_logging.protocols import MetricSpec, Numbers


class EtaMeter(BaseMeter):
    """Remaining steps times the recent pace of this session, so a resumed run is right from its first steps on.

    Args:
        step_times: Recent step times; observed before this meter.
        date: Turns a monotonic time into an ISO 8601 date.
    """

    group = "timing"
    specs = (
        MetricSpec("eta_minutes", "min", "Time until the last step is done.", "lower"),
        MetricSpec("estimated_completion", "", "The date at which the last step will be done."),
    )

    def __init__(self, step_times: StepTimes, date: Callable[[float], str]) -> None:
        self._step_times = step_times
        self._date = date
        self._total_steps: int | None = None
        self._step = 0
        self._at = 0.0

    def observe(self, fact: Fact) -> None:
        """Takes in a fact."""
        if isinstance(fact, StepEnd):
            self._step = fact.step
            self._at = fact.at
        elif isinstance(fact, TrainBegin):
            self._total_steps = fact.total_steps
            self._step = fact.step

    def at_step(self) -> Numbers:
        """Returns the forecast, nothing where the number of steps is not known."""
        pace = self._step_times.robust
        if pace is None or self._total_steps is None:
            return {}
        seconds = max(0, self._total_steps - self._step) * pace
        return {"eta_minutes": seconds / 60, "estimated_completion": self._date(self._at + seconds)}
