"""A probe that hangs costs its own readings, and nobody waits for it; a reading without a recording."""

from __future__ import annotations

import threading
from typing import Any

from tests.samplers import SOON_SECONDS, Inbox, Stuck, host, quick, run, sampler_of
from verbose_logging.facts import ProbeFailed, ProbeRead
from verbose_logging.testing import StubProbe


def test_a_hung_probe_delays_no_other_and_is_told_once() -> None:
    """It is asked once, told once after three intervals, and read again when it answers."""
    stuck = Stuck()

    def release(facts: list[Any]) -> bool:
        if any(isinstance(fact, ProbeFailed) for fact in facts) and len(facts) > 20:
            stuck.released.set()
        return any(fact.probe == "stuck" and isinstance(fact, ProbeRead) for fact in facts)

    inbox = run([host(quick()), stuck], release)
    failure, answer = inbox.of("stuck")[:2]

    assert ("no answer for 0.06 s", {"x": 1.0}) == (failure.error, answer.reading)


def test_a_probe_that_only_claims_to_answer_at_once_is_told_too() -> None:
    """A hang on the shared thread is seen by the thread that watches."""
    stuck = host(Stuck())
    inbox = run([stuck], lambda facts: bool(facts) and not stuck.released.set())

    assert "no answer for 0.06 s" == inbox.facts[0].error


def test_closing_does_not_wait_for_a_hung_probe() -> None:
    """`close` returns at its limit, and the late answer is not delivered."""
    stuck, inbox = Stuck(), Inbox()
    sampler = sampler_of([stuck], inbox)
    before = set(threading.enumerate())
    sampler.start()
    (thread,) = [each for each in threading.enumerate() if each.name.endswith("stuck") and each not in before]
    sampler.close(0.05)
    stuck.released.set()
    thread.join(SOON_SECONDS)

    assert (False, []) == (thread.is_alive(), [fact for fact in inbox.facts if isinstance(fact, ProbeRead)])


def test_a_restart_does_not_ask_a_probe_that_still_hangs() -> None:
    """A driver that holds one thread is not given another."""
    stuck, other, inbox = Stuck(), quick(), Inbox()
    sampler = sampler_of([stuck, other], inbox)
    for _ in range(2):
        sampler.start()
        reads = other.reads
        assert inbox.wait_for(lambda _facts, reads=reads: other.reads > reads)
        sampler.close(0.01)
    asked = stuck.reads
    stuck.released.set()

    assert 1 == asked


def test_read_once_works_before_the_start() -> None:
    """All probes are read then and there, nothing is delivered, and what fails or is empty is left out."""
    inbox = Inbox()
    probes = [host(quick(name="host")), quick(name="gpu"), quick(OSError(), name="bad"), quick({}, name="absent")]

    assert {"host": {"x": 1.0}, "gpu": {"x": 1.0}} == sampler_of(probes, inbox).read_once()
    assert [] == inbox.facts


def test_read_once_does_not_wait_for_a_hung_probe() -> None:
    """After half a second the rest is returned."""
    stuck = Stuck()
    reading = sampler_of([stuck, host(quick())], Inbox()).read_once()
    stuck.released.set()

    assert {"quick": {"x": 1.0}} == reading


def test_read_once_gives_the_latest_while_the_sampler_runs() -> None:
    """A running sampler's probes are not asked more often than their interval."""
    probe, inbox = StubProbe([{"x": 1.0}, {"x": 2.0}], interval_seconds=3600.0), Inbox()
    sampler = sampler_of([probe], inbox)
    sampler.start()
    assert inbox.wait_for(bool)
    reading = sampler.read_once()
    sampler.close(SOON_SECONDS)

    assert ({"stub": {"x": 1.0}}, 1) == (reading, probe.reads)


def test_a_hung_probes_old_reading_is_not_passed_off_as_present() -> None:
    """Once a probe is overdue, what it said before is left out."""
    stuck, inbox = Stuck(), Inbox()
    stuck.released.set()
    sampler = sampler_of([stuck], inbox)
    sampler.start()
    answered = inbox.wait_for(bool)
    stuck.released.clear()
    hung = inbox.wait_for(lambda facts: isinstance(facts[-1], ProbeFailed))
    reading = sampler.read_once()
    stuck.released.set()
    sampler.close(SOON_SECONDS)

    assert (True, True, {}) == (answered, hung, reading)
