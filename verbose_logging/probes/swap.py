"""Swap space."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from verbose_logging.probes.units import gb, percent


class SwapProbe:
    """Reads how full swap space is, which changes slowly and takes longer to read than main memory.

    Args:
        psutil: The psutil module, or one like it.
    """

    name = "swap"
    interval_seconds = 5.0
    answers_at_once = True

    def __init__(self, psutil: Any) -> None:
        self._psutil = psutil

    def read(self) -> Mapping[str, Any]:
        """Returns usage_percent, used_gb and total_gb; nothing on a machine without swap."""
        swap = self._psutil.swap_memory()
        if not swap.total:
            return {}
        return {
            "usage_percent": percent(swap.used, swap.total),
            "used_gb": gb(swap.used),
            "total_gb": gb(swap.total),
        }
