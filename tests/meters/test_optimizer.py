"""Learning rates, gradient norms and clipping, against figures that one can check in the head."""

from __future__ import annotations

import math
from typing import Any

import pytest

from verbose_logging.facts import FactsDropped, PreOptimizerStep, StepBegin, StepEnd
from verbose_logging.testing import FactScript, record


def begun() -> FactScript:
    """Returns a run that is about to take its first step."""
    return FactScript(total_steps=100, steps_per_epoch=100).open().begin().epoch_begin()


def last(script: FactScript) -> dict[str, Any]:
    """Returns the last step's metrics."""
    metrics: dict[str, Any] = record(script.facts).of_type("training_step_complete")[-1].metrics
    return metrics


def test_clipping_at_half_of_two_scales_by_a_quarter() -> None:
    """A norm of 2.0 under a limit of 0.5."""
    metrics = last(begun().step(gradient_norm=2.0, gradient_norm_limit=0.5))

    assert 2.0 == metrics["grad_norm"]
    assert pytest.approx(0.25, rel=1e-5) == metrics["clip_coefficient"]


def test_a_small_gradient_is_left_alone() -> None:
    """A norm of 0.1 under a limit of 0.5 is scaled by 1."""
    assert 1.0 == last(begun().step(gradient_norm=0.1, gradient_norm_limit=0.5))["clip_coefficient"]


def test_nothing_is_told_of_a_step_of_which_the_facts_were_lost() -> None:
    """The norm and the rate of the step before are not carried over; the share of the session's clipped steps is."""
    script = begun().step(gradient_norm=2.0, gradient_norm_limit=0.5)
    script.add(FactsDropped, 5, 0.0, 0.0).add(StepEnd, 2, False)

    assert {"clipped_share": 1.0} == last(script)


def test_share_of_clipped_steps() -> None:
    """One of four."""
    script = begun()
    for norm in (0.1, 2.0, 0.1, 0.1):
        script.step(gradient_norm=norm, gradient_norm_limit=0.5)

    assert 0.25 == last(script)["clipped_share"]


def test_without_a_limit_nothing_is_said_of_clipping() -> None:
    """No limit, no coefficient."""
    metrics = last(begun().step(gradient_norm=2.0))

    assert 2.0 == metrics["grad_norm"]
    assert {"clip_coefficient", "clipped_share"}.isdisjoint(metrics)


def test_the_logged_norm_stands_in_for_the_tap() -> None:
    """Without a tap the norm of a logged step is the Trainer's."""
    assert 1.5 == last(begun().step(loss=1.0, grad_norm=1.5))["grad_norm"]


def test_a_norm_that_is_not_a_number_is_told() -> None:
    """NaN stays NaN, also in the coefficient, and does not count as clipped."""
    script = begun().step(gradient_norm=math.nan, gradient_norm_limit=0.5)
    step = record(script.facts).of_type("training_step_complete")[0]

    assert {"metrics.grad_norm": "NaN", "metrics.clip_coefficient": "NaN"} == step.nonfinite
    assert 0.0 == step.metrics["clipped_share"]


def step_with(**known: Any) -> FactScript:
    """Returns a run with one step whose optimizer knows this."""
    script = begun().add(StepBegin)
    script.facts.append(PreOptimizerStep(0.0, **known))
    return script.add(StepEnd, 1, False)


def test_every_groups_rate_is_told_where_they_differ() -> None:
    """Two groups at 1e-3 and 1e-4; the first is the step's learning rate."""
    metrics = last(step_with(learning_rates=(1e-3, 1e-4)))

    assert (1e-3, 1e-3, 1e-4) == tuple(
        metrics[name] for name in ("learning_rate", "learning_rate_group_0", "learning_rate_group_1")
    )


def test_equal_rates_are_told_once() -> None:
    """Weight decay makes two groups of one rate."""
    assert not any("group" in name for name in last(step_with(learning_rates=(1e-3, 1e-3))))


def test_module_norms_are_scaled_back() -> None:
    """Clipped by a quarter, a module that measures 0.1 had 0.4."""
    metrics = last(
        step_with(learning_rates=(1e-3,), gradient_norm=2.0, gradient_norm_limit=0.5, module_norms={"head": 0.1})
    )

    assert pytest.approx(0.4, rel=1e-5) == metrics["grad_norm/head"]
