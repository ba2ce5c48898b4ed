"""Which entries a full memory still takes, and which are worth a wait for the disk."""

from __future__ import annotations

from verbose_logging.entries import (
    EndBase,
    EntriesDropped,
    Entry,
    FindingBase,
    ModelCheckpointSave,
    SystemInitialization,
    TrainingInitialization,
    TrainingStart,
)

_VITAL = (SystemInitialization, TrainingInitialization, TrainingStart, FindingBase, EntriesDropped, EndBase)
_LASTING = (ModelCheckpointSave, EndBase)


def is_vital(entry: Entry) -> bool:
    """Returns whether the log would make no sense without the entry: a start, a finding, a gap, an end."""
    return isinstance(entry, _VITAL)


def is_lasting(entry: Entry) -> bool:
    """Returns whether the log should be safe on the disk behind the entry: at a checkpoint, at an end."""
    return isinstance(entry, _LASTING)
