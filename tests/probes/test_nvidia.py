from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from verbose_logging.probes.nvidia import NvidiaProbe
from verbose_logging.testing import ManualClock

Run = Callable[..., Any]

_READ = "answer(NvidiaProbe(pynvml).read())"


class _NvmlError(Exception):
    """The root of the fake library's errors."""


class _LibraryNotFoundError(_NvmlError):
    """There is no driver."""


class _NoNvml:
    """An NVML that refuses to begin."""

    NVMLError = _NvmlError
    NVMLError_LibraryNotFound = _LibraryNotFoundError
    NVMLError_DriverNotLoaded = _LibraryNotFoundError

    def __init__(self, error: Exception) -> None:
        self.inits = 0
        self._error = error

    def nvmlInit(self) -> None:  # noqa: N802 - NVML's name
        self.inits += 1
        raise self._error


def test_every_figure_is_the_drivers(on_fake_driver: Run) -> None:
    """Memory in GB, power in W, the throttle mask in words; a name with markup passes through unchanged."""
    fault = "memory=val:20;util=val:87;temp=val:66;power=val:312500;throttle=val:76"
    device = {
        "index": 0,
        "uuid": "GPU-fa4e0000-0000-0000-0000-0",
        "name": "Fake H100 <b>80GB</b> #0",
        "memory_usage_percent": 25.0,
        "memory_used_gb": 20.0,
        "memory_total_gb": 80.0,
        "utilization_percent": 87.0,
        "temperature_c": 66.0,
        "power_w": 312.5,
        "sm_clock_mhz": 1980,
        "throttle_reasons": ["sw_power_cap", "hw_slowdown", "hw_thermal_slowdown"],
    }

    assert {"devices": [device]} == on_fake_driver(_READ, devices=1, fault=fault)


def test_without_cuda_every_device_is_listed(on_fake_driver: Run) -> None:
    """Eight GPUs are eight devices with the driver's numbers."""
    devices = on_fake_driver(_READ, devices=8)["devices"]

    assert [(index, 55.0 + index) for index in range(8)] == [(gpu["index"], gpu["temperature_c"]) for gpu in devices]


def test_a_driver_without_devices_has_no_reading(on_fake_driver: Run) -> None:
    """No GPU is absent, not an empty list of GPUs."""
    assert {} == on_fake_driver(_READ, devices=0)


def test_an_idle_gpu_is_not_throttled(on_fake_driver: Run) -> None:
    """The driver lists idleness among the reasons for a low clock; it is none to worry about."""
    (device,) = on_fake_driver(_READ, devices=1, fault="throttle=val:1")["devices"]

    assert [] == device["throttle_reasons"]


def test_what_a_gpu_does_not_support_is_absent(on_fake_driver: Run) -> None:
    """A field that is not supported, or not permitted, is left out without an error, and the others are there."""
    (device,) = on_fake_driver(_READ, devices=1, fault="power=notsup;util=noperm;temp=val:50")["devices"]

    assert (set(), 50.0) == ({"power_w", "utilization_percent", "error"} & set(device), device["temperature_c"])


def test_a_lost_gpu_does_not_take_the_others_along(on_fake_driver: Run) -> None:
    """GPU 2 fell off the bus: it says so, and the other three are read."""
    devices = on_fake_driver(_READ, devices=4, fault="all@2=lost")["devices"]

    assert {"index": 2, "error": "GPU is lost"} == devices[2]
    assert [55.0, 56.0, 58.0] == [gpu["temperature_c"] for gpu in devices if "error" not in gpu]


def test_one_broken_field_leaves_the_rest_and_the_error(on_fake_driver: Run) -> None:
    """A field that fails for no known reason is told, beside what could be read."""
    (device,) = on_fake_driver(_READ, devices=1, fault="power=unknown;temp=val:50")["devices"]

    assert ("Unknown Error", 50.0, False) == (device["error"], device["temperature_c"], "power_w" in device)


def test_devices_are_cudas_in_cudas_order(on_fake_driver: Run) -> None:
    """CUDA sees GPU 3 as its first and GPU 1 as its second device: the indices are CUDA's, the figures the GPUs'."""
    script = """
    uuids = ["GPU-fa4e0000-0000-0000-0000-3", "GPU-fa4e0000-0000-0000-0000-1"]
    answer(NvidiaProbe(pynvml, visible_uuids=lambda: uuids).read())
    """
    devices = on_fake_driver(script, devices=4)["devices"]
    seen = [(gpu["index"], gpu["uuid"][-1], gpu["name"][-2:], gpu["temperature_c"]) for gpu in devices]

    assert [(0, "3", "#3", 58.0), (1, "1", "#1", 56.0)] == seen


