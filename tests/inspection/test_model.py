from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
import torch
from peft import LoraConfig, get_peft_model
from transformers import (
    GPT2Config,
    GPT2LMHeadModel,
    MixtralConfig,
    MixtralForCausalLM,
    Qwen2Config,
    Qwen2ForCausalLM,
)

from verbose_logging.inspection.model import inspect_model

MB = 1024**2


class _Named:
    """A model of given parameters."""

    def __init__(self, *named: tuple[str, Any]) -> None:
        self._named = named

    def named_parameters(self) -> Iterator[tuple[str, Any]]:
        return iter(self._named)


def _packed(shape: tuple[int, ...], *, quant_type: str = "nf4") -> Any:
    """A 4-bit weight as bitsandbytes keeps it: two elements to a byte, the true shape beside it."""
    tensor = torch.nn.Parameter(torch.zeros(torch.Size(shape).numel() // 2, 1, dtype=torch.uint8), requires_grad=False)
    tensor.quant_state = SimpleNamespace(shape=torch.Size(shape), quant_type=quant_type)
    return tensor


@pytest.fixture(scope="module")
def qwen() -> Qwen2ForCausalLM:
    """A tiny model of 16 x 100 (embeddings) + 16 x 100 (head) + one block of 2,384 + a norm of 16 parameters."""
    config = Qwen2Config(
        vocab_size=100,
        hidden_size=16,
        intermediate_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        num_key_value_heads=1,
        tie_word_embeddings=False,
    )
    return Qwen2ForCausalLM(config)


BLOCK = 16 * 16 + 16 + 2 * (16 * 8 + 8) + 16 * 16 + 3 * 16 * 32 + 2 * 16
TOTAL = 1600 + BLOCK + 16 + 1600


def test_every_parameter_of_a_dense_model_is_active(qwen: Qwen2ForCausalLM) -> None:
    """Without a mixture of experts a token meets all of them."""
    assert TOTAL == inspect_model(qwen)["active_parameters"]


def test_of_a_mixture_the_chosen_experts_are_active() -> None:
    """With 2 of 8 experts chosen, three quarters of the experts' parameters rest."""
    config = MixtralConfig(
        vocab_size=32,
        hidden_size=16,
        intermediate_size=24,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=2,
        num_local_experts=8,
        num_experts_per_tok=2,
    )
    info = inspect_model(MixtralForCausalLM(config))
    experts = 2 * 8 * 3 * 16 * 24

    assert info["total_parameters"] - experts * 6 // 8 == info["active_parameters"]


def test_a_dense_model_is_counted_exactly(qwen: Qwen2ForCausalLM) -> None:
    """Counts, sizes, types and devices are those of the layers, worked out by hand."""
    info = inspect_model(qwen)

    assert (TOTAL, TOTAL, 0) == (
        info["total_parameters"],
        info["trainable_parameters"],
        info["frozen_parameters"],
    )
    assert 100.0 == info["trainable_percent"]
    assert 4 * TOTAL / MB == info["size_mb"]
    assert {"float32": 100.0} == info["dtype_percent"]
    assert ["cpu"] == info["devices"]
    assert "Qwen2ForCausalLM" == info["name"]
    assert info["gradient_checkpointing"] is False


def test_modules_share_the_whole(qwen: Qwen2ForCausalLM) -> None:
    """The top-level modules' parts are those of the layers."""
    modules = inspect_model(qwen)["modules"]

    assert {"model": TOTAL - 1600, "lm_head": 1600} == {name: part["parameters"] for name, part in modules.items()}
    assert 100.0 == pytest.approx(sum(part["percent"] for part in modules.values()))


def test_tied_embeddings_count_once_and_wrappers_are_opened() -> None:
    """A weight that stands under two names is one; below the only module, its children are shown."""
    config = GPT2Config(n_embd=8, n_layer=1, n_head=2, vocab_size=50, n_positions=10)
    info = inspect_model(GPT2LMHeadModel(config))
    block = 2 * 16 + (8 * 24 + 24) + (8 * 8 + 8) + (8 * 32 + 32) + (32 * 8 + 8)

    assert 50 * 8 + 10 * 8 + block + 16 == info["total_parameters"]
    assert {"transformer.wte": 400, "transformer.wpe": 80, "transformer.h": block, "transformer.ln_f": 16} == {
        name: part["parameters"] for name, part in info["modules"].items()
    }


def test_a_model_that_names_a_parameter_twice_has_it_once() -> None:
    """Tied weights count once also where `named_parameters` repeats them; the first name holds."""
    weight = torch.nn.Parameter(torch.zeros(3, 2))
    info = inspect_model(_Named(("embed.weight", weight), ("head.weight", weight), ("head.bias", torch.zeros(4))))

    assert 10 == info["total_parameters"]
    assert {"embed": 6, "head": 4} == {name: part["parameters"] for name, part in info["modules"].items()}


def test_lora_shows_what_is_trained(qwen: Qwen2ForCausalLM) -> None:
    """With LoRA the frozen base and the trained adapter stand apart, and the wrapper hides neither."""
    lora = LoraConfig(r=2, target_modules=["q_proj"], task_type="CAUSAL_LM")
    info = inspect_model(get_peft_model(Qwen2ForCausalLM(qwen.config), lora))
    adapter = 2 * (16 + 16)

    assert (TOTAL + adapter, adapter, TOTAL) == (
        info["total_parameters"],
        info["trainable_parameters"],
        info["frozen_parameters"],
    )
    assert {"base_model.model.model": adapter, "base_model.model.lm_head": 0} == {
        name: part["trainable_parameters"] for name, part in info["modules"].items()
    }
    assert 2 == info["adapters"]["default"]["r"]


def test_packed_weights_count_by_their_true_shape() -> None:
    """A 4-bit weight counts its elements, not its bytes; its size is what is held."""
    info = inspect_model(
        _Named(("body.weight", _packed((64, 32))), ("head.weight", torch.nn.Parameter(torch.ones(512))))
    )

    assert 64 * 32 + 512 == info["total_parameters"]
    assert 512 == info["trainable_parameters"]
    assert (64 * 32 / 2 + 512 * 4) / MB == info["size_mb"]
    assert {"nf4": 80.0, "float32": 20.0} == info["dtype_percent"]


def test_partitioned_weights_count_whole_and_weigh_their_part() -> None:
    """A weight that DeepSpeed has spread over processes counts in full, and its size is this process's share."""
    weight = torch.nn.Parameter(torch.zeros(0))
    weight.ds_numel = 1000
    weight.ds_shape = (10, 100)
    weight.ds_tensor = torch.zeros(250)
    info = inspect_model(_Named(("layer.weight", weight)))

    assert 1000 == info["total_parameters"]
    assert 250 * 4 / MB == info["size_mb"]


def test_values_are_never_touched() -> None:
    """A model without any storage is described in full: nothing reads a value."""
    with torch.device("meta"):
        model = torch.nn.Sequential(torch.nn.Linear(1000, 1000), torch.nn.BatchNorm1d(1000))
    info = inspect_model(model)

    assert 1000 * 1000 + 1000 + 2000 == info["total_parameters"]
    assert ["meta"] == info["devices"]
    assert (2 * 1000 * 4 + 8) / MB == info["buffers_mb"]


def test_the_configuration_says_how_the_model_is_quantized() -> None:
    """Method and bits come from the configuration, which is kept without secrets."""
    config = {"quantization_config": {"quant_method": "bitsandbytes", "load_in_4bit": True}, "token": "swordfish"}
    model = _Named()
    model.config = SimpleNamespace(  # type: ignore[attr-defined]
        architectures=["LlamaForCausalLM"], to_dict=lambda: config, quantization_config=config["quantization_config"]
    )
    info = inspect_model(model)

    assert {"method": "bitsandbytes", "bits": 4} == info["quantization"]
    assert "LlamaForCausalLM" == info["architecture"]
    assert "[redacted]" == info["config"]["token"]


def test_a_model_without_parameters_has_none() -> None:
    """No parameters is a count of 0 and no shares."""
    info = inspect_model(torch.nn.Identity())

    assert {"name": "Identity", "total_parameters": 0} == {key: info[key] for key in ("name", "total_parameters")}
    assert "trainable_percent" not in info


def test_what_cannot_be_counted_is_absent() -> None:
    """A parameter without a shape yet makes the total unknown, not wrong; the rest is told."""
    assert {"name": "LazyLinear", "buffers_mb": 0.0} == inspect_model(torch.nn.LazyLinear(3))


@pytest.mark.parametrize(("expected", "model"), [({}, None), ({"name": "object"}, object()), ({"name": "int"}, 3)])
def test_anything_can_be_given(expected: dict[str, Any], model: Any) -> None:
    """What is no model gives what can be said of it."""
    assert expected == inspect_model(model)


def test_the_description_is_plain(qwen: Qwen2ForCausalLM) -> None:
    """The description can be written as it is."""
    info = inspect_model(qwen)

    assert info == msgspec.json.decode(msgspec.json.encode(info))
