"""A run begins, is described, and ends."""

from __future__ import annotations

from typing import Any, Literal

from verbose_logging.facts.base import FactBase


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
