"""Readings that must not pass a fixed limit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from verbose_logging.protocols import Condition, FindingKind
from verbose_logging.rules.base import NOTHING, Verdicts
from verbose_logging.rules.parameters import NotNegative, Percent
from verbose_logging.rules.readings import Reading, ReadingRule, devices_of


class HighMemory(ReadingRule):
    """The machine's memory is nearly full; next the kernel kills a process, most likely this one.

    Args:
        above: Limit in percent of the memory this process can use.
    """

    name = "high_memory"
    kind: ClassVar[FindingKind] = "resource_warning"

    def __init__(self, *, above: Percent = 90.0) -> None:
        self._above = above
        super().__init__()

    def at_reading(self, entry: Reading, usage: Mapping[str, Any]) -> Verdicts:
        """Returns whether memory is above the limit, where it has been read."""
        memory = usage.get("memory", {})
        used = memory.get("usage_percent")
        if used is None or "error" in memory or self.is_quiet(used > self._above):
            return NOTHING
        return (
            Condition(
                firing=used > self._above,
                verdict=f"Memory is {used:.1f}% full (limit {self._above:g}%)",
                evidence={"usage_percent": used, "limit_percent": self._above}
                | {key: memory[key] for key in ("used_gb", "available_gb", "total_gb") if key in memory},
                suggestion="Fewer data loader workers, a smaller data set in memory, or streaming; "
                "look at trends.process_memory_trend to see whether this process grows.",
            ),
        )


class HighGpuMemory(ReadingRule):
    """A GPU's memory is nearly full; the next longer batch may run out of it.

    Args:
        above: Limit in percent of the device's memory.
    """

    name = "high_gpu_memory"
    kind: ClassVar[FindingKind] = "resource_warning"

    def __init__(self, *, above: Percent = 95.0) -> None:
        self._above = above
        super().__init__()

    def at_reading(self, entry: Reading, usage: Mapping[str, Any]) -> Verdicts:
        """Returns, for each device that has been read, whether its memory is above the limit."""
        return [
            self._condition(subject, device, used)
            for subject, device in devices_of(usage)
            if (used := device.get("memory_usage_percent")) is not None
            and "error" not in device
            and not self.is_quiet(used > self._above, subject)
        ]

    def _condition(self, subject: str, device: Mapping[str, Any], used: float) -> Condition:
        return Condition(
            firing=used > self._above,
            subject=subject,
            verdict=f"{subject}: memory is {used:.1f}% full (limit {self._above:g}%)",
            evidence={"device": subject, "usage_percent": used, "limit_percent": self._above}
            | {key: device[key] for key in ("memory_used_gb", "memory_total_gb", "name") if key in device},
            suggestion="Halve per_device_train_batch_size and double gradient_accumulation_steps, "
            "turn gradient_checkpointing on, or shorten max_length.",
        )


class DiskFilling(ReadingRule):
    """The disk that the log lies on is nearly full; the next checkpoint may not fit.

    Args:
        below_gb: Limit of the free space, in GB.
    """

    name = "disk_filling"
    kind: ClassVar[FindingKind] = "resource_warning"

    def __init__(self, *, below_gb: NotNegative = 2.0) -> None:
        self._below_gb = below_gb
        super().__init__()

    def at_reading(self, entry: Reading, usage: Mapping[str, Any]) -> Verdicts:
        """Returns whether free space is below the limit, where it has been read."""
        disk = usage.get("disk", {})
        free = disk.get("free_gb")
        if free is None or "error" in disk or self.is_quiet(free < self._below_gb):
            return NOTHING
        return (
            Condition(
                firing=free < self._below_gb,
                verdict=f"The disk has {free:.1f} GB left (limit {self._below_gb:g} GB)",
                evidence={"free_gb": free, "limit_gb": self._below_gb}
                | {key: disk[key] for key in ("usage_percent",) if key in disk},
                suggestion="Keep fewer checkpoints (save_total_limit=2, save_only_model=True), or write them elsewhere "
                "(output_dir).",
            ),
        )
