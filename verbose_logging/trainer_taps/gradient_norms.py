"""Gradient norms that the Trainer does not compute: per module, and the total where nothing was clipped.

One fused operation gives the norm of every gradient; the result stays on its device until the pipeline's thread reads
it.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import torch

from verbose_logging.facts import Deferred


def module_norms(model: Any) -> Deferred | None:
    """Returns the L2 norm of each module's gradients, to be read later; `None` without gradients.

    A module is a numbered layer ("model.layers.0") or what stands beside the layers ("model.embed_tokens").
    """
    names, gradients = [], []
    for name, parameter in model.named_parameters():
        if parameter.grad is not None:
            names.append(module_of(name))
            gradients.append(parameter.grad.detach())
    if not gradients:
        return None
    norms = torch.stack(torch._foreach_norm(gradients))  # noqa: SLF001 - the fused form that clipping itself uses
    return Deferred(lambda: _by_module(names, norms.float().tolist()))


def total_norm(model: Any) -> Any:
    """Returns the L2 norm of all gradients, still on its device; `None` without gradients."""
    gradients = [parameter.grad.detach() for parameter in model.parameters() if parameter.grad is not None]
    return torch.nn.utils.get_total_norm(gradients) if gradients else None


def module_of(parameter: str) -> str:
    """Returns the module that a parameter is counted with.

    Example:
        >>> module_of("model.layers.3.mlp.up_proj.weight"), module_of("lm_head.weight")
        ('model.layers.3', 'lm_head')
    """
    parts = parameter.split(".")[:-1]
    for place, part in enumerate(parts):
        if part.isdigit():
            return ".".join(parts[: place + 1])
    return ".".join(parts[:2])


def _by_module(names: list[str], norms: list[float]) -> dict[str, float]:
    squares: dict[str, float] = defaultdict(float)
    for name, norm in zip(names, norms, strict=True):
        squares[name] += norm * norm
    return {name: square**0.5 for name, square in squares.items()}
