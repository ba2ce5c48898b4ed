from __future__ import annotations

import threading

from verbose_logging.facts import FactsDropped, StepBegin, StepEnd
from verbose_logging.pipeline.drop_tally import DropTally


def test_nothing_dropped_is_no_fact() -> None:
    """A tally without drops gives nothing, however often it is asked."""
    tally = DropTally()
    assert [None, None] == [tally.take(1.0), tally.take(2.0)]
    assert tally.total() == 0


def test_each_drop_is_taken_once() -> None:
    """A second fact counts only what was dropped after the first, while the total goes on."""
    tally = DropTally()
    tally.add(StepBegin(1.0))
    tally.add(StepBegin(2.0))
    assert FactsDropped(5.0, count=2, first_at=1.0, last_at=2.0) == tally.take(5.0)
    tally.add(StepBegin(6.0))
    assert FactsDropped(7.0, count=1, first_at=6.0, last_at=6.0) == tally.take(7.0)
    assert tally.total() == 3


def test_steps_are_counted_by_their_ends() -> None:
    """Two steps of two facts each: four facts, two steps, told once."""
    tally = DropTally()
    for step in (1, 2):
        tally.add(StepBegin(step))
        tally.add(StepEnd(step + 0.5, step, log_follows=False))
    assert FactsDropped(5.0, count=4, first_at=1.0, last_at=2.5, steps=2) == tally.take(5.0)
    tally.add(StepBegin(6.0))
    assert FactsDropped(7.0, count=1, first_at=6.0, last_at=6.0) == tally.take(7.0)


def test_no_count_is_lost_between_threads() -> None:
    """Eight threads that drop at once, under a thread that takes, are counted exactly."""
    tally = DropTally()
    threads = [threading.Thread(target=lambda: [tally.add(StepBegin(1.0)) for _ in range(5000)]) for _ in range(8)]
    for thread in threads:
        thread.start()
    taken = 0
    while any(thread.is_alive() for thread in threads):
        fact = tally.take(2.0)
        taken += fact.count if fact else 0
    last = tally.take(3.0)
    assert taken + (last.count if last else 0) == 40_000
    assert tally.total() == 40_000
