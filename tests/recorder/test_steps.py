"""When a step is told, to which epoch it belongs, and which share of the run it completes."""

from __future__ import annotations

import pytest

from tests.recorder.runs import short_run
from verbose_logging.facts import (
    Fact,
)
from verbose_logging.testing import FactScript, record


def test_a_step_waits_for_its_log() -> None:
    """Loss, learning rate and gradient norm of the log stand in the step's own line."""
    script = FactScript(total_steps=1, steps_per_epoch=1).open().begin().epoch_begin()
    script.step(loss=2.5, grad_norm=0.5, learning_rate=3e-4, reward=7.0)

    step = record(script.facts).of_type("training_step_complete")[0]

    assert {"loss": 2.5, "grad_norm": 0.5, "learning_rate": 3e-4, "reward": 7.0}.items() <= step.metrics.items()
    assert "✅ Step 1 completed - Loss: 2.500000" == step.message


def test_a_step_without_a_log_does_not_wait() -> None:
    """When the Trainer does not log a step, its line is there at once and carries no loss."""
    script = FactScript(total_steps=2, steps_per_epoch=2).open().begin().epoch_begin().step()

    step = record(script.facts).of_type("training_step_complete")[0]

    assert "loss" not in step.metrics
    assert "✅ Step 1 completed" == step.message


def test_a_log_that_never_comes_does_not_hold_the_step() -> None:
    """A callback that swallows the log costs the step its loss, not its line."""
    script = FactScript(total_steps=2, steps_per_epoch=2).open().begin().epoch_begin().step(loss=1.0)
    announced_only = [fact for fact in script.facts if type(fact).__name__ != "Logged"]
    next_step = FactScript(total_steps=2, steps_per_epoch=2, first_step=1).step().facts

    steps = record([*announced_only, *next_step]).of_type("training_step_complete")

    assert [1, 2] == [step.step for step in steps]


def test_the_trainers_last_log_is_no_step() -> None:
    """`train_runtime` and its like become an update, not a step."""
    script = short_run(steps=2)
    script.add(lambda at: _logged(at, {"train_runtime": 3.0, "train_loss": 2.0}))

    sink = record(script.end().facts)

    assert 2 == len(sink.of_type("training_step_complete"))
    assert {"train_runtime": 3.0, "train_loss": 2.0} == sink.of_type("training_metrics_update")[-1].metrics


def _logged(at: float, logs: dict[str, float]) -> Fact:
    from verbose_logging.facts import Logged  # noqa: PLC0415 - one use

    return Logged(at, logs)


@pytest.mark.parametrize(("steps", "expected"), [(20, 20), (100, 100), (250, 100), (1000, 100)])
def test_every_percent_is_reported_once(steps: int, expected: int) -> None:
    """A hundred reports, or one per step where there are fewer steps than percents."""
    script = FactScript(total_steps=steps, steps_per_epoch=steps).open().begin().epoch_begin()
    for _ in range(steps):
        script.step(loss=1.0)

    reports = record(script.facts).of_type("progress_report")

    assert expected == len(reports)
    assert 100.0 == reports[-1].progress["progress_percent"]


def test_a_resumed_run_does_not_report_what_was_reported() -> None:
    """After a resume at 37 % the first report is that of 38 %."""
    script = FactScript(total_steps=200, steps_per_epoch=200, first_step=74).open().begin().epoch_begin()
    for _ in range(126):
        script.step(loss=1.0)

    reports = record(script.facts).of_type("progress_report")

    assert 38.0 == reports[0].progress["progress_percent"]
    assert 63 == len(reports)


def test_epoch_is_whole_and_counts_from_one() -> None:
    """The first step of the second epoch stands in epoch 2, also after a resume in its middle."""
    steps = record(short_run().facts).of_type("training_step_complete")
    resumed = FactScript(total_steps=4, steps_per_epoch=2, first_step=3).open().begin().epoch_begin().step(loss=1.0)

    assert [1, 1, 2, 2] == [step.epoch for step in steps]
    assert 2 == record(resumed.facts).of_type("training_step_complete")[0].epoch


def test_a_pass_of_no_steps_is_no_epoch() -> None:
    """A stream that is resumed begins with one, and goes on in the epoch of its checkpoint."""
    script = FactScript(total_steps=4, steps_per_epoch=2, first_step=3).open().begin().epoch_begin().epoch_end()
    script.epoch_begin().step(loss=1.0)

    assert 2 == record(script.facts).of_type("training_step_complete")[0].epoch
