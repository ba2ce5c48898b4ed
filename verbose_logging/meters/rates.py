"""Steps, samples and tokens per second, over the steps that count."""

from __future__ import annotations

from collections.abc import Sequence

from verbose_logging.facts import StepEnd, TrainBegin
from verbose_logging.hearing import Hearer, hears
from verbose_logging.meters.ledger import Ledger
from verbose_logging.meters.recent import Recent
from verbose_logging.meters.step_counts import COUNTED, StepCounts

_PLACES = {name: place for place, name in enumerate(COUNTED)}


class RecentSteps(Hearer):
    """The last hundred steps of this session: how long each took, and what it held.

    Args:
        ledger: Splits the time; observed before this.
        counts: What the step holds; observed before this.
    """

    def __init__(self, ledger: Ledger, counts: StepCounts) -> None:
        self._ledger = ledger
        self._counts = counts
        self._clear()

    def _clear(self) -> None:
        self._seconds = Recent[float]()
        self._total_seconds = 0.0
        self._rows = Recent[Sequence[int | None]]()
        self._sums = [0] * len(COUNTED)
        self._unknown = [0] * len(COUNTED)

    @hears(TrainBegin)
    def _begin(self, _: TrainBegin) -> None:
        self._clear()

    @hears(StepEnd)
    def _end_step(self, _: StepEnd) -> None:
        seconds = self._ledger.step_time_seconds
        if seconds is None:
            return
        self._seconds.add(seconds)
        self._total_seconds = sum(self._seconds.rows)
        row = tuple(map(self._counts.values.get, COUNTED))
        leaving = self._rows.add(row)
        if leaving == (row,):  # as where no tap counts, and where all batches are of one size
            return
        for former in leaving:
            self._count(former, -1)
        self._count(row, 1)

    def _count(self, row: Sequence[int | None], times: int) -> None:
        """Keeps the sums up to date, which whole numbers allow without an error."""
        for place, count in enumerate(row):
            if count is None:
                self._unknown[place] += times
            else:
                self._sums[place] += times * count

    @property
    def rate(self) -> float | None:
        """Steps per second, `None` before the first step."""
        return len(self._seconds.rows) / self._total_seconds if self._total_seconds else None

    def per_second(self, name: str) -> float | None:
        """Returns so many of a step's counts per second, `None` where one of the steps does not know it."""
        place = _PLACES[name]
        known = self._total_seconds and not self._unknown[place]
        return self._sums[place] / self._total_seconds if known else None
