"""A run in brief: one pass over its entries, a few numbers in memory.

The summary is made of parts (`course`, `metrics`, `events`): small counters, each of which follows the entries and
then says one thing about the run. To add one, write it and list it in `PARTS`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Protocol

from verbose_logging.reading.fields import known, text_at
from verbose_logging.reading.summary.course import Ending, Progress, Span, Subject
from verbose_logging.reading.summary.events import Alerts, Checkpoints
from verbose_logging.reading.summary.metrics import Evaluations, Losses, StepTimes
from verbose_logging.reading.summary.verdict import verdict


class Part(Protocol):
    """One line or block of the summary."""

    def take(self, kind: str, entry: Mapping[str, Any]) -> None:
        """Takes in an entry of that type; all of a run, in order."""

    def result(self) -> dict[str, Any]:
        """Returns what is known."""


PARTS: tuple[type[Part], ...] = (
    Ending,
    Span,
    Subject,
    Progress,
    Losses,
    StepTimes,
    Evaluations,
    Checkpoints,
    Alerts,
)


def summarize(entries: Iterable[Mapping[str, Any]], now: datetime | None = None) -> dict[str, Any]:
    """Returns the newest run of a log in brief: the one whose first entry comes last.

    Args:
        entries: The entries of a log, in the file's order.
        now: The present moment, with its time zone; tells a run that is still alive from one that was killed.

    Returns:
        Plain values, those that are not known left out; `outcome` is "complete", "interrupted", "failed" or
        "unfinished", and `verdict` says it in a sentence. Empty where there is no entry.
    """
    seen: set[str | None] = set()
    current: str | None = None
    parts: list[Part] = []
    for entry in entries:
        run_id = text_at(entry, "run_id") or current
        if run_id not in seen:
            seen.add(run_id)
            current = run_id
            parts = [part() for part in PARTS]
        if run_id == current:
            _show(entry, parts)
    summary: dict[str, Any] = {}
    for part in parts:
        summary |= known(**part.result())
    return {"verdict": verdict(summary, now)} | summary if summary else {}


def _show(entry: Mapping[str, Any], parts: Iterable[Part]) -> None:
    kind = text_at(entry, "type") or ""
    for part in parts:
        part.take(kind, entry)
