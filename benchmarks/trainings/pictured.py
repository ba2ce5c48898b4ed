"""Trainings with one thing wrong that are there to be drawn; what the benchmark of health trains is in `sick`."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import torch
from transformers import Trainer, TrainerCallback

from benchmarks.trainings import tiny

_MEGABYTE = 1024**2


class _FromStep30(Trainer):
    """Adds, from step 30 on, a distance of 0 by way of a square root, whose gradient at 0 is infinite."""

    def compute_loss(self, model: Any, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        loss = super().compute_loss(model, inputs, *args, **kwargs)
        if self.state.global_step + 1 < 30:  # noqa: PLR2004 - a step
            return loss
        weights = model.lm_head.weight
        return loss + (weights - weights.detach()).square().sum().sqrt()


def root_of_zero(folder: Path, seed: int, size: int, callbacks: list[Any]) -> Trainer:
    """A penalty whose value is 0 and whose gradient is NaN."""
    return tiny.language_trainer(folder, seed, size, callbacks, kind=_FromStep30, max_steps=40)


class _WithItself(Trainer):
    """Compares the answers with themselves."""

    def compute_loss(self, model: Any, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        logits = model(input_ids=inputs["input_ids"]).logits
        return torch.nn.functional.mse_loss(logits, logits)


def compared_with_itself(folder: Path, seed: int, size: int, callbacks: list[Any]) -> Trainer:
    """A loss of exactly 0 from the first step on."""
    return tiny.language_trainer(folder, seed, size, callbacks, kind=_WithItself, max_steps=40)


def frozen(folder: Path, seed: int, size: int, callbacks: list[Any]) -> Trainer:
    """Every parameter frozen, and inputs that ask for a gradient, so that the backward pass does not fail."""
    model = tiny.gpt2(seed, size)
    model.requires_grad_(False)
    model.enable_input_require_grads()
    return tiny.trainer(
        folder, model=model, rows=tiny.language_rows(1000, seed), callbacks=callbacks, seed=seed, max_steps=60
    )


def evaluates_too_much(folder: Path, seed: int, size: int, callbacks: list[Any]) -> Trainer:
    """Fifty times as many samples to evaluate, every 100 steps, as are trained on in between."""
    return tiny.trainer(
        folder,
        model=tiny.gpt2(seed, size),
        rows=tiny.language_rows(1000, seed),
        evaluation=tiny.language_rows(40_000, seed + 100),
        callbacks=callbacks,
        seed=seed,
        max_steps=600,
        eval_steps=100,
        prediction_loss_only=True,
    )


class _Hangs(TrainerCallback):
    """Waits at step 60 for something that takes a hundred seconds to come."""

    def on_step_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Waits, once."""
        if state.global_step == 60:  # noqa: PLR2004 - a step
            time.sleep(100)


def comes_to_a_halt(folder: Path, seed: int, size: int, callbacks: list[Any]) -> Trainer:
    """Steps of half a second, and one that hangs."""
    return tiny.language_trainer(folder, seed, size, [*callbacks, _Paced(0.5), _Hangs()], max_steps=70)


class _Paced(TrainerCallback):
    """Makes each step last at least so many seconds."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Waits."""
        time.sleep(self._seconds)


class _Hoards(TrainerCallback):
    """Writes 10 MB a step and deletes none."""

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Writes a little more."""
        path = Path(args.output_dir) / f"step-{state.global_step}.bin"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x" * 10 * _MEGABYTE)


def hoarding(folder: Path, seed: int, size: int, callbacks: list[Any]) -> Trainer:
    """Files that pile up, about 2 GB in 50 seconds."""
    return tiny.language_trainer(folder, seed, size, [*callbacks, _Paced(0.25), _Hoards()], max_steps=200)


class _Keeps(TrainerCallback):
    """Keeps 30 MB a step."""

    def __init__(self) -> None:
        self._kept: list[bytes] = []

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Keeps a little more."""
        self._kept.append(b"x" * 30 * _MEGABYTE)


def filling_memory(folder: Path, seed: int, size: int, callbacks: list[Any]) -> Trainer:
    """Memory that is kept, 3 GB in 20 seconds."""
    return tiny.language_trainer(folder, seed, size, [*callbacks, _Paced(0.2), _Keeps()], max_steps=100)


class _Logistic(torch.nn.Module):
    """A logistic regression, whose loss has one valley."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.head = torch.nn.Linear(width, 2)

    def forward(self, inputs: torch.Tensor, labels: torch.Tensor) -> dict[str, torch.Tensor]:
        """Returns the cross-entropy."""
        return {"loss": torch.nn.functional.cross_entropy(self.head(inputs), labels)}


def overshooting(folder: Path, seed: int, size: int, callbacks: list[Any]) -> Trainer:
    """All samples at each step, at a rate whose steps leap over the valley and back."""
    torch.manual_seed(seed)
    model, inputs = _Logistic(8 * size), torch.randn(64, 8 * size) + 1
    labels = (inputs[:, 0] + 2 * torch.randn(64) > 2).long()  # noqa: PLR2004 - the middle of the noisy sum is 1
    return tiny.trainer(
        folder,
        model=model,
        rows=[{"inputs": row, "labels": label} for row, label in zip(inputs, labels, strict=True)],
        callbacks=callbacks,
        seed=seed,
        per_device_train_batch_size=64,
        learning_rate=3.5,
        lr_scheduler_type="constant",
        optim="sgd",
        max_grad_norm=1e9,
        max_steps=160,
    )
