"""Time and compute that go elsewhere than into learning."""

from __future__ import annotations

from typing import Any

from verbose_logging.facts import TrainingInspected
from verbose_logging.testing import FactScript, record


def script(**arguments: Any) -> FactScript:
    """Returns a run of 1,000 steps with these training arguments."""
    made = FactScript(total_steps=1000, steps_per_epoch=1000).open()
    return made.add(TrainingInspected, arguments, {}, {}, {}, {}).begin().epoch_begin()


def findings(run: FactScript) -> list[Any]:
    """Returns what is told about speed."""
    return [entry for entry in record(run.facts).of_type("performance_anomaly") if entry.state == "firing"]


def test_a_third_of_the_time_in_the_loader_is_told_with_the_number_to_change() -> None:
    """After twenty steps, with what it costs over the whole run."""
    run = script(dataloader_num_workers=2)
    for _ in range(20):
        run.step(data_wait=0.4, forward_backward=0.7, optimizer=0.1)
    (found,) = findings(run)

    assert ("data_starvation", 20) == (found.rule, found.step)
    assert "400 ms" in found.message
    assert "6 min 40 s over the whole run" in found.message
    assert "dataloader_num_workers=4 instead of 2" in found.suggestion


def test_a_wait_of_milliseconds_is_not_worth_a_word() -> None:
    """A third of next to nothing."""
    run = script()
    for _ in range(40):
        run.step(data_wait=0.004, forward_backward=0.007, optimizer=0.001)

    assert [] == findings(run)


def test_evaluations_that_take_half_of_the_run_are_told_with_a_better_interval() -> None:
    """Two evaluations of a minute in two minutes of training."""
    run = script(eval_steps=20)
    for step in range(1, 62):
        run.step(data_wait=0.0, forward_backward=2.0, optimizer=0.0)
        if step % 20 == 0:
            run.evaluate(seconds=60.0, eval_loss=1.0)
    (found,) = findings(run)

    assert ("evaluation_dominates", 41) == (found.rule, found.step)
    assert 59.0 < found.evidence["evaluation_percent"] < 61.0
    assert "eval_steps=280 instead of 20" in found.suggestion


def test_one_evaluation_is_no_habit() -> None:
    """The first one may be a check at the start."""
    run = script().evaluate(seconds=600.0, eval_loss=1.0)
    for _ in range(20):
        run.step()

    assert [] == findings(run)


def test_padding_is_judged_by_all_positions_of_twenty_steps() -> None:
    """80 of 100 positions are padding."""
    run = script()
    for _ in range(20):
        run.step(micro_steps=[{"padded_tokens": 1000, "real_tokens": 200}])
    (found,) = findings(run)

    assert ("padding_waste", 20, 80.0) == (found.rule, found.step, found.evidence["padding_percent"])


def test_half_padding_is_still_allowed() -> None:
    """The limit itself."""
    run = script()
    for _ in range(30):
        run.step(micro_steps=[{"padded_tokens": 1000, "real_tokens": 500}])

    assert [] == findings(run)
