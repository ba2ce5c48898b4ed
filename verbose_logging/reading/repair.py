"""A damaged log made good again, as a copy: what can be kept is kept, what cannot is named."""

from __future__ import annotations

from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from verbose_logging.errors import LogError
from verbose_logging.plain import split_nonfinite
from verbose_logging.reading.fields import group_at, text_at
from verbose_logging.reading.files.blocks import OnPosition, unheard
from verbose_logging.reading.files.check import BadEntryError, check_entry, entry_on
from verbose_logging.reading.files.lines import Line, numbered_lines
from verbose_logging.reading.files.numbering import RunRank, place_of
from verbose_logging.reading.files.problems import LineProblems, Problem
from verbose_logging.reading.files.schema import ENTRY_KEYS
from verbose_logging.reading.files.spilled import Spilled


class Repair(msgspec.Struct):
    """What a repair did.

    Args:
        path: The log.
        copy: The repaired copy.
        kept: Lines that were good and stand in the copy as they are.
        mended: Lines that stand in it in good form now.
        merged: Lines that come from the spill files beside the log.
        dropped: Lines that hold nothing that could be kept, the first 1,000 of them.
        dropped_count: How many there are in all.
    """

    path: str
    copy: str
    kept: int = 0
    mended: int = 0
    merged: int = 0
    dropped: list[Problem] = []
    dropped_count: int = 0


def copy_path(path: Path) -> Path:
    """Returns where the repaired copy of a log goes.

    Example:
        >>> copy_path(Path("runs/log.jsonl")).name, copy_path(Path("log.jsonl.gz")).name
        ('log.repaired.jsonl', 'log.repaired.jsonl')
    """
    return path.with_name(f"{path.name.removesuffix('.gz').removesuffix('.jsonl')}.repaired.jsonl")


def repair_log(path: Path, *, on_position: OnPosition = unheard) -> Repair:
    """Writes a repaired copy beside a log, which stays as it is.

    What lies in spill files beside the log is put where it is missing.
    Tokens that are no JSON become null and are named in `nonfinite`; holes of NUL bytes around an entry go; an entry
    that does not satisfy its type becomes one of a user's; an entry that comes twice stands there once.

    Raises:
        LogError: The log cannot be read, or the copy exists already or cannot be written.
    """
    target = copy_path(path)
    try:
        with target.open("xb") as file:
            return _Repairing(path, target, file).run(on_position)
    except FileExistsError as error:
        raise LogError(f"{target}: exists already; remove or rename it first") from error
    except LogError:
        target.unlink()
        raise
    except OSError as error:
        raise LogError(f"{target}: {error.strerror or error}") from error


class _Repairing:
    """One pass over a log."""

    def __init__(self, path: Path, target: Path, file: BinaryIO) -> None:
        self._path = path
        self._file = file
        self._repair = Repair(str(path), str(target))
        self._problems = LineProblems()
        self._last_seq: dict[RunRank, int] = {}
        self._spilled = Spilled(path)

    def run(self, on_position: OnPosition) -> Repair:
        """Reads the log, writes the copy and returns what was done."""
        for line in numbered_lines(self._path, on_position):
            if not line.is_blank:
                self._take(line)
        for run in self._spilled.runs():
            self._merge(run)
        self._repair.dropped = self._problems.kept
        self._repair.dropped_count = self._problems.skipped
        return self._repair

    def _take(self, line: Line) -> None:
        try:
            entry = entry_on(line._replace(content=line.content.strip(b"\0 \t") or line.content))
            content = self._good_form(entry, line.content)
            self._check_number(entry)
        except BadEntryError as error:
            self._problems.skip(line.number, str(error))
            return
        self._repair.kept += content == line.content
        self._repair.mended += content != line.content
        self._file.write(content + b"\n")

    def _good_form(self, entry: dict[str, Any], content: bytes) -> bytes:
        try:
            check_entry(entry, content)
        except BadEntryError:
            return _mended(entry)
        return content

    def _check_number(self, entry: dict[str, Any]) -> None:
        place = place_of(entry)
        if place is None:
            return
        if place.seq <= self._last_seq.get(place.run, 0):
            raise BadEntryError(f"entry {place.seq} of run {place.run[0]} comes again")
        self._merge(place.run, before=place.seq)
        self._last_seq[place.run] = place.seq

    def _merge(self, run: RunRank, before: int | None = None) -> None:
        """Writes what the spill files have of a run between the last entry and the one that comes now."""
        for seq, content in self._spilled.take(run, after=self._last_seq.get(run, 0), before=before):
            self._file.write(content + b"\n")
            self._last_seq[run] = seq
            self._repair.merged += 1


def _mended(entry: dict[str, Any]) -> bytes:
    """Returns an entry as a good line.

    Raises:
        BadEntryError: A key that every entry has is missing.
    """
    found, marks = split_nonfinite(entry)
    marks |= {key: mark for key, mark in group_at(entry, "nonfinite").items() if isinstance(mark, str)}
    found |= {"nonfinite": marks} if marks else {}
    content = msgspec.json.encode(found)
    for key in ENTRY_KEYS:
        if text_at(found, key) is None:
            raise BadEntryError(f"{key}: missing")
    try:
        check_entry(found, content)
    except BadEntryError:
        return msgspec.json.encode(found | {"type": f"user_{found['type']}"})
    return content
