"""The machine's readings in an entry, and what the rules that judge them share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from verbose_logging.entries import Heartbeat, TrainingStepComplete
from verbose_logging.rules.base import NOTHING, BaseRule, Verdicts

Reading: TypeAlias = TrainingStepComplete | Heartbeat


class ReadingRule(BaseRule):
    """A rule about the machine's readings, wherever an entry carries them.

    Steps between two readings carry the very same object; where it told nothing once, it tells nothing again.
    """

    def begin(self) -> None:
        """Forgets the run before."""
        self._silent: Mapping[str, Any] | None = None

    def at_step(self, entry: TrainingStepComplete) -> Verdicts:
        """Returns what the step's readings tell."""
        usage = entry.resource_usage
        return NOTHING if usage is self._silent else self._judge(entry, usage or {})

    def at_heartbeat(self, entry: Heartbeat) -> Verdicts:
        """Returns what the heartbeat's readings tell."""
        return self._judge(entry, entry.resource_usage or {})

    def _judge(self, entry: Reading, usage: Mapping[str, Any]) -> Verdicts:
        verdicts = self.at_reading(entry, usage)
        self._silent = None if verdicts else usage
        return verdicts

    def at_reading(self, entry: Reading, usage: Mapping[str, Any]) -> Verdicts:
        """Returns what can be said of an entry's `resource_usage`."""
        raise NotImplementedError


def devices_of(usage: Mapping[str, Any] | None) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yields each GPU by its name, "gpu0"."""
    for place, device in enumerate((usage or {}).get("gpu", {}).get("devices", ())):
        yield f"gpu{device.get('index', place)}", device


class FreshReadings:
    """Tells a new reading from one that an earlier entry has carried already.

    Example:
        >>> fresh = FreshReadings()
        >>> [fresh.is_new({"sampled_at": at}) for at in ("12:00", "12:00", "12:01")]
        [True, False, True]
    """

    def __init__(self) -> None:
        self._last: Mapping[str, Any] | None = None
        self._last_at: Any = None

    def is_new(self, usage: Mapping[str, Any] | None) -> bool:
        """Returns whether this is a reading, and has not been seen before."""
        if usage is self._last:  # nearly always
            return False
        self._last = usage
        sampled_at = usage.get("sampled_at") if usage else None
        if sampled_at is None or sampled_at == self._last_at:
            return False
        self._last_at = sampled_at
        return True
