"""Names, units and help of Prometheus gauges, from the names that the log uses.

Prometheus wants base units: minutes become seconds, GB and MB bytes, and percentages ratios.
"""

from __future__ import annotations

import re
from functools import cache

import msgspec

from verbose_logging.meters import build_meters

PREFIX = "verbose_logging_"
_UNITS = {
    "minutes": ("seconds", 60.0),
    "gb": ("bytes", 1024.0**3),
    "mb": ("bytes", 1024.0**2),
    "percent": ("ratio", 0.01),
    "mhz": ("hertz", 1e6),
    "c": ("celsius", 1.0),
    "w": ("watts", 1.0),
}
_UNIT = re.compile(rf"_({'|'.join(_UNITS)})(?=$|_per_second$)")
_DEVICE = re.compile(r"system/gpu/(\d+)/(.+)")
_PLAIN_GROUPS = ("timing/", "progress/", "system/")
_UNSAFE = re.compile(r"[^a-zA-Z0-9_]+")


class GaugeSpec(msgspec.Struct, frozen=True):
    """What a number is as a gauge.

    Args:
        name: The gauge's name.
        help: One sentence.
        scale: What the number is multiplied by.
        labels: Names and values.
    """

    name: str
    help: str
    scale: float = 1.0
    labels: dict[str, str] = {}


def gauge_of(path: str) -> GaugeSpec:
    """Returns the gauge of a number, by its flat name.

    Example:
        >>> gauge_of("timing/eta_minutes").name, gauge_of("timing/eta_minutes").scale
        ('verbose_logging_eta_seconds', 60.0)
        >>> gauge_of("system/gpu/1/memory_used_gb")
        GaugeSpec(name='verbose_logging_gpu_memory_used_bytes', help='memory_used_gb of a GPU, as last read.', \
scale=1073741824.0, labels={'gpu': '1'})
        >>> gauge_of("train/rewards/chosen").name
        'verbose_logging_train_rewards_chosen'
    """
    if device := _DEVICE.fullmatch(path):
        index, reading = device.groups()
        return _spec(f"gpu_{reading}", f"{reading} of a GPU, as last read.", {"gpu": index})
    group, _, name = path.partition("/")
    if group == "finding":
        return GaugeSpec(f"{PREFIX}finding_firing", "1 while a finding holds.", labels={"rule": name})
    text = _descriptions().get(name) or (
        f"{name} of the machine, as last read." if group == "system" else f"{name}, as last logged."
    )
    return _spec(name if path.startswith(_PLAIN_GROUPS) else path, text, {})


def _spec(name: str, text: str, labels: dict[str, str]) -> GaugeSpec:
    unit = _UNIT.search(name)
    base, scale = _UNITS[unit[1]] if unit else ("", 1.0)
    renamed = _UNIT.sub(f"_{base}", name) if unit else name
    return GaugeSpec(PREFIX + _UNSAFE.sub("_", renamed).strip("_"), text, scale, labels)


@cache
def _descriptions() -> dict[str, str]:
    return {spec.name: spec.description for meter in build_meters(str).table for spec in meter.specs}
