"""The curves of runs as a picture, one panel for each thing that was measured, several runs over each other."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from verbose_logging.errors import LogError, MissingExtraError, did_you_mean
from verbose_logging.printable import printable
from verbose_logging.reading.plot.panels import PANELS, Look, Panel
from verbose_logging.reading.runs.run import Run

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FORMATS = ("png", "svg", "pdf")
_COLOURS = ("#2563eb", "#ea580c", "#16a34a", "#9333ea", "#0891b2", "#ca8a04", "#be185d", "#475569")
_PANEL_INCHES = (6.4, 3.2)
_LONGEST_NAME = 40
_STYLE = {
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.25,
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "font.size": 9,
    "text.parse_math": False,  # a name from a log is text, whatever dollars stand in it
    "svg.fonttype": "none",
}


def save_plot(runs: Sequence[Run], target: Path) -> Path:
    """Returns the path of the picture that was written.

    Args:
        runs: The first one's findings are marked where it is alone.
        target: Where it goes; its suffix says in which form.

    Raises:
        MissingExtraError: matplotlib is not installed.
        LogError: The runs hold nothing to draw, the form is unknown, or the file cannot be written.
    """
    form = target.suffix.removeprefix(".").lower()
    if form not in FORMATS:
        raise LogError(f"{target}: no picture form {form!r}; {did_you_mean(form, FORMATS)}")
    figure = draw(runs)
    try:
        figure.savefig(target, dpi=110)
    except OSError as error:
        raise LogError(f"{target}: {error.strerror or error}") from error
    return target


def draw(runs: Sequence[Run]) -> Figure:
    """Returns the picture: a panel for everything that at least one of the runs has.

    Raises:
        MissingExtraError: matplotlib is not installed.
        LogError: The runs hold nothing to draw.
    """
    try:
        import matplotlib as mpl  # noqa: PLC0415 - an extra
        from matplotlib.figure import Figure  # noqa: PLC0415
    except ImportError as error:
        raise MissingExtraError("plot", "plot") from error
    panels = [panel for panel in PANELS if any(panel.has(run) for run in runs)]
    if not panels:
        raise LogError(f"{', '.join(str(run.path) for run in runs)}: no step in it to draw")
    columns = 1 if len(panels) == 1 else 2
    lines = math.ceil(len(panels) / columns)
    width, height = _PANEL_INCHES
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(width * columns, height * lines + 0.5), layout="constrained")
        axes = figure.subplots(lines, columns, squeeze=False).flatten()
        for panel, ax in zip(panels, axes, strict=False):
            _fill(panel, ax, runs)
        for ax in axes[len(panels) :]:
            ax.set_axis_off()
        figure.suptitle(_title(runs), fontsize=12, x=0.01, ha="left")
    return figure


def _fill(panel: Panel, ax: Axes, runs: Sequence[Run]) -> None:
    for place, run in enumerate(runs):
        if panel.has(run):
            panel.draw(ax, run, Look(_COLOURS[place % len(_COLOURS)], label_of(run), alone=len(runs) == 1))
    ax.set_title(panel.title)
    ax.set_xlabel(panel.below)
    handles, labels = ax.get_legend_handles_labels()
    if handles:
        ax.legend(handles, labels, frameon=False, fontsize=8, loc="best")


def label_of(run: Run) -> str:
    """Returns a run's name, short enough for a legend; one without a name is known by its folder and its id."""
    folder = run.path.absolute().parent.name
    name = printable(f"{folder} {run.name}" if run.name == run.run_id else run.name)
    return name if len(name) <= _LONGEST_NAME else name[: _LONGEST_NAME - 1] + "…"


def _title(runs: Sequence[Run]) -> str:
    if len(runs) > 1:
        return f"{len(runs)} runs"
    told: Any = runs[0].summary.get("verdict", "")
    return f"{label_of(runs[0])}   {printable(str(told))[:100]}"
