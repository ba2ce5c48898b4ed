"""The processor: how busy the machine, this process and each core are."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from verbose_logging.probes.units import percent

_SHORTEST_SPAN_SECONDS = 0.1


class _CpuTimes(NamedTuple):
    """Seconds that one core, or all of them, spent working and altogether."""

    busy: float
    total: float


class _Snapshot(NamedTuple):
    at: float
    process_seconds: float
    times: Sequence[_CpuTimes]


class CpuProbe:
    """Reads how busy the processor was since the last reading.

    A reading spans at least a tenth of a second, and so the first one takes that long. The snapshots are our own:
    psutil's `cpu_percent` keeps one per thread, and its first answer in each is a meaningless 0.0.

    Args:
        psutil: The psutil module, or one like it.
        clock: Returns monotonic seconds.
        pause: Waits so many seconds.
    """

    name = "cpu"
    interval_seconds = 1.0
    answers_at_once = True

    def __init__(
        self,
        psutil: Any,
        *,
        clock: Callable[[], float] = time.monotonic,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._psutil = psutil
        self._process = psutil.Process()
        self._clock = clock
        self._pause = pause
        self._last: _Snapshot | None = None

    def read(self) -> Mapping[str, Any]:
        """Returns usage_percent of all cores, process_percent of one core (as `top` shows it), and load_average."""
        before = self._last or self._snapshot()
        missing_seconds = before.at + _SHORTEST_SPAN_SECONDS - self._clock()
        if missing_seconds > 0:
            self._pause(missing_seconds)
        self._last = self._snapshot()
        return {**_busy_between(before, self._last), "load_average": list(self._psutil.getloadavg())}

    def _snapshot(self) -> _Snapshot:
        process = self._process.cpu_times()
        return _Snapshot(self._clock(), process.user + process.system, [_cpu_times(each) for each in self._times()])

    def _times(self) -> list[Any]:
        """Returns psutil's times of the machine; those of single cores may follow."""
        return [self._psutil.cpu_times()]


class PerCoreCpuProbe(CpuProbe):
    """Reads how busy the processor was since the last reading, and each core (`per_core`, in percent)."""

    def _times(self) -> list[Any]:
        return [self._psutil.cpu_times(), *self._psutil.cpu_times(percpu=True)]


def _cpu_times(times: Any) -> _CpuTimes:
    # Linux counts a guest's time in its host's user time as well.
    total = sum(times) - getattr(times, "guest", 0.0) - getattr(times, "guest_nice", 0.0)
    return _CpuTimes(busy=total - times.idle - getattr(times, "iowait", 0.0), total=total)


def _busy_between(before: _Snapshot, after: _Snapshot) -> dict[str, Any]:
    reading: dict[str, Any] = {}
    if after.at > before.at:
        worked_seconds = after.process_seconds - before.process_seconds
        reading["process_percent"] = percent(worked_seconds, after.at - before.at)
    spans = [
        _CpuTimes(now.busy - last.busy, now.total - last.total)
        for last, now in zip(before.times, after.times, strict=False)
    ]
    if len(before.times) != len(after.times) or any(span.total <= 0 for span in spans):
        return reading
    machine, *cores = [min(max(percent(span.busy, span.total), 0.0), 100.0) for span in spans]
    reading["usage_percent"] = machine
    if cores:
        reading["per_core"] = cores
    return reading
