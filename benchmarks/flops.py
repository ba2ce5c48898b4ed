"""How close the counted FLOPs come to those that PyTorch counts while a model trains, beside the Trainer's estimate.

Models are tiny and made from configurations; sizes are such that every term matters. Attention and experts are plain
matrix products here, because PyTorch's counter does not see the fused ones on a CPU, and count in full.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec
import torch
from peft import LoraConfig, TaskType, get_peft_model
from rich.table import Table
from torch.utils.flop_counter import FlopCounterMode
from transformers import (
    BartConfig,
    BartForConditionalGeneration,
    BertConfig,
    BertForSequenceClassification,
    DeepseekV3Config,
    DeepseekV3ForCausalLM,
    GPT2Config,
    GPT2LMHeadModel,
    LlamaConfig,
    LlamaForCausalLM,
    MixtralConfig,
    MixtralForCausalLM,
    PreTrainedModel,
    Qwen2Config,
    Qwen2ForCausalLM,
    Qwen2MoeConfig,
    Qwen2MoeForCausalLM,
    T5Config,
    T5ForConditionalGeneration,
)

from benchmarks.tables import show
from verbose_logging.flops.costs import Batch, FlopCosts
from verbose_logging.inspection.flops import inspect_flops

SAMPLES, LENGTH, DECODER_LENGTH = 3, 40, 24
VOCABULARY = 311
SHAPE = {
    "vocab_size": VOCABULARY,
    "hidden_size": 48,
    "intermediate_size": 112,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
}
EXPERTS = {"num_experts_per_tok": 2, "attn_implementation": "eager"}


class Comparison(NamedTuple):
    """FLOPs of one training step.

    Args:
        ours: What we count.
        counted: What PyTorch counted while the step ran.
        trainer: What the Trainer adds to its `total_flos`.
    """

    ours: float
    counted: float
    trainer: float


def gpt2(**options: Any) -> PreTrainedModel:
    """Returns a GPT-2, whose head is its embedding."""
    sizes = {"n_embd": 48, "n_layer": 2, "n_head": 4, "n_positions": 64, "bos_token_id": 0, "eos_token_id": 0}
    return GPT2LMHeadModel(GPT2Config(vocab_size=VOCABULARY, **sizes, **options, attn_implementation="eager"))


def llama(**options: Any) -> PreTrainedModel:
    """Returns a Llama with a head of its own and grouped queries."""
    return LlamaForCausalLM(
        LlamaConfig(**SHAPE, **options, pad_token_id=0, tie_word_embeddings=False, attn_implementation="eager")
    )


def lora(targets: list[str] | str, rank: int, **options: Any) -> Any:
    """Returns a Qwen2 with LoRA."""
    model = Qwen2ForCausalLM(Qwen2Config(**SHAPE, attn_implementation="eager"))
    return get_peft_model(model, LoraConfig(r=rank, target_modules=targets, task_type=TaskType.CAUSAL_LM, **options))


def mixtral() -> PreTrainedModel:
    """Returns a mixture of four experts, two of them active."""
    return _plain_experts(MixtralForCausalLM(MixtralConfig(**SHAPE, **EXPERTS, num_local_experts=4)))


def qwen_moe() -> PreTrainedModel:
    """Returns a mixture of six experts and one that every token meets."""
    sizes = {"num_experts": 6, "moe_intermediate_size": 32, "shared_expert_intermediate_size": 64}
    return _plain_experts(Qwen2MoeForCausalLM(Qwen2MoeConfig(**SHAPE, **EXPERTS, **sizes)))


def deepseek() -> PreTrainedModel:
    """Returns a mixture with a dense first layer and attention through a bottleneck."""
    attention = {"q_lora_rank": 16, "kv_lora_rank": 16, "qk_rope_head_dim": 8, "qk_nope_head_dim": 8, "v_head_dim": 12}
    experts = {"n_routed_experts": 4, "n_group": 2, "topk_group": 1, "moe_intermediate_size": 32}
    shape = {**SHAPE, "num_key_value_heads": 4, "first_k_dense_replace": 1, "pad_token_id": 0}
    return _plain_experts(DeepseekV3ForCausalLM(DeepseekV3Config(**shape, **attention, **experts, **EXPERTS)))


def bert(frozen: str = "") -> PreTrainedModel:
    """Returns a BERT with a head on the whole sample; what is named in `frozen` is not trained."""
    shape = {name: size for name, size in SHAPE.items() if name != "num_key_value_heads"}
    model = BertForSequenceClassification(BertConfig(**shape, max_position_embeddings=64, attn_implementation="eager"))
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(not (frozen and frozen in name))
    return model


def t5(**options: Any) -> PreTrainedModel:
    """Returns a T5, whose text and whose decoder's text differ in length."""
    sizes = {"d_model": 48, "d_kv": 16, "d_ff": 112, "num_layers": 2, "num_heads": 4, "decoder_start_token_id": 0}
    return T5ForConditionalGeneration(
        T5Config(vocab_size=VOCABULARY, **sizes, **options, pad_token_id=0, attn_implementation="eager")
    )


