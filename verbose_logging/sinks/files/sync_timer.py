"""When a log is brought to the disk itself, beside its milestones: for the case that the machine loses power."""

from __future__ import annotations

from verbose_logging.protocols import Clock


class SyncTimer:
    """Says once every so many seconds that it is time.

    Args:
        seconds: How often.
        clock: Times it.

    Example:
        >>> from verbose_logging.testing import ManualClock
        >>> clock = ManualClock()
        >>> timer = SyncTimer(5.0, clock)
        >>> clock.advance(5.0)
        >>> timer.rings(), timer.rings()
        (True, False)
    """

    def __init__(self, seconds: float, clock: Clock) -> None:
        self._seconds = seconds
        self._clock = clock
        self._rang_at = clock.monotonic()

    def rings(self) -> bool:
        """Returns whether it is time, and begins to wait anew if so."""
        now = self._clock.monotonic()
        if now < self._rang_at + self._seconds:
            return False
        self._rang_at = now
        return True
