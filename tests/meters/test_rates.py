"""Which steps count for rates."""

from __future__ import annotations

import pytest

from verbose_logging.meters.ledger import Ledger
from verbose_logging.meters.rates import RecentSteps
from verbose_logging.meters.step_counts import StepCounts
from verbose_logging.testing import FactScript


def script() -> FactScript:
    """Returns the beginning of a run of many steps."""
    return FactScript(total_steps=1000, steps_per_epoch=1000).open().begin().epoch_begin()


def step_of(run: FactScript, seconds: float) -> None:
    """Writes a step that takes so long, all of it forward and backward."""
    run.step(data_wait=0.0, forward_backward=seconds, optimizer=0.0)


def rate(run: FactScript) -> float | None:
    """Returns the step rate at the end of the script."""
    ledger = Ledger()
    recent = RecentSteps(ledger, StepCounts())
    for fact in run.facts:
        ledger.observe(fact)
        recent.observe(fact)
    return recent.rate


def test_there_is_no_rate_before_the_first_step() -> None:
    """A rate of nothing is absent, not 0."""
    assert rate(script()) is None


def test_the_first_two_steps_count_until_five_are_known() -> None:
    """Slow first steps are all there is at first, and are done without as soon as can be."""
    run = script()
    for seconds in (7.0, 3.0, 0.5, 0.5):
        step_of(run, seconds)
    assert pytest.approx(4 / 11) == rate(run)

    step_of(run, 0.5)
    assert pytest.approx(2.0) == rate(run)


def test_only_the_last_hundred_steps_count() -> None:
    """What the run did long ago does not hold its present rate back."""
    run = script()
    for seconds in [4.0] * 50 + [0.25] * 100:
        step_of(run, seconds)

    assert pytest.approx(4.0) == rate(run)


def test_evaluation_and_saving_are_no_part_of_the_rate() -> None:
    """The rate right after an evaluation and a save is that of the steps."""
    run = script()
    for _ in range(6):
        step_of(run, 0.5)
        run.evaluate(seconds=30.0, eval_loss=1.0).save(seconds=20.0)

    assert pytest.approx(2.0) == rate(run)


def test_a_second_attempt_starts_afresh() -> None:
    """Steps of an attempt with another batch size say nothing of this one."""
    run = script()
    for _ in range(10):
        step_of(run, 4.0)
    run.begin(attempt=2).epoch_begin()
    step_of(run, 0.5)

    assert pytest.approx(2.0) == rate(run)
