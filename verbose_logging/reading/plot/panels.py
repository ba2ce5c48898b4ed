"""The panels of a picture: each says whether a run has something for it, and draws that."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from verbose_logging.formatting import counted
from verbose_logging.printable import printable
from verbose_logging.reading.plot.curves import evaluation_curves, quantile, smoothed, thinned
from verbose_logging.reading.runs.run import Run

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SEVERITY_COLOURS = {"WARNING": "#d97706", "ERROR": "#dc2626", "CRITICAL": "#7f1d1d"}
_ALERTS_MARKED = 12
_WIDE_RANGE = 50.0
_BINS = 40


class Look(NamedTuple):
    """How a run is drawn.

    Args:
        colour: Of its curves.
        label: Its name.
        alone: Whether it is the only one, so that there is room for detail.
    """

    colour: str
    label: str
    alone: bool

    def named(self, what: str) -> str:
        """Returns the label of one of its curves."""
        return what if self.alone else f"{self.label} {what}".strip()


class Panel(NamedTuple):
    """One picture in the picture.

    Args:
        title: What is shown, with its unit.
        has: Whether a run has something to show.
        draw: Draws a run.
        below: What the axis below counts.
    """

    title: str
    has: Callable[[Run], bool]
    draw: Callable[[Axes, Run, Look], None]
    below: str = "step"


def _has(*columns: str) -> Callable[[Run], bool]:
    return lambda run: any(name in run.steps.columns for name in columns)


def _has_losses(run: Run) -> bool:
    """Returns whether a run has losses to show; at the lowest level those of evaluations alone."""
    return "loss" in run.steps.columns or bool(evaluation_curves(run.evaluations))


def _loss(ax: Axes, run: Run, look: Look) -> None:
    steps, losses = run.steps.pairs("loss")
    if losses:
        ax.plot(*thinned(steps, losses), color=look.colour, alpha=0.25, linewidth=0.8)
        ax.plot(*thinned(steps, smoothed(losses)), color=look.colour, linewidth=1.6, label=look.named("training"))
    for name, (at, values) in evaluation_curves(run.evaluations).items():
        label = look.named("evaluation" if name == "eval_loss" else name)
        ax.plot(at, values, color=look.colour, linestyle="--", marker="o", markersize=4, label=label)
    _mark_nonfinite(ax, run, look)
    if look.alone:
        _mark_alerts(ax, run)


def _mark_nonfinite(ax: Axes, run: Run, look: Look) -> None:
    """Marks the steps whose loss was no number, at the upper edge."""
    losses = run.steps["loss"]
    broken = [
        step
        for step, loss in zip(run.steps["step"], losses, strict=True)
        if step is not None and loss is not None and not math.isfinite(loss)
    ]
    if broken:
        label = look.named(f"not finite: {counted(len(broken), 'step')} from {broken[0]} on")
        shown = thinned(broken, [1.0] * len(broken))[0]
        ax.plot(
            shown, [1.0] * len(shown), transform=ax.get_xaxis_transform(), color="#dc2626", linestyle="",
            marker="x", clip_on=False, label=label,
        )  # fmt: skip


def _mark_alerts(ax: Axes, run: Run) -> None:
    firing = [found for found in run.alerts if found.get("state") == "firing" and isinstance(found.get("step"), int)]
    for found in firing[:_ALERTS_MARKED]:
        colour = _SEVERITY_COLOURS.get(str(found.get("severity")), "#64748b")
        ax.axvline(found["step"], color=colour, linewidth=0.9, linestyle=":")
        ax.annotate(
            printable(str(found.get("rule", ""))), (found["step"], 0.02), xycoords=("data", "axes fraction"),
            rotation=90, fontsize=7, color=colour, ha="right", va="bottom",
        )  # fmt: skip


def _learning_rate(ax: Axes, run: Run, look: Look) -> None:
    ax.plot(*thinned(*run.steps.pairs("learning_rate")), color=look.colour, label=None if look.alone else look.label)
    ax.ticklabel_format(axis="y", style="sci", scilimits=(-2, 3))


def _gradient_norm(ax: Axes, run: Run, look: Look) -> None:
    steps, norms = run.steps.pairs("grad_norm")
    label = None if look.alone else look.label
    ax.plot(*thinned(steps, norms), color=look.colour, alpha=0.3, linewidth=0.8)
    ax.plot(*thinned(steps, smoothed(norms)), color=look.colour, linewidth=1.4, label=label)
    positive = [norm for norm in norms if norm > 0]
    if positive and max(positive) > _WIDE_RANGE * quantile(positive, 0.5):
        ax.set_yscale("log")


def _step_time(ax: Axes, run: Run, look: Look) -> None:
    """Draws how the step times are spread; what lies beyond the 99th percentile is told and not drawn."""
    times = [1000 * seconds for seconds in run.steps.pairs("step_time_seconds")[1]]
    limit = quantile(times, 0.99)
    beyond = sum(time > limit for time in times)
    more = f", {beyond} above {limit:.4g} ms" if beyond else ""
    label = look.named(f"median {quantile(times, 0.5):.4g} ms{more}")
    shown = [time for time in times if time <= limit]
    ax.hist(shown, bins=_BINS, color=look.colour, alpha=0.6, label=label)
    ax.set_ylabel("steps")


def _mfu(ax: Axes, run: Run, look: Look) -> None:
    _simple(ax, run, look, "mfu_percent")


def _throughput(ax: Axes, run: Run, look: Look) -> None:
    _simple(ax, run, look, "tokens_per_second")


def _simple(ax: Axes, run: Run, look: Look, column: str) -> None:
    ax.plot(*thinned(*run.steps.pairs(column)), color=look.colour, label=None if look.alone else look.label)


def _memory(ax: Axes, run: Run, look: Look) -> None:
    """Draws the use of the machine's memory and of each GPU's, in percent."""
    readings = run.resources
    for name, style in _memory_columns(readings).items():
        pairs = [(found["step"], found[name]) for found in readings if isinstance(found.get(name), float)]
        known = [(step, value) for step, value in pairs if isinstance(step, int)]
        device = name.split(".")[-2] if "devices" in name else ""
        label = look.named(f"GPU {device}" if device else "host")
        steps, values = [step for step, _ in known], [value for _, value in known]
        ax.plot(*thinned(steps, values), color=look.colour, linestyle=style, label=label)
    ax.set_ylim(0, 100)


def _memory_columns(readings: Sequence[dict[str, Any]]) -> dict[str, str]:
    names = dict.fromkeys(name for found in readings for name in found)
    devices = [name for name in names if name.endswith(".memory_usage_percent")]
    return {"memory.usage_percent": "--"} | dict.fromkeys(devices, "-")


PANELS = (
    Panel("Loss", _has_losses, _loss),
    Panel("Learning rate", _has("learning_rate"), _learning_rate),
    Panel("Gradient norm, before clipping", _has("grad_norm"), _gradient_norm),
    Panel("Step time", _has("step_time_seconds"), _step_time, below="milliseconds"),
    Panel("Model FLOPs utilisation, %", _has("mfu_percent"), _mfu),
    Panel("Tokens per second", _has("tokens_per_second"), _throughput),
    Panel("Memory in use, %", lambda run: bool(run.resources), _memory),
)
