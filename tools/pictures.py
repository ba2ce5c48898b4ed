"""Draws the pictures of the pages on health and on metrics, each from a real run: `python -m tools.pictures`."""

from __future__ import annotations

import contextlib
import logging
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import matplotlib as mpl
import psutil
import torch
import transformers

from benchmarks.trainings import healthy, pictured
from benchmarks.trainings.sick import data, learning, machine
from benchmarks.trainings.tiny import Prepare
from verbose_logging import VerboseLoggingCallback, read_entries

PICTURES = Path(__file__).parents[1] / "docs" / "images"
_INK, _MARK, _SECOND = "#1f4e79", "#b03a2e", "#d68910"
_SEED = 1
_FEW = 20  # points that are marked one by one


class Picture(NamedTuple):
    """One picture.

    Args:
        prepare: Makes the training.
        names: What is drawn: a step's numbers, and "eval_loss".
        rule: The finding that is marked, where one is.
        log: Whether the axis is logarithmic.
        limit: The evidence that is drawn as a limit.
        by_clock: Whether the seconds since the start lie on the axis, and the step is the only number.
        options: Makes the callback's options, where it has any.
    """

    prepare: Prepare
    names: tuple[str, ...]
    rule: str | None = None
    log: bool = False
    limit: str | None = None
    by_clock: bool = False
    options: Callable[[], dict[str, Any]] = dict


def _target() -> dict[str, Any]:
    return {"alerts": {"target_loss_reached": {"target": 2.5}}}


def _memory_nearly_as_now() -> dict[str, Any]:
    return {"alerts": {"high_memory": {"above": round(psutil.virtual_memory().percent) + 6}}}


def _disk_nearly_as_now() -> dict[str, Any]:
    free_gb = psutil.disk_usage(tempfile.gettempdir()).free / 1024**3
    return {"alerts": {"disk_filling": {"below_gb": round(free_gb - 1, 1)}}}


def _peak() -> dict[str, Any]:
    return {"peak_flops": 1e11}


FINDINGS = {
    "nonfinite_loss": Picture(learning.overflow, ("loss",), "nonfinite_loss"),
    "divergence": Picture(learning.rate_too_high, ("loss",), "divergence", log=True),
    "vanishing_gradients": Picture(learning.vanishing, ("loss", "grad_norm"), "vanishing_gradients", log=True),
    "not_learning": Picture(learning.dead_rate, ("loss",), "not_learning"),
    "overfitting": Picture(data.overfitted, ("loss", "eval_loss"), "overfitting"),
    "memorising": Picture(data.overfitted, ("loss", "eval_loss"), "memorising"),
    "exploding_gradients": Picture(learning.rate_jumps, ("grad_norm",), "exploding_gradients", log=True),
    "stuck_learning_rate": Picture(learning.stuck_schedule, ("learning_rate",), "stuck_learning_rate"),
    "loss_spike": Picture(data.corrupt_batch, ("loss",), "loss_spike"),
    "zero_gradient": Picture(learning.cut_graph, ("grad_norm",), "zero_gradient"),
    "zero_learning_rate": Picture(learning.over_schedule, ("learning_rate",), "zero_learning_rate"),
    "data_starvation": Picture(machine.slow_loader, ("step_time_seconds", "data_wait_seconds"), "data_starvation"),
    "slow_steps": Picture(machine.creep, ("step_time_seconds",), "slow_steps"),
    "memory_leak": Picture(machine.leak, ("memory_rss_mb",), "memory_leak"),
    "padding_waste": Picture(data.padding, ("padded_tokens", "real_tokens"), "padding_waste"),
    "nothing_trainable": Picture(pictured.frozen, ("loss", "grad_norm"), "nothing_trainable"),
    "labels_masked": Picture(data.masked, ("padded_tokens", "loss_tokens"), "labels_masked"),
    "zero_loss": Picture(pictured.compared_with_itself, ("loss",), "zero_loss"),
    "nonfinite_gradient": Picture(pictured.root_of_zero, ("loss", "grad_norm"), "nonfinite_gradient"),
    "bouncing_loss": Picture(pictured.overshooting, ("loss",), "bouncing_loss"),
    "target_loss_reached": Picture(
        healthy.from_scratch, ("loss", "eval_loss"), "target_loss_reached", limit="target", options=_target
    ),
    "evaluation_dominates": Picture(pictured.evaluates_too_much, ("step",), "evaluation_dominates", by_clock=True),
    "stalled": Picture(pictured.comes_to_a_halt, ("step",), "stalled", by_clock=True),
    "high_memory": Picture(
        pictured.filling_memory,
        ("memory.usage_percent",),
        "high_memory",
        limit="limit_percent",
        options=_memory_nearly_as_now,
    ),
    "disk_filling": Picture(
        pictured.hoarding, ("disk.free_gb",), "disk_filling", limit="limit_gb", options=_disk_nearly_as_now
    ),
}
METRICS = {
    "loss": Picture(healthy.from_scratch, ("loss",)),
    "avg_loss": Picture(healthy.accumulation, ("loss", "avg_loss")),
    "smoothed_loss": Picture(healthy.small_batch, ("loss", "smoothed_loss")),
    "eval_loss": Picture(healthy.from_scratch, ("loss", "eval_loss")),
    "perplexity": Picture(healthy.from_scratch, ("perplexity",)),
    "grad_norm": Picture(healthy.from_scratch, ("grad_norm",)),
    "clip_coefficient": Picture(healthy.accumulation, ("clip_coefficient", "clipped_share")),
    "learning_rate": Picture(healthy.from_scratch, ("learning_rate",)),
    "step_time_seconds": Picture(healthy.from_scratch, ("step_time_seconds",)),
    "padding_fraction": Picture(data.padding, ("padding_fraction",)),
    "epoch": Picture(data.overfitted, ("epoch",)),
    "tokens_per_second": Picture(healthy.sft, ("tokens_per_second",)),
    "mfu_percent": Picture(healthy.sft, ("mfu_percent",), options=_peak),
}


