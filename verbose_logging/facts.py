"""What was observed: one small tuple type per hook, sample and end.

A fact is what an adapter saw, with nothing computed from it. Building one costs the training thread about 0.1 us
(the types are C structs that encode as JSON arrays), so a hook is a clock read and an append.

`at` is always the monotonic clock in seconds. Wall-clock time enters only through facts that carry `wall` (seconds
since the epoch) and `utc_offset_seconds`; the recorder dates everything else from the latest of them.

Fields named in `deferred_fields` may hold, while the fact waits in the inbox, a scalar that is still on a device or
a `Deferred` computation. The pipeline's thread settles them before the recorder sees the fact.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, Literal, NamedTuple, TypeAlias, Union

import msgspec


class Deferred(NamedTuple):
    """A value that the pipeline's thread computes, because the training thread must not.

    Args:
        compute: Called once, off the training thread; if it raises, the value is absent.
    """

    compute: Callable[[], Any]


class FactBase(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=True):
    """The monotonic time of an observation, in seconds."""

    deferred_fields: ClassVar[tuple[str, ...]] = ()

    at: float


class RunOpened(FactBase, frozen=True):
    """A run begins; first fact of every recorder."""

    wall: float
    utc_offset_seconds: float
    run_id: str
    rank: int
    world_size: int


class ClockRead(FactBase, frozen=True):
    """Both clocks read together; dates the facts that follow, and tells the recorder that time passes."""

    wall: float
    utc_offset_seconds: float


class Lineage(msgspec.Struct, frozen=True, array_like=True):
    """The run that a resumed training goes on with, as the log of its earlier sessions has it.

    `session` is the number of the latest one, `num_tokens` the tokens seen at the checkpoint; `None` where the log does
    not say.
    """

    run_id: str
    last_seq: int
    session: int | None
    num_tokens: int | None


class Restored(FactBase, frozen=True):
    """A training resumes from a checkpoint; comes before its start. `lineage` is `None` where our log knows of none."""

    deferred_fields = ("lineage",)

    lineage: Any


class SystemInspected(FactBase, frozen=True):
    """The machine, as found at the start."""

    system_info: dict[str, Any]


class TrainingInspected(FactBase, frozen=True):
    """The training arguments (redacted), the model and the data, as found at the start.

    `flop_costs` is what one token costs this model, from `inspection.flops`; `devices` has the compute `dtype`, the
    device `name` and the `count` of devices of the whole job; `objective` is what is minimised, from `objectives`.
    """

    deferred_fields = ("flop_costs",)

    training_args: dict[str, Any]
    model_info: dict[str, Any]
    dataset_info: dict[str, Any]
    settings: dict[str, Any]
    metric_sources: dict[str, str]
    flop_costs: Any = None
    devices: dict[str, Any] | None = None
    objective: dict[str, Any] | None = None


class TrainBegin(FactBase, frozen=True):
    """`on_train_begin`. `step` is above 0 when the run resumes; `None` means that the Trainer cannot know.

    `evaluate_every_steps` and `save_every_steps` are the Trainer's own schedule, `None` for never; where it saves only
    the best, that of the evaluations. No evaluation comes before `first_evaluation_step`, and `evaluates_at_end` says
    whether the last step has one whatever the schedule. `preparation_seconds` have passed since the hook was called,
    for describing machine and model.
    """

    step: int
    total_steps: int | None
    total_epochs: int | None
    steps_per_epoch: int | None
    batches_per_epoch: int | None
    attempt: int
    evaluate_every_steps: int | None = None
    save_every_steps: int | None = None
    first_evaluation_step: int = 0
    evaluates_at_end: bool = True
    preparation_seconds: float = 0.0


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


class TrainEnd(FactBase, frozen=True):
    """`on_train_end`. `account` is what the logger itself has cost so far, `signal` the one that asked for the end."""

    deferred_fields = ("account",)

    step: int
    epoch: float
    account: Any
    signal: str | None = None


class RunBroken(FactBase, frozen=True):
    """The run ended without `on_train_end`."""

    deferred_fields = ("account",)

    outcome: Literal["interrupted", "failed"]
    exception: dict[str, Any]
    account: Any


class ProbeRead(FactBase, frozen=True):
    """A probe answered."""

    probe: str
    reading: dict[str, Any]


class ProbeFailed(FactBase, frozen=True):
    """A probe raised or has not answered in time; its last reading grows old."""

    probe: str
    error: str


class GcPause(FactBase, frozen=True):
    """The garbage collector stopped the process for so many seconds."""

    seconds: float
    generation: int


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
    """Facts that found the inbox full, observed between the monotonic times `first_at` and `last_at`."""

    count: int
    first_at: float
    last_at: float


Fact: TypeAlias = Union[  # noqa: UP007 - msgspec and TypeAlias need the runtime form on 3.10
    RunOpened,
    ClockRead,
    Restored,
    SystemInspected,
    TrainingInspected,
    TrainBegin,
    EpochBegin,
    StepBegin,
    MicroStep,
    SubstepEnd,
    PreOptimizerStep,
    LoopStep,
    StepEnd,
    EpochEnd,
    Logged,
    PredictionStep,
    Predicted,
    Evaluated,
    Saved,
    TrainEnd,
    RunBroken,
    ProbeRead,
    ProbeFailed,
    GcPause,
    Quiet,
    UserWrote,
    ModelStateRead,
    FactsDropped,
]
