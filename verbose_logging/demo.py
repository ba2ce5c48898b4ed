"""The demo's training: a real fine-tune that is small enough for two cores and a minute.

Loads torch, transformers and trl; everything comes from this package and from configurations, nothing from a network.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset, DatasetDict, disable_progress_bars
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import (
    PreTrainedTokenizerFast,
    PrinterCallback,
    ProgressCallback,
    Qwen2Config,
    Qwen2ForCausalLM,
    TrainerCallback,
    set_seed,
)
from transformers.utils import logging
from trl import SFTConfig, SFTTrainer

from verbose_logging.data import load_devils_dictionary

SEED = 1911
VOCABULARY_SIZE = 2048
MAX_LENGTH_TOKENS = 128
EVALUATION_FRACTION = 0.1


def train_on_dictionary(*, steps: int, output_dir: Path, callbacks: Sequence[TrainerCallback]) -> None:
    """Trains a small language model on The Devil's Dictionary.

    Evaluates every 50 steps and saves a checkpoint every 100; a run of fewer than 200 steps evaluates four times and
    saves twice. Switches off the progress bars of datasets and of model files for the rest of the process.

    Args:
        steps: Optimizer steps.
        output_dir: Where the checkpoints go.
        callbacks: What watches the training.
    """
    set_seed(SEED)
    disable_progress_bars()
    logging.disable_progress_bar()
    data = _data()
    tokenizer = _tokenizer(data["train"]["text"])
    trainer = SFTTrainer(
        model=_model(tokenizer),
        args=_arguments(steps=steps, output_dir=output_dir),
        train_dataset=data["train"],
        eval_dataset=data["test"],
        processing_class=tokenizer,
        callbacks=list(callbacks),
    )
    _silence_log_lines(trainer)
    trainer.train()


def _data() -> DatasetDict:
    """Returns the entries, split into `train` and `test`, each with the one column `text`."""
    entries = Dataset.from_list([{"text": entry["text"]} for entry in load_devils_dictionary()])
    return entries.train_test_split(test_size=EVALUATION_FRACTION, seed=SEED)


def _tokenizer(texts: Sequence[str]) -> PreTrainedTokenizerFast:
    """Returns a byte-level BPE tokenizer trained on the texts."""
    end, padding = "<|endoftext|>", "<|pad|>"
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY_SIZE,
        special_tokens=[end, padding],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token=end, pad_token=padding)


def _model(tokenizer: PreTrainedTokenizerFast) -> Qwen2ForCausalLM:
    """Returns a Qwen2 of about 0.25 M parameters with fresh weights."""
    config = Qwen2Config(
        vocab_size=VOCABULARY_SIZE,
        hidden_size=64,
        intermediate_size=256,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=MAX_LENGTH_TOKENS,
        tie_word_embeddings=True,
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    return Qwen2ForCausalLM(config)


def _arguments(*, steps: int, output_dir: Path) -> SFTConfig:
    has_gpu = torch.cuda.is_available()
    return SFTConfig(
        output_dir=str(output_dir),
        max_steps=steps,
        max_length=MAX_LENGTH_TOKENS,
        per_device_train_batch_size=8,
        per_device_eval_batch_size=8,
        learning_rate=4e-3,
        lr_scheduler_type="cosine",
        warmup_steps=min(10, steps // 10),
        logging_steps=1,
        eval_strategy="steps",
        eval_steps=min(50, max(1, steps // 4)),
        save_steps=min(100, max(1, steps // 2)),
        save_total_limit=2,
        seed=SEED,
        use_cpu=not has_gpu,
        bf16=False,
        dataloader_pin_memory=has_gpu,
        disable_tqdm=not sys.stderr.isatty(),
        report_to="none",
        **_no_recomputation(),
    )


def _no_recomputation() -> dict[str, bool]:
    """Returns the option that keeps activations instead of computing them twice, by the name this version gives it."""
    names = {field.name for field in fields(SFTConfig)}
    new = "activation_checkpointing"
    return {new if new in names else "gradient_checkpointing": False}


class _Bar(ProgressCallback):  # type: ignore[misc] # transformers is not typed for us
    """The Trainer's progress bar, without the dictionary that it prints at every log."""

    def on_log(self, *_: Any, **__: Any) -> None:
        """Prints nothing."""


def _silence_log_lines(trainer: SFTTrainer) -> None:
    """Keeps the Trainer from printing every step a second time, as a dictionary."""
    trainer.remove_callback(PrinterCallback)
    if trainer.pop_callback(ProgressCallback) is not None:
        trainer.add_callback(_Bar)
