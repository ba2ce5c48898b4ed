"""A model that learns its samples by heart."""

from __future__ import annotations

from typing import Any


def epochs(story: Any, pairs: list[tuple[float, float | None]], *, steps: int = 25, **options: Any) -> Any:
    """Returns a run with an epoch per pair of training and evaluation loss."""
    run = story(total_steps=steps * len(pairs), steps_per_epoch=steps, **options)
    for number, (training, evaluation) in enumerate(pairs):
        if number:
            run.script.epoch_begin()
        run.steps([training] * steps)
        if evaluation is not None:
            run.script.evaluate(eval_loss=evaluation)
        run.script.epoch_end()
    return run


def test_an_evaluation_that_rises_while_training_falls_is_told(story: Any) -> None:
    """The best step is named, and the epochs to train for."""
    run = epochs(story, [(2.0, 2.0), (1.5, 1.8), (1.0, 1.9), (0.7, 2.0)])
    found = next(entry for entry in run.findings() if entry.rule == "overfitting")

    assert (100, 50) == (found.step, found.evidence["best_step"])
    assert "num_train_epochs=2" in found.suggestion


def test_a_large_rise_is_told_at_once(story: Any) -> None:
    """A fifth and more needs no second evaluation."""
    assert ("overfitting", "firing", 50) in epochs(story, [(0.8, 0.9), (0.2, 1.5)]).told()


def test_an_evaluation_that_wavers_is_healthy(story: Any) -> None:
    """A rise of one or two percent is nothing."""
    assert [] == epochs(story, [(2.0, 2.0), (1.5, 1.8), (1.4, 1.83), (1.3, 1.81), (1.25, 1.82)]).told()


def test_a_rise_of_both_is_not_overfitting(story: Any) -> None:
    """Where the training loss rises too, something else is wrong."""
    run = epochs(story, [(1.5, 1.5), (1.8, 1.9), (2.0, 2.2)])

    assert "overfitting" not in [name for name, _, _ in run.told()]


def test_a_loss_of_next_to_nothing_after_three_epochs_is_told(story: Any) -> None:
    """With an evaluation that is not as low it is a WARNING, without one INFO."""
    apart = epochs(story, [(2.0, 2.0), (0.5, 1.9), (0.05, 1.9)]).findings()
    alone = epochs(story, [(2.0, None), (0.5, None), (0.05, None)]).findings()

    assert ["WARNING"] == [entry.severity for entry in apart if entry.rule == "memorising"]
    assert ["INFO"] == [entry.severity for entry in alone if entry.rule == "memorising"]


def test_an_evaluation_that_is_as_low_is_healthy(story: Any) -> None:
    """The task is easy, and the model has learned it."""
    assert [] == epochs(story, [(2.0, 1.0), (0.5, 0.3), (0.05, 0.06), (0.04, 0.05)]).told()


def test_a_classifier_may_be_sure(story: Any) -> None:
    """Below 0.1 is an accuracy, not a memory."""
    run = epochs(story, [(0.6, None), (0.3, None), (0.05, None), (0.03, None)], objective={"loss": "classification"})

    assert [] == run.told()


def test_an_evaluation_loss_of_next_to_nothing_may_waver(story: Any) -> None:
    """From 0.001 to 0.002 is a hundred percent, and nothing beside the 0.7 that it began with."""
    classes = {"loss": "classification", "chance_loss": 0.69}
    run = epochs(story, [(0.5, 0.7), (0.01, 0.001), (0.001, 0.002), (0.0005, 0.002)], objective=classes)

    assert [] == run.told()
