"""A finding that ends a real training."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import TrainerCallback

pytestmark = pytest.mark.trainer

EXPLODES_AT_ONCE = {"exploding_gradients": {"above": 1e-9, "action": "stop"}}


class Slow(TrainerCallback):
    """A step that takes a tenth of a second, as those of a model that is worth stopping do."""

    def on_step_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Waits."""
        threading.Event().wait(0.1)


class NanAt(TrainerCallback):
    """Spoils a weight after a step."""

    def __init__(self, step: int) -> None:
        self._step = step

    def on_step_end(self, args: Any, state: Any, control: Any, model: Any = None, **kwargs: Any) -> None:
        """Makes every later loss NaN."""
        if state.global_step == self._step:
            with torch.no_grad():
                next(model.parameters()).fill_(float("nan"))


@pytest.mark.parametrize("logging_steps", [1, 500])
def test_a_training_ends_within_two_steps_of_the_finding(train: Any, logging_steps: int) -> None:
    """The Trainer stops in its own order, and the last entry says why."""
    options = {"alerts": EXPLODES_AT_ONCE}
    trainer, lines = train(options=options, also=[Slow()], max_steps=200, logging_steps=logging_steps)

    assert trainer.state.global_step <= 3
    assert "training_complete" == lines[-1]["type"]
    assert ("exploding_gradients", 1) == (lines[-1]["stop_requested"]["rule"], lines[-1]["stop_requested"]["step"])


def test_checkpoints_and_the_best_model_are_as_usual(train: Any, tmp_path: Path) -> None:
    """What is due at a step before the end is saved, evaluated and loaded at the end."""
    schedule = {"save_strategy": "steps", "save_steps": 2, "eval_strategy": "steps", "eval_steps": 2}
    trainer, lines = train(
        options={"alerts": {"nonfinite_loss": {"action": "stop"}}},
        also=[NanAt(5), Slow()],
        max_steps=200,
        load_best_model_at_end=True,
        **schedule,
    )

    assert trainer.state.global_step <= 8
    assert str(tmp_path / "out" / "checkpoint-4") == trainer.state.best_model_checkpoint
    assert all(torch.isfinite(weights).all() for weights in trainer.model.parameters())
    assert ("nonfinite_loss", 6) == (lines[-1]["stop_requested"]["rule"], lines[-1]["stop_requested"]["step"])


def test_without_the_action_training_goes_on(train: Any) -> None:
    """A finding alone stops nothing."""
    trainer, lines = train(options={"alerts": {"exploding_gradients": {"above": 1e-9}}}, max_steps=6)

    assert 6 == trainer.state.global_step
    assert "stop_requested" not in lines[-1]
