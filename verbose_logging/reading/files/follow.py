"""A log that is still being written: its lines as they come, through rotation and truncation."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path

from verbose_logging.errors import LogError
from verbose_logging.reading.files.blocks import GZIP_MAGIC, Block
from verbose_logging.reading.files.lines import Line, lines_of

POLL_SECONDS = 0.5
_CHUNK_BYTES = 1 << 18


class Follower:
    """Reads whole lines as they are appended; one without its end waits until that has come.

    When another file takes the place of this one, what is left of this one is read first. When the file becomes
    shorter, it is read again from its beginning.

    Args:
        path: The log; not gzip.

    Raises:
        LogError: The file cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._next = 1
        self._rest = b""
        self._open()

    def _open(self) -> None:
        try:
            self._file = self._path.open("rb", buffering=0)
        except OSError as error:
            raise LogError(f"{self._path}: {error.strerror or error}") from error

        if self._file.read(len(GZIP_MAGIC)) == GZIP_MAGIC:
            self._file.close()
            raise LogError(f"{self._path}: compressed, so nothing is written to it any more")
        self._file.seek(0)

    def new_blocks(self) -> Iterator[Block]:
        """Yields the lines that have come since the last call, many at a time."""
        yield from self._appended()
        try:
            at_path = self._path.stat()
        except OSError:  # between two files of a rotation there may be none
            return
        if not os.path.samestat(at_path, os.fstat(self._file.fileno())):
            yield from self._appended()
            self.close()
            self._restart()
            self._open()
            yield from self._appended()

    def new_lines(self) -> Iterator[Line]:
        """Yields the lines that have come since the last call, one by one."""
        for block in self.new_blocks():
            yield from lines_of(block)

    def close(self) -> None:
        """Lets go of the file."""
        self._file.close()

    def _restart(self) -> None:
        self._next, self._rest = 1, b""

    def _appended(self) -> Iterator[Block]:
        if os.fstat(self._file.fileno()).st_size < self._file.tell():
            self._restart()
            self._file.seek(0)
        while chunk := self._file.read(_CHUNK_BYTES):
            lines = BytesIO(self._rest + chunk).readlines()
            self._rest = b"" if lines[-1].endswith(b"\n") else lines.pop()
            if lines:
                yield Block(self._next, lines)
                self._next += len(lines)


def followed_lines(path: Path, pause: Callable[[float], None] = time.sleep) -> Iterator[Line]:
    """Yields the lines of a log as they come, for ever.

    Args:
        path: The log; not gzip.
        pause: Waits so many seconds between two looks at the file.

    Raises:
        LogError: The file cannot be opened.
    """
    follower = Follower(path)
    try:
        while True:
            yield from follower.new_lines()
            pause(POLL_SECONDS)
    finally:
        follower.close()
