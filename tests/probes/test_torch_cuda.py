from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from verbose_logging.probes.torch_cuda import TorchCudaProbe, visible_uuids

_GB = 1024**3


class _Cuda:
    """A torch.cuda with two devices, the first of which has been used. Anything else that is called is an error."""

    def __init__(self, *, initialised: bool = True, names: tuple[str, ...] = ("H100", "H100")) -> None:
        self._initialised = initialised
        self._names = names

    def is_initialized(self) -> bool:
        return self._initialised

    def device_count(self) -> int:
        assert self._initialised, "counting devices before CUDA is initialised may initialise it"
        return len(self._names)

    def get_device_properties(self, index: int) -> Any:
        assert self._initialised, "asking for properties initialises CUDA"
        return SimpleNamespace(name=self._names[index], uuid=f"aaaa-{index}", total_memory=80 * _GB)

    def memory_stats_as_nested_dict(self, index: int) -> dict[str, Any]:
        allocated, reserved, peak = (2, 4, 3) if index == 0 else (0, 0, 0)
        return {
            "allocated_bytes": {"all": {"current": allocated * _GB, "peak": peak * _GB}},
            "reserved_bytes": {"all": {"current": reserved * _GB, "peak": reserved * _GB}},
            "num_alloc_retries": 1,
            "num_ooms": 0,
        }


def test_a_device_in_use_is_read_exactly() -> None:
    """The device that this process has allocated on is there with its figures, the untouched one is not."""
    probe = TorchCudaProbe(lambda: SimpleNamespace(cuda=_Cuda()))
    device = {
        "index": 0,
        "uuid": "GPU-aaaa-0",
        "memory_total_gb": 80.0,
        "memory_allocated_gb": 2.0,
        "memory_reserved_gb": 4.0,
        "memory_peak_allocated_gb": 3.0,
        "num_alloc_retries": 1,
        "num_ooms": 0,
    }

    assert {"devices": [device]} == probe.read()


def test_without_torch_there_is_no_reading() -> None:
    """A process that has not imported torch is not made to."""
    assert {} == TorchCudaProbe(lambda: None).read()


def test_a_torch_that_is_still_being_imported_has_no_reading() -> None:
    """Another thread may be in the middle of the import."""
    assert {} == TorchCudaProbe(SimpleNamespace).read()


def test_cuda_is_never_initialised() -> None:
    """Before CUDA is in use nothing is asked that would initialise it."""
    torch = SimpleNamespace(cuda=_Cuda(initialised=False))

    assert ({}, None) == (TorchCudaProbe(lambda: torch).read(), visible_uuids(lambda: torch))


def test_uuids_come_in_cudas_order_as_the_driver_writes_them() -> None:
    """CUDA gives the bare UUID; the driver's has a prefix, which for a slice of a GPU is another."""
    torch = SimpleNamespace(cuda=_Cuda(names=("H100", "H100 MIG 1g.10gb")))

    assert ["GPU-aaaa-0", "MIG-aaaa-1"] == visible_uuids(lambda: torch)
