"""What happens on the way: epochs, steps, evaluations, checkpoints, signs of life and of loss."""

from __future__ import annotations

import msgspec

from verbose_logging.entries.base import EntryBase, Group, Tree


class EpochBegin(EntryBase, frozen=True, kw_only=True, tag="epoch_begin"):
    """An epoch begins.

    Args:
        batches: Length of the data loader, where it has one.
        total_epochs: Epochs of the whole run.
    """

    batches: int | None = None
    total_epochs: int | None = None


class EpochComplete(EntryBase, frozen=True, kw_only=True, tag="epoch_complete"):
    """An epoch is done.

    Args:
        duration_seconds: Its wall time.
        steps: Optimizer steps of this session in it.
        batches: Length of the data loader, where it has one.
        total_epochs: Epochs of the whole run.
        timing: Its own step times and rates.
        metrics: Its own mean loss and tokens.
    """

    duration_seconds: float
    steps: int
    batches: int | None = None
    total_epochs: int | None = None
    timing: Group = {}
    metrics: Group = {}


class StepBegin(EntryBase, frozen=True, kw_only=True, tag="step_begin"):
    """A step's micro-batches are fetched and its work begins.

    Args:
        batch: What is known of its batches.
    """

    batch: Tree | None = None


class SubstepComplete(EntryBase, frozen=True, kw_only=True, tag="substep_complete"):
    """A micro-batch is done.

    Args:
        micro_step: Counts from 1 within its step.
        micro_step_time_seconds: Its wall time.
        metrics: Its own loss, as `training_step` returned it: its share of the step's.
        batch: Samples, tokens (padded, real, under the loss) and the shape of every tensor.
    """

    micro_step: int
    micro_step_time_seconds: float | None = None
    metrics: Group = {}
    batch: Tree | None = None


class PredictionStep(EntryBase, frozen=True, kw_only=True, tag="prediction_step"):
    """A batch of an evaluation is done.

    Args:
        prediction_step: Counts from 1 within the evaluation.
        prediction_step_time_seconds: Its wall time.
    """

    prediction_step: int
    prediction_step_time_seconds: float | None = None


class TrainingStepComplete(EntryBase, frozen=True, kw_only=True, tag="training_step_complete"):
    """An optimizer step is done.

    Args:
        timing: Step times, rates, the forecast and, at high and above, `phases`.
        metrics: Loss, learning rate, gradient norm, tokens, FLOPs, and every number that the Trainer logged for it.
        progress: Where the run is.
        resource_usage: The machine's latest readings, with `sampled_at`.
        trends: Which way memory goes.
    """

    timing: Tree
    metrics: Group
    progress: Group
    resource_usage: Tree | None = None
    trends: Tree | None = None


class TrainingMetricsUpdate(EntryBase, frozen=True, kw_only=True, tag="training_metrics_update"):
    """The Trainer has logged.

    Args:
        metrics: Every numeric key, unrounded, as it was logged.
    """

    metrics: Group


class ProgressReport(EntryBase, frozen=True, kw_only=True, tag="progress_report"):
    """A share of the run is done: everything a person wants to see at that moment.

    Args:
        progress: Where the run is.
        metrics: As in a step.
        timing: As in a step.
        resource_usage: The machine's latest readings.
        batch: Batch size, accumulation, real tokens of a micro-batch.
        model: Parameters: all, trainable and active ones.
        model_state: What the user's own `model_state` said.
        phase: The one of the user's own `phases` that the run is in.
    """

    progress: Group
    metrics: Group
    timing: Tree
    resource_usage: Tree | None = None
    batch: Tree | None = None
    model: Tree | None = None
    model_state: Tree | None = None
    phase: Tree | None = None


class EvaluationComplete(EntryBase, frozen=True, kw_only=True, tag="evaluation_complete"):
    """An evaluation is done.

    Args:
        metrics: Every numeric key that it gave.
        duration_seconds: Its wall time; absent where its beginning was not seen, as outside of a training.
    """

    metrics: Group
    duration_seconds: float | None = None


class ModelCheckpointSave(EntryBase, frozen=True, kw_only=True, tag="model_checkpoint_save"):
    """A checkpoint is written.

    Args:
        path: Its folder.
        size_mb: Everything in it, in MiB.
        duration_seconds: How long saving took.
        metrics: The tokens seen by then, and the loss of an evaluation at the same step.
    """

    path: str
    size_mb: float | None = None
    duration_seconds: float | None = None
    metrics: Group = {}


class EntriesDropped(EntryBase, frozen=True, kw_only=True, tag="entries_dropped"):
    """Entries could not be kept; written as soon as writing works again.

    Args:
        count: How many, exactly.
        from_: When the first one was lost.
        to: When the last one was lost.
        steps: How many optimizer steps are missing because of it.
    """

    count: int
    from_: str = msgspec.field(name="from")
    to: str
    steps: int | None = None


class Heartbeat(EntryBase, frozen=True, kw_only=True, tag="heartbeat"):
    """The run is alive, and nothing else was worth a line for half a minute.

    Args:
        resource_usage: The machine's latest readings.
        quiet_seconds: How long training itself has shown no sign of life, from half a minute on.
        stack: Where its thread stands meanwhile: file, line and function of each call, the innermost last.
    """

    resource_usage: Tree | None = None
    quiet_seconds: float | None = None
    stack: list[str] | None = None
