"""What a config's training would be, without doing it: sizes, steps, memory. No weight is loaded."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

import torch
from datasets import Dataset
from trl import SFTConfig

from verbose_logging.training.memory import Memory, Parameter, activations_of, estimate
from verbose_logging.training.preparation import Preparation

_FULL_BYTES, _HALF_BYTES = 4, 2


class Plan(NamedTuple):
    """A training that was not done.

    Args:
        parameters: How many the model has.
        trained_parameters: How many of them are trained, LoRA's included.
        rows: Rows to train on; `None` for a stream.
        eval_rows: Rows to evaluate on; `None` for a stream or none at all.
        rows_per_step: Rows that one optimizer step sees, over all devices.
        steps: Optimizer steps of the whole run; `None` where only tokenizing would tell.
        epochs: Passes over the rows; `None` likewise.
        memory: What each device needs.
    """

    parameters: int
    trained_parameters: int
    rows: int | None
    eval_rows: int | None
    rows_per_step: int
    steps: int | None
    epochs: float | None
    memory: Memory


def plan(prepared: Preparation) -> Plan:
    """Returns what the training would be."""
    arguments, recipe = prepared.arguments, prepared.config.recipe
    parameters = list(_parameters(prepared))
    rows = len(prepared.train_rows) if isinstance(prepared.train_rows, Dataset) else None
    steps_per_epoch = None if rows is None or arguments.packing else _steps_per_epoch(rows, arguments)
    steps = _steps(steps_per_epoch, arguments)
    activations = activations_of(
        prepared.model_config,
        tokens=arguments.per_device_train_batch_size * (arguments.max_length or 0),
        bytes_each=_HALF_BYTES if arguments.bf16 or arguments.fp16 else _FULL_BYTES,
        is_recomputed=bool(arguments.gradient_checkpointing),
    )
    return Plan(
        parameters=sum(parameter.size for parameter in parameters),
        trained_parameters=sum(parameter.size for parameter in parameters if parameter.is_trained),
        rows=rows,
        eval_rows=len(prepared.eval_rows) if isinstance(prepared.eval_rows, Dataset) else None,
        rows_per_step=_rows_per_step(arguments),
        steps=steps,
        epochs=None if steps is None or not steps_per_epoch else steps / steps_per_epoch,
        memory=estimate(
            parameters,
            optimizer=str(getattr(arguments.optim, "value", arguments.optim)),
            quantization=recipe.quantization,
            activations=activations,
        ),
    )


def _parameters(prepared: Preparation) -> Iterator[Parameter]:
    """Yields the model's parameters, of a model whose weights are nowhere."""
    recipe, model = prepared.config.recipe, prepared.skeleton
    head = model.get_output_embeddings()
    heads = {id(getattr(head, "base_layer", head))}
    frozen_bytes = _bytes_of_frozen(prepared) if recipe.lora_rank else _FULL_BYTES
    taken = {id(part.weight) for part in model.modules() if isinstance(part, torch.nn.Linear) and id(part) not in heads}
    for parameter in model.parameters():
        trained = parameter.requires_grad
        quantized = recipe.quantization != "none" and id(parameter) in taken and not trained
        yield Parameter(parameter.numel(), _FULL_BYTES if trained else frozen_bytes, trained, quantized)


def _bytes_of_frozen(prepared: Preparation) -> int:
    """Returns the bytes of a frozen value: as its file has it, or in 32 bits where the model is built here."""
    dtype = getattr(prepared.model_config, "dtype", None)
    is_built = not isinstance(prepared.config.recipe.model_name, str)
    return _FULL_BYTES if is_built or not isinstance(dtype, torch.dtype) else int(dtype.itemsize)


def _rows_per_step(arguments: SFTConfig) -> int:
    return int(arguments.train_batch_size * arguments.gradient_accumulation_steps * arguments.world_size)


def _steps_per_epoch(rows: int, arguments: SFTConfig) -> int:
    rows_per_batch = arguments.world_size * arguments.train_batch_size
    batches = rows // rows_per_batch if arguments.dataloader_drop_last else -(-rows // rows_per_batch)
    return int(max(1, -(-batches // arguments.gradient_accumulation_steps)))


def _steps(steps_per_epoch: int | None, arguments: SFTConfig) -> int | None:
    if arguments.max_steps > 0:
        return int(arguments.max_steps)
    return None if steps_per_epoch is None else math.ceil(steps_per_epoch * arguments.num_train_epochs)
