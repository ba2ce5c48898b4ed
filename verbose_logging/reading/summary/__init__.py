"""A run in brief: one pass over its entries, a few numbers in memory.

The summary is made of parts (`course`, `metrics`, `events`): small counters, each of which follows the entries and
then says one thing about the run. To add one, write it and list it in `PARTS`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from verbose_logging.reading.fields import known
from verbose_logging.reading.files.scan import Item, item_of
from verbose_logging.reading.summary.course import Ending, Progress, Span, Subject
from verbose_logging.reading.summary.events import Alerts, Checkpoints
from verbose_logging.reading.summary.health import health
from verbose_logging.reading.summary.metrics import Evaluations, Losses, Rates, StepTimes
from verbose_logging.reading.summary.own_account import OwnAccount
from verbose_logging.reading.summary.part import Part
from verbose_logging.reading.summary.runs import NewestRun
from verbose_logging.reading.summary.verdict import verdict

PARTS: tuple[type[Part], ...] = (
    Ending,
    Span,
    Subject,
    Progress,
    Losses,
    StepTimes,
    Rates,
    Evaluations,
    Checkpoints,
    Alerts,
    OwnAccount,
)


def summarize(entries: Iterable[Mapping[str, Any]], now: datetime | None = None) -> dict[str, Any]:
    """Returns the newest run of a log in brief: of those that trained, else of all, the one that begins last.

    Args:
        entries: The entries of a log, in the file's order. What has no `type` is no entry.
        now: The present moment, with its time zone; tells a run that is still alive from one that was killed.

    Returns:
        Plain values, those that are not known left out; `outcome` is "complete", "interrupted", "failed" or
        "unfinished", and `verdict` says it in a sentence. Empty where there is no entry.
    """
    return summarize_items((item_of(0, entry) for entry in entries), now)


def summarize_items(items: Iterable[Item], now: datetime | None = None) -> dict[str, Any]:
    """Returns the same of what a `LogScan` gives, which is the fast way."""
    newest = NewestRun(PARTS)
    newest.follow(items)
    return summary_of(newest.parts(), now)


def summary_of(parts: Iterable[Part], now: datetime | None = None) -> dict[str, Any]:
    """Returns what the parts of a summary say, the verdict first."""
    summary: dict[str, Any] = {}
    for part in parts:
        summary |= known(**part.result())
    return {"verdict": verdict(summary, now)} | known(health=health(summary)) | summary if summary else {}
