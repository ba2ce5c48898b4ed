"""Whether the first label counts, as the models' own losses have it."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from transformers import (
    BartConfig,
    BartForConditionalGeneration,
    BertConfig,
    BertForMaskedLM,
    GPT2Config,
    GPT2LMHeadModel,
    LlamaConfig,
    LlamaForCausalLM,
    Qwen2VLConfig,
    Qwen2VLForConditionalGeneration,
    T5Config,
    T5ForConditionalGeneration,
)

from verbose_logging.inspection.next_token import predicts_next_token

SHAPE = {
    "vocab_size": 20, "hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2,
}  # fmt: skip
BART = {"vocab_size": 20, "d_model": 16, "encoder_layers": 1, "decoder_layers": 1, "encoder_ffn_dim": 16}
TOKENS = {"bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 0}


class OwnName(LlamaForCausalLM):  # type: ignore[misc]
    """A user's own class below a known one."""


def sees_pictures() -> Qwen2VLForConditionalGeneration:
    """Returns a decoder that is shown pictures beside its text."""
    text = {**SHAPE, **TOKENS, "num_key_value_heads": 2}
    text["rope_parameters"] = text["rope_scaling"] = {
        "type": "mrope",
        "rope_type": "default",
        "mrope_section": [1, 1, 2],
    }
    vision = {"depth": 1, "embed_dim": 16, "hidden_size": 16, "num_heads": 2}
    return Qwen2VLForConditionalGeneration(Qwen2VLConfig(text_config=text, vision_config=vision, **TOKENS))


MODELS: dict[str, Callable[[], Any]] = {
    "GPT-2": lambda: GPT2LMHeadModel(GPT2Config(vocab_size=20, n_embd=16, n_layer=1, n_head=2)),
    "Llama": lambda: LlamaForCausalLM(LlamaConfig(**SHAPE)),
    "a user's Llama": lambda: OwnName(LlamaConfig(**SHAPE)),
    "Qwen2-VL": sees_pictures,
    "T5": lambda: T5ForConditionalGeneration(
        T5Config(vocab_size=20, d_model=16, d_kv=8, d_ff=16, num_layers=1, num_heads=2, decoder_start_token_id=0)
    ),
    "BART": lambda: BartForConditionalGeneration(BartConfig(**BART, decoder_ffn_dim=16, **TOKENS)),
    "BERT, masked": lambda: BertForMaskedLM(BertConfig(**SHAPE)),
}


@pytest.mark.parametrize("name", MODELS)
def test_the_first_label_counts_where_the_model_s_loss_takes_it(name: str) -> None:
    """A loss over the first label alone is a mean over nothing, NaN, exactly where the labels are shifted."""
    torch.manual_seed(0)
    model = MODELS[name]()
    labels = torch.tensor([[5, -100, -100, -100]])
    loss = model(input_ids=torch.tensor([[5, 6, 7, 8]]), labels=labels).loss.item()

    assert math.isnan(loss) == predicts_next_token(model)
