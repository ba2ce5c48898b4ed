"""The matrix products of a module, read off its shapes: linear layers, routers, stacked experts.

Modules are known by what they have and not by their class, so that quantized layers and adapters' layers count too.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from verbose_logging.inspection.parameters import true_shape

_STACKED = 3  # dimensions of the weight of experts that are kept in one tensor


class Matmul(NamedTuple):
    """The product of a row with one weight.

    Args:
        inputs: Width of the row.
        outputs: Width of the result.
        experts: Weights that are stacked in one tensor.
        trainable: Whether the weight gets a gradient.
    """

    inputs: int
    outputs: int
    experts: int
    trainable: bool


def matmuls_of(module: Any) -> list[Matmul]:
    """Returns the products of a module itself, without its children's. An embedding is a lookup and has none."""
    if hasattr(module, "base_layer") or hasattr(module, "num_embeddings"):
        return []
    weights = dict(module.named_parameters(recurse=False))
    inputs, outputs = getattr(module, "in_features", None), getattr(module, "out_features", None)
    if isinstance(inputs, int) and isinstance(outputs, int):
        return [Matmul(inputs, outputs, 1, _is_trained(weights.get("weight")))]
    shaped = [(true_shape(weight), weight) for weight in weights.values()]
    stacked = [(shape, weight) for shape, weight in shaped if len(shape) == _STACKED]
    if stacked:
        return [Matmul(shape[1], shape[2], shape[0], _is_trained(weight)) for shape, weight in stacked]
    shape = true_shape(weights["weight"]) if "weight" in weights else ()
    if len(shape) != 2:  # noqa: PLR2004 - a matrix; a vector scales and is no product
        return []
    inputs, outputs = shape if type(module).__name__ == "Conv1D" else reversed(shape)
    return [Matmul(inputs, outputs, 1, _is_trained(weights["weight"]))]


def is_trained(module: Any) -> bool:
    """Returns whether any parameter of the module itself, a bias for one, gets a gradient."""
    return any(_is_trained(parameter) for parameter in module.parameters(recurse=False))


def _is_trained(weight: Any) -> bool:
    return bool(getattr(weight, "requires_grad", False))
