"""How much data goes through, against figures that one can check in the head."""

from __future__ import annotations

import math
from typing import Any

import pytest

from verbose_logging.facts import FactsDropped, Lineage, Restored, StepBegin
from verbose_logging.testing import FactScript, record


def run_of(steps: int, *, micro_steps: int = 1, real_tokens: int | None = 60, first_step: int = 0) -> FactScript:
    """Returns a run whose micro-batches hold 4 rows of 20 positions, of which 60 are real and 30 under the loss."""
    script = FactScript(total_steps=100, steps_per_epoch=100, first_step=first_step).open().begin().epoch_begin()
    for _ in range(steps):
        add_step(script, micro_steps=micro_steps, real_tokens=real_tokens)
    return script


def add_step(script: FactScript, *, micro_steps: int, real_tokens: int | None) -> None:
    """Writes a step of half a second."""
    micro_step = {"loss": 1.0, "samples": 4, "padded_tokens": 80, "real_tokens": real_tokens, "loss_tokens": 30}
    script.step(data_wait=0.1, forward_backward=0.3, optimizer=0.1, micro_steps=[micro_step] * micro_steps)


def last_step(script: FactScript) -> Any:
    """Returns the last step's entry."""
    return record(script.facts).of_type("training_step_complete")[-1]


def test_rates_are_counts_over_step_times() -> None:
    """Two micro-batches of 4 rows in half a second are 16 rows a second; 120 real tokens are 240 a second."""
    timing = last_step(run_of(6, micro_steps=2)).timing

    assert pytest.approx((16.0, 240.0, 320.0, 120.0)) == tuple(
        timing[f"{name}_per_second"] for name in ("samples", "tokens", "padded_tokens", "loss_tokens")
    )


def test_tokens_of_a_step_are_summed_over_its_micro_batches() -> None:
    """Three micro-batches hold three times the tokens, and a quarter of the positions is padding."""
    metrics = last_step(run_of(2, micro_steps=3)).metrics

    assert (240, 180, 90, 0.25, 360) == tuple(
        metrics[name] for name in ("padded_tokens", "real_tokens", "loss_tokens", "padding_fraction", "num_tokens")
    )


def test_tokens_of_lost_facts_are_not_known() -> None:
    """A sum that lacks a part is no sum: neither the step's tokens nor those of the run are known from then on."""
    script = run_of(2).add(FactsDropped, 3, 0.0, 0.0)
    add_step(script, micro_steps=1, real_tokens=60)
    add_step(script, micro_steps=1, real_tokens=60)
    steps = [step.metrics for step in record(script.facts).of_type("training_step_complete")]

    assert [60, 60, None, 60] == [step.get("real_tokens") for step in steps]
    assert [60, 120, None, None] == [step.get("num_tokens") for step in steps]


def test_a_count_that_is_not_known_is_absent() -> None:
    """Where real tokens cannot be told, nothing that rests on them is there; the rest is."""
    step = last_step(run_of(3, real_tokens=None))

    assert {"real_tokens", "padding_fraction", "num_tokens"}.isdisjoint(step.metrics)
    assert "tokens_per_second" not in step.timing
    assert 80 == step.metrics["padded_tokens"]


def test_tokens_after_a_resume_go_on_from_the_log() -> None:
    """With 600 tokens at the checkpoint, the next step makes 660; without a word of the log none is claimed."""
    known = FactScript(total_steps=100, steps_per_epoch=100, first_step=10).open()
    known.add(Restored, Lineage("run-0", 99, 1, 600)).begin().epoch_begin()
    add_step(known, micro_steps=1, real_tokens=60)

    assert 660 == last_step(known).metrics["num_tokens"]
    assert "num_tokens" not in last_step(run_of(1, first_step=10)).metrics


def test_without_taps_nothing_is_counted() -> None:
    """Steps without micro-steps have neither tokens nor rates of them."""
    script = FactScript(total_steps=2, steps_per_epoch=2).open().begin().epoch_begin().step(loss=1.0)

    step = last_step(script)

    assert "samples_per_second" not in step.timing
    assert "padded_tokens" not in step.metrics
    assert any(isinstance(fact, StepBegin) for fact in script.facts)


def test_what_is_no_count_is_not_known_and_costs_no_other_number() -> None:
    """A loop that says NaN of its tokens still has its loss and its rows."""
    script = FactScript(total_steps=100, steps_per_epoch=100).open().begin().epoch_begin()
    micro_step = {"loss": 1.5, "samples": 4, "padded_tokens": 80, "real_tokens": math.nan, "loss_tokens": 30}
    script.step(data_wait=0.1, forward_backward=0.3, optimizer=0.1, micro_steps=[micro_step])
    step = last_step(script)

    assert (1.5, 30) == (step.metrics["loss"], step.metrics["loss_tokens"])
    assert "real_tokens" not in step.metrics
    assert 10.0 == step.timing["samples_per_second"]
