"""A loss that jumps, runs away, or bounces."""

from __future__ import annotations

import math
import random
from statistics import median
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from verbose_logging.robust import noise
from verbose_logging.rules.loss_jumps import LossSpike


def noisy(level: float, count: int, *, sigma: float = 0.03, seed: int = 0) -> list[float]:
    """Returns losses around a level."""
    scatter = random.Random(seed)
    return [level * (1 + scatter.gauss(0, sigma)) for _ in range(count)]


def learning(count: int = 60) -> list[float]:
    """Returns losses that come down from 3.8 to about 1.5."""
    scatter = random.Random(0)
    return [1.4 + 2.4 * 0.95**step + scatter.gauss(0, 0.05) for step in range(count)]


def test_a_loss_of_three_times_the_usual_is_a_spike(story: Any) -> None:
    """It is told at its step, and is over at the next."""
    run = story(total_steps=1000).steps(learning()).step(5.0).steps(noisy(1.5, 5))

    assert [("loss_spike", "firing", 61), ("loss_spike", "resolved", 62)] == run.told()


@pytest.mark.parametrize("factor", [1.3, 1.7])
def test_a_jump_that_recovers_by_itself_is_not_told(story: Any, factor: float) -> None:
    """Below twice the usual level most runs have them."""
    run = story(total_steps=1000).steps(learning()).steps(noisy(1.5 * factor, 5)).steps(noisy(1.5, 30))

    assert [] == run.told()


def test_losses_with_a_long_tail_are_no_spikes(story: Any) -> None:
    """One sample at a time: a factor of five up or down is usual."""
    scatter = random.Random(2)
    losses = [1.5 * scatter.lognormvariate(0, 0.6) for _ in range(500)]

    assert [] == story(total_steps=5000).steps(losses).told()


def test_a_loss_that_stays_above_its_start_diverges(story: Any) -> None:
    """Twenty steps at 6 after a start at 3.8 are an ERROR that names the best step."""
    run = story(total_steps=1000).steps(learning()).steps(noisy(6.0, 40))
    found = [entry for entry in run.findings() if entry.rule == "divergence"]

    assert ("ERROR", "firing") == (found[0].severity, found[0].state)
    assert 80 <= found[0].step <= 90


def test_a_run_that_breaks_at_once_diverges(story: Any) -> None:
    """From the first step to a hundred times the loss of guessing: there never was a level."""
    told = story(total_steps=1000).step(3.8).steps(noisy(400.0, 40)).told()

    assert "divergence" == told[0][0]
    assert told[0][2] <= 50


def test_a_divergence_that_becomes_wild_goes_on(story: Any) -> None:
    """Losses that jump between hundreds and ten thousands are no recovery, however noisy; the limit is what counts."""
    wild = [500.0 * 40 ** random.Random(step).random() for step in range(60)]
    run = story(total_steps=1000).step(3.7).steps(noisy(400.0, 40)).steps(wild)
    assert [("divergence", "firing")] == [found[:2] for found in run.told()]

    assert ("divergence", "resolved") in [found[:2] for found in run.steps(noisy(3.0, 30)).told()]


def test_a_start_that_overshoots_and_comes_back_is_healthy(story: Any) -> None:
    """Ten bad steps at the start are forgiven."""
    assert [] == story(total_steps=1000).step(3.8).steps(noisy(5.0, 10)).steps(learning(80)).told()


def test_a_loss_that_takes_turns_bounces(story: Any) -> None:
    """Up and down by a tenth without progress, every step."""
    losses = [2.4 + (0.25 if step % 2 else -0.25) for step in range(100)]

    assert "bouncing_loss" in [name for name, _, _ in story(total_steps=1000).steps(learning(40)).steps(losses).told()]


def test_noise_does_not_bounce(story: Any) -> None:
    """A batch of one: as loud as it is, neighbours know nothing of each other."""
    run = story(total_steps=5000).steps(learning()).steps(noisy(1.5, 600, sigma=0.3))

    assert [] == [name for name, _, _ in run.told() if name == "bouncing_loss"]


def test_a_policy_loss_is_left_alone(story: Any) -> None:
    """GRPO's hovers around 0 and may be anything."""
    scatter = random.Random(5)
    losses = [scatter.gauss(0, 0.02) for _ in range(200)]

    assert [] == story(total_steps=1000, objective={"loss": "policy"}).steps([*losses, 3.0, *losses]).told()


def test_a_loss_below_zero_is_left_alone(story: Any) -> None:
    """A loss of an unknown kind that can be negative has no level to be compared with."""
    losses = [0.5, -0.5] * 40

    assert [] == story(total_steps=1000, objective={}).steps(losses).told()


def test_a_small_loss_may_double_at_a_restart_of_the_schedule(story: Any) -> None:
    """A classifier at 0.04 goes to 0.12: a tenth of what it had learned."""
    classes = {"loss": "classification", "chance_loss": 0.69}
    run = story(total_steps=500, objective=classes).steps([0.04 + 0.65 * 0.95**step for step in range(150)])

    assert [] == run.steps(noisy(0.12, 60, sigma=0.1)).told()


def test_a_loss_of_next_to_nothing_may_jump(story: Any) -> None:
    """A regression that has come down to a millionth of its first loss jumps tenfold and comes back."""
    run = story(total_steps=500, objective={"trainer": "Trainer"}).steps([0.9**step + 1e-6 for step in range(200)])

    assert [] == run.step(1e-5).steps([1e-6] * 30).told()


def test_two_sources_that_take_turns_do_not_bounce(story: Any) -> None:
    """They did so while the loss was falling, so it is the data."""
    scatter = random.Random(5)
    sources = (1.2, 2.4)
    falling = [sources[step % 2] * (1 + 1.5 * 0.98**step) + scatter.gauss(0, 0.05) for step in range(600)]

    assert "bouncing_loss" not in [name for name, _, _ in story(total_steps=800).steps(falling).told()]


def is_spike(loss: float, before: list[float]) -> bool:
    """Returns what the rule's description says of a loss after these, without any thought of cost."""
    if len(before) < 20 or loss <= 2 * max(before[-20:]):
        return False
    usual = median(before[-20:])
    beyond_noise = math.log(loss / usual) > 6 * noise([math.log(value) for value in before[-50:]])
    return beyond_noise and loss - usual > 0.1 * median(before[:10])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])  # the fixture is a plain function
@given(st.lists(st.sampled_from([1.0, 1.01, 0.99, 1.3]), min_size=20, max_size=70), st.lists(st.floats(0.5, 20)))
def test_a_spike_is_what_its_description_says(step: Any, calm: list[float], wild: list[float]) -> None:
    """That most losses are waved through by the one before them changes no verdict."""
    rule = LossSpike()
    losses = [*calm, *wild]
    found = [any(one.firing for one in rule.judge(step(place, loss=loss))) for place, loss in enumerate(losses)]

    assert [is_spike(loss, losses[:place]) for place, loss in enumerate(losses)] == found
