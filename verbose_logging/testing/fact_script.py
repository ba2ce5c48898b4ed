"""A run written down as facts, step by step, with times set by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from verbose_logging import facts
from verbose_logging.testing.fakes import ManualClock

_UNSEEN: dict[str, Any] = {
    "loss": None,
    "samples": None,
    "padded_tokens": None,
    "real_tokens": None,
    "loss_tokens": None,
    "squared_lengths": None,
    "items_in_batch": None,
    "shapes": {},
}


class FactScript:
    """Writes down the facts of a run, as the Trainer's hooks would give them, with times set by hand.

    Args:
        total_steps: Optimizer steps of the whole run; `None` for a stream.
        steps_per_epoch: Optimizer steps of an epoch.
        first_step: Steps that were done before, for a resumed run.
        evaluate_every_steps: The schedule of evaluations; `None` for never. The script writes none by itself.
        save_every_steps: The schedule of checkpoints, in the same way.

    Example:
        >>> script = FactScript(total_steps=2, steps_per_epoch=2).open().begin().epoch_begin()
        >>> script = script.step(loss=2.0).step(loss=1.0).epoch_end().end()
        >>> len(script.facts)
        13
    """

    def __init__(
        self,
        *,
        total_steps: int | None,
        steps_per_epoch: int,
        first_step: int = 0,
        evaluate_every_steps: int | None = None,
        save_every_steps: int | None = None,
    ) -> None:
        self.facts: list[facts.Fact] = []
        self.clock = ManualClock()
        self._total_steps = total_steps
        self._steps_per_epoch = steps_per_epoch
        self._step = first_step
        self._schedule = (evaluate_every_steps, save_every_steps)

    @property
    def epoch(self) -> float:
        """The Trainer's fractional epoch."""
        return self._step / self._steps_per_epoch

    def add(self, kind: Callable[..., facts.Fact], *values: Any, after: float = 0.0) -> FactScript:
        """Writes a fact of that kind, so many seconds after the one before."""
        self.clock.advance(after)
        self.facts.append(kind(self.clock.monotonic(), *values))
        return self

    def open(self) -> FactScript:
        """The run opens."""
        return self.add(facts.RunOpened, self.clock.wall(), 0.0, "run-1", 0, 1)

    def begin(self, *, attempt: int = 1) -> FactScript:
        """Training begins, or begins again."""
        epochs = None if self._total_steps is None else -(-self._total_steps // self._steps_per_epoch)
        per_epoch = self._steps_per_epoch
        planned = (self._step, self._total_steps, epochs, per_epoch, per_epoch)
        return self.add(facts.TrainBegin, *planned, attempt, *self._schedule)

    def epoch_begin(self) -> FactScript:
        """An epoch begins."""
        return self.add(facts.EpochBegin, self.epoch)

    def epoch_end(self) -> FactScript:
        """An epoch ends."""
        return self.add(facts.EpochEnd, self._step, self.epoch)

    def step(  # noqa: PLR0913 - keyword-only, each a thing that a step can have
        self,
        *,
        loss: float | None = None,
        data_wait: float = 0.1,
        forward_backward: float = 0.7,
        optimizer: float = 0.2,
        learning_rate: float = 1e-3,
        gradient_norm: float | None = None,
        gradient_norm_limit: float | None = None,
        micro_steps: Sequence[Mapping[str, Any]] = (),
        **logs: float,
    ) -> FactScript:
        """A whole step; it is logged when a loss or anything else is given.

        Args:
            loss: What the Trainer logs.
            data_wait: Seconds of waiting for the batches.
            forward_backward: Seconds of forward and backward passes.
            optimizer: Seconds of the optimizer's step.
            learning_rate: The rate that the step uses.
            gradient_norm: What the tap saw, before clipping.
            gradient_norm_limit: The Trainer's `max_grad_norm`.
            micro_steps: What the tap saw of each micro-batch: fields of `MicroStep`, those left out unknown.
            **logs: What else the Trainer logs.
        """
        self.add(facts.StepBegin, after=data_wait)
        self.clock.advance(forward_backward)
        for seen in micro_steps:
            self.facts.append(facts.MicroStep(self.clock.monotonic(), **{**_UNSEEN, **seen}))
        self.add(facts.PreOptimizerStep, learning_rate, gradient_norm_limit, gradient_norm)
        self.clock.advance(optimizer)
        self._step += 1
        logged = ({} if loss is None else {"loss": loss}) | logs
        self.add(facts.StepEnd, self._step, bool(logged))
        if logged:
            self.add(facts.Logged, logged)
        return self

    def evaluate(self, *, seconds: float = 1.0, **metrics: float) -> FactScript:
        """An evaluation of one batch, logged as the Trainer logs it."""
        self.add(facts.PredictionStep, after=seconds)
        self.add(facts.Logged, dict(metrics))
        return self.add(facts.Evaluated, self._step, self.epoch, dict(metrics))

    def save(self, *, seconds: float = 1.0, path: str = "out/checkpoint", size_bytes: int | None = None) -> FactScript:
        """A checkpoint."""
        return self.add(facts.Saved, self._step, self.epoch, path, size_bytes, after=seconds)

    def read(self, probe: str, reading: Mapping[str, Any]) -> FactScript:
        """A probe's answer."""
        return self.add(facts.ProbeRead, probe, dict(reading))

    def end(self) -> FactScript:
        """Training ends."""
        return self.add(facts.TrainEnd, self._step, self.epoch, None)
