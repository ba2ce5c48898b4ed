"""What goes over the machine's network interfaces."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from verbose_logging.probes.rates import Rates
from verbose_logging.probes.units import mb


class NetworkProbe:
    """Reads the rates of all interfaces together, without the loopback, since the last reading.

    Args:
        psutil: The psutil module, or one like it.
        clock: Returns monotonic seconds.
    """

    name = "network_io"
    interval_seconds = 1.0
    answers_at_once = True

    def __init__(self, psutil: Any, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._psutil = psutil
        self._rates = Rates(clock)

    def read(self) -> Mapping[str, Any]:
        """Returns sent_mb_per_second and received_mb_per_second; nothing at first, nor without an interface."""
        interfaces = self._psutil.net_io_counters(pernic=True)
        counters = [each for name, each in interfaces.items() if name not in ("lo", "lo0")]
        if not counters:
            return {}
        return self._rates.since_last(
            {
                "sent_mb_per_second": mb(sum(each.bytes_sent for each in counters)),
                "received_mb_per_second": mb(sum(each.bytes_recv for each in counters)),
            }
        )
