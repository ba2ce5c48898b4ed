"""A real Trainer, small enough for a second on a CPU."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import (
    GPT2Config,
    GPT2LMHeadModel,
    Trainer,
    TrainerCallback,
    TrainingArguments,
)

import verbose_logging
from tests.logs import read_lines
from tests.trainer.configs import QUICK
from verbose_logging import VerboseLoggingCallback

collect_ignore = ["distributed_run.py", "console_run.py"]  # scripts for processes of their own

VOCABULARY = 50
torch.set_num_threads(1)  # models this small are slower on two threads, above all beside other work

MakeTrainer = Callable[..., Trainer]
Training = Callable[..., tuple[Trainer, list[dict[str, Any]]]]


def tiny_model() -> GPT2LMHeadModel:
    """Returns a GPT-2 of 9,000 parameters with dropout on, always with the same weights."""
    torch.manual_seed(0)
    return GPT2LMHeadModel(
        GPT2Config(
            vocab_size=VOCABULARY, n_positions=32, n_embd=16, n_layer=2, n_head=2, bos_token_id=0, eos_token_id=0
        )
    )


def tiny_dataset(count: int = 64) -> list[dict[str, torch.Tensor]]:
    """Returns rows of eight random tokens, always the same."""
    generator = torch.Generator().manual_seed(1)
    rows = torch.randint(0, VOCABULARY, (count, 8), generator=generator)
    return [{"input_ids": row, "labels": row} for row in rows]


@pytest.fixture
def make_trainer(tmp_path: Path) -> MakeTrainer:
    """Makes Trainers that write below the test's folder; arguments are those of TrainingArguments."""

    def make(
        *,
        callbacks: list[Any],
        model: Any = None,
        train_dataset: Any = None,
        trainer_class: type[Trainer] = Trainer,
        tensor_learning_rate: float | None = None,
        **arguments: Any,
    ) -> Trainer:
        defaults = {
            "output_dir": str(tmp_path / "out"),
            "max_steps": 10,
            "per_device_train_batch_size": 4,
            "logging_steps": 1,
            "save_strategy": "no",
            "report_to": "none",
            "use_cpu": True,
            "disable_tqdm": True,
            "seed": 3,
        }
        model = model or tiny_model()
        if tensor_learning_rate is not None:  # as a compiled optimizer has it
            rate = torch.tensor(tensor_learning_rate)
            optimizer = torch.optim.AdamW(model.parameters(), lr=rate, capturable=False, foreach=False)
            arguments["optimizers"] = (optimizer, torch.optim.lr_scheduler.LambdaLR(optimizer, lambda _: 1.0))
        return trainer_class(
            model=model,
            optimizers=arguments.pop("optimizers", (None, None)),
            args=TrainingArguments(**{**defaults, **arguments}),
            train_dataset=train_dataset if train_dataset is not None else tiny_dataset(),
            eval_dataset=tiny_dataset(8),
            callbacks=callbacks,
        )

    return make


@pytest.fixture
def train(tmp_path: Path, make_trainer: MakeTrainer) -> Iterator[Training]:
    """Trains with a callback of that level, and others behind it; returns the Trainer and the log's lines."""
    log_file = tmp_path / "verbose_training_logs.jsonl"
    callbacks: list[VerboseLoggingCallback] = []

    def run(
        level: str = "high",
        options: dict[str, Any] | None = None,
        resume: str | None = None,
        also: Sequence[TrainerCallback] = (),
        **arguments: Any,
    ) -> tuple[Trainer, list[dict[str, Any]]]:
        callback = VerboseLoggingCallback(level, log_file=str(log_file), **{"console": "off", **(options or {})})
        callbacks.append(callback)
        trainer = make_trainer(callbacks=[callback, *also], **arguments)
        trainer.train(resume_from_checkpoint=resume)
        return trainer, read_lines(log_file)

    yield run
    for callback in callbacks:
        callback.close()


@pytest.fixture
def quick(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Trains three steps in an empty working directory; arguments are keys of the config."""
    monkeypatch.chdir(tmp_path)
    return lambda **keys: verbose_logging.train_with_config({**QUICK, **keys})


@pytest.fixture
def log_file(tmp_path: Path) -> Path:
    """Where the callback writes."""
    return tmp_path / "log.jsonl"


@pytest.fixture
def callback(log_file: Path) -> Iterator[VerboseLoggingCallback]:
    """A callback at high, closed in the end."""
    callback = VerboseLoggingCallback("high", log_file=str(log_file), console="off")
    yield callback
    callback.close()
