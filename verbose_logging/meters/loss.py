"""The training loss: of the step, of the epoch, smoothed."""

from __future__ import annotations

import math

from verbose_logging.facts import (
    EpochBegin,
    FactsDropped,
    Logged,
    MicroStep,
    RunOpened,
    StepEnd,
    TrainBegin,
    TrainingInspected,
)
from verbose_logging.hearing import hears
from verbose_logging.meters.base import BaseMeter, known
from verbose_logging.protocols import MetricSpec, Numbers
from verbose_logging.windows import DebiasedEma, RunningMean

_SMOOTHING = 0.9
_LARGEST_EXPONENT = 700.0  # exp() of more does not fit a float


class LossMeter(BaseMeter):
    """The loss of every optimizer step: the sum of what `training_step` returned for its micro-batches.

    Where that is not known it is the loss that the Trainer logs, which is the mean of the steps since its last log.
    `logging_nan_inf_filter` leaves NaN out of that sum: a 0.0 beside a gradient norm that is not finite was a NaN, and
    any other loss beside such a norm may be too low, so that it counts neither in a mean nor as best.

    With several ranks the Trainer's loss of the step, the mean over all ranks, goes first where it logs every step.
    Elsewhere the loss is this rank's own mean over its own loss tokens. Example: 2 ranks with 30 and 10 loss tokens,
    each at a mean of 2.0. `training_step` divides by all 40 and multiplies by 2, so it returns 3.0 and 1.0; times
    40 / (2 x 30) and 40 / (2 x 10) both are 2.0 again.

    A loss that is not finite is reported as it is and left out of the means. One of which facts were lost is not known.
    """

    group = "metrics"
    specs = (
        MetricSpec("loss", "", "Training loss of the step.", "lower"),
        MetricSpec("nonfinite_micro_step", "", "The step's first micro-batch whose loss is NaN or infinite, from 1."),
        MetricSpec("avg_loss", "", "Mean loss of the epoch so far, weighted by steps.", "lower"),
        MetricSpec("smoothed_loss", "", "Exponential moving average of the loss, 0.9, debiased.", "lower"),
        MetricSpec("perplexity", "", "exp(loss), for a mean cross-entropy per token.", "lower"),
        MetricSpec("final_loss", "", "Loss of the last step that has one; NaN if it was.", "lower"),
        MetricSpec("best_loss", "", "The lowest finite loss.", "lower"),
    )

    def __init__(self) -> None:
        self._world_size = 1
        self._is_cross_entropy = False
        self._clear()

    def _clear(self) -> None:
        self._sum: float | None = None
        self._is_whole = True
        self._micro_steps = 0
        self._open_break: int | None = None
        self._nonfinite_micro_step: int | None = None
        self._own_tokens = 0
        self._all_tokens: float | None = None
        self._loss: float | None = None
        self._epoch = RunningMean()
        self._smoothed = DebiasedEma(_SMOOTHING)
        self._final: float | None = None
        self._best: float | None = None
        self._awaits_log = False
        self._steps_since_log = 0

    @hears(RunOpened)
    def _open(self, fact: RunOpened) -> None:
        self._world_size = fact.world_size

    @hears(TrainingInspected)
    def _inspect(self, fact: TrainingInspected) -> None:
        self._is_cross_entropy = "perplexity" in fact.metric_sources

    @hears(TrainBegin)
    def _begin(self, _: TrainBegin) -> None:
        self._clear()

    @hears(EpochBegin)
    def _begin_epoch(self, _: EpochBegin) -> None:
        self._epoch.reset()

    @hears(FactsDropped)
    def _lose(self, _: FactsDropped) -> None:
        self._is_whole = False

    @hears(MicroStep)
    def _add(self, fact: MicroStep) -> None:
        self._micro_steps += 1
        if fact.loss is None:
            return
        if self._open_break is None and not math.isfinite(fact.loss):
            self._open_break = self._micro_steps
        self._sum = (self._sum or 0.0) + fact.loss
        self._own_tokens += fact.loss_tokens or 0
        self._all_tokens = fact.items_in_batch

    @hears(StepEnd)
    def _end_step(self, fact: StepEnd) -> None:
        self._steps_since_log += 1
        self._loss = self._own_mean() if self._is_whole else None
        self._nonfinite_micro_step, self._open_break, self._micro_steps = self._open_break, None, 0
        self._sum, self._own_tokens, self._all_tokens, self._is_whole = None, 0, None, True
        self._awaits_log = fact.log_follows and (self._loss is None or self._world_size > 1)
        if self._loss is not None and not self._awaits_log:
            self._count(self._loss, steps=1)

    def _own_mean(self) -> float | None:
        """Returns the step's loss as this rank knows it."""
        if self._sum is None or self._world_size == 1:
            return self._sum
        if not self._all_tokens or not self._own_tokens:
            return self._sum
        return self._sum * self._all_tokens / (self._world_size * self._own_tokens)

    @hears(Logged)
    def _take_log(self, fact: Logged) -> None:
        """Takes the Trainer's loss where ours is not known, or is one rank's and theirs is of this step alone."""
        if "loss" not in fact.logs:
            return
        logged: float = fact.logs["loss"]
        steps, self._steps_since_log = self._steps_since_log, 0
        if not self._awaits_log and self._loss is not None:
            return
        self._awaits_log = False
        may_be_filtered = not math.isfinite(fact.logs.get("grad_norm", 0.0))
        if self._loss is not None and (steps > 1 or may_be_filtered or not math.isfinite(self._loss)):
            self._count(self._loss, steps=1)
            return
        self._loss = self._final = math.nan if may_be_filtered and logged == 0.0 else logged
        if not may_be_filtered:
            self._count(logged, steps=max(1, steps))

    def _count(self, loss: float, *, steps: int) -> None:
        self._final = loss
        if not math.isfinite(loss):
            return
        self._epoch.add(loss, weight=steps)
        self._smoothed.add(loss)
        self._best = loss if self._best is None else min(self._best, loss)

    def at_step(self) -> Numbers:
        """Returns the step's loss, where it is known, and the means."""
        perplexity = None
        if self._is_cross_entropy and self._loss is not None and self._loss < _LARGEST_EXPONENT:
            perplexity = math.exp(self._loss)
        return known(
            loss=self._loss,
            nonfinite_micro_step=self._nonfinite_micro_step,
            avg_loss=self._epoch.value,
            smoothed_loss=self._smoothed.value,
            perplexity=perplexity,
        )

    def at_epoch(self) -> Numbers:
        """Returns the epoch's mean loss."""
        return known(avg_loss=self._epoch.value, smoothed_loss=self._smoothed.value)

    def at_end(self) -> Numbers:
        """Returns the last and the lowest loss."""
        return known(final_loss=self._final, best_loss=self._best, smoothed_loss=self._smoothed.value)
