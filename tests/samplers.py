"""Samplers over scripted probes, and what they have delivered."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

from verbose_logging.clock import SystemClock
from verbose_logging.facts import Fact
from verbose_logging.protocols import Probe
from verbose_logging.sampler import Sampler
from verbose_logging.testing import StubProbe

SOON_SECONDS = 10.0  # the bound of every wait; a passing test needs milliseconds


class Inbox:
    """Keeps facts, and lets a test wait for what it needs."""

    def __init__(self) -> None:
        self.facts: list[Any] = []
        self._came = threading.Condition()

    def put(self, fact: Fact) -> None:
        """Takes a fact."""
        with self._came:
            self.facts.append(fact)
            self._came.notify_all()

    def wait_for(self, enough: Callable[[list[Any]], bool]) -> bool:
        """Returns whether there are enough facts in time."""
        with self._came:
            return self._came.wait_for(lambda: enough(self.facts), SOON_SECONDS)

    def of(self, probe: str) -> list[Any]:
        """Returns a probe's facts."""
        return [fact for fact in self.facts if fact.probe == probe]


class Stuck:
    """A probe whose reading takes until it is released."""

    interval_seconds = 0.02

    def __init__(self, name: str = "stuck") -> None:
        self.name = name
        self.reads = 0
        self.released = threading.Event()

    def read(self) -> Mapping[str, Any]:
        """Answers when it is released."""
        self.reads += 1
        self.released.wait(SOON_SECONDS)
        return {"x": 1.0}


def quick(*answers: Mapping[str, Any] | Exception, name: str = "quick") -> StubProbe:
    """Returns a probe that answers at once, fifty times a second."""
    return StubProbe(answers or [{"x": 1.0}], name=name, interval_seconds=0.02)


def sampler_of(probes: list[Probe], inbox: Inbox) -> Sampler:
    """Returns a sampler that is not yet started."""
    return Sampler(probes, inbox.put, clock=SystemClock(), interval_seconds=0.02)


def run(probes: list[Probe], enough: Callable[[list[Any]], bool]) -> Inbox:
    """Runs a sampler until there are enough facts."""
    inbox = Inbox()
    sampler = sampler_of(probes, inbox)
    sampler.start()
    in_time = inbox.wait_for(enough)
    sampler.close(SOON_SECONDS)
    assert in_time, inbox.facts
    return inbox


def host(probe: Any) -> Any:
    """Returns the probe, which says now that it answers at once."""
    probe.answers_at_once = True
    return probe
