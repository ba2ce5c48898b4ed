"""What one parameter of a model is, read without touching its values.

A tensor's own `numel()` is not always the answer: packed 4-bit weights hold two to a byte, and DeepSpeed's stage 3 and
PyTorch's distributed tensors hold a part per process.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import msgspec


class Parameter(msgspec.Struct, frozen=True):
    """One parameter.

    Args:
        path: The parts of its name.
        count: Its elements, over all processes, unpacked.
        held_bytes: What this process holds of it, without the constants of its quantization.
        trainable: Whether it gets a gradient.
        dtype: "float32"; where it is packed, the packing ("nf4").
        device: "cuda:0".
    """

    path: tuple[str, ...]
    count: int
    held_bytes: int
    trainable: bool
    dtype: str
    device: str


def parameters_of(model: Any) -> list[Parameter]:
    """Returns the model's parameters, one that stands under several names (tied embeddings) once."""
    named = {id(tensor): (name, tensor) for name, tensor in reversed(list(model.named_parameters()))}
    return [_parameter(name, tensor) for name, tensor in reversed(named.values())]


def true_shape(tensor: Any) -> tuple[int, ...]:
    """Returns the shape of the whole tensor: before it was spread over processes or packed by bitsandbytes."""
    packed = getattr(getattr(tensor, "quant_state", None), "shape", None)
    return tuple(getattr(tensor, "ds_shape", None) or packed or tensor.shape)


def held_bytes(tensors: Iterable[Any]) -> int:
    """Returns the bytes that this process holds of the tensors, each one once."""
    return sum(_held_bytes(tensor) for tensor in {id(tensor): tensor for tensor in tensors}.values())


def _parameter(name: str, tensor: Any) -> Parameter:
    return Parameter(
        path=tuple(name.split(".")),
        count=_count(tensor),
        held_bytes=_held_bytes(tensor),
        trainable=bool(tensor.requires_grad),
        dtype=_dtype(tensor),
        device=str(tensor.device),
    )


def _count(tensor: Any) -> int:
    partitioned = getattr(tensor, "ds_numel", None)
    if partitioned is not None:
        return int(partitioned)
    return math.prod(true_shape(tensor))


def _held_bytes(tensor: Any) -> int:
    parts = (getattr(tensor, name, None) for name in ("ds_tensor", "_local_tensor"))
    held = next((part for part in parts if part is not None), tensor)
    return int(held.numel() * held.element_size())


def _dtype(tensor: Any) -> str:
    packing = getattr(getattr(tensor, "quant_state", None), "quant_type", None)
    return str(packing or tensor.dtype).removeprefix("torch.")
