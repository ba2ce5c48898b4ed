"""Which of the facts that wait there is still time for, when a recording has to end."""

from __future__ import annotations

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

ENDS = frozenset({TrainEnd, RunBroken})
_VITAL = (*ENDS, RunOpened, SystemInspected, TrainingInspected, Restored, TrainBegin)
_BEFORE_STEP_END = (StepBegin, MicroStep, SubstepEnd, PreOptimizerStep, LoopStep, ModelStateRead)
_OF_A_STEP = frozenset({*_BEFORE_STEP_END, StepEnd})
_WITHIN_STEP = (MicroStep, SubstepEnd, PreOptimizerStep, ModelStateRead, StepEnd)


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
        self._at: float | None = None
        self._latest: Fact | None = None  # of the steps' facts

    def set(self, seconds: float) -> None:
        """Sets how much time there is from now on."""
        self._at = self._clock.monotonic() + seconds

    def allows(self, fact: Fact) -> bool:
        """Returns whether there is time for the fact. To be asked of each, in order."""
        if self._at is not None and self._clock.monotonic() >= self._at and not isinstance(fact, self._still_allowed()):
            return False
        kind = type(fact)
        if kind in _OF_A_STEP or (kind is Logged and isinstance(self._latest, StepEnd)):
            self._latest = fact
        return True

    def _still_allowed(self) -> tuple[type, ...]:
        """Returns what there is still time for when time is up."""
        latest = self._latest
        if isinstance(latest, StepEnd):
            return (*_VITAL, Logged) if latest.log_follows else _VITAL
        return (*_VITAL, *_WITHIN_STEP) if isinstance(latest, _BEFORE_STEP_END) else _VITAL
