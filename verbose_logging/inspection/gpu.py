"""The NVIDIA GPUs of a machine, through the driver's own library (NVML)."""

from __future__ import annotations

from typing import Any

from verbose_logging.inspection.sections import gather
from verbose_logging.probes.nvidia import text_of
from verbose_logging.probes.units import gb


def inspect_gpus(nvml: Any) -> dict[str, Any]:
    """Returns driver_version, cuda_version and devices: index, name, uuid, memory_total_gb.

    May hang where the driver does. A field that a GPU does not give is absent; so is a GPU that gives none.

    Args:
        nvml: The pynvml module of nvidia-ml-py, or one like it.

    Raises:
        NVMLError: There is no driver.
    """
    nvml.nvmlInit()
    try:
        return gather(
            {
                "driver_version": lambda: text_of(nvml.nvmlSystemGetDriverVersion()),
                "cuda_version": lambda: _cuda_version(nvml.nvmlSystemGetCudaDriverVersion()),
                "devices": lambda: [
                    {"index": index, **device}
                    for index in range(nvml.nvmlDeviceGetCount())
                    if (device := _device(nvml, index))
                ],
            }
        )
    finally:
        nvml.nvmlShutdown()


def _device(nvml: Any, index: int) -> dict[str, Any]:
    def handle() -> Any:
        return nvml.nvmlDeviceGetHandleByIndex(index)

    return gather(
        {
            "name": lambda: text_of(nvml.nvmlDeviceGetName(handle())),
            "uuid": lambda: text_of(nvml.nvmlDeviceGetUUID(handle())),
            "memory_total_gb": lambda: gb(nvml.nvmlDeviceGetMemoryInfo(handle()).total),
        }
    )


def _cuda_version(number: int) -> str:
    return f"{number // 1000}.{number % 1000 // 10}"
