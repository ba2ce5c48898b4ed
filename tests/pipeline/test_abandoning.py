"""A sink that hangs at the end: what waits is handled by another thread, and nothing is written twice."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence

import pytest

from tests.pipeline.pipelines import HungSink, build, entry_of, facts_of
from verbose_logging.entries import Entry
from verbose_logging.facts import Fact, FactsDropped, PredictionStep, TrainEnd
from verbose_logging.pipeline import Pipeline
from verbose_logging.testing import MemorySink


@pytest.fixture
def sink() -> Iterator[HungSink]:
    """Yields a sink that hangs, and releases it in the end."""
    sink = HungSink()
    yield sink
    sink.released.set()


@pytest.fixture
def hung(sink: HungSink) -> Pipeline:
    """Returns a pipeline whose thread hangs in its sink with the first fact, and three more that wait."""
    pipeline = build(sink, wake_seconds=0.01)
    pipeline.put(PredictionStep(0.0))
    pipeline.start()
    assert sink.entered.wait(30.0)
    for fact in (PredictionStep(1.0), PredictionStep(2.0), TrainEnd(3.0, 2, 1.0, None)):
        pipeline.put_vital(fact)
    assert not pipeline.close(timeout=0.01)
    return pipeline


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

    pipeline = build(MemorySink(), handle, wake_seconds=0.01)
    pipeline.put(PredictionStep(0.0))
    pipeline.put(PredictionStep(1.0))
    pipeline.start()
    assert entered.wait(30.0)
    assert not pipeline.close(timeout=0.01)

    assert [] == pipeline.abandon(10.0)
    released.set()
    assert pipeline.close()
