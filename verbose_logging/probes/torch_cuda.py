"""What PyTorch holds on each CUDA (or ROCm) device of this process.

Looks only at what the process has already set up: never imports torch, never initialises CUDA, never synchronises.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from verbose_logging.probes.units import gb


class TorchCudaProbe:
    """Reads the caching allocator of every device that this process has allocated on.

    Args:
        torch: Returns the torch module if the process has imported it, else `None`.
    """

    name = "torch_cuda"
    interval_seconds = 1.0

    def __init__(self, torch: Callable[[], Any | None]) -> None:
        self._torch = torch

    def read(self) -> Mapping[str, Any]:
        """Returns devices: index, uuid, memory_total_gb, memory_allocated_gb, memory_reserved_gb and more."""
        cuda = _initialised_cuda(self._torch())
        if cuda is None:
            return {}
        devices = [_device(cuda, index) for index in range(cuda.device_count())]
        used = [device for device in devices if device is not None]
        return {"devices": used} if used else {}


def visible_uuids(torch: Callable[[], Any | None]) -> list[str] | None:
    """Returns the UUIDs of the CUDA devices in CUDA's order; `None` while CUDA is not in use.

    Args:
        torch: Returns the torch module if the process has imported it, else `None`.
    """
    cuda = _initialised_cuda(torch())
    if cuda is None:
        return None
    return [_uuid(cuda, index) for index in range(cuda.device_count())]


def _initialised_cuda(torch: Any | None) -> Any | None:
    # A module that another thread is still importing has no `cuda` yet.
    cuda = getattr(torch, "cuda", None)
    return cuda if cuda is not None and cuda.is_initialized() else None


def _uuid(cuda: Any, index: int) -> str:
    """Returns the UUID as the driver's tools write it; CUDA gives it bare, and names a slice of a GPU as such."""
    properties = cuda.get_device_properties(index)
    kind = "MIG" if " MIG " in properties.name else "GPU"
    return f"{kind}-{properties.uuid}"


def _device(cuda: Any, index: int) -> dict[str, Any] | None:
    """Returns what is held on the device; `None` if nothing ever was."""
    statistics = cuda.memory_stats_as_nested_dict(index)
    if not statistics or not statistics["reserved_bytes"]["all"]["peak"]:
        return None
    allocated = statistics["allocated_bytes"]["all"]
    return {
        "index": index,
        "uuid": _uuid(cuda, index),
        "memory_total_gb": gb(cuda.get_device_properties(index).total_memory),
        "memory_allocated_gb": gb(allocated["current"]),
        "memory_reserved_gb": gb(statistics["reserved_bytes"]["all"]["current"]),
        "memory_peak_allocated_gb": gb(allocated["peak"]),
        "num_alloc_retries": statistics["num_alloc_retries"],
        "num_ooms": statistics["num_ooms"],
    }
