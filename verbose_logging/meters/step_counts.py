"""What the step under way holds: samples and tokens, summed over its micro-batches."""

from __future__ import annotations

from verbose_logging.facts import Fact, MicroStep, StepBegin

_SUMMED = ("samples", "padded_tokens", "real_tokens", "loss_tokens")


class StepCounts:
    """Sums the counts of a step's micro-batches. A count that one of them lacks is not known.

    Attributes:
        values: `samples`, `padded_tokens`, `real_tokens`, `loss_tokens`, and `items_in_batch`, which the Trainer counts
            once for the whole step; empty where no tap delivers.
    """

    def __init__(self) -> None:
        self.values: dict[str, int | None] = {}

    def observe(self, fact: Fact) -> None:
        """Takes in a fact."""
        if isinstance(fact, StepBegin):
            self.values = {}
        elif isinstance(fact, MicroStep):
            before = self.values or dict.fromkeys(_SUMMED, 0)
            self.values = {name: _sum(before[name], getattr(fact, name)) for name in _SUMMED}
            self.values["items_in_batch"] = None if fact.items_in_batch is None else int(fact.items_in_batch)


def _sum(before: int | None, now: int | None) -> int | None:
    return None if before is None or now is None else before + int(now)
