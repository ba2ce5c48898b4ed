"""The machine's readings in an entry, and what the rules that judge them share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from verbose_logging.entries import Heartbeat, TrainingStepComplete
from verbose_logging.rules.base import NOTHING, BaseRule, Verdicts

Reading: TypeAlias = TrainingStepComplete | Heartbeat


class ReadingRule(BaseRule):
    """A rule about the machine's readings, wherever an entry carries them."""

    def at_step(self, entry: TrainingStepComplete) -> Verdicts:
        """Returns what the step's readings tell."""
        return self.at_reading(entry, entry.resource_usage) if entry.resource_usage else NOTHING

    def at_heartbeat(self, entry: Heartbeat) -> Verdicts:
        """Returns what the heartbeat's readings tell."""
        return self.at_reading(entry, entry.resource_usage) if entry.resource_usage else NOTHING

    def at_reading(self, entry: Reading, usage: Mapping[str, Any]) -> Verdicts:
        """Returns what can be said of an entry's `resource_usage`."""
        raise NotImplementedError


def devices_of(usage: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yields each GPU by its name, "gpu0"."""
    for place, device in enumerate(usage.get("gpu", {}).get("devices", ())):
        yield f"gpu{device.get('index', place)}", device


class FreshReadings:
    """Tells a new reading from one that an earlier entry has carried already.

    Example:
        >>> fresh = FreshReadings()
        >>> [fresh.is_new({"sampled_at": at}) for at in ("12:00", "12:00", "12:01")]
        [True, False, True]
    """

    def __init__(self) -> None:
        self._last: Any = None

    def is_new(self, usage: Mapping[str, Any]) -> bool:
        """Returns whether this reading has not been seen before."""
        sampled_at = usage.get("sampled_at")
        if sampled_at is None or sampled_at == self._last:
            return False
        self._last = sampled_at
        return True
