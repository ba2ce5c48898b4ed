"""What is logged: one type per entry, tagged by `type`. This file is the schema of the log.

Types are few and closed; numbers live in open groups (`timing`, `metrics`, `progress`, ...), so a new metric is a new
name in a group and not a new type. Unknown is absent: a field at its default is not written. A number that is not
finite is `null` in its group and named in `nonfinite`.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias, Union, get_args

import msgspec

SCHEMA_VERSION = 1

Severity: TypeAlias = Literal["INFO", "WARNING", "ERROR", "CRITICAL"]
State: TypeAlias = Literal["firing", "resolved"]
Number: TypeAlias = Union[float, int, None]  # noqa: UP007 - None stands for a number named in `nonfinite`
Value: TypeAlias = Union[float, int, str, None]  # noqa: UP007
Group: TypeAlias = dict[str, Value]
Tree: TypeAlias = dict[str, Any]


class EntryBase(msgspec.Struct, kw_only=True, omit_defaults=True, frozen=True, tag_field="type"):
    """The keys of every line.

    Args:
        timestamp: ISO 8601 with microseconds and UTC offset.
        level: Severity, in the words of the standard library's logging.
        message: One line for people.
        run_id: Names the run.
        seq: Goes up by one; a gap means dropped entries.
        rank: The process that wrote the line.
        step: Optimizer steps finished, 0 before training.
        epoch: The epoch under way, 1-based.
        nonfinite: Dotted key of each number that is not finite, with "NaN", "Infinity" or "-Infinity".
    """

    timestamp: str
    level: Severity
    message: str
    run_id: str
    seq: Annotated[int, msgspec.Meta(ge=1)]
    rank: Annotated[int, msgspec.Meta(ge=0)]
    step: Annotated[int, msgspec.Meta(ge=0)]
    epoch: Annotated[int, msgspec.Meta(ge=1)]
    nonfinite: dict[str, str] | None = None


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


class FindingBase(EntryBase, frozen=True, kw_only=True):
    """A rule's verdict. `message` says it, `step` is where the condition held.

    Args:
        rule: The rule's stable name.
        severity: How bad it is while it holds.
        state: "firing" when it begins, "resolved" when it is over.
        evidence: The values, steps and limits that the verdict rests on.
        suggestion: What to try.
        flight_recorder: The last steps, as far as the log's level does not have them: `steps`, their numbers, and
            `columns`, a list per number by its dotted name.
    """

    rule: str
    severity: Severity
    state: State
    evidence: Tree = {}
    suggestion: str | None = None
    flight_recorder: Tree | None = None


class ResourceWarning(FindingBase, frozen=True, kw_only=True, tag="resource_warning"):  # noqa: A001 - named after its entry type
    """A finding about memory, disk or a device."""


class PerformanceAnomaly(FindingBase, frozen=True, kw_only=True, tag="performance_anomaly"):
    """A finding about speed."""


class TrainingHealth(FindingBase, frozen=True, kw_only=True, tag="training_health"):
    """A finding about learning."""


class EntriesDropped(EntryBase, frozen=True, kw_only=True, tag="entries_dropped"):
    """Entries could not be kept; written as soon as writing works again.

    Args:
        count: How many, exactly.
        from_: When the first one was lost.
        to: When the last one was lost.
    """

    count: int
    from_: str = msgspec.field(name="from")
    to: str


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


class EndBase(EntryBase, frozen=True, kw_only=True):
    """How a run ended. `step` is the last finished one.

    Args:
        statistics: Figures over the whole session.
        time_ledger: Where the time went, in seconds; the parts sum to `total_seconds`.
        peaks: Highest readings.
        logger: What the logger itself has cost, and what it had to switch off.
        exception: Type, message and traceback, redacted; of an out-of-memory error, what torch's allocator held.
        resource_usage: The machine's last reading.
        last_steps: The last steps at full detail.
        stop_requested: The `rule` whose action asked for the end, its `step` and its `verdict`.
    """

    statistics: Group
    time_ledger: dict[str, float]
    peaks: Group = {}
    logger: Tree = {}
    exception: Tree | None = None
    resource_usage: Tree | None = None
    last_steps: list[Tree] | None = None
    stop_requested: Tree | None = None


class TrainingComplete(EndBase, frozen=True, kw_only=True, tag="training_complete"):
    """Training ended by itself."""


class TrainingInterrupted(EndBase, frozen=True, kw_only=True, tag="training_interrupted"):
    """Training was ended from outside: Ctrl-C, SIGTERM, sys.exit."""


class TrainingFailed(EndBase, frozen=True, kw_only=True, tag="training_failed"):
    """Training ended by an exception."""


class UserEntry(msgspec.Struct, frozen=True):
    """An entry that a user wrote: its own keys and the common ones, as plain values."""

    fields: Tree

    @property
    def seq(self) -> int:
        """The entry's number in its run."""
        return int(self.fields["seq"])


KnownEntry: TypeAlias = Union[  # noqa: UP007 - msgspec and TypeAlias need the runtime form on 3.10
    SystemInitialization,
    TrainingInitialization,
    TrainingStart,
    EpochBegin,
    EpochComplete,
    StepBegin,
    SubstepComplete,
    PredictionStep,
    TrainingStepComplete,
    TrainingMetricsUpdate,
    ProgressReport,
    EvaluationComplete,
    ModelCheckpointSave,
    ResourceWarning,
    PerformanceAnomaly,
    TrainingHealth,
    EntriesDropped,
    Heartbeat,
    TrainingComplete,
    TrainingInterrupted,
    TrainingFailed,
]
Entry: TypeAlias = Union[KnownEntry, UserEntry]  # noqa: UP007

ENTRY_TYPES: dict[str, type[EntryBase]] = {str(kind.__struct_config__.tag): kind for kind in get_args(KnownEntry)}

_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[KnownEntry] = msgspec.json.Decoder(KnownEntry)


def entry_type(entry: Entry) -> str:
    """Returns the word in the entry's `type` key."""
    if isinstance(entry, UserEntry):
        return str(entry.fields["type"])
    return str(entry.__struct_config__.tag)


def encode_entry(entry: Entry) -> bytes:
    """Returns the entry as one line of strict JSON, without the newline.

    Raises:
        Exception: Whatever stands in an open group that JSON cannot carry. Groups hold plain values
            (`plain.plain`); everything else is refused here rather than written half.
    """
    return _encoder.encode(entry.fields if isinstance(entry, UserEntry) else entry)


def decode_entry(line: bytes) -> KnownEntry:
    """Returns the typed entry of one line.

    Raises:
        msgspec.ValidationError: The line is JSON and no entry of ours; the text names the key.
        msgspec.DecodeError: The line is no JSON.
    """
    return _decoder.decode(line)
