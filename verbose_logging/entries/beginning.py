"""How a run begins: the machine, what will be trained, the start."""

from __future__ import annotations

from typing import Annotated

import msgspec

from verbose_logging.entries.base import EntryBase, Tree


class SystemInitialization(EntryBase, frozen=True, kw_only=True, tag="system_initialization"):
    """The machine.

    Args:
        schema_version: The schema that the lines of this run satisfy.
        system_info: platform, cpu, memory, swap, disk, gpu, process, packages, whitelisted environment.
    """

    schema_version: int
    system_info: Tree


class TrainingInitialization(EntryBase, frozen=True, kw_only=True, tag="training_initialization"):
    """What will be trained, on what, how, and where each number comes from.

    Args:
        training_args: The training arguments, secrets redacted.
        model_info: Parameter counts, size, types, structure.
        dataset_info: Sizes, columns and a look at the rows' shape.
        settings: The options of this recording.
        metric_sources: Where each number comes from.
        mfu_receipt: Formula, cost of a token, peak and its source, devices.
        objective: The trainer's class; the kind of `loss` and the `chance_loss` of guessing, where they are known; the
            `schedule` of the learning rate, where the Trainer made it.
    """

    training_args: Tree
    model_info: Tree
    dataset_info: Tree
    settings: Tree
    metric_sources: dict[str, str]
    mfu_receipt: Tree | None = None
    objective: Tree | None = None


class TrainingStart(EntryBase, frozen=True, kw_only=True, tag="training_start"):
    """Training begins.

    Args:
        attempt: Above 1 when the Trainer started again with a smaller batch.
        total_steps: Optimizer steps of the whole run, absent for a stream without end.
        total_epochs: Epochs of the whole run.
        steps_per_epoch: Optimizer steps of an epoch.
        resumed_from_step: The checkpoint's step, where the run resumes; later steps of earlier sessions are superseded.
        session: 2 where the run is resumed for the first time from a checkpoint of its own.
        world_size: Processes of the job.
    """

    attempt: int
    total_steps: int | None = None
    total_epochs: int | None = None
    steps_per_epoch: int | None = None
    resumed_from_step: int | None = None
    session: Annotated[int, msgspec.Meta(ge=1)] | None = None
    world_size: int | None = None
