"""The numbers of an entry, for tools that draw curves."""

from __future__ import annotations

import math

from verbose_logging.sinks.scalars import ScalarReader
from verbose_logging.testing import FactScript, record

READING = {"devices": [{"index": 1, "utilization_percent": 75.0, "name": "GPU"}]}


def script() -> FactScript:
    """Returns a run of two steps, an evaluation between them and a GPU's readings."""
    run = FactScript(total_steps=2, steps_per_epoch=2).open().begin().epoch_begin().read("gpu", READING)
    run.step(loss=2.0, reward=7.0).evaluate(eval_loss=1.5, eval_accuracy=float("nan")).step(loss=float("inf"))
    return run.epoch_end().end()


def values(level: str) -> list[dict[str, float]]:
    """Returns the numbers of each entry that has some."""
    reader = ScalarReader()
    read = [reader.read(entry) for entry in record(script().facts, level=level).entries]
    return [scalars.values for scalars in read if scalars is not None]


def test_a_step_gives_what_its_level_carries() -> None:
    """At high a step has metrics, timing with phases, and readings by device; texts stay out."""
    step = values("high")[0]

    assert {"train/loss": 2.0, "train/reward": 7.0, "system/gpu/1/utilization_percent": 75.0}.items() <= step.items()
    assert "timing/phases/data_wait_seconds" in step
    assert {"system/gpu/1/name", "timing/estimated_completion"}.isdisjoint(step)


def test_a_step_is_told_once() -> None:
    """A progress report repeats its step's numbers, so a curve gets them once; at low it stands alone."""
    assert 2 == sum("train/loss" in entry for entry in values("high"))
    assert 2 == sum("train/loss" in entry for entry in values("low"))


def test_an_evaluation_is_named_as_trackers_name_it() -> None:
    """`eval_loss` is `eval/loss`, and a NaN is a NaN."""
    (evaluation,) = [entry for entry in values("high") if "eval/loss" in entry]

    assert 1.5 == evaluation["eval/loss"]
    assert math.isnan(evaluation["eval/accuracy"])


def test_an_infinite_loss_is_infinite() -> None:
    """What is not finite is drawn as such, not left out."""
    assert math.inf == values("high")[2]["train/loss"]
