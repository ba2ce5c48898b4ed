"""A gap in the log: how many entries it swallowed, and the entry that says so."""

from __future__ import annotations

from typing import Any

from verbose_logging.entries import EntriesDropped, Entry, TrainingStepComplete, UserEntry
from verbose_logging.formatting import counted


class Gap:
    """Counts entries that were lost in a row; the entry that reports them takes the place of the last one."""

    def __init__(self) -> None:
        self._count = self._steps = 0
        self._first_timestamp = ""
        self._last: dict[str, Any] = {}

    def __len__(self) -> int:
        return self._count

    def add(self, entry: Entry) -> None:
        """Counts an entry that is lost."""
        self._last = _common_keys(entry)
        if not self._count:
            self._first_timestamp = self._last["timestamp"]
        self._count += 1
        self._steps += isinstance(entry, TrainingStepComplete)

    def report(self) -> EntriesDropped:
        """Returns the entry that stands for the lost ones."""
        message = f"⚠️ Dropped {counted(self._count, 'line')}, which could not be written"
        if self._steps:
            message += f"; {counted(self._steps, 'step')} missing"
        return EntriesDropped(
            level="WARNING",
            message=message,
            count=self._count,
            from_=self._first_timestamp,
            to=self._last["timestamp"],
            steps=self._steps,
            **self._last,
        )


def _common_keys(entry: Entry) -> dict[str, Any]:
    if isinstance(entry, UserEntry):
        return _usable_keys(entry.fields)
    return {key: getattr(entry, key) for key in ("timestamp", "run_id", "seq", "rank", "step", "epoch")}


def _usable_keys(fields: dict[str, Any]) -> dict[str, Any]:
    """Returns the common keys of a user's entry; of `timestamp`, `step` and `epoch` it may have its own idea."""
    step, epoch = fields.get("step"), fields.get("epoch")
    return {
        "timestamp": str(fields.get("timestamp", "")),
        "run_id": fields["run_id"],
        "seq": fields["seq"],
        "rank": fields["rank"],
        "step": step if isinstance(step, int) else 0,
        "epoch": epoch if isinstance(epoch, int) else 1,
    }
