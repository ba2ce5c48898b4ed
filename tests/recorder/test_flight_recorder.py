"""What a finding brings into the log from before it, and after it."""

from __future__ import annotations

from typing import Any

import pytest

from verbose_logging.testing import FactScript, MemorySink, record


def run_with_a_nan(level: str, *, steps: int = 60, at: int = 30) -> MemorySink:
    """Returns what is recorded of a run with one NaN."""
    script = FactScript(total_steps=steps, steps_per_epoch=steps).open().begin().epoch_begin()
    script.read("memory", {"usage_percent": 40.0})
    for step in range(1, steps + 1):
        script.step(micro_steps=[{"loss": float("nan") if step == at else 3.0 - step / 100}], gradient_norm=1.0)
    return record(script.facts, level=level)


def finding(sink: MemorySink) -> Any:
    """Returns the finding of the NaN."""
    return next(entry for entry in sink.of_type("training_health") if entry.state == "firing")


@pytest.mark.parametrize("level", ["low", "medium"])
def test_the_steps_before_a_finding_stand_in_it_in_full(level: str) -> None:
    """Column by column, with what the level would not have written, and the step that was not finite named."""
    flight = finding(run_with_a_nan(level)).flight_recorder

    assert list(range(1, 31)) == flight["steps"]
    assert [2.99, 2.98] == flight["columns"]["metrics.loss"][:2]
    assert None is flight["columns"]["metrics.loss"][29]
    assert {"metrics.loss": [30]} == flight["nonfinite"]
    assert [0.7] * 30 == pytest.approx(flight["columns"]["timing.phases.forward_backward_seconds"])
    assert [40.0] * 30 == flight["columns"]["resource_usage.memory.usage_percent"]


@pytest.mark.parametrize("level", ["high", "ultra"])
def test_what_the_log_has_already_is_not_written_twice(level: str) -> None:
    """At high and ultra the steps before stand in the log above."""
    assert None is finding(run_with_a_nan(level)).flight_recorder


@pytest.mark.parametrize("level", ["low", "medium", "high"])
def test_detail_goes_up_for_twenty_steps(level: str) -> None:
    """Micro-batches and full steps from the step after the finding on, and then no more."""
    sink = run_with_a_nan(level)

    assert list(range(31, 51)) == [entry.step for entry in sink.of_type("substep_complete")]
    full = [
        entry.step
        for entry in sink.of_type("training_step_complete")
        if "phases" in entry.timing and entry.trends is not None
    ]
    assert set(range(31, 51)) <= set(full)
    assert level == "high" or 51 not in full


def test_only_two_hundred_steps_are_kept() -> None:
    """However long the run was before."""
    flight = finding(run_with_a_nan("low", steps=300, at=290)).flight_recorder

    assert list(range(91, 291)) == flight["steps"]


def test_steps_stand_in_one_finding_only() -> None:
    """A second finding has only what came since the first, as far as the log lacks it."""
    script = FactScript(total_steps=200, steps_per_epoch=200).open().begin().epoch_begin()
    for step in range(1, 101):
        script.step(micro_steps=[{"loss": float("nan") if step in {10, 90} else 3.0}], gradient_norm=float(step != 50))
    first, second = (
        entry
        for entry in record(script.facts, level="low", alerts={"zero_gradient": {"steps": 1}}).of_type(
            "training_health"
        )
        if entry.flight_recorder is not None
    )

    assert list(range(1, 11)) == first.flight_recorder["steps"]
    assert list(range(31, 51)) == second.flight_recorder["steps"]


def test_information_raises_nothing() -> None:
    """A target that is reached is no reason for more lines."""
    script = FactScript(total_steps=40, steps_per_epoch=40).open().begin().epoch_begin()
    for _ in range(40):
        script.step(micro_steps=[{"loss": 0.5}], gradient_norm=1.0)
    sink = record(script.facts, alerts={"target_loss_reached": {"target": 0.6}})

    assert ["target_loss_reached"] == [entry.rule for entry in sink.of_type("training_health")]
    assert [] == sink.of_type("substep_complete")
