"""Main memory: of the machine, or of the container where that has less."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from verbose_logging.probes.cgroup import limitable_groups, memory_limit
from verbose_logging.probes.units import gb, percent


class MemoryProbe:
    """Reads how full main memory is. Cache that can be given up counts as available.

    Args:
        psutil: The psutil module, or one like it.
        root: The file system's root, where the control group's limit is found.
    """

    name = "memory"
    interval_seconds = 1.0
    answers_at_once = True

    def __init__(self, psutil: Any, *, root: Path = Path("/")) -> None:
        self._psutil = psutil
        self._root = root

    @cached_property
    def _groups(self) -> list[Path]:
        """Control groups, looked for once: their limits may change, but a process hardly ever moves to another."""
        return limitable_groups(self._root)

    def read(self) -> Mapping[str, Any]:
        """Returns usage_percent, used_gb, available_gb and total_gb."""
        memory = self._psutil.virtual_memory()
        total, used, available = memory.total, memory.used, memory.available
        limit = memory_limit(self._groups)
        if limit is not None and limit.limit_bytes < total:
            total, used = limit
            available = min(available, max(0, total - used))
        return {
            "usage_percent": percent(total - available, total),
            "used_gb": gb(used),
            "available_gb": gb(available),
            "total_gb": gb(total),
        }
