"""Reads the probes, each in its own rhythm, and delivers what they say as facts.

Probes that answer at once share a thread; any other has one to itself, so that a slow or hung probe delays no other and
is never asked again while it owes an answer. One more thread tells of answers that are overdue. All wake on whole
multiples of their interval, are daemons, and stop at once when told to. In a forked child a sampler does nothing.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from verbose_logging.facts import Fact, ProbeFailed, ProbeRead
from verbose_logging.probes.reader import ProbeReader
from verbose_logging.protocols import Clock, Probe

_READ_ONCE_SECONDS = 0.5


class Sampler:
    """Polls probes on threads of its own between `start` and `close`.

    A failure is told when it begins and when it changes, not at every reading.

    Args:
        probes: What to read.
        put: Takes a fact; called from several threads, one at a time. It must not wait.
        clock: Dates the facts.
        interval_seconds: The shortest time between two readings of a probe.

    Example:
        >>> from verbose_logging.testing import ManualClock, StubProbe
        >>> sampler = Sampler([StubProbe([{"usage_percent": 10.0}])], print, clock=ManualClock(), interval_seconds=1.0)
        >>> sampler.read_once()
        {'stub': {'usage_percent': 10.0}}
    """

    def __init__(
        self, probes: Iterable[Probe], put: Callable[[Fact], None], *, clock: Clock, interval_seconds: float
    ) -> None:
        self._readers = [ProbeReader(probe, clock, interval_seconds=interval_seconds) for probe in probes]
        self._put = put
        self._clock = clock
        self._interval_seconds = interval_seconds
        self._telling = threading.RLock()
        self._told: dict[str, str] = {}
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []
        self._pid: int | None = None

    def start(self) -> None:
        """Reads every probe at once, and goes on until `close`. Does nothing while it runs already."""
        if self._is_running() or self._is_foreign():
            return
        self._pid = os.getpid()
        stop = self._stop = threading.Event()
        started = [_start_thread(_name_of(lane), self._poll, lane, stop) for lane in self._lanes()]
        started.append(_start_thread("watch", self._watch, stop))
        self._threads = [thread for thread in started if thread is not None]

    def close(self, timeout_seconds: float) -> None:
        """Stops reading and waits so long for the threads; one that hangs is left behind, and delivers nothing more.

        May be called again, to wait for those that the first call left behind.
        """
        if self._is_foreign():
            return
        self._stop.set()
        self._join(self._threads, timeout_seconds)

    def read_once(self) -> dict[str, dict[str, Any]]:
        """Returns the present readings by probe: the latest while it runs, fresh ones otherwise.

        Waits at most half a second for the probes that may hang. Tells nobody.
        """
        if self._is_foreign():
            return {}
        if not self._is_running():
            self._read_all()
        return {reader.name: dict(reader.latest) for reader in self._readers if reader.latest and not reader.overdue()}

    def account(self) -> dict[str, float]:
        """Returns what reading has cost: cpu_seconds, reads, failures, and how many answers are overdue."""
        return {
            "cpu_seconds": sum(reader.cpu_seconds for reader in self._readers),
            "reads": sum(reader.reads for reader in self._readers),
            "failures": sum(reader.failures for reader in self._readers),
            "overdue": sum(reader.overdue() is not None for reader in self._readers),
        }

    def failures(self) -> dict[str, dict[str, Any]]:
        """Returns, for each probe that raised or owes an answer, how often it raised, and what is wrong with it."""
        overdue = {reader.name: late.error for reader in self._readers if (late := reader.overdue()) is not None}
        return {
            f"probe {reader.name}": {"failures": reader.failures, "error": overdue.get(reader.name, reader.error)}
            for reader in self._readers
            if reader.failures or reader.name in overdue
        }

    def _is_running(self) -> bool:
        return bool(self._threads) and not self._stop.is_set()

    def _is_foreign(self) -> bool:
        """Returns whether this is a forked child of the process that started the sampler: its threads stayed there."""
        return self._pid not in (None, os.getpid())

    def _lanes(self) -> list[list[ProbeReader]]:
        """Returns the readers that share a thread, for each thread."""
        shared = [reader for reader in self._readers if reader.answers_at_once]
        alone = [[reader] for reader in self._readers if not reader.answers_at_once]
        return [shared, *alone] if shared else alone

    def _poll(self, lane: Sequence[ProbeReader], stop: threading.Event) -> None:
        for reader in lane:
            self._tell(reader.read(), stop)
        interval_seconds = min(reader.interval_seconds for reader in lane)
        while not stop.wait(self._until_wake(interval_seconds)):
            for reader in lane:
                if reader.is_due() and not stop.is_set():
                    self._tell(reader.read(), stop)

    def _watch(self, stop: threading.Event) -> None:
        while not stop.wait(self._until_wake(self._interval_seconds)):
            for reader in self._readers:
                # An answer that comes meanwhile waits for the lock, and so is told after its being overdue.
                with self._telling:
                    self._tell(reader.overdue(), stop)

    def _until_wake(self, interval_seconds: float) -> float:
        return interval_seconds - self._clock.monotonic() % interval_seconds

    def _tell(self, fact: ProbeRead | ProbeFailed | None, stop: threading.Event) -> None:
        with self._telling:
            if fact is None or stop.is_set():
                return
            error = fact.error if isinstance(fact, ProbeFailed) else ""
            if error and self._told.get(fact.probe) == error:
                return
            self._told[fact.probe] = error
            with contextlib.suppress(Exception):  # a reading that cannot be delivered is lost, its thread is not
                self._put(fact)

    def _read_all(self) -> None:
        slow = [_start_thread(reader.name, reader.read) for reader in self._readers if not reader.answers_at_once]
        for reader in self._readers:
            if reader.answers_at_once:
                reader.read()
        self._join([thread for thread in slow if thread is not None], _READ_ONCE_SECONDS)

    def _join(self, threads: Iterable[threading.Thread], timeout_seconds: float) -> None:
        deadline = self._clock.monotonic() + timeout_seconds
        for thread in threads:
            thread.join(max(0.0, deadline - self._clock.monotonic()))


def _name_of(lane: Sequence[ProbeReader]) -> str:
    return lane[0].name if len(lane) == 1 else "probes"


def _start_thread(name: str, run: Callable[..., Any], *arguments: Any) -> threading.Thread | None:
    """Returns a running daemon thread; `None` where the system gives none, as while the interpreter ends."""
    thread = threading.Thread(target=run, args=arguments, name=f"verbose-logging-{name}", daemon=True)
    try:
        thread.start()
    except RuntimeError:
        return None
    return thread
