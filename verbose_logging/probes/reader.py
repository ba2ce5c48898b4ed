"""One probe under the sampler's eye: read by one thread at a time, and known to be late when it hangs."""

from __future__ import annotations

import threading
import time
from typing import Any

from verbose_logging.facts import ProbeFailed, ProbeRead
from verbose_logging.protocols import Clock, Probe

_PATIENCE_INTERVALS = 3


class ProbeReader:
    """Reads a probe, and keeps what it last said.

    Args:
        probe: The probe.
        clock: Dates the facts.
        interval_seconds: The shortest time between two readings; the probe's own counts where it is longer.

    Example:
        >>> from verbose_logging.testing import ManualClock, StubProbe
        >>> reader = ProbeReader(StubProbe([{"usage_percent": 10.0}]), ManualClock(), interval_seconds=1.0)
        >>> reader.read()
        ProbeRead(at=0.0, probe='stub', reading={'usage_percent': 10.0})
    """

    def __init__(self, probe: Probe, clock: Clock, *, interval_seconds: float) -> None:
        self.name = probe.name
        self.interval_seconds = max(interval_seconds, probe.interval_seconds)
        self.answers_at_once = bool(getattr(probe, "answers_at_once", False))
        self.latest: dict[str, Any] = {}
        self.reads = 0
        self.failures = 0
        self.error = ""
        self.cpu_seconds = 0.0
        self._probe = probe
        self._clock = clock
        self._reading = threading.Lock()
        self._asked_at: float | None = None
        self._last_asked_at: float | None = None

    def read(self) -> ProbeRead | ProbeFailed | None:
        """Returns what the probe says now; `None` where it says nothing, or still owes an earlier answer."""
        if not self._reading.acquire(blocking=False):
            return None
        cpu_before = time.thread_time()
        self._asked_at = self._last_asked_at = self._clock.monotonic()
        self.reads += 1
        try:
            return self._ask()
        finally:
            self.cpu_seconds += time.thread_time() - cpu_before
            self._asked_at = None
            self._reading.release()

    def _ask(self) -> ProbeRead | ProbeFailed | None:
        try:
            self.latest = dict(self._probe.read())
        except Exception as error:  # noqa: BLE001 - a probe's failure is a fact like any other
            self.latest = {}
            self.failures += 1
            self.error = _text(error)
            return ProbeFailed(self._clock.monotonic(), self.name, self.error)
        return ProbeRead(self._clock.monotonic(), self.name, self.latest) if self.latest else None

    def is_due(self) -> bool:
        """Returns whether this interval has no reading yet; intervals are whole multiples on the clock."""
        if self._last_asked_at is None:
            return True
        return self._clock.monotonic() // self.interval_seconds > self._last_asked_at // self.interval_seconds

    def overdue(self) -> ProbeFailed | None:
        """Returns the failure to answer within three intervals, `None` where all is well."""
        asked_at, now = self._asked_at, self._clock.monotonic()
        patience_seconds = _PATIENCE_INTERVALS * self.interval_seconds
        if asked_at is None or now - asked_at < patience_seconds:
            return None
        return ProbeFailed(now, self.name, f"no answer for {patience_seconds:g} s")


def _text(error: Exception) -> str:
    """Returns the error's type and text in one line; an error may fail even to say what it is."""
    kind = type(error).__name__
    try:
        return f"{kind}: {' '.join(str(error).split())}"
    except Exception:  # noqa: BLE001 - the text is a courtesy, the failure is the fact
        return kind
