"""Which of the facts that wait there is still time for, when a recording has to end."""

from __future__ import annotations

import math

from verbose_logging.facts import (
    Fact,
    Logged,
    LoopStep,
    MicroStep,
    ModelStateRead,
    PreOptimizerStep,
    Restored,
    RunBroken,
    RunOpened,
    StepBegin,
    StepEnd,
    SubstepEnd,
    SystemInspected,
    TrainBegin,
    TrainEnd,
    TrainingInspected,
)
from verbose_logging.protocols import Clock

ENDS = (TrainEnd, RunBroken)
_VITAL = (*ENDS, RunOpened, SystemInspected, TrainingInspected, Restored, TrainBegin)
_WITHIN_STEP = (MicroStep, SubstepEnd, PreOptimizerStep, ModelStateRead, StepEnd)
_BEFORE_STEP_END = {StepBegin, MicroStep, SubstepEnd, PreOptimizerStep, LoopStep, ModelStateRead}
_STEPS_LOG = (Logged,)


class Deadline:
    """Allows every fact until time is up, and then only those without which the log makes no sense: starts and ends.

    A step that is under way at that moment is completed, so that each is told as a whole or counted as a whole.

    Args:
        clock: Measures the time.

    Example:
        >>> from verbose_logging.testing import ManualClock
        >>> deadline = Deadline(ManualClock())
        >>> deadline.allows(StepBegin(1.0))
        True
        >>> deadline.set(0.0)
        >>> [deadline.allows(fact) for fact in (StepEnd(2.0, 1, log_follows=False), StepBegin(3.0))]
        [True, False]
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._at = math.inf
        self._step_goes_on_with: tuple[type, ...] = ()

    def set(self, seconds: float) -> None:
        """Sets how much time there is from now on."""
        self._at = self._clock.monotonic() + seconds

    def allows(self, fact: Fact) -> bool:
        """Returns whether there is time for the fact. To be asked of each, in order."""
        if self._clock.monotonic() >= self._at and not isinstance(fact, (*self._step_goes_on_with, *_VITAL)):
            return False
        self._follow(fact)
        return True

    def _follow(self, fact: Fact) -> None:
        kind = type(fact)
        if kind in _BEFORE_STEP_END:
            self._step_goes_on_with = _WITHIN_STEP
        elif isinstance(fact, StepEnd):
            self._step_goes_on_with = _STEPS_LOG if fact.log_follows else ()
        elif kind is Logged and self._step_goes_on_with is _STEPS_LOG:
            self._step_goes_on_with = ()
