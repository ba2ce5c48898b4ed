"""What the machine's disks read and write."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from verbose_logging.probes.rates import Rates
from verbose_logging.probes.units import mb


class DiskIoProbe:
    """Reads the rates of all physical disks together since the last reading.

    Args:
        psutil: The psutil module, or one like it.
        clock: Returns monotonic seconds.
    """

    name = "disk_io"
    interval_seconds = 1.0
    answers_at_once = True

    def __init__(self, psutil: Any, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._psutil = psutil
        self._rates = Rates(clock)

    def read(self) -> Mapping[str, Any]:
        """Returns read_mb_per_second and write_mb_per_second; nothing at first, nor without a disk."""
        counters = self._psutil.disk_io_counters()
        if counters is None:
            return {}
        return self._rates.since_last(
            {"read_mb_per_second": mb(counters.read_bytes), "write_mb_per_second": mb(counters.write_bytes)}
        )
