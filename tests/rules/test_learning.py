"""A loss that does not move, and a target."""

from __future__ import annotations

import random
from typing import Any

import pytest


def around(level: float, count: int, sigma: float, *, drift: float = 0.0) -> list[float]:
    """Returns noisy losses that drift by so much per step."""
    scatter = random.Random(4)
    return [level + drift * step + scatter.gauss(0, sigma) for step in range(count)]


def test_fifty_flat_steps_are_told(story: Any) -> None:
    """At the level of guessing, which is named."""
    found = story(total_steps=200).steps(around(3.87, 60, 0.02)).findings()[0]

    assert ("not_learning", "WARNING") == (found.rule, found.severity)
    assert 50 <= found.step <= 56
    assert "the level of guessing" in found.message


def test_a_noisy_loss_needs_more_steps_before_anything_is_said(story: Any) -> None:
    """With noise of a fifth, 60 steps prove nothing, and a slow fall is found to be one."""
    assert [] == story(total_steps=200).steps(around(2.0, 60, 0.4)).told()
    assert [] == story(total_steps=4000).steps(around(2.0, 2000, 0.4, drift=-0.0002)).told()


def test_warm_up_does_not_count(story: Any) -> None:
    """While the rate rises, a flat loss is no sign."""
    run = story(total_steps=400, arguments={"warmup_steps": 100}).steps(around(3.87, 140, 0.02))

    assert [] == run.told()


def test_a_tenth_of_a_long_run_is_awaited(story: Any) -> None:
    """DPO stays near ln 2 for a while."""
    losses = around(0.693, 90, 0.001)

    assert [] == story(total_steps=1000, objective={"loss": "preference", "chance_loss": 0.693}).steps(losses).told()


def test_a_rate_of_next_to_nothing_is_named(story: Any) -> None:
    """A negligible rate is a reason that needs no statistics."""
    run = story(total_steps=10_000).steps(around(2.0, 60, 0.3), learning_rate=1e-10)
    found = run.findings()[0]

    assert "not_learning" == found.rule
    assert "1.00e-10 moves nothing" in found.suggestion


def test_a_plateau_after_learning_is_information(story: Any) -> None:
    """It may simply be done."""
    run = story(total_steps=2000).steps(around(3.8, 100, 0.01, drift=-0.02)).steps(around(1.8, 600, 0.005))
    found = run.findings()

    assert [("not_learning", "INFO")] == [(entry.rule, entry.severity) for entry in found]


def test_learning_is_silent(story: Any) -> None:
    """A loss that comes down."""
    assert [] == story(total_steps=400).steps(around(3.8, 200, 0.05, drift=-0.01)).told()


@pytest.mark.parametrize("evaluates", [False, True])
def test_a_target_is_told_once_when_asked_for(story: Any, evaluates: bool) -> None:
    """Of the evaluation where there is one, else of ten steps."""
    run = story(total_steps=100).steps(around(1.0, 12, 0.01))
    if evaluates:
        run.script.evaluate(eval_loss=0.5)
    run.steps(around(0.55, 12, 0.01))

    assert [("target_loss_reached", "firing")] == [
        told[:2] for told in run.told(alerts={"target_loss_reached": {"target": 0.6}})
    ]
    assert [] == run.told()


def test_a_resumed_run_has_its_learning_behind_it(story: Any) -> None:
    """Flat where it goes on is no failure to learn; flat at the level of guessing still is."""
    late = story(total_steps=1000, first_step=900).steps(around(1.8, 100, 0.01))
    stuck = story(total_steps=400, first_step=100).steps(around(3.87, 100, 0.01))

    assert [] == [found.rule for found in late.findings() if found.severity != "INFO"]
    assert ["WARNING"] == [found.severity for found in stuck.findings()]


def test_a_loop_that_logs_now_and_then_is_not_judged_by_a_few_losses(story: Any) -> None:
    """Five losses, a hundred steps apart, that happen to lie close together."""
    run = story(total_steps=1000)
    for loss in (3.0, 3.02, 2.99, 3.01, 3.0):
        run.skip(99).step(loss)

    assert [] == run.told()


def test_a_model_that_was_trained_before_may_stay_where_it_is(story: Any) -> None:
    """It begins far below the level of guessing: information, no warning."""
    model = {"trainer": "Trainer", "loss": "token_cross_entropy", "chance_loss": 10.4}
    found = story(total_steps=1000, objective=model).steps(around(2.1, 200, 0.01)).findings()

    assert [("not_learning", "INFO")] == [(entry.rule, entry.severity) for entry in found]


def test_a_loss_that_slowly_rises_is_not_called_flat(story: Any) -> None:
    """It had come down to 1.8, and 600 steps later it is at 2.4."""
    run = story(total_steps=2000).steps(around(3.8, 100, 0.01, drift=-0.02))
    found = run.steps(around(1.8, 600, 0.005, drift=0.001)).findings()

    assert "The loss has risen by" in found[0].message
