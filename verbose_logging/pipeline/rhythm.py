"""When the recorder's thread wakes: in step with the sampler where little comes, sooner where much does."""

from __future__ import annotations

from verbose_logging.protocols import Clock

_AT_LEISURE = 256  # facts; some ten milliseconds of work


class Rhythm:
    """Says how long to sleep between two deliveries.

    At leisure that is until the next whole multiple of the longest sleep, because the sampler wakes at such moments too
    and a processor that is awake anyway costs less. Where facts come fast, it is the time in which 256 of them come, so
    that little waits when the run ends. The training thread, which brings them, wakes nobody.

    Args:
        clock: Measures the time.
        longest_seconds: The longest sleep.

    Example:
        >>> from verbose_logging.testing import ManualClock
        >>> clock = ManualClock(monotonic=10.0)
        >>> rhythm = Rhythm(clock, 0.25)
        >>> clock.advance(0.125)
        >>> rhythm.sleep_seconds(3)
        0.125
        >>> clock.advance(0.125)
        >>> rhythm.sleep_seconds(1024)
        0.03125
    """

    def __init__(self, clock: Clock, longest_seconds: float) -> None:
        self._clock = clock
        self._longest_seconds = longest_seconds
        self._asked_at = clock.monotonic()

    def sleep_seconds(self, delivered: int) -> float:
        """Returns how long to sleep after a delivery of so many facts, which came since the last call."""
        now = self._clock.monotonic()
        elapsed, self._asked_at = now - self._asked_at, now
        until_multiple = self._longest_seconds - now % self._longest_seconds
        if delivered <= _AT_LEISURE:
            return until_multiple
        return min(until_multiple, elapsed * _AT_LEISURE / delivered)
