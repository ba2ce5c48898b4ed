"""Pauses of Python's garbage collector, which stop the training thread whoever causes them."""

from __future__ import annotations

import gc
from collections.abc import Callable
from time import monotonic

from verbose_logging.facts import Fact, GcPause

_WORTH_NOTING_SECONDS = 1e-3


class GcPauses:
    """Puts a fact for each collection of a millisecond or more, between `start` and `stop`.

    Args:
        put: Takes facts; must not wait, since it is called from within a collection.
    """

    def __init__(self, put: Callable[[Fact], None]) -> None:
        self._put = put
        self._began_at = 0.0

    def start(self) -> None:
        """Begins to listen."""
        gc.callbacks.append(self._hear)

    def stop(self) -> None:
        """Stops listening; idempotent."""
        if self._hear in gc.callbacks:
            gc.callbacks.remove(self._hear)

    def _hear(self, phase: str, info: dict[str, int]) -> None:
        at = monotonic()
        if phase == "start":
            self._began_at = at
        elif at - self._began_at >= _WORTH_NOTING_SECONDS:
            self._put(GcPause(at, at - self._began_at, info.get("generation", 0)))
