"""How far the run is."""

from __future__ import annotations

from verbose_logging.facts import StepEnd, TrainBegin
from verbose_logging.hearing import hears
from verbose_logging.meters.base import BaseMeter, known
from verbose_logging.protocols import MetricSpec, Numbers


class ProgressMeter(BaseMeter):
    """Steps done and to do; without a known end only the steps done."""

    group = "progress"
    specs = (
        MetricSpec("current_step", "", "Optimizer steps finished."),
        MetricSpec("total_steps", "", "Optimizer steps of the whole run."),
        MetricSpec("progress_percent", "%", "Share of the steps that are finished."),
        MetricSpec("remaining_steps", "", "Optimizer steps to go."),
        MetricSpec("steps_completed_this_session", "", "Steps since this process began to train."),
    )

    def __init__(self) -> None:
        self._step = 0
        self._first_step = 0
        self._total_steps: int | None = None

    @hears(TrainBegin)
    def _begin(self, fact: TrainBegin) -> None:
        self._step = self._first_step = fact.step
        self._total_steps = fact.total_steps

    @hears(StepEnd)
    def _end_step(self, fact: StepEnd) -> None:
        self._step = fact.finished

    def at_step(self) -> Numbers:
        """Returns where the run is."""
        total = self._total_steps
        return known(
            current_step=self._step,
            total_steps=total,
            progress_percent=min(100.0, 100 * self._step / total) if total else None,
            remaining_steps=max(0, total - self._step) if total else None,
            steps_completed_this_session=self._step - self._first_step,
        )

    def at_end(self) -> Numbers:
        """Returns how far the run came."""
        return self.at_step()
