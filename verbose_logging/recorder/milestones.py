"""When the next share of the run is done."""

from __future__ import annotations

import math

_SLACK = 1e-9  # 7 of 100 steps are 7.000000000000001 %


class Milestones:
    """Tells each share of the run once, also after a resume in the middle.

    Args:
        every_percent: Size of a share, in percent; any positive number.

    Example:
        >>> milestones = Milestones(every_percent=25)
        >>> milestones.begin(step=0, total_steps=8)
        >>> [step for step in range(1, 9) if milestones.passed(step)]
        [2, 4, 6, 8]
    """

    def __init__(self, every_percent: float) -> None:
        self._every_percent = every_percent
        self._total_steps: int | None = None
        self._reached = 0

    def begin(self, step: int, total_steps: int | None) -> None:
        """Starts behind the step that the run begins with."""
        self._total_steps = total_steps
        self._reached = self._share(step)

    def passed(self, step: int) -> bool:
        """Returns whether this step completes a share; never without a known end."""
        share = self._share(step)
        if share <= self._reached:
            return False
        self._reached = share
        return True

    def _share(self, step: int) -> int:
        if not self._total_steps:
            return 0
        return math.floor(100 * step / self._total_steps / self._every_percent + _SLACK)
