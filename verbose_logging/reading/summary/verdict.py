"""How a run stands, in one sentence."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from verbose_logging.formatting import short_duration, thousands

SILENCE_SECONDS = 90  # a living run writes a heartbeat every 30 s


def verdict(summary: Mapping[str, Any], now: datetime | None = None) -> str:
    """Returns how the run ended, or whether it is alive: by `has_writer`, or else by the age of its last entry.

    Example:
        >>> verdict({"outcome": "complete", "steps_done": 200, "total_steps": 200, "duration_seconds": 75})
        'complete: 200 of 200 steps in 1 min 15 s'
    """
    return f"{_state(summary, now)}: {_distance(summary)}{_exception(summary)}"


def _state(summary: Mapping[str, Any], now: datetime | None) -> str:
    outcome = str(summary["outcome"])
    if outcome != "unfinished" or now is None or "last_entry_at" not in summary:
        return "no end entry" if outcome == "unfinished" else outcome
    last = datetime.fromisoformat(summary["last_entry_at"])
    silence = max(0.0, (now - last).total_seconds())
    if summary.get("has_writer", silence < SILENCE_SECONDS):
        return "running" if silence < SILENCE_SECONDS else f"running, but silent for {short_duration(silence)}"
    since = last.astimezone(now.tzinfo).isoformat(sep=" ", timespec="seconds")
    return f"dead since {since}, {short_duration(silence)} ago: no end entry, so {_why_no_end(summary)}"


def _why_no_end(summary: Mapping[str, Any]) -> str:
    if "end_may_be_in" in summary:
        return f"it was killed, or its end could not be written (see {summary['end_may_be_in']})"
    return "it was killed" if "has_writer" in summary else "it was probably killed"


def _distance(summary: Mapping[str, Any]) -> str:
    steps = thousands(summary.get("steps_done", 0))
    total = f" of {thousands(summary['total_steps'])}" if "total_steps" in summary else ""
    time = f" in {short_duration(summary['duration_seconds'])}" if "duration_seconds" in summary else ""
    return f"{steps}{total} steps{time}"


def _exception(summary: Mapping[str, Any]) -> str:
    exception = summary.get("exception") or {}
    text = ": ".join(str(exception[key]) for key in ("type", "message") if exception.get(key))
    return f"; {text}" if text else ""
