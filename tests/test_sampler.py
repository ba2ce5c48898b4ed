from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from verbose_logging.clock import SystemClock
from verbose_logging.facts import Fact, ProbeFailed, ProbeRead
from verbose_logging.protocols import Probe
from verbose_logging.sampler import Sampler
from verbose_logging.testing import ManualClock, StubProbe

_SOON_SECONDS = 10.0  # the bound of every wait; a passing test needs milliseconds


class _Inbox:
    """Keeps facts, and lets a test wait for what it needs."""

    def __init__(self) -> None:
        self.facts: list[Any] = []
        self._came = threading.Condition()

    def put(self, fact: Fact) -> None:
        with self._came:
            self.facts.append(fact)
            self._came.notify_all()

    def wait_for(self, enough: Callable[[list[Any]], bool]) -> bool:
        with self._came:
            return self._came.wait_for(lambda: enough(self.facts), _SOON_SECONDS)

    def of(self, probe: str) -> list[Any]:
        return [fact for fact in self.facts if fact.probe == probe]


class _ClockBeginningAt(SystemClock):
    """The real clock, with a chosen time at its making."""

    def __init__(self, monotonic: float) -> None:
        self._offset = monotonic - super().monotonic()

    def monotonic(self) -> float:
        return super().monotonic() + self._offset


class _Stuck:
    """A probe whose reading takes until it is released."""

    interval_seconds = 0.02

    def __init__(self, name: str = "stuck") -> None:
        self.name = name
        self.reads = 0
        self.released = threading.Event()

    def read(self) -> Mapping[str, Any]:
        self.reads += 1
        self.released.wait(_SOON_SECONDS)
        return {"x": 1.0}


def _quick(*answers: Mapping[str, Any] | Exception, name: str = "quick") -> StubProbe:
    return StubProbe(answers or [{"x": 1.0}], name=name, interval_seconds=0.02)


def _sampler(probes: list[Probe], inbox: _Inbox) -> Sampler:
    return Sampler(probes, inbox.put, clock=SystemClock(), interval_seconds=0.02)


def _run(probes: list[Probe], enough: Callable[[list[Any]], bool]) -> _Inbox:
    """Runs a sampler until there are enough facts."""
    inbox = _Inbox()
    sampler = _sampler(probes, inbox)
    sampler.start()
    in_time = inbox.wait_for(enough)
    sampler.close(_SOON_SECONDS)
    assert in_time, inbox.facts
    return inbox


def _host(probe: Any) -> Any:
    probe.answers_at_once = True
    return probe


def test_probes_are_read_at_once_and_then_again() -> None:
    """A reading comes at the start, and further ones follow, dated in order."""
    inbox = _run([_quick({"x": 1.0}, {"x": 2.0})], lambda facts: len(facts) >= 3)

    assert [{"x": 1.0}, {"x": 2.0}, {"x": 2.0}] == [fact.reading for fact in inbox.facts[:3]]
    assert sorted(fact.at for fact in inbox.facts) == [fact.at for fact in inbox.facts]


def test_a_dear_probe_is_read_less_often() -> None:
    """While a cheap probe is read ten times, one with an interval of an hour is read at the start only."""
    dear = _host(StubProbe([{"x": 1.0}], name="dear", interval_seconds=3600.0))
    inbox = _run([dear, _host(_quick(name="cheap"))], lambda facts: len(facts) > 10)

    assert 1 == len(inbox.of("dear"))


def test_readings_fall_on_whole_multiples_of_the_interval() -> None:
    """Started in the middle of an interval of 0.2 s, the sampler reads at the beginning of those that follow."""
    inbox = _Inbox()
    sampler = Sampler([_quick()], inbox.put, clock=_ClockBeginningAt(0.1), interval_seconds=0.2)
    sampler.start()
    came = inbox.wait_for(lambda facts: len(facts) >= 4)
    sampler.close(_SOON_SECONDS)

    assert came
    assert min(fact.at % 0.2 for fact in inbox.facts[1:]) < 0.05


