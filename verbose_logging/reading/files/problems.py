"""What a reader had to skip or found odd, line by line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from verbose_logging.entries import SCHEMA_VERSION
from verbose_logging.reading.fields import count_at

PROBLEMS_KEPT = 1000


class Problem(NamedTuple):
    """A line that was skipped or is odd, and why."""

    line: int
    what: str


class LineProblems:
    """Collects what is wrong with the lines of a file, the first 1,000 findings.

    Attributes:
        kept: The problems.
        skipped: How many lines were skipped in all.
    """

    def __init__(self) -> None:
        self.kept: list[Problem] = []
        self.skipped = 0
        self._has_warned = False

    def skip(self, line: int, what: str) -> None:
        """Notes a line that holds no entry."""
        self.skipped += 1
        self.note(line, what)

    def note(self, line: int, what: str) -> None:
        """Notes a line that is read and odd."""
        if len(self.kept) < PROBLEMS_KEPT:
            self.kept.append(Problem(line, what))

    def check_version(self, line: int, entry: Mapping[str, Any]) -> None:
        """Notes, once, that a later version of this package wrote the log."""
        version = count_at(entry, "schema_version")
        if version is not None and version > SCHEMA_VERSION and not self._has_warned:
            self._has_warned = True
            self.note(
                line, f"schema version {version} is newer than {SCHEMA_VERSION}: what is new is passed on as it is"
            )
