"""A summary as a person reads it: the verdict first, then numbers, time, peaks, alerts, files, and what to do next."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from rich.console import RenderableType
from rich.table import Table

from verbose_logging.cli.output import safe
from verbose_logging.cli.summary_rows import ROWS, peak_text
from verbose_logging.formatting import fixed, percent

_STYLES = {"complete": "bold green", "failed": "bold red", "interrupted": "bold yellow", "unfinished": "bold cyan"}
_SEVERITY_STYLES = {"WARNING": "yellow", "ERROR": "red", "CRITICAL": "bold red"}
_FILES_BESIDE = ("training_logs.jsonl", "verbose_logging_errors.log")


def summary_view(summary: Mapping[str, Any]) -> Iterator[RenderableType]:
    """Returns the blocks to print, one after the other.

    Args:
        summary: What `summarize` returned, with the path of the log as `log_file`.
    """
    yield safe(summary["verdict"], _STYLES.get(str(summary["outcome"]), ""))
    yield _pairs((label, row(summary)) for label, row in ROWS.items())
    for title, block in _BLOCKS.items():
        content = block(summary)
        if content is not None:
            yield safe("")
            yield safe(title, "bold")
            yield content


def _pairs(rows: Iterator[tuple[str, str | None]] | Iterator[tuple[str, str]]) -> Table:
    """Returns a table of labels and texts; a text that is `None` takes its row with it."""
    table = Table.grid(padding=(0, 2))
    for label, text in rows:
        if text is not None:
            table.add_row(safe(f"  {label}"), safe(text))
    return table


def _time(summary: Mapping[str, Any]) -> Table | None:
    """Returns where the time went, largest part first."""
    ledger = dict(summary.get("time_ledger", {}))
    total = ledger.pop("total_seconds", None)
    if not total:
        return None
    table = Table.grid(padding=(0, 2))
    table.add_column()
    table.add_column(justify="right")
    table.add_column(justify="right")
    for name, seconds in sorted(ledger.items(), key=lambda part: -part[1]):
        label = name.removesuffix("_seconds").replace("_", " ")
        table.add_row(safe(f"  {label}"), f"{fixed(seconds, 2)} s", percent(100 * seconds / total))
    table.add_row("  total", f"{fixed(total, 2)} s", percent(100.0))
    return table


def _peaks(summary: Mapping[str, Any]) -> Table | None:
    peaks = summary.get("peaks") or {}
    return _pairs((name.replace("_", " "), peak_text(name, value)) for name, value in peaks.items()) if peaks else None


def _alerts(summary: Mapping[str, Any]) -> Table | None:
    if not summary["alerts"]:
        return None
    table = Table.grid(padding=(0, 2))
    for alert in summary["alerts"]:
        severity = alert.get("severity", "")
        state = "" if alert.get("state") == "firing" else ", resolved"
        told = [alert.get("message", ""), alert.get("suggestion", "")]
        where = f"step {alert['first_step']}, " if "first_step" in alert else ""
        table.add_row(
            safe(f"  {severity}", _SEVERITY_STYLES.get(severity, "")),
            safe(alert["rule"]),
            safe(f"{where}{alert['times']}x{state}"),
            safe("; ".join(text for text in told if text)),
        )
    return table


def _files(summary: Mapping[str, Any]) -> Table:
    log = Path(summary["log_file"])
    beside = [str(log.with_name(name)) for name in _FILES_BESIDE if log.with_name(name).is_file()]
    checkpoints = [str(row["path"]) for row in summary["latest_checkpoints"][-1:] if "path" in row]
    rows = [("log", str(log)), *(("beside it", name) for name in beside)]
    return _pairs(iter(rows + [("last checkpoint", path) for path in checkpoints]))


def _next_steps(summary: Mapping[str, Any]) -> Table:
    log = summary["log_file"]
    select = """select(.type == "training_step_complete") | [.step, .metrics.loss]"""
    return _pairs(
        iter(
            [
                ("check every line", f"verbose-logging validate {log}"),
                ("the losses", f"jq -c '{select}' {log}"),
                ("the last line", f"tail -n 1 {log}"),
            ]
        )
    )


_BLOCKS: dict[str, Callable[[Mapping[str, Any]], Table | None]] = {
    "Where the time went": _time,
    "Peaks": _peaks,
    "Alerts": _alerts,
    "Files": _files,
    "Next": _next_steps,
}
