"""Which of the runs in a log is the one to sum up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from verbose_logging.reading.fields import text_at

_SIGNS_OF_TRAINING = frozenset({"training_start", "training_step_complete", "progress_report"})


class Part(Protocol):
    """One line or block of the summary."""

    def take(self, kind: str, entry: Mapping[str, Any]) -> None:
        """Takes in an entry of that type; all of a run, in order."""

    def result(self) -> dict[str, Any]:
        """Returns what is known."""


class NewestRun:
    """Follows the runs of a log, and keeps those that may still turn out to be the newest one that trained.

    A run is as new as its first entry. Those before one that trained are forgotten, so a run that only wrote entries
    of the user's hides no other.

    Args:
        kinds: What a summary is made of.
    """

    def __init__(self, kinds: Sequence[type[Part]]) -> None:
        self._kinds = kinds
        self._seen: set[str | None] = set()
        self._latest: str | None = None
        self._kept: dict[str | None, list[Part]] = {}
        self._trained = False

    def take(self, entry: Mapping[str, Any]) -> None:
        """Takes in an entry; one without `run_id` belongs to the run that began last."""
        kind = text_at(entry, "type")
        if kind is None:
            return
        run_id = text_at(entry, "run_id") or self._latest
        if run_id not in self._seen:
            self._seen.add(run_id)
            self._latest = run_id
            self._kept[run_id] = [part() for part in self._kinds]
        if run_id in self._kept and kind in _SIGNS_OF_TRAINING:
            self._forget_before(run_id)
        for part in self._kept.get(run_id, ()):
            part.take(kind, entry)

    def _forget_before(self, run_id: str | None) -> None:
        self._trained = True
        while next(iter(self._kept)) != run_id:
            del self._kept[next(iter(self._kept))]

    def parts(self) -> list[Part]:
        """Returns the parts of the newest run that trained, else of the newest; none where there was no entry."""
        runs = list(self._kept.values())
        if not runs:
            return []
        return runs[0] if self._trained else runs[-1]
