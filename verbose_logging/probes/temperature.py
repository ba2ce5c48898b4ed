"""The machine's temperature sensors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class TemperatureProbe:
    """Reads every sensor, in degrees Celsius. Some drivers take their time, so it runs by itself.

    Args:
        psutil: The psutil module, or one like it; without `sensors_temperatures` where the system has none.
    """

    name = "temperatures"
    interval_seconds = 10.0

    def __init__(self, psutil: Any) -> None:
        self._psutil = psutil

    def read(self) -> Mapping[str, Any]:
        """Returns degrees by chip and sensor ("coretemp Core 0"); sensors of one name are numbered from the second."""
        sensors: Mapping[str, Any] = getattr(self._psutil, "sensors_temperatures", dict)()
        reading: dict[str, float] = {}
        for chip, temperatures in sensors.items():
            for each in temperatures:
                if each.current is not None:
                    reading[_free_name(f"{chip} {each.label}".rstrip(), reading)] = float(each.current)
        return reading


def _free_name(name: str, taken: Mapping[str, Any]) -> str:
    number, free = 1, name
    while free in taken:
        number += 1
        free = f"{name} #{number}"
    return free