def bart() -> PreTrainedModel:
    """Returns a BART, which computes keys and values before queries."""
    layers = {"encoder_layers": 2, "decoder_layers": 2, "encoder_ffn_dim": 96, "decoder_ffn_dim": 96}
    heads = {"encoder_attention_heads": 4, "decoder_attention_heads": 4}
    sizes = {"vocab_size": VOCABULARY, "d_model": 48, "max_position_embeddings": 64}
    return BartForConditionalGeneration(BartConfig(**sizes, **layers, **heads, attn_implementation="eager"))


def checkpointed(model: Any, *, reentrant: bool) -> Any:
    """Returns the model with gradient checkpointing."""
    if hasattr(model, "peft_config"):
        model.enable_input_require_grads()
    model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": reentrant})
    return model


CASES: dict[str, Callable[[], Any]] = {
    "GPT-2, tied": gpt2,
    "Llama, untied, grouped queries": llama,
    "Qwen2, LoRA 4, all layers": lambda: lora("all-linear", 4),
    "Qwen2, LoRA 16, all layers": lambda: lora("all-linear", 16),
    "Qwen2, LoRA 16, query and value": lambda: lora(["q_proj", "v_proj"], 16),
    "Qwen2, LoRA 2, value": lambda: lora(["v_proj"], 2),
    "Qwen2, LoRA 8, gate and key": lambda: lora(["gate_proj", "k_proj"], 8),
    "Qwen2, LoRA 8, last layer": lambda: lora(["q_proj", "up_proj"], 8, layers_to_transform=[1]),
    "Mixtral": mixtral,
    "Qwen2-MoE": qwen_moe,
    "DeepSeek-V3": deepseek,
    "BERT, classification": bert,
    "BERT, only the head": lambda: bert(frozen="bert."),
    "BERT, LoRA": lambda: get_peft_model(
        bert(), LoraConfig(r=4, target_modules=["query", "value"], task_type=TaskType.SEQ_CLS)
    ),
    "T5": t5,
    "T5, gated": lambda: t5(feed_forward_proj="gated-gelu"),
    "BART": bart,
    "Llama, checkpointed": lambda: checkpointed(llama(), reentrant=False),
    "Llama, checkpointed, reentrant": lambda: checkpointed(llama(), reentrant=True),
    "GPT-2, checkpointed": lambda: checkpointed(gpt2(), reentrant=False),
    "Qwen2, LoRA 8, checkpointed": lambda: checkpointed(lora("all-linear", 8), reentrant=False),
    "Qwen2-MoE, checkpointed": lambda: checkpointed(qwen_moe(), reentrant=False),
    "T5, checkpointed": lambda: checkpointed(t5(), reentrant=False),
}


def compare(model: Any) -> Comparison:
    """Returns the FLOPs of one step of a model, counted in three ways."""
    model.train()
    costs = msgspec.convert(inspect_flops(model, causal=False), FlopCosts)
    tokens = SAMPLES * LENGTH
    ours = costs.of(Batch(SAMPLES, tokens, tokens * LENGTH, SAMPLES * DECODER_LENGTH))
    with FlopCounterMode(display=False) as counter:
        model(**_batch(model)).loss.backward()
    trainer = 6.0 * tokens * model.num_parameters(exclude_embeddings=True)
    return Comparison(ours.hardware_flops, float(counter.get_total_flops()), trainer)


def main() -> None:
    """Prints the table."""
    table = Table(title="FLOPs of a training step, as a multiple of those counted while it ran")
    for heading in ("model", "counted (MFLOP)", "ours", "Trainer's total_flos"):
        table.add_column(heading, justify="left" if heading == "model" else "right")
    for name, build in CASES.items():
        torch.manual_seed(0)
        ours, counted, trainer = compare(build())
        table.add_row(name, f"{counted / 1e6:.1f}", f"{ours / counted:.3f}", f"{trainer / counted:.3f}")
    show(table)


def _batch(model: Any) -> dict[str, torch.Tensor]:
    ids = torch.randint(1, VOCABULARY, (SAMPLES, LENGTH))
    labels = ids
    if model.config.is_encoder_decoder:
        labels = torch.randint(1, VOCABULARY, (SAMPLES, DECODER_LENGTH))
    elif any(name.endswith("classifier") for name, _ in model.named_modules()):
        labels = torch.zeros(SAMPLES, dtype=torch.long)
    return {"input_ids": ids, "attention_mask": torch.ones_like(ids), "labels": labels}


def _plain_experts(model: PreTrainedModel) -> PreTrainedModel:
    if hasattr(model, "set_experts_implementation"):  # transformers 5
        model.set_experts_implementation("eager")
    return model


if __name__ == "__main__":
    main()
