"""The table of probes: what can be read, and how each one is made.

To add one: a file beside this one with a class of `name`, `interval_seconds` and `read`, and a line in `PROBES`. Probes
that say `answers_at_once` share one thread of the sampler; any other has a thread of its own.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from importlib import metadata
from pathlib import Path
from typing import Any, TypeAlias

import msgspec
import psutil

from verbose_logging.probes.cpu import CpuProbe, PerCoreCpuProbe
from verbose_logging.probes.disk import DiskProbe
from verbose_logging.probes.disk_io import DiskIoProbe
from verbose_logging.probes.memory import MemoryProbe
from verbose_logging.probes.network import NetworkProbe
from verbose_logging.probes.nvidia import NvidiaProbe
from verbose_logging.probes.process import ProcessProbe
from verbose_logging.probes.swap import SwapProbe
from verbose_logging.probes.temperature import TemperatureProbe
from verbose_logging.probes.torch_cuda import TorchCudaProbe, visible_uuids
from verbose_logging.protocols import Probe

_GROUP = "verbose_logging.probes"


class ProbeContext(msgspec.Struct, frozen=True, kw_only=True):
    """What probes are made from.

    Args:
        disk_path: The folder that the log lies in.
        dear_readings: Whether each core's load and the machine's temperatures are read.
        monotonic: Returns monotonic seconds.
    """

    disk_path: Path
    dear_readings: bool
    monotonic: Callable[[], float]


ProbeFactory: TypeAlias = Callable[[ProbeContext], "Probe | None"]


def _cpu(context: ProbeContext) -> Probe:
    kind = PerCoreCpuProbe if context.dear_readings else CpuProbe
    return kind(psutil, clock=context.monotonic)


def _temperatures(context: ProbeContext) -> Probe | None:
    return TemperatureProbe(psutil) if context.dear_readings else None


def _nvidia(context: ProbeContext) -> Probe | None:
    try:
        import pynvml  # noqa: PLC0415 - a stripped installation may lack it, and reads everything else
    except ImportError:
        return None
    return NvidiaProbe(pynvml, clock=context.monotonic, visible_uuids=lambda: visible_uuids(_imported_torch))


def _imported_torch() -> Any | None:
    return sys.modules.get("torch")


PROBES: dict[str, ProbeFactory] = {
    "memory": lambda _: MemoryProbe(psutil),
    "swap": lambda _: SwapProbe(psutil),
    "process": lambda _: ProcessProbe(psutil),
    "disk_io": lambda context: DiskIoProbe(psutil, clock=context.monotonic),
    "network_io": lambda context: NetworkProbe(psutil, clock=context.monotonic),
    "cpu": _cpu,
    "disk": lambda context: DiskProbe(psutil, path=context.disk_path),
    "temperatures": _temperatures,
    "nvidia": _nvidia,
    "torch_cuda": lambda _: TorchCudaProbe(_imported_torch),
}


def build_probes(
    context: ProbeContext,
    *,
    on_problem: Callable[[str, Exception], None] = lambda _part, _error: None,
    entry_points: Callable[..., Iterable[Any]] = metadata.entry_points,
) -> list[Probe]:
    """Returns the probes of this machine: those of the table, then those of installed packages.

    A package adds one by an entry point of the group `verbose_logging.probes` that names a `ProbeFactory`.

    Args:
        context: What probes are made from.
        on_problem: Told of a probe that cannot be made, and why. It is left out.
        entry_points: Finds the entry points of a group.

    Example:
        >>> import time
        >>> context = ProbeContext(disk_path=Path("."), dear_readings=False, monotonic=time.monotonic)
        >>> [probe.name for probe in build_probes(context)][:3]
        ['memory', 'swap', 'process']
    """
    factories = [*PROBES.items(), *((entry.name, _installed(entry)) for entry in entry_points(group=_GROUP))]
    probes: dict[str, Probe] = {}
    for name, factory in factories:
        try:
            _add(factory(context), probes)
        except Exception as error:  # noqa: BLE001, PERF203 - whatever a constructor raises, the other probes go on
            on_problem(f"probe {name}", error)
    return list(probes.values())


def _installed(entry_point: Any) -> ProbeFactory:
    def make(context: ProbeContext) -> Probe | None:
        factory: ProbeFactory = entry_point.load()
        return factory(context)

    return make


def _add(probe: Probe | None, probes: dict[str, Probe]) -> None:
    if probe is None:
        return
    if not isinstance(probe, Probe):
        raise TypeError(f"{type(probe).__name__} lacks one of name, interval_seconds and read")
    if probe.name in probes:
        raise ValueError(f"there is a probe {probe.name!r} already")
    probes[probe.name] = probe
