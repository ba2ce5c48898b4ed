from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from tests.pipeline.pipelines import HungSink, build, entry_of, facts_of
from verbose_logging.entries import Entry
from verbose_logging.facts import Fact, FactsDropped, SubstepEnd
from verbose_logging.pipeline import Pipeline
from verbose_logging.testing import MemorySink

BuildPipeline = Callable[..., Pipeline]


@pytest.fixture
def sink() -> MemorySink:
    """Returns a sink in memory."""
    return MemorySink()


@pytest.fixture
def pipeline(sink: MemorySink) -> Any:
    """Yields a pipeline that wakes by request only, and closes it."""
    pipeline = build(sink)
    yield pipeline
    pipeline.close()


def test_flush_delivers_what_was_put_before(pipeline: Pipeline, sink: MemorySink) -> None:
    """All facts of before are in a flushed sink when `flush` returns."""
    facts = [SubstepEnd(float(at)) for at in range(100)]
    for fact in facts:
        pipeline.put(fact)
    assert pipeline.flush()
    assert facts == facts_of(sink.entries)
    assert sink.flushes == 1


def test_facts_put_before_the_start_wait_for_it(pipeline: Pipeline, sink: MemorySink) -> None:
    """Nothing is handled before the thread runs, and nothing is lost."""
    pipeline.put(SubstepEnd(1.0))
    assert [] == facts_of(sink.entries)
    pipeline.start()
    assert pipeline.flush()
    assert [SubstepEnd(1.0)] == facts_of(sink.entries)


def test_thread_wakes_by_itself() -> None:
    """A fact is delivered within the wake time, without a flush."""
    handled = threading.Event()
    pipeline = build(MemorySink(), lambda _fact: handled.set() or (), wake_seconds=0.001)
    pipeline.start()
    pipeline.put(SubstepEnd(1.0))
    assert handled.wait(10.0)
    assert pipeline.close()


def test_starting_twice_starts_one_thread(pipeline: Pipeline) -> None:
    """`start` is idempotent."""
    before = threading.active_count()
    pipeline.start()
    pipeline.start()
    assert before + 1 == threading.active_count()


def test_no_thread_runs_before_the_start(sink: MemorySink) -> None:
    """Making a pipeline starts nothing."""
    before = threading.active_count()
    build(sink)
    assert before == threading.active_count()


def test_close_delivers_and_closes(pipeline: Pipeline, sink: MemorySink) -> None:
    """At the end everything is in the closed sink, and the thread is gone."""
    before = threading.active_count()
    pipeline.put(SubstepEnd(1.0))
    pipeline.start()
    assert pipeline.close()
    assert [SubstepEnd(1.0)] == facts_of(sink.entries)
    assert sink.closed
    assert before == threading.active_count()


def test_close_delivers_what_a_pipeline_that_never_started_holds(pipeline: Pipeline, sink: MemorySink) -> None:
    """A run that ended before it began keeps its facts, too."""
    pipeline.put_vital(SubstepEnd(1.0))
    assert pipeline.close()
    assert [SubstepEnd(1.0)] == facts_of(sink.entries)


def test_closing_twice_is_closing_once(pipeline: Pipeline) -> None:
    """A second close, and a flush behind it, find everything done."""
    assert [True, True, True] == [pipeline.close(), pipeline.close(), pipeline.flush()]


def test_facts_after_the_close_are_counted(pipeline: Pipeline, sink: MemorySink) -> None:
    """Who comes too late is dropped, and shows in the account."""
    pipeline.close()
    pipeline.put(SubstepEnd(1.0))
    pipeline.put_vital(SubstepEnd(2.0))
    assert [] == facts_of(sink.entries)
    assert pipeline.account()["facts_dropped"] == 2


def test_full_inbox_drops_and_tells_exactly(sink: MemorySink) -> None:
    """Beyond the limit facts are dropped, counted and told with their times; vital ones are not."""
    pipeline = build(sink, max_facts=3)
    for at in range(10):
        pipeline.put(SubstepEnd(float(at)))
    pipeline.put_vital(SubstepEnd(10.0))
    assert pipeline.close()
    *kept, told = facts_of(sink.entries)
    assert [0.0, 1.0, 2.0, 10.0] == [fact.at for fact in kept]
    assert isinstance(told, FactsDropped)
    assert (7, 3.0, 9.0) == (told.count, told.first_at, told.last_at)


def test_eight_threads_lose_no_fact_and_no_count(sink: MemorySink) -> None:
    """With eight producers on a full inbox, kept and dropped facts sum to those that were put."""
    pipeline = build(sink, max_facts=1000, wake_seconds=0.001)

    def produce() -> None:
        for at in range(5000):
            pipeline.put(SubstepEnd(float(at)))

    producers = [threading.Thread(target=produce) for _ in range(8)]
    pipeline.start()
    for producer in producers:
        producer.start()
    for producer in producers:
        producer.join()
    assert pipeline.close()
    told = [fact for fact in facts_of(sink.entries) if isinstance(fact, FactsDropped)]
    kept = len(sink.entries) - len(told)
    assert kept + sum(fact.count for fact in told) == 40_000
    assert pipeline.account()["facts_dropped"] == 40_000 - kept


def test_hung_sink_holds_up_neither_put_nor_close() -> None:
    """While the disk hangs, facts are taken up to the limit, flush and close give up in time, and nothing is lost."""
    sink = HungSink()
    pipeline = build(sink, max_facts=100)
    pipeline.put(SubstepEnd(0.0))
    pipeline.start()
    assert not pipeline.flush(timeout=0.01)
    assert sink.entered.wait(10.0)
    for at in range(1000):
        pipeline.put(SubstepEnd(float(at)))
    assert pipeline.account()["facts_waiting"] == 100
    assert not pipeline.close(timeout=0.01)
    sink.released.set()
    assert pipeline.close()
    assert sink.closed
    kept = [fact for fact in facts_of(sink.entries) if not isinstance(fact, FactsDropped)]
    assert len(kept) == 101


def test_account_says_what_was_done(pipeline: Pipeline) -> None:
    """The account counts entries, drops and problems, and knows the thread's CPU time."""
    pipeline.put(SubstepEnd(1.0))
    pipeline.flush()
    account = pipeline.account()
    assert account.pop("pipeline_cpu_seconds") > 0.0
    assert {"entries_handled": 1, "facts_waiting": 0, "facts_dropped": 0, "problems": 0} == account


def test_closed_by_its_own_thread_it_does_not_wait_for_itself(sink: MemorySink) -> None:
    """A handler that flushes and closes its pipeline gets "not yet" at once, and the close still happens."""
    answers: list[bool] = []
    done = threading.Event()

    def handle(fact: Fact) -> Sequence[Entry]:
        answers.extend([pipeline.flush(), pipeline.close()])
        done.set()
        return entry_of(fact)

    pipeline = build(sink, handle)
    pipeline.put(SubstepEnd(1.0))
    pipeline.start()
    pipeline.flush(timeout=0.0)
    assert done.wait(10.0)
    assert pipeline.close()
    assert [False, False] == answers
    assert sink.closed
