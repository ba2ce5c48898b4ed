"""From a fact and the measurements to the entry that tells of it: one small function per entry type.

A header takes the next `seq` without using it up; the recorder does that when the entry is really written. So an
entry is built right before it is published, never kept.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from verbose_logging import entries, facts
from verbose_logging.entries import SCHEMA_VERSION, Entry
from verbose_logging.formatting import counted, short_duration
from verbose_logging.meters.flops import mfu_receipt
from verbose_logging.options.phases import Phase, phase_at
from verbose_logging.plain import split_nonfinite
from verbose_logging.recorder import messages
from verbose_logging.recorder.measurements import Measurements, Numbered, finite
from verbose_logging.recorder.tally import evaluation_losses
from verbose_logging.rules.alerts import Finding

_MB = 1024**2
_FINDING_TYPES: dict[str, Callable[..., Entry]] = {
    "resource_warning": entries.ResourceWarning,
    "performance_anomaly": entries.PerformanceAnomaly,
    "training_health": entries.TrainingHealth,
}


def system_initialization(run: Measurements, fact: facts.SystemInspected) -> Entry:
    """The machine."""
    return entries.SystemInitialization(
        **run.position.header(fact.at, messages.system_message(fact)),
        schema_version=SCHEMA_VERSION,
        system_info=fact.system_info,
    )


def training_initialization(run: Measurements, fact: facts.TrainingInspected) -> Entry:
    """What will be trained, on what, how."""
    return entries.TrainingInitialization(
        **run.position.header(fact.at, messages.training_message(fact)),
        training_args=fact.training_args,
        model_info=fact.model_info,
        dataset_info=fact.dataset_info,
        settings=fact.settings,
        metric_sources=fact.metric_sources,
        mfu_receipt=mfu_receipt(fact.flop_costs, fact.devices, run.peak_flops),
        objective=fact.objective,
    )


def training_start(run: Measurements, fact: facts.TrainBegin) -> Entry:
    """The start, or the restart."""
    return entries.TrainingStart(
        **run.position.header(fact.at, messages.start_message(fact)),
        total_steps=fact.total_steps,
        total_epochs=fact.total_epochs,
        steps_per_epoch=fact.steps_per_epoch,
        resumed_from_step=fact.step or None,
        session=run.position.session,
        world_size=run.position.world_size,
        attempt=fact.attempt,
    )


def epoch_begin(run: Measurements, fact: facts.EpochBegin) -> Entry:
    """An epoch's beginning."""
    position = run.position
    message = messages.epoch_begin_message(position.epoch, position.batches_per_epoch)
    return entries.EpochBegin(
        **position.header(fact.at, message), batches=position.batches_per_epoch, total_epochs=position.total_epochs
    )


def epoch_complete(run: Measurements, fact: facts.EpochEnd) -> Entry:
    """An epoch's end, with its own figures."""
    position = run.position
    numbers = run.at_epoch()
    seconds = fact.at - run.tally.epoch_began_at
    average = numbers.metrics.get("avg_loss")
    message = messages.epoch_complete_message(position.epoch, _number(average), seconds)
    return entries.EpochComplete(
        **position.header(fact.at, message),
        duration_seconds=seconds,
        steps=position.finished - run.tally.epoch_first_step,
        batches=position.batches_per_epoch,
        total_epochs=position.total_epochs,
        timing=numbers.timing,
        metrics=numbers.metrics,
        nonfinite=numbers.nonfinite,
    )


def step_begin(run: Measurements, fact: facts.StepBegin) -> Entry:
    """A step's beginning."""
    step = run.position.step + 1
    return entries.StepBegin(**run.position.header(fact.at, f"Step {step} begins", step=step))


