"""Whether a log is what it should be: strict JSON, entries that satisfy the schema, numbered without gaps."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import msgspec

from verbose_logging.log_parts import parts_of
from verbose_logging.reading.files.blocks import OnPosition, unheard
from verbose_logging.reading.files.check import BadEntryError, check_entry, entry_on
from verbose_logging.reading.files.lines import Line, numbered_lines
from verbose_logging.reading.files.numbering import RunRank, place_of

FINDINGS_KEPT = 1000


class Finding(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is wrong with a line.

    Args:
        line: 1-based; 0 for the file as a whole.
        what: The fault, for people.
        key: Dotted path of the value at fault, where it is one value's.
        part: Name of the part of the log that holds the line, where it is not the log itself.
    """

    line: int
    what: str
    key: str | None = None
    part: str | None = None


class Gap(msgspec.Struct, frozen=True):
    """Entries that a run wrote and the file does not hold: those between the numbers `after` and `before`."""

    run_id: str
    rank: int
    after: int
    before: int

    @property
    def missing(self) -> int:
        """How many entries are missing."""
        return self.before - self.after - 1


class Report(msgspec.Struct):
    """What `validate_log` found.

    Args:
        path: The file.
        entries: Number of good entries.
        types: Number of good entries of each type.
        run_ids: The runs in the file, oldest first.
        findings: What is wrong, the first 1,000 of it.
        finding_count: How much is wrong in all.
        gaps: Missing entries. They were dropped or removed; what is there is still good.
    """

    path: str
    entries: int = 0
    types: dict[str, int] = msgspec.field(default_factory=dict)
    run_ids: list[str] = msgspec.field(default_factory=list)
    findings: list[Finding] = msgspec.field(default_factory=list)
    finding_count: int = 0
    gaps: list[Gap] = msgspec.field(default_factory=list)

    @property
    def is_valid(self) -> bool:
        """Whether every line is a good entry."""
        return self.finding_count == 0


def validate_log(path: str | Path, *, on_position: OnPosition = unheard) -> Report:
    """Returns what is in a log and the parts set aside from it, and what is wrong; reads one line at a time.

    Args:
        path: The log.
        on_position: Told now and then how many bytes of it have been read.

    Raises:
        LogError: The file cannot be opened.
    """
    return _Validation(Path(path)).run(on_position)


class _Validation:
    """One pass over a log and its parts."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._report = Report(str(path))
        self._types: Counter[str] = Counter()
        self._last_seq: dict[RunRank, int] = {}

    def run(self, on_position: OnPosition) -> Report:
        """Reads the files and returns the report."""
        for part in parts_of(self._path):
            for line in numbered_lines(part):
                self._take(line, part.name)
        for line in numbered_lines(self._path, on_position):
            self._take(line)
        if not self._report.entries and not self._report.finding_count:
            self._note(Finding(0, "no entry in the file"))
        self._report.types = dict(sorted(self._types.items()))
        self._report.run_ids = list(dict.fromkeys(run_id for run_id, _ in self._last_seq))
        return self._report

    def _note(self, finding: Finding) -> None:
        self._report.finding_count += 1
        if len(self._report.findings) < FINDINGS_KEPT:
            self._report.findings.append(finding)

    def _take(self, line: Line, part: str | None = None) -> None:
        try:
            entry = entry_on(line)
            self._follow_numbers(entry)
            check_entry(entry, line.content)
        except BadEntryError as error:
            self._note(Finding(line.number, str(error), error.key, part))
        else:
            self._report.entries += 1
            self._types[entry["type"]] += 1

    def _follow_numbers(self, entry: dict[str, Any]) -> None:
        """Compares the entry's number with the one before it in its run; a bad entry is present too."""
        place = place_of(entry)
        if place is None:
            return
        last = self._last_seq.get(place.run, 0)
        if place.seq <= last:
            raise BadEntryError(f"{place.seq} comes after {last}", "seq")
        if place.seq > last + 1:
            self._report.gaps.append(Gap(*place.run, last, place.seq))
        self._last_seq[place.run] = place.seq
