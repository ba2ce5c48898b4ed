"""The loss of every step, against figures that one can check in the head."""

from __future__ import annotations

import math
from typing import Any

import pytest

from verbose_logging.facts import FactsDropped, MicroStep, RunOpened, StepEnd, TrainingInspected
from verbose_logging.testing import FactScript, record


def begun(*, world_size: int = 1, cross_entropy: bool = False) -> FactScript:
    """Returns a run that is about to take its first step."""
    script = FactScript(total_steps=100, steps_per_epoch=100)
    script.add(RunOpened, script.clock.wall(), 0.0, "run-1", 0, world_size)
    sources = {"perplexity": "exp(loss)"} if cross_entropy else {}
    return script.add(TrainingInspected, {}, {}, {}, {}, sources).begin().epoch_begin()


def metrics(script: FactScript) -> list[dict[str, Any]]:
    """Returns each step's metrics."""
    return [step.metrics for step in record(script.facts).of_type("training_step_complete")]


def micro(*losses: float, **more: float) -> list[dict[str, float]]:
    """Returns micro-steps with these losses."""
    return [{"loss": loss, **more} for loss in losses]


def test_a_steps_loss_is_the_sum_over_its_micro_batches() -> None:
    """`training_step` returns losses that are scaled already: 0.5 and 0.75 make 1.25."""
    assert 1.25 == metrics(begun().step(micro_steps=micro(0.5, 0.75)))[0]["loss"]


def test_the_taps_loss_goes_before_the_logged_one() -> None:
    """The Trainer's log is a mean over its window; the step's own loss is not."""
    assert 2.0 == metrics(begun().step(micro_steps=micro(2.0), loss=7.0))[0]["loss"]


def test_without_a_tap_the_logged_loss_counts_for_the_steps_since_the_last_log() -> None:
    """A log of 1.0 for one step and one of 4.0 for two: a mean of 3.0."""
    script = begun().step(loss=1.0).step().step(loss=4.0)

    assert [1.0, None, 4.0] == [step.get("loss") for step in metrics(script)]
    assert 3.0 == metrics(script)[-1]["avg_loss"]


def test_a_nan_is_told_and_left_out_of_the_means() -> None:
    """1.0, NaN, 3.0: the step is null, the mean is 2.0, the best 1.0."""
    script = begun().step(micro_steps=micro(1.0)).step(micro_steps=micro(math.nan)).step(micro_steps=micro(3.0))
    entries = record(script.end().facts)

    steps = entries.of_type("training_step_complete")
    assert {"metrics.loss": "NaN"} == steps[1].nonfinite
    assert 2.0 == steps[2].metrics["avg_loss"]
    assert 1.0 == entries.of_type("training_complete")[0].statistics["best_loss"]


def test_a_run_that_ends_in_nan_has_no_final_loss() -> None:
    """The last step's NaN is the final loss, and the verdict says so; the loss before it was not final."""
    script = begun().step(micro_steps=micro(1.0)).step(micro_steps=micro(math.nan)).end()
    (end,) = record(script.facts).of_type("training_complete")

    assert (None, "NaN") == (end.statistics["final_loss"], end.nonfinite["statistics.final_loss"])
    assert end.message.endswith(", loss NaN")


def test_a_filtered_zero_is_told_as_nan() -> None:
    """Hooks alone: the Trainer logs 0.0 for a NaN step; its norm gives it away."""
    script = begun().step(loss=2.0, grad_norm=1.0).step(loss=0.0, grad_norm=math.nan)
    step = record(script.facts).of_type("training_step_complete")[1]

    assert (None, "NaN") == (step.metrics["loss"], step.nonfinite["metrics.loss"])


@pytest.mark.parametrize("logged", [0.0, 1.0])
def test_a_loss_that_may_be_filtered_is_never_the_best(logged: float) -> None:
    """Nor is one of two micro-batches of which the Trainer left one out: 1.0 in place of 2.0 and a NaN."""
    script = begun().step(loss=2.0, grad_norm=1.0).step(loss=logged, grad_norm=math.nan).end()

    assert 2.0 == record(script.facts).of_type("training_complete")[0].statistics["best_loss"]


def lose_facts(script: FactScript) -> FactScript:
    """Writes that two facts were lost, and the micro-batch and the step's end that came after them."""
    script.add(FactsDropped, 2, 0.0, 0.0).add(MicroStep, 0.5, 2, 20, 20, 10, None, None, {})
    return script.add(StepEnd, 1, False)


def test_a_step_of_which_facts_were_lost_has_no_loss() -> None:
    """Half a sum is no loss; the next step's is whole again."""
    script = lose_facts(begun().add(MicroStep, 0.5, 2, 20, 20, 10, None, None, {})).step(micro_steps=micro(2.0))

    assert [None, 2.0] == [step.get("loss") for step in metrics(script)]


def test_own_mean_of_a_rank_with_few_tokens() -> None:
    """2 ranks, 40 tokens in all, 10 of them here at a mean of 2.0: `training_step` returned 2 x 20 / 40 = 1.0."""
    script = begun(world_size=2).step(micro_steps=micro(1.0, loss_tokens=10, items_in_batch=40))

    assert 2.0 == metrics(script)[0]["loss"]


def test_the_trainers_mean_over_ranks_goes_first_if_it_is_of_this_step() -> None:
    """Logged at every step, the Trainer's value is taken; logged every second step, this rank's own is."""
    one = micro(1.0, loss_tokens=20, items_in_batch=40)
    every = begun(world_size=2).step(micro_steps=one, loss=5.0)
    second = begun(world_size=2).step(micro_steps=one).step(micro_steps=one, loss=5.0)

    assert [5.0] == [step["loss"] for step in metrics(every)]
    assert [1.0, 1.0] == [step["loss"] for step in metrics(second)]


def test_a_rank_that_knows_better_does_not_take_a_filtered_loss() -> None:
    """With several ranks a NaN of our own is truer than the 0.0 that was logged."""
    script = begun(world_size=2).step(micro_steps=micro(math.nan), loss=0.0, grad_norm=math.nan)

    assert {"metrics.loss": "NaN", "metrics.grad_norm": "NaN"} == (
        record(script.facts).of_type("training_step_complete")[0].nonfinite
    )


def test_a_rank_does_not_take_a_mean_that_lacks_another_ranks_nan() -> None:
    """Two ranks at 2.0 and NaN: the Trainer logs (2.0 + 0.0) / 2, and its norm gives it away."""
    one = micro(2.0, loss_tokens=20, items_in_batch=40)

    assert 2.0 == metrics(begun(world_size=2).step(micro_steps=one, loss=1.0, grad_norm=math.nan))[0]["loss"]


def test_perplexity_is_exp_of_the_loss_where_the_source_says_so() -> None:
    """A loss of ln 8 is a perplexity of 8; without a cross-entropy there is none."""
    script = [{"micro_steps": micro(math.log(8))}]

    assert pytest.approx(8.0) == metrics(begun(cross_entropy=True).step(**script[0]))[0]["perplexity"]
    assert "perplexity" not in metrics(begun().step(**script[0]))[0]


def test_a_new_epoch_has_its_own_mean() -> None:
    """The mean starts over with the epoch; the smoothed loss goes on."""
    script = begun().step(micro_steps=micro(4.0)).epoch_end().epoch_begin().step(micro_steps=micro(2.0))

    last = metrics(script)[-1]
    assert 2.0 == last["avg_loss"]
    assert pytest.approx((0.9 * 0.1 * 4.0 + 0.1 * 2.0) / 0.19) == last["smoothed_loss"]
