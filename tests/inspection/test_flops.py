from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
import torch
from peft import LoraConfig, PromptTuningConfig, get_peft_model
from transformers import DebertaV2Config, DebertaV2ForSequenceClassification, MistralConfig, MistralForCausalLM

from benchmarks import flops as benchmark
from verbose_logging.flops.costs import Batch, Cost, FlopCosts
from verbose_logging.inspection.flops import inspect_flops

TEXT = Batch(samples=2, tokens=20, squared_lengths=200)


def costs_of(model: Any, *, causal: bool = True) -> FlopCosts:
    """Returns the costs of a model that is understood."""
    return msgspec.convert(inspect_flops(model, causal=causal), FlopCosts)


@pytest.mark.parametrize("name", benchmark.CASES)
def test_a_step_costs_what_pytorch_counts_while_it_runs(name: str) -> None:
    """Within 2 %, for every kind of model: forward, backward and what checkpointing repeats."""
    torch.manual_seed(0)
    comparison = benchmark.compare(benchmark.CASES[name]())

    assert comparison.counted == pytest.approx(comparison.ours, rel=0.02)


def test_a_token_s_cost_is_that_of_the_weights_it_meets() -> None:
    """Two per weight forward, four backward, the tied head once, embeddings never; worked out by hand."""
    hidden, layers, vocabulary = 48, 2, benchmark.VOCABULARY
    weights = layers * 12 * hidden**2 + hidden * vocabulary

    assert Cost(2 * weights, 4 * weights) == costs_of(benchmark.gpt2()).rows["text"]


def test_causal_attention_counts_half() -> None:
    """Two products of the hidden width per pair and layer, of which a causal layer needs every second one."""
    [attention] = costs_of(benchmark.gpt2()).attention

    assert Cost(2 * 2 * 2 * 48, 2 * 2 * 4 * 48) == attention.per_pair
    assert 100 == attention.pairs(TEXT)


def test_without_causal_attention_counts_whole() -> None:
    """`causal=False` counts every pair, as PaLM and nanoGPT do."""
    [attention] = costs_of(benchmark.gpt2(), causal=False).attention

    assert 200 == attention.pairs(TEXT)


def test_an_encoder_s_attention_is_whole_in_any_case() -> None:
    """Every token of an encoder sees every other."""
    [attention] = costs_of(benchmark.bert()).attention

    assert 200 == attention.pairs(TEXT)


def test_a_sliding_window_bounds_what_a_token_sees() -> None:
    """The window of the configuration is that of the costs, and shortens long sequences only."""
    config = MistralConfig(**benchmark.SHAPE, sliding_window=4)
    [attention] = costs_of(MistralForCausalLM(config)).attention

    assert 4 == attention.window
    assert 20 * (4 - 4**2 / 20) == attention.pairs(TEXT)


def test_packed_weights_cost_as_much_as_unpacked_ones() -> None:
    """A 4-bit layer multiplies with its true shape, whatever its bytes look like."""
    model = benchmark.llama()
    unpacked = costs_of(model)
    projection = model.model.layers[0].mlp.up_proj
    packed = torch.nn.Parameter(torch.zeros(projection.weight.numel() // 2, 1, dtype=torch.uint8), requires_grad=False)
    packed.quant_state = SimpleNamespace(shape=projection.weight.shape, quant_type="nf4")
    projection.weight = packed

    assert unpacked.rows["text"].forward_flops == costs_of(model).rows["text"].forward_flops
    assert unpacked.rows["text"].backward_flops - 2 * 48 * 112 == costs_of(model).rows["text"].backward_flops


def test_adapters_that_are_switched_off_cost_nothing() -> None:
    """Of several adapters only the active one is multiplied with."""
    model = benchmark.lora(["q_proj"], 4)
    alone = costs_of(model)
    model.add_adapter("other", LoraConfig(r=16, target_modules=["q_proj"]))
    model.set_adapter("default")

    assert alone == costs_of(model)


def test_lora_costs_about_two_thirds() -> None:
    """Frozen weights get no gradient: 4 FLOPs per weight and token in place of 6."""
    base = benchmark.lora("all-linear", 1).unload()
    base.requires_grad_()
    whole = costs_of(base)
    adapted = costs_of(benchmark.lora("all-linear", 1))

    assert 0 < adapted.rows["text"].model_flops / whole.rows["text"].model_flops < 0.75


def test_the_cost_is_plain_json() -> None:
    """What is returned can be written down and read back."""
    costs = inspect_flops(benchmark.t5())

    assert costs == msgspec.json.decode(msgspec.json.encode(costs))


def _with_convolution() -> Any:
    return torch.nn.Sequential(torch.nn.Conv2d(3, 3, 3))


def _disentangled() -> Any:
    shape = {**benchmark.SHAPE, "pos_att_type": ["c2p"], "relative_attention": True}
    del shape["num_key_value_heads"]
    return DebertaV2ForSequenceClassification(DebertaV2Config(**shape))


def _prompted() -> Any:
    return get_peft_model(benchmark.llama(), PromptTuningConfig(task_type="CAUSAL_LM", num_virtual_tokens=4))


@pytest.mark.parametrize(
    ("build", "reason"),
    [
        (_with_convolution, "Conv2d does not work token by token"),
        (_disentangled, "pos_att_type"),
        (_prompted, "prompt learning"),
        (lambda: torch.nn.Linear(2, 2), "no attention"),
        (lambda: None, "AttributeError"),
    ],
    ids=["convolution", "disentangled attention", "prompt", "no attention", "no model"],
)
def test_a_model_that_is_not_understood_has_a_reason_and_no_number(build: Any, reason: str) -> None:
    """An unknown cost is said to be unknown, never guessed, and nothing is raised."""
    told = inspect_flops(build())

    assert ["unknown"] == list(told)
    assert reason in told["unknown"]
