from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from verbose_logging.probes.network import NetworkProbe
from verbose_logging.testing import ManualClock

_MB = 1024**2


def _counters(sent_mb: int, received_mb: int) -> SimpleNamespace:
    return SimpleNamespace(bytes_sent=sent_mb * _MB, bytes_recv=received_mb * _MB)


def _psutil(*answers: dict[str, Any]) -> SimpleNamespace:
    script = iter(answers)

    def net_io_counters(*, pernic: bool, nowrap: bool) -> dict[str, Any]:
        assert (True, False) == (pernic, nowrap)
        return next(script)

    return SimpleNamespace(net_io_counters=net_io_counters)


def test_interfaces_are_summed_without_the_loopback() -> None:
    """Two interfaces sent 6 MB and received 3 in 2 seconds; 1000 MB within the machine are no network traffic."""
    clock = ManualClock()
    psutil = _psutil(
        {"lo": _counters(0, 0), "eth0": _counters(10, 20), "eth1": _counters(0, 0)},
        {"lo": _counters(1000, 1000), "eth0": _counters(14, 23), "eth1": _counters(2, 0)},
    )
    probe = NetworkProbe(psutil, clock=clock.monotonic)
    first = probe.read()
    clock.advance(2.0)

    assert ({}, {"sent_mb_per_second": 3.0, "received_mb_per_second": 1.5}) == (first, probe.read())


def test_a_machine_without_interfaces_has_no_reading() -> None:
    """A container without a network has the loopback only: absent, not a rate of 0."""
    clock = ManualClock()
    probe = NetworkProbe(_psutil({"lo": _counters(0, 0)}, {"lo": _counters(1, 1)}), clock=clock.monotonic)
    probe.read()
    clock.advance(1.0)

    assert {} == probe.read()
