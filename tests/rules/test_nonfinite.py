"""A loss or a gradient that is no number."""

from __future__ import annotations

from typing import Any

NAN = float("nan")


def test_a_nan_is_told_at_its_step_and_micro_batch(story: Any) -> None:
    """The third step's second micro-batch is named, with the last loss that was a number."""
    run = story(total_steps=10, arguments={"logging_nan_inf_filter": True, "gradient_accumulation_steps": 2}).steps(
        [3.0, 2.9]
    )
    run.script.step(gradient_norm=NAN, micro_steps=[{"loss": 1.4}, {"loss": NAN}])

    found = run.findings()[0]

    assert ("nonfinite_loss", "CRITICAL", 3) == (found.rule, found.severity, found.step)
    assert {"micro_step": 2, "last_finite_loss": 2.9, "loss": "NaN"}.items() <= found.evidence.items()
    assert "step 3, micro-batch 2" in found.message
    assert "logging_nan_inf_filter" in found.message


def test_the_gradient_of_a_nan_loss_is_not_told_besides(story: Any) -> None:
    """A cause is told, its symptom is not."""
    assert [("nonfinite_loss", "firing", 1)] == story(total_steps=10).steps([NAN] * 3, NAN).told()


def test_a_gradient_alone_is_told(story: Any) -> None:
    """A loss that is a number with a gradient that is none."""
    run = story(total_steps=10, arguments={"fp16": False}).steps([3.0] * 3).step(3.0, NAN)

    assert ("nonfinite_gradient", "firing", 4) == run.told()[0]


def test_the_scaler_of_a_loop_may_skip_a_few_steps(story: Any) -> None:
    """Where nobody says which precision it has."""
    assert [] == story(total_steps=20).steps([3.0] * 3, float("inf")).steps([2.9] * 10).told()


def test_fp16_may_skip_a_few_steps(story: Any) -> None:
    """The loss scaler looks for its scale: five infinite gradients in a row are usual, ten are not."""
    few = story(total_steps=30, arguments={"fp16": True}).steps([3.0] * 5, float("inf")).steps([3.0] * 5)
    many = story(total_steps=30, arguments={"fp16": True}).steps([3.0] * 10, float("inf"))

    assert [] == few.told()
    assert [("nonfinite_gradient", "firing", 10)] == many.told()


def test_grown_gradients_before_it_suggest_a_third_of_the_rate(story: Any) -> None:
    """The number to change comes from the run's own settings."""
    run = story(total_steps=40).steps([3.0] * 20, learning_rate=3e-4).step(3.0, 7.0, learning_rate=3e-4)

    found = run.step(NAN, NAN, learning_rate=3e-4).findings()[0]

    assert "learning_rate 1.00e-04 instead of 3.00e-04" in found.suggestion


def test_an_evaluation_that_is_no_number_is_told(story: Any) -> None:
    """Each evaluation loss has its own finding."""
    run = story(total_steps=10).steps([3.0])
    run.script.evaluate(eval_loss=NAN)

    assert [("nonfinite_loss", "firing", 1)] == run.told()