def substep_complete(run: Measurements, fact: facts.SubstepEnd | facts.PreOptimizerStep) -> Entry:
    """A micro-batch's end."""
    step = run.position.step + 1
    micro_step = run.tally.micro_step
    metrics, nonfinite = finite(_micro_metrics(run.tally.micro_batch))
    return entries.SubstepComplete(
        **run.position.header(fact.at, f"Step {step}: micro-batch {micro_step} done", step=step),
        micro_step=micro_step,
        micro_step_time_seconds=run.ledger.last_gap,
        metrics=metrics,
        batch=_batch(run.tally.micro_batch),
        nonfinite=nonfinite,
    )


def _micro_metrics(micro_batch: facts.MicroStep | None) -> dict[str, Any]:
    return {} if micro_batch is None or micro_batch.loss is None else {"loss": micro_batch.loss}


def _batch(micro_batch: facts.MicroStep | None) -> dict[str, Any] | None:
    """Returns what is known of a batch: counts and shapes."""
    if micro_batch is None:
        return None
    names = ("samples", "padded_tokens", "real_tokens", "loss_tokens", "shapes")
    values = {name: getattr(micro_batch, name) for name in names}
    return {name: value for name, value in values.items() if value is not None}


def prediction_step(run: Measurements, fact: facts.PredictionStep) -> Entry:
    """An evaluation batch's end."""
    count = run.tally.prediction_step
    return entries.PredictionStep(
        **run.position.header(fact.at, f"Evaluation batch {count} done"),
        prediction_step=count,
        prediction_step_time_seconds=run.ledger.last_gap,
    )


def training_step_complete(run: Measurements, fact: facts.StepEnd) -> Entry:
    """A step at full detail."""
    numbers = run.at_step()
    message = messages.step_message(fact.step, _number(numbers.metrics.get("loss")))
    return entries.TrainingStepComplete(
        **run.position.header(fact.at, message),
        timing=numbers.timing,
        metrics=numbers.metrics,
        progress=numbers.progress,
        resource_usage=run.resource_usage(),
        trends=run.trends(),
        nonfinite=numbers.nonfinite,
    )


def progress_report(run: Measurements, fact: facts.StepEnd, phases: Sequence[Phase]) -> Entry:
    """A share of the run is done."""
    numbers = run.at_step()
    said, nonfinite = split_nonfinite({"model_state": run.tally.model_state})
    share = _number(numbers.progress.get("progress_percent")) or 0.0
    return entries.ProgressReport(
        **run.position.header(fact.at, messages.progress_message(numbers.progress)),
        progress=numbers.progress,
        metrics=numbers.metrics,
        timing=numbers.timing,
        resource_usage=run.resource_usage(),
        batch=run.tally.batch | _tokens_per_batch(run, numbers) or None,
        model=run.tally.model or None,
        model_state=said["model_state"],
        phase=phase_at(phases, share / 100),
        nonfinite=(numbers.nonfinite or {}) | nonfinite or None,
    )


def _tokens_per_batch(run: Measurements, numbers: Numbered) -> dict[str, int]:
    """Returns the step's real tokens by its micro-batches, where they were counted."""
    tokens = _number(numbers.metrics.get("real_tokens"))
    batches = run.tally.micro_batches
    return {} if tokens is None or not batches else {"tokens_per_batch": round(tokens / batches)}


def training_metrics_update(run: Measurements, fact: facts.Logged) -> Entry:
    """What the Trainer logged."""
    metrics, nonfinite = finite(fact.logs)
    return entries.TrainingMetricsUpdate(
        **run.position.header(fact.at, f"📈 Logged {counted(len(metrics), 'value')} at step {run.position.step}"),
        metrics=metrics,
        nonfinite=nonfinite,
    )


def evaluation_complete(run: Measurements, fact: facts.Evaluated) -> Entry:
    """An evaluation's end."""
    metrics, nonfinite = finite(fact.metrics)
    return entries.EvaluationComplete(
        **run.position.header(
            fact.at, messages.evaluation_message(fact.step, evaluation_losses(fact.metrics)), step=fact.step
        ),
        metrics=metrics,
        duration_seconds=run.ledger.evaluation_seconds or None,
        nonfinite=nonfinite,
    )


