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
    types_of,
)

_VITAL = types_of(SystemInitialization, TrainingInitialization, TrainingStart, FindingBase, EntriesDropped, EndBase)
_LASTING = types_of(ModelCheckpointSave, EndBase)


def is_vital(entry: Entry) -> bool:
    """Returns whether the log would make no sense without the entry: a start, a finding, a gap, an end."""
    return type(entry) in _VITAL


def is_lasting(entry: Entry) -> bool:
    """Returns whether the log should be safe on the disk behind the entry: at a checkpoint, at an end."""
    return type(entry) in _LASTING
