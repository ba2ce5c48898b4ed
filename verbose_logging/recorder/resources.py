"""The latest reading of every probe, put together as an entry's `resource_usage`, with peaks and trends."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from verbose_logging.facts import ProbeFailed, ProbeRead
from verbose_logging.hearing import Hearer, hears
from verbose_logging.plain import rounded
from verbose_logging.recorder.trends import Trend

_GPU_PROBES = ("nvidia", "amd", "torch_cuda")


class Resources(Hearer):
    """Follows probe facts; gives `resource_usage`, `trends` and the run's peaks.

    Args:
        date: Turns a monotonic time into an ISO 8601 date.
    """

    def __init__(self, date: Callable[[float], str]) -> None:
        self._date = date
        self._readings: dict[str, ProbeRead] = {}
        self._failures: dict[str, ProbeFailed] = {}
        self._trends: dict[str, Trend] = {}
        self._usage: dict[str, Any] | None = None
        self._reports: dict[str, Any] | None = None
        self.peaks: dict[str, float] = {}

    @hears(ProbeRead)
    def _read(self, fact: ProbeRead) -> None:
        """Takes in a reading; it replaces the probe's last one."""
        self._readings[fact.probe] = fact
        self._failures.pop(fact.probe, None)
        self._usage = self._reports = None
        self._follow(fact)

    @hears(ProbeFailed)
    def _fail(self, fact: ProbeFailed) -> None:
        self._failures[fact.probe] = fact
        self._usage = None

    def usage(self) -> dict[str, Any] | None:
        """Returns the machine's present state, `None` before the first reading. Built once per reading."""
        if self._usage is None and self._readings:
            self._usage = rounded(self._assemble())
        return self._usage

    def trends(self) -> dict[str, Any] | None:
        """Returns a report per followed series, `None` before the first reading. Built once per reading."""
        if self._reports is None:
            self._reports = rounded({f"{name}_trend": trend.report() for name, trend in self._trends.items()})
        return self._reports or None

    def _assemble(self) -> dict[str, Any]:
        newest = max(reading.at for reading in self._readings.values())
        usage: dict[str, Any] = {"sampled_at": self._date(newest)}
        for name, fact in self._readings.items():
            if name not in _GPU_PROBES:
                usage[name] = fact.reading | self._staleness(name, newest)
        devices = self._devices(newest)
        if devices:
            usage["gpu"] = {"devices": devices}
        return usage

    def _devices(self, newest: float) -> list[dict[str, Any]]:
        """Merges what the driver and what torch say of each device, matched by UUID, else by index."""
        merged: list[dict[str, Any]] = []
        for probe in _GPU_PROBES:
            fact = self._readings.get(probe)
            if fact is None:
                continue
            stale = self._staleness(probe, newest)
            for device in _devices_of(fact):
                known = next((other for other in merged if _same_device(other, device)), None)
                if known is None:
                    merged.append({**device, **stale})
                else:
                    known.update({**device, **known, **stale})
        return merged

    def _staleness(self, probe: str, newest: float) -> dict[str, Any]:
        """Returns how old a reading is and why, where the probe has failed since."""
        failure = self._failures.get(probe)
        if failure is None:
            return {}
        return {"age_seconds": round(max(newest, failure.at) - self._readings[probe].at, 3), "error": failure.error}

    def _follow(self, fact: ProbeRead) -> None:
        for name, value, limit in _followed(fact):
            self._trends.setdefault(name, Trend()).add(fact.at, value, limit)
            self.peaks[f"{name}_peak"] = max(value, self.peaks.get(f"{name}_peak", value))


def _same_device(one: dict[str, Any], other: dict[str, Any]) -> bool:
    if one.get("uuid") and other.get("uuid"):
        return bool(one["uuid"] == other["uuid"])
    return "index" in one and one.get("index") == other.get("index")


def _devices_of(fact: ProbeRead) -> list[dict[str, Any]]:
    devices = fact.reading.get("devices")
    return [device for device in devices if isinstance(device, dict)] if isinstance(devices, list) else []


def _followed(fact: ProbeRead) -> list[tuple[str, float, float | None]]:
    """Returns (series, value, limit) for every series of the reading whose trend and peak matter."""
    reading = fact.reading
    series: list[tuple[str, Any, float | None]] = []
    if fact.probe == "memory":
        series = [("memory_usage", reading.get("usage_percent"), 100.0)]
    elif fact.probe == "process":
        series = [("process_memory", reading.get("memory_rss_mb"), None)]
    elif fact.probe in _GPU_PROBES:
        series = [
            (f"gpu_{device.get('index', place)}_memory_usage", device.get("memory_usage_percent"), 100.0)
            for place, device in enumerate(_devices_of(fact))
        ]
    return [(name, value, limit) for name, value, limit in series if isinstance(value, int | float)]
