"""Curves for TensorBoard: an event file for each run, in a folder of its own."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from verbose_logging.entries import Entry, UserEntry
from verbose_logging.settings import Settings
from verbose_logging.sinks.scalars import ScalarReader

_UNSAFE = re.compile(r"[^\w.-]+")


class TensorboardSink:
    """Writes every number that an entry carries as a scalar at its step and time.

    Args:
        folder: TensorBoard's folder; the run gets one below it, named after the run and its start.
        run_name: A name for people; "run" without one.
        make_writer: Makes a `tensorboardX.SummaryWriter` for a folder.
    """

    def __init__(self, folder: Path, *, run_name: str | None, make_writer: Callable[[str], Any]) -> None:
        self._folder = folder
        self._run_name = _UNSAFE.sub("_", run_name or "").strip("._") or "run"
        self._make_writer = make_writer
        self._writer: Any = None
        self._reader = ScalarReader()

    def write(self, entries: Sequence[Entry]) -> None:
        """Takes a batch of entries, in order."""
        for entry in entries:
            numbers = self._reader.read(entry)
            if numbers is None or isinstance(entry, UserEntry):
                continue
            writer = self._writer_from(entry.timestamp)
            for name, value in numbers.values.items():
                writer.add_scalar(name, value, numbers.step, walltime=numbers.wall)

    def flush(self) -> None:
        """Hands everything over to the event file."""
        if self._writer is not None:
            self._writer.flush()

    def close(self) -> None:
        """Closes the event file."""
        if self._writer is not None:
            self._writer.close()

    def _writer_from(self, timestamp: str) -> Any:
        if self._writer is None:
            stamp = datetime.fromisoformat(timestamp).strftime("%Y%m%d_%H%M%S")
            self._writer = self._make_writer(str(self._folder / f"{self._run_name}_{stamp}"))
        return self._writer


def make(tensorboardx: Any, settings: Settings) -> TensorboardSink:
    """Returns the sink that the settings describe."""
    return TensorboardSink(
        settings.tensorboard_path, run_name=settings.run_name, make_writer=tensorboardx.SummaryWriter
    )
