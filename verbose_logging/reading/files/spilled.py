"""The spill files beside a log: entries that the log itself never took, each with its place in its run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from verbose_logging.errors import LogError
from verbose_logging.reading.files.check import BadEntryError, check_entry, entry_on
from verbose_logging.reading.files.lines import numbered_lines
from verbose_logging.reading.files.numbering import RunRank, place_of


def spill_files(log: Path) -> list[Path]:
    """Returns the spill files beside a log, by name; one in a temporary folder counts once it is moved here."""
    return sorted(log.parent.glob(f"{log.name.removesuffix('.gz').removesuffix('.jsonl')}.spill-*.jsonl"))


class Spilled:
    """What the spill files beside a log hold, to be put where it is missing.

    Args:
        log: The log.
    """

    def __init__(self, log: Path) -> None:
        self._lines: dict[RunRank, dict[int, bytes]] = {}
        for path in spill_files(log):
            self._read(path)

    def _read(self, path: Path) -> None:
        try:
            for line in numbered_lines(path):
                self._keep(entry_on(line), line.content)
        except (LogError, BadEntryError):  # what is good of it is kept
            return

    def _keep(self, entry: dict[str, object], content: bytes) -> None:
        if place := place_of(entry):
            check_entry(entry, content)
            self._lines.setdefault(place.run, {}).setdefault(place.seq, content)

    def take(self, run: RunRank, *, after: int, before: int | None = None) -> Iterator[tuple[int, bytes]]:
        """Yields the number and the line of a run's entries between two numbers, in order, and forgets them."""
        lines = self._lines.get(run, {})
        for seq in sorted(lines):
            if seq > after and (before is None or seq < before):
                yield seq, lines.pop(seq)

    def runs(self) -> list[RunRank]:
        """Returns the runs, by rank, that something is left of."""
        return [run for run, lines in self._lines.items() if lines]
