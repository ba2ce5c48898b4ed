"""Trainings whose rows or labels are wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from transformers import Trainer

from benchmarks.trainings import tiny

_SMALL_SET_RATES = (1e-2, 5e-3, 3e-3)  # by size


class _AsTheyLie:
    """Takes the samples as they lie."""

    def _get_train_sampler(self, *_: Any, **__: Any) -> Any:
        return torch.utils.data.SequentialSampler(self.train_dataset)  # type: ignore[attr-defined]


class _InOrder(_AsTheyLie, Trainer):
    """A Trainer that takes the samples as they lie."""


class _Weighted(_AsTheyLie, Trainer):
    """Divides a batch's loss by the sum of its samples' weights; takes the samples as they lie."""

    def compute_loss(self, model: Any, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        weights = inputs.pop("weight")
        loss = super().compute_loss(model, inputs, *args, **kwargs)
        return loss * weights.sum() / weights.sum()


def bad_batch(folder: Path, seed: int, size: int, callbacks: list[Any]) -> Trainer:
    """One batch of 0/0 at step 25."""
    rows = [row | {"weight": torch.tensor(1.0)} for row in tiny.language_rows(800, seed)]
    for row in rows[24 * 8 : 25 * 8]:
        row["weight"] = torch.tensor(0.0)
    options = {"kind": _Weighted, "remove_unused_columns": False, "max_steps": 60}
    return tiny.language_trainer(folder, seed, size, callbacks, rows=rows, **options)


def corrupt_batch(folder: Path, seed: int, size: int, callbacks: list[Any]) -> Trainer:
    """One batch of noise at step 150, when the language is known."""
    rows = [{"input_ids": row, "labels": row} for row in (_cycle(start) for start in range(8 * 200))]
    torch.manual_seed(seed)
    for row in rows[149 * 8 : 150 * 8]:
        row["input_ids"] = row["labels"] = torch.randint(2, tiny.VOCABULARY, (tiny.LENGTH,))
    options = {"kind": _InOrder, "max_steps": 180, "learning_rate": (1e-2, 5e-3, 5e-3)[size], "warmup_steps": 10}
    return tiny.language_trainer(folder, seed, size, callbacks, rows=rows, **options)


def _cycle(start: int) -> torch.Tensor:
    """Returns words that follow each other without a choice."""
    return torch.tensor([2 + (5 * start + place) % (tiny.VOCABULARY - 2) for place in range(tiny.LENGTH)])


def masked(folder: Path, seed: int, size: int, callbacks: list[Any]) -> Trainer:
    """Labels that are all -100, as from a response template that is never found."""
    rows = tiny.language_rows(300, seed)
    for row in rows:
        row["labels"] = torch.full_like(row["labels"], -100)
    return tiny.language_trainer(folder, seed, size, callbacks, rows=rows, max_steps=30)


def overfitted(folder: Path, seed: int, size: int, callbacks: list[Any]) -> Trainer:
    """Twenty-four samples, learned by heart, with an evaluation on others."""
    rows, evaluation = tiny.language_rows(24, seed), tiny.language_rows(64, seed + 100)
    return _small_set(folder, seed, size, callbacks, model=tiny.qwen2(seed, size), rows=rows, evaluation=evaluation)


def label_noise(folder: Path, seed: int, size: int, callbacks: list[Any]) -> Trainer:
    """Labels that are drawn by lot, in training and in evaluation."""
    model = tiny.qwen2_classifier(seed, size, labels=2)
    rows, evaluation = tiny.classified(64, seed, noise=1.0), tiny.classified(64, seed + 100, noise=1.0)
    return _small_set(folder, seed, size, callbacks, model=model, rows=rows, evaluation=evaluation)


def _small_set(folder: Path, seed: int, size: int, callbacks: list[Any], **options: Any) -> Trainer:
    """Returns a Trainer that goes over a few rows many times."""
    rate = _SMALL_SET_RATES[size]
    return tiny.trainer(folder, callbacks=callbacks, seed=seed, max_steps=240, learning_rate=rate, **options)


def padding(folder: Path, seed: int, size: int, callbacks: list[Any]) -> Trainer:
    """Sentences of 12 words in rows of 60."""
    rows = []
    for row in tiny.sentences(500, seed):
        ids = torch.tensor(row[:12] + [0] * 48)
        mask = torch.tensor([1] * 12 + [0] * 48)
        rows.append({"input_ids": ids, "attention_mask": mask, "labels": ids.masked_fill(mask == 0, -100)})
    return tiny.language_trainer(folder, seed, size, callbacks, rows=rows, max_steps=50)
