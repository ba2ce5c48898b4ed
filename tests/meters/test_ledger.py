"""Where the time goes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verbose_logging.facts import Evaluated, FactsDropped, LoopStep, PredictionStep, StepEnd, TrainBegin
from verbose_logging.meters.ledger import OUTSIDE_STEPS, Ledger
from verbose_logging.testing import FactScript

SECONDS = st.floats(0.0, 100.0)


def kept(script: FactScript) -> Ledger:
    """Returns a ledger that has seen the script."""
    ledger = Ledger()
    for fact in script.facts:
        ledger.observe(fact)
    return ledger


def test_each_gap_goes_to_the_part_that_it_ends_in() -> None:
    """Three steps, an evaluation and a save are booked where they belong, to the millisecond."""
    script = FactScript(total_steps=3, steps_per_epoch=3).open().begin().epoch_begin()
    script.step(data_wait=5.0, forward_backward=0.5, optimizer=0.25)
    script.step(data_wait=0.1, forward_backward=0.5, optimizer=0.25, loss=1.0)
    script.evaluate(seconds=3.0, eval_loss=1.0).save(seconds=2.0)
    script.step(data_wait=0.2, forward_backward=0.5, optimizer=0.25).epoch_end().end()

    totals = kept(script).totals

    assert {
        "startup": 5.0,
        "data_wait": pytest.approx(0.3),
        "forward_backward": 1.5,
        "optimizer": 0.75,
        "training": 0.0,
        "logging": 0.0,
        "evaluation": 3.0,
        "checkpoint": 2.0,
        "other": 0.0,
    } == totals


@given(st.lists(st.tuples(SECONDS, SECONDS, SECONDS, st.booleans(), st.booleans()), min_size=1, max_size=20))
def test_parts_sum_to_the_wall_time(steps: list[tuple[float, float, float, bool, bool]]) -> None:
    """Whatever happens, no second is lost and none is counted twice."""
    script = FactScript(total_steps=len(steps), steps_per_epoch=5).open().begin().epoch_begin()
    for data_wait, forward_backward, optimizer, evaluates, saves in steps:
        script.step(data_wait=data_wait, forward_backward=forward_backward, optimizer=optimizer, loss=1.0)
        if evaluates:
            script.evaluate(seconds=data_wait, eval_loss=1.0)
        if saves:
            script.save(seconds=optimizer)
    report = kept(script.end()).report()

    assert pytest.approx(report["total_seconds"]) == sum(
        seconds for part, seconds in report.items() if part != "total_seconds"
    )
    assert pytest.approx(script.clock.monotonic()) == report["total_seconds"]


def test_step_time_leaves_out_evaluation_and_checkpoints() -> None:
    """A step after an evaluation of 30 s and a save of 20 s still takes its own second."""
    script = FactScript(total_steps=2, steps_per_epoch=2).open().begin().epoch_begin().step()
    script.evaluate(seconds=30.0, eval_loss=1.0).save(seconds=20.0).step()

    assert pytest.approx(1.0) == kept(script).step_time_seconds
    assert {"startup", "evaluation", "checkpoint"} == OUTSIDE_STEPS


def test_lost_facts_make_the_step_unknown_and_no_other() -> None:
    """A step that facts were dropped from has no time; the next one has."""
    script = FactScript(total_steps=3, steps_per_epoch=3).open().begin().epoch_begin().step()
    script.add(FactsDropped, 3, 0.0, 1.0).step()
    assert kept(script).step_time_seconds is None

    script.step()
    assert pytest.approx(1.0) == kept(script).step_time_seconds


def test_describing_machine_and_model_is_start_up() -> None:
    """Half a second within the hook, and two until the first batches are here."""
    script = FactScript(total_steps=2, steps_per_epoch=2).open()
    script.add(TrainBegin, 0, 2, 1, 2, 2, 1, None, None, 0, True, 0.5).epoch_begin().step(data_wait=2.0)

    assert pytest.approx(2.5) == kept(script).totals["startup"]


def evaluation(script: FactScript) -> FactScript:
    """Writes an evaluation of two batches outside of a training, after an hour of something else."""
    script.add(PredictionStep, after=3600.0).add(PredictionStep, after=1.0)
    return script.add(Evaluated, 0, 0.0, {"eval_loss": 1.0}, after=1.0)


def test_evaluations_outside_of_a_training_take_none_of_its_time() -> None:
    """Two before, two after; nothing is told before their first batch is done, so they have no known duration."""
    script = FactScript(total_steps=1, steps_per_epoch=1).open()
    evaluation(evaluation(script)).begin().epoch_begin().step().epoch_end().end()
    before = kept(script)
    after = kept(evaluation(evaluation(script)))

    assert pytest.approx(1.0) == before.total_seconds == after.total_seconds
    assert [None, None] == [before.evaluation_seconds, after.evaluation_seconds]


def test_a_second_attempt_starts_up_again() -> None:
    """When the Trainer begins anew without an end, the gap is other time and the next batch fetch is start-up."""
    script = FactScript(total_steps=3, steps_per_epoch=3).open().begin().epoch_begin().step(data_wait=1.0)
    script.clock.advance(4.0)
    script.begin(attempt=2).epoch_begin().step(data_wait=2.0)

    ledger = kept(script)

    assert pytest.approx(3.0) == ledger.totals["startup"]
    assert pytest.approx(4.0) == ledger.totals["other"]


def test_a_loops_steps_are_training_and_a_tenth_of_what_ten_took() -> None:
    """Told of steps 0 and 10 only, 5 s apart after 1 s of evaluation: half a second each, and nothing is start-up."""
    script = FactScript(total_steps=20, steps_per_epoch=20).open().begin()
    for step, seconds in ((0, 2.0), (10, 5.0)):
        script.add(Evaluated, step, 0.0, {}, after=1.0).add(LoopStep, (), after=seconds)
        script.add(StepEnd, step, False, 0)

    ledger = kept(script)

    assert 0.5 == ledger.step_time_seconds
    assert (7.0, 2.0, 0.0) == tuple(ledger.totals[part] for part in ("training", "evaluation", "startup"))


def test_a_loops_first_step_is_not_timed_where_steps_are_missing_before_it() -> None:
    """A loop that begins to tell at step 50 has done 49 that nobody saw, so the first time is not known."""
    script = FactScript(total_steps=100, steps_per_epoch=100).open().begin()
    script.add(LoopStep, (), after=3.0).add(StepEnd, 50, False)

    assert kept(script).step_time_seconds is None
