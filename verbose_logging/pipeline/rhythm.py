"""When the recorder's thread wakes: in step with the sampler where little comes, sooner where much does."""

from __future__ import annotations

from verbose_logging.protocols import Clock

_AT_ONCE = 512  # facts; some ten milliseconds of work
_FAST = 256.0  # facts a second


class Rhythm:
    """Says how long to sleep between two deliveries.

    At leisure that is until the next whole multiple of the usual sleep, because the sampler wakes at such moments too
    and a processor that is awake anyway costs less. Where fifty steps or more come in a second it is twice as long,
    because the first step after each sleep takes as much as five others; but never longer than the time in which 512
    facts come, so that little waits when the run ends. The training thread, which brings them, wakes nobody.

    Args:
        clock: Measures the time.
        usual_seconds: The usual sleep.

    Example:
        >>> from verbose_logging.testing import ManualClock
        >>> clock = ManualClock(monotonic=10.0)
        >>> rhythm = Rhythm(clock, 0.25)
        >>> clock.advance(0.125)
        >>> rhythm.sleep_seconds(3)
        0.125
        >>> clock.advance(0.125)
        >>> rhythm.sleep_seconds(2048)
        0.03125
    """

    def __init__(self, clock: Clock, usual_seconds: float) -> None:
        self._clock = clock
        self._usual_seconds = usual_seconds
        self._asked_at = clock.monotonic()

    def sleep_seconds(self, delivered: int) -> float:
        """Returns how long to sleep after a delivery of so many facts, which came since the last call."""
        now = self._clock.monotonic()
        elapsed, self._asked_at = now - self._asked_at, now
        longest = self._usual_seconds * (2 if delivered > _FAST * elapsed > 0 else 1)
        until_multiple = longest - now % longest
        if delivered <= _AT_ONCE:
            return until_multiple
        return min(until_multiple, elapsed * _AT_ONCE / delivered)
