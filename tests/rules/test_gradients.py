"""Gradients that explode, vanish, or are not there."""

from __future__ import annotations

import math
import random
from statistics import median
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from verbose_logging.robust import noise
from verbose_logging.rules.gradients import ExplodingGradients

FALLING = [3.0 - step / 100 for step in range(100)]


def test_gradients_far_above_their_own_level_are_told(story: Any) -> None:
    """Three of five steps at 16, where 1.2 is usual."""
    run = story(total_steps=100).steps(FALLING[:20], 1.2).steps(FALLING[20:23], 16.0)

    assert [("exploding_gradients", "firing", 23)] == run.told()


def test_one_large_gradient_is_no_explosion(story: Any) -> None:
    """Clipping takes care of a single one."""
    assert [] == story(total_steps=100).steps(FALLING[:20], 1.2).step(2.8, 50.0).steps(FALLING[21:40], 1.2).told()


def test_a_model_whose_gradients_are_always_large_is_healthy(story: Any) -> None:
    """Hundreds are usual for some models."""
    scatter = random.Random(1)
    norms = [300 * scatter.lognormvariate(0, 0.4) for _ in FALLING]

    assert [] == story(total_steps=100).steps(FALLING, norms).told()


def test_a_plain_limit_can_be_set(story: Any) -> None:
    """`above` is the user's own limit, and one step passes it."""
    run = story(total_steps=100).steps(FALLING[:3], 1.0).step(2.9, 6.0)

    assert [("exploding_gradients", "firing", 4)] == run.told(alerts={"exploding_gradients": {"above": 5}})


def test_tiny_gradients_with_a_high_flat_loss_are_told(story: Any) -> None:
    """Below 0.01 for twenty steps while nothing is learned."""
    assert ("vanishing_gradients", "firing", 20) == story(total_steps=100).steps([3.8] * 20, 1e-4).told()[0]


def test_tiny_gradients_of_a_loss_that_falls_are_healthy(story: Any) -> None:
    """Small targets, small gradients, and learning all the same."""
    assert [] == story(total_steps=100, objective={}).steps([0.01 * 0.95**step for step in range(100)], 1e-3).told()


def test_a_preference_loss_may_have_tiny_gradients(story: Any) -> None:
    """DPO's are near 0 by nature."""
    objective = {"loss": "preference"}
    run = story(total_steps=1000, objective=objective).steps([0.69 - step / 1000 for step in range(60)], 1e-3)

    assert [] == run.told()


def test_gradients_that_fade_from_their_own_level_are_told(story: Any) -> None:
    """A hundredth of what they were, at a loss that has stopped high."""
    objective = {"loss": "preference"}
    run = story(total_steps=1000, objective=objective).steps([0.69] * 50, 5.0).steps([0.6] * 45, 0.01)

    assert "vanishing_gradients" == run.told()[0][0]


def test_three_gradients_of_exactly_zero_are_told(story: Any) -> None:
    """Nothing is learned, and vanishing is not told besides."""
    assert [("zero_gradient", "firing", 3)] == story(total_steps=100).steps([3.8] * 30, 0.0).told()


def test_a_policy_may_have_a_few_zero_gradients(story: Any) -> None:
    """All answers earned the same for ten steps; for thirty it is a finding."""
    policy = {"loss": "policy"}

    assert [] == story(total_steps=100, objective=policy).steps([0.0] * 10, 0.0).told()
    assert [("zero_gradient", "firing", 30)] == story(total_steps=100, objective=policy).steps([0.0] * 30, 0.0).told()


def test_gradients_of_one_sample_a_step_may_scatter_by_a_factor_of_ten(story: Any) -> None:
    """Three of five above eight times the median happen by chance there."""
    scatter = random.Random(3)
    norms = [3 * scatter.lognormvariate(0, 0.3) for _ in range(100)]
    loud = [3 * scatter.lognormvariate(0, 1.2) for _ in range(100)]
    norms[50:55] = [40.0, 1.0, 40.0, 1.0, 40.0]
    loud[50:55] = [40.0, 1.0, 40.0, 1.0, 40.0]

    assert ["exploding_gradients"] == [name for name, _, _ in story(total_steps=100).steps(FALLING, norms).told()][:1]
    assert [] == story(total_steps=100).steps(FALLING, loud).told()


def test_a_loss_that_has_come_down_to_nothing_may_have_no_gradient(story: Any) -> None:
    """A hinge loss whose margins all hold is exactly 0, and so is its gradient."""
    run = story(total_steps=200, objective={"loss": "preference"}).steps([1 - step / 40 for step in range(40)])

    assert [] == run.steps([0.0] * 30, 0.0).told()


def test_tiny_gradients_after_learning_are_information(story: Any) -> None:
    """A full batch that has arrived where it can get to, at three quarters of its first loss."""
    classes = {"loss": "classification", "chance_loss": 0.69}
    falling = [0.52 + 0.17 * 0.9**step for step in range(60)]
    fading = [0.9**step for step in range(60)]

    def severities(last: float) -> list[str]:
        run = story(total_steps=None, objective=classes).steps(falling, [*fading[:-1], last]).steps([0.52] * 60, 1e-4)
        return [entry.severity for entry in run.findings() if entry.rule == "vanishing_gradients"]

    assert ["INFO"] == severities(fading[-1])
    assert ["WARNING"] == severities(1.0), "gradients that break off are trouble"


def explodes(norms: list[float]) -> bool:
    """Returns what the rule's description says after these norms, without any thought of cost."""

    def is_above(place: int) -> bool:
        before, logs = (
            norms[max(0, place - 50) : place],
            [math.log(one) for one in norms[max(0, place - 49) : place + 1]],
        )
        limit = max(10.0, 8 * median(before))
        return norms[place] > limit and math.log(norms[place]) > median(logs) + 4 * noise(logs)

    last = range(max(8, len(norms) - 5), len(norms))
    return sum(is_above(place) for place in last) >= 3


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])  # the fixture is a plain function
@given(st.lists(st.sampled_from([0.5, 1.0, 1.2, 9.0]), max_size=60), st.lists(st.sampled_from([1.0, 5.0, 90.0, 300.0])))
def test_an_explosion_is_what_its_description_says(step: Any, calm: list[float], wild: list[float]) -> None:
    """That a norm of less than 10 is waved through changes no verdict."""
    rule = ExplodingGradients()
    norms = [*calm, *wild]
    found = [any(one.firing for one in rule.judge(step(place, grad_norm=norm))) for place, norm in enumerate(norms)]

    assert [explodes(norms[: place + 1]) for place in range(len(norms))] == found
