"""TRL's GRPOTrainer with the recorder on: a model is rewarded for writing sevens, on the CPU, in seconds.

Run it: python examples/grpo.py
Then look: verbose-logging show
"""

from __future__ import annotations

from typing import Any

from datasets import Dataset
from tokenizers import Tokenizer, decoders, models
from transformers import PreTrainedTokenizerFast, Qwen2Config, Qwen2ForCausalLM
from trl import GRPOConfig, GRPOTrainer

from verbose_logging import VerboseLoggingCallback

pieces = ["<pad>", "<end>", *"0123456789="]
characters = Tokenizer(models.BPE({piece: number for number, piece in enumerate(pieces)}, []))
characters.decoder = decoders.Fuse()
tokenizer = PreTrainedTokenizerFast(tokenizer_object=characters, pad_token="<pad>", eos_token="<end>")
tokenizer.model_input_names = ["input_ids", "attention_mask"]
model = Qwen2ForCausalLM(
    Qwen2Config(
        vocab_size=len(pieces),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        bos_token_id=None,
        eos_token_id=1,
        pad_token_id=0,
    )
)


def sevens(completions: list[str], **_: Any) -> list[float]:
    """Returns the share of sevens in each completion."""
    return [text.count("7") / max(1, len(text)) for text in completions]


trainer = GRPOTrainer(
    model=model,
    reward_funcs=sevens,
    args=GRPOConfig(
        output_dir="out",
        max_steps=10,
        per_device_train_batch_size=8,
        num_generations=4,
        max_completion_length=8,
        learning_rate=1e-2,
        logging_steps=1,
        save_strategy="no",
        bf16=False,
        report_to="none",
    ),
    train_dataset=Dataset.from_dict({"prompt": [f"{number}=" for number in range(64)]}),
    processing_class=tokenizer,
    callbacks=[VerboseLoggingCallback("high")],  # reward, reward_std and the completions' lengths in each step
)
trainer.train()
