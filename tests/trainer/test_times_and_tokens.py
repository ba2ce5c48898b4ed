"""Where the time goes, and how many tokens a second, is what a stopwatch and a count say."""

from __future__ import annotations

import time
from typing import Any

import pytest
import torch
from transformers import Trainer, TrainerCallback

from tests.trainer.figures import MakeTrainer, Training, metric, steps_of

pytestmark = pytest.mark.trainer


class SlowRows(torch.utils.data.Dataset[dict[str, torch.Tensor]]):
    """Rows that take 20 ms each."""

    def __len__(self) -> int:
        """Returns 48."""
        return 48

    def __getitem__(self, index: int) -> dict[str, torch.Tensor]:
        """Returns a row after 20 ms."""
        time.sleep(0.02)  # the slow disk that is being played
        row = torch.full((8,), index)
        return {"input_ids": row, "labels": row}


def test_the_ledger_blames_the_data_loader(train: Training) -> None:
    """Batches of 4 x 20 ms, an evaluation of a slow model and a slow save: each part gets its own within 10 %."""

    class SlowSaver(Trainer):
        """Takes 300 ms more for a checkpoint, and for an evaluation."""

        def _save_checkpoint(self, *args: Any, **kwargs: Any) -> None:
            time.sleep(0.3)  # the slow disk that is being played
            super()._save_checkpoint(*args, **kwargs)

        def evaluation_loop(self, *args: Any, **kwargs: Any) -> Any:
            """Evaluates, slowly."""
            time.sleep(0.3)  # the large evaluation set that is being played
            return super().evaluation_loop(*args, **kwargs)

    trainer, lines = train(
        trainer_class=SlowSaver, train_dataset=SlowRows(), max_steps=12,
        eval_strategy="steps", eval_steps=4, save_strategy="steps", save_steps=4,
    )  # fmt: skip
    ledger = next(line for line in lines if line["type"] == "training_complete")["time_ledger"]
    parts = [seconds for name, seconds in ledger.items() if name != "total_seconds"]
    by_the_trainer = trainer.state.log_history[-1]["train_runtime"]

    assert pytest.approx(by_the_trainer, rel=0.01) == sum(parts) == ledger["total_seconds"]
    assert pytest.approx(11 * 0.08, rel=0.1) == ledger["data_wait_seconds"]
    assert pytest.approx(3 * 0.3, rel=0.15) == ledger["evaluation_seconds"]
    assert pytest.approx(3 * 0.3, rel=0.15) == ledger["checkpoint_seconds"]


def test_tokens_of_a_known_batch(train: Training) -> None:
    """Rows of 8 with 3 of padding and 2 masked prompt labels: 4 rows, accumulated twice, to the last token."""
    row = {
        "input_ids": torch.tensor([5, 6, 7, 8, 9, 0, 0, 0]),
        "attention_mask": torch.tensor([1, 1, 1, 1, 1, 0, 0, 0]),
        "labels": torch.tensor([-100, -100, 7, 8, 9, -100, -100, -100]),
    }
    _, lines = train(train_dataset=[dict(row) for _ in range(64)], max_steps=3, gradient_accumulation_steps=2)

    assert [64, 64, 64] == metric(lines, "padded_tokens")
    assert [40, 40, 40] == metric(lines, "real_tokens")
    assert [24, 24, 24] == metric(lines, "loss_tokens")
    assert [40, 80, 120] == metric(lines, "num_tokens")
    assert pytest.approx([24 / 64] * 3) == metric(lines, "padding_fraction")


def test_tokens_go_on_after_a_resume(train: Training) -> None:
    """A run of 6 steps, and one that resumes at its step 4, count the same tokens at every step."""
    trainer, lines = train(max_steps=6, save_strategy="steps", save_steps=4)
    whole = metric(lines, "num_tokens")
    checkpoint = f"{trainer.args.output_dir}/checkpoint-4"
    before = len(lines)
    _, lines = train(max_steps=6, resume=checkpoint)
    resumed = lines[before:]

    assert [32 * step for step in range(1, 7)] == whole
    assert whole[4:] == metric(resumed, "num_tokens")
    start = next(line for line in resumed if line["type"] == "training_start")
    assert 4 == start["resumed_from_step"]


class Stopwatch(TrainerCallback):
    """Takes 150 ms in every step, and times each from begin to end: what a run without evaluation consists of."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    def on_step_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Starts."""
        self._began = time.monotonic()
        time.sleep(0.15)  # the slow model that is being played

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Stops."""
        self.seconds.append(time.monotonic() - self._began)

    @property
    def rate(self) -> float:
        """Steps per second, without the first two."""
        return len(self.seconds[2:]) / sum(self.seconds[2:])


def test_rates_know_nothing_of_evaluation_and_resume(train: Training, make_trainer: MakeTrainer) -> None:
    """Bare, with evaluation and saving, and resumed, steps per second are those of the steps alone within 5 %."""
    checkpoint = f"{make_trainer(callbacks=[]).args.output_dir}/checkpoint-5"
    runs: list[dict[str, Any]] = [
        {},
        {"eval_strategy": "steps", "eval_steps": 2, "save_strategy": "steps", "save_steps": 5},
        {"resume": checkpoint},
    ]
    for arguments in runs:
        watch = Stopwatch()
        _, lines = train(also=[watch], max_steps=10, **arguments)

        assert pytest.approx(watch.rate, rel=0.05) == steps_of(lines)[-1]["timing"]["steps_per_second"]