def test_a_gpu_that_cuda_sees_and_the_driver_lost_keeps_its_place(on_fake_driver: Run) -> None:
    """The device is still told by CUDA's number and UUID, with the driver's error."""
    script = """
    uuids = ["GPU-fa4e0000-0000-0000-0000-1", "GPU-fa4e0000-0000-0000-0000-0"]
    answer(NvidiaProbe(pynvml, visible_uuids=lambda: uuids).read())
    """
    devices = on_fake_driver(script, devices=2, fault="all@1=lost")["devices"]

    assert {"index": 0, "uuid": "GPU-fa4e0000-0000-0000-0000-1", "error": "GPU is lost"} == devices[0]
    assert 55.0 == devices[1]["temperature_c"]


def test_a_driver_that_appears_later_is_found_within_a_minute(on_fake_driver: Run) -> None:
    """While there is no driver the machine has no GPUs; a minute after the failure it is tried again."""
    script = """
    set_fault("init=nodriver")
    clock = ManualClock()
    probe = NvidiaProbe(pynvml, clock=clock.monotonic)
    counts = [len(probe.read())]
    set_fault("")
    for seconds in (59.0, 1.0):
        clock.advance(seconds)
        counts.append(len(probe.read()))
    answer(counts)
    """

    assert [0, 0, 1] == on_fake_driver(script, devices=1)


def test_a_driver_that_fails_as_a_whole_is_reported_and_tried_again(on_fake_driver: Run) -> None:
    """Counting the GPUs fails after a good reading: that is an error, and a minute later all is well again."""
    script = """
    clock = ManualClock()
    probe = NvidiaProbe(pynvml, clock=clock.monotonic)
    seen = [len(probe.read())]
    set_fault("count=unknown")
    try:
        probe.read()
    except pynvml.NVMLError as error:
        seen.append(str(error))
    set_fault("")
    clock.advance(60.0)
    answer([*seen, len(probe.read())])
    """

    assert [1, "Unknown Error", 1] == on_fake_driver(script, devices=1)


@pytest.mark.parametrize("uuids", [None, ["GPU-fa4e0000-0000-0000-0000-0"]])
def test_a_library_shut_down_by_someone_else_is_begun_again(on_fake_driver: Run, uuids: list[str] | None) -> None:
    """The user's own code may end NVML under the probe, with CUDA in use or not; a minute later it is read again."""
    script = f"""
    clock = ManualClock()
    probe = NvidiaProbe(pynvml, clock=clock.monotonic, visible_uuids=lambda: {uuids})
    seen = [len(probe.read())]
    pynvml.nvmlShutdown()
    try:
        probe.read()
    except pynvml.NVMLError as error:
        seen.append(str(error))
    clock.advance(60.0)
    answer([*seen, len(probe.read())])
    """

    assert [1, "Uninitialized", 1] == on_fake_driver(script, devices=1)


def test_a_hung_driver_delays_no_host_probe_and_is_reported(on_fake_driver: Run) -> None:
    """The call for utilisation never returns: one failure is told, and the host is read on and on."""
    script = """
    gpu, host = NvidiaProbe(pynvml), StubProbe([{"usage_percent": 1.0}], name="host", interval_seconds=0.02)
    gpu.interval_seconds, host.answers_at_once = 0.05, True
    facts, enough = [], threading.Event()

    def put(fact):
        facts.append(fact)
        failures = [fact for fact in facts if fact.probe == "nvidia"]
        if failures and len([fact for fact in facts if fact.probe == "host"]) > 30:
            enough.set()

    sampler = Sampler([gpu, host], put, clock=SystemClock(), interval_seconds=0.02)
    sampler.start()
    in_time = enough.wait(30)
    sampler.close(0.1)
    answer([in_time, [fact.error for fact in facts if fact.probe == "nvidia"]])
    """

    assert [True, ["no answer for 0.15 s"]] == on_fake_driver(script, devices=1, fault="util=hang")


def test_a_machine_without_a_driver_has_no_reading() -> None:
    """No NVIDIA driver is nothing to report, and it is not looked for at every reading."""
    nvml = _NoNvml(_LibraryNotFoundError())
    clock = ManualClock()
    probe = NvidiaProbe(nvml, clock=clock.monotonic)

    assert ([{}, {}], 1) == ([probe.read(), probe.read()], nvml.inits)


def test_a_driver_that_cannot_begin_is_an_error() -> None:
    """A driver that is there and fails for another reason is worth telling."""
    probe = NvidiaProbe(_NoNvml(_NvmlError("Unknown Error")), clock=ManualClock().monotonic)

    with pytest.raises(_NvmlError, match="Unknown Error"):
        probe.read()