def test_a_failure_is_told_when_it_begins_and_when_it_changes() -> None:
    """Three equal failures are one fact; another error, and the same one after a good reading, are facts again."""
    bad, worse = OSError("bad"), OSError("worse")
    inbox = _run([_quick(bad, bad, bad, worse, {"x": 1.0}, worse)], lambda facts: len(facts) >= 4)

    told = [fact.error if isinstance(fact, ProbeFailed) else fact.reading for fact in inbox.facts]
    assert ["OSError: bad", "OSError: worse", {"x": 1.0}, "OSError: worse"] == told


def test_a_hung_probe_delays_no_other_and_is_told_once() -> None:
    """It is asked once, told once after three intervals, and read again when it answers."""
    stuck = _Stuck()

    def release(facts: list[Any]) -> bool:
        if any(isinstance(fact, ProbeFailed) for fact in facts) and len(facts) > 20:
            stuck.released.set()
        return any(fact.probe == "stuck" and isinstance(fact, ProbeRead) for fact in facts)

    inbox = _run([_host(_quick()), stuck], release)
    failure, answer = inbox.of("stuck")[:2]

    assert ("no answer for 0.06 s", {"x": 1.0}) == (failure.error, answer.reading)


def test_a_probe_that_only_claims_to_answer_at_once_is_told_too() -> None:
    """A hang on the shared thread is seen by the thread that watches."""
    stuck = _host(_Stuck())
    inbox = _run([stuck], lambda facts: bool(facts) and not stuck.released.set())

    assert "no answer for 0.06 s" == inbox.facts[0].error


def test_closing_does_not_wait_for_a_hung_probe() -> None:
    """`close` returns at its limit, and the late answer is not delivered."""
    stuck, inbox = _Stuck(), _Inbox()
    sampler = _sampler([stuck], inbox)
    before = set(threading.enumerate())
    sampler.start()
    (thread,) = [each for each in threading.enumerate() if each.name.endswith("stuck") and each not in before]
    sampler.close(0.05)
    stuck.released.set()
    thread.join(_SOON_SECONDS)

    assert (False, []) == (thread.is_alive(), [fact for fact in inbox.facts if isinstance(fact, ProbeRead)])


def test_starting_and_closing_twice_is_the_same_as_once() -> None:
    """A second start adds no threads, and a second close does nothing."""
    inbox = _Inbox()
    sampler = _sampler([_quick(name="twice")], inbox)
    sampler.start()
    sampler.start()
    threads = [thread for thread in threading.enumerate() if thread.name == "verbose-logging-twice"]
    sampler.close(_SOON_SECONDS)
    sampler.close(_SOON_SECONDS)

    assert (1, False) == (len(threads), threads[0].is_alive())


def test_all_threads_are_daemons() -> None:
    """The interpreter never waits for a thread of the sampler."""
    sampler = _sampler([_quick(name="a"), _host(_quick(name="b"))], _Inbox())
    sampler.start()
    threads = [thread for thread in threading.enumerate() if thread.name.startswith("verbose-logging-")]
    sampler.close(_SOON_SECONDS)

    assert {True} == {thread.daemon for thread in threads}


def test_a_sampler_can_be_started_again() -> None:
    """One sampler serves several trainings, and begins each with a reading."""
    inbox = _Inbox()
    sampler = _sampler([StubProbe([{"x": 1.0}], interval_seconds=3600.0)], inbox)
    for readings in (1, 2):
        sampler.start()
        assert inbox.wait_for(lambda facts, readings=readings: len(facts) == readings)
        sampler.close(_SOON_SECONDS)


def test_a_restart_does_not_ask_a_probe_that_still_hangs() -> None:
    """A driver that holds one thread is not given another."""
    stuck, other, inbox = _Stuck(), _quick(), _Inbox()
    sampler = _sampler([stuck, other], inbox)
    for _ in range(2):
        sampler.start()
        reads = other.reads
        assert inbox.wait_for(lambda _facts, reads=reads: other.reads > reads)
        sampler.close(0.01)
    asked = stuck.reads
    stuck.released.set()

    assert 1 == asked


