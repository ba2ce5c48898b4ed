"""Configs of trainings: one of three steps, and that of the guide."""

from __future__ import annotations

from pathlib import Path

from verbose_logging.training.tokenizing import train_tokenizer

MODEL = {
    "architecture": "qwen2",
    "hidden_size": 16,
    "intermediate_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "num_key_value_heads": 1,
    "vocab_size": 300,
}
TEXTS = [{"text": f"{number} and {number} is {2 * number}."} for number in range(40)]
QUICK = {
    "model_name": MODEL,
    "train_dataset": TEXTS,
    "max_steps": 3,
    "per_device_train_batch_size": 4,
    "save_strategy": "no",
    "console": "off",
    "gradient_checkpointing": False,
}
# the block "Training Configuration" of the guide, with its model replaced
GUIDE = {
    # Verbose Logging Settings
    "use_verbose_logging": True,  # Enable/disable verbose logging
    "verbosity_level": "high",  # "low", "medium", "high", "ultra"
    # Standard Training Settings
    "model_name": MODEL,
    "max_seq_length": 2048,
    "num_train_epochs": 3,
    "per_device_train_batch_size": 2,
    "gradient_accumulation_steps": 4,
    "learning_rate": 2e-4,
    "max_steps": 60,
    "warmup_steps": 5,
    "save_steps": 25,
    "logging_steps": 1,
    "output_dir": "./results",
}


def saved_tokenizer(folder: Path) -> str:
    """Returns the folder of a tokenizer that was trained on `TEXTS`."""
    train_tokenizer(row["text"] for row in TEXTS).save_pretrained(folder / "tokenizer")
    return str(folder / "tokenizer")
