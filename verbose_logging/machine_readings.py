"""The machine as the settings want it read: all along beside a recording, or once and without one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from verbose_logging.clock import SystemClock
from verbose_logging.facts import Fact, ProbeRead
from verbose_logging.probes import ProbeContext, build_probes
from verbose_logging.protocols import Clock
from verbose_logging.recorder.resources import Resources
from verbose_logging.sampler import Sampler
from verbose_logging.settings import Settings


def build_sampler(
    settings: Settings, put: Callable[[Fact], None], *, clock: Clock, on_problem: Callable[[str, Exception], None]
) -> Sampler:
    """Returns a sampler over the settings' probes, not yet started."""
    level = settings.level
    context = ProbeContext(
        disk_path=settings.log_path.parent, dear_readings=level.dear_readings, monotonic=clock.monotonic
    )
    probes = settings.probes if settings.probes is not None else build_probes(context, on_problem=on_problem)
    interval = settings.sample_interval_seconds or level.sample_interval_seconds
    return Sampler(probes, put, clock=clock, interval_seconds=interval)


def current_resource_usage(settings: Settings, on_problem: Callable[[str, Exception], None]) -> dict[str, Any]:
    """Returns a fresh reading of the machine, without a recording; takes half a second at most."""
    clock = SystemClock()
    resources = Resources(str)
    readings = build_sampler(settings, resources.observe, clock=clock, on_problem=on_problem).read_once()
    for probe, reading in readings.items():
        resources.observe(ProbeRead(clock.monotonic(), probe, dict(reading)))
    return {name: reading for name, reading in (resources.usage() or {}).items() if name != "sampled_at"}
