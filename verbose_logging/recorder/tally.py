"""What the run has been through so far: counts, marks and results that entries quote."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from verbose_logging.facts import (
    EpochBegin,
    Evaluated,
    MicroStep,
    ModelStateRead,
    Predicted,
    PredictionStep,
    PreOptimizerStep,
    Saved,
    StepBegin,
    StepEnd,
    SubstepEnd,
    TrainBegin,
    TrainingInspected,
)
from verbose_logging.hearing import Hearer, hears
from verbose_logging.recorder.position import Position


class Tally(Hearer):
    """Counts what happens within a step, an epoch, an evaluation and the session.

    Args:
        position: Where the run is; observed before this.
    """

    def __init__(self, position: Position) -> None:
        self._position = position
        self.micro_step = 0
        self.micro_batches = 0
        self.micro_batch: MicroStep | None = None
        self.prediction_step = 0
        self.epochs = 0
        self.epoch_began_at = 0.0
        self.epoch_first_step = 0
        self.evaluations = 0
        self.checkpoints = 0
        self.last_evaluation_step: int | None = None
        self.last_losses: dict[str, float] = {}
        self.best_losses: dict[str, float] = {}
        self.batch: dict[str, Any] = {}
        self.model: dict[str, Any] = {}
        self.model_state: dict[str, Any] | None = None
        self.stop_requested: dict[str, Any] | None = None
        self._open_batches = 0

    @hears(TrainBegin)
    def _begin(self, _: TrainBegin) -> None:
        self.epochs = self._open_batches = 0

    @hears(EpochBegin)
    def _begin_epoch(self, fact: EpochBegin) -> None:
        self.epochs += 1
        self.epoch_began_at = fact.at
        self.epoch_first_step = self._position.finished

    @hears(StepBegin)
    def _begin_step(self, _: StepBegin) -> None:
        self.micro_step = 0
        self.micro_batch = None

    @hears(MicroStep)
    def _add_batch(self, fact: MicroStep) -> None:
        self.micro_batch = fact
        self._open_batches += 1

    @hears(SubstepEnd, PreOptimizerStep)
    def _end_micro_step(self, _: SubstepEnd | PreOptimizerStep) -> None:
        self.micro_step += 1
        self.model_state = None

    @hears(StepEnd)
    def _end_step(self, _: StepEnd) -> None:
        self.micro_batches, self._open_batches = self._open_batches, 0

    @hears(PredictionStep)
    def _predict(self, _: PredictionStep) -> None:
        self.prediction_step += 1

    @hears(Predicted)
    def _end_prediction(self, _: Predicted) -> None:
        self.prediction_step = 0

    @hears(Saved)
    def _save(self, _: Saved) -> None:
        self.checkpoints += 1

    @hears(ModelStateRead)
    def _read_model(self, fact: ModelStateRead) -> None:
        self.model_state = fact.model_state

    @hears(Evaluated)
    def _evaluated(self, fact: Evaluated) -> None:
        """Keeps the last and the best loss of each evaluation set by its name."""
        self.evaluations += 1
        self.prediction_step = 0
        if self.last_evaluation_step != fact.step:
            self.last_losses = {}
        self.last_evaluation_step = fact.step
        for name, loss in evaluation_losses(fact.metrics).items():
            self.last_losses[name] = loss
            if math.isfinite(loss):
                self.best_losses[name] = min(loss, self.best_losses.get(name, loss))

    @hears(TrainingInspected)
    def _inspected(self, fact: TrainingInspected) -> None:
        arguments = {
            "batch_size": "batch_size",
            "per_device_train_batch_size": "batch_size",
            "gradient_accumulation_steps": "gradient_accumulation_steps",
        }
        self.batch = {ours: fact.training_args[key] for key, ours in arguments.items() if key in fact.training_args}
        counts = ("total_parameters", "trainable_parameters", "active_parameters")
        self.model = {key: fact.model_info[key] for key in counts if key in fact.model_info}


def evaluation_losses(metrics: Mapping[str, Any]) -> dict[str, float]:
    """Returns the losses among an evaluation's metrics, by name; several sets have several.

    Example:
        >>> evaluation_losses({"eval_loss": 1.5, "eval_runtime": 2.0})
        {'eval_loss': 1.5}
    """
    return {name: float(value) for name, value in metrics.items() if name.endswith("_loss")}
