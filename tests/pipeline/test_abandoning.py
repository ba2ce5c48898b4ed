"""A sink that hangs at the end: what waits is handled by another thread, and nothing is written twice."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence

import pytest

from verbose_logging.clock import SystemClock
from verbose_logging.entries import Entry, UserEntry
from verbose_logging.facts import Fact, FactsDropped, PredictionStep, TrainEnd
from verbose_logging.pipeline import Pipeline
from verbose_logging.testing import MemorySink


class HungSink(MemorySink):
    """A sink that answers only once it is released."""

    def __init__(self) -> None:
        """Begins to hang."""
        super().__init__()
        self.entered = threading.Event()
        self.released = threading.Event()

    def write(self, entries: Sequence[Entry]) -> None:
        """Waits to be released, then keeps the entries."""
        self.entered.set()
        assert self.released.wait(30.0)
        super().write(entries)


def entry_of(fact: Fact) -> Sequence[Entry]:
    """Returns one entry that holds the fact."""
    return [UserEntry({"type": "fact", "fact": fact})]


def facts_of(entries: Sequence[Entry]) -> list[Fact]:
    """Returns what the entries hold."""
    return [entry.fields["fact"] for entry in entries if isinstance(entry, UserEntry)]


@pytest.fixture
def sink() -> Iterator[HungSink]:
    """Yields a sink that hangs, and releases it in the end."""
    sink = HungSink()
    yield sink
    sink.released.set()


@pytest.fixture
def hung(sink: HungSink) -> Pipeline:
    """Returns a pipeline whose thread hangs in its sink with the first fact, and three more that wait."""
    pipeline = build(sink, entry_of)
    pipeline.put(PredictionStep(0.0))
    pipeline.start()
    assert sink.entered.wait(30.0)
    for fact in (PredictionStep(1.0), PredictionStep(2.0), TrainEnd(3.0, 2, 1.0, None)):
        pipeline.put_vital(fact)
    assert not pipeline.close(timeout=0.01)
    return pipeline


def build(sink: MemorySink, handle: Callable[[Fact], Sequence[Entry]]) -> Pipeline:
    """Returns a pipeline that wakes often and reads no clock."""
    return Pipeline(
        handle, sink, clock=SystemClock(), on_problem=lambda *_: None, wake_seconds=0.01, tick_seconds=3600.0
    )


def test_what_waits_behind_a_hung_sink_is_handled(hung: Pipeline, sink: HungSink) -> None:
    """The facts that the sink was not given are returned, in order; should it come back, it gets none of them."""
    saved = facts_of(hung.abandon(10.0))
    sink.released.set()
    assert hung.close()

    assert [1.0, 2.0, 3.0] == [fact.at for fact in saved]
    assert [0.0] == [fact.at for fact in facts_of(sink.entries)]


def test_without_time_the_end_is_handled_and_the_rest_is_counted(hung: Pipeline) -> None:
    """Two facts find no time: their exact number is told, before the end."""
    dropped, end = facts_of(hung.abandon(0.0))

    assert isinstance(end, TrainEnd)
    assert isinstance(dropped, FactsDropped)
    assert (2, 1.0, 2.0) == (dropped.count, dropped.first_at, dropped.last_at)


def test_a_recorder_that_hangs_is_not_asked_again() -> None:
    """What hangs is the handling itself, a device for example: another thread would only hang as well."""
    entered, released = threading.Event(), threading.Event()

    def handle(fact: Fact) -> Sequence[Entry]:
        entered.set()
        assert released.wait(30.0)
        return entry_of(fact)

    pipeline = build(MemorySink(), handle)
    pipeline.put(PredictionStep(0.0))
    pipeline.put(PredictionStep(1.0))
    pipeline.start()
    assert entered.wait(30.0)
    assert not pipeline.close(timeout=0.01)

    assert [] == pipeline.abandon(10.0)
    released.set()
    assert pipeline.close()
