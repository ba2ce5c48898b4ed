"""A progress bar over the bytes of the files that are read, for whatever takes more than a second."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from verbose_logging.reading.files.blocks import OnPosition, unheard

_PATIENCE_SECONDS = 1.0


class ReadingProgress:
    """Shows how far reading has come, from one second on, on a terminal's stderr and nowhere else.

    Args:
        total_bytes: The size of all files together.
        progress: Shows it.
        now: A monotonic clock, in seconds.
    """

    def __init__(self, total_bytes: int, progress: Progress, now: Callable[[], float] = time.monotonic) -> None:
        self._progress = progress
        self._now = now
        self._shown_from = now() + _PATIENCE_SECONDS
        self._task = progress.add_task("reading", total=total_bytes)
        self._done = self._position = 0

    def __call__(self, position: int) -> None:
        """Takes in how many bytes of the present file have been read; a lower number begins another file."""
        if position < self._position:
            self._done += self._position
        self._position = position
        if self._now() >= self._shown_from:
            self._progress.start()
            self._progress.update(self._task, completed=self._done + position)


@contextmanager
def reading_progress(paths: Sequence[Path]) -> Iterator[OnPosition]:
    """Gives what hears how far the reading of files has come; the bar is gone in the end."""
    if not sys.stderr.isatty():
        yield unheard
        return
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    progress = Progress(*columns, console=Console(stderr=True), transient=True)
    try:
        yield ReadingProgress(sum(_size(path) for path in paths), progress)
    finally:
        progress.stop()


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
