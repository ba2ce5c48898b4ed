"""What every meter promises, over the table of meters."""

from __future__ import annotations

import fnmatch
from typing import Any

import pytest

from verbose_logging.facts import Fact, RunOpened, TrainingInspected
from verbose_logging.hearing import Audience
from verbose_logging.meters import build_meters
from verbose_logging.testing import FactScript

MICRO_STEP = {
    "loss": 1.0, "samples": 2, "padded_tokens": 20, "real_tokens": 15, "loss_tokens": 10, "squared_lengths": 120,
    "items_in_batch": 20, "shapes": {"input_ids": [2, 10]},
}  # fmt: skip
MOMENTS = ("at_step", "at_epoch", "at_end")


def eventful_run() -> list[Fact]:
    """Returns a run of two ranks in which every meter has something to say."""
    script = FactScript(total_steps=20, steps_per_epoch=20, evaluate_every_steps=5, save_every_steps=5)
    script.add(RunOpened, script.clock.wall(), 0.0, "run-1", 0, 2)
    script.add(TrainingInspected, {}, {}, {}, {}, {"perplexity": "exp(loss)"}).begin().epoch_begin()
    for _ in range(6):
        script.step(loss=1.0, grad_norm=1.0, gradient_norm=2.0, gradient_norm_limit=0.5, micro_steps=[MICRO_STEP])
    return script.evaluate(eval_loss=1.0).save().epoch_end().end().facts


def said(moment: str) -> list[tuple[Any, dict[str, Any]]]:
    """Returns each meter with what it says at a moment at the end of the run."""
    meters = build_meters(str)
    for fact in eventful_run():
        for part in (*meters.keepers, *meters.table):
            part.observe(fact)
    return [(meter, dict(getattr(meter, moment)())) for meter in meters.table]


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_meter_returns_only_names_that_it_declares(moment: str) -> None:
    """Every name has a specification, so every name is documented."""
    undeclared = [
        name
        for meter, numbers in said(moment)
        for name in numbers
        if not any(fnmatch.fnmatchcase(name, spec.name) for spec in meter.specs)
    ]

    assert [] == undeclared


@pytest.mark.parametrize("moment", MOMENTS)
def test_no_name_comes_from_two_meters(moment: str) -> None:
    """A name means one thing."""
    names = [(meter.group, name) for meter, numbers in said(moment) for name in numbers]

    assert len(names) == len(set(names))


def test_a_meter_hears_of_all_that_it_uses() -> None:
    """Shown each fact by the audience, meters say the same as when they are shown all of them."""
    meters = build_meters(str)
    audience = Audience([*meters.keepers, *meters.table])
    for fact in eventful_run():
        audience.observe(fact)

    for moment in MOMENTS:
        assert [numbers for _, numbers in said(moment)] == [getattr(meter, moment)() for meter in meters.table]


def test_most_declared_names_are_said_in_an_eventful_run() -> None:
    """Otherwise the tests above would say little: what is missing needs a known model, tensors, a pause or a NaN."""
    spoken = {name for moment in MOMENTS for _, numbers in said(moment) for name in numbers}
    declared = {spec.name for meter in build_meters(str).table for spec in meter.specs}

    assert {
        "gc_pause_seconds", "grad_norm/*", "hardware_flops_per_step", "learning_rate_group_*", "mfu_percent",
        "model_flops_per_step", "nonfinite_micro_step", "tflops_per_second",
    } == declared - spoken  # fmt: skip
