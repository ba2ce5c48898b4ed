"""Readings that must not pass a fixed limit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, ClassVar

import msgspec

from verbose_logging.entries import Entry, Severity, TrainingStepComplete
from verbose_logging.protocols import Condition, FindingKind


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
        memory = _usage(entry).get("memory", {})
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
        for subject, device in _devices(entry):
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


def _usage(entry: Entry) -> Mapping[str, Any]:
    return entry.resource_usage or {} if isinstance(entry, TrainingStepComplete) else {}


def _devices(entry: Entry) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for place, device in enumerate(_usage(entry).get("gpu", {}).get("devices", ())):
        yield f"gpu{device.get('index', place)}", device
