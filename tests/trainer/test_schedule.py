"""The evaluations and saves that are foreseen when training begins are those that the Trainer then does."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import Any

import pytest
from transformers import Trainer, TrainerCallback

from verbose_logging.facts import TrainBegin
from verbose_logging.meters.eta import Scheduled
from verbose_logging.trainer_taps.opening import train_begin

pytestmark = pytest.mark.trainer

MakeTrainer = Callable[..., Trainer]


class Notes(TrainerCallback):
    """Notes what was foreseen, and the steps at which the Trainer evaluated and saved."""

    def __init__(self) -> None:
        self.evaluated: list[int] = []
        self.saved: list[int] = []
        self.foreseen: TrainBegin

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Foresees."""
        self.foreseen = train_begin(args, state, kwargs["train_dataloader"], attempt=1, called_at=monotonic())

    def on_evaluate(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Notes an evaluation."""
        self.evaluated.append(state.global_step)

    def on_save(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Notes a save."""
        self.saved.append(state.global_step)


def noted(make_trainer: MakeTrainer, **arguments: Any) -> Notes:
    """Returns the notes of a training of 10 steps, 8 of which are an epoch."""
    notes = Notes()
    make_trainer(callbacks=[notes], gradient_accumulation_steps=2, max_steps=10, **arguments).train()
    return notes


def due(schedule: Scheduled) -> list[int]:
    """Returns the steps of ten at which something is due."""
    return [step for step in range(1, 11) if schedule.count(step, 10) > schedule.count(step + 1, 10)]


@pytest.mark.parametrize(
    "arguments",
    [
        {"eval_strategy": "no"},
        {"eval_strategy": "steps", "eval_steps": 4},
        {"eval_strategy": "steps", "eval_steps": 2, "eval_delay": 5},
        {"eval_strategy": "epoch"},
        {"eval_strategy": "epoch", "eval_delay": 1.2},
    ],
    ids=str,
)
def test_evaluations(make_trainer: MakeTrainer, arguments: dict[str, Any]) -> None:
    """By steps, by epochs and delayed, the last step's included."""
    notes = noted(make_trainer, **arguments)
    begin = notes.foreseen
    schedule = Scheduled(
        begin.evaluate_every_steps,
        unseen_share=0.1,
        first_step=begin.first_evaluation_step,
        at_end=begin.evaluates_at_end,
    )

    assert due(schedule) == notes.evaluated


@pytest.mark.parametrize(
    "arguments", [{"save_strategy": "steps", "save_steps": 4}, {"save_strategy": "epoch"}], ids=str
)
def test_saves(make_trainer: MakeTrainer, arguments: dict[str, Any]) -> None:
    """By steps and by epochs, the last step's included."""
    notes = noted(make_trainer, **arguments)

    assert due(Scheduled(notes.foreseen.save_every_steps, unseen_share=0.1)) == notes.saved


def test_saves_of_the_best(make_trainer: MakeTrainer) -> None:
    """Each evaluation may be followed by a save; the first one is."""
    notes = noted(
        make_trainer,
        eval_strategy="steps",
        eval_steps=5,
        save_strategy="best",
        metric_for_best_model="eval_loss",
        learning_rate=0.0,
    )

    assert [5] == notes.saved
    assert [5, 10] == due(Scheduled(notes.foreseen.save_every_steps, unseen_share=0.1))
