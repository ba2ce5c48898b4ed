"""Draws the pictures of the pages on health and on metrics, each from a real run: `python -m tools.pictures`."""

from __future__ import annotations

import contextlib
import logging
import sys
import tempfile
import warnings
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import matplotlib as mpl
import torch
import transformers

from benchmarks.trainings import healthy, sick
from benchmarks.trainings.sick import Prepare
from verbose_logging import VerboseLoggingCallback, read_entries

PICTURES = Path(__file__).parents[1] / "docs" / "pictures"
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
    """

    prepare: Prepare
    names: tuple[str, ...]
    rule: str | None = None
    log: bool = False


FINDINGS = {
    "nonfinite_loss": Picture(sick.overflow, ("loss",), "nonfinite_loss"),
    "divergence": Picture(sick.rate_too_high, ("loss",), "divergence", log=True),
    "vanishing_gradients": Picture(sick.vanishing, ("loss", "grad_norm"), "vanishing_gradients", log=True),
    "not_learning": Picture(sick.dead_rate, ("loss",), "not_learning"),
    "overfitting": Picture(sick.overfitted, ("loss", "eval_loss"), "overfitting"),
    "memorising": Picture(sick.overfitted, ("loss", "eval_loss"), "memorising"),
    "exploding_gradients": Picture(sick.rate_jumps, ("grad_norm",), "exploding_gradients", log=True),
    "stuck_learning_rate": Picture(sick.stuck_schedule, ("learning_rate",), "stuck_learning_rate"),
    "loss_spike": Picture(sick.corrupt_batch, ("loss",), "loss_spike"),
    "zero_gradient": Picture(sick.cut_graph, ("grad_norm",), "zero_gradient"),
    "zero_learning_rate": Picture(sick.over_schedule, ("learning_rate",), "zero_learning_rate"),
    "data_starvation": Picture(sick.slow_loader, ("step_time_seconds", "data_wait_seconds"), "data_starvation"),
    "slow_steps": Picture(sick.creep, ("step_time_seconds",), "slow_steps"),
    "memory_leak": Picture(sick.leak, ("memory_rss_mb",), "memory_leak"),
    "padding_waste": Picture(sick.padding, ("padded_tokens", "real_tokens"), "padding_waste"),
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
    "padding_fraction": Picture(sick.padding, ("padding_fraction",)),
    "epoch": Picture(sick.overfitted, ("epoch",)),
    "tokens_per_second": Picture(healthy.sft, ("tokens_per_second",)),
}


def draw(name: str, picture: Picture, entries: Iterable[Mapping[str, Any]]) -> None:
    """Draws a picture of a run's entries."""
    from matplotlib import pyplot as plt  # noqa: PLC0415 - behind the choice of a backend

    entries = list(entries)
    figure, axes = plt.subplots(figsize=(6.4, 2.4), dpi=100, layout="constrained")
    for number, colour in zip(picture.names, (_INK, _SECOND), strict=False):
        points = list(_points(number, entries))
        axes.plot(
            *zip(*points, strict=True),
            color=colour,
            linewidth=1.3,
            label=number,
            marker="o" * (len(points) < _FEW),
            markersize=3,
        )
    found = next((entry for entry in entries if entry.get("rule", "") == picture.rule), None)
    if found is not None:
        axes.axvline(found["step"], color=_MARK, linewidth=1, linestyle="--")
        is_late = found["step"] > sum(axes.get_xlim()) / 2
        axes.annotate(
            f"step {found['step']}: {found['rule']}", (found["step"], 1.0), xycoords=("data", "axes fraction"),
            xytext=(-4 if is_late else 4, 4), textcoords="offset points", ha="right" if is_late else "left",
            color=_MARK, fontsize=8,
        )  # fmt: skip
    axes.set_yscale("log" if picture.log else "linear")
    axes.set_xlabel("step")
    axes.spines[["top", "right"]].set_visible(False)
    if len(picture.names) > 1:
        axes.legend(frameon=False, fontsize=8)
    else:
        axes.set_ylabel(picture.names[0])
    PICTURES.mkdir(exist_ok=True)
    figure.savefig(PICTURES / f"{name}.png")
    plt.close(figure)


def _points(name: str, entries: Iterable[Mapping[str, Any]]) -> Iterable[tuple[int, float]]:
    for entry in entries:
        value = _value(name, entry)
        if entry["type"] == "training_step_complete" and name != "eval_loss":
            yield entry["step"], float("nan") if value is None else value
        elif entry["type"] == "evaluation_complete" and name == "eval_loss":
            yield entry["step"], entry["metrics"][name]


def _value(name: str, entry: Mapping[str, Any]) -> Any:
    timing, usage = entry.get("timing", {}), entry.get("resource_usage") or {}
    groups = (entry.get("metrics", {}), timing, timing.get("phases", {}), usage.get("process", {}))
    return next((group[name] for group in groups if name in group), None)


def entries_of(prepare: Prepare) -> list[dict[str, Any]]:
    """Returns the entries of a training."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log.jsonl"
        callback = VerboseLoggingCallback("high", log_file=log, console="off", sample_interval_seconds=0.25)
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
    runs: dict[Prepare, list[dict[str, Any]]] = {}
    pictures = {**FINDINGS, **METRICS}
    for name in names or pictures:
        picture = pictures[name]
        if picture.prepare not in runs:
            runs[picture.prepare] = entries_of(picture.prepare)
        draw(name, picture, runs[picture.prepare])
        print(f"drew {PICTURES / name}.png")


if __name__ == "__main__":
    main(sys.argv[1:])
