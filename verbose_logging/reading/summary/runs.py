"""Which of the runs in a log is meant, and how its entries reach what follows them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from verbose_logging.reading.fields import count_at, text_at
from verbose_logging.reading.files.scan import Item, Passed, Single
from verbose_logging.reading.files.step_lines import StepBlock
from verbose_logging.reading.summary.part import Part

_SIGNS_OF_TRAINING = frozenset({"training_start", "progress_report"})


class NewestRun:
    """Follows the runs of a log, and keeps those that may still turn out to be the newest one that trained.

    A run is as new as its first entry. Those before one that trained are forgotten, so a run that only wrote entries
    of the user's hides no other.

    Args:
        kinds: Make the parts of a run.
        only: The run that is wanted, whatever its age.
    """

    def __init__(self, kinds: Sequence[type[Part]], only: str | None = None) -> None:
        self._kinds = kinds
        self._only = only
        self._latest: str | None = None
        self._kept: dict[str | None, list[Part]] = {}
        self._trained = False
        self.run_ids: dict[str | None, None] = {}

    def follow(self, items: Iterable[Item]) -> None:
        """Takes in what stands in a log, in order."""
        for item in items:
            if isinstance(item, StepBlock):
                self._take_steps(item)
            elif isinstance(item, Passed):
                self._pass_over(item)
            else:
                self._take(item)

    def parts(self) -> list[Part]:
        """Returns the parts of the newest run that trained, else of the newest; none where there was no entry."""
        runs = list(self._kept.values())
        if not runs:
            return []
        return runs[0] if self._trained else runs[-1]

    def _forget_before(self, run_id: str | None) -> None:
        while next(iter(self._kept)) != run_id:
            del self._kept[next(iter(self._kept))]

    def _take(self, item: Single) -> None:
        """Takes in an entry; one without `run_id` belongs to the run that began last."""
        kind = text_at(item.entry, "type")
        if kind is None:
            return
        parts = self._parts_of(text_at(item.entry, "run_id"), trains=kind in _SIGNS_OF_TRAINING)
        if kind == "training_start":
            _go_back(parts, item.entry)
        for part in parts:
            part.take(kind, item.entry)

    def _take_steps(self, block: StepBlock) -> None:
        for part in self._parts_of(block.run_id, trains=True):
            part.take_steps(block)

    def _pass_over(self, item: Passed) -> None:
        for part in self._parts_of(item.run_id, trains=False):
            part.pass_over(item.entries)

    def _parts_of(self, named: str | None, *, trains: bool) -> Sequence[Part]:
        run_id = named or self._latest
        if run_id not in self.run_ids:
            self.run_ids[run_id] = None
            self._latest = run_id
            if self._only in {None, run_id}:
                self._kept[run_id] = [part() for part in self._kinds]
        if run_id in self._kept and trains:
            self._trained = True
            self._forget_before(run_id)
        return self._kept.get(run_id, ())


class EveryRun(NewestRun):
    """Follows all runs of a log."""

    def all_parts(self) -> list[list[Part]]:
        """Returns the parts of each run, the oldest first."""
        return list(self._kept.values())

    def _forget_before(self, run_id: str | None) -> None:
        """Forgets nothing."""


def _go_back(parts: Iterable[Part], start: Mapping[str, Any]) -> None:
    """What lies above the step where a training starts is done again."""
    step = count_at(start, "resumed_from_step") or 0
    for part in parts:
        part.go_back(step)
