"""When the cost of a model cannot be told, and why."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

_KNOWN_ATTENTION = {"full_attention", "sliding_attention"}


class UnknownCostError(Exception):
    """A part of the model does work that is not understood; the message names it. Never leaves the inspection."""


def check_understood(modules: Iterable[Any], config: Any) -> None:
    """Checks that nothing in a model works on other rows than its tokens, or attends in another way than we count.

    Raises:
        UnknownCostError: Something does.
    """
    for module in modules:
        name = type(module).__name__
        if hasattr(module, "kernel_size") or name in {"LSTM", "GRU", "RNN"}:
            raise UnknownCostError(f"{name} does not work token by token")
        if getattr(getattr(module, "active_peft_config", None), "is_prompt_learning", False):
            raise UnknownCostError("prompt learning adds tokens that the batch does not show")
    if set(getattr(config, "layer_types", None) or ()) - _KNOWN_ATTENTION:
        raise UnknownCostError("a kind of attention that is not understood")
    for name in ("pos_att_type", "attention_window", "num_hidden_groups"):
        if getattr(config, name, None):
            raise UnknownCostError(f"a model with {name} works in a way that is not understood")
