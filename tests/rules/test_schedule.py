"""A learning rate that does not do what its schedule says."""

from __future__ import annotations

from typing import Any

import pytest

LINEAR = {"loss": "token_cross_entropy", "schedule": "linear"}
LOSSES = [3.8 - step / 50 for step in range(60)]


def test_a_linear_rate_that_stands_still_is_told(story: Any) -> None:
    """Twenty steps at exactly the same rate."""
    run = story(total_steps=60, objective=LINEAR).steps(LOSSES, learning_rate=2e-4)

    assert [("stuck_learning_rate", "firing", 21)] == run.told()


@pytest.mark.parametrize("schedule", ["constant", "constant_with_warmup", "warmup_stable_decay", None])
def test_a_rate_that_is_meant_to_stand_still_is_healthy(story: Any, schedule: str | None) -> None:
    """Constant schedules, stable phases, and whatever the user built."""
    objective = {"loss": "token_cross_entropy", "schedule": schedule}

    assert [] == story(total_steps=60, objective=objective).steps(LOSSES, learning_rate=2e-4).told()


def test_a_rate_that_moves_is_healthy(story: Any) -> None:
    """However little, in a long run."""
    run = story(total_steps=100_000, objective=LINEAR)
    for step, loss in enumerate(LOSSES):
        run.step(loss, learning_rate=2e-4 * (1 - step / 100_000))

    assert [] == run.told()


def test_a_rate_of_zero_after_warm_up_is_told(story: Any) -> None:
    """Three steps that change nothing; the zeros of warm-up do not count."""
    run = story(total_steps=60, objective=LINEAR, arguments={"warmup_steps": 5})
    run.steps(LOSSES[:5], learning_rate=0.0).steps(LOSSES[5:10], learning_rate=0.0)

    assert [("zero_learning_rate", "firing", 8)] == run.told()
