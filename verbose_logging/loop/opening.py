"""What is read once where a plain loop begins: its process, its configuration, its model.

Works without torch; where torch is loaded already, it is asked.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Any

from verbose_logging.capture.lineage import lineage_of_checkpoint
from verbose_logging.facts import Deferred, Lineage, Restored, TrainingInspected
from verbose_logging.inspection import inspect_flops, inspect_model, inspect_training_args, redact
from verbose_logging.plain import plain
from verbose_logging.settings import Settings

_SOURCES = {
    "loss": "given to the logger",
    "grad_norm": "given to the logger",
    "learning_rate": "given to the logger",
    "tokens": "given to the logger",
    "timing": "gaps between calls of the logger, host clock",
}
_DTYPES = {
    "bfloat16": "bf16",
    "bf16": "bf16",
    "float16": "fp16",
    "fp16": "fp16",
    "half": "fp16",
    "float32": "fp32",
    "fp32": "fp32",
}


def rank_and_world_size(environ: Mapping[str, str]) -> tuple[int, int]:
    """Returns this process's rank and their number: of torch's process group, or else as the launcher says.

    Example:
        >>> rank_and_world_size({"RANK": "1", "WORLD_SIZE": "4"})
        (1, 4)
    """
    group = getattr(sys.modules.get("torch"), "distributed", None)
    if group is not None and group.is_available() and group.is_initialized():
        return group.get_rank(), group.get_world_size()
    return int(environ.get("RANK", "0")), int(environ.get("WORLD_SIZE", "1"))


def loop_resumed(log_path: Path, checkpoint: str | None, finished: int) -> list[Restored]:
    """Returns the run that our log says a checkpoint belongs to; looked up on the recorder's thread.

    A checkpoint carries the number of the step that it was saved at. A loop that counts from 0 and saves behind its
    step has finished one more than that.

    Args:
        log_path: The log.
        checkpoint: Its path; `None` where the loop does not resume.
        finished: How many steps were finished before.
    """
    if checkpoint is None:
        return []

    def look_up() -> Lineage | None:
        known = (lineage_of_checkpoint(log_path, checkpoint, step) for step in (finished, finished - 1))
        return next((lineage for lineage in known if lineage is not None), None)

    return [Restored(monotonic(), Deferred(look_up))]


def loop_inspected(settings: Settings, config: Any, model: Any, *, world_size: int) -> TrainingInspected:
    """Returns what will be trained, and how, as far as a loop says it.

    Args:
        settings: Our own options.
        config: The loop's configuration: a mapping, or anything with attributes; `None` for none.
        model: The model, of any library; parameters and FLOPs are known of a torch module.
        world_size: How many processes the job has.
    """
    arguments = inspect_training_args(config) if config is not None else {}
    return TrainingInspected(
        monotonic(),
        training_args=arguments,
        model_info=inspect_model(model),
        dataset_info={},
        settings=redact(plain(settings.described())),
        metric_sources=_SOURCES,
        flop_costs=Deferred(partial(inspect_flops, model)) if model is not None else None,
        devices=_devices(arguments, model, world_size) if model is not None else None,
    )


def _devices(arguments: Mapping[str, Any], model: Any, world_size: int) -> dict[str, Any]:
    device = next((parameter.device for parameter in _parameters(model)), None)
    known: dict[str, Any] = {"count": world_size}
    if device is not None:
        torch = sys.modules["torch"]
        known["name"] = torch.cuda.get_device_name(device) if device.type == "cuda" else device.type
    dtype = _compute_dtype(arguments, model)
    return known | ({"dtype": dtype} if dtype else {})


def _compute_dtype(arguments: Mapping[str, Any], model: Any) -> str | None:
    """Returns the type of the matrix products: as the configuration says, else that of half-precision weights.

    Weights in float32 do not tell: a loop may compute in another type under autocast.
    """
    for name in ("dtype", "mixed_precision"):
        if (stated := _DTYPES.get(str(arguments.get(name)).removeprefix("torch."))) is not None:
            return stated
    weights = next((str(parameter.dtype).removeprefix("torch.") for parameter in _parameters(model)), "")
    return _DTYPES.get(weights) if weights in {"bfloat16", "float16"} else None


def _parameters(model: Any) -> Any:
    return model.parameters() if hasattr(model, "parameters") and "torch" in sys.modules else ()
