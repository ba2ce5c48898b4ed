from __future__ import annotations

from types import SimpleNamespace

from verbose_logging.probes.disk_io import DiskIoProbe
from verbose_logging.testing import ManualClock

_MB = 1024**2


def test_disks_have_rates_from_the_second_reading_on() -> None:
    """30 MB read and 10 MB written in 2 seconds."""
    clock = ManualClock()
    counters = iter([(100, 200), (130, 210)])
    psutil = SimpleNamespace(
        disk_io_counters=lambda **_: SimpleNamespace(
            **dict(zip(("read_bytes", "write_bytes"), (n * _MB for n in next(counters)), strict=True))
        )
    )
    probe = DiskIoProbe(psutil, clock=clock.monotonic)
    first = probe.read()
    clock.advance(2.0)

    assert ({}, {"read_mb_per_second": 15.0, "write_mb_per_second": 5.0}) == (first, probe.read())


def test_a_machine_without_disks_has_no_reading() -> None:
    """Where psutil finds no disk it answers None."""
    clock = ManualClock()
    probe = DiskIoProbe(SimpleNamespace(disk_io_counters=lambda **_: None), clock=clock.monotonic)
    probe.read()
    clock.advance(1.0)

    assert {} == probe.read()
