"""Whether a model predicts the token that comes next: what its labels and its attention look at depends on that."""

from __future__ import annotations

from typing import Any

_DECODERS = ("ForCausalLM", "LMHeadModel", "ForConditionalGeneration")


def predicts_next_token(model: Any) -> bool:
    """Returns whether a model's loss compares each position with the label after it, so that the first never counts.

    A decoder does, also one that is shown pictures or sound beside its text. One that reads an encoder's text does not:
    its input is shifted instead, and every label counts.

    Args:
        model: A live transformers model, or a class of a user's own below one.

    Example:
        >>> from transformers import GPT2Config, GPT2LMHeadModel, T5Config, T5ForConditionalGeneration
        >>> gpt2 = GPT2LMHeadModel(GPT2Config(n_layer=0, n_embd=2, n_head=1, vocab_size=2))
        >>> sizes = {"d_model": 2, "d_kv": 1, "d_ff": 2, "num_heads": 1, "num_layers": 1}
        >>> t5 = T5ForConditionalGeneration(T5Config(**sizes, vocab_size=2))
        >>> predicts_next_token(gpt2), predicts_next_token(t5)
        (True, False)
    """
    if getattr(getattr(model, "config", None), "is_encoder_decoder", False):
        return False
    return any(kind.__name__.endswith(_DECODERS) for kind in type(model).__mro__)
