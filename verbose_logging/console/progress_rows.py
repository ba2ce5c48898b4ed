"""The rows of a progress block: each a function from the report to its texts, none where it is not known."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from verbose_logging.console.figures import Show, metric, model_state, number
from verbose_logging.console.values import label, text_of
from verbose_logging.entries import ProgressReport
from verbose_logging.formatting import (
    UNKNOWN,
    clock_duration,
    decimal,
    elapsed,
    memory,
    percent,
    rate,
    scientific,
    step_duration,
    thousands,
)

_MB_PER_GB = 1024
_TIMES = "\N{MULTIPLICATION SIGN}"
_MEASURED = "metrics"  # the part of a model state that stands among the metrics
_COUNTS = frozenset({"active_parameters", "total_parameters"})


def _metric(report: ProgressReport, name: str, title: str, show: Show) -> Iterator[str]:
    text = metric(report, name, show)
    if text != UNKNOWN:
        yield f"{title}: {text}"


def _timing(report: ProgressReport, name: str, text: Callable[[float], str]) -> Iterator[str]:
    value = number(report.timing.get(name))
    if value is not None:
        yield text(value)


def loss(report: ProgressReport) -> Iterator[str]:
    """The step's own loss."""
    yield from _metric(report, "loss", "Loss", lambda value: decimal(value, 6))


def smoothed_loss(report: ProgressReport) -> Iterator[str]:
    """The loss without its noise."""
    yield from _metric(report, "smoothed_loss", "Loss (smoothed)", lambda value: decimal(value, 6))


def learning_rate(report: ProgressReport) -> Iterator[str]:
    """The rate that the step used."""
    yield from _metric(report, "learning_rate", "Learning Rate", scientific)


def mfu(report: ProgressReport) -> Iterator[str]:
    """Model FLOPs utilization, where the device's peak is known."""
    yield from _metric(report, "mfu_percent", "MFU", lambda value: percent(value, 2))


def measured_state(report: ProgressReport) -> Iterator[str]:
    """What the user's model state has under `metrics`."""
    measured = model_state(report).get(_MEASURED)
    if isinstance(measured, Mapping):
        yield from _named(measured)


def phase(report: ProgressReport) -> Iterator[str]:
    """The phase that the user has named for this share of the run."""
    if report.phase:
        description = report.phase.get("description")
        yield f"Phase: {report.phase['name']}" + (f" - {description}" if description else "")


def elapsed_time(report: ProgressReport) -> Iterator[str]:
    """Wall time of this session."""
    yield from _timing(report, "total_elapsed_minutes", lambda minutes: f"Elapsed: {elapsed(minutes)}")


def time_left(report: ProgressReport) -> Iterator[str]:
    """Wall time to the end."""
    yield from _timing(report, "eta_minutes", lambda minutes: f"ETA: {clock_duration(60 * minutes)}")


def speed(report: ProgressReport) -> Iterator[str]:
    """Steps in a second, evaluation and saving left out."""
    yield from _timing(report, "steps_per_second", lambda steps: f"Speed: {rate(steps)} iter/s")


def iteration_time(report: ProgressReport) -> Iterator[str]:
    """Mean time of the last steps."""
    yield from _timing(report, "avg_step_time_seconds", lambda seconds: f"Time per iter: {step_duration(seconds)}")


def device_memory(report: ProgressReport) -> Iterator[str]:
    """Each GPU's memory; where there is none, the process's.

    "GPU Memory" is the whole device's as its driver tells; a bare "GPU" is what torch holds of it for this process.
    """
    usage = report.resource_usage or {}
    devices = usage.get("gpu", {}).get("devices", ())
    for place, device in enumerate(devices):
        name = "GPU" if len(devices) == 1 else f"GPU {device.get('index', place)}"
        used, held = number(device.get("memory_used_gb")), number(device.get("memory_allocated_gb"))
        total = number(device.get("memory_total_gb"))
        if used is not None:
            yield f"{name} Memory: {memory(used, total)}"
        elif held is not None:
            yield f"{name}: {memory(held, total)}"
    resident = number(usage.get("process", {}).get("memory_rss_mb"))
    if not devices and resident is not None:
        total = number(usage.get("memory", {}).get("total_gb"))
        yield f"Process Memory: {memory(resident / _MB_PER_GB, total)}"


def tokens(report: ProgressReport) -> Iterator[str]:
    """Tokens seen since the run began, padding left out."""
    yield from _metric(report, "num_tokens", "Tokens processed", thousands)


def batch_size(report: ProgressReport) -> Iterator[str]:
    """Rows of a micro-batch, and how many micro-batches make a step."""
    batch = report.batch or {}
    size, accumulation = number(batch.get("batch_size")), number(batch.get("gradient_accumulation_steps"))
    if size is not None:
        yield f"Batch size: {thousands(size)}" + (
            f" {_TIMES} {thousands(accumulation)} accumulation" if accumulation else ""
        )


def tokens_per_batch(report: ProgressReport) -> Iterator[str]:
    """Tokens of a micro-batch, padding left out."""
    count = number((report.batch or {}).get("tokens_per_batch"))
    if count is not None:
        yield f"Tokens/batch: {thousands(count)}"


def active_parameters(report: ProgressReport) -> Iterator[str]:
    """Parameters that a token meets, about so many where those are not all."""
    active, total = (_parameters(report, name) for name in ("active_parameters", "total_parameters"))
    if active is not None:
        yield f"Active params: {'' if active == total else '~'}{thousands(active)}"


def trainable_parameters(report: ProgressReport) -> Iterator[str]:
    """Parameters that learn, where those are not all."""
    trainable, total = (_parameters(report, name) for name in ("trainable_parameters", "total_parameters"))
    if trainable is not None and total and trainable != total:
        yield f"Trainable params: {thousands(trainable)} ({percent(100 * trainable / total, 2)})"


def total_parameters(report: ProgressReport) -> Iterator[str]:
    """All parameters."""
    total = _parameters(report, "total_parameters")
    if total is not None:
        yield f"Total params: {thousands(total)}"


def state(report: ProgressReport) -> Iterator[str]:
    """What the user's own model state says besides."""
    said = model_state(report)
    yield from _named({name: value for name, value in said.items() if name not in {_MEASURED, *_COUNTS}})


def _named(values: Mapping[str, Any]) -> Iterator[str]:
    yield from (f"{label(name)}: {text_of(name, value)}" for name, value in values.items())


def _parameters(report: ProgressReport, name: str) -> float | None:
    """Returns a count: the user's own, who may know better, else the model's."""
    own = number((report.model_state or {}).get(name))
    return number((report.model or {}).get(name)) if own is None else own
