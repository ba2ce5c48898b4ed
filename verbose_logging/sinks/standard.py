"""The same run, flat and short: one line for each step and for each event worth a line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import compress
from typing import Any

from verbose_logging.entries import (
    EndBase,
    Entry,
    EpochBegin,
    EpochComplete,
    EvaluationComplete,
    FindingBase,
    ModelCheckpointSave,
    SystemInitialization,
    TrainingInitialization,
    TrainingStart,
    TrainingStepComplete,
    UserEntry,
    entry_type,
    types_of,
)
from verbose_logging.entries.flat_names import FLAT_NAMES
from verbose_logging.sinks.encoding import fields_lines
from verbose_logging.sinks.files.append_file import AppendFile
from verbose_logging.sinks.vital import are_lasting, keep

_WRITTEN = types_of(
    SystemInitialization,
    TrainingInitialization,
    TrainingStart,
    EpochBegin,
    TrainingStepComplete,
    EpochComplete,
    EvaluationComplete,
    ModelCheckpointSave,
    FindingBase,
    EndBase,
)

_NAMES = [(group, tuple(names.items())) for group, names in FLAT_NAMES.items()]
_NO_NUMBERS: Mapping[str, Any] = {}


def flatten(entry: Entry) -> dict[str, Any] | None:
    """Returns the entry's line in the standard log; `None` for an entry that has none.

    What the entry does not know is absent. A number that is not finite is `None`, and named in `nonfinite` by its flat
    name.

    Example:
        >>> flatten(TrainingStart(timestamp="2025-09-20T22:31:25.227000+00:00", level="INFO", message="Training starts",
        ...                       run_id="r", seq=3, rank=0, step=0, epoch=1, attempt=1))
        {'timestamp': '2025-09-20T22:31:25.227000+00:00', 'type': 'training_start', 'level': 'INFO', \
'message': 'Training starts', 'step': 0, 'epoch': 1}
    """
    if isinstance(entry, UserEntry) or type(entry) not in _WRITTEN:
        return None
    line: dict[str, Any] = {
        "timestamp": entry.timestamp,
        "type": entry_type(entry),
        "level": entry.level,
        "message": entry.message,
        "step": entry.step,
        "epoch": entry.epoch,
    }
    for group, names in _NAMES:
        values = getattr(entry, group, _NO_NUMBERS)
        for key, name in names:
            if key in values:
                line[name] = values[key]
    return line | _nonfinite(entry.nonfinite) if entry.nonfinite else line


def _nonfinite(marks: Mapping[str, str]) -> dict[str, Any]:
    places = {f"{group}.{key}": name for group, names in FLAT_NAMES.items() for key, name in names.items()}
    named = {name: marks[place] for place, name in places.items() if place in marks}
    return {"nonfinite": named} if named else {}


class StandardSink:
    """Writes the standard log.

    Args:
        file: Takes the lines.
    """

    def __init__(self, file: AppendFile) -> None:
        self._file = file

    def write(self, entries: Sequence[Entry]) -> None:
        """Takes a batch of entries, in order; brings it to the disk if it holds a checkpoint or an end."""
        rows = list(map(flatten, entries))
        keep(self._file, list(compress(entries, rows)), fields_lines(filter(None, rows)))
        self._file.flush()
        if are_lasting(entries):
            self._file.sync()

    def flush(self) -> None:
        """Hands over what waits, as far as that is possible now."""
        self._file.flush()

    def account(self) -> dict[str, Any]:
        """Returns what its file has taken so far."""
        return self._file.account()

    def rescue(self, entries: Sequence[Entry]) -> None:
        """Saves what waits, and these entries, in a temporary folder. For another thread, when the pipeline hangs."""
        self._file.rescue(fields_lines(filter(None, map(flatten, entries))))

    def close(self) -> None:
        """Writes what still waits, or saves it elsewhere, and lets go of the file."""
        self._file.close()
