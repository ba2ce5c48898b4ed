"""Trainings that run and learn nothing."""

from __future__ import annotations

from typing import Any

NAN = float("nan")
NO_LABELS = {"loss_tokens": 0}


def test_masked_labels_are_named_before_the_nan_that_they_make(story: Any) -> None:
    """The cause alone is told, at the first step."""
    assert [("labels_masked", "firing", 1)] == story(total_steps=20).steps([NAN] * 5, 0.0, micro=NO_LABELS).told()


def test_masked_labels_with_a_loss_of_zero_are_told(story: Any) -> None:
    """Some models give 0 instead of NaN: three steps in a row."""
    assert [("labels_masked", "firing", 3)] == story(total_steps=20).steps([0.0] * 6, 0.0, micro=NO_LABELS).told()


def test_one_batch_without_labels_is_no_finding(story: Any) -> None:
    """A long prompt can fill a row."""
    run = story(total_steps=40).steps([3.0, 2.9]).step(0.0, 0.0, micro=NO_LABELS).steps([2.8, 2.7])

    assert [] == run.told()


def test_a_loss_of_exactly_zero_at_the_start_is_told(story: Any) -> None:
    """Unless it is a policy's."""
    assert [("zero_loss", "firing", 3)] == story(total_steps=40).steps([0.0] * 5, 0.0).told()
    assert [] == story(total_steps=40, objective={"loss": "policy"}).steps([0.0] * 5, 0.3).told()


def test_a_model_without_a_trainable_parameter_is_told_before_the_first_step(story: Any) -> None:
    """From its description alone."""
    run = story(total_steps=10, model={"total_parameters": 100, "trainable_parameters": 0})

    assert [("nothing_trainable", "firing", 0)] == run.told()
