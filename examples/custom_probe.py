"""A probe of your own: a number that only you know how to read, in every step's `resource_usage`.

Run it: python examples/custom_probe.py
Then look: jq -c 'select(.resource_usage.queue) | [.step, .resource_usage.queue]' verbose_training_logs.jsonl
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from verbose_logging import TrainingLogger


class QueueProbe:
    """Counts the files that wait in a folder: data that is still to be prepared, say.

    A probe runs on a thread of the recorder. It may block and it may raise: its last reading then grows old, and
    nothing else happens.
    """

    name = "queue"
    interval_seconds = 1.0

    def __init__(self, folder: Path) -> None:
        """Takes the folder to look at."""
        self._folder = folder

    def read(self) -> Mapping[str, Any]:
        """Returns the present reading; a unit belongs into the name."""
        return {"waiting_files": sum(1 for _ in self._folder.iterdir())}


probes = [QueueProbe(Path())]  # these alone; build_probes() from verbose_logging.probes has the built-in ones
with TrainingLogger("custom-probe", total_steps=50, probes=probes, sample_interval_seconds=0.1) as logger:
    for step in range(1, 51):
        loss = sum(place**0.5 for place in range(50_000)) / step  # stands for a training step
        logger.log_step(step, loss=loss)
