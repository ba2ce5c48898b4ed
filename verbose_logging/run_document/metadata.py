"""What a run document says of the surroundings, out of the entries that open a run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from verbose_logging.entries import SystemInitialization, TrainingInitialization, TrainingStart

_MODEL = ("name", "total_parameters", "trainable_parameters")
_DATA = ("type", "size", "fingerprint")


def metadata_of_system(entry: SystemInitialization) -> dict[str, Any]:
    """Returns the run's id, the host and the installed packages."""
    info = entry.system_info
    host = {"hostname": _at(info, "platform", "hostname"), "packages": info.get("packages")}
    return {"schema_version": entry.schema_version} | _known(host)


def metadata_of_training(entry: TrainingInitialization) -> dict[str, Any]:
    """Returns device, dtype, compile, use_zero1, the model and the data in brief; what is not known is left out."""
    arguments, receipt = entry.training_args, entry.mfu_receipt or {}
    found = {
        "device": arguments.get("device", receipt.get("device_type", receipt.get("device_name"))),
        "device_name": receipt.get("device_name"),
        "dtype": arguments.get("dtype", receipt.get("device_dtype")),
        "compile": arguments.get("compile", arguments.get("torch_compile")),
        "use_zero1": arguments.get("use_zero1", _uses_zero1(arguments)),
        "verbosity_level": entry.settings.get("verbosity_level"),
        "log_file": entry.settings.get("log_file"),
        "model": _named(entry.model_info, _MODEL),
        "data": {name: _named(info, _DATA) for name, info in entry.dataset_info.items() if isinstance(info, dict)},
    }
    return _known(found)


def metadata_of_start(entry: TrainingStart) -> dict[str, Any]:
    """Returns the run's id, how many processes train, and how far they plan to come."""
    return _known({"run_id": entry.run_id, "world_size": entry.world_size, "total_steps": entry.total_steps})


def _uses_zero1(arguments: Mapping[str, Any]) -> bool | None:
    """Returns whether DeepSpeed shards the optimizer alone; `None` where its configuration lies in a file."""
    if "deepspeed" not in arguments:
        return None
    configuration = arguments["deepspeed"]
    if isinstance(configuration, str):
        return None
    return bool(_at(configuration, "zero_optimization", "stage") == 1)


def _at(tree: Any, *keys: str) -> Any:
    for key in keys:
        tree = tree.get(key) if isinstance(tree, Mapping) else None
    return tree


def _named(info: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: info[name] for name in names if info.get(name) is not None}


def _known(found: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in found.items() if value is not None and value != {}}
