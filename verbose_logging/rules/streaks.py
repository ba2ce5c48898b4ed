"""What counts only when it holds for several steps in a row."""

from __future__ import annotations

from verbose_logging.entries import TrainingStepComplete
from verbose_logging.protocols import Condition
from verbose_logging.rules.base import NOTHING, BaseRule, Verdicts


class InARow:
    """Counts how often in a row something held.

    Example:
        >>> held = InARow()
        >>> [held.count(sign) for sign in (True, True, False, True)]
        [1, 2, 0, 1]
    """

    def __init__(self) -> None:
        self._times = 0

    def count(self, holds: bool) -> int:
        """Takes in whether it holds now, and returns for how many times in a row it has."""
        self._times = self._times + 1 if holds else 0
        return self._times


class StreakRule(BaseRule):
    """A rule about something that must not hold for several steps in a row, nor be told while it does not hold.

    A subclass says whether it holds, and what to say of a streak.

    Args:
        steps: So many steps in a row count.
    """

    def __init__(self, *, steps: int) -> None:
        self._steps = steps
        super().__init__()

    def begin(self) -> None:
        """Forgets the run before."""
        self._streak = InARow()

    def at_step(self, entry: TrainingStepComplete) -> Verdicts:
        """Returns what is to be said of the streak that ends with this step."""
        holds = self.holds(entry)
        if holds is None or self.is_quiet(holds):
            return NOTHING
        return (self.condition(entry, self._streak.count(holds)),)

    def holds(self, entry: TrainingStepComplete) -> bool | None:
        """Returns whether it holds at this step; `None` where that cannot be known, which ends no streak."""
        raise NotImplementedError

    def condition(self, entry: TrainingStepComplete, in_a_row: int) -> Condition:
        """Returns what is to be said once it has held for so many steps, 0 included; at 0 it must not fire."""
        raise NotImplementedError
