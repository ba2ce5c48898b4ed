"""The estimate of a training's memory, against figures for the head and against real tensors."""

from __future__ import annotations

import pytest
import torch
from transformers import Qwen2Config, Qwen2ForCausalLM

from verbose_logging.training.memory import Activations, Memory, Parameter, activations_of, estimate

WHOLE = {"quantization": "none", "activations": None}


def test_full_training_takes_four_times_the_weights() -> None:
    """Weights and gradients at four bytes, Adam's two states at four each."""
    weights = [Parameter(1000, 4, is_trained=True, is_quantized=False)]

    assert Memory(4000, 4000, 8000, None) == estimate(weights, optimizer="adamw_torch", **WHOLE)


def test_lora_pays_for_what_it_trains() -> None:
    """Frozen weights have neither gradients nor states; quantized ones take half a byte and their scales."""
    frozen = Parameter(8000, 2, is_trained=False, is_quantized=True)
    adapter = Parameter(100, 4, is_trained=True, is_quantized=False)

    assert Memory(4127 + 400, 400, 800, None) == estimate(
        [frozen, adapter], optimizer="adamw_torch", quantization="4bit", activations=None
    )


def test_an_unknown_optimizer_leaves_the_total_unknown() -> None:
    """What is not in the table is not guessed."""
    memory = estimate([Parameter(10, 4, is_trained=True, is_quantized=False)], optimizer="galore_adamw", **WHOLE)

    assert (None, None) == (memory.optimizer, memory.total)


def test_the_total_is_the_sum() -> None:
    """All four parts together."""
    assert 10 == Memory(1, 2, 3, 4).total


@pytest.mark.trainer
def test_weights_gradients_and_states_are_those_of_a_real_step() -> None:
    """After a step of AdamW the tensors take what was estimated, but for the states' step counters."""
    model = Qwen2ForCausalLM(_small())
    optimizer = torch.optim.AdamW(model.parameters())
    tokens = torch.zeros(1, 4, dtype=torch.long)
    model(input_ids=tokens, labels=tokens).loss.backward()
    optimizer.step()
    parameters = list(model.parameters())
    states = [value for state in optimizer.state.values() for name, value in state.items() if name != "step"]

    memory = estimate(
        [Parameter(each.numel(), each.element_size(), each.requires_grad, is_quantized=False) for each in parameters],
        optimizer="adamw_torch",
        **WHOLE,
    )

    gradients = [each.grad for each in parameters if each.grad is not None]
    assert (_bytes(parameters), _bytes(gradients), _bytes(states)) == memory[:3]


@pytest.mark.trainer
def test_activations_are_near_what_a_forward_pass_keeps() -> None:
    """What autograd saves for the backward pass is within a third of the estimate."""
    config = _small()
    model = Qwen2ForCausalLM(config)
    own = {parameter.data_ptr() for parameter in model.parameters()}
    kept: dict[int, int] = {}

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in own:
            kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    tokens = torch.zeros(8, 128, dtype=torch.long)
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        loss = model(input_ids=tokens, labels=tokens).loss

    activations = activations_of(config, tokens=tokens.numel(), bytes_each=4, is_recomputed=False)
    assert loss.requires_grad
    assert activations is not None
    assert activations.total_bytes == pytest.approx(sum(kept.values()), rel=1 / 3)


def test_recomputing_saves_memory() -> None:
    """With recomputing one layer is kept in full, not all."""
    kept, recomputed = (Activations(1000, 24, 512, 0, 2, is_recomputed).total_bytes for is_recomputed in (False, True))

    assert recomputed < kept / 5


def _bytes(tensors: list[torch.Tensor]) -> int:
    return sum(tensor.numel() * tensor.element_size() for tensor in tensors)


def _small() -> Qwen2Config:
    return Qwen2Config(
        vocab_size=1000,
        hidden_size=64,
        intermediate_size=172,
        num_hidden_layers=4,
        num_attention_heads=4,
        num_key_value_heads=2,
        tie_word_embeddings=True,
    )