def test_facts_that_cannot_be_delivered_do_not_end_the_reading() -> None:
    """An inbox that raises once gets the next reading all the same."""
    inbox = _Inbox()
    broken = iter([True])

    def put(fact: Fact) -> None:
        if next(broken, False):
            raise RuntimeError
        inbox.put(fact)

    sampler = Sampler([_quick()], put, clock=SystemClock(), interval_seconds=0.02)
    sampler.start()
    came = inbox.wait_for(bool)
    sampler.close(_SOON_SECONDS)

    assert came


def test_an_empty_reading_is_not_delivered() -> None:
    """Absent hardware makes no facts."""
    inbox = _run([_quick({}, name="absent"), _quick()], lambda facts: len(facts) > 3)

    assert [] == inbox.of("absent")


def test_read_once_works_before_the_start() -> None:
    """All probes are read then and there, nothing is delivered, and what fails or is empty is left out."""
    inbox = _Inbox()
    probes = [_host(_quick(name="host")), _quick(name="gpu"), _quick(OSError(), name="bad"), _quick({}, name="absent")]

    assert {"host": {"x": 1.0}, "gpu": {"x": 1.0}} == _sampler(probes, inbox).read_once()
    assert [] == inbox.facts


def test_read_once_does_not_wait_for_a_hung_probe() -> None:
    """After half a second the rest is returned."""
    stuck = _Stuck()
    reading = _sampler([stuck, _host(_quick())], _Inbox()).read_once()
    stuck.released.set()

    assert {"quick": {"x": 1.0}} == reading


def test_read_once_gives_the_latest_while_the_sampler_runs() -> None:
    """A running sampler's probes are not asked more often than their interval."""
    probe, inbox = StubProbe([{"x": 1.0}, {"x": 2.0}], interval_seconds=3600.0), _Inbox()
    sampler = _sampler([probe], inbox)
    sampler.start()
    assert inbox.wait_for(bool)
    reading = sampler.read_once()
    sampler.close(_SOON_SECONDS)

    assert ({"stub": {"x": 1.0}}, 1) == (reading, probe.reads)


def test_a_hung_probes_old_reading_is_not_passed_off_as_present() -> None:
    """Once a probe is overdue, what it said before is left out."""
    stuck, inbox = _Stuck(), _Inbox()
    stuck.released.set()
    sampler = _sampler([stuck], inbox)
    sampler.start()
    answered = inbox.wait_for(bool)
    stuck.released.clear()
    hung = inbox.wait_for(lambda facts: isinstance(facts[-1], ProbeFailed))
    reading = sampler.read_once()
    stuck.released.set()
    sampler.close(_SOON_SECONDS)

    assert (True, True, {}) == (answered, hung, reading)


def test_a_caller_cannot_change_what_was_delivered() -> None:
    """`read_once` hands out copies; the facts in the inbox stay as they are."""
    inbox = _Inbox()
    sampler = _sampler([StubProbe([{"x": 1.0}], interval_seconds=3600.0)], inbox)
    sampler.start()
    assert inbox.wait_for(bool)
    sampler.read_once()["stub"]["x"] = 9.0
    sampler.close(_SOON_SECONDS)

    assert {"x": 1.0} == inbox.facts[0].reading


def test_the_account_counts_reads_and_failures() -> None:
    """Two probes were read, one of them failed, and none is overdue."""
    sampler = Sampler([_quick(), _quick(OSError(), name="bad")], print, clock=ManualClock(), interval_seconds=1.0)
    sampler.read_once()
    account = sampler.account()

    assert (2, 1, 0) == (account["reads"], account["failures"], account["overdue"])
    assert account["cpu_seconds"] >= 0.0


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork")
def test_a_forked_child_has_no_sampler() -> None:
    """In a data loader's worker nothing is read, started, waited for or raised."""
    inbox = _Inbox()
    sampler = _sampler([_quick()], inbox)
    sampler.start()
    assert inbox.wait_for(bool)
    child = os.fork()
    if child == 0:
        threads = threading.active_count()
        sampler.start()
        inert = sampler.read_once() == {} and threading.active_count() == threads
        sampler.close(_SOON_SECONDS)
        os._exit(0 if inert else 1)
    _, status = os.waitpid(child, 0)
    sampler.close(_SOON_SECONDS)

    assert 0 == status
