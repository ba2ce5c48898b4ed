"""The training loss: of the step, of the epoch, smoothed."""

from __future__ import annotations

import math

from verbose_logging.facts import EpochBegin, Fact, Logged, StepEnd, TrainBegin
from verbose_logging.meters.base import BaseMeter, known
from verbose_logging.protocols import MetricSpec, Numbers
from verbose_logging.windows import DebiasedEma, RunningMean

_SMOOTHING = 0.9


class LossMeter(BaseMeter):
    """The loss that the Trainer logs, which is the mean of the steps since its last log.

    A loss that is not finite is reported as it is and left out of the means. The Trainer logs 0.0 in place of a NaN
    (`logging_nan_inf_filter`); its gradient norm is NaN then, and such a 0.0 counts neither in a mean nor as best.
    """

    group = "metrics"
    specs = (
        MetricSpec("loss", "", "Training loss of the step.", "lower"),
        MetricSpec("avg_loss", "", "Mean loss of the epoch so far, weighted by steps.", "lower"),
        MetricSpec("smoothed_loss", "", "Exponential moving average of the loss, 0.9, debiased.", "lower"),
        MetricSpec("final_loss", "", "The last finite loss.", "lower"),
        MetricSpec("best_loss", "", "The lowest finite loss.", "lower"),
    )

    def __init__(self) -> None:
        self._begin()

    def _begin(self) -> None:
        self._loss: float | None = None
        self._epoch = RunningMean()
        self._smoothed = DebiasedEma(_SMOOTHING)
        self._final: float | None = None
        self._best: float | None = None
        self._steps_since_log = 0

    def observe(self, fact: Fact) -> None:
        """Takes in a fact."""
        if isinstance(fact, StepEnd):
            self._loss = None
            self._steps_since_log += 1
        elif isinstance(fact, Logged) and "loss" in fact.logs:
            self._take(fact.logs["loss"], gradient_norm=fact.logs.get("grad_norm", 0.0))
        elif isinstance(fact, EpochBegin):
            self._epoch.reset()
        elif isinstance(fact, TrainBegin):
            self._begin()

    def _take(self, loss: float, *, gradient_norm: float) -> None:
        self._loss = loss
        filtered = loss == 0.0 and not math.isfinite(gradient_norm)
        if math.isfinite(loss) and not filtered:
            self._epoch.add(loss, weight=max(1, self._steps_since_log))
            self._smoothed.add(loss)
            self._final = loss
            self._best = loss if self._best is None else min(self._best, loss)
        self._steps_since_log = 0

    def at_step(self) -> Numbers:
        """Returns the step's loss, where the Trainer logged one, and the means."""
        return known(loss=self._loss, avg_loss=self._epoch.value, smoothed_loss=self._smoothed.value)

    def at_epoch(self) -> Numbers:
        """Returns the epoch's mean loss."""
        return known(avg_loss=self._epoch.value, smoothed_loss=self._smoothed.value)

    def at_end(self) -> Numbers:
        """Returns the last and the lowest loss."""
        return known(final_loss=self._final, best_loss=self._best, smoothed_loss=self._smoothed.value)
