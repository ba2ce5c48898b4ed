"""What goes over the machine's network interfaces."""

from __future__ import annotations

from verbose_logging.probes.rates import RateProbe
from verbose_logging.probes.units import mb

_LOOPBACKS = ("lo", "lo0")


class NetworkProbe(RateProbe):
    """Reads sent_mb_per_second and received_mb_per_second of all interfaces together, without the loopback."""

    name = "network_io"

    def _counters(self) -> dict[str, float]:
        interfaces = self._psutil.net_io_counters(pernic=True, nowrap=False)  # `Rates` sees to that
        counters = [each for name, each in interfaces.items() if name not in _LOOPBACKS]
        if not counters:
            return {}
        return {
            "sent_mb_per_second": mb(sum(each.bytes_sent for each in counters)),
            "received_mb_per_second": mb(sum(each.bytes_recv for each in counters)),
        }
