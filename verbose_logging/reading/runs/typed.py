"""The entries of a run as they were when they were written: typed, so that they can be replayed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from verbose_logging.entries import KnownEntry, decode_entry
from verbose_logging.reading.fields import text_at
from verbose_logging.reading.files.lines import UNREADABLE, log_lines
from verbose_logging.reading.files.run_json import DocumentScan
from verbose_logging.reading.files.source import is_log
from verbose_logging.reading.runs.run import Run

_WHAT_TYPES_ASK_FOR: dict[str, Any] = {
    "level": "INFO",
    "message": "",
    "seq": 1,
    "rank": 0,
    "step": 0,
    "epoch": 1,
    "metric_sources": {},
    "timing": {},
    "progress": {},
    "metrics": {},
    "statistics": {},
    "time_ledger": {},
}


def typed_entries(run: Run) -> Iterator[KnownEntry]:
    """Yields the entries of a run, in order; lines that hold none of ours are passed over.

    Out of a run JSON the steps come first, as they stand there, and have the time of the run's start.
    """
    if is_log(run.path):
        yield from _of_log(run)
        return
    timestamp = "1970-01-01T00:00:00+00:00"
    for entry in DocumentScan(run.path).entries():
        timestamp = text_at(entry, "timestamp") or timestamp
        common = _WHAT_TYPES_ASK_FOR | {"run_id": run.run_id or run.name, "timestamp": timestamp}
        try:
            yield msgspec.convert(common | entry, KnownEntry)
        except msgspec.ValidationError:
            continue


def _of_log(run: Run) -> Iterator[KnownEntry]:
    for line in log_lines(run.path):
        try:
            entry = decode_entry(line.content)
        except UNREADABLE:
            continue
        if run.run_id in {entry.run_id, None}:
            yield entry
