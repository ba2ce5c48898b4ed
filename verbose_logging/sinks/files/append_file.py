"""Appends whole lines to a file that may fill up, vanish, be rotated or fail, and loses none that it can keep.

Lines wait in bounded memory until the system has taken them. Any error leaves them there and is met again later; no
call waits for that: `flush` tries when an attempt is due, and returns. The file is opened by the thread that writes,
at its first line, because opening may hang.
"""

from __future__ import annotations

import errno
import os
import weakref
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from verbose_logging.protocols import Clock
from verbose_logging.sinks.fallback import Fallback
from verbose_logging.sinks.files.backoff import Backoff
from verbose_logging.sinks.files.file_lock import share
from verbose_logging.sinks.files.pending import PendingLines
from verbose_logging.sinks.files.regular_file import close_quietly, is_at, open_regular
from verbose_logging.sinks.files.rotation import Rotation
from verbose_logging.sinks.files.safety_copy import SafetyCopy
from verbose_logging.sinks.files.tail_repair import repair_tail

_BATCH_BYTES = 256 << 10


class AppendFile:
    """A file that takes whole lines. Used by one thread, but for `rescue`.

    Args:
        path: The file; it and its folders are made for the owner alone where missing.
        clock: Times the attempts.
        fallback: Told of trouble; takes what could not be delivered.
        pending: The lines that wait.
        rotation: Sets the file aside when it is full; `None` for a file that may grow.
        write: Does what `os.write` does.
        fsync: Does what `os.fsync` does.
    """

    def __init__(  # noqa: PLR0913 - keyword-only collaborators
        self,
        path: Path,
        *,
        clock: Clock,
        fallback: Fallback,
        pending: PendingLines | None = None,
        rotation: Rotation | None = None,
        write: Callable[[int, bytes], int] = os.write,
        fsync: Callable[[int], None] = os.fsync,
    ) -> None:
        self._path = path.absolute()
        self._clock = clock
        self._fallback = fallback
        self._pending = PendingLines() if pending is None else pending
        self._safety_copy = SafetyCopy(self._path, self._pending, fallback)
        self._rotation = rotation
        self._write = write
        self._fsync = fsync
        self._backoff = Backoff()
        self._descriptor: int | None = None
        self._is_shared = False
        self._tail_is_whole = False
        self._error: OSError | None = None
        self._lines_dropped = self._lines_written = self._bytes_written = self._failures = 0
        self._last_error: OSError | None = None
        self._asked_at: float | None = None
        self._times_replaced = 0
        if hasattr(os, "register_at_fork"):  # a child's copy would hold the lock for as long as the child lives
            reference = weakref.WeakMethod(self._let_go)
            os.register_at_fork(after_in_child=lambda: (let_go := reference()) and let_go())

    def append(self, line: bytes, *, vital: bool = False) -> bool:
        """Returns whether the line is kept; false, and counted, where too many wait already.

        Args:
            line: One line with its newline.
            vital: Whether the line may use the reserve.
        """
        if self._pending.add(line, vital=vital):
            return True
        self.flush()  # a burst may fill the memory of a healthy file
        if self._pending.add(line, vital=vital):
            return True
        self._lines_dropped += 1
        self._fallback.dropping(self._path, lines_dropped=self._lines_dropped)
        return False

    def extend(self, lines: Sequence[bytes]) -> bool:
        """Returns whether the lines are kept; none of them is, nor counted as lost, where not all find room."""
        return self._pending.extend(lines)

    def flush(self) -> bool:
        """Hands over what waits, if an attempt is due; returns whether nothing waits any more."""
        now = self._clock.monotonic()
        if self._pending and self._backoff.is_due(now):
            self._asked_at = now
            try:
                self._deliver()
            except OSError as error:
                self._note_failure(error)
            else:
                self._note_success()
            self._asked_at = None
        return not self._pending

    def sync(self) -> None:
        """Asks the system to bring the file to the disk. An error is reported; asking again would prove nothing."""
        if self._descriptor is not None:
            try:
                self._fsync(self._descriptor)
            except OSError as error:
                self._fallback.problem(f"fsync of {self._path}", error)

    def account(self) -> dict[str, Any]:
        """Returns what was written so far, what waits, what found no room, and what failed how often."""
        return self._trouble() | {
            "lines_written": self._lines_written,
            "bytes_written": self._bytes_written,
            "lines_waiting": len(self._pending),
            "lines_dropped": self._lines_dropped,
        }

    def _trouble(self) -> dict[str, Any]:
        """Returns what failed, how often; where another thread asks while the disk hangs, that too."""
        failures, error, asked_at = self._failures, str(self._last_error), self._asked_at
        if asked_at is not None:
            failures, error = failures + 1, f"no answer for {self._clock.monotonic() - asked_at:.1f} s"
        counts = {"times_replaced": self._times_replaced} if self._times_replaced else {}
        return counts | ({"failures": failures, "error": error} if failures else {})

    def rescue(self, more: Sequence[bytes] = ()) -> None:
        """Saves what waits, and these lines, in a temporary folder. For another thread, when this one hangs."""
        if lines := [*self._pending.take_all(), *more]:
            self._fallback.rescue(self._path, lines)

    def close(self) -> None:
        """Tries once more, hands what still waits to the fallback, and lets go of the file."""
        self._backoff.reset()
        if not self.flush():
            self._fallback.undelivered(
                self._path,
                self._pending.take_all(),
                kept=self._safety_copy.copied,
                reason=self._error,
                lines_dropped=self._lines_dropped,
            )
        self._let_go()

    def _let_go(self) -> None:
        descriptor, self._descriptor = self._descriptor, None  # first: a child forked in between must not close it too
        if descriptor is not None:
            close_quietly(descriptor)

    def _deliver(self) -> None:
        while batch := self._pending.head(max_bytes=_BATCH_BYTES):
            descriptor = self._roomy_descriptor(len(batch))
            self._tail_is_whole = False
            written = self._write(descriptor, batch)
            lines = self._pending.delivered(written)
            self._safety_copy.delivered(lines)
            self._lines_written += lines
            self._bytes_written += written
            if written < len(batch):
                repair_tail(descriptor)  # what is cut off here still waits in memory
            self._tail_is_whole = True
            if not lines:
                raise OSError(errno.ENOSPC, "no room for a whole line: disk, quota or size limit", str(self._path))

    def _roomy_descriptor(self, coming_bytes: int) -> int:
        """Returns a descriptor of a file that so much more may be written to."""
        descriptor = self._ready_descriptor()
        rotation = self._rotation
        if rotation is None or not rotation.is_due(descriptor, coming_bytes) or not rotation.set_aside(descriptor):
            return descriptor
        descriptor = self._reopen()
        self._tail_is_whole = True
        rotation.tidy()
        return descriptor

    def _ready_descriptor(self) -> int:
        """Returns a descriptor of the file that is at the path now, and ends in a newline."""
        descriptor = self._descriptor
        if descriptor is None or not is_at(descriptor, self._path):
            self._times_replaced += descriptor is not None
            descriptor = self._reopen()
        elif not self._tail_is_whole:
            repair_tail(descriptor)
        if not self._is_shared:  # a reader may have looked at the lock in that moment, so it is asked for again
            self._is_shared = share(descriptor)
        self._tail_is_whole = True
        return descriptor

    def _reopen(self) -> int:
        self._let_go()
        descriptor = open_regular(self._path)
        self._descriptor = descriptor
        self._tail_is_whole = False
        if fragment := repair_tail(descriptor):
            self._fallback.fragment_cut(self._path, fragment)
        self._is_shared = share(descriptor)
        return descriptor

    def _note_failure(self, error: OSError) -> None:
        self._failures += 1
        self._last_error = error
        self._backoff.failed(self._clock.monotonic())
        if self._error is None or self._error.errno != error.errno:
            self._fallback.failing(self._path, error, lines_waiting=len(self._pending))
        self._error = error
        self._safety_copy.failing(self._clock.monotonic())

    def _note_success(self) -> None:
        self._backoff.reset()
        if self._error is not None:
            self._fallback.recovered(self._path, lines_dropped=self._lines_dropped)
            self._safety_copy.recovered()
        self._error = None
