"""Trainings that waste the machine's time or memory."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import torch
from transformers import Trainer, TrainerCallback

from benchmarks.trainings import tiny


class _SlowRows(torch.utils.data.Dataset):  # type: ignore[type-arg]
    """Takes its time over each sample, as a network's disk does."""

    def __init__(self, rows: list[tiny.Row], seconds: float) -> None:
        self._rows = rows
        self._seconds = seconds

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, place: int) -> tiny.Row:
        time.sleep(self._seconds)
        return self._rows[place]


def slow_loader(folder: Path, seed: int, size: int, callbacks: list[Any]) -> Trainer:
    """Samples that take 5 ms or more each."""
    rows = _SlowRows(tiny.language_rows(500, seed), 0.005 * (1 + size))
    return tiny.language_trainer(folder, seed, size, callbacks, rows=rows, max_steps=50)


class _Growing(Trainer):
    """Keeps what it has seen and goes through all of it at every step."""

    _wait_seconds = 0.002

    def training_step(self, *args: Any, **kwargs: Any) -> Any:
        time.sleep(self._wait_seconds * max(0, self.state.global_step - 40))
        return super().training_step(*args, **kwargs)


def creep(folder: Path, seed: int, size: int, callbacks: list[Any]) -> Trainer:
    """Steps that take 2 ms longer each, from step 40 on."""
    return tiny.language_trainer(folder, seed, size, callbacks, kind=_Growing)


class _Leak(TrainerCallback):
    """Keeps 20 MB per step, and ends the run after 30 s."""

    def __init__(self) -> None:
        self._kept: list[bytearray] = []
        self._began = time.monotonic()

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Keeps a little more."""
        if time.monotonic() - self._began < 28:  # noqa: PLR2004 - seconds
            self._kept.append(bytearray(b"x") * 2_000_000)
            time.sleep(0.05)
        else:
            control.should_training_stop = True


def leak(folder: Path, seed: int, size: int, callbacks: list[Any]) -> Trainer:
    """A list that grows, in a run of a million steps."""
    return tiny.language_trainer(folder, seed, size, [*callbacks, _Leak()], max_steps=1_000_000)
