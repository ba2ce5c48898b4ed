"""Which layers gradient checkpointing computes twice.

A checkpointed block runs forward again before its backward pass, provided that anything in it needs a gradient.
PyTorch's newer kind (`use_reentrant=False`) stops once it has every activation that the backward pass reads; the
result of the block's last projection is none of them, unless a norm, a dropout or a router's weight comes after it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from verbose_logging.inspection.flops.layers import Layer

_LAST_PROJECTIONS = {"down_proj", "c_proj", "wo", "w2"}
_ATTENTION_OR_ADAPTER = re.compile(r"att|lora")
_NORM_BEHIND = re.compile(r"post_(feedforward|mlp)_(layer)?norm")


class Recomputing:
    """Tells which modules run twice.

    Args:
        layers: The model's layers.
        modules: All modules by path.
    """

    def __init__(self, layers: Iterable[Layer], modules: Mapping[str, Any]) -> None:
        self._blocks = {path for path, module in modules.items() if _is_checkpointed(path, module)}
        self._alive: set[str] = set()
        last: dict[str, Layer] = {}
        for layer in layers:
            block = self._block_of(layer.module)
            if block is not None:
                last[block] = layer
                self._alive |= {block} if layer.gives_gradient else set()
        self._spared = {layer.module for block, layer in last.items() if _is_spared(block, layer, modules)}

    def covers(self, path: str) -> bool:
        """Returns whether what stands at that path runs twice."""
        return self._block_of(path) in self._alive and path not in self._spared

    def _block_of(self, path: str) -> str | None:
        ends = (end for end, character in enumerate(path) if character == ".")
        return next((path[:end] for end in ends if path[:end] in self._blocks), None)


def _is_checkpointed(path: str, module: Any) -> bool:
    """Returns whether it is one of a row of blocks and checkpointed; the flag of a whole model or stack says less."""
    return path.rpartition(".")[2].isdigit() and getattr(module, "gradient_checkpointing", False) is True


def _is_spared(block: str, last: Layer, modules: Mapping[str, Any]) -> bool:
    options = getattr(getattr(modules[block], "_gradient_checkpointing_func", None), "keywords", {})
    if options.get("use_reentrant", True) or last.name not in _LAST_PROJECTIONS or ".experts" in last.owner:
        return False
    inside = {path: module for path, module in modules.items() if path.startswith(f"{block}.")}
    return not any(_reads_its_input(path.removeprefix(block), module) for path, module in inside.items())


def _reads_its_input(path: str, module: Any) -> bool:
    if _NORM_BEHIND.search(path):
        return True
    drops = type(module).__name__ == "Dropout" and getattr(module, "p", 0.0) > 0
    return drops and not _ATTENTION_OR_ADAPTER.search(path.lower())
