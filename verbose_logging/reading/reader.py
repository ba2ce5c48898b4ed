"""The entries of a log, whatever state its file is in."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from verbose_logging.reading.files.follow import followed_lines
from verbose_logging.reading.files.lines import BrokenLineError, Line, log_lines, parse_object
from verbose_logging.reading.files.problems import LineProblems, Problem


class LogReader:
    """Iterates over the entries of a log file and remembers what it had to skip.

    Each iteration reads the file anew, one line at a time. Any JSON object counts as an entry: whether it is a good
    one is the business of `validate`.

    Args:
        path: A log file, plain or gzip; what was set aside from it is read first.
        lines: Gives the numbered lines of the file.

    Raises:
        LogError: On iteration, when the file cannot be opened.
    """

    def __init__(self, path: str | Path, lines: Callable[[Path], Iterator[Line]] = log_lines) -> None:
        self.path = Path(path)
        self._lines = lines
        self._problems = LineProblems()

    @property
    def problems(self) -> list[Problem]:
        """The lines skipped by the latest iteration, the first 1,000 of them."""
        return self._problems.kept

    @property
    def skipped(self) -> int:
        """How many lines the latest iteration skipped in all."""
        return self._problems.skipped

    def __iter__(self) -> Iterator[dict[str, Any]]:
        self._problems = LineProblems()
        for line in self._lines(self.path):
            if line.is_blank:
                continue
            try:
                entry = parse_object(line)
            except BrokenLineError as error:
                self._problems.skip(line.number, str(error))
            else:
                yield entry


def read_entries(
    path: str | Path, follow: bool = False, *, pause: Callable[[float], None] = time.sleep
) -> Iterator[dict[str, Any]]:
    r"""Returns an iterator over the entries of a log; lines that hold none are passed over.

    Types and keys that this version does not know come as they are.

    Args:
        path: A log file, plain or, unless it is followed, gzip.
        follow: Whether to wait for what is still to be written, for ever; a line counts once its end is there.
        pause: Waits so many seconds between two looks at a file that is followed.

    Raises:
        LogError: At the first entry, when the file cannot be opened.

    Example:
        >>> log = getfixture("tmp_path") / "log.jsonl"
        >>> _ = log.write_text('{"type": "training_step_complete", "step": 1}\n{"type": "training_st')
        >>> list(read_entries(log))
        [{'type': 'training_step_complete', 'step': 1}]
    """
    if not follow:
        return iter(LogReader(path))
    return iter(LogReader(path, lambda file: followed_lines(file, pause)))
