"""A learning rate that does not do what its schedule says."""

from __future__ import annotations

from typing import ClassVar

from verbose_logging.entries import Severity, TrainingStepComplete
from verbose_logging.formatting import scientific
from verbose_logging.protocols import Condition
from verbose_logging.rules.parameters import Count
from verbose_logging.rules.streaks import StreakRule

# Schedules whose rate is another one at every step after warm-up.
_MOVING = frozenset({"linear", "cosine", "cosine_with_restarts", "polynomial", "inverse_sqrt"})


class StuckLearningRate(StreakRule):
    """The learning rate stands still although its schedule moves it at every step.

    Only for the Trainer's own schedules that always move: linear, cosine (with restarts too), polynomial,
    inverse_sqrt. A constant one, and one that you built yourself, may stand still.

    Args:
        steps: So many steps in a row at exactly the same rate, after warm-up.
    """

    name = "stuck_learning_rate"

    def __init__(self, *, steps: Count = 20) -> None:
        super().__init__(steps=steps)

    def begin(self) -> None:
        """Forgets the run before."""
        super().begin()
        self._last: float | None = None

    def holds(self, entry: TrainingStepComplete) -> bool | None:
        """Returns whether the rate is that of the step before."""
        rate = self.run.learning_rate
        if rate is None or self.run.schedule not in _MOVING or entry.step <= self.run.warmup_steps:
            return None
        stands = rate == self._last
        self._last = rate
        return stands

    def condition(self, entry: TrainingStepComplete, in_a_row: int) -> Condition:
        """Returns for how long the rate has stood still."""
        rate = self.run.learning_rate
        return Condition(
            firing=in_a_row >= self._steps and rate is not None and rate > 0,
            verdict=f"The learning rate has stood at {scientific(rate)} for {in_a_row} steps, although the "
            f"schedule is {self.run.schedule}",
            evidence={"step": entry.step, "learning_rate": rate, "steps_in_a_row": in_a_row},
            suggestion="The scheduler is not stepped: does a callback or a Trainer of your own replace it? A rate "
            'that is meant to stand still is lr_scheduler_type="constant".',
        )


class ZeroLearningRate(StreakRule):
    """The learning rate is exactly 0 after warm-up: every step is computed and none changes anything.

    Args:
        steps: So many steps in a row count.
    """

    name = "zero_learning_rate"
    severity: ClassVar[Severity] = "ERROR"
    explains: ClassVar[frozenset[str]] = frozenset({"not_learning", "stuck_learning_rate"})

    def __init__(self, *, steps: Count = 3) -> None:
        super().__init__(steps=steps)

    def holds(self, entry: TrainingStepComplete) -> bool | None:
        """Returns whether the rate is 0 where it should not be."""
        rate = self.run.learning_rate
        return None if rate is None else rate == 0 and entry.step > self.run.warmup_steps

    def condition(self, entry: TrainingStepComplete, in_a_row: int) -> Condition:
        """Returns for how long the rate has been 0."""
        return Condition(
            firing=in_a_row >= self._steps,
            verdict=f"The learning rate has been exactly 0 for {in_a_row} steps, up to step {entry.step}",
            evidence={"step": entry.step, "steps_in_a_row": in_a_row, "warmup_steps": self.run.warmup_steps},
            suggestion="learning_rate is 0 in the training arguments."
            if self.run.number("learning_rate") == 0
            else "The schedule is over: is it built for fewer steps than this run has (max_steps, a resume with other "
            "arguments), or does the optimizer hold the parameters of another model?",
        )
