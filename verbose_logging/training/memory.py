"""How much memory a training takes on each device, estimated before it begins.

- Weights: each parameter in its own type; 4-bit ones take 4.127 bits with their scales (QLoRA, Dettmers et al. 2023).
- Gradients: each trained parameter in its own type.
- Optimizer: its states for each trained parameter; unknown for an optimizer that is not in the table.
- Activations: 17 values for each token, layer and hidden unit (Korthikanti et al. 2022: 34 bytes at two bytes a value,
  without the attention's matrix, which fused attention does not keep). Recomputed, it is one value, and one layer in
  full. The logits come on top, once in the training's type and twice in 32 bits. Rows count as long as they may be.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

_VALUES_PER_LAYER = 17
_BYTES_OF_OPTIMIZER = {  # states for each trained parameter
    "adamw_torch": 8.0,
    "adamw_torch_fused": 8.0,
    "adamw_torch_8bit": 2.0,
    "adamw_bnb_8bit": 2.0,
    "adamw_8bit": 2.0,
    "paged_adamw_32bit": 8.0,
    "paged_adamw_8bit": 2.0,
    "lion_32bit": 4.0,
    "lion_8bit": 1.0,
    "sgd": 0.0,
}
_BYTES_QUANTIZED = {"4bit": 4.127 / 8, "8bit": 1.0}


class Memory(NamedTuple):
    """Bytes on each device; `None` where they are not known."""

    weights: int
    gradients: int
    optimizer: int | None
    activations: int | None

    @property
    def total(self) -> int | None:
        """All of it; `None` where a part is not known."""
        if self.optimizer is None or self.activations is None:
            return None
        return self.weights + self.gradients + self.optimizer + self.activations


class Parameter(NamedTuple):
    """A model's parameter, as far as its memory goes.

    Args:
        size: How many values it has.
        bytes_each: Bytes of one value as it is loaded.
        is_trained: Whether it is trained.
        is_quantized: Whether quantization takes it.
    """

    size: int
    bytes_each: int
    is_trained: bool
    is_quantized: bool


class Activations(NamedTuple):
    """What the activations' size depends on.

    Args:
        tokens: Tokens of one device's batch, rows as long as they may be.
        layers: Layers of the model.
        hidden_size: Its hidden units.
        vocabulary: Its vocabulary.
        bytes_each: Bytes of one value while training.
        is_recomputed: Whether the backward pass computes them again.
    """

    tokens: int
    layers: int
    hidden_size: int
    vocabulary: int
    bytes_each: int
    is_recomputed: bool

    @property
    def total_bytes(self) -> int:
        """Bytes of all of them.

        Example:
            >>> Activations(8, 2, 16, 100, 4, is_recomputed=False).total_bytes == 8 * (2 * 17 * 16 * 4 + 100 * 12)
            True
        """
        layer = _VALUES_PER_LAYER * self.hidden_size * self.bytes_each
        kept = layer + self.layers * self.hidden_size * self.bytes_each if self.is_recomputed else self.layers * layer
        return self.tokens * (kept + self.vocabulary * (self.bytes_each + 8))


def estimate(
    parameters: Iterable[Parameter], *, optimizer: str, quantization: str, activations: Activations | None
) -> Memory:
    """Returns the memory that a training takes.

    Args:
        parameters: The model's.
        optimizer: The optimizer's name, as `SFTConfig.optim` has it.
        quantization: "none", "4bit" or "8bit".
        activations: What their size depends on; `None` where that is not known.

    Example:
        >>> estimate([Parameter(100, 4, True, False)], optimizer="adamw_torch", quantization="none", activations=None)
        Memory(weights=400, gradients=400, optimizer=800, activations=None)
    """
    weights = gradients = trained = 0.0
    for parameter in parameters:
        quantized = _BYTES_QUANTIZED.get(quantization) if parameter.is_quantized else None
        weights += parameter.size * (quantized or parameter.bytes_each)
        gradients += parameter.size * parameter.bytes_each * parameter.is_trained
        trained += parameter.size * parameter.is_trained
    states = _BYTES_OF_OPTIMIZER.get(optimizer)
    return Memory(
        weights=round(weights),
        gradients=round(gradients),
        optimizer=None if states is None else round(trained * states),
        activations=None if activations is None else activations.total_bytes,
    )


def activations_of(config: Any, *, tokens: int, bytes_each: int, is_recomputed: bool) -> Activations | None:
    """Returns what the activations' size depends on; `None` where a model's config does not say it."""
    try:
        layers, hidden_size, vocabulary = config.num_hidden_layers, config.hidden_size, config.vocab_size
    except AttributeError:
        return None
    return Activations(tokens, layers, hidden_size, vocabulary, bytes_each, is_recomputed)
