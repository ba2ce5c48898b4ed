"""What is read once from a Trainer's arguments, state and data: the facts of a training besides its steps."""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Mapping
from functools import partial
from importlib.metadata import version
from pathlib import Path
from time import monotonic
from typing import Any

from verbose_logging import facts
from verbose_logging.capture.lineage import lineage_of_checkpoint
from verbose_logging.facts import Deferred, Fact
from verbose_logging.inspection import (
    folder_size_bytes,
    inspect_dataset,
    inspect_flops,
    inspect_model,
    inspect_training_args,
    redact,
)
from verbose_logging.plain import plain
from verbose_logging.settings import Settings
from verbose_logging.trainer_taps.devices import devices_of
from verbose_logging.trainer_taps.objectives import objective_of


def training_inspected(
    settings: Settings, args: Any, *, passed: Mapping[str, Any], trainer: Any, sources: dict[str, str]
) -> facts.TrainingInspected:
    """Returns what will be trained, on what, how.

    Args:
        settings: Our own options.
        args: The TrainingArguments.
        passed: The keyword arguments of `on_train_begin`.
        trainer: The live Trainer, where it could be reached; the hooks are not handed the evaluation data this early.
        sources: Where each number comes from.
    """
    datasets = {
        "train": getattr(passed.get("train_dataloader"), "dataset", None),
        "eval": getattr(trainer, "eval_dataset", None),
    }
    return facts.TrainingInspected(
        monotonic(),
        training_args=inspect_training_args(args),
        model_info=inspect_model(passed.get("model")),
        dataset_info={name: inspect_dataset(found) for name, found in datasets.items() if found is not None},
        settings=redact(plain(settings.described())),
        metric_sources=sources,
        flop_costs=Deferred(partial(inspect_flops, passed.get("model"))),
        devices=devices_of(args, passed.get("model")),
        objective=objective_of(trainer, passed.get("lr_scheduler")),
    )


def train_begin(args: Any, state: Any, dataloader: Any, *, attempt: int, called_at: float) -> facts.TrainBegin:
    """Returns what lies ahead: steps, epochs, and the Trainer's schedule of evaluations and saves.

    Args:
        args: The TrainingArguments.
        state: The Trainer's state.
        dataloader: The batches to train on.
        attempt: Above 1 where `auto_find_batch_size` begins again.
        called_at: When the hook was called, by the monotonic clock.
    """
    batches = _length(dataloader)
    steps_per_epoch = -(-batches // max(1, args.gradient_accumulation_steps)) if batches else None
    known_epochs = state.num_train_epochs not in (None, 0, sys.maxsize)
    evaluates_every = _every(args.eval_strategy, state.eval_steps, steps_per_epoch)
    saves_every = _every(args.save_strategy, state.save_steps, steps_per_epoch)
    now = monotonic()
    return facts.TrainBegin(
        now,
        step=state.global_step,
        total_steps=state.max_steps if state.max_steps > 0 else None,
        total_epochs=int(state.num_train_epochs) if known_epochs else None,
        steps_per_epoch=steps_per_epoch,
        batches_per_epoch=batches,
        attempt=attempt,
        evaluate_every_steps=evaluates_every,
        save_every_steps=evaluates_every if args.save_strategy == "best" else saves_every,
        first_evaluation_step=_first_evaluation_step(args, steps_per_epoch),
        evaluates_at_end=args.eval_strategy == "epoch" or not version("transformers").startswith("4."),
        preparation_seconds=now - called_at,
    )


def _first_evaluation_step(args: Any, steps_per_epoch: int | None) -> int:
    """Returns the step that `eval_delay` means: epochs where evaluation goes by epochs."""
    by_epoch = getattr(args.eval_strategy, "value", args.eval_strategy) == "epoch"
    return math.ceil((args.eval_delay or 0) * (steps_per_epoch or 0 if by_epoch else 1))


def restored(log_path: Path, checkpoint: str, step: int) -> Fact:
    """Returns the run that our log says the checkpoint belongs to; looked up on the recorder's thread."""
    return facts.Restored(monotonic(), Deferred(partial(lineage_of_checkpoint, log_path, checkpoint, step)))


def saved(folder: str, state: Any) -> Fact:
    """Returns a checkpoint that is just written there; its size is measured on the recorder's thread."""
    at = monotonic()
    path = os.path.join(folder, f"checkpoint-{state.global_step}")  # noqa: PTH118 - a text, not a file
    return facts.Saved(at, state.global_step, state.epoch or 0.0, path, Deferred(partial(folder_size_bytes, path)))


def _length(dataloader: Any) -> int | None:
    try:
        return len(dataloader)
    except TypeError:  # a stream, or no data loader
        return None


def _every(strategy: Any, steps: int | None, steps_per_epoch: int | None) -> int | None:
    name = getattr(strategy, "value", strategy)
    if name == "epoch":
        return steps_per_epoch
    return steps if name == "steps" and steps else None
