"""What the step under way holds: samples and tokens, summed over its micro-batches."""

from __future__ import annotations

from operator import attrgetter
from typing import Any

from verbose_logging.facts import FactsDropped, MicroStep, StepEnd, TrainBegin
from verbose_logging.hearing import Hearer, hears

_SUMMED = ("samples", "padded_tokens", "real_tokens", "loss_tokens")
COUNTED = (*_SUMMED, "items_in_batch")
_counted_of = attrgetter(*COUNTED)


class StepCounts(Hearer):
    """Sums the counts of a step's micro-batches. What one of them lacks, or was lost, is not known.

    A stream whose pass ends within an accumulation leaves its last micro-batches in the gradients; they belong to the
    step that uses them, so a step holds everything since the step before.

    Attributes:
        values: Of the last step: `samples`, `padded_tokens`, `real_tokens`, `loss_tokens`, and `items_in_batch`, which
            the Trainer counts once for the whole step; empty where no tap delivers.
    """

    def __init__(self) -> None:
        self.values: dict[str, int | None] = {}
        self._open: dict[str, int | None] = {}

    @hears(TrainBegin)
    def _begin(self, _: TrainBegin) -> None:
        self.values, self._open = {}, {}

    @hears(MicroStep)
    def _add(self, fact: MicroStep) -> None:
        counts = dict(zip(COUNTED, map(_count, _counted_of(fact)), strict=True))
        if before := self._open:
            counts |= {name: _sum(before[name], counts[name]) for name in _SUMMED}
        self._open = counts

    @hears(FactsDropped)
    def _lose(self, _: FactsDropped) -> None:
        self._open = dict.fromkeys(_SUMMED)

    @hears(StepEnd)
    def _end_step(self, _: StepEnd) -> None:
        self.values, self._open = self._open, {}


def _sum(before: int | None, now: int | None) -> int | None:
    return None if before is None or now is None else before + now


def _count(value: Any) -> int | None:
    """Returns a count; `None` for what is none, since a loop may say anything of its step."""
    if type(value) is int:  # nearly always
        return value
    try:
        return int(value)
    except (TypeError, ValueError, OverflowError):
        return None
