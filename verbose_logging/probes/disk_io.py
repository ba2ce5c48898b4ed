"""What the machine's disks read and write."""

from __future__ import annotations

from verbose_logging.probes.rates import RateProbe
from verbose_logging.probes.units import mb


class DiskIoProbe(RateProbe):
    """Reads read_mb_per_second and write_mb_per_second of all physical disks together."""

    name = "disk_io"

    def _counters(self) -> dict[str, float]:
        counters = self._psutil.disk_io_counters(nowrap=False)  # `Rates` sees to counters that go back
        if counters is None:
            return {}
        return {"read_mb_per_second": mb(counters.read_bytes), "write_mb_per_second": mb(counters.write_bytes)}
