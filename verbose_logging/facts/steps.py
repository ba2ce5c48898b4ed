"""What happens between a training's beginning and its end."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from verbose_logging.facts.base import FactBase


class EpochBegin(FactBase, frozen=True):
    """`on_epoch_begin`. `epoch` is the Trainer's fractional epoch, 0.0 at the start."""

    epoch: float


class StepBegin(FactBase, frozen=True):
    """`on_step_begin`: all micro-batches of the step have been fetched."""


class MicroStep(FactBase, frozen=True):
    """A micro-batch's forward and backward are done (from the tap on `training_step`).

    Args:
        loss: What `training_step` returned: the step's loss is the sum over its micro-batches.
        samples: Rows of the batch.
        padded_tokens: Token positions of the batch, padding included.
        real_tokens: Token positions that are no padding.
        loss_tokens: Positions that the loss is taken over.
        squared_lengths: Sum over sequences of the squared real length, packed sequences apart.
        items_in_batch: The Trainer's divisor of the loss where it is of all ranks: the step's loss tokens.
        shapes: Shape of every tensor of the batch.
    """

    deferred_fields = ("loss", "real_tokens", "loss_tokens", "squared_lengths", "items_in_batch")

    loss: Any
    samples: int | None
    padded_tokens: int | None
    real_tokens: Any
    loss_tokens: Any
    squared_lengths: Any
    items_in_batch: Any
    shapes: dict[str, list[int]]


class SubstepEnd(FactBase, frozen=True):
    """`on_substep_end`: a micro-batch is done and more of the same step follow."""


class PreOptimizerStep(FactBase, frozen=True):
    """`on_pre_optimizer_step`: the last micro-batch is done and gradients are clipped.

    `learning_rates` are those this step will use, one per parameter group, or the number of the only one;
    `gradient_norm_limit` is the Trainer's `max_grad_norm` (0 and `None` clip nothing), `gradient_norm` the norm before
    clipping (from the tap), and `module_norms` that of each top-level module's gradients after it.
    """

    deferred_fields = ("learning_rates", "gradient_norm", "module_norms")

    learning_rates: Any
    gradient_norm_limit: float | None = None
    gradient_norm: Any = None
    module_norms: Any = None


class LoopStep(PreOptimizerStep, frozen=True):
    """A plain loop has done a step: what it tells of its optimizer. When the step began, nobody saw."""


class StepEnd(FactBase, frozen=True):
    """`on_step_end`. `log_follows`: the Trainer will log this step right after. A plain loop may count from 0."""

    step: int
    log_follows: bool
    counted_from: int = 1

    @property
    def finished(self) -> int:
        """How many steps of the run are finished."""
        return self.step - self.counted_from + 1


class EpochEnd(FactBase, frozen=True):
    """`on_epoch_end`. `epoch` is the Trainer's fractional epoch, 1.0 after the first."""

    step: int
    epoch: float


class Logged(FactBase, frozen=True):
    """`on_log`: a copy of what the Trainer logged."""

    deferred_fields = ("logs",)

    logs: dict[str, Any]

    @property
    def is_of_evaluation(self) -> bool:
        """Whether it tells of an evaluation and not of the training's own steps."""
        return _name_an_evaluation(tuple(self.logs))


@lru_cache(maxsize=16)  # a training logs the same names again and again
def _name_an_evaluation(names: tuple[str, ...]) -> bool:
    return any(name.startswith("eval_") for name in names)


class PredictionStep(FactBase, frozen=True):
    """`on_prediction_step`: one batch of an evaluation is done."""


class Predicted(FactBase, frozen=True):
    """`on_predict`: a prediction is done."""


class Evaluated(FactBase, frozen=True):
    """`on_evaluate`: an evaluation is done."""

    deferred_fields = ("metrics",)

    step: int
    epoch: float
    metrics: dict[str, Any]


class Saved(FactBase, frozen=True):
    """`on_save`: a checkpoint is written. `size_bytes` is everything below `path`, `None` if it cannot be read.

    `metrics` is what a plain loop says of it.
    """

    deferred_fields = ("size_bytes", "metrics")

    step: int
    epoch: float
    path: str
    size_bytes: Any
    metrics: dict[str, Any] = {}


class Quiet(FactBase, frozen=True):
    """Training has been quiet for so many seconds; `stack` is where its thread stands, the innermost call last."""

    seconds: float
    stack: list[str]


class UserWrote(FactBase, frozen=True):
    """An entry that the user wrote, already a plain and redacted copy."""

    entry: dict[str, Any]


class ModelStateRead(FactBase, frozen=True):
    """What the user's `model_state` says of the step that is about to end, already a plain and redacted copy."""

    model_state: dict[str, Any]


class FactsDropped(FactBase, frozen=True):
    """Facts that found no room, or no time at the end, observed between the monotonic times `first_at` and `last_at`.

    `steps` is how many of them were ends of steps.
    """

    count: int
    first_at: float
    last_at: float
    steps: int = 0
