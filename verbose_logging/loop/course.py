"""Where a plain loop is, by the numbers that its author gives: its steps and epochs may count from 0 or from 1."""

from __future__ import annotations

import math
from collections.abc import Iterator

from verbose_logging.facts import EpochBegin, EpochEnd, Fact


class LoopCourse:
    """Follows a loop's own numbers.

    The first step tells where steps count from, and so does the first epoch; of a resumed loop only its steps do.

    Args:
        began_at: When training began, monotonic seconds.
        resumed_from_step: Steps that were finished before.

    Attributes:
        step: The last step, as given.
        epoch: Epochs that are done, with the fraction where one was given; 0.0 before the first.
        counted_from: The number of the run's first step.

    Example:
        >>> course = LoopCourse(began_at=0.0)
        >>> _ = list(course.enter_epoch(1)), course.enter_step(0, at=1.5)
        >>> course.step, course.counted_from, course.epoch
        (0, 0, 0.0)
        >>> [type(fact).__name__ for fact in course.enter_epoch(2)], course.epoch
        (['EpochEnd', 'EpochBegin'], 1.0)
    """

    def __init__(self, *, began_at: float, resumed_from_step: int = 0) -> None:
        self.step = resumed_from_step
        self.epoch = 0.0
        self.counted_from = 1
        self._last_at = began_at
        self._is_resumed = resumed_from_step > 0
        self._has_steps = False
        self._epochs_from: int | None = None

    def enter_step(self, step: int, *, at: float) -> None:
        """Takes the number of a step that is done."""
        if not self._has_steps:
            self._has_steps = True
            self.counted_from = 0 if step == self.step else 1
        self.step = step
        self._last_at = at

    def touch(self, at: float) -> None:
        """Notes that something else is done: what follows begins here."""
        self._last_at = at

    def enter_epoch(self, epoch: float | None) -> Iterator[Fact]:
        """Yields the facts of an epoch that has changed, dated back to the last thing that was done before."""
        if epoch is None:
            return
        if self._epochs_from is None:
            self._epochs_from = 1 if epoch >= 1 and not self._is_resumed else 0
            self.epoch = float(epoch - self._epochs_from)
            yield EpochBegin(self._last_at, float(math.floor(self.epoch)))
            return
        before, self.epoch = math.floor(self.epoch), float(epoch - self._epochs_from)
        now = math.floor(self.epoch)
        if now > before:
            yield EpochEnd(self._last_at, self.step, float(before + 1))
            yield EpochBegin(self._last_at, float(now))

    def leave(self) -> Iterator[Fact]:
        """Yields the end of the epoch under way."""
        if self._epochs_from is not None:
            yield EpochEnd(self._last_at, self.step, float(math.floor(self.epoch) + 1))