def draw(name: str, picture: Picture, entries: Iterable[Mapping[str, Any]]) -> None:
    """Draws a picture of a run's entries."""
    from matplotlib import pyplot as plt  # noqa: PLC0415 - behind the choice of a backend

    entries = list(entries)
    figure, axes = plt.subplots(figsize=(6.4, 2.4), dpi=100, layout="constrained")
    for number, colour in zip(picture.names, (_INK, _SECOND), strict=False):
        points = list(_track(entries) if picture.by_clock else _points(number, entries))
        axes.plot(
            *zip(*points, strict=True),
            color=colour,
            linewidth=1.3,
            label=number,
            marker="o" * (len(points) < _FEW),
            markersize=3,
        )
    axes.set_yscale("log" if picture.log else "linear")
    found = next((entry for entry in entries if entry.get("rule", "") == picture.rule), None)
    if found is not None:
        _mark(axes, picture, found, at=_seconds(entries[0], found) if picture.by_clock else found["step"])
    axes.set_xlabel("seconds since the start" if picture.by_clock else "step")
    axes.spines[["top", "right"]].set_visible(False)
    if len(picture.names) > 1:
        axes.legend(frameon=False, fontsize=8)
    else:
        axes.set_ylabel(picture.names[0])
    PICTURES.mkdir(exist_ok=True)
    figure.savefig(PICTURES / f"{name}.png")
    plt.close(figure)


def _mark(axes: Any, picture: Picture, found: Mapping[str, Any], *, at: float) -> None:
    """Marks where a finding was told, and the limit that it tells of."""
    axes.axvline(at, color=_MARK, linewidth=1, linestyle="--")
    is_late = at > sum(axes.get_xlim()) / 2
    where = f"{at:.0f} s" if picture.by_clock else f"step {at:g}"
    axes.annotate(
        f"{where}: {found['rule']}", (at, 1.0), xycoords=("data", "axes fraction"),
        xytext=(-4 if is_late else 4, 4), textcoords="offset points", ha="right" if is_late else "left",
        color=_MARK, fontsize=8,
    )  # fmt: skip
    if picture.limit is not None:
        limit = found["evidence"][picture.limit]
        axes.axhline(limit, color=_MARK, linewidth=1, linestyle=":")
        axes.annotate(
            f"{picture.limit} {limit:g}", (0.01, limit), xycoords=("axes fraction", "data"),
            xytext=(0, 2), textcoords="offset points", color=_MARK, fontsize=8,
        )  # fmt: skip


def _track(entries: Sequence[Mapping[str, Any]]) -> Iterable[tuple[float, int]]:
    """Yields how far a run has come, by the clock."""
    for entry in entries:
        if entry["type"] in {"training_step_complete", "evaluation_complete", "heartbeat"}:
            yield _seconds(entries[0], entry), entry["step"]


def _seconds(first: Mapping[str, Any], entry: Mapping[str, Any]) -> float:
    began, at = (datetime.fromisoformat(each["timestamp"]) for each in (first, entry))
    return (at - began).total_seconds()


def _points(name: str, entries: Iterable[Mapping[str, Any]]) -> Iterable[tuple[int, float]]:
    for entry in entries:
        value = _value(name, entry)
        if entry["type"] == "training_step_complete" and name != "eval_loss":
            yield entry["step"], float("nan") if value is None else value
        elif entry["type"] == "evaluation_complete" and name == "eval_loss":
            yield entry["step"], entry["metrics"][name]


def _value(name: str, entry: Mapping[str, Any]) -> Any:
    timing, usage = entry.get("timing", {}), entry.get("resource_usage") or {}
    probe, _, name = name.rpartition(".")
    groups = (entry.get("metrics", {}), timing, timing.get("phases", {}), usage.get("process", {}))
    return next((group[name] for group in ((usage.get(probe, {}),) if probe else groups) if name in group), None)


def entries_of(prepare: Prepare, options: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Returns the entries of a training."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log.jsonl"
        callback = VerboseLoggingCallback("high", log_file=log, console="off", sample_interval_seconds=0.25, **options)
        trainer = prepare(Path(folder), _SEED, _SEED, [callback])
        trainer.remove_callback(transformers.PrinterCallback)
        with contextlib.suppress(RuntimeError):
            trainer.train()
        callback.close()
        return list(read_entries(log))


def main(names: Sequence[str]) -> None:
    """Draws the pictures of these names, by default all; each training runs once."""
    warnings.filterwarnings("ignore")
    logging.disable(logging.WARNING)
    transformers.logging.set_verbosity_error()
    torch.set_num_threads(1)
    mpl.use("Agg")
    runs: dict[tuple[Prepare, Callable[[], Any]], list[dict[str, Any]]] = {}
    pictures = {**FINDINGS, **METRICS}
    for name in names or pictures:
        picture = pictures[name]
        run = (picture.prepare, picture.options)
        if run not in runs:
            runs[run] = entries_of(picture.prepare, picture.options())
        if picture.rule is not None and not any(entry.get("rule") == picture.rule for entry in runs[run]):
            raise RuntimeError(f"{name}: this run did not show {picture.rule}; draw it again on a machine at rest")
        draw(name, picture, runs[run])
        print(f"drew {PICTURES / name}.png")


if __name__ == "__main__":
    main(sys.argv[1:])
