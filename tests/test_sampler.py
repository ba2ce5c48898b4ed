"""Probes are read in their own rhythm, on threads that can be started, closed and forked."""

from __future__ import annotations

import os
import threading

import pytest

from tests.samplers import SOON_SECONDS, Inbox, host, quick, run, sampler_of
from verbose_logging.clock import SystemClock
from verbose_logging.facts import Fact, ProbeFailed
from verbose_logging.sampler import Sampler
from verbose_logging.testing import ManualClock, StubProbe


class _ClockBeginningAt(SystemClock):
    """The real clock, with a chosen time at its making."""

    def __init__(self, monotonic: float) -> None:
        self._offset = monotonic - super().monotonic()

    def monotonic(self) -> float:
        return super().monotonic() + self._offset


def test_probes_are_read_at_once_and_then_again() -> None:
    """A reading comes at the start, and further ones follow, dated in order."""
    inbox = run([quick({"x": 1.0}, {"x": 2.0})], lambda facts: len(facts) >= 3)

    assert [{"x": 1.0}, {"x": 2.0}, {"x": 2.0}] == [fact.reading for fact in inbox.facts[:3]]
    assert sorted(fact.at for fact in inbox.facts) == [fact.at for fact in inbox.facts]


def test_a_dear_probe_is_read_less_often() -> None:
    """While a cheap probe is read ten times, one with an interval of an hour is read at the start only."""
    dear = host(StubProbe([{"x": 1.0}], name="dear", interval_seconds=3600.0))
    inbox = run([dear, host(quick(name="cheap"))], lambda facts: len(facts) > 10)

    assert 1 == len(inbox.of("dear"))


def test_readings_fall_on_whole_multiples_of_the_interval() -> None:
    """Started in the middle of an interval of 0.2 s, the sampler reads at the beginning of those that follow."""
    inbox = Inbox()
    sampler = Sampler([quick()], inbox.put, clock=_ClockBeginningAt(0.1), interval_seconds=0.2)
    sampler.start()
    came = inbox.wait_for(lambda facts: len(facts) >= 4)
    sampler.close(SOON_SECONDS)

    assert came
    assert min(fact.at % 0.2 for fact in inbox.facts[1:]) < 0.05


def test_a_failure_is_told_when_it_begins_and_when_it_changes() -> None:
    """Three equal failures are one fact; another error, and the same one after a good reading, are facts again."""
    bad, worse = OSError("bad"), OSError("worse")
    inbox = run([quick(bad, bad, bad, worse, {"x": 1.0}, worse)], lambda facts: len(facts) >= 4)

    told = [fact.error if isinstance(fact, ProbeFailed) else fact.reading for fact in inbox.facts]
    assert ["OSError: bad", "OSError: worse", {"x": 1.0}, "OSError: worse"] == told


def test_starting_and_closing_twice_is_the_same_as_once() -> None:
    """A second start adds no threads, and a second close does nothing."""
    inbox = Inbox()
    sampler = sampler_of([quick(name="twice")], inbox)
    sampler.start()
    sampler.start()
    threads = [thread for thread in threading.enumerate() if thread.name == "verbose-logging-twice"]
    sampler.close(SOON_SECONDS)
    sampler.close(SOON_SECONDS)

    assert (1, False) == (len(threads), threads[0].is_alive())


def test_all_threads_are_daemons() -> None:
    """The interpreter never waits for a thread of the sampler."""
    sampler = sampler_of([quick(name="a"), host(quick(name="b"))], Inbox())
    sampler.start()
    threads = [thread for thread in threading.enumerate() if thread.name.startswith("verbose-logging-")]
    sampler.close(SOON_SECONDS)

    assert {True} == {thread.daemon for thread in threads}


def test_a_sampler_can_be_started_again() -> None:
    """One sampler serves several trainings, and begins each with a reading."""
    inbox = Inbox()
    sampler = sampler_of([StubProbe([{"x": 1.0}], interval_seconds=3600.0)], inbox)
    for readings in (1, 2):
        sampler.start()
        assert inbox.wait_for(lambda facts, readings=readings: len(facts) == readings)
        sampler.close(SOON_SECONDS)


def test_facts_that_cannot_be_delivered_do_not_end_the_reading() -> None:
    """An inbox that raises once gets the next reading all the same."""
    inbox = Inbox()
    broken = iter([True])

    def put(fact: Fact) -> None:
        if next(broken, False):
            raise RuntimeError
        inbox.put(fact)

    sampler = Sampler([quick()], put, clock=SystemClock(), interval_seconds=0.02)
    sampler.start()
    came = inbox.wait_for(bool)
    sampler.close(SOON_SECONDS)

    assert came


def test_an_empty_reading_is_not_delivered() -> None:
    """Absent hardware makes no facts."""
    inbox = run([quick({}, name="absent"), quick()], lambda facts: len(facts) > 3)

    assert [] == inbox.of("absent")


def test_a_caller_cannot_change_what_was_delivered() -> None:
    """`read_once` hands out copies; the facts in the inbox stay as they are."""
    inbox = Inbox()
    sampler = sampler_of([StubProbe([{"x": 1.0}], interval_seconds=3600.0)], inbox)
    sampler.start()
    assert inbox.wait_for(bool)
    sampler.read_once()["stub"]["x"] = 9.0
    sampler.close(SOON_SECONDS)

    assert {"x": 1.0} == inbox.facts[0].reading


def test_the_account_counts_reads_and_failures() -> None:
    """Two probes were read, one of them failed, and none is overdue."""
    sampler = Sampler([quick(), quick(OSError(), name="bad")], print, clock=ManualClock(), interval_seconds=1.0)
    sampler.read_once()
    account = sampler.account()

    assert (2, 1, 0) == (account["reads"], account["failures"], account["overdue"])
    assert account["cpu_seconds"] >= 0.0


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork")
def test_a_forked_child_has_no_sampler() -> None:
    """In a data loader's worker nothing is read, started, waited for or raised."""
    inbox = Inbox()
    sampler = sampler_of([quick()], inbox)
    sampler.start()
    assert inbox.wait_for(bool)
    child = os.fork()
    if child == 0:
        threads = threading.active_count()
        sampler.start()
        inert = sampler.read_once() == {} and threading.active_count() == threads
        sampler.close(SOON_SECONDS)
        os._exit(0 if inert else 1)
    _, status = os.waitpid(child, 0)
    sampler.close(SOON_SECONDS)

    assert 0 == status
