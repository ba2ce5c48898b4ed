"""When to try again: soon at first, then less often, and for ever."""

from __future__ import annotations

import math


class Backoff:
    """Says when the next attempt is due. Times are monotonic, in seconds.

    Args:
        first_seconds: Pause after the first failure; it doubles with each further one.
        longest_seconds: The longest pause.

    Example:
        >>> backoff = Backoff()
        >>> backoff.failed(10.0)
        >>> backoff.is_due(10.05), backoff.is_due(10.1)
        (False, True)
    """

    def __init__(self, *, first_seconds: float = 0.1, longest_seconds: float = 2.0) -> None:
        self._first_seconds = first_seconds
        self._longest_seconds = longest_seconds
        self.reset()

    def reset(self) -> None:
        """Makes the next attempt due at once."""
        self._pause_seconds = self._first_seconds
        self._due_at = -math.inf

    def is_due(self, now: float) -> bool:
        """Returns whether to try now."""
        return now >= self._due_at

    def failed(self, now: float) -> None:
        """Puts the next attempt off."""
        self._due_at = now + self._pause_seconds
        self._pause_seconds = min(2 * self._pause_seconds, self._longest_seconds)
