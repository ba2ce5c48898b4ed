"""Time that the garbage collector took from a step."""

from __future__ import annotations

from verbose_logging.facts import GcPause, StepEnd
from verbose_logging.hearing import hears
from verbose_logging.meters.base import BaseMeter
from verbose_logging.protocols import MetricSpec, Numbers


class GcMeter(BaseMeter):
    """Sums the collector's pauses of a millisecond or more between two step ends; heard of at ultra only."""

    group = "timing"
    specs = (
        MetricSpec("gc_pause_seconds", "s", "Garbage collection within the step, pauses of 1 ms or more.", "lower"),
    )

    def __init__(self) -> None:
        self._open = 0.0
        self._step = 0.0

    @hears(GcPause)
    def _add(self, fact: GcPause) -> None:
        self._open += fact.seconds

    @hears(StepEnd)
    def _end_step(self, _: StepEnd) -> None:
        self._step, self._open = self._open, 0.0

    def at_step(self) -> Numbers:
        """Returns the step's pauses, where there were any."""
        return {"gc_pause_seconds": self._step} if self._step else {}
