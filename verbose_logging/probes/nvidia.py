"""NVIDIA GPUs, through the driver's own library (NVML)."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from verbose_logging.probes.units import gb, percent

_RETRY_SECONDS = 60.0
_THROTTLE_REASONS = {
    0x002: "applications_clocks",
    0x004: "sw_power_cap",
    0x008: "hw_slowdown",
    0x010: "sync_boost",
    0x020: "sw_thermal_slowdown",
    0x040: "hw_thermal_slowdown",
    0x080: "hw_power_brake",
    0x100: "display_clock",
}


class NvidiaProbe:
    """Reads every GPU that CUDA uses in this process, or every GPU while CUDA is not in use.

    A field that a GPU does not support is absent; a GPU that fails carries `error`, and the others go on. Where NVML
    cannot be used, there are no readings, and it is tried again after a minute.

    Args:
        nvml: The pynvml module of nvidia-ml-py, or one like it.
        clock: Returns monotonic seconds.
        visible_uuids: Returns the UUIDs of CUDA's devices in CUDA's order, `None` while CUDA is not in use. The
            driver numbers GPUs in an order of its own, so a number says nothing.
    """

    name = "nvidia"
    interval_seconds = 1.0

    def __init__(
        self,
        nvml: Any,
        *,
        clock: Callable[[], float] = time.monotonic,
        visible_uuids: Callable[[], Sequence[str] | None] = lambda: None,
    ) -> None:
        self._nvml = nvml
        self._clock = clock
        self._visible_uuids = visible_uuids
        self._initialised = False
        self._retry_at: float | None = None

    def read(self) -> Mapping[str, Any]:
        """Returns devices: index, uuid, name, memory, utilisation, temperature, power, clock and throttle reasons.

        Raises:
            NVMLError: The driver is there and fails as a whole.
        """
        if self._retry_at is not None and self._clock() < self._retry_at:
            return {}
        try:
            self._initialise()
            devices = self._devices()
        except self._nvml.NVMLError as error:
            self._initialised = False
            self._retry_at = self._clock() + _RETRY_SECONDS
            if isinstance(error, (self._nvml.NVMLError_LibraryNotFound, self._nvml.NVMLError_DriverNotLoaded)):
                return {}
            raise
        return {"devices": devices} if devices else {}

    def _initialise(self) -> None:
        if not self._initialised:
            self._nvml.nvmlInit()
            self._initialised = True

    def _devices(self) -> list[dict[str, Any]]:
        nvml, uuids = self._nvml, self._visible_uuids()
        count = nvml.nvmlDeviceGetCount()  # asked in any case: it fails where the library as a whole does
        if uuids is None:
            return [{"index": index, **self._fields(nvml.nvmlDeviceGetHandleByIndex, index)} for index in range(count)]
        return [
            {"index": index, "uuid": uuid, **self._fields(nvml.nvmlDeviceGetHandleByUUID, uuid)}
            for index, uuid in enumerate(uuids)
        ]

    def _fields(self, find: Callable[[Any], Any], key: int | str) -> dict[str, Any]:
        """Returns every field that a GPU gives, and the last error of those that failed."""
        try:
            handle = find(key)
        except self._nvml.NVMLError as error:
            return {"error": str(error)}
        fields: dict[str, Any] = {}
        for read_field in _FIELDS:
            fields |= self._field(read_field, handle)
        return fields

    def _field(self, read_field: Callable[[Any, Any], dict[str, Any]], handle: Any) -> dict[str, Any]:
        nvml = self._nvml
        try:
            return read_field(nvml, handle)
        except (nvml.NVMLError_NotSupported, nvml.NVMLError_NoPermission, nvml.NVMLError_FunctionNotFound):
            return {}
        except nvml.NVMLError as error:
            return {"error": str(error)}


def _uuid(nvml: Any, handle: Any) -> dict[str, Any]:
    return {"uuid": text_of(nvml.nvmlDeviceGetUUID(handle))}


def _name(nvml: Any, handle: Any) -> dict[str, Any]:
    return {"name": text_of(nvml.nvmlDeviceGetName(handle))}


def text_of(value: str | bytes) -> str:
    """Returns a text of NVML's, which older versions give as bytes."""
    return value.decode(errors="replace") if isinstance(value, bytes) else value


def _memory(nvml: Any, handle: Any) -> dict[str, Any]:
    memory = nvml.nvmlDeviceGetMemoryInfo(handle)
    return {
        "memory_usage_percent": percent(memory.used, memory.total),
        "memory_used_gb": gb(memory.used),
        "memory_total_gb": gb(memory.total),
    }


def _utilization(nvml: Any, handle: Any) -> dict[str, Any]:
    return {"utilization_percent": float(nvml.nvmlDeviceGetUtilizationRates(handle).gpu)}


def _temperature(nvml: Any, handle: Any) -> dict[str, Any]:
    return {"temperature_c": float(nvml.nvmlDeviceGetTemperature(handle, nvml.NVML_TEMPERATURE_GPU))}


def _power(nvml: Any, handle: Any) -> dict[str, Any]:
    return {"power_w": nvml.nvmlDeviceGetPowerUsage(handle) / 1000}


def _clock(nvml: Any, handle: Any) -> dict[str, Any]:
    return {"sm_clock_mhz": nvml.nvmlDeviceGetClockInfo(handle, nvml.NVML_CLOCK_SM)}


def _throttling(nvml: Any, handle: Any) -> dict[str, Any]:
    mask = nvml.nvmlDeviceGetCurrentClocksThrottleReasons(handle)
    return {"throttle_reasons": [word for bit, word in _THROTTLE_REASONS.items() if mask & bit]}


_FIELDS = (_uuid, _name, _memory, _utilization, _temperature, _power, _clock, _throttling)
