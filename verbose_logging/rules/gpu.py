"""A GPU that slows itself down, or is gone."""

from __future__ import annotations

from typing import Any, ClassVar

from verbose_logging.entries import Severity, TrainingStepComplete
from verbose_logging.protocols import Condition, FindingKind
from verbose_logging.rules.base import NOTHING, BaseRule, Verdicts
from verbose_logging.rules.parameters import Count
from verbose_logging.rules.readings import FreshReadings, devices_of
from verbose_logging.rules.streaks import InARow

# The reasons that cost speed and are no choice of the user's; a power cap of the software is the usual full load.
_REASONS = {
    "hw_slowdown": "its hardware protects itself",
    "sw_thermal_slowdown": "it is too hot",
    "hw_thermal_slowdown": "it is too hot",
    "hw_power_brake": "its power supply holds it back",
}
_TOLD = ("throttle_reasons", "temperature_c", "power_w", "sm_clock_mhz")


class GpuThrottled(BaseRule):
    """A GPU lowers its clock because of heat or power.

    Args:
        readings: So many readings in a row count.
    """

    name = "gpu_throttled"
    kind: ClassVar[FindingKind] = "performance_anomaly"
    explains: ClassVar[frozenset[str]] = frozenset({"slow_steps"})

    def __init__(self, *, readings: Count = 3) -> None:
        self._readings = readings
        super().__init__()

    def begin(self) -> None:
        """Forgets the run before."""
        self._fresh = FreshReadings()
        self._throttled: dict[str, InARow] = {}

    def at_step(self, entry: TrainingStepComplete) -> Verdicts:
        """Returns, for each device of a new reading, whether it is being held back."""
        if not self._fresh.is_new(entry.resource_usage):
            return NOTHING
        return [
            self._judge(entry, subject, device)
            for subject, device in devices_of(entry.resource_usage)
            if "throttle_reasons" in device
        ]

    def _judge(self, entry: TrainingStepComplete, subject: str, device: Any) -> Condition:
        reasons = [reason for reason in device["throttle_reasons"] if reason in _REASONS]
        in_a_row = self._throttled.setdefault(subject, InARow()).count(bool(reasons))
        if in_a_row < self._readings:
            return Condition(firing=False, subject=subject)
        heat = f" at {device['temperature_c']:.0f} C" if "temperature_c" in device else ""
        return Condition(
            firing=True,
            subject=subject,
            verdict=f"{subject} is slowed down{heat}: {_REASONS[reasons[0]]} ({', '.join(reasons)})",
            evidence={"step": entry.step, "device": subject, "readings_in_a_row": in_a_row}
            | {key: device[key] for key in _TOLD if key in device},
            suggestion="Look at the cooling (fans, dust, neighbours) and at the power limit "
            "(nvidia-smi -q -d PERFORMANCE); until then every step takes longer.",
        )


class GpuLost(BaseRule):
    """The driver does not find a GPU any more that it had found before.

    Args:
        readings: So many readings in a row count.
    """

    name = "gpu_lost"
    kind: ClassVar[FindingKind] = "resource_warning"
    severity: ClassVar[Severity] = "CRITICAL"

    def __init__(self, *, readings: Count = 2) -> None:
        self._readings = readings
        super().__init__()

    def begin(self) -> None:
        """Forgets the run before."""
        self._fresh = FreshReadings()
        self._lost: dict[str, InARow] = {}

    def at_step(self, entry: TrainingStepComplete) -> Verdicts:
        """Returns, for each device of a new reading, whether the driver has lost it."""
        if not self._fresh.is_new(entry.resource_usage):
            return NOTHING
        return [self._judge(entry, subject, device) for subject, device in devices_of(entry.resource_usage)]

    def _judge(self, entry: TrainingStepComplete, subject: str, device: Any) -> Condition:
        error = str(device.get("error", ""))
        in_a_row = self._lost.setdefault(subject, InARow()).count("lost" in error.lower())
        return Condition(
            firing=in_a_row >= self._readings,
            subject=subject,
            verdict=f"{subject} is lost: the driver says {error!r}",
            evidence={"step": entry.step, "device": subject, "error": error},
            suggestion="The device has fallen off the bus: dmesg tells the Xid; usually only a restart of the machine "
            "brings it back. Training goes on from the last checkpoint.",
        )