def model_checkpoint_save(run: Measurements, fact: facts.Saved) -> Entry:
    """A checkpoint."""
    tally = run.tally
    seconds = run.ledger.last_gap
    metrics: dict[str, Any] = {name: value for name, value in run.at_end().metrics.items() if name == "num_tokens"}
    if tally.last_evaluation_step == fact.step:
        metrics |= tally.last_losses
    metrics, nonfinite = finite(metrics | fact.metrics)
    return entries.ModelCheckpointSave(
        **run.position.header(fact.at, messages.checkpoint_message(fact.step, fact.path, seconds), step=fact.step),
        path=fact.path,
        size_mb=None if fact.size_bytes is None else fact.size_bytes / _MB,
        duration_seconds=seconds,
        metrics=metrics,
        nonfinite=nonfinite,
    )


def finding(run: Measurements, found: Finding, *, at: float, flight_recorder: dict[str, Any] | None) -> Entry:
    """A rule's verdict; one that is over is told as information."""
    rule, condition = found.rule, found.condition
    resolved = found.state == "resolved"
    subject = f" ({condition.subject})" if condition.subject else ""
    message = f"✅ Resolved: {rule.name}{subject} no longer holds" if resolved else f"⚠️ {condition.verdict}"
    return _FINDING_TYPES[rule.kind](
        **run.position.header(at, message, level="INFO" if resolved else found.severity, step=found.step),
        rule=rule.name,
        severity=found.severity,
        state=found.state,
        evidence={**condition.evidence, "entries": found.entries},
        suggestion=None if resolved else condition.suggestion,
        flight_recorder=flight_recorder,
    )


def heartbeat(run: Measurements, fact: facts.ClockRead | facts.Quiet) -> Entry:
    """A sign of life of ours, with what is known of a training that gives none."""
    header = run.position.header(fact.at, f"💓 Alive at step {run.position.step}")
    usage = run.resource_usage()
    if isinstance(fact, facts.ClockRead):
        return entries.Heartbeat(**header, resource_usage=usage)
    header["message"] += f", quiet for {short_duration(fact.seconds)}"
    return entries.Heartbeat(**header, resource_usage=usage, quiet_seconds=fact.seconds, stack=fact.stack)


def entries_dropped(run: Measurements, fact: facts.FactsDropped) -> Entry:
    """What could not be kept."""
    message = f"⚠️ Dropped {counted(fact.count, 'observation')}: no room for them, or at the end no time"
    if fact.steps:
        message += f"; {counted(fact.steps, 'step')} missing"
    header = run.position.header(fact.at, message)
    return entries.EntriesDropped(
        **header | {"level": "WARNING"},
        count=fact.count,
        from_=run.position.date(fact.first_at),
        to=run.position.date(fact.last_at),
        steps=fact.steps,
    )


def user_entry(run: Measurements, fact: facts.UserWrote) -> Entry:
    """A user's entry with the common keys that it lacks; `run_id`, `seq` and `rank` are always ours.

    Its four leading keys are text, and a type of ours that it does not satisfy gets a name of its own, so that a log
    stays valid whatever its user writes.
    """
    header = run.position.header(fact.at, "") | {"type": "user"}
    given, nonfinite = split_nonfinite(fact.entry)
    fields = header | given | {key: header[key] for key in ("run_id", "seq", "rank")}
    fields |= {
        key: header[key] for key in ("timestamp", "type", "level", "message") if not isinstance(fields[key], str)
    }
    if nonfinite:
        fields["nonfinite"] = nonfinite
    known = entries.ENTRY_TYPES.get(fields["type"])
    if known is not None and not _satisfies(fields, known):
        fields["type"] = f"user_{fields['type']}"
    return entries.UserEntry(fields)


def _satisfies(fields: dict[str, Any], kind: type[entries.EntryBase]) -> bool:
    try:
        msgspec.convert(fields, kind)
    except msgspec.ValidationError:
        return False
    return True


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None
