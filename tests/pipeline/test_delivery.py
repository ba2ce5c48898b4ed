from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence

from verbose_logging.entries import Entry, UserEntry
from verbose_logging.facts import ClockRead, Deferred, Fact, FactsDropped, PredictionStep, Saved, SubstepEnd, TrainEnd
from verbose_logging.pipeline.delivery import Delivery
from verbose_logging.pipeline.drop_tally import DropTally
from verbose_logging.testing import ManualClock, MemorySink


class Bench:
    """A delivery on a manual clock, whose facts become entries that hold them."""

    def __init__(self, sink: MemorySink | None = None, handle: Callable[[Fact], Sequence[Entry]] | None = None) -> None:
        """Puts the parts together."""
        self.clock = ManualClock()
        self.sink = sink or MemorySink()
        self.problems: list[tuple[str, Exception]] = []
        self.inbox: deque[Fact] = deque()
        self.drops = DropTally()
        self.delivery = Delivery(
            handle or self._handle,
            self.sink,
            clock=self.clock,
            on_problem=lambda what, error: self.problems.append((what, error)),
        )

    def _handle(self, fact: Fact) -> Sequence[Entry]:
        if fact.at < 0:
            raise ValueError("a fact from before the start")
        return [UserEntry({"type": "fact", "fact": fact})]

    def deliver(self, *facts: Fact) -> list[Fact]:
        """Returns the facts whose entries reached the sink so far, after delivering these."""
        self.inbox.extend(facts)
        self.delivery.deliver(self.inbox, self.drops)
        return [entry.fields["fact"] for entry in self.sink.entries if isinstance(entry, UserEntry)]


class FullSink(MemorySink):
    """A sink that takes nothing."""

    def write(self, entries: Sequence[Entry]) -> None:
        """Raises."""
        raise OSError(28, f"no space for {len(entries)}")

    def flush(self) -> None:
        """Raises."""
        raise OSError(28, "no space")


def test_facts_reach_the_sink_in_order() -> None:
    """Entries come in the order of their facts."""
    facts = [SubstepEnd(float(at)) for at in range(10_000)]
    assert facts == Bench().deliver(*facts)


def test_failing_fact_costs_only_its_own_entries() -> None:
    """An exception in the handler is reported and counted, and the neighbours are written."""
    bench = Bench()
    assert [SubstepEnd(1.0), SubstepEnd(3.0)] == bench.deliver(SubstepEnd(1.0), SubstepEnd(-2.0), SubstepEnd(3.0))
    assert ["SubstepEnd"] == [what for what, _ in bench.problems]
    assert bench.delivery.problems == 1
    assert bench.delivery.entries_handled == 2


def test_facts_are_settled_before_they_are_handled() -> None:
    """The handler never sees a `Deferred`."""
    saved = Saved(1.0, step=1, epoch=0.1, path="p", size_bytes=Deferred(lambda: 42))
    assert [Saved(1.0, step=1, epoch=0.1, path="p", size_bytes=42)] == Bench().deliver(saved)


