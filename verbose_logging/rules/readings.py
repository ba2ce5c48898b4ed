"""The machine's readings in an entry, and the rules that judge them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from verbose_logging.entries import Entry, Heartbeat, TrainingStepComplete


def usage_of(entry: Entry) -> Mapping[str, Any]:
    """Returns an entry's `resource_usage`, empty where it has none."""
    return entry.resource_usage or {} if isinstance(entry, TrainingStepComplete | Heartbeat) else {}


def devices_of(entry: Entry) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yields each GPU by its name, "gpu0"."""
    for place, device in enumerate(usage_of(entry).get("gpu", {}).get("devices", ())):
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
