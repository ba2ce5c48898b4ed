"""The disk that the log lies on."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from verbose_logging.probes.units import gb


class DiskProbe:
    """Reads how full the file system of a folder is. May hang where that is a network's.

    Args:
        psutil: The psutil module, or one like it.
        path: The folder; while it does not exist, its nearest parent that does.
    """

    name = "disk"
    interval_seconds = 10.0

    def __init__(self, psutil: Any, *, path: Path) -> None:
        self._psutil = psutil
        self._path = path.absolute()

    def read(self) -> Mapping[str, Any]:
        """Returns free_gb, for an ordinary user, and usage_percent."""
        folder = next(each for each in (self._path, *self._path.parents) if each.exists())
        usage = self._psutil.disk_usage(str(folder))
        return {"free_gb": gb(usage.free), "usage_percent": float(usage.percent)}
