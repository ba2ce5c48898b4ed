"""What the logger itself has cost, and what it had to do without, as the run's last entry has it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from verbose_logging.reading.fields import count_at, group_at, known, number_at, text_at
from verbose_logging.reading.summary.part import Part
from verbose_logging.run_document import OUTCOMES


class OwnAccount(Part):
    """The logger's own account of a run that has ended."""

    def __init__(self) -> None:
        self._account: dict[str, Any] = {}

    def take(self, kind: str, entry: Mapping[str, Any]) -> None:
        """Takes in an entry."""
        if kind in OUTCOMES:
            self._account = group_at(entry, "logger")

    def result(self) -> dict[str, Any]:
        """Returns `logger`: entries, bytes written by then, CPU seconds, the longest hook; and `failed_parts`."""
        account = self._account
        log = group_at(account, "files", "jsonl")
        told = known(
            entries_recorded=count_at(account, "pipeline", "entries_handled"),
            bytes_written=count_at(log, "bytes_written") or None,
            entries_dropped=count_at(log, "lines_dropped") or None,
            facts_dropped=count_at(account, "pipeline", "facts_dropped") or None,
            recorder_cpu_seconds=number_at(account, "pipeline", "pipeline_cpu_seconds"),
            sampler_cpu_seconds=number_at(account, "sampler", "cpu_seconds"),
            longest_hook=text_at(account, "longest_hook", "name"),
            longest_hook_seconds=number_at(account, "longest_hook", "seconds"),
        )
        return {"logger": told or None, "failed_parts": _failed(account) or None}


def _failed(account: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Returns a row for each part that failed: how often, why, and whether it was switched off."""
    files = {f"file {name}": told for name, told in group_at(account, "files").items()}
    sinks = {f"sink {name}": told for name, told in group_at(account, "sinks").items()}
    parts = {**files, **sinks, **group_at(account, "failures")}
    return [
        {"part": part}
        | known(
            failures=count_at(told, "failures"),
            error=text_at(told, "error"),
            switched_off=True if told.get("switched_off") is True else None,
        )
        for part, told in parts.items()
        if isinstance(told, Mapping) and text_at(told, "error")
    ]
