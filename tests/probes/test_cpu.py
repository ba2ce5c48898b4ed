from __future__ import annotations

from collections import namedtuple
from types import SimpleNamespace
from typing import Any

from verbose_logging.probes.cpu import CpuProbe, PerCoreCpuProbe
from verbose_logging.testing import ManualClock

_Linux = namedtuple("_Linux", "user system idle iowait guest guest_nice")  # noqa: PYI024 - as psutil makes them
_Mac = namedtuple("_Mac", "user system idle")  # noqa: PYI024 - as psutil makes them


class _Machine:
    """A psutil whose times are set by hand."""

    def __init__(self, machine: Any, cores: list[Any] | None = None) -> None:
        self.machine = machine
        self.cores = cores or []
        self.process_seconds = 0.0

    def cpu_times(self, *, percpu: bool = False) -> Any:
        return self.cores if percpu else self.machine

    def getloadavg(self) -> tuple[float, float, float]:
        return (1.5, 1.0, 0.5)

    def Process(self) -> Any:  # noqa: N802 - psutil's name
        return SimpleNamespace(
            cpu_times=lambda: SimpleNamespace(user=self.process_seconds, system=self.process_seconds / 2)
        )


def _idle_second(clock: ManualClock) -> Any:
    return lambda _seconds: clock.advance(1.0)


def test_usage_is_the_busy_share_since_the_last_reading() -> None:
    """Of 8 more CPU seconds 2 were user and system, 5 idle and 1 waiting for a disk: 25 %."""
    clock = ManualClock()
    machine = _Machine(_Linux(100.0, 50.0, 1000.0, 10.0, 0.0, 0.0))
    probe = CpuProbe(machine, clock=clock.monotonic, pause=_idle_second(clock))
    probe.read()
    machine.machine = _Linux(101.5, 50.5, 1005.0, 11.0, 0.0, 0.0)
    machine.process_seconds = 2.0
    clock.advance(4.0)

    assert {"usage_percent": 25.0, "process_percent": 75.0, "load_average": [1.5, 1.0, 0.5]} == probe.read()


def test_a_guests_time_counts_once() -> None:
    """Linux adds a virtual machine's 2 s to its host's user time as well: 2 of 4 s are busy, not 4 of 6."""
    clock = ManualClock()
    machine = _Machine(_Linux(0.0, 0.0, 0.0, 0.0, 0.0, 0.0))
    probe = CpuProbe(machine, clock=clock.monotonic, pause=_idle_second(clock))
    probe.read()
    machine.machine = _Linux(2.0, 0.0, 2.0, 0.0, 2.0, 0.0)
    clock.advance(1.0)

    assert 50.0 == probe.read()["usage_percent"]


def test_the_first_reading_measures_a_tenth_of_a_second() -> None:
    """The first reading is a measurement of its own, not the mean since the machine was started."""
    clock = ManualClock()
    machine = _Machine(_Mac(100.0, 0.0, 0.0))
    pauses = []

    def work(seconds: float) -> None:
        pauses.append(seconds)
        clock.advance(seconds)
        machine.machine = _Mac(100.05, 0.0, 0.15)

    reading = CpuProbe(machine, clock=clock.monotonic, pause=work).read()

    assert ([0.1], 25.0) == (pauses, round(reading["usage_percent"], 6))


def test_a_reading_soon_after_another_is_no_shorter() -> None:
    """Two callers in a row do not measure the microseconds between them."""
    clock = ManualClock()
    pauses: list[float] = []

    def pause(seconds: float) -> None:
        pauses.append(round(seconds, 6))
        clock.advance(seconds)

    probe = CpuProbe(_Machine(_Mac(0.0, 0.0, 0.0)), clock=clock.monotonic, pause=pause)
    probe.read()
    clock.advance(0.03)
    probe.read()

    assert [0.1, 0.07] == pauses


def test_without_progress_of_the_counters_usage_is_absent() -> None:
    """A system whose counters stand still has an unknown load, not one of 0."""
    clock = ManualClock()
    probe = CpuProbe(_Machine(_Mac(1.0, 1.0, 1.0)), clock=clock.monotonic, pause=_idle_second(clock))

    assert {"process_percent": 0.0, "load_average": [1.5, 1.0, 0.5]} == probe.read()


def test_usage_stays_between_0_and_100() -> None:
    """Kernels let the idle counter go back a little; a share beyond the possible is not passed on."""
    clock = ManualClock()
    machine = _Machine(_Mac(0.0, 0.0, 10.0))
    probe = CpuProbe(machine, clock=clock.monotonic, pause=_idle_second(clock))
    probe.read()
    machine.machine = _Mac(2.0, 0.0, 9.0)
    clock.advance(1.0)

    assert 100.0 == probe.read()["usage_percent"]


def test_each_core_has_its_share() -> None:
    """One core works, the other does not; the machine is at half."""
    clock = ManualClock()
    machine = _Machine(_Mac(0.0, 0.0, 0.0), [_Mac(0.0, 0.0, 0.0), _Mac(0.0, 0.0, 0.0)])
    probe = PerCoreCpuProbe(machine, clock=clock.monotonic, pause=_idle_second(clock))
    probe.read()
    machine.machine, machine.cores = _Mac(2.0, 0.0, 2.0), [_Mac(2.0, 0.0, 0.0), _Mac(0.0, 0.0, 2.0)]
    clock.advance(2.0)
    reading = probe.read()

    assert (50.0, [100.0, 0.0]) == (reading["usage_percent"], reading["per_core"])


def test_a_core_switched_off_meanwhile_leaves_no_shares() -> None:
    """Cores are told apart by their place only; after one has gone, no share can be given to its owner."""
    clock = ManualClock()
    machine = _Machine(_Mac(0.0, 0.0, 0.0), [_Mac(0.0, 0.0, 0.0), _Mac(0.0, 0.0, 0.0)])
    probe = PerCoreCpuProbe(machine, clock=clock.monotonic, pause=_idle_second(clock))
    probe.read()
    machine.machine, machine.cores = _Mac(2.0, 0.0, 2.0), [_Mac(2.0, 0.0, 0.0)]
    clock.advance(2.0)

    assert "per_core" not in probe.read()
