"""This process: memory, threads, open files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from verbose_logging.probes.units import mb


class ProcessProbe:
    """Reads what this process, without its children, holds.

    Args:
        psutil: The psutil module, or one like it.
    """

    name = "process"
    interval_seconds = 1.0
    answers_at_once = True

    def __init__(self, psutil: Any) -> None:
        self._process = psutil.Process()

    def read(self) -> Mapping[str, Any]:
        """Returns memory_rss_mb, num_threads and, where the system counts them, num_fds."""
        process = self._process
        reading = {"memory_rss_mb": mb(process.memory_info().rss), "num_threads": process.num_threads()}
        if hasattr(process, "num_fds"):
            reading["num_fds"] = process.num_fds()
        return reading
