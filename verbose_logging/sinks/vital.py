"""Which entries a full memory still takes, and which are worth a wait for the disk; keeps a batch accordingly."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from verbose_logging.entries import (
    EndBase,
    EntriesDropped,
    Entry,
    FindingBase,
    ModelCheckpointSave,
    SystemInitialization,
    TrainingInitialization,
    TrainingStart,
    types_of,
)
from verbose_logging.sinks.files.append_file import AppendFile

_VITAL = types_of(SystemInitialization, TrainingInitialization, TrainingStart, FindingBase, EntriesDropped, EndBase)
_LASTING = types_of(ModelCheckpointSave, EndBase)


def is_vital(entry: Entry) -> bool:
    """Returns whether the log would make no sense without the entry: a start, a finding, a gap, an end."""
    return type(entry) in _VITAL


def are_lasting(entries: Iterable[Entry]) -> bool:
    """Returns whether the log should be safe on the disk behind the entries: at a checkpoint, at an end."""
    return not _LASTING.isdisjoint(map(type, entries))


def keep(file: AppendFile, entries: Sequence[Entry], lines: Sequence[bytes]) -> list[Entry]:
    """Gives a file the lines of entries, one each; returns the entries for whose lines it has no room."""
    if file.extend(lines):
        return []
    pairs = zip(entries, lines, strict=True)
    return [entry for entry, line in pairs if not file.append(line, vital=is_vital(entry))]
