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
_PLAIN_GROUPS = frozenset({"timing", "progress", "system"})
_IN_THE_LOG = {"timing": "timing", "train": "metrics", "progress": "progress", "system": "resource_usage"}
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
        GaugeSpec(name='verbose_logging_gpu_memory_used_bytes', \
help='As resource_usage.gpu.devices.memory_used_gb in the log.', scale=1073741824.0, labels={'gpu': '1'})
        >>> gauge_of("train/rewards/chosen").name
        'verbose_logging_train_rewards_chosen'
    """
    if device := _DEVICE.fullmatch(path):
        index, reading = device.groups()
        return _spec(f"gpu_{reading}", f"As resource_usage.gpu.devices.{reading} in the log.", {"gpu": index})
    group, _, name = path.partition("/")
    if group == "finding":
        return GaugeSpec(f"{PREFIX}finding_firing", "1 while a finding holds.", labels={"rule": name})
    return _spec(name if group in _PLAIN_GROUPS else path, _help(group, name), {})


def _help(group: str, name: str) -> str:
    """Returns what a number is: as its meter says it, or else where it stands in the log, which has its own units."""
    if group in {"eval", "epoch"}:
        return f"{name} of the last {'evaluation' if group == 'eval' else group}."
    described = None if group == "system" else _descriptions().get(name)
    return described or f"As {_IN_THE_LOG[group]}.{name.replace('/', '.')} in the log."


def _spec(name: str, text: str, labels: dict[str, str]) -> GaugeSpec:
    unit = _UNIT.search(name)
    base, scale = _UNITS[unit[1]] if unit else ("", 1.0)
    renamed = _UNIT.sub(f"_{base}", name) if unit else name
    return GaugeSpec(PREFIX + _UNSAFE.sub("_", renamed).strip("_"), text, scale, labels)


@cache
def _descriptions() -> dict[str, str]:
    return {spec.name: spec.description for meter in build_meters(str).table for spec in meter.specs}
