"""SFT, DPO and Reward: each step's loss and norm are the Trainer's own, whatever the trainer does inside."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers
from datasets import Dataset
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast, Qwen2Config, Qwen2ForCausalLM, Qwen2ForSequenceClassification
from trl import DPOConfig, DPOTrainer, RewardConfig, RewardTrainer, SFTConfig, SFTTrainer

from tests.logs import read_lines
from verbose_logging import VerboseLoggingCallback

pytestmark = [pytest.mark.trainer, pytest.mark.filterwarnings("ignore")]

WORDS = ["<pad>", "<eos>", "a", "cynic", "sees", "things", "as", "they", "are", "not", "ought", "to", "be"]
TOLERANCE = 5e-5 if transformers.__version__.startswith("4.") else 1e-5
CONFIG = {
    "hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2,
    "num_key_value_heads": 2, "vocab_size": len(WORDS), "max_position_embeddings": 64, "pad_token_id": 0,
    "bos_token_id": 1, "eos_token_id": 1,
}  # fmt: skip
ARGUMENTS = {
    "max_steps": 4, "per_device_train_batch_size": 2, "gradient_accumulation_steps": 2, "logging_steps": 1,
    "report_to": "none", "use_cpu": True, "bf16": False, "disable_tqdm": True, "save_strategy": "no",
    "gradient_checkpointing": False,
}  # fmt: skip


@pytest.fixture
def tokenizer() -> PreTrainedTokenizerFast:
    """A tokenizer of thirteen words."""
    words = Tokenizer(models.WordLevel({word: number for number, word in enumerate(WORDS)}, unk_token="a"))  # noqa: S106
    words.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    return PreTrainedTokenizerFast(tokenizer_object=words, pad_token="<pad>", eos_token="<eos>")  # noqa: S106


def trained(trainer_class: type, config: Any, model: Any, rows: list[dict[str, str]], **more: Any) -> Any:
    """Trains with the callback and returns the Trainer and the log's lines."""
    torch.manual_seed(0)
    log_file = Path(config.output_dir) / "log.jsonl"
    callback = VerboseLoggingCallback("high", log_file=str(log_file), console="off")
    trainer = trainer_class(
        model=model, args=config, train_dataset=Dataset.from_list(rows * 8), callbacks=[callback], **more
    )
    trainer.train()
    callback.close()
    return trainer, read_lines(log_file)


def assert_equal_to_the_trainers(trainer: Any, lines: list[dict[str, Any]]) -> None:
    """The loss and the gradient norm of each step are what the Trainer logged for it."""
    history = [entry for entry in trainer.state.log_history if "loss" in entry]
    steps = [line["metrics"] for line in lines if line["type"] == "training_step_complete"]
    sources = next(line for line in lines if line["type"] == "training_initialization")["metric_sources"]

    assert "training_step" in sources["loss"]
    assert 4 == len(history) == len(steps)
    assert pytest.approx([entry["loss"] for entry in history], abs=TOLERANCE) == [step["loss"] for step in steps]
    assert pytest.approx([entry["grad_norm"] for entry in history], abs=TOLERANCE) == [
        step["grad_norm"] for step in steps
    ]


def test_sft(tokenizer: PreTrainedTokenizerFast, tmp_path: Path) -> None:
    """Supervised fine-tuning; tokens are those of its batches and agree with TRL's own count."""
    rows = [{"text": "a cynic sees things as they are"}, {"text": "not as they ought to be"}]
    config = SFTConfig(output_dir=str(tmp_path), max_length=16, **ARGUMENTS)
    trainer, lines = trained(
        SFTTrainer, config, Qwen2ForCausalLM(Qwen2Config(**CONFIG)), rows, processing_class=tokenizer
    )
    steps = [line["metrics"] for line in lines if line["type"] == "training_step_complete"]
    trls_count = [entry["num_tokens"] for entry in trainer.state.log_history if "loss" in entry]

    assert_equal_to_the_trainers(trainer, lines)
    assert trls_count == [step["num_tokens"] for step in steps]
    assert all(step["real_tokens"] <= step["padded_tokens"] for step in steps)


def test_dpo(tokenizer: PreTrainedTokenizerFast, tmp_path: Path) -> None:
    """Preferences; the loss is no cross-entropy and gets no perplexity."""
    rows = [{"prompt": "a cynic sees ", "chosen": "things as they are", "rejected": "things not as they ought to be"}]
    config = DPOConfig(output_dir=str(tmp_path), max_length=32, **ARGUMENTS)
    model = Qwen2ForCausalLM(Qwen2Config(**CONFIG))
    trainer, lines = trained(
        DPOTrainer, config, model, rows, processing_class=tokenizer, ref_model=copy.deepcopy(model)
    )

    assert_equal_to_the_trainers(trainer, lines)
    assert not any("perplexity" in line.get("metrics", {}) for line in lines)


def test_reward(tokenizer: PreTrainedTokenizerFast, tmp_path: Path) -> None:
    """A reward model on pairs."""
    rows = [{"chosen": "things as they are", "rejected": "not as they ought to be"}]
    config = RewardConfig(output_dir=str(tmp_path), max_length=32, **ARGUMENTS)
    model = Qwen2ForSequenceClassification(Qwen2Config(num_labels=1, **CONFIG))
    trainer, lines = trained(RewardTrainer, config, model, rows, processing_class=tokenizer)

    assert_equal_to_the_trainers(trainer, lines)
