"""The last steps of a run, kept at full detail."""

from __future__ import annotations

from typing import Any

import pytest

from verbose_logging.facts import RunBroken
from verbose_logging.recorder.ring import StepRing
from verbose_logging.testing import FactScript, record


def broken_run(steps: int, *, level: str = "low") -> Any:
    """Returns the end entry of a run that failed after so many steps, its loss NaN at the last one."""
    script = FactScript(total_steps=200, steps_per_epoch=200).open().begin().epoch_begin()
    script.read("memory", {"usage_percent": 50.0})
    for step in range(1, steps + 1):
        script.step(loss=float("nan") if step == steps else 1.0 / step)
    script.add(RunBroken, "failed", {"type": "ValueError"}, {})
    return record(script.facts, level=level).of_type("training_failed")[0]


def test_a_broken_run_tells_its_last_fifty_steps() -> None:
    """At the lowest level, which writes no steps, the end of a broken run has the last fifty at full detail."""
    steps = broken_run(60).last_steps

    assert list(range(11, 61)) == [step["step"] for step in steps]
    assert ({"usage_percent": 50.0}, {"metrics.loss": "NaN"}) == (
        {key: steps[0]["resource_usage"]["memory"][key] for key in ("usage_percent",)},
        steps[-1]["nonfinite"],
    )
    assert {"phases", "step_time_seconds"} <= steps[-1]["timing"].keys()
    assert {"run_id", "seq", "type"}.isdisjoint(steps[0])


def test_a_run_without_a_step_has_none_to_tell() -> None:
    """What is not there is absent."""
    assert broken_run(0).last_steps is None


@pytest.mark.parametrize(("count", "expected"), [(0, []), (1, [5]), (3, [3, 4, 5]), (9, [3, 4, 5])])
def test_the_ring_keeps_the_newest(count: int, expected: list[int]) -> None:
    """A ring of three that was given five steps has the last three, oldest first."""
    script = FactScript(total_steps=5, steps_per_epoch=5).open().begin().epoch_begin()
    for _ in range(5):
        script.step(loss=1.0)
    ring = StepRing(3)
    for entry in record(script.facts).of_type("training_step_complete"):
        ring.add(entry)

    assert expected == [entry.step for entry in ring.last(count)]
