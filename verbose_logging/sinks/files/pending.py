"""Lines that wait for the file: first in, first out, bounded in bytes."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Sequence

_MIB = 1 << 20


class PendingLines:
    r"""Keeps whole lines in memory until they are delivered.

    Args:
        max_bytes: How many bytes of lines may wait.
        max_lines: How many lines may wait.
        reserve_bytes: What vital lines - starts, ends, findings - may take on top of both.

    Example:
        >>> pending = PendingLines(max_bytes=6, reserve_bytes=4)
        >>> pending.add(b"one\n", vital=False), pending.add(b"two\n", vital=False), pending.add(b"end\n", vital=True)
        (True, False, True)
        >>> pending.head(max_bytes=100), pending.delivered(5), len(pending)
        (b'one\nend\n', 1, 1)
    """

    def __init__(self, *, max_bytes: int = 64 * _MIB, max_lines: int = 100_000, reserve_bytes: int = _MIB) -> None:
        self._lines: deque[bytes] = deque()
        self._bytes = 0
        self._max_bytes = max_bytes
        self._max_lines = max_lines
        self._reserve_bytes = reserve_bytes

    def __len__(self) -> int:
        return len(self._lines)

    def add(self, line: bytes, *, vital: bool) -> bool:
        """Returns whether there is room for the line, which ends in a newline, and keeps it if so."""
        size = self._bytes + len(line)
        has_room = size <= self._max_bytes and len(self._lines) < self._max_lines
        if not has_room and not (vital and size <= self._max_bytes + self._reserve_bytes):
            return False
        self._lines.append(line)
        self._bytes = size
        return True

    def extend(self, lines: Sequence[bytes]) -> bool:
        """Returns whether there is room for all of these lines; keeps them if so, and none of them if not."""
        size = self._bytes + sum(map(len, lines))
        if size > self._max_bytes or len(self._lines) + len(lines) > self._max_lines:
            return False
        self._lines.extend(lines)
        self._bytes = size
        return True

    def head(self, *, max_bytes: int) -> bytes:
        """Returns the oldest lines, as many as fit, but at least one if there is any."""
        if self._bytes <= max_bytes:
            return b"".join(self._lines)
        sizes = itertools.accumulate(map(len, self._lines))
        count = sum(1 for _ in itertools.takewhile(lambda size: size <= max_bytes, sizes))
        return b"".join(itertools.islice(self._lines, max(count, 1)))

    def delivered(self, written_bytes: int) -> int:
        """Lets go of the lines among the oldest so many bytes; returns how many.

        A line that only lacks its newline counts: repairing the tail ends it.
        """
        if written_bytes == self._bytes:
            return len(self.take_all())  # the rule; what follows is for a full disk and for a backlog
        count = 0
        while self._lines and written_bytes >= len(self._lines[0]) - 1:
            line = self._lines.popleft()
            self._bytes -= len(line)
            written_bytes -= len(line)
            count += 1
        return count

    def lines_from(self, place: int) -> list[bytes]:
        """Returns the lines from that place on, the oldest being 0, and keeps them."""
        return list(itertools.islice(self._lines, place, None))

    def take_all(self) -> list[bytes]:
        """Returns all lines and lets go of them; the one call that another thread may make."""
        lines = list(self._lines)
        self._lines.clear()
        self._bytes = 0
        return lines
