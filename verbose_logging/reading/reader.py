"""The entries of a log, whatever state its file is in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from verbose_logging.reading.lines import BrokenLineError, numbered_lines, parse_object

PROBLEMS_KEPT = 1000


class Problem(NamedTuple):
    """A line that was skipped, and why."""

    line: int
    what: str


class LogReader:
    """Iterates over the entries of a log file and remembers what it had to skip.

    Each iteration reads the file anew, one line at a time. Any JSON object counts as an entry: whether it is a good
    one is the business of `validate`.

    Args:
        path: A log file, plain or gzip.

    Attributes:
        problems: The lines skipped by the latest iteration, the first 1,000 of them.
        skipped: How many lines it skipped in all.

    Raises:
        LogError: On iteration, when the file cannot be opened.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.problems: list[Problem] = []
        self.skipped = 0

    def __iter__(self) -> Iterator[dict[str, Any]]:
        self.problems = []
        self.skipped = 0
        for line in numbered_lines(self.path):
            if line.is_blank:
                continue
            try:
                entry = parse_object(line)
            except BrokenLineError as error:
                self._skip(line.number, str(error))
            else:
                yield entry

    def _skip(self, line: int, what: str) -> None:
        self.skipped += 1
        if len(self.problems) < PROBLEMS_KEPT:
            self.problems.append(Problem(line, what))


def read_entries(path: str | Path) -> Iterator[dict[str, Any]]:
    """Returns an iterator over the entries of a log; lines that hold none are passed over.

    Args:
        path: A log file, plain or gzip.

    Raises:
        LogError: At the first entry, when the file cannot be opened.
    """
    return iter(LogReader(path))
