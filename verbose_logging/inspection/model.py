"""What is known of a model without touching the values of its tensors: sizes, types, devices, parts, configuration."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from verbose_logging.inspection.experts import active_share
from verbose_logging.inspection.parameters import Parameter, held_bytes, parameters_of
from verbose_logging.inspection.sections import gather
from verbose_logging.inspection.unknown_cost import UnknownCostError
from verbose_logging.probes.units import mb, percent


def inspect_model(model: Any) -> dict[str, Any]:
    """Returns what can be told of anything that has `named_parameters()`; `{}` for `None`.

    name, architecture; total_parameters, trainable_parameters, frozen_parameters, trainable_percent, active_parameters
    (those that a token meets); size_mb (what this process holds), buffers_mb; dtype_percent (share of the parameters by
    type), devices; modules (parameters, trainable_parameters and percent by top-level module); gradient_checkpointing,
    quantization, adapters, config.
    What cannot be told is absent.
    """
    if model is None:
        return {}
    config = getattr(model, "config", None)
    return gather(
        {
            "name": lambda: type(model).__name__,
            "architecture": lambda: _architecture(config),
            "gradient_checkpointing": lambda: _checkpoints_activations(model),
            "quantization": lambda: _quantization(config),
            "adapters": lambda: getattr(model, "peft_config", None),
            "config": lambda: _items(config),
        }
    ) | _tensors(model)


def _tensors(model: Any) -> dict[str, Any]:
    read = gather(
        {
            "parameters": lambda: _parameters(model),
            "active_parameters": lambda: _active_parameters(model),
            "buffers_mb": lambda: mb(held_bytes(buffer for _, buffer in model.named_buffers())),
        }
    )
    parameters: dict[str, Any] = read.pop("parameters", {})
    return parameters | read


def _parameters(model: Any) -> dict[str, Any]:
    parameters = parameters_of(model)
    total = _total(parameters)
    trainable = _total_trainable(parameters)
    facts: dict[str, Any] = {
        "total_parameters": total,
        "trainable_parameters": trainable,
        "frozen_parameters": total - trainable,
        "size_mb": mb(sum(parameter.held_bytes for parameter in parameters)),
    }
    if total:
        facts |= {
            "trainable_percent": percent(trainable, total),
            "dtype_percent": _dtype_percent(parameters, total),
            "devices": sorted({parameter.device for parameter in parameters}),
            "modules": _modules(parameters, total),
        }
    return facts


def _active_parameters(model: Any) -> int | None:
    """Returns how many parameters work on a token: of a mixture's experts, those that the router chooses."""
    modules = dict(model.named_modules())
    try:
        parts = [
            parameter.count * active_share(".".join(parameter.path), modules, stacked=1)
            for parameter in parameters_of(model)
        ]
    except UnknownCostError:
        return None
    return round(sum(parts))


def _total(parameters: Sequence[Parameter]) -> int:
    return sum(parameter.count for parameter in parameters)


def _total_trainable(parameters: Sequence[Parameter]) -> int:
    return sum(parameter.count for parameter in parameters if parameter.trainable)


def _dtype_percent(parameters: Sequence[Parameter], total: int) -> dict[str, float]:
    counts: Counter[str] = Counter()
    for parameter in parameters:
        counts[parameter.dtype] += parameter.count
    return {dtype: percent(count, total) for dtype, count in counts.most_common()}


def _modules(parameters: Sequence[Parameter], total: int) -> dict[str, dict[str, Any]]:
    """Returns the shares of the first modules that stand side by side: a wrapper with one child tells nothing."""
    depth = _branching_depth([parameter.path for parameter in parameters])
    groups: dict[str, list[Parameter]] = {}
    for parameter in parameters:
        groups.setdefault(".".join(parameter.path[: depth + 1]), []).append(parameter)
    return {
        name: {
            "parameters": _total(group),
            "trainable_parameters": _total_trainable(group),
            "percent": percent(_total(group), total),
        }
        for name, group in groups.items()
    }


def _branching_depth(paths: Sequence[tuple[str, ...]]) -> int:
    """Returns how many leading parts all paths share, short of the last part of any.

    Example:
        >>> _branching_depth([("module", "body", "weight"), ("module", "head", "weight")])
        1
    """
    shortest = min(len(path) for path in paths)
    return next((depth for depth in range(shortest) if len({path[depth] for path in paths}) > 1), shortest - 1)


def _architecture(config: Any) -> str | None:
    named = getattr(config, "architectures", None)
    return str(named[0]) if named else getattr(config, "model_type", None)


def _checkpoints_activations(model: Any) -> bool | None:
    """Returns what the model says of itself; newer versions of transformers warn about the older name."""
    names = (name for name in ("is_activation_checkpointing", "is_gradient_checkpointing") if hasattr(model, name))
    claim = getattr(model, next(names, ""), None)
    return claim if isinstance(claim, bool) else None


def _quantization(config: Any) -> dict[str, Any]:
    """Returns method and bits, as far as the configuration names them."""
    settings = _items(getattr(config, "quantization_config", None))
    bits = 4 if settings.get("load_in_4bit") else 8 if settings.get("load_in_8bit") else settings.get("bits")
    return gather({"method": lambda: settings.get("quant_method"), "bits": lambda: bits})


def _items(config: Any) -> dict[str, Any]:
    if config is None:
        return {}
    return dict(config) if isinstance(config, Mapping) else dict(config.to_dict())
