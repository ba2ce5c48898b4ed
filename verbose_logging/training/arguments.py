"""TRL's `SFTConfig` from a config: its fields with their types, and defaults that suit the machine and the data."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Mapping
from typing import Any, get_type_hints

import torch
from transformers.utils import is_torch_bf16_gpu_available
from trl import SFTConfig

from verbose_logging import automatic
from verbose_logging.errors import SettingsError, one_line

OUTPUT_DIR = "results"
_EVALUATIONS_OF_A_RUN = 10
_CHECKPOINTING = {
    "gradient_checkpointing": "activation_checkpointing",
    "gradient_checkpointing_kwargs": "activation_checkpointing_kwargs",
}


def argument_types() -> dict[str, Any]:
    """Returns the type of every field of `SFTConfig` in the installed version."""
    types = get_type_hints(SFTConfig)
    return {field.name: types.get(field.name, Any) for field in dataclasses.fields(SFTConfig) if field.init}


def training_arguments(given: Mapping[str, Any], *, positions: int | None, evaluates: bool) -> SFTConfig:
    """Returns the arguments of a training.

    Beside `SFTConfig`'s own defaults: bfloat16 only where the device has it, nothing reported anywhere, no row longer
    than the model has positions, and an evaluation each epoch - of a run that counts steps ten - where there is data
    for it.

    Args:
        given: What the config says; it wins.
        positions: How many positions the model has.
        evaluates: Whether there are rows to evaluate on.

    Raises:
        SettingsError: The arguments do not go together.
    """
    defaults = {
        "output_dir": OUTPUT_DIR,
        "report_to": "none",
        "bf16": is_torch_bf16_gpu_available() and not (given.get("fp16") or given.get("use_cpu")),
        "dataloader_pin_memory": torch.cuda.is_available(),
        "disable_tqdm": not sys.stderr.isatty(),
    }
    chosen = {**defaults, **(_evaluation(given) if evaluates else {}), **_checkpointing(given)}
    if automatic.NAME in (chosen["report_to"] or ()):
        automatic.register()
    if positions:
        longest = chosen.get("max_length", SFTConfig.max_length)
        chosen["max_length"] = min(longest or positions, positions)
    try:
        return SFTConfig(**chosen)
    except (ValueError, TypeError, ImportError, RuntimeError) as error:
        raise SettingsError(one_line(error)) from error


def _checkpointing(given: Mapping[str, Any]) -> dict[str, Any]:
    """Returns what was given, with the names of today's version for the recomputing of activations."""
    known = SFTConfig.__dataclass_fields__
    named = dict(given)
    for old, new in _CHECKPOINTING.items():
        if new in known and new not in given:
            named[new] = named.pop(old, getattr(SFTConfig, old))
    return named


def _evaluation(given: Mapping[str, Any]) -> dict[str, Any]:
    if "eval_steps" in given:
        return {"eval_strategy": "steps"}
    steps = given.get("max_steps", -1)
    if steps > 0:
        return {"eval_strategy": "steps", "eval_steps": max(1, steps // _EVALUATIONS_OF_A_RUN)}
    return {"eval_strategy": "epoch"}
