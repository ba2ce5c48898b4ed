"""What is read once from a Trainer's arguments, state and data: the facts that open a training."""

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

import torch

from verbose_logging import facts
from verbose_logging.capture.history import lineage_of_checkpoint
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
from verbose_logging.trainer_taps.objectives import is_cross_entropy, objective_of

_LOGGED = "the Trainer's log"


def metric_sources(trainer: Any, *, loss: bool, gradient_norm: bool) -> dict[str, str]:
    """Returns where each number of a run comes from, the perplexity only where the loss is a cross-entropy per token.

    Args:
        trainer: The live Trainer, `None` where it could not be reached.
        loss: Whether the tap on `training_step` delivers.
        gradient_norm: Whether the tap on the gradient norm delivers.
    """
    sources = {
        "loss": _loss_source(trainer.args) if loss else f"{_LOGGED}: mean since its last log",
        "grad_norm": _norm_source(trainer) if gradient_norm else f"{_LOGGED}: the logged step's",
        "learning_rate": "optimizer.param_groups, before the step",
        "timing": "gaps between hooks, host clock",
    }
    if loss:
        sources |= {"tokens": "the batches given to training_step", "num_tokens": "real tokens, summed"}
    if is_cross_entropy(trainer):
        sources["perplexity"] = "exp(loss)"
    return sources


def _loss_source(args: Any) -> str:
    if args.world_size == 1:
        return "training_step: sum over the step's micro-batches"
    if args.logging_strategy == "steps" and args.logging_steps == 1:
        return f"{_LOGGED}: mean over the ranks; training_step's of this rank where that one is not finite"
    return "training_step: this rank's mean over its own loss tokens"


def _norm_source(trainer: Any) -> str:
    if hasattr(trainer, "_get_grad_norm") or trainer.args.max_grad_norm:
        return "the Trainer's own norm, before clipping"
    return "torch.nn.utils.get_total_norm of gradients that nothing clips"


def counts_items_of_all_ranks(trainer: Any) -> bool:
    """Returns whether a Trainer divides a step's loss by the labels of all ranks, each of which has its own batch."""
    parallelism = getattr(trainer.accelerator, "parallelism_config", None)
    shares_batches = getattr(parallelism, "non_data_parallel_size", 1) > 1 or trainer.get_tp_size() > 1
    return bool(trainer.args.average_tokens_across_devices) and not shares_batches


def training_inspected(
    settings: Settings, args: Any, passed: Mapping[str, Any], trainer: Any, sources: dict[str, str]
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


def devices_of(args: Any, model: Any) -> dict[str, Any]:
    """Returns type, name and number of the job's devices, and the type that they compute in."""
    device = args.device
    is_gpu = device.type == "cuda"
    return {
        "type": device.type,
        "name": torch.cuda.get_device_name(device) if is_gpu else device.type,
        "dtype": _compute_dtype(args, model, is_gpu=is_gpu),
        "count": args.world_size * max(1, args.n_gpu),
    }


def _compute_dtype(args: Any, model: Any, *, is_gpu: bool) -> str:
    """Returns the type of the matrix products: that of mixed precision, else that of the weights."""
    if args.bf16 or args.fp16:
        return "bf16" if args.bf16 else "fp16"
    weights = getattr(model, "dtype", torch.float32)
    if weights in {torch.bfloat16, torch.float16}:
        return "bf16" if weights == torch.bfloat16 else "fp16"
    return "tf32" if is_gpu and (args.tf32 or _allows_tf32()) else "fp32"


def _allows_tf32() -> bool:
    """Returns whether float32 products may be rounded; the older switch raises once the newer one has been used."""
    matmul = torch.backends.cuda.matmul
    precision = getattr(matmul, "fp32_precision", None)
    return precision == "tf32" if precision not in {None, "none"} else bool(matmul.allow_tf32)


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
