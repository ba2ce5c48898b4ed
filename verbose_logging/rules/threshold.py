"""Readings that must not pass a fixed limit."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

import msgspec

from verbose_logging.entries import Entry, Severity
from verbose_logging.protocols import Condition, FindingKind
from verbose_logging.rules.readings import devices_of, usage_of


class HighMemory(msgspec.Struct, frozen=True, kw_only=True):
    """The machine's memory is nearly full; next the kernel kills a process, most likely this one.

    Args:
        above: Limit in percent of the memory this process can use.
    """

    above: float = 90.0

    name: ClassVar[str] = "high_memory"
    kind: ClassVar[FindingKind] = "resource_warning"
    severity: ClassVar[Severity] = "WARNING"

    def judge(self, entry: Entry) -> Iterable[Condition]:
        """Returns whether memory is above the limit, where the entry carries a reading."""
        memory = usage_of(entry).get("memory", {})
        used = memory.get("usage_percent")
        if used is None or "error" in memory:
            return
        yield Condition(
            firing=used > self.above,
            verdict=f"Memory is {used:.1f}% full (limit {self.above:g}%)",
            evidence={"usage_percent": used, "limit_percent": self.above}
            | {key: memory[key] for key in ("used_gb", "available_gb", "total_gb") if key in memory},
            suggestion="Fewer data loader workers, a smaller data set in memory, or streaming; "
            "look at trends.process_memory_trend to see whether this process grows.",
        )


class HighGpuMemory(msgspec.Struct, frozen=True, kw_only=True):
    """A GPU's memory is nearly full; the next longer batch may run out of it.

    Args:
        above: Limit in percent of the device's memory.
    """

    above: float = 95.0

    name: ClassVar[str] = "high_gpu_memory"
    kind: ClassVar[FindingKind] = "resource_warning"
    severity: ClassVar[Severity] = "WARNING"

    def judge(self, entry: Entry) -> Iterable[Condition]:
        """Returns, for each device with a reading, whether its memory is above the limit."""
        for subject, device in devices_of(entry):
            used = device.get("memory_usage_percent")
            if used is None or "error" in device:
                continue
            yield Condition(
                firing=used > self.above,
                subject=subject,
                verdict=f"{subject}: memory is {used:.1f}% full (limit {self.above:g}%)",
                evidence={"device": subject, "usage_percent": used, "limit_percent": self.above}
                | {key: device[key] for key in ("memory_used_gb", "memory_total_gb", "name") if key in device},
                suggestion="Halve per_device_train_batch_size and double gradient_accumulation_steps, "
                "turn gradient_checkpointing on, or shorten max_length.",
            )


class DiskFilling(msgspec.Struct, frozen=True, kw_only=True):
    """The disk that the log lies on is nearly full; the next checkpoint may not fit.

    Args:
        below_gb: Limit of the free space, in GB.
    """

    below_gb: float = 2.0

    name: ClassVar[str] = "disk_filling"
    kind: ClassVar[FindingKind] = "resource_warning"
    severity: ClassVar[Severity] = "WARNING"

    def judge(self, entry: Entry) -> Iterable[Condition]:
        """Returns whether free space is below the limit, where the entry carries a reading."""
        disk = usage_of(entry).get("disk", {})
        free = disk.get("free_gb")
        if free is None or "error" in disk:
            return
        yield Condition(
            firing=free < self.below_gb,
            verdict=f"The disk has {free:.1f} GB left (limit {self.below_gb:g} GB)",
            evidence={"free_gb": free, "limit_gb": self.below_gb}
            | {key: disk[key] for key in ("usage_percent",) if key in disk},
            suggestion="Keep fewer checkpoints (save_total_limit=2, save_only_model=True), or write them elsewhere "
            "(output_dir).",
        )
