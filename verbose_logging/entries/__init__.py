"""What is logged: one type per entry, tagged by `type`. This folder is the schema of the log.

Types are few and closed; numbers live in open groups (`timing`, `metrics`, `progress`, ...), so a new metric is a new
name in a group and not a new type. Unknown is absent: a field at its default is not written. A number that is not
finite is `null` in its group and named in `nonfinite`.
"""

from __future__ import annotations

from typing import TypeAlias, Union, get_args

import msgspec

from verbose_logging.entries.base import SCHEMA_VERSION, EntryBase, Group, Number, Severity, State, Tree, Value
from verbose_logging.entries.beginning import SystemInitialization, TrainingInitialization, TrainingStart
from verbose_logging.entries.course import (
    EntriesDropped,
    EpochBegin,
    EpochComplete,
    EvaluationComplete,
    Heartbeat,
    ModelCheckpointSave,
    PredictionStep,
    ProgressReport,
    StepBegin,
    SubstepComplete,
    TrainingMetricsUpdate,
    TrainingStepComplete,
)
from verbose_logging.entries.ending import EndBase, TrainingComplete, TrainingFailed, TrainingInterrupted
from verbose_logging.entries.findings import FindingBase, PerformanceAnomaly, ResourceWarning, TrainingHealth

__all__ = [
    "ENTRY_TYPES",
    "SCHEMA_VERSION",
    "EndBase",
    "EntriesDropped",
    "Entry",
    "EntryBase",
    "EpochBegin",
    "EpochComplete",
    "EvaluationComplete",
    "FindingBase",
    "Group",
    "Heartbeat",
    "KnownEntry",
    "ModelCheckpointSave",
    "Number",
    "PerformanceAnomaly",
    "PredictionStep",
    "ProgressReport",
    "ResourceWarning",
    "Severity",
    "State",
    "StepBegin",
    "SubstepComplete",
    "SystemInitialization",
    "TrainingComplete",
    "TrainingFailed",
    "TrainingHealth",
    "TrainingInitialization",
    "TrainingInterrupted",
    "TrainingMetricsUpdate",
    "TrainingStart",
    "TrainingStepComplete",
    "Tree",
    "UserEntry",
    "Value",
    "decode_entry",
    "encode_entry",
    "entry_type",
    "types_of",
]


class UserEntry(msgspec.Struct, frozen=True):
    """An entry that a user wrote: its own keys and the common ones, as plain values."""

    fields: Tree

    @property
    def seq(self) -> int:
        """The entry's number in its run."""
        return int(self.fields["seq"])


KnownEntry: TypeAlias = Union[  # noqa: UP007 - msgspec and TypeAlias need the runtime form on 3.10
    SystemInitialization,
    TrainingInitialization,
    TrainingStart,
    EpochBegin,
    EpochComplete,
    StepBegin,
    SubstepComplete,
    PredictionStep,
    TrainingStepComplete,
    TrainingMetricsUpdate,
    ProgressReport,
    EvaluationComplete,
    ModelCheckpointSave,
    ResourceWarning,
    PerformanceAnomaly,
    TrainingHealth,
    EntriesDropped,
    Heartbeat,
    TrainingComplete,
    TrainingInterrupted,
    TrainingFailed,
]
Entry: TypeAlias = Union[KnownEntry, UserEntry]  # noqa: UP007

ENTRY_TYPES: dict[str, type[EntryBase]] = {str(kind.__struct_config__.tag): kind for kind in get_args(KnownEntry)}
_TAGS: dict[type[EntryBase], str] = {kind: tag for tag, kind in ENTRY_TYPES.items()}

_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[KnownEntry] = msgspec.json.Decoder(KnownEntry)


def entry_type(entry: Entry) -> str:
    """Returns the word in the entry's `type` key."""
    return str(entry.fields["type"]) if isinstance(entry, UserEntry) else _TAGS[type(entry)]


def types_of(*kinds: type) -> frozenset[type]:
    """Returns the entry types that are of these kinds; looking one up is cheaper than `isinstance` with many.

    Example:
        >>> sorted(kind.__name__ for kind in types_of(FindingBase))
        ['PerformanceAnomaly', 'ResourceWarning', 'TrainingHealth']
    """
    return frozenset(kind for kind in ENTRY_TYPES.values() if issubclass(kind, kinds))


def encode_entry(entry: Entry) -> bytes:
    """Returns the entry as one line of strict JSON, without the newline.

    Raises:
        Exception: Whatever stands in an open group that JSON cannot carry. Groups hold plain values
            (`plain.plain`); everything else is refused here rather than written half.
    """
    return _encoder.encode(entry.fields if isinstance(entry, UserEntry) else entry)


def decode_entry(line: bytes) -> KnownEntry:
    """Returns the typed entry of one line.

    Raises:
        msgspec.ValidationError: The line is JSON and no entry of ours; the text names the key.
        msgspec.DecodeError: The line is no JSON.
    """
    return _decoder.decode(line)
