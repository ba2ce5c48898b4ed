"""Step times and their statistics, against figures that one can check in the head."""

from __future__ import annotations

import pytest

from verbose_logging.facts import GcPause, StepEnd
from verbose_logging.meters.ledger import Ledger
from verbose_logging.meters.rates import RecentSteps
from verbose_logging.meters.step_counts import StepCounts
from verbose_logging.meters.timing import TimingMeter
from verbose_logging.testing import FactScript, MemorySink, record


def recorded(*step_times: float, first_step: int = 0) -> MemorySink:
    """Returns the entries of a run with steps of these lengths, in seconds, the first of which waits for no data."""
    script = FactScript(total_steps=1000, steps_per_epoch=1000, first_step=first_step).open().begin().epoch_begin()
    for seconds in step_times:
        script.step(data_wait=0.0, forward_backward=seconds, optimizer=0.0, loss=1.0)
    return record(script.epoch_end().end().facts)


def test_recent_statistics_are_those_of_ten_steps() -> None:
    """After 100, 1, 1, 1, 1, 1, 2, 2, 2, 2, 7 the first has left: mean 2, median 1.5, deviation by hand."""
    timing = (
        recorded(100.0, 1.0, 1.0, 1.0, 1.0, 1.0, 2.0, 2.0, 2.0, 2.0, 7.0).of_type("training_step_complete")[-1].timing
    )

    assert (2.0, 1.5) == (timing["avg_step_time_seconds"], timing["median_step_time_seconds"])
    assert pytest.approx((30 / 9) ** 0.5) == timing["std_step_time_seconds"]


def test_percentile_is_of_the_whole_session() -> None:
    """Of 100 steps, 94 of 1 s and 6 of 9 s, the 95th percentile is 9 s and the median 1 s."""
    statistics = recorded(*[1.0] * 94, *[9.0] * 6).of_type("training_complete")[0].statistics

    assert (9.0, 1.0) == (statistics["p95_step_time_seconds"], statistics["median_step_time_seconds"])


def test_elapsed_time_is_that_of_this_session() -> None:
    """Sixty steps of a second are a minute, whatever was done before a resume."""
    step = recorded(*[1.0] * 60, first_step=500).of_type("training_step_complete")[-1]

    assert pytest.approx(1.0) == step.timing["total_elapsed_minutes"]
    assert (560, 60) == (step.progress["current_step"], step.progress["steps_completed_this_session"])


def test_an_epoch_has_its_own_statistics() -> None:
    """The second epoch's step times know nothing of the first's."""
    script = FactScript(total_steps=4, steps_per_epoch=2).open().begin()
    for seconds in (5.0, 2.0):
        script.epoch_begin()
        for _ in range(2):
            script.step(data_wait=0.0, forward_backward=seconds, optimizer=0.0)
        script.epoch_end()

    first, second = record(script.facts).of_type("epoch_complete")

    assert (5.0, 2.0) == (first.timing["avg_step_time_seconds"], second.timing["avg_step_time_seconds"])
    assert (10.0, 4.0) == (first.duration_seconds, second.duration_seconds)


def test_collector_pauses_are_summed_within_a_step() -> None:
    """Two pauses of 2 ms and 3 ms are 5 ms of the step, and the next step has none."""
    script = FactScript(total_steps=2, steps_per_epoch=2).open().begin().epoch_begin()
    script.add(GcPause, 0.002, 2).add(GcPause, 0.003, 2).step().step()

    first, second = record(script.facts).of_type("training_step_complete")

    assert pytest.approx(0.005) == first.timing["gc_pause_seconds"]
    assert "gc_pause_seconds" not in second.timing


def test_an_epoch_without_an_end_takes_no_more_memory_than_its_last_steps() -> None:
    """Fifty steps of 100 s leave no trace in the statistics behind 100,000 of 1 s."""
    ledger = Ledger()
    meter = TimingMeter(ledger, RecentSteps(ledger, StepCounts()))
    for step in range(1, 100_051):
        ledger.step_time_seconds = 100.0 if step <= 50 else 1.0
        meter.observe(StepEnd(float(step), step, log_follows=False))

    assert 1.0 == meter.at_epoch()["avg_step_time_seconds"] == meter.at_end()["avg_step_time_seconds"]
