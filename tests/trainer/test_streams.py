"""Data without a length: every step is there, and every pass is an epoch."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from tests.trainer.figures import logged
from tests.trainer.several_runs import MakeTrainer, runs_of, step_numbers_of
from verbose_logging import VerboseLoggingCallback

pytestmark = pytest.mark.trainer


class Stream(torch.utils.data.IterableDataset[dict[str, torch.Tensor]]):
    """Rows without a length."""

    def __init__(self, count: int = 12) -> None:
        self._count = count

    def __iter__(self) -> Iterator[dict[str, torch.Tensor]]:
        """Yields them."""
        for number in range(self._count):
            row = torch.full((8,), number)
            yield {"input_ids": row, "labels": row}


def test_a_stream_that_starts_again(
    make_trainer: MakeTrainer, callback: VerboseLoggingCallback, log_file: Path
) -> None:
    """Three steps a pass, eight steps in all: every step is there, and every pass is an epoch of the log."""
    make_trainer(callbacks=[callback], train_dataset=Stream(), max_steps=8).train()

    (lines,) = runs_of(log_file)
    assert list(range(1, 9)) == step_numbers_of(lines)
    assert 8 == lines[-1]["statistics"]["total_steps"]
    assert len([line for line in lines if line["type"] == "epoch_begin"]) >= 2


def test_what_a_pass_leaves_over_belongs_to_the_next_step(
    make_trainer: MakeTrainer, callback: VerboseLoggingCallback, log_file: Path
) -> None:
    """A stream of 6 batches of 2, three to a step and cut after 7: loss and tokens are what the step really used."""
    trainer = make_trainer(
        callbacks=[callback], train_dataset=Stream(7), max_steps=4, per_device_train_batch_size=2,
        gradient_accumulation_steps=3,
    )  # fmt: skip
    trainer.train()

    (lines,) = runs_of(log_file)
    steps = [line["metrics"] for line in lines if line["type"] == "training_step_complete"]
    assert pytest.approx(logged(trainer, "loss"), abs=5e-5) == [step["loss"] for step in steps]
    assert steps[-1]["num_tokens"] == sum(step["real_tokens"] for step in steps)


def test_every_pass_over_a_stream_is_an_epoch(
    make_trainer: MakeTrainer, callback: VerboseLoggingCallback, log_file: Path
) -> None:
    """Three steps a pass: steps 1 to 3 stand in epoch 1, 4 to 6 in epoch 2, 7 and 8 in epoch 3."""
    make_trainer(callbacks=[callback], train_dataset=Stream(), max_steps=8).train()

    (lines,) = runs_of(log_file)
    epochs = [line["epoch"] for line in lines if line["type"] == "training_step_complete"]
    assert [1, 1, 1, 2, 2, 2, 3, 3] == epochs
