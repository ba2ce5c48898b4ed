"""What `watch` shows of a run: where it is, how it does, what it said last."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Group
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from verbose_logging.cli.output import safe
from verbose_logging.cli.summary_rows import ROWS
from verbose_logging.cli.summary_view import OUTCOME_STYLES, SEVERITY_STYLES
from verbose_logging.formatting import fixed, short_duration, thousands

_SHOWN = ("run", "model", "loss", "evaluations", "step time", "throughput", "checkpoints")
_BARS = "▁▂▃▄▅▆▇█"
_WIDEST_BAR = 80


def watch_view(summary: Mapping[str, Any], width: int) -> Group:
    """Returns one screen of a run.

    Args:
        summary: What `Watch.look` returned.
        width: Columns of the screen.
    """
    if not summary:
        return Group(safe("waiting for the first entry ..."))
    blocks: list[Any] = [safe(summary["verdict"], OUTCOME_STYLES.get(str(summary["outcome"]), ""))]
    if summary.get("total_steps"):
        blocks.append(_progress(summary, width))
    blocks += [Text(), _figures(summary)]
    if losses := summary.get("recent_losses"):
        blocks += [Text(), safe(f"loss of the last {len(losses)} steps  {sparkline(losses)}")]
    if messages := summary.get("recent_messages"):
        blocks += [Text(), *(_message(*said, width=width) for said in messages)]
    return Group(*blocks)


def _progress(summary: Mapping[str, Any], width: int) -> Table:
    done, total = summary.get("steps_done", 0), summary["total_steps"]
    grid = Table.grid(padding=(0, 1))
    left = summary.get("eta_minutes")
    told = f"{thousands(done)} of {thousands(total)} steps"
    rest = "" if left is None else f", {short_duration(60 * left)} left"
    bar = ProgressBar(total=total, completed=min(done, total), width=max(10, min(_WIDEST_BAR, width - 40)))
    grid.add_row(bar, safe(told + rest))
    return grid


def _figures(summary: Mapping[str, Any]) -> Table:
    grid = Table.grid(padding=(0, 2))
    for name in _SHOWN:
        text = ROWS[name](summary)
        if text is not None:
            grid.add_row(safe(name, "dim"), safe(text))
    return grid


def _message(timestamp: str, level: str, message: str, *, width: int) -> Text:
    text = safe(f"{timestamp[11:19]}  {message}", SEVERITY_STYLES.get(level, ""))
    text.truncate(width, overflow="ellipsis")
    return text


def sparkline(values: Sequence[float]) -> str:
    """Returns numbers as bars, the lowest and the highest at the ends of the scale.

    Example:
        >>> sparkline([1.0, 2.0, 3.0])
        '▁▅█'
    """
    low, high = min(values), max(values)
    span = high - low or 1.0
    top = len(_BARS) - 1
    return "".join(_BARS[round(top * (value - low) / span)] for value in values)


def status_line(summary: Mapping[str, Any]) -> str:
    """Returns a run in one line.

    Example:
        >>> status_line({"verdict": "running: 5 of 9 steps in 2 s", "last_loss": 2.5})
        'running: 5 of 9 steps in 2 s, loss 2.5000'
    """
    loss, left = summary.get("last_loss"), summary.get("eta_minutes")
    told = summary.get("last_loss_nonfinite") or (None if loss is None else fixed(loss))
    parts = [
        str(summary["verdict"]),
        f"loss {told}" if told else "",
        "" if left is None else f"{short_duration(60 * left)} left",
    ]
    return ", ".join(part for part in parts if part)
