"""The log itself: one entry a line, strict JSON."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from typing import Any

from verbose_logging.entries import Entry, entry_type
from verbose_logging.settling import OnProblem
from verbose_logging.sinks.encoding import EntryEncoder
from verbose_logging.sinks.files.append_file import AppendFile
from verbose_logging.sinks.files.gap import Gap
from verbose_logging.sinks.files.sync_timer import SyncTimer
from verbose_logging.sinks.vital import are_lasting, keep


class JsonlSink:
    """Writes every entry to a file, and where some are lost, an `entries_dropped` in their place.

    Args:
        file: Takes the lines.
        on_problem: Told of an entry that cannot be encoded.
        sync_timer: When the file is brought to the disk apart from checkpoints and ends; `None` for never.
        encode: Makes a line of each entry; an `EntryEncoder` by default.
    """

    def __init__(
        self,
        file: AppendFile,
        *,
        on_problem: OnProblem,
        sync_timer: SyncTimer | None = None,
        encode: Callable[[Sequence[Entry]], list[bytes]] | None = None,
    ) -> None:
        self._file = file
        self._sync_timer = sync_timer
        self._on_problem = on_problem
        self._encode = encode or EntryEncoder().lines
        self._gap = Gap()

    def write(self, entries: Sequence[Entry]) -> None:
        """Takes a batch of entries, in order; brings it to the disk if it holds a checkpoint or an end."""
        self.flush()
        for entry in self._take(entries):
            self._gap.add(entry)
        self.flush()
        if are_lasting(entries):
            self._file.sync()

    def flush(self) -> None:
        """Hands over what waits; once nothing does, reports what was lost meanwhile."""
        if self._file.flush() and self._gap:
            self._report_gap()
            self._file.flush()
        if self._sync_timer is not None and self._sync_timer.rings():
            self._file.sync()

    def account(self) -> dict[str, Any]:
        """Returns what its file has taken so far."""
        return self._file.account()

    def rescue(self, entries: Sequence[Entry]) -> None:
        """Saves what waits, and these entries, in a temporary folder. For another thread, when the pipeline hangs."""
        lines: list[bytes] = []
        for entry in entries:
            with contextlib.suppress(Exception):  # one bad entry must not cost the others
                lines += self._encode([entry])
        self._file.rescue(lines)

    def close(self) -> None:
        """Writes what still waits, or saves it elsewhere, and lets go of the file."""
        self.flush()
        if self._gap:
            self._report_gap()
        self._file.close()

    def _take(self, entries: Sequence[Entry]) -> list[Entry]:
        """Takes a batch of entries; returns those that are lost."""
        try:
            lines = self._encode(entries)
        except Exception as error:  # noqa: BLE001 - one bad entry must not cost its batch: each is tried by itself
            if len(entries) > 1:
                return [lost for entry in entries for lost in self._take([entry])]
            self._on_problem(f"encoding {entry_type(entries[0])}", error)
            return list(entries)
        return keep(self._file, entries, lines)

    def _report_gap(self) -> None:
        (line,) = EntryEncoder().lines([self._gap.report()])
        self._file.append(line, vital=True)
        self._gap = Gap()
