"""Trainings whose rate, schedule, weights or loss are wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from transformers import Trainer, TrainerCallback

from benchmarks.trainings import tiny


def rate_too_high(folder: Path, seed: int, size: int, callbacks: list[Any]) -> Trainer:
    """A learning rate a thousand times too high."""
    return tiny.language_trainer(folder, seed, size, callbacks, learning_rate=3.0, max_grad_norm=100.0)


class _Overflowing(Trainer):
    """Computes one layer in fp16 at a scale that grows, until its values do not fit any more."""

    def compute_loss(self, model: Any, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        scale = 10.0 * 1.25**self.state.global_step

        def through_half(_module: Any, _inputs: Any, output: torch.Tensor) -> torch.Tensor:
            return (output * scale).half().float() / scale

        hook = model.transformer.ln_f.register_forward_hook(through_half)
        try:
            return super().compute_loss(model, inputs, *args, **kwargs)
        finally:
            hook.remove()


def overflow(folder: Path, seed: int, size: int, callbacks: list[Any]) -> Trainer:
    """Values that overflow in half precision at about step 35."""
    return tiny.language_trainer(folder, seed, size, callbacks, kind=_Overflowing, max_steps=70)


def vanishing(folder: Path, seed: int, size: int, callbacks: list[Any]) -> Trainer:
    """A stack of layers with weights too small and no way around them."""
    torch.manual_seed(seed)
    width = 8 * (size + 1)
    inputs = torch.randn(800, width)
    rows = [{"inputs": row, "labels": (row.sum() > 0).long()} for row in inputs]
    model = tiny.DeepTanh(depth=8 + 4 * size, width=width)
    return tiny.trainer(folder, model=model, rows=rows, callbacks=callbacks, seed=seed, learning_rate=1e-3)


def dead_rate(folder: Path, seed: int, size: int, callbacks: list[Any]) -> Trainer:
    """A learning rate of next to nothing, as from a slip in the exponent."""
    return tiny.language_trainer(folder, seed, size, callbacks, learning_rate=3e-10)


def frozen(folder: Path, seed: int, size: int, callbacks: list[Any]) -> Trainer:
    """Every parameter frozen, and nothing added that could learn."""
    model = tiny.gpt2(seed, size)
    model.requires_grad_(False)
    return tiny.trainer(folder, model=model, rows=tiny.language_rows(200, seed), callbacks=callbacks, seed=seed)


class _Detached(Trainer):
    """Loses the graph on the way to the loss."""

    def compute_loss(self, model: Any, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        loss = super().compute_loss(model, inputs, *args, **kwargs)
        return loss.detach() + 0.0 * sum(parameter.sum() for parameter in model.parameters())


def cut_graph(folder: Path, seed: int, size: int, callbacks: list[Any]) -> Trainer:
    """A loss that is detached from the weights."""
    rows = tiny.language_rows(500, seed)
    return tiny.language_trainer(folder, seed, size, callbacks, rows=rows, kind=_Detached, max_steps=60)


def over_schedule(folder: Path, seed: int, size: int, callbacks: list[Any]) -> Trainer:
    """A schedule that is built for a third of the steps."""
    model = tiny.gpt2(seed, size)
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: max(0.0, 1 - step / 40))
    rows = tiny.language_rows(1000, seed)
    return tiny.trainer(
        folder, model=model, rows=rows, callbacks=callbacks, seed=seed, optimizers=(optimizer, schedule), max_steps=100
    )


def rate_jumps(folder: Path, seed: int, size: int, callbacks: list[Any]) -> Trainer:
    """A schedule that multiplies the rate by a thousand at step 60, without clipping."""
    model = tiny.gpt2(seed, size)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 1000.0 if step >= 60 else 1.0)  # noqa: PLR2004
    chosen: dict[str, Any] = {"optimizers": (optimizer, schedule), "max_steps": 100, "max_grad_norm": 1e9}
    rows = tiny.language_rows(1000, seed)
    return tiny.trainer(folder, model=model, rows=rows, callbacks=callbacks, seed=seed, **chosen)


class _NoSchedule(TrainerCallback):
    """Keeps the scheduler from being stepped."""

    def on_train_begin(self, args: Any, state: Any, control: Any, lr_scheduler: Any = None, **kwargs: Any) -> None:
        """Makes the scheduler's step do nothing."""
        lr_scheduler.step = lambda *_: None


def stuck_schedule(folder: Path, seed: int, size: int, callbacks: list[Any]) -> Trainer:
    """A linear schedule that nobody steps."""
    return tiny.language_trainer(folder, seed, size, [_NoSchedule(), *callbacks], max_steps=60)
