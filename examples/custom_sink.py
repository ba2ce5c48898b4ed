"""A sink of your own: whatever you want to happen when the recorder has something to say.

Run it: python examples/custom_sink.py
Then look: cat losses.csv
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

from verbose_logging import TrainingLogger
from verbose_logging.entries import Entry, TrainingStepComplete


class LossTable:
    """Writes a line of a table for each step.

    A sink runs on a thread of its own. It may block and it may raise: after three failures in a row it is switched
    off, and the run's end entry says so. Training and the other files never wait for it.
    """

    def __init__(self, path: Path) -> None:
        """Takes the file to write."""
        self._file = path.open("w", newline="", encoding="utf-8")
        self._table = csv.writer(self._file)
        self._table.writerow(["step", "loss"])

    def write(self, entries: Sequence[Entry]) -> None:
        """Takes a batch of entries, in order."""
        for entry in entries:
            if isinstance(entry, TrainingStepComplete):
                self._table.writerow([entry.step, entry.metrics.get("loss")])

    def flush(self) -> None:
        """Hands over what was written so far; called every second."""
        self._file.flush()

    def close(self) -> None:
        """Lets go of the file; called once, at the end."""
        self._file.close()


with TrainingLogger("custom-sink", total_steps=20, sinks=[LossTable(Path("losses.csv"))]) as logger:
    for step in range(1, 21):
        logger.log_step(step, loss=2.0 / step)  # stands for a training step

print(Path("losses.csv").read_text(encoding="utf-8").splitlines()[-1])
