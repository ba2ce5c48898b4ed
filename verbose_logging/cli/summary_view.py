"""A summary as a person reads it: the verdict first, then numbers, time, peaks, alerts, files, and what to do next."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from rich.table import Table
from rich.text import Text

from verbose_logging.cli.output import safe
from verbose_logging.cli.summary_rows import ROWS, loss_text
from verbose_logging.formatting import ledger_rows, peak
from verbose_logging.reading.files.spilled import spill_files

OUTCOME_STYLES = {
    "complete": "bold green",
    "failed": "bold red",
    "interrupted": "bold yellow",
    "unfinished": "bold cyan",
}
SEVERITY_STYLES = {"WARNING": "yellow", "ERROR": "red", "CRITICAL": "bold red"}
_FILES_BESIDE = ("training_logs.jsonl", "verbose_logging_errors.log")
_SELECT_STEPS = 'select(.type == "training_step_complete")'


def summary_view(summary: Mapping[str, Any]) -> Iterator[Text | Table]:
    """Returns the blocks to print, one after the other.

    Args:
        summary: What `summarize` returned, with the path of the log as `log_file`, and as `short_log` that of the
            short log where the user named one.
    """
    if "short_log" in summary:
        yield safe(_short_log_note(summary))
    yield safe(summary["verdict"], OUTCOME_STYLES.get(str(summary["outcome"]), ""))
    if "health" in summary:
        yield safe(summary["health"], SEVERITY_STYLES.get(summary["health"].partition(" ")[0], "green"))
    rows = _pairs((label, row(summary)) for label, row in ROWS.items())
    if rows:
        yield rows
    for title, block in _BLOCKS.items():
        content = block(summary)
        if content is not None:
            yield safe("")
            yield safe(title, "bold")
            yield content


def _short_log_note(summary: Mapping[str, Any]) -> str:
    short, shown = summary["short_log"], summary["log_file"]
    rest = "there is no full log beside it" if shown == short else f"shown is the full log beside it, {shown}"
    return f"{short} is the short log; {rest}"


def _pairs(rows: Iterable[tuple[str, str | None]]) -> Text:
    """Returns a line per row, unbroken so that it can be copied; a text that is `None` takes its row with it."""
    told = [(label, text) for label, text in rows if text is not None]
    width = max((len(label) for label, _ in told), default=0)
    return Text("\n").join(safe(f"  {label:<{width}}  {text}") for label, text in told)


def _time(summary: Mapping[str, Any]) -> Table | None:
    """Returns where the time went, largest part first."""
    rows = ledger_rows(summary.get("time_ledger", {}))
    if not rows:
        return None
    table = Table.grid(padding=(0, 2))
    table.add_column()
    table.add_column(justify="right")
    table.add_column(justify="right")
    for name, seconds, share in rows:
        table.add_row(safe(f"  {name}"), seconds, share)
    return table


def _evaluation_losses(summary: Mapping[str, Any]) -> Text | None:
    """Returns the losses of each evaluation set, by metric."""
    losses = summary.get("evaluation_losses")
    return _pairs((name, loss_text(row)) for name, row in losses.items()) if losses else None


def _earlier_runs(summary: Mapping[str, Any]) -> Text | None:
    runs = summary.get("earlier_runs")
    return _pairs((run.get("started_at", "unknown"), run["verdict"]) for run in runs) if runs else None


def _peaks(summary: Mapping[str, Any]) -> Text | None:
    peaks = summary.get("peaks") or {}
    return _pairs((name.replace("_", " "), peak(name, value)) for name, value in peaks.items()) if peaks else None


def _alerts(summary: Mapping[str, Any]) -> Table | None:
    if not summary.get("alerts"):
        return None
    table = Table.grid(padding=(0, 2))
    for alert in summary["alerts"]:
        severity = alert.get("severity", "")
        state = "" if alert.get("state") == "firing" else ", resolved"
        told = [alert.get("message", ""), alert.get("suggestion", "")]
        where = f"step {alert['first_step']}, " if "first_step" in alert else ""
        table.add_row(
            safe(f"  {severity}", SEVERITY_STYLES.get(severity, "")),
            safe(alert["rule"]),
            safe(f"{where}{alert['times']}x{state}"),
            Text("\n").join(safe(text) for text in told if text),
        )
    return table


def _failed_parts(summary: Mapping[str, Any]) -> Text | None:
    """Returns which parts of the logger failed, how often and why."""
    parts = summary.get("failed_parts")
    return _pairs((str(row["part"]), _failure_text(row)) for row in parts) if parts else None


def _failure_text(row: Mapping[str, Any]) -> str:
    times = f"{row['failures']}x, " if "failures" in row else ""
    return f"{times}{'switched off, ' if row.get('switched_off') else ''}{row['error']}"


def _files(summary: Mapping[str, Any]) -> Text:
    log = Path(summary["log_file"])
    others = [log.with_name(name) for name in _FILES_BESIDE if name != log.name]
    beside = [str(path) for path in (*others, *spill_files(log)) if path.is_file()]
    checkpoints = [row["path"] for row in summary["latest_checkpoints"][-1:] if "path" in row]
    return _pairs(
        [
            ("log", str(log)),
            *(("beside it", path) for path in beside),
            *(("last checkpoint", path) for path in checkpoints),
        ]
    )


def _next_steps(summary: Mapping[str, Any]) -> Text:
    log = summary["log_file"]
    if log.endswith(".json"):
        return _pairs(_next_steps_in_run_json(log))
    return _pairs(_next_steps_in_short_log(log) if summary.get("short_log") == log else next_steps(log))


def next_steps(log: str | Path) -> list[tuple[str, str]]:
    """Returns what to look at in a log, each with the command that does it."""
    path = shlex.quote(str(log))
    return [
        ("the curves", f"verbose-logging plot {path} -o run.png"),
        ("check every line", f"verbose-logging validate {path}"),
        ("the losses", f"jq -c '{_SELECT_STEPS} | [.step, .metrics.loss]' {path}"),
        ("the last line", f"tail -n 1 {path}"),
    ]


def _next_steps_in_run_json(log: str) -> list[tuple[str, str]]:
    """Returns the same for a run JSON."""
    path = shlex.quote(log)
    return [
        ("the curves", f"verbose-logging plot {path} -o run.png"),
        ("the losses", f"jq -c '.training_iterations[] | [.iter, .loss]' {path}"),
        ("the summary", f"jq .summary {path}"),
    ]


def _next_steps_in_short_log(log: str) -> list[tuple[str, str]]:
    """Returns the same for a short log, which is flat and has no schema to be checked by."""
    path = shlex.quote(log)
    return [
        ("the losses", f"jq -c '{_SELECT_STEPS} | [.step, .loss]' {path}"),
        ("the last line", f"tail -n 1 {path}"),
    ]


_BLOCKS: dict[str, Callable[[Mapping[str, Any]], Text | Table | None]] = {
    "Evaluation losses": _evaluation_losses,
    "Where the time went": _time,
    "Peaks": _peaks,
    "Alerts": _alerts,
    "Failed parts of the logger": _failed_parts,
    "Earlier runs": _earlier_runs,
    "Files": _files,
    "Next": _next_steps,
}
