"""The figures of real runs: ours out of the log, and the Trainer's own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import transformers
from transformers import Trainer

MakeTrainer = Callable[..., Trainer]


Training = Callable[..., tuple[Any, list[dict[str, Any]]]]


ROUNDED = 5e-5 if transformers.__version__.startswith("4.") else 0.0  # 4.x logs four decimals


def steps_of(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Returns the lines of steps."""
    return [line for line in lines if line["type"] == "training_step_complete"]


def metric(lines: list[dict[str, Any]], name: str) -> list[Any]:
    """Returns one metric of every step, `None` where it is absent."""
    return [line["metrics"].get(name) for line in steps_of(lines)]


def logged(trainer: Trainer, name: str) -> list[float]:
    """Returns what the Trainer itself logged for its steps."""
    return [entry[name] for entry in trainer.state.log_history if "loss" in entry]
