"""How much data goes through: samples and tokens, per step, per second and in all."""

from __future__ import annotations

from verbose_logging.facts import Restored, RunOpened, StepEnd, TrainBegin
from verbose_logging.hearing import hears
from verbose_logging.meters.base import BaseMeter, known
from verbose_logging.meters.rates import RecentSteps
from verbose_logging.meters.step_counts import StepCounts
from verbose_logging.protocols import MetricSpec, Numbers


class TokenMeter(BaseMeter):
    """Tokens of the step, and of the run.

    `padded_tokens` are all positions that the device worked on, `real_tokens` those that are no padding, `loss_tokens`
    those that taught the model something. `num_tokens` goes on after a resume, from what our own log says of the
    checkpoint; without that it is not known, and what the Trainer logs under this name stands.

    Args:
        counts: The step's counts; observed before this meter.
    """

    group = "metrics"
    specs = (
        MetricSpec("padded_tokens", "", "Token positions of the step on this rank, padding included."),
        MetricSpec("real_tokens", "", "Token positions of the step on this rank that are no padding."),
        MetricSpec("loss_tokens", "", "Positions of the step on this rank that the loss is taken over."),
        MetricSpec(
            "num_items_in_batch", "", "What the Trainer divides the step's loss by: labels counted over all ranks."
        ),
        MetricSpec("padding_fraction", "", "Share of the step's positions that are padding.", "lower"),
        MetricSpec("num_tokens", "", "Real tokens since the run began on this rank, resumes included."),
    )

    def __init__(self, counts: StepCounts) -> None:
        self._counts = counts
        self._world_size = 1
        self._total: int | None = 0
        self._at_checkpoint: int | None = None

    @hears(RunOpened)
    def _open(self, fact: RunOpened) -> None:
        self._world_size = fact.world_size

    @hears(Restored)
    def _restore(self, fact: Restored) -> None:
        self._at_checkpoint = None if fact.lineage is None else fact.lineage.num_tokens

    @hears(TrainBegin)
    def _begin(self, fact: TrainBegin) -> None:
        self._total = self._at_checkpoint if fact.step else 0

    @hears(StepEnd)
    def _end_step(self, _: StepEnd) -> None:
        real = self._counts.values.get("real_tokens")
        self._total = None if self._total is None or real is None else self._total + real

    def at_step(self) -> Numbers:
        """Returns the step's tokens and the run's."""
        values = self._counts.values
        padded, real = values.get("padded_tokens"), values.get("real_tokens")
        return known(
            padded_tokens=padded,
            real_tokens=real,
            loss_tokens=values.get("loss_tokens"),
            num_items_in_batch=values.get("items_in_batch") if self._world_size > 1 else None,
            padding_fraction=1 - real / padded if padded and real is not None else None,
            num_tokens=self._total,
        )

    def at_end(self) -> Numbers:
        """Returns the run's tokens."""
        return known(num_tokens=self._total)


class ThroughputMeter(BaseMeter):
    """Samples and tokens per second of this rank, over the steps that also count for `steps_per_second`.

    Args:
        recent: The steps that count; observed before this meter.
    """

    group = "timing"
    specs = (
        MetricSpec("samples_per_second", "1/s", "Rows per second on this rank.", "higher"),
        MetricSpec("tokens_per_second", "1/s", "Real tokens per second on this rank.", "higher"),
        MetricSpec("padded_tokens_per_second", "1/s", "Token positions per second on this rank, padding included."),
        MetricSpec("loss_tokens_per_second", "1/s", "Tokens under the loss per second on this rank.", "higher"),
        MetricSpec("global_items_per_second", "1/s", "num_items_in_batch per second, over all ranks.", "higher"),
    )

    def __init__(self, recent: RecentSteps) -> None:
        self._recent = recent
        self._world_size = 1

    @hears(RunOpened)
    def _open(self, fact: RunOpened) -> None:
        self._world_size = fact.world_size

    def at_step(self) -> Numbers:
        """Returns the present rates."""
        per_second = self._recent.per_second
        return known(
            samples_per_second=per_second("samples"),
            tokens_per_second=per_second("real_tokens"),
            padded_tokens_per_second=per_second("padded_tokens"),
            loss_tokens_per_second=per_second("loss_tokens"),
            global_items_per_second=per_second("items_in_batch") if self._world_size > 1 else None,
        )

    def at_epoch(self) -> Numbers:
        """Returns the present rates."""
        return self.at_step()

    def at_end(self) -> Numbers:
        """Returns the present rates."""
        return self.at_step()
