"""Lines that have waited too long lie in a spill file as well, until their own file has taken them."""

from __future__ import annotations

from pathlib import Path

from verbose_logging.sinks.fallback import Fallback
from verbose_logging.sinks.files.pending import PendingLines

PATIENCE_SECONDS = 5.0


class SafetyCopy:
    """Keeps on disk what a file has not taken for five seconds, so that not even SIGKILL costs it.

    Args:
        path: The file.
        pending: The lines that wait for it.
        fallback: Knows where there is room.
    """

    def __init__(self, path: Path, pending: PendingLines, fallback: Fallback) -> None:
        self._path = path
        self._pending = pending
        self._fallback = fallback
        self._failing_since: float | None = None
        self._copied = 0

    @property
    def copied(self) -> int:
        """How many of the lines that wait, the oldest ones, lie in the spill file."""
        return self._copied

    def failing(self, now: float) -> None:
        """Copies what is not copied yet, once the file has been failing for long enough."""
        if self._failing_since is None:
            self._failing_since = now
        if now - self._failing_since < PATIENCE_SECONDS:
            return
        lines = self._pending.lines_from(self._copied)
        if lines and self._fallback.keep(self._path, lines):
            self._copied += len(lines)

    def delivered(self, lines: int) -> None:
        """Takes note of lines that the file has taken after all."""
        self._copied = max(0, self._copied - lines)

    def recovered(self) -> None:
        """Removes the spill file, since the log has every line of it."""
        self._failing_since = None
        self._copied = 0
        self._fallback.forget(self._path)