def test_value_that_cannot_be_settled_is_reported() -> None:
    """A `Deferred` that raises leaves the fact in place and the problem on record."""
    bench = Bench()
    (settled,) = bench.deliver(Saved(1.0, step=1, epoch=0.1, path="p", size_bytes=Deferred(lambda: 1 // 0)))
    assert isinstance(settled, Saved)
    assert settled.size_bytes is None
    assert ["Saved.size_bytes"] == [what for what, _ in bench.problems]


def test_failing_sink_raises_nothing() -> None:
    """A sink that fails is reported for the batch and for the flush."""
    bench = Bench(FullSink())
    bench.deliver(SubstepEnd(1.0))
    assert not bench.delivery.flush()
    assert ["writing the log", "flushing the log"] == [what for what, _ in bench.problems]


def test_failing_problem_handler_raises_nothing() -> None:
    """Whoever is told of problems may fail as well."""

    def handle(fact: Fact) -> Sequence[Entry]:
        raise ValueError(fact)

    def tell(what: str, error: Exception) -> None:
        raise RuntimeError(what) from error

    delivery = Delivery(handle, MemorySink(), clock=ManualClock(), on_problem=tell)
    delivery.deliver(deque([SubstepEnd(1.0)]), DropTally())
    assert delivery.problems == 1


def test_clock_is_read_once_a_second() -> None:
    """A tick comes each second from the first fact on, also when nothing else happens."""
    bench = Bench()
    bench.deliver(SubstepEnd(0.0))
    bench.clock.advance(0.9)
    assert [SubstepEnd(0.0)] == bench.deliver()
    bench.clock.advance(0.1)
    tick = ClockRead(1.0, wall=1_700_000_001.0, utc_offset_seconds=0.0)
    assert [SubstepEnd(0.0), tick] == bench.deliver()
    assert [SubstepEnd(0.0), tick] == bench.deliver()
    assert bench.sink.flushes == 1


def test_tick_is_younger_than_what_waited() -> None:
    """After a hang, the facts that waited are handled before the clock is read, so no stall is seen."""
    bench = Bench()
    bench.deliver(SubstepEnd(0.0))
    bench.clock.advance(60.0)
    waited = SubstepEnd(59.0)
    assert waited == bench.deliver(waited)[1]
    assert isinstance(bench.deliver()[2], ClockRead)


def test_no_tick_comes_before_the_first_fact() -> None:
    """The first fact opens the run; nothing precedes it."""
    bench = Bench()
    bench.clock.advance(10.0)
    assert [] == bench.deliver()


def test_drops_are_told_behind_what_was_kept() -> None:
    """The number of dropped facts follows the facts that filled the inbox."""
    bench = Bench()
    bench.drops.add(SubstepEnd(2.0))
    bench.drops.add(SubstepEnd(3.0))
    expected = [SubstepEnd(1.0), FactsDropped(0.0, count=2, first_at=2.0, last_at=3.0)]
    assert expected == bench.deliver(SubstepEnd(1.0))


def test_an_end_comes_behind_what_was_dropped() -> None:
    """The last entry of a run is its end, also where the inbox was full before it."""
    bench = Bench()
    bench.drops.add(SubstepEnd(2.0))
    end = TrainEnd(3.0, 1, 1.0, None)
    expected = [SubstepEnd(1.0), FactsDropped(0.0, count=1, first_at=2.0, last_at=2.0), end, SubstepEnd(4.0)]
    assert expected == bench.deliver(SubstepEnd(1.0), end, SubstepEnd(4.0))


def test_what_there_is_no_time_for_is_counted_before_the_end() -> None:
    """With a second left and half a second a fact, two of five are told; the end is, in any case."""

    def handle(fact: Fact) -> Sequence[Entry]:
        bench.clock.advance(0.5)
        return [UserEntry({"type": "fact", "fact": fact})]

    bench = Bench(handle=handle)
    bench.inbox.extend(PredictionStep(float(at)) for at in range(5))
    bench.inbox.append(TrainEnd(5.0, 1, 1.0, None))
    bench.delivery.hurry(1.0)
    bench.delivery.finish(bench.inbox, bench.drops)

    assert bench.sink.closed
    assert [
        PredictionStep(0.0),
        PredictionStep(1.0),
        FactsDropped(1.0, count=3, first_at=2.0, last_at=4.0),
        TrainEnd(5.0, 1, 1.0, None),
    ] == [entry.fields["fact"] for entry in bench.sink.of_type("fact")]


def test_without_an_end_the_count_comes_last() -> None:
    """A recording outside of a training says how much it lacks, too."""
    bench = Bench()
    bench.inbox.extend(PredictionStep(float(at)) for at in range(3))
    bench.delivery.hurry(0.0)
    bench.delivery.finish(bench.inbox, bench.drops)

    (dropped,) = [entry.fields["fact"] for entry in bench.sink.of_type("fact")]
    assert FactsDropped(0.0, count=3, first_at=0.0, last_at=2.0) == dropped


def test_cpu_time_is_counted() -> None:
    """Work shows in the account of the thread's time."""
    bench = Bench()
    bench.deliver(*(SubstepEnd(float(at)) for at in range(1000)))
    assert bench.delivery.cpu_seconds > 0.0


def test_account_is_up_to_date_within_a_batch() -> None:
    """A fact that asks for the account, as the end of a run does, sees the facts before it in the same batch."""
    bench = Bench()
    account = Deferred(lambda: (bench.delivery.entries_handled, bench.delivery.cpu_seconds > 0.0))
    end = Saved(3.0, step=1, epoch=0.1, path="p", size_bytes=account)
    assert (
        Saved(3.0, step=1, epoch=0.1, path="p", size_bytes=(2, True))
        == bench.deliver(SubstepEnd(1.0), SubstepEnd(2.0), end)[-1]
    )
